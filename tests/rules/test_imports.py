"""What an import came to: sums by reason and currency, the same whether added up by day or at once."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pakhus.reasons import Verdict
from pakhus.rules.imports import NAMED, ImportedOrder, customers_of, from_json, merged, outcomes_of, to_json

AMOUNTS = st.decimals(min_value="-1000000", max_value="1000000", places=2)
ORDERS = st.builds(
    ImportedOrder,
    number=st.integers(1, 99999).map(str),
    verdict=st.sampled_from(
        [
            Verdict.of("dry_run", customer="new", customer_name="a"),
            Verdict.of("dry_run", customer="new", customer_name="b"),
            Verdict.of("dry_run", customer="found", customer_name="7"),
            Verdict.of("payment_method_unmapped", method="cod"),
            Verdict.of("before_start"),
        ]
    ),
    currency=st.sampled_from(["DKK", "EUR"]),
    gross=AMOUNTS,
    vat=AMOUNTS,
)


@given(st.lists(st.lists(ORDERS, max_size=30), max_size=6))
def test_days_that_were_stored_add_up_to_what_their_orders_do(days: list[list[ImportedOrder]]) -> None:
    stored = [to_json(outcomes_of(day)) for day in days]
    total = merged(from_json(day) for day in stored)
    orders = [order for day in days for order in day]
    assert total == outcomes_of(orders)
    assert sum(one.count for one in total.values()) == len(orders)
    for currency in ("DKK", "EUR"):
        expected = sum((order.gross for order in orders if order.currency == currency), Decimal(0))
        assert sum((one.gross.get(currency, Decimal(0)) for one in total.values()), Decimal(0)) == expected


def test_all_orders_are_counted_and_the_first_are_named() -> None:
    held = Verdict.of("payment_method_unmapped", method="cod")
    orders = [ImportedOrder(str(n), held, "DKK", Decimal(1), Decimal("0.20")) for n in range(NAMED + 5)]
    [found] = outcomes_of(orders).values()
    assert (found.count, found.numbers) == (NAMED + 5, [str(n) for n in range(NAMED)])
    assert found.causes == [(str(n), held.text()) for n in range(NAMED + 5)]


def test_a_customer_of_many_orders_and_days_counts_once() -> None:
    def would_be(what: str, name: str) -> ImportedOrder:
        verdict = Verdict.of("dry_run", customer=what, customer_name=name)
        return ImportedOrder("1", verdict, "DKK", Decimal(1), Decimal(0))

    days = [[would_be("new", "a"), would_be("new", "a"), would_be("found", "7")], [would_be("new", "a")]]
    days.append([would_be("new", "b"), would_be("collective", "1")])
    total = merged(from_json(to_json(outcomes_of(day))) for day in days)
    assert customers_of(total) == {"collective": 1, "found": 1, "new": 2}
    assert total["dry_run"].causes == []


def test_days_of_earlier_versions_are_still_understood() -> None:
    before = {"dry_run": {"count": 1, "gross": {"DKK": "1.00"}, "vat": {"DKK": "0.20"}, "numbers": ["7"]}}
    assert (from_json(before)["dry_run"].count, customers_of(from_json(before))) == (1, {})
