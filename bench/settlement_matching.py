"""Reading, balancing and matching a settlement of 100,000 lines against as many documents, beside a tenth of both.

Ten times as much that takes ten times as long is linear growth; a hundred times would be a search of each line through
all documents. Three in ten lines are found by the provider's id, by the order number, and by a number inside a text;
a tenth has nothing but its amount and day, and one in a hundred pays two documents of its order at once.
"""

from __future__ import annotations

import csv
import io
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.figures import Figure
from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.readers import read
from pakhus.rules.settlement_balance import balance_problems
from pakhus.rules.settlement_matching import OpenItem, Outcome, match_lines
from pakhus.settlements import Batch, BatchLineKind

SMALL, LARGE = 10_000, 100_000
_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER = (
    "balance_transaction_id", "created_utc", "currency", "gross", "fee", "net", "reporting_category", "source_id",
    "description", "automatic_payout_id", "payment_metadata[order_id]",
)  # fmt: skip


def measure(tries: int) -> list[Figure]:
    """Seconds of each step at both sizes, and the most memory that all of them held at once."""
    found = []
    steps: list[tuple[str, Callable[[int], float]]] = [("read", _read_s), ("balance", _balance_s), ("match", _match_s)]
    for name, step in steps:
        small = Figure(f"{name} {SMALL:,} lines", tuple(step(SMALL) for _ in range(tries)))
        large = Figure(f"{name} {LARGE:,} lines", tuple(step(LARGE) for _ in range(max(1, tries // 3))), small)
        found += [small, large]
    little = Figure(f"memory of {SMALL:,} lines", (_peak_mb(SMALL),), unit="MB")
    return [*found, little, Figure(f"memory of {LARGE:,} lines", (_peak_mb(LARGE),), little, unit="MB")]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _read_s(count: int) -> float:
    content = report(count)
    return _seconds(lambda: read("stripe_csv", Source(content, "main")))


def _balance_s(count: int) -> float:
    batch = _batch(count)
    return _seconds(lambda: balance_problems(batch))


def _match_s(count: int) -> float:
    batch, items = _batch(count), documents(count)
    return _seconds(lambda: _matched(batch, items))


def _peak_mb(count: int) -> float:
    tracemalloc.start()
    try:
        _matched(_batch(count), documents(count))
        return tracemalloc.get_traced_memory()[1] / 1_000_000
    finally:
        tracemalloc.stop()


def _matched(batch: Batch, items: list[OpenItem]) -> None:
    found = match_lines(batch.lines, items)
    wrong = sum(match.outcome is not Outcome.MATCHED for match in found)
    if wrong:
        raise RuntimeError(f"{wrong} of {len(found)} lines found no document: nothing was measured")


def _batch(count: int) -> Batch:
    [batch] = read("stripe_csv", Source(report(count), "main"))
    return batch


def _amount(at: int) -> Decimal:
    return Decimal(at + 10_000) / 100  # each its own, so that the amount alone can be a key


def _pays_two(at: int) -> bool:
    return at % 100 == 1


def report(count: int) -> bytes:
    """A payout's activity; what names the document differs from line to line."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    for at in range(count):
        way = at % 10
        moment = _BEGUN + timedelta(minutes=at)
        source = f"ch_{at}" if way in (0, 4, 7) else f"other_{at}"
        order = f"{at}" if way in (1, 5, 8) else ""
        said = f"Payment for order {at}, thanks" if way in (2, 6, 9) else ""
        amount = _amount(at)
        row = (
            f"txn_{at}",
            f"{moment:%Y-%m-%d %H:%M:%S}",
            "dkk",
            amount,
            0,
            amount,
            "charge",
            source,
            said,
            "po_1",
            order,
        )
        writer.writerow(row)
    return text.getvalue().encode()


def documents(count: int) -> list[OpenItem]:
    """The documents that these lines pay."""
    found = []
    for at in range(count):
        moment, amount = _BEGUN + timedelta(minutes=at), _amount(at)
        parts = [amount - 1, Decimal(1)] if _pays_two(at) else [amount]
        for part, share in enumerate(parts):
            ids = frozenset({f"ch_{at}"})
            found.append(
                OpenItem(f"d{at}-{part}", BatchLineKind.CAPTURE, "nordlys", str(at), share, "DKK", moment, ids)
            )
    return found
