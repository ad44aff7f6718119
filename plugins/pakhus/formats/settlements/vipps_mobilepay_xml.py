"""Vipps MobilePay's settlement report (XML 3.0): one settlement after the other, each with its transactions.

Decimals with a point. Capture ≥ 0, refund ≤ 0, fee ≥ 0, gross = capture + refund, net = gross − fee. Settlement type
Net pays the net out; Gross pays the gross out and invoices the fees later.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from xml.etree import ElementTree

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError
from pakhus.formats.settlements.vipps_mobilepay import PROVIDER
from pakhus.settlements import Batch, BatchLine, BatchLineKind, Part, StatedTotal

READER = "vipps_mobilepay_xml"
_NAMESPACE = "{http://vipps.no/xmlschema/SettlementReport-3.0.xsd}"
_NET, _GROSS = "Net", "Gross"


def read(source: Source) -> tuple[Batch, ...]:
    """Return each settlement of each sales unit as a batch."""
    found = []
    for unit in _root(source.content).iter(f"{_NAMESPACE}SettlementDetailsInfo"):
        serial = _record(unit, "SettlementDetailsInfo", 1).needed("SerialNumber")
        for number, element in enumerate(unit.iter(f"{_NAMESPACE}SettlementInfo"), 1):
            found.append(_batch(source, serial, element, number))
    return tuple(found)


def _root(content: bytes) -> ElementTree.Element:
    # Entities could make a small file fill the memory; these reports have none, so no document type is let in.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SettlementFormatError(READER, "", "", "has a document type, which these reports never have")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - without entities, see above
    except ElementTree.ParseError as error:
        raise SettlementFormatError(READER, f"line {error.position[0]}", "", "is not XML") from None
    if root.tag != f"{_NAMESPACE}SettlementReport":
        raise SettlementFormatError(READER, "", "", "is no SettlementReport of version 3.0")
    return root


def _batch(source: Source, serial: str, element: ElementTree.Element, number: int) -> Batch:
    info = _record(element, f"SettlementInfo {number}", number)
    settlement, currency = info.needed("SettlementID"), info.currency("SettlementCurrencyCode")
    net = info.known("SettlementType", {_NET: True, _GROSS: False})
    day = info.day("SettlementDate")
    lines = list(_lines(element, currency, net))
    if len({one.number for one in lines}) != info.whole("NumOfTransactions"):
        raise info.error("NumOfTransactions", f"is not the number of transactions, {len({o.number for o in lines})}")
    paid = info.amount("SettledAmount", currency)
    lines.append(line(info, BatchLineKind.PAYOUT, settlement, -paid, currency, datetime.combine(day, time.min, UTC)))
    return batch(
        source,
        PROVIDER,
        f"{serial}-{settlement}",
        currency,
        lines,
        payout_on=day,
        payout_reference=settlement,
        totals=[
            *(
                StatedTotal(name, frozenset({kind}), Part.GROSS, info.amount(name, currency))
                for name, kind in (
                    ("CaptureSettlementAmount", BatchLineKind.CAPTURE),
                    ("RefundSettlementAmount", BatchLineKind.REFUND),
                )
            ),
            *(
                [StatedTotal("FeeSettlementAmount", _PAYMENTS, Part.FEE, -info.amount("FeeSettlementAmount", currency))]
                if net
                else []
            ),
        ],
    )


_PAYMENTS = frozenset({BatchLineKind.CAPTURE, BatchLineKind.REFUND})


def _lines(settlement: ElementTree.Element, currency: str, net: bool) -> Iterator[BatchLine]:
    for number, element in enumerate(settlement.iter(f"{_NAMESPACE}TransactionInfo"), 1):
        row = _record(element, f"TransactionInfo {number}", number)
        if row.currency("SettlementCurrencyCode") != currency:
            raise row.error("SettlementCurrencyCode", f"is not the settlement's {currency}")
        yield from transaction(
            row,
            currency,
            ("TransactionCaptureAmount", "TransactionRefundAmount", "TransactionGrossAmount"),
            ("TransactionNetAmount", "TransactionFeeAmount"),
            row.moment("TransactionTime"),
            net,
        )


def transaction(
    row: Record, currency: str, gross_fields: tuple[str, str, str], net_fields: tuple[str, str], at: datetime, net: bool
) -> Iterator[BatchLine]:
    """Yield a transaction's capture or refund, after holding its own sums against each other."""
    capture, refund, gross = (row.amount(field, currency) for field in gross_fields)
    net_amount, fee = (row.amount(field, currency) for field in net_fields)
    if capture < ZERO or refund > ZERO or fee < ZERO:
        raise row.error("", "a capture or fee below 0, or a refund above it")
    if capture + refund != gross or gross - fee != net_amount:
        raise row.error(gross_fields[2], "capture + refund is not gross, or gross − fee is not net")
    for kind, amount in ((BatchLineKind.CAPTURE, capture), (BatchLineKind.REFUND, refund)):
        taken = -fee if amount and (kind is BatchLineKind.CAPTURE or not capture) else ZERO
        if amount or (kind is BatchLineKind.CAPTURE and not refund):
            yield line(
                row,
                kind,
                row.needed("TransactionID"),
                amount,
                currency,
                at,
                fee=taken if net else ZERO,
                fee_apart=ZERO if net else taken,
                order_reference=row.text("OrderID"),
            )


def _record(element: ElementTree.Element, place: str, number: int) -> Record:
    """The element's plain children by name."""
    values = {child.tag.removeprefix(_NAMESPACE): (child.text or "").strip() for child in element if not len(child)}
    return Record(READER, place, number, values)
