"""Vipps MobilePay, by the Report API: the funds ledger from payout to payout, with the fees ledger beside it.

Read is one JSON object, `{"ledgerId": …, "fromStart": false, "funds": [items], "fees": [items]}`, the items of
`GET /report/v2/ledgers/{id}/{topic}/dates/{date}` in their order, from the day of the last payout that was read.
`amount` is whole minor units, signed by its effect on the balance. Fees leave the funds ledger as one row,
`fees-retained`; which payment had which fee is only in the fees ledger, and is kept for statistics.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.settlements import Batch, BatchLine, BatchLineKind

PROVIDER = "vipps_mobilepay"
_PAYOUT = "payout-scheduled"
ENTRY_TYPES: Mapping[str, BatchLineKind] = {
    "capture": BatchLineKind.CAPTURE,
    "refund": BatchLineKind.REFUND,
    "fees-retained": BatchLineKind.FEE,
    _PAYOUT: BatchLineKind.PAYOUT,
    "payout-aborted": BatchLineKind.PAYOUT_FAILED,
    "retained-disputed-capture": BatchLineKind.CHARGEBACK,
    "returned-disputed-capture": BatchLineKind.CHARGEBACK_REVERSAL,
    "correction": BatchLineKind.ADJUSTMENT,
    "top-up": BatchLineKind.TOPUP,
    "credit-note": BatchLineKind.FEE_REFUND,
}
"""New types may appear without notice, Vipps says: then a reader must not know better than to ask."""

_OF_A_PAYMENT = frozenset(
    {BatchLineKind.CAPTURE, BatchLineKind.REFUND, BatchLineKind.CHARGEBACK, BatchLineKind.CHARGEBACK_REVERSAL}
)


@dataclass(frozen=True, slots=True)
class _Ledger:
    id: str
    currency: str
    fees: Mapping[str, Decimal]


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per payout. What came before the first payout is another reading's, what comes after is not due.

    Only where `fromStart` says that nothing is missing before it does the first payout count, too.
    """
    whole = document(PROVIDER, source.content)
    items = whole.list("funds")
    if not items:
        return ()
    currencies = {item.currency("currency") for item in items}
    if len(currencies) > 1:
        raise whole.error("funds", f"a ledger has one currency, not {', '.join(sorted(currencies))}")
    ledger = _Ledger(whole.needed("ledgerId"), currencies.pop(), _fees(whole.list("fees")))
    from_start = whole.values.get("fromStart") is True
    _unbroken(items, ledger.currency, from_start)
    spans = list(_spans(items))
    return tuple(_batch(source, ledger, span) for span in (spans if from_start else spans[1:]))


def _unbroken(items: Sequence[Record], currency: str, from_start: bool) -> None:
    """Each entry begins with the balance that the one before it left: none is missing, none stands there twice."""
    balance = ZERO if from_start else None
    for item in items:
        before, after = item.minor("balanceBefore", currency), item.minor("balanceAfter", currency)
        if balance is not None and before != balance:
            raise item.error(
                "balanceBefore", f"{before} is not the {balance} before it: an entry is missing, or there twice"
            )
        if before + item.minor("amount", currency) != after:
            raise item.error("balanceAfter", f"{after} is not {before} and the amount")
        balance = after


def _spans(items: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Yield the items up to each payout, the payout with them."""
    first = 0
    for at, item in enumerate(items):
        if item.text("entryType") == _PAYOUT:
            yield items[first : at + 1]
            first = at + 1


def _batch(source: Source, ledger: _Ledger, items: Sequence[Record]) -> Batch:
    payout = items[-1]
    opening = items[0].minor("balanceBefore", ledger.currency)
    closing = payout.minor("balanceAfter", ledger.currency)
    reference = payout.text("reference") or payout.needed("pspReference")
    return batch(
        source,
        PROVIDER,
        f"{ledger.id}-{reference}",
        ledger.currency,
        [_line(item, ledger) for item in items],
        opening=opening,
        closing=closing,
        payout_on=payout.day("ledgerDate"),
        payout_reference=reference,
    )


def _line(item: Record, ledger: _Ledger) -> BatchLine:
    kind = item.kind("entryType", ENTRY_TYPES)
    psp = item.text("pspReference")
    day = item.day("ledgerDate")
    reference = item.text("reference")
    return line(
        item,
        kind,
        psp or f"{item.needed('entryType')}-{reference or day.isoformat()}",
        item.minor("amount", ledger.currency),
        ledger.currency,
        item.moment("time"),
        booked_on=day,
        order_reference=reference if kind in _OF_A_PAYMENT else "",
        text="" if kind in _OF_A_PAYMENT else f"{item.text('entryType')} {reference}".strip(),
        fee_apart=ledger.fees.get(psp, ZERO) if kind is BatchLineKind.CAPTURE else ZERO,
    )


def _fees(items: Sequence[Record]) -> Mapping[str, Decimal]:
    """What each payment costs: the fees ledger repeats the payment's pspReference; a fee that is owed is positive."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for item in items:
        psp = item.text("pspReference")
        if psp and item.text("entryType").startswith("capture"):
            found[psp] -= abs(item.minor("amount", item.currency("currency")))
    return found
