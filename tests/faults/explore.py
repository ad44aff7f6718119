"""Explore: learn the boundaries of a run without faults, then meet each with each fault, heal, and compare."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pakhus.ledger.connection import Ledger
from tests.faults.changes import CHANGED, changed_scene
from tests.faults.faults import AT_BOUNDARY, AT_COMMIT, WHILE_HELD, Case, count_commits, strike
from tests.faults.first_transfer import TRANSFERRED, transferred_scene
from tests.faults.products import PRODUCTS_KEPT, products_scene
from tests.faults.progress import Met, Progress
from tests.faults.refunded import REFUNDED, refunded_scene
from tests.faults.scene import PATIENT, SYSTEMS, Scene, scene
from tests.faults.stock import STOCK, stock_scene
from tests.faults.truth import SHIPPED, Finding, Truth

STORIES: dict[str, tuple[Callable[[str], AbstractContextManager[Scene]], Truth]] = {
    "orders to invoices": (scene, SHIPPED),
    "changes": (changed_scene, CHANGED),
    "stock": (stock_scene, STOCK),
    "products": (products_scene, PRODUCTS_KEPT),
    "refunded": (refunded_scene, REFUNDED),
    "first transfer": (transferred_scene, TRANSFERRED),
}
# Minutes between the runs after a fault: longer than a lease in sum, and in the end longer than the keys live.
HEALING_MINUTES = (4, 4, 4, 20, 20, 20, 60)


@dataclass(slots=True)
class Result:
    """What the exploration found."""

    cases: int = 0
    runs: int = 0
    converged: int = 0
    failures: list[tuple[str, tuple[Finding, ...]]] = field(default_factory=list)

    @classmethod
    def of(cls, met: Iterable[Met]) -> Result:
        """Add up cases."""
        result = cls()
        for one in met:
            result.cases += 1
            result.runs += one.runs
            result.converged += not one.findings
            if one.findings:
                result.failures.append((one.case, one.findings))
        return result

    def count(self, kind: str) -> int:
        return sum(1 for _, found in self.failures for finding in found if finding.kind == kind)


def boundaries(scene: Scene, truth: Truth = SHIPPED) -> dict[str, int]:
    """Requests per system, and commits, of a run in which nothing goes wrong."""
    scene.reset()
    places = Counter[str]()
    commits = scene.log.with_suffix(".commits")
    commits.write_bytes(b"")

    def note_commits(ledger: Ledger) -> None:
        def note(number: int, commit: object, connection: object) -> None:
            del number, connection
            commit()  # type: ignore[operator]
            with commits.open("ab") as log:
                log.write(b".")

        count_commits(ledger, note)

    if scene.run(PATIENT, note_commits) != 0:
        raise RuntimeError(f"the run without faults failed; see {scene.log}")
    for name in SYSTEMS:
        places[name] = scene.servers[name].get("counters")["requests"]
    places["commit"] = len(commits.read_bytes())
    scene.run()  # the invoice that the shipment made due
    wrong = truth.findings(scene)
    if wrong:
        raise RuntimeError(f"the run without faults left {wrong}")
    return dict(places)


def cases(places: dict[str, int]) -> Iterator[Case]:
    """Every fault at every place."""
    for place, count in places.items():
        faults: Iterable[str] = AT_COMMIT if place == "commit" else (*AT_BOUNDARY, *WHILE_HELD)
        for number in range(1, count + 1):
            for fault in faults:
                yield Case(place, number, fault)


def explore(scene: Scene, chosen: Iterable[Case], truth: Truth = SHIPPED) -> Result:
    """Meet each case, heal, compare."""
    return Result.of(meet(scene, case, truth) for case in chosen)


def meet(scene: Scene, case: Case, truth: Truth) -> Met:
    """Meet a case, heal, compare, and see that a further run changes nothing."""
    scene.reset()
    strike(scene, case)
    for server in scene.servers.values():
        server.clear_faults()
    if case.fault == "late commit":
        scene.pass_time(minutes=1)  # now the effect happens
    runs, converged = _heal(scene, truth)
    found = truth.findings(scene)
    if not converged:
        return Met(str(case), runs, (*found, Finding("untrue", "documents are still open after the trouble is over")))
    scene.reset_counters()
    scene.run()
    if any(server.get("counters")["writes"] for server in scene.servers.values()):
        found.append(Finding("doubled", "a further run wrote again"))
    return Met(str(case), runs, tuple(found))


def _heal(scene: Scene, truth: Truth) -> tuple[int, bool]:
    for runs, minutes in enumerate(HEALING_MINUTES, start=1):
        scene.pass_time(minutes=minutes)
        for server in scene.servers.values():
            server.post("release")
        scene.run()
        if not truth.open_documents(scene):
            return runs, True
    return len(HEALING_MINUTES), False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be met: each `every`-th case of a story whose name holds `only`, but not what is done; until when."""

    story: str
    only: str
    every: int
    done: frozenset[str]
    ends: float


def shard(ledger_url: str, asked: Asked, number: int, of: int) -> tuple[dict[str, int], list[str]]:
    """Meet each `of`-th of what is left of a story, with servers of one's own; returns its places and all its cases."""
    begin, truth = STORIES[asked.story]
    progress = Progress.of_story(asked.story)
    with begin(ledger_url) as stage:
        places = boundaries(stage, truth)
        chosen = [case for case in cases(places) if asked.only in str(case)][:: asked.every]
        for case in [case for case in chosen if str(case) not in asked.done][number::of]:
            if time.monotonic() > asked.ends:
                break
            progress.note(meet(stage, case, truth))
    return places, [str(case) for case in chosen]
