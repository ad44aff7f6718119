"""A mail's bytes as people read them."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any


def read_mail(content: bytes) -> dict[str, Any]:
    """Subject, text, HTML and the headers that matter."""
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    html, plain = _part(message, "html"), _part(message, "plain")
    return {
        "subject": str(message["subject"] or ""),
        "message_id": str(message["message-id"] or ""),
        "text": plain or _text_of(html),
        "html": html,
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content()).strip()


def _text_of(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


class _Text(HTMLParser):
    """Collects the text between the tags; line breaks come from ``<br>``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A break is a new line."""
        del attrs
        if tag == "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Text, without the line ends of the source."""
        self.parts.append(data.replace("\r", "").replace("\n", ""))
