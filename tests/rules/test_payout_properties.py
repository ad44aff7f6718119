"""Vouchers of any settlement: they balance, nothing changes its side, and each account gets its own lines' sum."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Money
from pakhus.rules.money import rounded
from pakhus.rules.payout_posting import PaidItem, PayoutPlan, plan_payout
from pakhus.settlements import Batch, BatchLine
from pakhus.vouchers import Voucher
from tests.rules.settlements import MONDAY, batch, line
from tests.rules.test_payout_posting import ACCOUNTS, CLEARING, DIFFERENCE, DISPUTE, EXCHANGE, FEE, FEE_VAT, KEY

D = Decimal
CENTS = st.integers(1, 500_000).map(lambda cents: D(cents) / 100)
RATES = st.decimals("6.90", "7.90", places=4)
KINDS = ("capture", "refund", "fee", "fee_refund", "chargeback", "chargeback_reversal", "adjustment")
SIDE = {"refund": -1, "fee": -1, "chargeback": -1}


@st.composite
def settled(draw: st.DrawFn) -> tuple[Batch, dict[int, list[PaidItem]], Decimal]:
    """A settlement in kroner, some of whose payments were made in euros, or one in euros; with what it pays."""
    in_euros, rate = draw(st.booleans()), draw(RATES)
    lines, paid = list[BatchLine](), dict[int, list[PaidItem]]()
    for number in range(1, draw(st.integers(1, 8)) + 1):
        kind, amount = draw(st.sampled_from(KINDS)), draw(CENTS)
        gross = amount * SIDE.get(kind, 1)
        taken = -(amount * D("0.0145")).quantize(D("0.01")) if kind == "capture" else D(0)
        vat = (taken / 4).quantize(D("0.01")) if draw(st.booleans()) else D(0)
        one = replace(line(number, str(gross), kind), fee=taken, fee_vat=vat, net=gross + taken + vat)
        if kind in ("capture", "refund") and draw(st.booleans()):
            abroad = not in_euros and draw(st.booleans())
            said = (gross / rate).quantize(D("0.01")) if abroad else gross
            if said:
                one = replace(one, transaction=Money(said, "EUR")) if abroad else one
                currency = "EUR" if abroad or in_euros else "DKK"
                base = rounded(said * rate) if currency == "EUR" else said
                paid[number] = [PaidItem(f"n-{number}-payment1", str(number), Money(said, currency), base)]
        lines.append(one)
    total = sum((one.net for one in lines), D(0))
    lines.append(line(len(lines) + 1, str(-total), "payout"))
    made = batch(*lines)
    if in_euros:
        made = replace(made, currency="EUR", lines=tuple(replace(one, settled_currency="EUR") for one in made.lines))
    return made, paid, rate if in_euros else D(1)


def sums(found: PayoutPlan) -> Mapping[int, Decimal]:
    made = defaultdict[int, Decimal](Decimal)
    for one in found.finance:
        made[one.account] += one.amount
    return made


def of(lines: Sequence[BatchLine], *kinds: str) -> Decimal:
    return sum((one.gross for one in lines if one.kind.value in kinds), D(0))


@given(settled())
def test_any_settlement_is_entered_side_by_side(case: tuple[Batch, dict[int, list[PaidItem]], Decimal]) -> None:
    made, paid, rate = case
    found = plan_payout(made, paid, ACCOUNTS.model_copy(update={"fee_vat": FEE_VAT}), "DKK", KEY)
    if not isinstance(found, PayoutPlan):
        assert found.code in ("payout_rate_unknown", "payout_empty")
        return
    assert Voucher(MONDAY.date(), "DKK", found.finance, found.customers).balance() == 0
    got, lines = sums(found), made.lines
    assert got[CLEARING] == -sum((item.base for items in paid.values() for item in items), D(0))
    about = {
        FEE: -(of(lines, "fee", "fee_refund") + sum((one.fee for one in lines), D(0))),
        FEE_VAT: -sum((one.fee_vat for one in lines), D(0)),
        DISPUTE: -of(lines, "chargeback", "chargeback_reversal"),
        DIFFERENCE: -(
            of(lines, "adjustment")
            + sum(
                (one.gross for one in lines if one.kind.value in ("capture", "refund") and not paid.get(one.number)),
                D(0),
            )
        ),
    }
    for account, amount in about.items():
        if rate == 1:
            assert got[account] == amount
        else:  # weighed at the rate of what is paid, which was rounded: of a cent by seven in a hundred
            assert abs(got[account] - amount * rate) <= D("0.02") * len(lines) + abs(amount) * D("0.6"), account
            assert abs(amount) < 1 or got[account] * amount >= 0
    converted = [number for number, items in paid.items() if rate == 1 and items[0].paid.currency == "EUR"]
    lost = sum((paid[n][0].base for n in converted), D(0)) - sum(
        (one.gross for one in lines if one.number in converted), D(0)
    )
    if rate == 1:
        assert got[EXCHANGE] == lost
