"""Alerts: what is told, through which channels, and how an alert is sent so that nobody is told twice.

Pure texts and the order of work; the channels themselves are Airflow's (plugins/notifiers). Sources: design, decision
9; domain guide 17.4.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pakhus.flows.digest import DAILY_DIGEST
from pakhus.flows.report import MOSTLY_HELD
from pakhus.flows.self_stopping import REFUSED_IN_A_ROW
from pakhus.flows.weekly import WEEKLY_REPORT
from pakhus.ledger import alerts
from pakhus.ledger.alerts import Alert, Cause
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.reasons import REASONS, Actor, Status
from pakhus.rules.silence import NO_ORDERS
from pakhus.settings.sections import AlertsSettings

logger = logging.getLogger(__name__)

RUN_FAILED = "run_failed"
RUN_TIMED_OUT = "run_timed_out"
FLOW_GOES_ON = "flow_goes_on"
TIMED_OUT = "timed_out"
"""Airflow's word for a run that took longer than its DAG's `dagrun_timeout`."""
RUNBOOK, REASONS_RUNBOOK = "docs/runbooks/alerts.md", "docs/runbooks/reasons.md"
_SUBJECT_LENGTH = 120
# What stops goods or money until somebody acts, and what nobody else would notice: told in quiet hours, too.
_CANNOT_WAIT = frozenset(
    {
        "access_denied",
        "alert_unsent",
        "configuration",
        "ledger_behind",
        "ledger_unavailable",
        "payout_unbalanced",
        "unavailable_for_a_day",
        REFUSED_IN_A_ROW,
    }
)
_WAITS = "You are told this once. It waits until somebody has acted; everything else goes on."
_WAITS_ON = "Runs are green again since {since:%Y-%m-%d %H:%M} UTC, but what is told here waits for somebody."
_STOPPING = ("access_denied", "configuration", REFUSED_IN_A_ROW)
# Who acts on a cause that is no document's reason; the runbook has a part for each.
RUN_CAUSES = {
    "alert_unsent": Actor.OPERATOR,
    "ledger_behind": Actor.OPERATOR,
    "cursor_moved": Actor.NOBODY,
    DAILY_DIGEST: Actor.MERCHANT,
    FLOW_GOES_ON: Actor.NOBODY,
    "ledger_unavailable": Actor.OPERATOR,
    MOSTLY_HELD: Actor.OPERATOR,
    NO_ORDERS: Actor.MERCHANT,
    "ping_failed": Actor.OPERATOR,
    REFUSED_IN_A_ROW: Actor.OPERATOR,
    RUN_FAILED: Actor.OPERATOR,
    RUN_TIMED_OUT: Actor.OPERATOR,
    "settings_wrong": Actor.OPERATOR,
    "task_failed": Actor.OPERATOR,
    WEEKLY_REPORT: Actor.NOBODY,
}
# What is sent to those who wish for it, and to nobody else.
_WISHES: dict[str, Callable[[AlertsSettings], str | None]] = {
    DAILY_DIGEST: lambda section: section.digest_at,
    WEEKLY_REPORT: lambda section: section.weekly_at,
}
_NOBODY = {
    FLOW_GOES_ON: "nobody: what waited is on its way.",
    WEEKLY_REPORT: "nobody: this is a report.",
}
_WHO = {
    Actor.NOBODY: "nobody at first: it is tried again by itself. Look if it stays.",
    Actor.WAIT: "nobody: it is tried again by itself.",
    Actor.MERCHANT: "the merchant",
    Actor.OPERATOR: "whoever operates Pakhus",
    Actor.US: "whoever maintains Pakhus",
}


@dataclass(frozen=True, slots=True)
class MailChannel:
    """A mail to everybody at once, by an Airflow connection of type smtp. No sender: the connection's own."""

    connection: str
    sender: str | None
    to: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"mail {self.connection}" + (f" from {self.sender}" if self.sender else "")


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A message by an Airflow connection of type slackwebhook."""

    connection: str

    @property
    def name(self) -> str:
        return f"slack {self.connection}"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """A JSON object posted to an Airflow connection of type http."""

    connection: str

    @property
    def name(self) -> str:
        return f"webhook {self.connection}"


Channel = MailChannel | SlackChannel | WebhookChannel


@dataclass(frozen=True, slots=True)
class Message:
    """An alert as people read it. `facts` is the same for programs; `id` stays the same when it is sent again."""

    id: str
    subject: str
    lines: tuple[str, ...]
    link: str
    facts: dict[str, object]

    def text(self) -> str:
        return "\n".join(self.lines)

    def html(self) -> str:
        """The text for a mail reader; nothing in it is markup of anybody else's."""
        link = escape(self.link, quote=True)
        lines = [escape(line).replace(link, f'<a href="{link}">{link}</a>') for line in self.lines]
        return "<p>" + "<br>\n".join(lines) + "</p>"


