"""What the Test button of a connection says."""

from __future__ import annotations

from collections.abc import Callable

from pakhus.clients.http import Limits
from pakhus.errors import RemoteError, TransientError

LIMITS = Limits(connect_s=5, read_s=20, deadline_s=20, tries=1)
"""A person waits for the answer."""


def tested(ask: Callable[[], str]) -> tuple[bool, str]:
    """Return whether `ask` got its answer, and that answer, or what is wrong and what to do."""
    try:
        return True, ask()
    except TransientError as error:
        return False, f"{error}. See whether the address in the connection is right and the system is up"
    except RemoteError as error:
        return False, str(error)
    except (KeyError, TypeError, ValueError):
        return False, "The answer is not this system's: see whether the address in the connection is right"
