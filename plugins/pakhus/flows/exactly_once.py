"""The write protocol: write first, settle unknown outcomes late, per system (design, decision 3).

A write is planned in the ledger with its exact bytes, marked sent, then sent. When the answer is lost, nothing is
concluded until `Policy.settle_after` has passed: a timed-out request may still commit and reads lag. Then either the
same bytes go again with the same idempotency key, or the target is searched for our key. Absence is believed only when
the search could be completed; two hits hold the document.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeGuard

from pakhus.clients.http import Answer, Call, to_json
from pakhus.errors import ConfigurationError, RemoteError, TransientError
from pakhus.flows.outcomes import stop
from pakhus.flows.recovery import BEHIND
from pakhus.ledger import attempts, bodies, installation
from pakhus.ledger.attempts import Attempt, Reply, Request
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.ledger.installation import Installation, Mode


@dataclass(frozen=True, slots=True)
class Policy:
    """How long outcomes stay open at one system.

    `repeat_within` counts from the first sending and must end before the system forgets the key (economic.md 2.7: one
    hour); None where the system knows no keys (Rackbeat).
    """

    settle_after: timedelta = timedelta(minutes=3)
    repeat_within: timedelta | None = None


RACKBEAT = Policy()
# Neither knows a webshop any: it is read before it is written, and only when a late effect must have shown.
WEBSHOP = Policy()
# The wait before a repeat is ours: that a repeat is refused while the first request still runs is proven nowhere.
ECONOMIC = Policy(repeat_within=timedelta(minutes=50))


@dataclass(frozen=True, slots=True)
class Found:
    """What a late search found: the effect's id, and the object as it was re-read."""

    remote_id: str
    value: Any


