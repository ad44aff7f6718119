"""A refund as a credit note: which lines, at which VAT rate, never more than the invoice has left. Pure.

Amounts of what was invoiced are positive here, and so are those of a plan's parts until its lines are made: a credit
note's lines have negative quantities (economic.md 10). Sources: domain guide 8; design, decision 7;
docs/runbooks/credit_notes.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.model import ZERO, Credit, InvoiceLine, Line, LineKind, Order, Totals
from pakhus.reasons import Verdict
from pakhus.rules.document_lines import DocumentLine
from pakhus.rules.invoices import AccountsFacts
from pakhus.rules.mappings import AccountingMapping, RoundingMode
from pakhus.rules.money import (
    CENT,
    exact_unit_price,
    half_unit,
    has_cents_only,
    percent,
    rounded,
    vat_is_explained,
)
from pakhus.rules.validation import predict
from pakhus.rules.vat import Scheme

ONE = Decimal(1)
TEXT_LENGTH = 2500


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A booked invoice and what was credited of it so far: the lines of each of its credit notes, drafts too.

    `texts` are what stands on the invoice's lines, by their numbers.
    """

    gross: Decimal
    currency: str
    lines: tuple[DocumentLine, ...]
    texts: Mapping[int, str]
    credited: tuple[tuple[DocumentLine, ...], ...] = ()
    credited_gross: Decimal = ZERO  # positive: what the refunds of those credit notes sum to

    @property
    def left(self) -> Decimal:
        """What can still be credited, VAT included."""
        return self.gross - self.credited_gross


@dataclass(frozen=True, slots=True)
class Sale:
    """What a refund is about: the order, its invoice, and what the accounts know of `products_needed`."""

    order: Order
    invoiced: Invoiced
    mapping: AccountingMapping
    facts: AccountsFacts


@dataclass(frozen=True, slots=True)
class Share:
    """Net and VAT of one rate."""

    net: Decimal = ZERO
    vat: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    def __sub__(self, other: Share) -> Share:
        return Share(self.net - other.net, self.vat - other.vat)