def cause_of_silence(timed_out: bool) -> Cause:
    """Why a run that failed without a report is red, as far as anybody can tell."""
    if timed_out:
        text = "The run took longer than it may and was ended. Its tasks say which of them hung; the next run goes on."
        return Cause(RUN_TIMED_OUT, text)
    text = "The run failed and left no report: a task was killed, or could not begin. Its tasks say which."
    return Cause(RUN_FAILED, text)


def channels_of(settings: Iterable[AlertsSettings]) -> tuple[Channel, ...]:
    """Return the channels of several shops: each address, each Slack and each webhook once."""
    told: set[str] = set()
    mails: dict[tuple[str, str | None], list[str]] = {}
    others: dict[Channel, None] = {}
    for section in settings:
        new = [address for address in dict.fromkeys(section.mail_to) if address.lower() not in told]
        told.update(address.lower() for address in new)
        if new:
            mails.setdefault((section.mail_connection, section.mail_from), []).extend(new)
        if section.slack_connection:
            others[SlackChannel(section.slack_connection)] = None
        if section.webhook_connection:
            others[WebhookChannel(section.webhook_connection)] = None
    by_mail = [MailChannel(connection, sender, tuple(to)) for (connection, sender), to in mails.items()]
    return (*by_mail, *others)


def wishing_for(code: str, settings: Sequence[AlertsSettings]) -> list[AlertsSettings]:
    """Return those who are to be told of a cause at all: reports go to those who wish for them."""
    wish = _WISHES.get(code)
    return list(settings) if wish is None else [section for section in settings if wish(section) is not None]


def told_now(settings: Sequence[AlertsSettings], code: str, now: datetime) -> list[AlertsSettings]:
    """Return those who are told at this moment: not in their quiet hours, unless it cannot wait."""
    return [section for section in settings if cannot_wait(code) or not is_quiet(section, now)]


def cannot_wait(code: str) -> bool:
    """Tell whether a cause is told in quiet hours, too."""
    return code in _CANNOT_WAIT


def is_quiet(section: AlertsSettings, now: datetime) -> bool:
    """Tell whether a moment is in the quiet hours of a shop's people; they may go over midnight."""
    if section.quiet_hours is None:
        return False
    begins, ends = (time.fromisoformat(text) for text in section.quiet_hours.split("-"))
    here = now.astimezone(ZoneInfo(section.timezone)).time()
    return begins <= here < ends if begins <= ends else here >= begins or here < ends


def message_of(alert: Alert, base_url: str) -> Message:
    """Put an alert into words. `base_url` is the address at which people reach Airflow."""
    link = f"{base_url.rstrip('/')}/dags/{quote(alert.dag_id, safe='')}/runs/{quote(alert.run_id, safe='')}"
    known = REASONS.get(alert.code)
    actor = known.actor if known else RUN_CAUSES.get(alert.code, Actor.OPERATOR)
    who = _NOBODY.get(alert.code) or _WHO[actor]
    again = f", in {alert.count} runs, last at {alert.last_seen_at:%H:%M}" if alert.count > 1 else ""
    lines = [
        *alert.text.splitlines(),
        "",
        f"Who acts: {who}",
        f"Since: {alert.raised_at:%Y-%m-%d %H:%M} UTC{again}",
        f"Run: {link}",
        f"What to do: {REASONS_RUNBOOK if known else RUNBOOK}, {alert.code}",
        "",
    ]
    lines += _closing(alert)
    facts: dict[str, object] = {
        "scope": alert.scope,
        "flow": alert.flow,
        "code": alert.code,
        "about": alert.subject,
        "text": alert.text,
        "acts": actor.value,
        "since": alert.raised_at.isoformat(),
        "last_seen": alert.last_seen_at.isoformat(),
        "runs": alert.count,
        "resolved": alert.resolved_at is not None,
        "dag_id": alert.dag_id,
        "run_id": alert.run_id,
        "link": link,
    }
    identity = hashlib.sha256(f"{alert.id} {link}".encode()).hexdigest()[:32]
    return Message(identity, _subject(alert), tuple(lines), link, facts)


