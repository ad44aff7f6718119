"""What an import came to: sums by reason and currency, the same whether added up by day or at once."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.imports import NAMED, ImportedOrder, from_json, merged, outcomes_of, to_json

AMOUNTS = st.decimals(min_value="-1000000", max_value="1000000", places=2)
ORDERS = st.builds(
    ImportedOrder,
    number=st.integers(1, 99999).map(str),
    code=st.sampled_from(["dry_run", "sku_missing", "before_start"]),
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
    orders = [ImportedOrder(str(n), "sku_missing", "DKK", Decimal(1), Decimal("0.20")) for n in range(NAMED + 5)]
    [found] = outcomes_of(orders).values()
    assert (found.count, found.numbers) == (NAMED + 5, [str(n) for n in range(NAMED)])