@dataclass(frozen=True, slots=True)
class CreditPlan:
    """The lines of a credit note, what the accounts must answer, and the correction among the lines (0: none)."""

    lines: tuple[InvoiceLine, ...]
    predicted: Totals
    correction: Decimal


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a refund at one rate. `net` is None where the refund does not split it."""

    rate: Decimal
    gross: Decimal
    line: Line | None = None  # None: an amount without a product
    net: Decimal | None = None


def products_needed(invoiced: Invoiced, mapping: AccountingMapping) -> tuple[str, ...]:
    """Return the product numbers whose VAT must be known before a credit of this invoice can be planned."""
    refunds = [mapping.refund_product(line.rate) for line in invoiced.lines]
    unknown = [line.product_number for line in invoiced.lines if line.rate and not line.vat_code]
    return tuple(dict.fromkeys(number for number in (*refunds, *unknown) if number))


def plan_credit(credit: Credit, sale: Sale) -> CreditPlan | Verdict:
    """Return the lines of the refund's credit note with their prediction, or why it is not made.

    The document's gross is the refund's amount exactly; what its lines cannot give is the one VAT-free correction line.
    """
    invoiced = sale.invoiced
    problem = _problem(credit, sale.order, invoiced)
    if problem is not None:
        return problem
    left = left_by_rate(invoiced, sale.mapping)
    whole = credit.amount.amount == invoiced.gross and not invoiced.credited
    parts = [] if whole else _parts(credit, sale, left)
    if isinstance(parts, Verdict):
        return parts
    lines = _mirrored(sale) if whole else _lines(parts, sale, left)
    return lines if isinstance(lines, Verdict) else _with_correction(lines, credit, sale.mapping)


def left_by_rate(invoiced: Invoiced, mapping: AccountingMapping) -> dict[Decimal, Share]:
    """What is left on the invoice per VAT rate, without correction lines: they carry no sale."""
    taken = _credited(invoiced, mapping)
    sold = shares(invoiced.lines, mapping)
    return {rate: share - taken.get(rate, Share()) for rate, share in sold.items()}


def shares(lines: Iterable[DocumentLine], mapping: AccountingMapping) -> dict[Decimal, Share]:
    """Net and VAT of one document per rate; correction lines are left out."""
    found: dict[Decimal, Share] = {}
    for line in lines:
        if line.product_number != mapping.products.rounding:
            so_far = found.get(line.rate, Share())
            found[line.rate] = Share(so_far.net + line.net, so_far.vat + line.vat)
    return found


def _credited(invoiced: Invoiced, mapping: AccountingMapping) -> dict[Decimal, Share]:
    """What all credit notes so far have taken per rate, positive."""
    taken: dict[Decimal, Share] = {}
    for document in invoiced.credited:
        for rate, share in shares(document, mapping).items():
            taken[rate] = taken.get(rate, Share()) - share
    return taken


def split(amount: Decimal, weights: Mapping[Decimal, Decimal]) -> dict[Decimal, Decimal]:
    """Split an amount in whole cents over rates, pro rata, by largest remainder: the parts sum to it exactly."""
    total = sum(weights.values(), ZERO)
    exact = {rate: amount * weight / total for rate, weight in weights.items()}
    found = {rate: (value // CENT) * CENT for rate, value in exact.items()}
    missing = int((amount - sum(found.values(), ZERO)) / CENT)
    in_turn = sorted(exact, key=lambda rate: (found[rate] - exact[rate], -rate))
    for rate in in_turn[:missing]:
        found[rate] += CENT
    return found


def _problem(credit: Credit, order: Order, invoiced: Invoiced) -> Verdict | None:
    amount, currency = credit.amount.amount, credit.amount.currency
    if not amount:
        return Verdict.of("refund_of_nothing")
    if currency != invoiced.currency:
        return Verdict.of("credit_currency_differs", refunded=currency, invoiced=invoiced.currency)
    amounts = [amount, *(part for line in credit.lines for part in (line.net, line.vat))]
    fraction = next((one for one in amounts if not has_cents_only(one)), None)
    if fraction is not None:
        return Verdict.of("fraction_not_sendable", amount=fraction)
    if amount > invoiced.left:
        return Verdict.of("credit_exceeds_invoice", refunded=amount, left=invoiced.left)
    return _gift_card_problem(credit, order, invoiced)


def _gift_card_problem(credit: Credit, order: Order, invoiced: Invoiced) -> Verdict | None:
    """What goes back onto a card stands in no refund, and an amount alone does not say whether it is a card's."""
    given_back = order.refunded >= order.total.amount and invoiced.gross > order.total.amount
    sold = any(line.kind is LineKind.GIFT_CARD_SALE for line in order.lines) and not credit.lines
    if given_back or (sold and credit.amount.amount != invoiced.left):
        return Verdict.of("credit_with_gift_card", refunded=credit.amount.amount, invoiced=invoiced.gross)
    return None


def _mirrored(sale: Sale) -> list[InvoiceLine] | Verdict:
    """Every line of the invoice, taken back."""
    lines, texts = list[InvoiceLine](), sale.invoiced.texts
    for sold in sale.invoiced.lines:
        code = _vat_code(sold.product_number, sold.rate, sale)
        if isinstance(code, Verdict):
            return code
        text = texts.get(sold.line_number) or sold.product_number
        named = _Named(sold.product_number, text, sold.order_line_id)
        lines.append(_line(named, sold.quantity, sold.net, sold.rate, code))
    return lines


def _parts(credit: Credit, sale: Sale, left: Mapping[Decimal, Share]) -> list[_Part] | Verdict:
    """The refund as parts at one rate each: its lines, then what they leave, split over what is left per rate."""
    parts: list[_Part] = []
    for line in credit.lines:
        if line.net or line.vat:
            found = _parts_of(line, sale)
            if isinstance(found, Verdict):
                return found
            missing = next((part for part in found if part.rate not in left), None)
            if missing is not None:
                return Verdict.of("credit_rate_not_invoiced", line=line.id, rate=percent(missing.rate))
            parts += found
    rest = credit.amount.amount - sum((part.gross for part in parts), ZERO)
    if abs(rest) <= CENT * len(parts):
        return parts  # the refund's own rounding: the correction line carries it
    if rest < 0:
        told = {"lines": credit.amount.amount - rest, "refunded": credit.amount.amount}
        return Verdict.of("refund_lines_exceed_amount", **told)
    return _with_rest(parts, rest, left)


