"""Parts of the whole: the steps before have happened, the struck run is one flow alone, and a case takes a few seconds.

Short runs have few places for faults, and each place is one of that flow: what "orders to invoices" meets in hours the
parts meet in a fraction of it. What they cannot meet is trouble of one flow that shows in another; that is the whole's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents
from tests.faults.scene import Scene, Step, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, States, Truth, nothing_open

Check = Callable[[Scene, States], Iterable[Finding]]


@dataclass(slots=True)
class PartScene(PreparedScene):
    """`before` are the steps of each run of its preparation, `steps` those of the struck run and of healing."""

    before: Sequence[Sequence[Step]] = ()
    steps: Sequence[Step] = ()
    preparing: Sequence[Step] | None = None

    def prepare(self) -> None:
        for steps in self.before:
            self.preparing = steps
            self.quietly()
        self.preparing = None
        self.pass_time(minutes=2)

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        for step in self.steps if self.preparing is None else self.preparing:
            step(self, limits, ledger)


def part(
    name: str,
    before: Sequence[Sequence[Step]],
    steps: Sequence[Step],
    flows: Sequence[str],
    checks: Check,
    unfinished: Sequence[str] = ("due", "waiting"),
) -> Story:
    """A story of one flow: what happened before it, its own steps and documents, and what is to hold.

    `unfinished` are the states in which a document of these flows has not come to its end.
    """
    kind = partial(PartScene, before=before, steps=steps)

    def findings(stage: Scene) -> list[Finding]:
        states = {system: server.get("state") for system, server in stage.servers.items()}
        return [*checks(stage, states), *nothing_open(stage)]

    return Story(
        name, partial(scene, kind=kind), Truth(findings, partial(open_work, flows=flows, unfinished=unfinished))
    )


def open_work(stage: Scene, flows: Sequence[str], unfinished: Sequence[str]) -> int:
    """How many documents of these flows still wait for an outcome or their turn; one while there are none."""
    engine = create_engine(stage.ledger_url)
    with engine.begin() as connection:
        rows = connection.execute(select(documents).where(documents.c.flow.in_(flows))).all()
    engine.dispose()
    found = [row for row in rows if row.status in unfinished and row.reason != "not_shipped"]
    return len(found) or int(not rows)
