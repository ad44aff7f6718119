"""A settlement as one voucher that sums to 0.00 (domain guide 10.2 to 10.4; design section 6).

Pure. What P1 and P2 have paid stands on the clearing account: a payout takes it from there. Only invoices that really
stand open (P3) get customer lines. Amounts are in the accounts' base currency; what a buyer paid in another one weighs
what it weighed when it was booked, and the difference to what the provider made of it is exchange gain or loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pakhus.model import Money
from pakhus.reasons import Verdict
from pakhus.rules.money import rounded
from pakhus.rules.payout_accounts import PayoutAccounts
from pakhus.rules.settlement_matching import paid as paid_by
from pakhus.settlements import Batch, BatchLine, BatchLineKind
from pakhus.vouchers import CustomerLine, FinanceLine, keyed

ZERO, _CENT = Decimal(0), Decimal("0.01")
_FEES = frozenset({BatchLineKind.FEE, BatchLineKind.FEE_REFUND})


@dataclass(frozen=True, slots=True)
class PaidItem:
    """What a line pays of a document: on the clearing account, or an invoice that stands open.

    `paid` is signed like the line, in the buyer's currency; `base` what that weighs on the clearing account.
    """

    key: str
    order_number: str
    paid: Money
    base: Decimal
    customer: int | None = None  # of an open invoice, with its number
    invoice: int | None = None


@dataclass(frozen=True, slots=True)
class PayoutPlan:
    """The lines of a payout's voucher; they sum to 0.00."""

    finance: tuple[FinanceLine, ...]
    customers: tuple[CustomerLine, ...]


@dataclass(slots=True)
class _Sums:
    """What comes together on one line of the voucher, in the order in which it is to stand there."""

    clearing: list[FinanceLine] = field(default_factory=list)
    customers: list[CustomerLine] = field(default_factory=list)
    decided: list[FinanceLine] = field(default_factory=list)  # where a person said that they go
    bank: list[FinanceLine] = field(default_factory=list)  # a line for each movement, as the bank itself shows them
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, name: str, amount: Decimal) -> None:
        self.amounts[name] = self.amounts.get(name, ZERO) + amount


def plan_payout(
    batch: Batch,
    paid: Mapping[int, Sequence[PaidItem]],
    accounts: PayoutAccounts,
    base_currency: str,
    key: str,
    *,
    in_bank: Decimal | None = None,
    elsewhere: Mapping[int, int] | None = None,
) -> PayoutPlan | Verdict:
    """Return the voucher's lines, or why it cannot be made.

    `paid` are the documents of each line by its number; what they don't explain of a payment goes to the difference
    account, or to the account that `elsewhere` has for the line. `key` ends each text. `in_bank` is what the bank made
    of a payout in another currency, where that is known.
    """
    rate = _Rate(batch, paid, base_currency)
    if rate.problem is not None:
        return rate.problem
    sums, to = _Sums(), _Places(accounts, rate, _Texts(batch, key), elsewhere or {})
    for line in batch.lines:
        problem = _add_line(sums, line, paid.get(line.number, ()), to)
        if problem is not None:
            return problem
    # What the provider goes on owing, or is owed, from one settlement to the next.
    sums.add("reserve", rate.of(batch.closing) - rate.of(batch.opening))
    _to_bank(sums, rate, in_bank)
    return _plan(sums, accounts, to.texts)


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts of a voucher's lines; each ends in the key by which the voucher is found again."""

    batch: Batch
    key: str

    def of(self, what: str) -> str:
        return keyed(f"Udbetaling {self.batch.payout_reference or self.batch.id} {what}", self.key)


