"""What a run did, counted: the run note, the returned counts, and whether the run is red (design, decision 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from pakhus.ledger.alerts import Cause
from pakhus.ledger.stops import Stop
from pakhus.reasons import Actor, Status, Verdict

# When more than half of at least this many documents are held, something general is wrong, not the documents.
HELD_ALARM_MINIMUM = 10

MOSTLY_HELD = "mostly_held"

_RED_CODES = frozenset({"configuration", "access_denied", "stopped", "remote_unavailable", "unavailable_for_a_day"})
# Money that does not add up is told at once (domain guide 17.4), although its documents are held.
_ALARMING = frozenset(
    {
        "payout_unbalanced",
        "settlement_unreadable",
        "settlement_reissued",
        "settlement_contradicted",
        "settlement_not_read_anew",
        "payout_line_again",
    }
)


@dataclass(slots=True)
class RunReport:
    """Counts per reason code of the documents a run touched. Holds no personal data: safe for XCom and notes.

    `seen` counts each document once. `sources` are the rows behind it, for those who read and work in one task.
    """

    flow: str
    scope: str
    seen: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    causes: dict[str, str] = field(default_factory=dict)  # code -> message of its first document, for the alert
    subjects: dict[str, str] = field(default_factory=dict)  # code -> the system or connection that it is about
    progress: str = ""  # how far something is that runs add to; the newest counts
    alarm: Cause | None = None  # red for a reason that no single document has
    stopped: str = ""  # who stopped the flow since when and why, when the run met a stop
    sources: set[int] = field(default_factory=set)
    young: set[str] = field(default_factory=set)  # orders that a reading left, since they may still be in the making
    remark: str = ""  # besides the counts: what a run that was asked for single orders found of them
    headline: str = ""  # in the place of the counts, where a run is about something else than documents

    @classmethod
    def of_run(cls, flow: str, scope: str, reading: Iterable[RunReport], working: Iterable[RunReport]) -> RunReport:
        """Add up a run. What its reading task reports as seen includes what it handed on to the working tasks."""
        total, readings = cls(flow, scope), list(reading)
        for report in (*readings, *working):
            total.merge(report)
        if readings:
            total.seen = sum(report.seen for report in readings)
        return total

    def add(self, verdict: Verdict) -> None:
        """Count one document's verdict."""
        self.codes[verdict.code] += 1
        self.causes.setdefault(verdict.code, verdict.message())
        self.subjects.setdefault(verdict.code, subject_of(verdict))

    def see(self, source_id: int) -> None:
        """Count a source as seen, unless it is counted already."""
        if source_id not in self.sources:
            self.sources.add(source_id)
            self.seen += 1

    def note_stop(self, stop: Stop) -> None:
        """The run met a stop: what it has not begun stays due, and its note says so."""
        self.stopped = stop.text()

    def merge(self, other: RunReport) -> None:
        """Take in the counts of another chunk of the same run."""
        self.seen += other.seen
        self.codes.update(other.codes)
        self.stopped = self.stopped or other.stopped
        self.remark = " · ".join(dict.fromkeys(text for text in (self.remark, other.remark) if text))
        self.progress = other.progress or self.progress
        self.alarm = self.alarm or other.alarm
        self.headline = " · ".join(text for text in (self.headline, other.headline) if text)
        for code, text in other.causes.items():
            self.causes.setdefault(code, text)
            self.subjects.setdefault(code, other.subjects.get(code, ""))

    def by_status(self) -> dict[Status, int]:
        counts: Counter[Status] = Counter()
        for code, count in self.codes.items():
            counts[Verdict(code).status] += count
        return dict(counts)

    def note(self) -> str:
        """The run note: "84 seen · 79 done · 3 held · 2 waiting", and who stopped the flow, if somebody did."""
        if self.headline:
            return self.headline
        parts = [f"{self.seen} seen"]
        counts = self.by_status()
        parts += [f"{counts[status]} {status.value}" for status in Status if counts.get(status)]
        return " · ".join([*parts, *(text for text in (self.remark, self.progress, self.stopped) if text)])

    def alarms(self) -> list[str]:
        """Why the run is red, one text per cause; empty when it is green."""
        return [cause.text for cause in self.red_causes()]

    def red_causes(self) -> list[Cause]:
        """Why the run is red; empty when it is green."""
        red = [code for code in sorted(self.codes) if code in _RED_CODES | _ALARMING or self._is_ours(code)]
        found = [Cause(code, self.causes[code], self.subjects.get(code, "")) for code in red]
        counts = self.by_status()
        held = counts.get(Status.HELD, 0) - self.codes["approval_wanted"]  # nothing is wrong with those
        worked = held + counts.get(Status.DONE, 0) + counts.get(Status.FAILED, 0)
        if worked >= HELD_ALARM_MINIMUM and held * 2 > worked:
            text = f"{held} of {worked} documents were held: something general is wrong."
            found.append(Cause(MOSTLY_HELD, text))
        return [*found, self.alarm] if self.alarm else found

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
            "subjects": dict(self.subjects),
            "stopped": self.stopped,
            "remark": self.remark,
            "headline": self.headline,
            "progress": self.progress,
            "alarm": None if self.alarm is None else asdict(self.alarm),
        }

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> RunReport:
        codes, causes, subjects = data["codes"], data["causes"], data["subjects"]
        if not isinstance(codes, dict) or not isinstance(causes, dict) or not isinstance(subjects, dict):
            raise TypeError("a run report needs codes, causes and subjects")
        return cls(
            flow=str(data["flow"]),
            scope=str(data["scope"]),
            seen=int(str(data["seen"])),
            codes=Counter(codes),
            causes=dict(causes),
            subjects=dict(subjects),
            stopped=str(data["stopped"]),
            remark=str(data.get("remark", "")),
            headline=str(data["headline"]),
            progress=str(data.get("progress", "")),
            alarm=Cause(**alarm) if isinstance(alarm := data.get("alarm"), dict) else None,
        )


def subject_of(verdict: Verdict) -> str:
    """The connection or system that a verdict is about, for its alert; empty where it is about neither."""
    told = dict(verdict.parameters)
    return told.get("connection") or told.get("system", "")
