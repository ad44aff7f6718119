"""Explore: learn the boundaries of a run without faults, then meet each with each fault, heal, and compare."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pakhus.ledger.connection import Ledger
from tests.faults.faults import AT_BOUNDARY, AT_COMMIT, WHILE_HELD, Case, count_commits, strike
from tests.faults.progress import Met, Progress
from tests.faults.scene import PATIENT, SYSTEMS, Scene
from tests.faults.stories import every_story
from tests.faults.truth import SHIPPED, Finding, Truth

WORST = "late commit"
_NAMES = re.compile(r"/[^/]*\d[^/]*")
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


@dataclass(frozen=True, slots=True)
class Places:
    """Where faults can be put in a run in which nothing goes wrong: requests per system, and commits.

    `writes` names the requests that change something, by what they do: "POST /orders/#/book".
    """

    counts: dict[str, int]
    writes: dict[tuple[str, int], str]

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {place}" for place, count in self.counts.items())
        return f"{counts}; {len(self.writes)} of the requests write"


def boundaries(scene: Scene, truth: Truth = SHIPPED) -> Places:
    """Learn the places of a run in which nothing goes wrong."""
    scene.reset()
    counts, writes = Counter[str](), dict[tuple[str, int], str]()
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
        requests = scene.servers[name].get("requests")
        counts[name] = scene.servers[name].get("counters")["requests"]
        writes |= {(name, row["number"]): _kind(row) for row in requests if row["method"] != "GET"}
    counts["commit"] = len(commits.read_bytes())
    commits.unlink()
    scene.run()  # the invoice that the shipment made due
    wrong = truth.findings(scene)
    if wrong:
        raise RuntimeError(f"the run without faults left {wrong}")
    return Places(dict(counts), writes)


def _kind(request: dict[str, str]) -> str:
    """What a write does: its method, and its path without what names a single object."""
    return f"{request['method']} {_NAMES.sub('/#', request['path'])}"


def cases(places: Places) -> Iterator[Case]:
    """Every fault at every place: at the writes first, which are what can be doubled; reads come last."""
    for system, number in places.writes:
        yield from (Case(system, number, fault) for fault in (*AT_BOUNDARY, *WHILE_HELD))
    for number in range(1, places.counts["commit"] + 1):
        yield from (Case("commit", number, fault) for fault in AT_COMMIT)
    for system in SYSTEMS:
        reads = [n for n in range(1, places.counts[system] + 1) if (system, n) not in places.writes]
        yield from (Case(system, number, fault) for number in reads for fault in (*AT_BOUNDARY, *WHILE_HELD))


def telling_cases(places: Places, turn: Iterator[str]) -> Iterator[Case]:
    """The few cases that see most: each kind of write meets the worst fault, each second one another one in `turn`.

    A late effect of a request that was given up is what most mistakes show at. One commit dies, one loses the ledger.
    """
    first = {kind: place for place, kind in reversed(places.writes.items())}
    for ordinal, (system, number) in enumerate(first.values()):
        yield Case(system, number, WORST)
        if ordinal % 2 == 0:
            yield Case(system, number, next(turn))
    commits = places.counts["commit"]
    yield Case("commit", 1 + commits // 2, "kill -9 after commit")
    yield Case("commit", 1 + commits * 3 // 4, "ledger gone before commit")


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


def shard(ledger_url: str, asked: Asked, number: int, of: int) -> tuple[str, list[str]]:
    """Meet each `of`-th of what is left of a story, with servers of one's own; returns its places and all its cases."""
    story = every_story()[asked.story]
    progress = Progress.of_story(asked.story)
    with story.begin(ledger_url) as stage:
        places = boundaries(stage, story.truth)
        chosen = [case for case in cases(places) if asked.only in str(case)][:: asked.every]
        for case in [case for case in chosen if str(case) not in asked.done][number::of]:
            if time.monotonic() > asked.ends:
                break
            progress.note(meet(stage, case, story.truth))
    return str(places), [str(case) for case in chosen]