class _Rate:
    """How amounts of a settlement weigh in the base currency: at the rate of the documents that it pays."""

    def __init__(self, batch: Batch, paid: Mapping[int, Sequence[PaidItem]], base_currency: str) -> None:
        self.is_base = batch.currency == base_currency
        self._currency = batch.currency
        self.problem: Verdict | None = None
        items = [item for found in paid.values() for item in found if item.paid.currency == batch.currency]
        amount = sum((abs(item.paid.amount) for item in items), ZERO)
        base = sum((abs(item.base) for item in items), ZERO)
        self._average = Decimal(1) if self.is_base else (base / amount if amount else ZERO)
        if not self._average:
            self.problem = Verdict.of("payout_rate_unknown", currency=batch.currency)

    def of(self, amount: Decimal, items: Sequence[PaidItem] = ()) -> Decimal:
        """What an amount in the settlement's currency weighs; `items` are those it belongs to.

        Only those in the settlement's currency tell a rate: the provider has converted the others before.
        """
        if self.is_base:
            return amount
        mine = [item for item in items if item.paid.currency == self._currency]
        own = sum((abs(item.paid.amount) for item in mine), ZERO)
        rate = sum((abs(item.base) for item in mine), ZERO) / own if own else self._average
        return rounded(amount * rate)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the parts of a line go."""

    accounts: PayoutAccounts
    rate: _Rate
    texts: _Texts
    elsewhere: Mapping[int, int]


def _add_line(sums: _Sums, line: BatchLine, items: Sequence[PaidItem], to: _Places) -> Verdict | None:
    """Put a line where it belongs; its fee goes its own way."""
    problem = _add_fee(sums, line, to.accounts, to.rate, items)
    if problem is not None or line.kind in _FEES:
        return problem
    gross = to.rate.of(line.gross, items)
    if line.kind in _AT_BANK and to.rate.is_base:
        if gross:
            sums.bank.append(FinanceLine(to.accounts.bank, -gross, to.texts.of(_AT_BANK[line.kind])))
        return None
    if line.kind not in (BatchLineKind.CAPTURE, BatchLineKind.REFUND):
        _PLACES[line.kind](sums, gross)
        return None
    for item in items:
        _add_item(sums, item, to.accounts, to.texts)
    beyond = _beyond(line, gross, items)
    sums.add("exchange", sum((item.base for item in items), ZERO) + beyond - gross)
    account = to.elsewhere.get(line.number)
    if account is None:
        sums.add("difference", -beyond)
    elif beyond:
        sums.decided.append(FinanceLine(account, -beyond, to.texts.of(f"linje {line.number}")))
    return None


def _beyond(line: BatchLine, gross: Decimal, items: Sequence[PaidItem]) -> Decimal:
    """What of a line, which weighs `gross`, was paid beyond its documents: no rate of exchange explains that part."""
    if not items:
        return gross
    amount, currency = paid_by(line)
    if not amount or any(item.paid.currency != currency for item in items):
        return ZERO
    return rounded(gross * (amount - sum((item.paid.amount for item in items), ZERO)) / amount)


def _add_item(sums: _Sums, item: PaidItem, accounts: PayoutAccounts, texts: _Texts) -> None:
    text = texts.of(f"ordre {item.order_number}")
    if item.customer is not None and item.invoice is not None:
        sums.customers.append(CustomerLine(item.customer, item.invoice, item.paid, text))
    elif item.base:
        sums.clearing.append(FinanceLine(accounts.clearing, -item.base, text))


def _add_fee(
    sums: _Sums, line: BatchLine, accounts: PayoutAccounts, rate: _Rate, items: Sequence[PaidItem]
) -> Verdict | None:
    told = line.fee + line.gross if line.kind in _FEES else line.fee
    fee, vat = rate.of(told, items), rate.of(line.fee_vat, items)
    if not vat:
        sums.add("fee", -fee)
    elif accounts.fee_vat_code:
        taxed = _taxed_part(fee, vat, accounts.fee_vat_rate)
        if taxed is None:
            return Verdict.of("payout_vat_unmapped", amount=-line.fee_vat)
        sums.add("taxed_fee", -(taxed + vat))
        sums.add("fee", taxed - fee)
    elif accounts.fee_vat is not None:
        sums.add("fee", -fee)
        sums.add("fee_vat", -vat)
    else:
        return Verdict.of("payout_vat_unmapped", amount=-line.fee_vat)
    if line.kind is BatchLineKind.TAX and accounts.fee_vat is None:
        return Verdict.of("payout_vat_unmapped", amount=-line.gross)
    return None


def _taxed_part(fee: Decimal, vat: Decimal, rate: Decimal) -> Decimal | None:
    """How much of a fee carries the VAT that is stated with it: the code lifts VAT out of all that it is given.

    None: the fee is too small for so much VAT, or of the other sign.
    """
    taxed = rounded(vat * 100 / rate)
    if abs(taxed - fee) <= _CENT * 100 / rate:  # the VAT itself was rounded, up perhaps
        return fee
    return taxed if fee * taxed > 0 and abs(taxed) < abs(fee) else None


_AT_BANK = {
    BatchLineKind.PAYOUT: "bank",
    BatchLineKind.PAYOUT_FAILED: "bank, afvist",
    BatchLineKind.TOPUP: "bank, indbetalt",
}


def _to(name: str) -> Callable[[_Sums, Decimal], None]:
    """What lowers what the provider owes us stands there in debit."""
    return lambda sums, gross: sums.add(name, -gross)


_PLACES: Mapping[BatchLineKind, Callable[[_Sums, Decimal], None]] = {
    BatchLineKind.CHARGEBACK: _to("dispute"),
    BatchLineKind.CHARGEBACK_REVERSAL: _to("dispute"),
    BatchLineKind.TAX: _to("fee_vat"),
    BatchLineKind.RESERVE_HOLD: _to("reserve"),
    BatchLineKind.RESERVE_RELEASE: _to("reserve"),
    BatchLineKind.CARRY: _to("reserve"),
    BatchLineKind.ADJUSTMENT: _to("difference"),
    BatchLineKind.PAYOUT: _to("bank"),
    BatchLineKind.PAYOUT_FAILED: _to("bank"),
    BatchLineKind.TOPUP: _to("bank"),
}


def _to_bank(sums: _Sums, rate: _Rate, in_bank: Decimal | None) -> None:
    """What another currency is worth in the bank is the bank's to say; until then it weighs what was booked."""
    if rate.is_base:
        return
    if in_bank is not None:
        sums.amounts["bank"] = in_bank
    rest = _weight(sums)
    sums.add("exchange" if in_bank is not None else "bank", -rest)


