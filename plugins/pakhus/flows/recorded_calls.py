"""Writes to a webshop, recorded: each call is stored before it leaves us, its outcome after (design, decision 3).

Which calls a write takes is the adapter's affair, and it reads before it writes: doing a write again changes nothing.
So nothing is searched for here. What must be waited for is a late effect of an earlier call that was not answered; then
the write is done again, and the earlier call is settled by what that shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from pakhus.clients.http import Answer, Call
from pakhus.errors import RemoteError
from pakhus.flows.exactly_once import WEBSHOP, Policy, status_after
from pakhus.flows.outcomes import stop
from pakhus.ledger import attempts, installation
from pakhus.ledger.attempts import Attempt, Reply, Request
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document


@dataclass(frozen=True, slots=True)
class RecordedCalls:
    """A CallRecorder for one write (`step`) of one document, under the document's claim. One thread.

    `send` is the adapter's transport. `understood` tells an answer of success from a page that a proxy put in its
    place: it raises TransientError then, for the effect may have happened.
    """

    ledger: Ledger
    claim: Claim
    document: Document
    step: str
    transport: Callable[[Call], Answer]
    version: int | None = None  # of the source that the write is made from
    policy: Policy = WEBSHOP
    understood: Callable[[Answer], object] = Answer.json

    def wait_for_late_effects(self) -> None:
        """To be asked before the adapter reads. StoppedError while an earlier call of this write may still take effect.

        `due_at` of the error is when it must have shown.
        """
        with self.ledger.begin() as tx:
            moments = [_ended_at(attempt) for attempt in attempts.open_of(tx, self.document.id, self.step)]
        ended = max((moment for moment in moments if moment is not None), default=None)
        if ended is not None and self.ledger.now() < ended + self.policy.settle_after:
            raise stop("outcome_unknown", due_at=ended + self.policy.settle_after, step=self.step)

    def send(self, call: Call) -> Answer:
        """Record `call`, send it, record what came back. RemoteError as the transport raises it.

        Sending what an earlier, unanswered call said shows that this one had no effect: the adapter has looked.
        """
        attempt = self._planned(_request(call))
        with self.ledger.begin() as tx:
            call_id = attempts.mark_sent(tx, self.claim, attempt)
        try:
            answer = self.transport(call)
            self.understood(answer)
        except RemoteError as error:
            reply = Reply(error.body, error.status, error.request_id, str(error))
            status = status_after(error)
            self.ledger.persist(lambda tx: attempts.mark_failed(tx, attempt, call_id, reply, status))
            raise
        reply = Reply(answer.body, answer.status)
        self.ledger.persist(lambda tx: attempts.mark_ok(tx, attempt, call_id, reply, remote_id=None))
        return answer

    def adopt(self, remote_id: str, shown: bytes) -> None:
        """Settle what is open when the write is done: the shop showed its effect (`shown`, JSON) without a new call."""

        def settle(attempt: Attempt) -> None:
            self.ledger.persist(lambda tx: attempts.mark_adopted(tx, attempt, remote_id=remote_id, found=shown))

        self._settle_open(settle)

    def supersede(self) -> None:
        """Settle what is open when later calls have overwritten whatever came of it: absolute quantities."""
        self._settle_open(self._mark_superseded)

    def had_no_effect(self) -> None:
        """Settle what is open when the remote was read late and shows no effect of it: what follows is another call."""
        self._settle_open(self._mark_absent)

    def _settle_open(self, settle: Callable[[Attempt], None]) -> None:
        for attempt in self._open():
            if attempt.status == "planned":
                self._mark_superseded(attempt)
            else:
                settle(attempt)

    def _mark_superseded(self, attempt: Attempt) -> None:
        self.ledger.persist(lambda tx: attempts.mark_superseded(tx, attempt))

    def _mark_absent(self, attempt: Attempt) -> None:
        self.ledger.persist(lambda tx: attempts.mark_absent(tx, attempt))

    def _open(self) -> list[Attempt]:
        return self.ledger.persist(lambda tx: attempts.open_of(tx, self.document.id, self.step))

    def _planned(self, request: Request) -> Attempt:
        """The attempt to be sent: one that was stored but never left us, or a new one."""
        same = [attempt for attempt in self._open() if attempt.request == request]
        for attempt in same:
            if attempt.status == "planned":
                return attempt
            self._mark_absent(attempt)
        with self.ledger.begin() as tx:
            # Each call has a number as its subject: the same bytes may rightly be sent again, after months.
            return attempts.plan(
                tx,
                self.claim,
                self.document.id,
                self.step,
                request,
                idempotency_key_prefix=f"{installation.read(tx).epoch}-{self.document.key}",
                subject=str(attempts.count_of(tx, self.document.id, self.step) + 1),
                source_version=self.version,
            )


def _request(call: Call) -> Request:
    query = f"?{urlencode(list(call.query))}" if call.query else ""
    return Request(call.method, call.path + query, call.body or b"")


def _ended_at(attempt: Attempt) -> datetime | None:
    """When an attempt's last call ended, or was sent if that is all we know; None: it surely had no effect."""
    if attempt.status == "planned":
        return None
    return max(moment for moment in (attempt.sent_at, attempt.finished_at) if moment is not None)
