"""What a story is: how it begins, what must hold when its trouble is over; and a beginning that is prepared once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.faults.scene import PATIENT, Scene
from tests.faults.truth import Truth


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
            self._copy_ledger(self._kept, self._name)
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
        self._copy_ledger(self._name, self._kept)

    def reset_servers(self) -> None:
        """Servers and clock as they were kept."""
        Scene.reset_servers(self)
        self.forward = timedelta(0)
        if self.beginning is not None:
            self.pass_time(seconds=self.beginning.total_seconds())

    @property
    def _name(self) -> str:
        return str(make_url(self.ledger_url).database)

    @property
    def _kept(self) -> str:
        return f"{self._name}_kept"

    def _copy_ledger(self, source: str, copy: str) -> None:
        url = make_url(self.ledger_url).set(drivername="postgresql", database="postgres")
        drop, create = sql.SQL("drop database if exists {} with (force)"), sql.SQL("create database {} template {}")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(copy)))
            connection.execute(create.format(sql.Identifier(copy), sql.Identifier(source)))
