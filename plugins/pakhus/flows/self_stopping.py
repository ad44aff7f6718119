"""A flow that stops itself, and goes on by itself: what refuses every document is asked once per run, not 500 times.

A refusal of the whole flow (key, address, set-up) stops it at the first document; the same trouble with several
documents in a row does, too: a system that is down, a number in the settings that the accounts do not know. Documents
that were not begun stay as they are. Each later run tries one document; when that goes through the stop is lifted and
the run works on. Five refusals in a row may be the documents' own, too (all of one barred customer): then the run tries
a second document, one that nobody has refused yet. Sources: domain guide 16 and 17.3; design, decision 9.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pakhus.errors import AccessDeniedError, ConfigurationError, DataError, RateLimitedError, TransientError
from pakhus.flows.patience import shortened
from pakhus.flows.report import subject_of
from pakhus.ledger import documents, stops, wanted_documents
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.stops import Refusal, Stop
from pakhus.reasons import Status, Verdict
from pakhus.settings.problems import SettingsError

IN_A_ROW = 5
"""So many documents with the same trouble, and none without between them, are no matter of the documents."""

REFUSED_IN_A_ROW = "refused_in_a_row"

# A system that does not answer is tried less and less often, but a person who waits for it does not wait for an hour.
_LONGEST_PAUSE = timedelta(minutes=15)
_SHORTEST_PAUSE = timedelta(seconds=30)
_UNANSWERED, _SAID_NO = "unanswered ", "refused "
_UNAVAILABLE, _REFUSED = ("remote_unavailable", "unavailable_for_a_day"), ("refused",)
# While the data of all is refused a run tries so many documents: the one that was refused, and one that was not.
_REFUSED_TRIES = 2
_NUMBERS = re.compile(r"\d+")
_GOES_ON = "a document went through"
_OTHERS_GO_ON = "another document went through, those that were refused stay held for their own sake"
_NOT_MET_AGAIN = "no document met it again"


def refusal_of(verdict: Verdict, part: str, document: int | None = None) -> Refusal:
    """What a verdict that stops a whole flow is recorded as."""
    return Refusal(verdict.code, verdict.text().rstrip(". "), verdict.code, subject_of(verdict), part, document)


def stopping_verdict(error: ConfigurationError, connection: str = "") -> Verdict:
    """The reason of an error that stops a whole flow; `connection` is the Airflow connection that was used."""
    problem = str(error).rstrip(". ")
    if isinstance(error, AccessDeniedError):
        where = connection or error.system
        return Verdict.of("access_denied", system=error.system, problem=problem, connection=where)
    return Verdict.of("configuration", problem=problem)


def symptom_of(error: DataError | TransientError) -> str:
    """What is the same about the trouble of several documents; empty where that says nothing about the flow."""
    if isinstance(error, RateLimitedError):
        return ""
    if isinstance(error, TransientError):
        return f"{_UNANSWERED}{error.system}"
    said = " ".join(sorted(error.fields)) or str(error.args[0])  # without the request's id, which is another each time
    return f"{_SAID_NO}{error.system} {error.status} {error.code} {_NUMBERS.sub('#', said)}"


@dataclass(slots=True)
class Course:
    """How the documents of one chunk fare; several threads tell it. `refusal` is set when the flow is to stop.

    `last` is what the document that met trouble last would stop the flow for; who works on one after the other empties
    it before.
    """

    part: str
    refusal: Refusal | None = None
    last: Refusal | None = None
    _symptom: str = ""
    _row: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def goes_well(self) -> None:
        """A document ended in a way that says nothing against the others."""
        with self._lock:
            self._symptom, self._row = "", 0

    def is_refused(self, refusal: Refusal) -> None:
        """A system refused the whole flow."""
        with self._lock:
            self.refusal = self.refusal or refusal

    def meets(self, symptom: str, verdict: Verdict, document_id: int, *, again: bool = False) -> None:
        """A document met a trouble that may be its own, or everybody's. `again`: it is held for that already.

        What is looked at anew each day, and refused anew, says nothing about the others.
        """
        if not symptom:
            return
        refusal = replace(refusal_of(verdict, self.part, document_id), symptom=symptom)
        if not symptom.startswith(_UNANSWERED):
            refusal = replace(refusal, code=REFUSED_IN_A_ROW, cause=_row_text(verdict))
        with self._lock:
            self.last = refusal
            if again:
                return
            self._row = self._row + 1 if symptom == self._symptom else 1
            self._symptom = symptom
            if self._row >= IN_A_ROW and self.refusal is None:
                self.refusal = refusal


def _row_text(verdict: Verdict) -> str:
    return f"{IN_A_ROW} documents in a row were refused for the same, the last: {verdict.text().rstrip('. ')}"


@dataclass(frozen=True, slots=True)
class OwnStop:
    """The stop that a flow records for itself, as one part of the flow meets it."""

    ledger: Ledger
    scope: str
    flow: str
    part: str

    def standing(self) -> Stop | None:
        """Return the stop that holds for this part; None when it may work as usual.

        What refused another part is tried by that one; a key that was refused a moment ago is everybody's.
        """
        with self.ledger.begin() as tx:
            stop, me = stops.recorded(tx, self.scope, self.flow), stops.run_of(tx)
        if stop is None or stop.refusal is None or stop.refusal.part == self.part:
            return stop
        same_run = bool(me) and stop.tried_by == me
        return stop if same_run and stop.refusal.code == "access_denied" else None

    def may_try(self, stop: Stop) -> bool:
        """Take this run's one try; False when its time has not come, or a task of the same run had it."""
        if stop.refusal is None or stop.refusal.part != self.part or self.ledger.now() < next_try(stop):
            return False
        return self.ledger.persist(lambda tx: stops.take_try(tx, self.scope, self.flow))

    def record(self, refusal: Refusal) -> None:
        """Stop the flow, or note that it was refused again; what is held for it is what the next run tries."""

        def record(tx: Transaction) -> None:
            stops.record(tx, self.scope, self.flow, refusal)
            stop = stops.recorded(tx, self.scope, self.flow)
            if stop is not None and stop.refusal is not None and is_of_refusals(stop):
                documents.wake(tx, self.scope, self.part, _REFUSED, only=stop.refusal.document_id)

        self.ledger.persist(record)

    def lift(self, stop: Stop, trial: Trial) -> None:
        """Let the flow go on, with what had met the same trouble before it stopped; but not with what was refused
        while others go through: that would only be refused again."""
        reasons = _UNAVAILABLE if trial.refused else (*_UNAVAILABLE, *_REFUSED)

        def lift(tx: Transaction) -> None:
            if stops.lift(tx, self.scope, self.flow, _goes_on(stop, trial.because())) is not None:
                documents.wake(tx, self.scope, self.part, reasons)

        self.ledger.persist(lift)

    def trial(self, stop: Stop, document_ids: Sequence[int]) -> Trial:
        """What this run may try of these documents: the recorded one first, then those that nobody has refused."""
        first = stop.refusal.document_id if stop.refusal else None
        with self.ledger.begin() as tx:
            refused = wanted_documents.held_among(tx, document_ids, _REFUSED) if is_of_refusals(stop) else set()
        begun = [row_id for row_id in document_ids if row_id == first]
        candidates = [*begun, *(row_id for row_id in document_ids if row_id not in {first, *refused})]
        may_try = bool(candidates) and self.may_try(stop)
        return Trial(stop, candidates, outcome=Outcome.OPEN if may_try else Outcome.STANDS)


