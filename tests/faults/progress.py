"""What of an exploration is done already: a line per case, so that it can be ended at any time and gone on with.

The file says which code it was made with; of other code nothing counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from stack import ROOT
from tests.faults.truth import Finding

FOLDER = ROOT / ".state" / "faults"
_EXPLORED = ("plugins/pakhus", "standin", "include", "tests/faults")


@dataclass(frozen=True, slots=True)
class Met:
    """A case as it ended: how many runs healed it, and what should not be."""

    case: str
    runs: int
    findings: tuple[Finding, ...] = ()


class Progress:
    """The cases of one story that were met. Several processes may note at once: a line is written in one piece."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_story(cls, story: str, *, fresh: bool = False) -> Progress:
        """Return what is done of a story with the code as it is now; `fresh`: nothing."""
        path = FOLDER / f"{story.replace(' ', '_')}-{_fingerprint()}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        return cls(path)

    def note(self, met: Met) -> None:
        with self.path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(met)) + "\n")

    def met(self) -> dict[str, Met]:
        """Return the cases that are done, by name; one that was met twice as it ended last."""
        return {met.case: met for met in self._read()} if self.path.exists() else {}

    def _read(self) -> Iterator[Met]:
        for line in self.path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Met(row["case"], row["runs"], tuple(Finding(**finding) for finding in row["findings"]))


def _fingerprint() -> str:
    """A short digest of all that an exploration rests on."""
    digest = hashlib.sha256()
    for folder in _EXPLORED:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".yaml", ".json"):
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]
