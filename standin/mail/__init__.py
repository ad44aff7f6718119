"""Stand-in of a mail server: takes what is sent to it by SMTP, delivers nothing, and shows it over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.mail.mailbox import MailStandin


def create(name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> MailStandin:
    """A mail server with an empty mailbox. It takes SMTP on a port of its own: ``smtp`` of its state."""
    del seed
    return MailStandin(name, settings, clock)


def default_seed() -> dict[str, Any]:
    """Nothing: a mailbox begins empty."""
    return {}