def _parts_of(line: Line, sale: Sale) -> list[_Part] | Verdict:
    """A refunded line at the rate or rates at which it was invoiced.

    An amount that was typed in without VAT has its VAT in it. One with another VAT than its rates' is held: no credit
    note can say it.
    """
    gross, weights = line.net + line.vat, defaultdict[Decimal, Decimal](Decimal)
    for sold in sale.invoiced.lines:
        if sold.order_line_id == line.id:
            weights[sold.rate] += sold.net + sold.vat
    if len(weights) > 1 and all(weight > 0 for weight in weights.values()):
        found = [_Part(rate, part, line) for rate, part in split(gross, weights).items() if part]
        return _vat_problem(line, found, sale) or found
    original = next((one for one in sale.order.lines if one.id == line.id), line)
    rate = next(iter(weights), None) if len(weights) == 1 else _rate_of(original)
    if rate is None:
        return Verdict.of("mixed_rates_on_line", line=line.id)
    stated = vat_is_explained(line.net, line.vat, rate, half_unit(sale.order.currency))
    part = _Part(rate, gross, line, line.net if stated else None)
    return _vat_problem(line, [part], sale) or [part]


def _vat_problem(line: Line, parts: Sequence[_Part], sale: Sale) -> Verdict | None:
    """Why a refunded line is not what its rates make of its amount; a share of an order's line is rounded twice."""
    if not line.vat:
        return None
    made = sum((part.gross * part.rate / (1 + part.rate) for part in parts), ZERO)
    if abs(line.vat - made) <= 2 * half_unit(sale.order.currency) * len(parts):
        return None
    rates = " and ".join(percent(part.rate) for part in parts)
    return Verdict.of("refund_vat_not_explained", line=line.id, stated=line.vat, expected=rounded(made), rate=rates)


def _with_rest(parts: list[_Part], rest: Decimal, left: Mapping[Decimal, Share]) -> list[_Part] | Verdict:
    taken = defaultdict[Decimal, Decimal](Decimal)
    for part in parts:
        taken[part.rate] += part.gross
    weights = {rate: share.gross - taken[rate] for rate, share in left.items()}
    weights = {rate: weight for rate, weight in weights.items() if weight > 0}
    if not weights:
        return Verdict.of("credit_exceeds_invoice", refunded=rest, left=ZERO)
    return parts + [_Part(rate, gross) for rate, gross in split(rest, weights).items() if gross]


def _lines(parts: Sequence[_Part], sale: Sale, left: Mapping[Decimal, Share]) -> list[InvoiceLine] | Verdict:
    lines = list[InvoiceLine]()
    slack = CENT * (len(parts) + len(sale.invoiced.credited) + 1)  # roundings that can have met at one rate
    taken = _credited(sale.invoiced, sale.mapping)
    for rate in sorted({part.rate for part in parts}, reverse=True):
        mine = [part for part in parts if part.rate == rate]
        gross = sum((part.gross for part in mine), ZERO)
        if gross > left[rate].gross + slack:
            told = {"refunded": gross, "left": left[rate].gross}
            return Verdict.of("credit_exceeds_rate", rate=percent(rate), **told)
        nets = _nets(mine, gross, left[rate], taken.get(rate, Share()))
        made = [_credit_line(part, net, sale) for part, net in zip(mine, nets, strict=True) if net]
        held = next((one for one in made if isinstance(one, Verdict)), None)
        if held is not None:
            return held
        lines += [one for one in made if not isinstance(one, Verdict)]
    return _within(lines, left, sale.mapping.rounding_mode)


def _nets(parts: Sequence[_Part], gross: Decimal, left: Share, taken: Share) -> list[Decimal]:
    """The nets of one rate's parts. What the refund does not split is rounded over all credits so far."""
    rate = parts[0].rate
    stated = sum((part.net for part in parts if part.net is not None), ZERO)
    if gross == left.gross:
        whole = left.net
    elif all(part.net is not None for part in parts):
        whole = stated
    else:
        whole = rounded((taken.gross + gross) / (1 + rate)) - taken.net
    whole = min(whole, left.net)
    nets = [part.net if part.net is not None else rounded(part.gross / (1 + rate)) for part in parts]
    last = max(range(len(parts)), key=lambda place: (parts[place].net is None, parts[place].gross))
    nets[last] += whole - sum(nets, ZERO)
    return nets


@dataclass(frozen=True, slots=True)
class _Named:
    """What a line of a credit note is called."""

    number: str
    text: str
    order_line_id: str | None = None


