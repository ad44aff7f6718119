"""The exchange rate that an order states: read as the mapping says, believed within its bounds, else it is held."""

from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import ValidationError

from pakhus.model import Order
from pakhus.reasons import Verdict
from pakhus.rules.exchange_rates import RateStates, StatedRate, stated_exchange_rate
from tests.rules.orders import line, order


def reading(states: str, least: str = "700", most: str = "790") -> StatedRate:
    return StatedRate(states=RateStates(states), least=Decimal(least), most=Decimal(most))


def stating(text: str) -> Order:
    return replace(order([line("80.00", "20.00")], "100.00", currency="EUR"), attributes={"exchange_rate": text})


@pytest.mark.parametrize(
    ("states", "text", "rate"),
    [
        ("base_for_100", "746.00", "746"),
        ("base_for_100", "746,1234567", "746.123457"),  # six decimals are what the accounts take
        ("base_for_1", "7.46", "746"),
        ("base_for_1", " 7,4602 ", "746.02"),
        ("for_1_base", "0.1340482574", "746"),
        ("for_1_base", "0.134", "746.268657"),
    ],
)
def test_rate_is_read_as_the_mapping_says(states: str, text: str, rate: str) -> None:
    assert stated_exchange_rate(stating(text), reading(states)) == Decimal(rate)


@pytest.mark.parametrize(
    ("states", "text", "shown"),
    [
        ("base_for_100", "7.46", "7.460000"),  # the number is another one than the mapping says
        ("base_for_1", "0.134", "13.400000"),
        ("for_1_base", "7.46", "13.404826"),
        ("base_for_100", "699.99", "699.990000"),
        ("base_for_100", "790.01", "790.010000"),
        ("base_for_1", "0", "no rate"),
        ("for_1_base", "0.000", "no rate"),
        ("base_for_1", "1.007,46", "no rate"),
        ("base_for_1", "-7.46", "no rate"),
        ("base_for_1", "7.46 kr", "no rate"),
        ("base_for_1", "NaN", "no rate"),
        ("base_for_1", "7e2", "no rate"),
    ],
)
def test_rate_that_cannot_be_meant_holds_the_order(states: str, text: str, shown: str) -> None:
    found = stated_exchange_rate(stating(text), reading(states))
    assert isinstance(found, Verdict)
    assert (found.code, dict(found.parameters)["rate"]) == ("exchange_rate_implausible", shown)


def test_bounds_belong_to_what_is_believed() -> None:
    for text in ("700", "790"):
        assert stated_exchange_rate(stating(text), reading("base_for_100")) == Decimal(text)


def test_order_without_the_rate_that_is_expected_is_held() -> None:
    silent = order([line("80.00", "20.00")], "100.00", currency="EUR")
    for one in (silent, stating("  ")):
        found = stated_exchange_rate(one, reading("base_for_1"))
        assert isinstance(found, Verdict)
        assert found.code == "exchange_rate_missing"


def test_shop_does_not_decide_the_rate_unless_the_mapping_says_so() -> None:
    assert stated_exchange_rate(stating("7.46"), None) is None


def test_bounds_that_hold_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="swap them"):
        reading("base_for_1", "790", "700")
