"""Whether a provider's file and its API say the same money of a settlement (domain guide 11).

Pure. They write the same movement with other texts, times and, of the payout itself, another id; what counts is which
movements there are, of which kind, and what each moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from pakhus.settlements import Batch, BatchLineKind


def same_money(before: Batch, now: Batch) -> bool:
    """Tell whether two readings of one batch, by whatever way they came, hold the same movements."""
    return _said(before) == _said(now)


def _said(batch: Batch) -> tuple[Hashable, ...]:
    lines: Counter[Hashable] = Counter()
    for line in batch.lines:
        name = "" if line.kind is BatchLineKind.PAYOUT else line.provider_id
        lines[line.kind, name, line.gross, line.fee + line.fee_vat, line.net] += 1
    return (batch.provider, batch.id, batch.currency, batch.opening, batch.closing, frozenset(lines.items()))
