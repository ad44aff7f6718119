"""Orders and documents in a ledger, made by the ledger's own functions, for tests of what a page reads of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pakhus.ledger import attempts, claims, documents, sources
from pakhus.ledger.attempts import Reply, Request
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import NewDocument
from pakhus.ledger.sources import Showing
from pakhus.reasons import Verdict

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PERSONAL = "Åse Ærø, ase@example.org"


def showing(source_id: str, *, scope: str = "nordlys", kind: str = "order", **fields: object) -> Showing:
    """An order of 250.00 DKK, placed at noon, with its buyer in the body."""
    told: dict[str, object] = {
        "body": f"{kind} {source_id} of {PERSONAL} {sorted(fields.items(), key=str)}".encode(),
        "read_at": NOON,
        "number": source_id,
        "native_state": "processing",
        "currency": "DKK",
        "gross": Decimal("250.00"),
        "vat": Decimal("50.00"),
        "placed_at": NOON,
        **fields,
    }
    return Showing(scope=scope, kind=kind, source_id=source_id, **told)  # type: ignore[arg-type]


def order(tx: Transaction, source_id: str, *, minutes: int = 0, **fields: object) -> int:
    """Record an order that was placed so many minutes after noon; returns its row."""
    fields = {"placed_at": NOON + timedelta(minutes=minutes), **fields}
    return sources.record(tx, showing(source_id, **fields)).id  # type: ignore[arg-type]


def document(
    tx: Transaction, order_row: int | None, name: str, kind: str = "invoice", verdict: str = "due", **parameters: object
) -> int:
    """Record a document of an order of nordlys, or one without an order; returns its row."""
    target = "economic__main" if kind == "invoice" else "rackbeat__main"
    new = NewDocument(f"nordlys-{name}-{kind}", "nordlys", f"{kind}s", kind, target, source_id=order_row)
    return documents.ensure(tx, new, Verdict.of(verdict, **parameters)).id


def write(ledger: Ledger, document_id: int, key: str, reply: Reply, *, remote_id: str = "", number: str = "") -> None:
    """Write a document once: planned, sent, and answered by `reply`; it is done when a remote id is given."""
    with ledger.begin() as tx:
        claim = claims.take(tx, documents.claim_name(key))
        assert claim is not None
        planned = attempts.plan(
            tx, claim, document_id, "book", Request("POST", "/orders", PERSONAL.encode()), idempotency_key_prefix=key
        )
        call = attempts.mark_sent(tx, claim, planned)
        if not remote_id:
            attempts.mark_failed(tx, planned, call, reply, "refused")
            return
        attempts.mark_ok(tx, planned, call, reply, remote_id=remote_id)
        documents.note_remote(tx, document_id, claim, remote_id=remote_id, remote_number=number or None, version=1)
        documents.give_verdict(tx, document_id, Verdict.of("transferred"))