def tell_what_goes_on(tx: Transaction, scope: str, flow: str, notes: Sequence[str]) -> None:
    """Tell those who were told that a flow had stopped itself that it goes on."""
    told = notes and alerts.somebody_was_told(tx, scope, flow)
    if told and not alerts.was_announced(tx, scope, FLOW_GOES_ON):
        text = "; ".join(notes)
        alerts.announce(tx, scope, flow, Cause(FLOW_GOES_ON, f"{text[0].upper()}{text[1:]}."))


def _closing(alert: Alert) -> list[str]:
    """The last lines of a message: what becomes of it by itself."""
    if alert.code == FLOW_GOES_ON or alert.code in _WISHES:
        return []
    if _waits_for_somebody(alert.code):
        return [_WAITS if alert.resolved_at is None else _WAITS_ON.format(since=alert.resolved_at)]
    if alert.resolved_at is not None:
        over = "an order came" if alert.code == NO_ORDERS else "a run was green"
        return [f"It is over: {over} at {alert.resolved_at:%Y-%m-%d %H:%M} UTC."]
    if alert.code == NO_ORDERS:
        return ["You are told this once, and again after a day if it lasts. The next order ends it."]
    stops = ["The flow has stopped itself. Each run tries a document or two, and goes on when one goes through."]
    once = "You are told this once, and again after a day if it lasts. A green run of the flow ends it."
    return [*(stops if alert.code in _STOPPING else []), once]


def _waits_for_somebody(code: str) -> bool:
    """Tell whether a cause is that documents wait: they make one run red, and the green ones after it mend nothing."""
    known = REASONS.get(code)
    return code == MOSTLY_HELD or (known is not None and known.status in (Status.HELD, Status.FAILED))


def send(
    ledger: Ledger,
    alert_id: int,
    channels: Sequence[Channel],
    tell: Callable[[Channel, Message], None],
    base_url: str,
    *,
    later: bool = False,
) -> list[str]:
    """Tell an alert to the channels that have not got it yet; returns why some could not be told.

    `later`: there are others, who are told another time.

    Nobody else sends it meanwhile. Each channel that took it is recorded at once: what is tried again later is the
    rest. A process that dies between telling and recording tells that one channel twice; there is no way around that.
    """
    alert = ledger.persist(lambda tx: alerts.claim(tx, alert_id))
    if alert is None:
        return []
    message, problems = message_of(alert, base_url), []
    for channel in channels:
        left = _left(channel, alert.told)
        problem = "" if left is None else _told(ledger, alert, left, message, tell)
        if problem:
            problems.append(f"{channel.name}: {problem}")
    sent, problem = bool(channels) and not problems and not later, "; ".join(problems)
    ledger.persist(lambda tx: alerts.end_sending(tx, alert, sent=sent, problem=problem))
    return problems


def _marks(channel: Channel) -> dict[str, str]:
    """What the ledger keeps when a channel, or an address of it, was told; and the address, which it does not keep."""
    if not isinstance(channel, MailChannel):
        return {channel.name: ""}
    return {f"{channel.name} {hashlib.sha256(one.lower().encode()).hexdigest()[:16]}": one for one in channel.to}


def _left(channel: Channel, told: Sequence[str]) -> Channel | None:
    """The channel for those who were not told yet: people of one mail connection may be told at different hours."""
    if channel.name in told:  # of a mail: as earlier versions noted it, for all addresses at once
        return None
    to = tuple(address for mark, address in _marks(channel).items() if mark not in told)
    if isinstance(channel, MailChannel):
        return replace(channel, to=to) if to else None
    return channel


def _told(
    ledger: Ledger, alert: Alert, channel: Channel, message: Message, tell: Callable[[Channel, Message], None]
) -> str:
    try:
        tell(channel, message)
    except Exception as error:  # noqa: BLE001 - whatever a channel does, the others are told and this one tried again
        problem = _problem(error)
        logger.warning("alert %s of %s %s not sent by %s: %s", alert.id, alert.scope, alert.flow, channel.name, problem)
        return problem
    ledger.persist(lambda tx: alerts.note_told(tx, alert, *_marks(channel)))
    logger.info("alert %s of %s %s sent by %s", alert.id, alert.scope, alert.flow, channel.name)
    return ""


def _problem(error: Exception) -> str:
    """What went wrong, without the error's own text: it may hold an address, or a URL that is a key."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _subject(alert: Alert) -> str:
    """The mail's subject: "Pakhus nordlys orders: Rackbeat refused our key"."""
    head = " ".join(alert.text.split()).partition(". ")[0].rstrip(".")
    if len(head) > _SUBJECT_LENGTH:
        head = head[: _SUBJECT_LENGTH - 1] + "…"
    again = " (again)" if alert.count > 1 else ""
    return f"Pakhus {alert.scope} {alert.flow}: {head}{again}"
