"""What a probe finds: facts for people to see, and findings with who must act and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pakhus.clients.http import Limits
from pakhus.errors import ConfigurationError, RateLimitedError, RemoteError, TransientError
from pakhus.reasons import Actor

T = TypeVar("T")

# A person waits for the answer: a dead server must not cost minutes.
LIMITS = Limits(connect_s=5.0, read_s=20.0, deadline_s=30.0, tries=2, longest_wait_s=5.0)

ACTORS = {
    Actor.NOBODY: "nobody",
    Actor.WAIT: "nobody, wait",
    Actor.MERCHANT: "the merchant",
    Actor.OPERATOR: "the operator",
    Actor.US: "the maintainers of Pakhus",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, who must act, and what to do."""

    actor: Actor
    problem: str
    action: str

    def __str__(self) -> str:
        return f"{self.problem}\n    {ACTORS[self.actor]}: {self.action}"


@dataclass(slots=True)
class Findings:
    """What was found at one system. `connection` is its Airflow connection; `subject` says more closely what it is."""

    connection: str
    subject: str = ""
    facts: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What people see as the heading."""
        return f"{self.connection}, {self.subject}" if self.subject else self.connection

    def add(self, actor: Actor, problem: str, action: str) -> None:
        """Note a finding, once."""
        finding = Finding(actor, problem, action)
        if finding not in self.found:
            self.found.append(finding)

    def merchant(self, problem: str, action: str) -> None:
        """Note what the merchant must mend in a system."""
        self.add(Actor.MERCHANT, problem, action)

    def operator(self, problem: str, action: str) -> None:
        """Note what the operator must mend in settings or connections."""
        self.add(Actor.OPERATOR, problem, action)

    def ask(self, question: Callable[[], T]) -> T | None:
        """Return the answer, or None with a finding when there is none that can be understood."""
        try:
            return question()
        except RemoteError as error:
            self.add(*_finding(error, self.connection))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.operator(
                f"the answer cannot be understood ({type(error).__name__}: {error})",
                f"See whether the address in the Airflow connection {self.connection} is the system's own.",
            )
        return None


def _finding(error: RemoteError, connection: str) -> tuple[Actor, str, str]:
    again = "then run check again."
    leads = f"the address in the Airflow connection {connection}"
    if isinstance(error, RateLimitedError):
        return Actor.WAIT, str(error), f"Run check again in {error.retry_after.total_seconds():.0f} s."
    if isinstance(error, TransientError):
        action = f"See whether the system is up and {leads} is right; {again}"
        return Actor.OPERATOR, str(error), action
    if isinstance(error, ConfigurationError):
        return Actor.OPERATOR, str(error), f"Mend what is named, or the Airflow connection {connection}; {again}"
    return Actor.OPERATOR, str(error), f"See whether {leads} is the system's own; {again}"