def _weight(sums: _Sums) -> Decimal:
    lines = sum((line.amount for line in (*sums.clearing, *sums.decided, *sums.bank)), ZERO)
    received = sum((line.received.amount for line in sums.customers), ZERO)
    return lines + sum(sums.amounts.values(), ZERO) - received


_WORDS = {
    "difference": "difference",
    "fee": "gebyr",
    "taxed_fee": "gebyr med moms",
    "fee_vat": "moms af gebyr",
    "dispute": "indsigelse",
    "reserve": "tilbageholdt",
    "exchange": "kursdifference",
    "bank": "bank",
}


def _plan(sums: _Sums, accounts: PayoutAccounts, texts: _Texts) -> PayoutPlan | Verdict:
    foreign = [line for line in sums.customers if line.received.currency != accounts.base_currency]
    if foreign:
        return Verdict.of("payout_customer_currency", currency=foreign[0].received.currency)
    finance = list(_grouped(sums.clearing, texts) if accounts.grouping == "total" else sums.clearing) + sums.decided
    for name, word in _WORDS.items():
        amount = sums.amounts.get(name, ZERO)
        if amount:
            code = accounts.fee_vat_code if name == "taxed_fee" else ""
            finance.append(FinanceLine(accounts.number_of(name), amount, texts.of(word), code or ""))
    finance += sums.bank
    if rest := _weight(sums):
        return Verdict.of("payout_unbalanced", problem=f"the voucher would be {rest} off")
    if not finance and not sums.customers:
        return Verdict.of("payout_empty")
    return PayoutPlan(tuple(finance), tuple(sums.customers))


def _grouped(lines: Sequence[FinanceLine], texts: _Texts) -> list[FinanceLine]:
    """Captures and refunds as one line each."""
    sides = {
        "salg": [line for line in lines if line.amount < 0],
        "refusioner": [line for line in lines if line.amount >= 0],
    }
    return [
        FinanceLine(found[0].account, sum((line.amount for line in found), ZERO), texts.of(f"{len(found)} {word}"))
        for word, found in sides.items()
        if found
    ]
