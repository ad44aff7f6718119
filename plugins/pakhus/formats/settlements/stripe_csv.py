"""Stripe, by its reports: payout reconciliation, or balance change from activity, itemised (CSV).

Decimals with a point; `fee` is positive and taken off `gross`; net = gross − fee. `created_utc` is UTC, `created` in
the report's time zone. The activity names each row's automatic payout but has no row for it: the payouts report goes
beside it (`also`), or rows of category `payout` stand in it. Without them the batch has no payout, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.formats.settlements.stripe import PROVIDER, kind_of, order_of
from pakhus.formats.settlements.tables import decoded, groups, refuse_doubled, table
from pakhus.model import Money
from pakhus.settlements import Batch, BatchLine, BatchLineKind

READER = "stripe_csv"
_NEEDED = ("balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category")
_GROUP = "automatic_payout_id"
_PAYOUTS = ("payout_id", "currency", "net")
_TEXT_CHARACTERS = 200


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per automatic payout; rows that no payout has taken yet are left for a later report."""
    rows = [_with_payout(row) for row in table(READER, decoded(READER, source.content), (*_NEEDED, _GROUP))]
    refuse_doubled(rows, ("balance_transaction_id",))
    payouts = [row for file in source.also for row in table(READER, decoded(READER, file), _PAYOUTS)]
    refuse_doubled(payouts, ("payout_id",))
    found = []
    for (payout_id, currency), group in groups(rows, (_GROUP, "currency")):
        if payout_id:
            beside = [row for row in payouts if row.text("payout_id") == payout_id]
            told = beside or any(row.text("reporting_category") == "payout" for row in group)
            if source.payouts_apart and not told:
                continue  # the payouts report that tells it is still to come
            found.append(_batch(source, payout_id, currency.upper(), group, beside))
    return tuple(found)


def _batch(source: Source, payout_id: str, currency: str, rows: Sequence[Record], beside: Sequence[Record]) -> Batch:
    lines = [_line(row, source) for row in rows]
    paid_at = max(one.occurred_at for one in lines)
    for row in beside:
        amount = row.amount("net", row.currency("currency"))
        lines.append(line(row, BatchLineKind.PAYOUT, payout_id, amount, row.currency("currency"), paid_at))
    arrival = next((row for row in (*beside, *rows) if row.text(_arrival(row))), None)
    return batch(
        source,
        PROVIDER,
        payout_id,
        currency,
        lines,
        payout_on=arrival.day(_arrival(arrival)) if arrival else None,
        payout_reference=payout_id,
    )


def _with_payout(row: Record) -> Record:
    """A payout's own row belongs to it, whatever stands under its automatic payout."""
    own = row.text("reporting_category") == "payout" and row.text("source_id")
    return replace(row, values={**row.values, _GROUP: own}) if own else row


def _arrival(row: Record) -> str:
    columns = ("payout_expected_arrival_date", "automatic_payout_effective_at_utc", "automatic_payout_effective_at")
    return next((column for column in columns if column in row.values), columns[0])


def _line(row: Record, source: Source) -> BatchLine:
    currency = row.currency("currency")
    gross = row.amount("gross", currency)
    kind = kind_of(row, "reporting_category", gross)
    at = row.moment("created_utc", UTC) if "created_utc" in row.values else row.moment("created", source.zone)
    is_payment = kind is BatchLineKind.CAPTURE
    charge, intent = row.text("charge_id"), row.text("payment_intent_id")
    ids = [text for text in (row.text("source_id"), *((charge, intent) if is_payment else ())) if text]
    parents = [] if is_payment else [text for text in (charge, intent) if text]
    order = order_of(row, "payment_metadata[{}]")
    return line(
        row,
        kind,
        row.needed("balance_transaction_id"),
        gross,
        currency,
        at,
        fee=-row.amount_or_zero("fee", currency),
        net=row.amount("net", currency),
        parent_id=parents[0] if parents else "",
        parent_aliases=tuple(parents[1:]),
        aliases=tuple(dict.fromkeys(ids)),
        order_reference=order or order_of(row, "refund_metadata[{}]"),
        transaction=_paid(row, gross),
        text=row.text("description")[:_TEXT_CHARACTERS],
    )


def _paid(row: Record, gross: Decimal) -> Money | None:
    if not (row.text("customer_facing_amount") and row.text("customer_facing_currency")):
        return None
    currency = row.currency("customer_facing_currency")
    amount = abs(row.amount("customer_facing_amount", currency))
    return Money(amount if gross >= ZERO else -amount, currency)
