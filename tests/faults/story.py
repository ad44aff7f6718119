"""What a story is: how it begins, what must hold when its trouble is over; and a beginning that is prepared once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from tests.faults.scene import PATIENT, Scene
from tests.faults.truth import Truth
from tests.ledgers import keep, restore


@dataclass(frozen=True, slots=True)
class Story:
    """`begin` starts the servers of a scene on a ledger; `truth` is what is to hold after each healing."""

    name: str
    begin: Callable[[str], AbstractContextManager[Scene]]
    truth: Truth


@dataclass(slots=True)
class PreparedScene(Scene):
    """A scene that begins after something has happened: prepared once, then each case begins with a copy of it."""

    beginning: timedelta | None = None

    def prepare(self) -> None:
        """Bring the scene to its beginning."""
        raise NotImplementedError

    def reset(self) -> None:
        """Back to the beginning: servers, clock, ledger."""
        if self.beginning is None:
            Scene.reset(self)
            self.prepare()
            self._keep()
        else:
            self.reset_servers()
            restore(self.ledger_url)
        self.reset_counters()

    def quietly(self) -> None:
        """One run without faults, two minutes later."""
        self.pass_time(minutes=2)
        if self.run(PATIENT) != 0:
            raise RuntimeError(f"a run without faults failed; see {self.log}")

    def act(self, system: str = "woocommerce", **action: object) -> object:
        """Do what a person does in a system."""
        return self.servers[system].post("act", action)

    def _keep(self) -> None:
        self.snapshots = {name: server.post("snapshot")["id"] for name, server in self.servers.items()}
        self.beginning = self.forward
        keep(self.ledger_url)

    def reset_servers(self) -> None:
        """Servers and clock as they were kept."""
        Scene.reset_servers(self)
        self.forward = timedelta(0)
        if self.beginning is not None:
            self.pass_time(seconds=self.beginning.total_seconds())