class Outcome(StrEnum):
    """What a run's try of a stopped flow has shown."""

    OPEN = "open"
    STANDS = "stands"
    WENT_THROUGH = "went through"


@dataclass(slots=True)
class Trial:
    """One run's try: one document after the other until one goes through or shows that the trouble is still there.

    One that is held for a reason of its own says nothing either way. `candidates` may be tried, `tried` were;
    `refused` counts those to which a system said no.
    """

    stop: Stop
    candidates: list[int]
    tried: set[int] = field(default_factory=set)
    outcome: Outcome = Outcome.OPEN
    refused: int = 0
    met: Refusal | None = None

    def take(self) -> int | None:
        """The next document to try; None when it is clear whether the flow goes on."""
        if not self.candidates or self.outcome is not Outcome.OPEN:
            return None
        self.tried.add(self.candidates[0])
        return self.candidates.pop(0)

    def ends(self, course: Course, verdict: Verdict | None) -> None:
        """A document that was taken has ended; what it met stands in `course`.

        The stop stays what it was, but in the words of today: another part of the flow may have met something else.
        """
        symptom = course.last.symptom if course.last else ""
        self.refused += symptom.startswith(_SAID_NO)
        self.met = self.met or course.last
        if course.refusal is None and self._is_met_again(symptom) and self.stop.refusal and self.met:
            course.refusal = replace(self.stop.refusal, code=self.met.code, cause=self.met.cause)
        if course.refusal is not None:
            self.outcome = Outcome.STANDS
        elif verdict is not None and verdict.status is Status.DONE:
            self.outcome = Outcome.WENT_THROUGH

    def _is_met_again(self, symptom: str) -> bool:
        """Whether the flow's trouble was met again, or nobody answered at all.

        A refusal of data may be the document's own: a second document, refused for whatever it is, decides.
        """
        if symptom.startswith(_SAID_NO) and is_of_refusals(self.stop):
            return self.refused >= _REFUSED_TRIES or not self.candidates
        known = self.stop.refusal.symptom if self.stop.refusal else ""
        return bool(symptom) and (symptom == known or symptom.startswith(_UNANSWERED))

    def because(self) -> str:
        """Why the flow goes on."""
        if self.outcome is not Outcome.WENT_THROUGH:
            return _NOT_MET_AGAIN
        return _OTHERS_GO_ON if self.refused else _GOES_ON