@dataclass(frozen=True, slots=True)
class Written:
    """A write's effect, and the source's version that it was made from.

    `fresh` is true only when this very run got the remote's own answer to the first sending; `adopted` when the effect
    was found by a search. `sent` is the body that it was made with.
    """

    remote_id: str
    value: Any
    version: int | None
    fresh: bool = False
    adopted: bool = False
    sent: bytes = b""


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of write of a document, and how its effect is told; it must not depend on what is planned now.

    `identify` takes the effect's id out of the answer's JSON. `search` looks for the effect of an attempt whose answer
    was lost: Found, or None as a proof of absence; it raises TransientError when it could not look to the end, and
    StoppedError when it found more than one. `already` tells of a refusal that it says the effect is there: what is to
    be deleted is gone.
    """

    name: str
    identify: Callable[[Any], str]
    search: Callable[[Attempt], Found | None]
    subject: str = ""
    already: Callable[[RemoteError], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes the writes of one document under one claim."""

    ledger: Ledger
    claim: Claim
    document: Document
    policy: Policy
    send: Callable[[Call], Answer]
    version: int | None = None  # of the source, for what is planned now

    def known(self, step: Step) -> Written | None:
        """Return the effect of `step` if it has happened; None: surely not.

        To be asked before anything is decided from the newest facts: they say nothing of a write that has left us.
        Raises StoppedError while an outcome is unknown.
        """
        return self._known(step, self._current(step))

    def _known(self, step: Step, attempt: Attempt | None) -> Written | None:
        if not _has_left(attempt):
            return None
        return self._stored(attempt) if attempt.status in attempts.DONE else self._settle(step, attempt)

    def make(self, step: Step, call: Call) -> Written:
        """Bring about the effect of `step` exactly once, by `call` if it has not happened, and return it.

        Raises StoppedError while an outcome is unknown, RemoteError when the target refused (the class says who acts).
        """
        attempt, request = self._current(step), _request(call)
        if _has_left(attempt):
            known = self._known(step, attempt)
            if known is not None:
                return known
            attempt = self._current(step)  # it had no effect
        if attempt is not None and attempt.request != request:
            outdated = attempt
            self.ledger.persist(lambda tx: attempts.mark_superseded(tx, outdated))
            attempt = None
        if attempt is None:
            attempt, now = self._plan(step, request)
        else:
            now = self.ledger.persist(installation.read)
        return self._made_before(step, attempt, now) or self._send(step, attempt)

    def _made_before(self, step: Step, attempt: Attempt, now: Installation) -> Written | None:
        """In recovery: the effect of this write if it was made after the backup, found as a lost answer's is."""
        if now.mode is Mode.BEHIND:
            raise ConfigurationError(BEHIND)
        if now.mode is not Mode.RECOVER or now.looks_since is None:
            return None
        settled_at = now.since + self.policy.settle_after
        if self.ledger.now() < settled_at:  # a write of the time before may still commit, and lists run late
            raise stop("outcome_unknown", due_at=settled_at, step=attempt.step)
        found = step.search(replace(attempt, first_sent_at=now.looks_since, sent_at=now.looks_since))
        return None if found is None else self._adopt(attempt, found)

    def _current(self, step: Step) -> Attempt | None:
        return self.ledger.persist(lambda tx: attempts.current(tx, self.document.id, step.name, step.subject))

    def _plan(self, step: Step, request: Request) -> tuple[Attempt, Installation]:
        with self.ledger.begin() as tx:
            now = installation.read(tx)
            planned = attempts.plan(
                tx,
                self.claim,
                self.document.id,
                step.name,
                request,
                idempotency_key_prefix=f"{now.epoch}-{self.document.key}",
                subject=step.subject,
                source_version=self.version,
            )
            return planned, now

    def _send(self, step: Step, attempt: Attempt) -> Written:
        """Send the attempt's own bytes: they are what the ledger says was sent."""
        keyed = self.policy.repeat_within is not None
        headers = {"Idempotency-Key": attempt.idempotency_key} if keyed else {}
        call = Call(attempt.request.method, attempt.request.path, body=attempt.request.body, headers=headers)
        with self.ledger.begin() as tx:
            call_id = attempts.mark_sent(tx, self.claim, attempt)
        try:
            answer = self.send(call)
            value = answer.json() if answer.body else None
            remote_id = _identified(step, value)
        except RemoteError as error:
            reply = Reply(error.body, error.status, error.request_id, str(error))
            if step.already(error):
                remote_id = _identified(step, None)
                self.ledger.persist(lambda tx: attempts.mark_ok(tx, attempt, call_id, reply, remote_id=remote_id))
                return Written(remote_id, None, attempt.source_version)
            status = status_after(error)
            self.ledger.persist(lambda tx: attempts.mark_failed(tx, attempt, call_id, reply, status))
            raise
        reply = Reply(answer.body, answer.status)
        self.ledger.persist(lambda tx: attempts.mark_ok(tx, attempt, call_id, reply, remote_id=remote_id))
        fresh = attempt.status == "planned"
        return Written(remote_id, value, attempt.source_version, fresh=fresh, sent=attempt.request.body)

    def _settle(self, step: Step, attempt: Attempt) -> Written | None:
        """Settle a write whose answer was lost. None: it surely had no effect, and may be planned anew."""
        now = self.ledger.now()
        ended = max(moment for moment in (attempt.sent_at, attempt.finished_at) if moment is not None)
        if now < ended + self.policy.settle_after:
            raise stop("outcome_unknown", due_at=ended + self.policy.settle_after, step=attempt.step)
        if self._may_repeat(attempt, now):
            try:
                return self._send(step, attempt)
            except TransientError:
                raise
            except RemoteError as refusal:
                return self._search(step, attempt, refusal)
        return self._search(step, attempt, None)

    def _may_repeat(self, attempt: Attempt, now: datetime) -> bool:
        window, first = self.policy.repeat_within, attempt.first_sent_at
        return window is not None and first is not None and now < first + window

    def _search(self, step: Step, attempt: Attempt, refusal: RemoteError | None) -> Written | None:
        found = step.search(attempt)
        if found is not None:
            return self._adopt(attempt, found)
        self.ledger.persist(lambda tx: attempts.mark_absent(tx, attempt))
        if isinstance(refusal, ConfigurationError):
            raise refusal
        return None  # other bytes may be planned now than those that were refused

    def _adopt(self, attempt: Attempt, found: Found) -> Written:
        body = to_json(found.value)
        self.ledger.persist(lambda tx: attempts.mark_adopted(tx, attempt, remote_id=found.remote_id, found=body))
        return Written(found.remote_id, found.value, attempt.source_version, adopted=True, sent=attempt.request.body)

    def _stored(self, attempt: Attempt) -> Written:
        digest = attempt.response_sha256
        if attempt.remote_id is None or digest is None:
            raise RuntimeError(f"attempt {attempt.id} is done but has no answer")
        with self.ledger.begin() as tx:
            value = _json_or_none(bodies.load(tx, digest))
        adopted = attempt.status == "adopted"
        return Written(attempt.remote_id, value, attempt.source_version, adopted=adopted, sent=attempt.request.body)


def _has_left(attempt: Attempt | None) -> TypeGuard[Attempt]:
    """Whether a write may have reached its target."""
    return attempt is not None and attempt.status != "planned"


def _request(call: Call) -> Request:
    if call.query or call.headers:
        raise ValueError("a write is stored as method, path and body: nothing else of it could be repeated")
    return Request(call.method, call.path, call.body or b"")


def status_after(error: RemoteError) -> str:
    """What an attempt is after its first call failed so."""
    unanswered = error.status is None and isinstance(error, ConfigurationError)
    if error.maybe_done or unanswered:  # TLS may fail in the middle of an answer, too
        return "unknown"
    return "planned" if isinstance(error, (TransientError, ConfigurationError)) else "refused"


def _json_or_none(body: bytes) -> Any:
    """What was answered; None where that was nothing, or a refusal that said that the effect was there."""
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        return None


def _identified(step: Step, value: Any) -> str:
    """The effect's id; an answer of success without it means that the effect happened and we cannot name it."""
    try:
        return step.identify(value)
    except (KeyError, TypeError, ValueError, IndexError):
        raise TransientError(f"the answer to {step.name} has no id where the contract has one") from None
