"""What a change of the mapping would do to an order, told without asking the accounts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pakhus.rules.exchange_rates import RateStates, StatedRate
from pakhus.rules.foreseen import foreseen_invoice
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, Mapping, PaymentMethod
from pakhus.rules.states import NOT_SHIPPED, StateRules
from tests.rules.orders import PLACED, line, order

RULES = StateRules(PLACED, reserve=(), invoice=("completed",))
EURO = StatedRate(states=RateStates.BASE_FOR_1, least=Decimal(740), most=Decimal(752))


@pytest.mark.parametrize(
    ("rates", "shown"), [({"EUR": EURO}, "746.020000 for 100 EUR"), ({}, None)], ids=["as stated", "of the accounts"]
)
def test_exchange_rate_of_the_order_is_shown_where_it_would_be_sent(
    rates: dict[str, StatedRate], shown: str | None
) -> None:
    economic = AccountingMapping(
        customers=CollectiveCustomer(mode="collective", number=1),
        layout=19,
        currencies=frozenset({"DKK", "EUR"}),
        payments={"bacs": PaymentMethod(terms=1)},
        exchange_rates=rates,
    )
    sold = order([line("80.00", "20.00")], "100.00", currency="EUR")
    stating = replace(sold, attributes={"exchange_rate": "7.4602"})
    found = foreseen_invoice(stating, RULES, NOT_SHIPPED, Mapping(version=1, economic=economic))
    assert (found.verdict.code, found.planned.get("exchange rate")) == ("due", shown)
