"""What a run did, counted: the run note, the returned counts, and whether the run is red (design, decision 9)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pakhus.reasons import Actor, Status, Verdict

# When more than half of at least this many documents are held, something general is wrong, not the documents.
HELD_ALARM_MINIMUM = 10

_RED_CODES = frozenset({"configuration", "access_denied", "stopped", "remote_unavailable"})


@dataclass(slots=True)
class RunReport:
    """Counts per reason code of the documents a run touched. Holds no personal data: safe for XCom and notes."""

    flow: str
    scope: str
    seen: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    causes: dict[str, str] = field(default_factory=dict)  # code -> message of its first document, for the alert

    def add(self, verdict: Verdict) -> None:
        """Count one document's verdict."""
        self.codes[verdict.code] += 1
        self.causes.setdefault(verdict.code, verdict.message())

    def merge(self, other: RunReport) -> None:
        """Take in the counts of another chunk of the same run."""
        self.seen += other.seen
        self.codes.update(other.codes)
        for code, text in other.causes.items():
            self.causes.setdefault(code, text)

    def by_status(self) -> dict[Status, int]:
        counts: Counter[Status] = Counter()
        for code, count in self.codes.items():
            counts[Verdict(code).status] += count
        return dict(counts)

    def note(self) -> str:
        """The run note: "84 seen · 79 done · 3 held · 2 waiting"."""
        parts = [f"{self.seen} seen"]
        counts = self.by_status()
        parts += [f"{counts[status]} {status.value}" for status in Status if counts.get(status)]
        return " · ".join(parts)

    def alarms(self) -> list[str]:
        """Why the run is red, one text per cause; empty when it is green."""
        found = [self.causes[code] for code in sorted(self.codes) if code in _RED_CODES or self._is_ours(code)]
        counts = self.by_status()
        held = counts.get(Status.HELD, 0)
        worked = held + counts.get(Status.DONE, 0) + counts.get(Status.FAILED, 0)
        if worked >= HELD_ALARM_MINIMUM and held * 2 > worked:
            found.append(f"{held} of {worked} documents were held: something general is wrong.")
        return found

    @staticmethod
    def _is_ours(code: str) -> bool:
        return Verdict(code).status is Status.FAILED or Verdict(code).actor is Actor.US

    def as_dict(self) -> dict[str, object]:
        """A JSON-able form for XCom."""
        return {
            "flow": self.flow,
            "scope": self.scope,
            "seen": self.seen,
            "codes": dict(self.codes),
            "causes": dict(self.causes),
        }

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> RunReport:
        codes, causes = data["codes"], data["causes"]
        if not isinstance(codes, dict) or not isinstance(causes, dict):
            raise TypeError("a run report needs codes and causes")
        return cls(str(data["flow"]), str(data["scope"]), int(str(data["seen"])), Counter(codes), dict(causes))
