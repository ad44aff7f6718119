"""A settlement that does not balance to 0.00 is refused, and says what is missing (domain guide 10.1, 10.3)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.settlement_balance import balance_problems
from pakhus.settlements import Batch, BatchLine, BatchLineKind
from tests.rules.settlements import batch, line


def worked_payout() -> Batch:
    """The payout of domain guide 10.3."""
    return batch(
        line(1, "499.00", fee="-7.24"),
        line(2, "254.87", fee="-3.70"),
        line(3, "1249.00", fee="-18.11"),
        line(4, "-71.96", "refund"),
        line(5, "-1901.86", "payout"),
    )


def texts(settlement: Batch) -> str:
    return " | ".join(problem.text for problem in balance_problems(settlement))


def test_worked_payout_balances() -> None:
    assert balance_problems(worked_payout()) == []


def test_worked_payout_with_reserve_balances() -> None:
    lines = worked_payout().lines[:-1]
    assert balance_problems(batch(*lines, line(5, "-100.14", "reserve_hold"), line(6, "-1801.72", "payout"))) == []


def test_debt_that_is_carried_is_no_problem() -> None:
    assert balance_problems(batch(line(1, "-50.00", "refund"), opening="20.00", closing="-30.00")) == []


@pytest.mark.parametrize(
    ("settlement", "told"),
    [
        (batch(*worked_payout().lines[:-1]), "1901.86 too much; the payout itself is missing"),
        (
            batch(*worked_payout().lines[:-1], line(5, "-1801.72", "payout")),
            "100.14 too much; missing is probably reserve_hold",
        ),
        (
            batch(line(1, "80.00"), line(2, "-100.00", "payout")),
            "20.00 too little; missing is probably reserve_release",
        ),
        (batch(line(1, "80.00"), line(2, "30.00"), line(3, "-80.00", "payout")), "line 2 (capture) has this amount"),
        (batch(line(1, "80.00"), line(2, "30.00", "refund"), line(3, "-50.00", "payout")), "wrong sign"),
        (batch(replace(line(1, "80.00"), net=Decimal("79.00")), line(2, "-79.00", "payout")), "is not net 79.00"),
        (batch(replace(line(1, "1.00"), settled_currency="SEK"), line(2, "-1.00", "payout")), "lines in SEK"),
    ],
)
def test_names_what_is_wrong(settlement: Batch, told: str) -> None:
    assert told in texts(settlement)


def test_row_that_stands_twice_is_named_even_where_sums_agree() -> None:
    twin = line(1, "10.00")
    told = texts(batch(twin, replace(twin, number=2), line(3, "-20.00", "payout")))
    assert "line 2 is line 1 again" in told


amounts = st.decimals("0.01", "5000", places=2)
kinds = st.sampled_from([kind for kind in BatchLineKind if kind is not BatchLineKind.PAYOUT])


def sign_of(kind: BatchLineKind) -> int:
    """Kinds without a sign of their own are taken as given."""
    taking = {"refund", "chargeback", "fee", "reserve_hold", "tax", "carry"}
    return -1 if kind.value in taking else 1


@st.composite
def balanced(draw: st.DrawFn) -> Batch:
    drawn = draw(st.lists(st.tuples(amounts, kinds), min_size=1, max_size=12))
    lines = [line(number, str(amount * sign_of(kind)), kind.value) for number, (amount, kind) in enumerate(drawn, 1)]
    total = sum((one.net for one in lines), Decimal(0))
    return batch(*lines, line(len(lines) + 1, str(-total), "payout"))


def _changed_sign(lines: list[BatchLine], at: int) -> list[BatchLine]:
    one = lines[at]
    return [*lines[:at], replace(one, gross=-one.gross, net=-one.net), *lines[at + 1 :]]


MUTATIONS = {
    "changed sign": _changed_sign,
    "dropped row": lambda lines, at: [*lines[:at], *lines[at + 1 :]],
    "doubled row": lambda lines, at: [*lines, lines[at]],
    "swapped columns": lambda lines, at: [
        *lines[:at],
        replace(lines[at], gross=lines[at].fee, fee=lines[at].net, net=lines[at].gross + Decimal("0.01")),
        *lines[at + 1 :],
    ],
}


@given(settlement=balanced(), which=st.integers(0, 100))
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_any_mutation_is_caught(mutation: str, settlement: Batch, which: int) -> None:
    assert balance_problems(settlement) == []
    at = which % (len(settlement.lines) - 1)
    changed = MUTATIONS[mutation](list(settlement.lines), at)
    assert balance_problems(replace(settlement, lines=tuple(changed)))
