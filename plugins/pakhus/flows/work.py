"""How a flow works through a chunk of documents: claim, treat, and turn what happened into a verdict.

One document's trouble never ends the others'; a configuration error ends the chunk, since every document would meet it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import InterfaceError, OperationalError

from pakhus.errors import (
    AccessDeniedError,
    ClaimLostError,
    ConfigurationError,
    DataError,
    RateLimitedError,
    TransientError,
)
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.report import RunReport
from pakhus.ledger import documents, stops
from pakhus.ledger.claims import Claim, holding, require
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.stops import Stop
from pakhus.reasons import Status, Verdict

logger = logging.getLogger(__name__)

_SHORTEST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(hours=1)
# Nobody need act on what does not answer, so long (domain guide 17.3); then somebody is told, and it is tried on.
_PATIENCE = timedelta(hours=24)
_UNAVAILABLE = ("remote_unavailable", "unavailable_for_a_day")
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


@dataclass(frozen=True, slots=True)
class Chunk:
    """Works on the documents of one chunk, `workers` at a time (requests in flight per system: design, decision 2).

    `stopped_by` is the flow that people stop when they mean this one: the DAG it is a part of; empty: its own.
    """

    ledger: Ledger
    report: RunReport
    workers: int
    stopped_by: str = ""

    def work(self, document_ids: Sequence[int], treat: Treat) -> RunReport:
        """Treat each document once and count the verdicts. ConfigurationError stops those not yet begun.

        So does a person who stops the flow; the documents then stay as they are, to go on from.
        """
        self.report.seen += len(document_ids)
        stopped = threading.Event()
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix=self.report.flow) as pool:
            verdicts = list(pool.map(lambda row_id: self._one(row_id, treat, stopped), document_ids))
        for verdict in verdicts:
            if verdict is not None:
                self.report.add(verdict)
        return self.report

    def _one(self, document_id: int, treat: Treat, stopped: threading.Event) -> Verdict | None:
        """Treat a document; None when it stays held for the same reason, which is no news of this run."""
        if stopped.is_set():
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
            verdict = self._treat(document, claim, treat, stopped)
        still_held = document.status is Status.HELD and verdict.code == document.verdict.code
        return None if still_held else verdict

    def _look(self, tx: Transaction, document_id: int) -> tuple[Document, Stop | None]:
        """A document, and what stops its flow at this moment."""
        flow = self.stopped_by or self.report.flow
        return documents.load(tx, document_id), stops.find(tx, self.report.scope, flow)

    def _treat(self, document: Document, claim: Claim, treat: Treat, stopped: threading.Event) -> Verdict:
        try:
            treated = treat(document, claim)
            verdict, version, due_at = treated.verdict, treated.version, treated.due_at
        except (OperationalError, InterfaceError):
            raise  # the ledger is away: nothing can be recorded, the task is tried again
        except ClaimLostError as error:
            return _claim_lost(document, error)
        except ConfigurationError as error:
            stopped.set()
            verdict, version, due_at = _stopping_verdict(error, document), None, self.ledger.now()
        except (StoppedError, DataError, TransientError) as error:
            verdict, due_at = _verdict_of(error, document, self.ledger.now())
            version = document.judged_version
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


def _claim_lost(document: Document, error: ClaimLostError) -> Verdict:
    logger.warning("%s: %s", document.key, error)
    return Verdict.of("claimed_elsewhere")


def _stopping_verdict(error: ConfigurationError, document: Document) -> Verdict:
    if isinstance(error, AccessDeniedError):
        return Verdict.of("access_denied", system=error.system, problem=_brief(error), connection=document.target)
    return Verdict.of("configuration", problem=_brief(error))


def _verdict_of(
    error: StoppedError | DataError | TransientError, document: Document, now: datetime
) -> tuple[Verdict, datetime | None]:
    if isinstance(error, StoppedError):
        return error.verdict, error.due_at
    if isinstance(error, RateLimitedError):
        return Verdict.of("rate_limited"), now + error.retry_after
    if isinstance(error, TransientError):
        told = {"system": error.system or "The remote system", "problem": _brief(error)}
        if _is_lasting(document, now):
            return Verdict.of("unavailable_for_a_day", **told), now + _LONGEST_BACKOFF
        return Verdict.of("remote_unavailable", **told), now + _backoff(document, now)
    return Verdict.of("refused", system=error.system, step=document.kind, problem=error), None


def _brief(error: Exception) -> str:
    """An error's text without the stop that the reason's own text sets."""
    return str(error).rstrip(". ")


def _is_lasting(document: Document, now: datetime) -> bool:
    first, later = _UNAVAILABLE
    return document.verdict.code == later or (document.verdict.code == first and now - document.since >= _PATIENCE)


def _backoff(document: Document, now: datetime) -> timedelta:
    """As long again as it has been so: 30 s, 1 min, 2 min … up to an hour, without a counter."""
    if document.verdict.code != "remote_unavailable":
        return _SHORTEST_BACKOFF
    return min(max(now - document.since, _SHORTEST_BACKOFF), _LONGEST_BACKOFF)
