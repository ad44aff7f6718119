"""The lines of an accounting document with the VAT of each, so that they sum to the document's. Pure.

The accounts round VAT per document or per line (economic.md 6.4). Rounded once per document, the lines of a VAT code
share the rounded sum by running totals: each is within an øre of its own, and nothing is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.model import InvoiceLine
from pakhus.rules.mappings import RoundingMode
from pakhus.rules.money import rounded
from pakhus.rules.vat import VatDecision


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line as the accounts have it. Amounts in the document's currency, negative on a credit note."""

    line_number: int
    product_number: str
    quantity: Decimal
    rate: Decimal
    vat_code: str
    country: str
    scheme: str
    net: Decimal
    vat: Decimal
    order_line_id: str | None = None


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line of a booked document as the accounts show it; its rate is theirs."""

    line_number: int
    product_number: str
    quantity: Decimal
    rate: Decimal
    net: Decimal


def planned_lines(lines: Sequence[InvoiceLine], mode: RoundingMode, vat: VatDecision) -> tuple[DocumentLine, ...]:
    """Return the planned lines with their VAT; they sum to what `rules.invoices.predict` says."""
    shares = vat_shares([(line.vat_code, line.rate, line.net) for line in lines], mode)
    return tuple(
        DocumentLine(
            line_number=number,
            product_number=line.product_number,
            quantity=line.quantity,
            rate=line.rate,
            vat_code=line.vat_code,
            country=vat.country,
            scheme=vat.scheme.value,
            net=line.net,
            vat=share,
            order_line_id=line.order_line_id,
        )
        for number, (line, share) in enumerate(zip(lines, shares, strict=True), 1)
    )


def booked_lines(
    planned: Sequence[DocumentLine], booked: Sequence[BookedLine], mode: RoundingMode
) -> tuple[DocumentLine, ...]:
    """Return the lines that were booked: the planned ones, except where a person has changed, added or removed some.

    All lines have the country and scheme of the document; one that a person added has no VAT code, since booked
    documents do not show it.
    """
    if [_seen(line) for line in planned] == [_seen(line) for line in booked]:
        return tuple(planned)
    whole = planned[0] if planned else None
    own = {(line.line_number, line.product_number): line for line in planned}
    before = [own.get((line.line_number, line.product_number)) for line in booked]
    codes = [line.vat_code if line else "" for line in before]
    shares = vat_shares([(code, line.rate, line.net) for code, line in zip(codes, booked, strict=True)], mode)
    return tuple(
        DocumentLine(
            line_number=line.line_number,
            product_number=line.product_number,
            quantity=line.quantity,
            rate=line.rate,
            vat_code=code,
            country=whole.country if whole else "",
            scheme=whole.scheme if whole else "",
            net=line.net,
            vat=share,
            order_line_id=known.order_line_id if known else None,
        )
        for line, known, code, share in zip(booked, before, codes, shares, strict=True)
    )


def vat_shares(lines: Sequence[tuple[str, Decimal, Decimal]], mode: RoundingMode) -> list[Decimal]:
    """Return the VAT of each (VAT code, rate, net), rounded so that the shares sum to the document's VAT."""
    if mode is RoundingMode.LINE:
        return [rounded(net * rate) for _, rate, net in lines]
    nets: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    shares = []
    for code, rate, net in lines:
        before = rounded(nets[code, rate] * rate)
        nets[code, rate] += net
        shares.append(rounded(nets[code, rate] * rate) - before)
    return shares


def _seen(line: DocumentLine | BookedLine) -> tuple[int, str, Decimal, Decimal, Decimal]:
    return line.line_number, line.product_number, line.quantity, line.rate, line.net
