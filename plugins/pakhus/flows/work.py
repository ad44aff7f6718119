"""How a flow works through a chunk of documents: claim, treat, and turn what happened into a verdict.

One document's trouble never ends the others'; a configuration error ends the chunk, since every document would meet it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import InterfaceError, OperationalError

from pakhus.errors import (
    ClaimLostError,
    ConfigurationError,
    DataError,
    RateLimitedError,
    TransientError,
)
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.patience import backoff, is_lasting
from pakhus.flows.report import RunReport
from pakhus.flows.self_stopping import (
    REFUSED_IN_A_ROW,
    Course,
    Outcome,
    OwnStop,
    refusal_of,
    stopping_verdict,
    symptom_of,
)
from pakhus.ledger import documents, stops
from pakhus.ledger.alerts import Cause
from pakhus.ledger.claims import Claim, holding, require
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.stops import Stop
from pakhus.reasons import Status, Verdict

logger = logging.getLogger(__name__)

# What holds a document may be mended where nothing tells us: a product, a period, an invoice booked by hand.
_HELD_LOOK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Treated:
    """The end of a document's treatment, the source's version that was treated, and when to look again (None: by the
    verdict's own rule)."""

    verdict: Verdict
    version: int | None
    due_at: datetime | None = None


Treat = Callable[[Document, Claim], Treated]
Prepare = Callable[[Sequence[int]], None]


def _nothing(document_ids: Sequence[int]) -> None:
    del document_ids


@dataclass(frozen=True, slots=True)
class Chunk:
    """Works on the documents of one chunk, `workers` at a time (requests in flight per system: design, decision 2).

    `stopped_by` is the flow that people stop when they mean this one: the DAG it is a part of; empty: its own.
    `stops` is the flow that stops itself when a system refuses everything; empty: the same.
    """

    ledger: Ledger
    report: RunReport
    workers: int
    stopped_by: str = ""
    stops: str = ""

    def work(
        self, document_ids: Sequence[int], treat: Treat, *, prepare: Prepare = _nothing, at_once: int = 0
    ) -> RunReport:
        """Treat each document once and count the verdicts; `prepare` is called before each pack of `at_once` (0: all).

        What refuses the whole flow (see pakhus.flows.self_stopping) stops those not yet begun, and so does a person who
        stops the flow; the documents then stay as they are, to go on from. Errors of `prepare` are raised.
        """
        self.report.seen += len(document_ids)
        own = OwnStop(self.ledger, self.report.scope, self.stops or self._flow, self.report.flow)
        course = Course(self.report.flow)
        try:
            rest = self._tried_first(document_ids, treat, prepare, own, course)
            for pack in _packs(rest, at_once or len(rest)):
                self._work_pack(pack, treat, prepare, course)
        finally:
            if course.refusal is not None:
                own.record(course.refusal)
                self._tell(course)
        return self.report

    @property
    def _flow(self) -> str:
        return self.stopped_by or self.report.flow

    def _tell(self, course: Course) -> None:
        """What no single document says: that the same was refused of several."""
        refusal = course.refusal
        if refusal is not None and refusal.code == REFUSED_IN_A_ROW and self.report.alarm is None:
            self.report.alarm = Cause(refusal.code, f"{refusal.cause}.", refusal.subject)

    def _work_pack(self, pack: Sequence[int], treat: Treat, prepare: Prepare, course: Course) -> None:
        if course.refusal is not None:
            self._count(Verdict.of("not_reached") for _ in pack)
            return
        self._prepared(pack, prepare, course)
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix=self.report.flow) as pool:
            verdicts = list(pool.map(lambda row_id: self._one(row_id, treat, course), pack))
        self._count(verdict for verdict in verdicts if verdict is not None)

    def _prepared(self, pack: Sequence[int], prepare: Prepare, course: Course) -> None:
        try:
            prepare(pack)
        except ConfigurationError as error:
            course.is_refused(refusal_of(stopping_verdict(error), self.report.flow, pack[0]))
            raise

    def _count(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            self.report.add(verdict)

    def _tried_first(
        self, document_ids: Sequence[int], treat: Treat, prepare: Prepare, own: OwnStop, course: Course
    ) -> Sequence[int]:
        """While the flow has stopped itself, try a document, or two, before the others; returns what is left to do."""
        stop = own.standing() if document_ids else None
        if stop is None or self._is_stopped_by_person():
            return document_ids
        trial = own.trial(stop, document_ids)
        while (tried := trial.take()) is not None:
            self._prepared([tried], prepare, course)
            course.last = None
            verdict = self._one(tried, treat, course)
            self._count([verdict] if verdict is not None else [])
            trial.ends(course, verdict)
        left = [row_id for row_id in document_ids if row_id not in trial.tried]
        if trial.outcome is not Outcome.STANDS:
            own.lift(stop, trial)
            return left
        self.report.note_stop(stop)
        self._count(Verdict.of("not_reached") for _ in left)
        return []

    def _is_stopped_by_person(self) -> bool:
        with self.ledger.begin() as tx:
            return stops.find(tx, self.report.scope, self._flow) is not None

    def _one(self, document_id: int, treat: Treat, course: Course) -> Verdict | None:
        """Treat a document; None when it stays held for the same reason, which is no news of this run."""
        if course.refusal is not None:
            return Verdict.of("not_reached")
        document, stop = self.ledger.persist(lambda tx: self._look(tx, document_id))
        if stop is not None:
            self.report.note_stop(stop)
            return Verdict.of("stopped_by_person", cause=stop.cause)
        with holding(self.ledger, documents.claim_name(document.key)) as claim:
            if claim is None:
                return Verdict.of("claimed_elsewhere")
            document = self.ledger.persist(lambda tx: documents.load(tx, document_id))
            if document.status not in (Status.DUE, Status.WAITING, Status.HELD):
                return document.verdict
            verdict = self._treat(document, claim, treat, course)
        still_held = document.status is Status.HELD and verdict.code == document.verdict.code
        return None if still_held else verdict

    def _look(self, tx: Transaction, document_id: int) -> tuple[Document, Stop | None]:
        """A document, and what stops its flow at this moment."""
        return documents.load(tx, document_id), stops.find(tx, self.report.scope, self._flow)

    def _treat(self, document: Document, claim: Claim, treat: Treat, course: Course) -> Verdict:
        try:
            treated = treat(document, claim)
            verdict, version, due_at = treated.verdict, treated.version, treated.due_at
            if verdict.status is Status.DONE:
                course.goes_well()
        except (OperationalError, InterfaceError):
            raise  # the ledger is away: nothing can be recorded, the task is tried again
        except ClaimLostError as error:
            return _claim_lost(document, error)
        except ConfigurationError as error:
            verdict, version, due_at = stopping_verdict(error, document.target), None, self.ledger.now()
            course.is_refused(refusal_of(verdict, self.report.flow, document.id))
        except (StoppedError, DataError, TransientError) as error:
            verdict, due_at = _verdict_of(error, document, self.ledger.now())
            version = document.judged_version
            if not isinstance(error, StoppedError):
                again = document.status is Status.HELD and document.verdict.code == verdict.code
                course.meets(symptom_of(error), verdict, document.id, again=again)
        except Exception as error:
            logger.exception("%s: an error that should not happen", document.key)
            verdict = Verdict.of("internal_error", problem=type(error).__name__)
            version, due_at = document.judged_version, None
        try:
            self._conclude(document, claim, verdict, version, due_at)
        except ClaimLostError as error:
            return _claim_lost(document, error)
        logger.info("%s: %s", document.key, verdict.text())
        return verdict

    def _conclude(
        self, document: Document, claim: Claim, verdict: Verdict, version: int | None, due_at: datetime | None
    ) -> None:
        """Record the verdict, unless somebody else has taken the document over: then theirs counts."""
        if verdict.status is Status.HELD and due_at is None:
            due_at = self.ledger.now() + _HELD_LOOK

        def record(tx: Transaction) -> None:
            require(tx, claim)
            documents.give_verdict(tx, document.id, verdict, judged_version=version, due_at=due_at)

        self.ledger.persist(record)


def _packs(document_ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(document_ids), size or 1):
        yield document_ids[start : start + size]


def _claim_lost(document: Document, error: ClaimLostError) -> Verdict:
    logger.warning("%s: %s", document.key, error)
    return Verdict.of("claimed_elsewhere")


def _verdict_of(
    error: StoppedError | DataError | TransientError, document: Document, now: datetime
) -> tuple[Verdict, datetime | None]:
    if isinstance(error, StoppedError):
        return error.verdict, error.due_at
    if isinstance(error, RateLimitedError):
        return Verdict.of("rate_limited"), now + error.retry_after
    if isinstance(error, TransientError):
        told = {"system": error.system or "The remote system", "problem": _brief(error)}
        wait = backoff(document, now)
        if is_lasting(document, now):
            return Verdict.of("unavailable_for_a_day", **told), now + wait
        return Verdict.of("remote_unavailable", **told), now + wait
    return Verdict.of("refused", system=error.system, step=document.kind, problem=error), None


def _brief(error: Exception) -> str:
    """An error's text without the stop that the reason's own text sets."""
    return str(error).rstrip(". ")
