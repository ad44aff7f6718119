"""Due work in chunks: what one task takes (design, decision 2), with a label that people recognise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pakhus.flows.report import RunReport
from pakhus.ledger import documents
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Due

# An Airflow task costs 0.2 s to 1.3 s, a document milliseconds of ours and two round trips.
CHUNK_DOCUMENTS = 200
# Below Airflow's limit of 1,024 mapped tasks, and no more than a run can do before the next is due.
CHUNKS_PER_RUN = 100


@dataclass(frozen=True, slots=True)
class WorkChunk:
    """Documents for one task; `chunk_label` is "1001-1100 (84)"."""

    chunk_label: str
    documents: tuple[int, ...]


def due_chunks(ledger: Ledger, scope: str, flow: str) -> list[WorkChunk]:
    """Return the due documents of a scope's flow in chunks, oldest first."""
    with ledger.begin() as tx:
        due = documents.due(tx, scope, flow, limit=CHUNK_DOCUMENTS * CHUNKS_PER_RUN)
    return chunks_of(due)


def chunks_of(due: Sequence[Due]) -> list[WorkChunk]:
    """Return documents in chunks, in their order."""
    return [_chunk(due[start : start + CHUNK_DOCUMENTS]) for start in range(0, len(due), CHUNK_DOCUMENTS)]


def see_handed_on(ledger: Ledger, report: RunReport, chunks: Sequence[WorkChunk]) -> None:
    """Count what a reading task hands on as seen, too: an order that was read and is worked on counts once."""
    with ledger.begin() as tx:
        for chunk in chunks:
            for source_id in documents.source_ids(tx, chunk.documents):
                report.see(source_id)


def _chunk(due: Sequence[Due]) -> WorkChunk:
    first, last = due[0].number, due[-1].number
    span = first if first == last else f"{first}-{last}"
    return WorkChunk(f"{span} ({len(due)})", tuple(row.id for row in due))
