"""Foreign payments that were refunded whole without an invoice: charge and refunds weigh nothing together."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.refunded_weights import Side, weights

D = Decimal
CHARGE, REFUND = Side(1, D("100.00"), D(0), None), Side(2, D("-100.00"), D(0), None)


def test_charge_weighs_what_the_provider_made_of_it_and_its_refund_the_same() -> None:
    assert weights([CHARGE, REFUND], {1: (D(100), D("743.02")), 2: (D(-100), D("-741.10"))}) == {
        1: D("743.02"),
        2: D("-743.02"),
    }


def test_refund_weighs_what_the_charge_did_that_an_earlier_payout_has_settled() -> None:
    settled = Side(1, D(100), D(100), D("743.02"))
    assert weights([settled, REFUND], {2: (D(-100), D("-741.10"))})[2] == D("-743.02")


def test_nothing_says_what_a_charge_weighs_that_is_not_paid_whole_or_not_here() -> None:
    assert weights([CHARGE, REFUND], {1: (D(40), D("297.21"))}) == {}
    assert weights([CHARGE, REFUND], {2: (D(-100), D("-741.10"))}) == {}
    assert weights([Side(1, D(100), D(100), None), REFUND], {}) == {}


@given(
    parts=st.lists(st.integers(1, 5000), min_size=1, max_size=6),
    base=st.decimals(min_value="0.01", max_value="99999", places=2),
)
def test_refunds_of_any_parts_weigh_the_charge_together(parts: list[int], base: Decimal) -> None:
    amounts = [D(part) / 100 for part in parts]
    charge = Side(0, sum(amounts, D(0)), D(0), None)
    refunds = [Side(number, -amount, D(0), None) for number, amount in enumerate(amounts, 1)]
    assert sum(weights([charge, *refunds], {0: (charge.amount, base)}).values()) == 0