def _credit_line(part: _Part, net: Decimal, sale: Sale) -> InvoiceLine | Verdict:
    """A returned product under the number it was sold under; an amount alone under the refund product of its rate."""
    line = part.line
    number = _sold_under(line, part.rate, sale) if line is not None and line.quantity else None
    number = number or _refund_product(part.rate, sale)
    if number is None:
        return Verdict.of("refund_product_missing", rate=percent(part.rate))
    code = _vat_code(number, part.rate, sale)
    if isinstance(code, Verdict):
        return code
    named = _Named(number, "Refundering") if line is None else _Named(number, line.name or "Refundering", line.id)
    quantity = line.quantity if line is not None and line.quantity else ONE
    return _line(named, quantity, net, part.rate, code)


def _refund_product(rate: Decimal, sale: Sale) -> str | None:
    """The product of an amount alone: under OSS the one that carries its country's VAT, whatever the rate."""
    sold = [one for one in sale.invoiced.lines if one.product_number != sale.mapping.products.rounding]
    under_oss = (one.product_number for one in sold if one.rate == rate and one.scheme == Scheme.OSS)
    return next(under_oss, None) or sale.mapping.refund_product(rate)


def _sold_under(line: Line, rate: Decimal, sale: Sale) -> str | None:
    """The product number of a refunded line on the invoice: by the order's line, else by the name on it."""
    sold = [one for one in sale.invoiced.lines if one.rate == rate]
    own = [one for one in sold if one.order_line_id == line.id and one.net > 0]
    named = [one for one in sold if line.name and sale.invoiced.texts.get(one.line_number, "").endswith(line.name)]
    return next((one.product_number for one in (*own, *named)), None)


def _vat_code(number: str, rate: Decimal, sale: Sale) -> str | Verdict:
    """The VAT code of a product as it was invoiced, else as the accounts have it now: that must be of this rate."""
    if not rate:
        return ""
    sold = (one.vat_code for one in sale.invoiced.lines if one.product_number == number and one.rate == rate)
    known = next((code for code in sold if code), None)
    if known is not None:
        return known
    vat = sale.facts.vat.get(number)
    if vat is None:
        missing = Verdict.of("product_missing", sku=number, system="e-conomic")
        return sale.facts.unsellable.get(number, missing)
    if vat.rate != rate:
        return Verdict.of("vat_rate_conflict", line=number, charged=percent(rate), expected=percent(vat.rate))
    return vat.vat_code


def _line(named: _Named, quantity: Decimal, net: Decimal, rate: Decimal, code: str) -> InvoiceLine:
    """Minus quantity × price where that is exact, else minus one with the quantity in the text (economic.md 10)."""
    price, text = exact_unit_price(net, quantity), named.text
    if price is None or quantity < 0:
        text = text if abs(quantity) == ONE or not quantity else f"{quantity.normalize():f} × {text}"
        quantity, price = ONE, net
    return InvoiceLine(named.number, text[:TEXT_LENGTH], -quantity, price, rate, code, named.order_line_id)


def _within(lines: list[InvoiceLine], left: Mapping[Decimal, Share], mode: RoundingMode) -> list[InvoiceLine]:
    """Take cents off a rate's dearest line while its VAT would be more than the invoice has left at that rate."""
    kept: list[InvoiceLine] = []
    for rate in dict.fromkeys(line.rate for line in lines):
        mine = [line for line in lines if line.rate == rate]
        while -predict(mine, mode).vat > left[rate].vat and any(line.net < 0 for line in mine):
            place = min(range(len(mine)), key=lambda index: mine[index].net)
            one = mine[place]
            named = _Named(one.product_number, one.text, one.order_line_id)
            mine[place] = _line(named, -one.quantity, -one.net - CENT, one.rate, one.vat_code)
        kept += [line for line in mine if line.unit_price]
    return kept


def _with_correction(lines: list[InvoiceLine], credit: Credit, mapping: AccountingMapping) -> CreditPlan:
    difference = -credit.amount.amount - predict(lines, mapping.rounding_mode).gross
    if difference:
        lines = [*lines, InvoiceLine(mapping.products.rounding, "Øreafrunding", -ONE, -difference, ZERO, "")]
    return CreditPlan(tuple(lines), predict(lines, mapping.rounding_mode), difference)


def _rate_of(line: Line) -> Decimal | None:
    """The one rate the shop charged on a line (0 where it charged none); None when there are more, or it is unsaid."""
    if line.vat_shares is None:
        return None
    rates = {share.rate for share in line.vat_shares if share.vat or len(line.vat_shares) == 1}
    if len(rates) > 1:
        return None
    return rates.pop() if rates else ZERO
