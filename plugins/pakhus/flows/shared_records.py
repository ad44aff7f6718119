"""Records that several orders and shops share (customers, products): made once per agreement, under a claim.

Named in the ledger by a pseudonym: an e-mail address stands in no key, log or claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pakhus.flows.outcomes import stop
from pakhus.ledger import documents, installation
from pakhus.ledger.claims import Claim, holding
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document, NewDocument
from pakhus.reasons import Verdict

# Another order of the same buyer is being treated by a thread beside us; its few calls take seconds.
_WAIT_S = 20.0

Create = Callable[[Document, Claim], str]
"""Finds or creates the record and returns its remote id."""


@dataclass(frozen=True, slots=True)
class SharedRecords:
    """The shared records of one agreement (`target` is <system>__<agreement>)."""

    ledger: Ledger
    target: str

    def remote_id(self, kind: str, identity: str, create: Create) -> str:
        """Return the record's remote id, created if the ledger has none yet.

        StoppedError (claimed_elsewhere) when another process is still at it.
        """
        document = self._document(kind, identity)
        if document.remote_id is not None:
            return document.remote_id
        with self._held(document) as claim:
            return self._under(claim, document, create)

    def under_claim(self, kind: str, identity: str, work: Callable[[Document, Claim], None]) -> None:
        """Do something to a record that nobody else does meanwhile, and note that it is done.

        StoppedError (claimed_elsewhere) when another process is still at it.
        """
        document = self._document(kind, identity)
        with self._held(document) as claim:
            work(document, claim)
            self.ledger.persist(lambda tx: documents.give_verdict(tx, document.id, Verdict.of("transferred")))

    def _document(self, kind: str, identity: str) -> Document:
        with self.ledger.begin() as tx:
            name = installation.read(tx).pseudonym(identity)
            new = NewDocument(f"{self.target}-{kind}-{name}", self.target, "shared", kind, self.target)
            return documents.ensure(tx, new, Verdict.of("due"))

    @contextmanager
    def _held(self, document: Document) -> Iterator[Claim]:
        with holding(self.ledger, documents.claim_name(document.key), wait_s=_WAIT_S) as claim:
            if claim is None:
                raise stop("claimed_elsewhere", due_at=self.ledger.now())
            yield claim

    def _under(self, claim: Claim, document: Document, create: Create) -> str:
        newest = self.ledger.persist(lambda tx: documents.load(tx, document.id))
        if newest.remote_id is not None:
            return newest.remote_id
        remote_id = create(newest, claim)
        self._note(claim, newest, remote_id)
        return remote_id

    def _note(self, claim: Claim, document: Document, remote_id: str) -> None:
        with self.ledger.begin() as tx:
            documents.note_remote(tx, document.id, claim, remote_id=remote_id)
            documents.give_verdict(tx, document.id, Verdict.of("transferred"))