def is_of_refusals(stop: Stop) -> bool:
    """Tell whether it was the documents' data that was refused, so that each may have been refused for its own sake."""
    return stop.refusal is not None and stop.refusal.symptom.startswith(_SAID_NO)


def next_try(stop: Stop) -> datetime:
    """When a flow that has stopped itself is tried again: at once in the next run, or later where nobody answers."""
    tried_at, refusal = stop.tried_at or stop.since, stop.refusal
    if refusal is None or not refusal.symptom.startswith(_UNANSWERED):
        return stop.since
    pause = min(max(tried_at - stop.since, _SHORTEST_PAUSE), _LONGEST_PAUSE)
    return tried_at + shortened(pause, f"{stop.scope} {stop.flow} {stop.tries}")


@contextmanager
def refusal_recorded(ledger: Ledger, scope: str, flow: str, task: str) -> Iterator[None]:
    """Around a task that reads: what refuses it stops the flow, and the task's success lets it go on.

    The task itself is the one try of a run. What a document met stays that document's affair.
    """
    try:
        yield
    except SettingsError:
        raise  # told by itself, for all flows of the shop at once
    except ConfigurationError as error:
        refusal = refusal_of(stopping_verdict(error), task)
        ledger.persist(lambda tx: stops.record(tx, scope, flow, refusal))
        raise

    def lift(tx: Transaction) -> None:
        stop = stops.recorded(tx, scope, flow)
        if stop is not None and stop.refusal is not None and stop.refusal.part == task:
            stops.lift(tx, scope, flow, _goes_on(stop, "it was read again"))

    ledger.persist(lift)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run's end shows: why the flow is still stopped, and what goes on since this run."""

    standing: tuple[Cause, ...]
    notes: tuple[str, ...]


def end_of_run(tx: Transaction, scope: str, flow: str) -> Ending:
    """Look at the stops of a run's flow when its work is done; one whose document has come to its end is lifted."""
    if stops.find(tx, scope, flow) is not None:
        return Ending((), ())  # a person has stopped it: whatever it met before waits for that person
    own = stops.recorded(tx, scope, flow)
    found = {(stop.scope, stop.flow): stop for stop in [*stops.of_run(tx), *([own] if own else [])]}
    standing = [stop for stop in found.values() if not _lifted_as_settled(tx, stop)]
    causes = [Cause(s.refusal.code, _standing_text(s), s.refusal.subject) for s in standing if s.refusal]
    lifted = [line.removeprefix(f"{scope} {flow}: ") for line in stops.lifted_by_run(tx)]
    return Ending(tuple(causes), tuple(f"goes on: {line}" for line in lifted))


def _lifted_as_settled(tx: Transaction, stop: Stop) -> bool:
    """Nothing would ever try a stop whose document is no longer open: cancelled, ignored, or done by another way."""
    met = stop.refusal.document_id if stop.refusal else None
    if met is None or documents.is_open(tx, met):
        return False
    return stops.lift(tx, stop.scope, stop.flow, _goes_on(stop, "its document came to an end")) is not None


def _standing_text(stop: Stop) -> str:
    tried = f", tried again {stop.tries} times" if stop.tries > 1 else ""
    return f"The flow has stopped itself (since {stop.since:%Y-%m-%d %H:%M} UTC{tried}): {stop.cause}."


def _goes_on(stop: Stop, why: str) -> str:
    return f"{why}; it had stopped itself at {stop.since:%Y-%m-%d %H:%M} UTC: {stop.cause}"
