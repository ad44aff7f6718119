"""Which exchange rate an invoice in another currency is posted at: the accounts' own, or the one its order states.

Pure. A shop's plugin does not decide by itself (domain guide 6.4): the mapping names the currencies whose orders state
a rate, how it is meant, and between which bounds it is believed. Rates are e-conomic's (economic.md 6.1): what 100
units of the currency cost in the accounts' currency, at most 6 decimals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from pydantic import Field, model_validator

from pakhus.model import Order
from pakhus.reasons import Verdict
from pakhus.rules.mapping_fields import Strict

ATTRIBUTE = "exchange_rate"
"""The attribute of an order that states its rate: by `buyer_fields`, or by a rule."""

_SIX_PLACES = Decimal("0.000001")
_HUNDRED = Decimal(100)
_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,12})?")


class RateStates(StrEnum):
    """What a stated number says of two currencies."""

    BASE_FOR_100 = "base_for_100"
    BASE_FOR_1 = "base_for_1"
    FOR_1_BASE = "for_1_base"


class StatedRate(Strict):
    """How the rate that orders of a currency state is read, and when it is believed."""

    states: RateStates = Field(
        description="What the number is: the price of 100 of the currency in that of the accounts (base_for_100, like "
        "746.12), of one (base_for_1, like 7.4612), or how much of it one of the accounts' currency buys (for_1_base, "
        "like 0.134027)"
    )
    least: Decimal = Field(gt=0, description="Lowest rate that is believed, as the price of 100 of the currency")
    most: Decimal = Field(gt=0, description="Highest rate that is believed, likewise; outside, the order is held")

    @model_validator(mode="after")
    def _span(self) -> StatedRate:
        if self.most < self.least:
            raise ValueError(f"least is {self.least}, which is above most, {self.most}; swap them")
        return self


def stated_exchange_rate(order: Order, reading: StatedRate | None) -> Decimal | Verdict | None:
    """Return the rate that the order's invoice must carry; None: the accounts' own of the day. A Verdict holds it.

    `reading` is the mapping's word on the order's currency; without one a rate that the order states counts for
    nothing.
    """
    if reading is None:
        return None
    text = order.attributes.get(ATTRIBUTE, "").strip()
    if not text:
        return Verdict.of("exchange_rate_missing", currency=order.currency)
    rate = _for_100(text, reading.states)
    if rate is None or not reading.least <= rate <= reading.most:
        shown = "no rate" if rate is None else f"{rate:f}"
        bounds = {"least": f"{reading.least:f}", "most": f"{reading.most:f}"}
        return Verdict.of("exchange_rate_implausible", currency=order.currency, rate=shown, **bounds)
    return rate


def restated(drafted: Order, now: Order, readings: Mapping[str, StatedRate]) -> Verdict | None:
    """What it means for a draft that its order states another rate now; None: nothing, or it does the same."""
    read = now.currency in readings
    same = drafted.attributes.get(ATTRIBUTE) == now.attributes.get(ATTRIBUTE)
    return Verdict.of("order_changed_after_transfer") if read and not same else None


def _for_100(text: str, states: RateStates) -> Decimal | None:
    """The price of 100 units; None where the text is no number above zero."""
    if not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text.replace(",", "."))
    if not number:
        return None
    match states:
        case RateStates.BASE_FOR_100:
            rate = number
        case RateStates.BASE_FOR_1:
            rate = number * _HUNDRED
        case RateStates.FOR_1_BASE:
            rate = _HUNDRED / number
    return rate.quantize(_SIX_PLACES, ROUND_HALF_UP)
