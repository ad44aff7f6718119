"""An alert's way out: mail, Slack and webhooks by the hooks of Airflow's providers, each bounded, each tried once.

Whether something is tried again is decided in the ledger (pakhus/flows/alerts.py), never here.
"""

from __future__ import annotations

from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook
from airflow.providers.smtp.hooks.smtp import SmtpHook

from pakhus.flows.alerts import Channel, MailChannel, Message, SlackChannel, WebhookChannel

TIMEOUT_S = 10


class OnceSmtpHook(SmtpHook):
    """Airflow's mail hook without its repeats: it sends a mail again, five times, when only the answer was lost."""

    smtp_retry_limit = 0  # type: ignore[assignment]  # the base reads it from the connection
    timeout = TIMEOUT_S  # type: ignore[assignment]


def tell(channel: Channel, message: Message) -> None:
    """Tell a message to a channel; raises what its hook raises."""
    match channel:
        case MailChannel():
            _mail(channel, message)
        case SlackChannel():
            hook = SlackWebhookHook(slack_webhook_conn_id=channel.connection, timeout=TIMEOUT_S, retry_handlers=[])
            hook.send(text=_slack_text(message))
        case WebhookChannel():
            facts = {"subject": message.subject, **message.facts}
            HttpHook("POST", channel.connection).run(json=facts, extra_options={"timeout": TIMEOUT_S})


def ping(conn_id: str) -> None:
    """Ask an address; raises what the hook raises for anything but a good answer."""
    HttpHook("GET", conn_id).run(extra_options={"timeout": TIMEOUT_S})


def _mail(channel: MailChannel, message: Message) -> None:
    with OnceSmtpHook(channel.connection) as mail:
        mail.send_email_smtp(
            to=list(channel.to),
            from_email=channel.sender,
            subject=message.subject,
            html_content=message.html(),
            # A mail that did come twice after all is shown once by most readers; and no out-of-office answers.
            custom_headers={"Message-ID": f"<{message.id}@pakhus>", "Auto-Submitted": "auto-generated"},
        )


def _slack_text(message: Message) -> str:
    """Slack's own three escapes; nothing else in the text is markup."""
    text = f"{message.subject}\n\n{message.text()}"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
