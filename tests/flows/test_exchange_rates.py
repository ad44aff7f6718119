"""Invoices in another currency: at the accounts' own rate, or at the one that its order states, with its source."""

from decimal import Decimal
from typing import Any

import pytest

from pakhus.rules.exchange_rates import RateStates, StatedRate
from pakhus.settings import InvoiceMode
from tests.flows.test_booking import accounting, booked, drafts, due, invoicing, order_of
from tests.flows.test_booking import shop as shop  # the fixture: recorded orders are none of ours
from tests.flows.test_credit_notes import credit, refund
from tests.flows.test_people_and_races import row
from tests.flows.world import World

EURO = {"currency": "EUR"}
STATED = StatedRate(states=RateStates.BASE_FOR_1, least=Decimal(700), most=Decimal(790))


def selling_in_euro(world: World, **rates: StatedRate) -> None:
    """The plugin's field is read, and the mapping says what it is."""
    accounting(world, currencies=frozenset({"DKK", "EUR"}), exchange_rates=rates)
    fields = {**world.settings.mapping.buyer_fields, "_order_rate": "exchange_rate"}
    mapping = world.settings.mapping.model_copy(update={"buyer_fields": fields})
    world.settings = world.settings.model_copy(update={"mapping": mapping})
    invoicing(world, mode=InvoiceMode.AUTO, auto_after=0)


def stating(rate: str) -> dict[str, Any]:
    return {**EURO, "meta_data": [{"key": "_order_rate", "value": rate}]}


def kept(world: World, key: str) -> tuple[Decimal, str, bool]:
    found = row(world, key)
    return found.exchange_rate, found.exchange_rate_source, found.exchange_rate_date == found.document_date


def test_rate_that_the_order_states_is_the_invoices_and_is_kept_with_its_source(shop: World) -> None:
    selling_in_euro(shop, EUR=STATED)
    key = due(shop, **stating("7.4312"))
    shop.book()
    [invoice] = booked(shop)
    assert (row(shop, key).reason, invoice["currency"]) == ("transferred", "EUR")
    assert invoice["exchangeRate"] == Decimal("743.12")
    assert kept(shop, key) == (Decimal("743.12"), "order", True)


def test_without_a_word_in_the_mapping_the_accounts_take_their_own_rate(shop: World) -> None:
    selling_in_euro(shop)
    key = due(shop, **stating("7.4312"))
    shop.book()
    [invoice] = booked(shop)
    assert invoice["exchangeRate"] not in (Decimal("743.12"), Decimal(100))
    assert kept(shop, key) == (invoice["exchangeRate"], "accounts", True)


@pytest.mark.parametrize(
    ("more", "reason"),
    [(EURO, "exchange_rate_missing"), (stating("0.1340"), "exchange_rate_implausible")],
)
def test_order_whose_rate_cannot_be_meant_is_held_and_goes_on_when_it_is_mended(
    shop: World, more: dict[str, Any], reason: str
) -> None:
    selling_in_euro(shop, EUR=STATED)
    key = due(shop, **more)
    shop.book()
    assert (row(shop, key).reason, drafts(shop), booked(shop)) == (reason, {}, [])
    right = STATED.model_copy(update={"states": RateStates.FOR_1_BASE})
    selling_in_euro(shop, **({"EUR": right} if "meta_data" in more else {}))
    shop.observe()
    shop.book()
    assert row(shop, key).reason == "transferred"


def test_draft_takes_the_rate_that_the_order_states_now(shop: World) -> None:
    selling_in_euro(shop, EUR=STATED)
    invoicing(shop, mode=InvoiceMode.DRAFT)
    key = due(shop, **stating("7.4312"))
    shop.book()
    assert row(shop, key).reason == "drafted"
    newer = {"meta_data": [{"key": "_order_rate", "value": "7.4500"}]}
    shop.act(action="edit_order", order=order_of(key), changes=newer)
    shop.forward(hours=25)  # a plugin's field changes without a new date of change: the draft is looked at again
    shop.observe()
    shop.book()
    [draft] = drafts(shop).values()
    assert draft["exchangeRate"] == Decimal("745")


def test_draft_at_another_rate_than_the_stated_one_is_never_booked(shop: World) -> None:
    selling_in_euro(shop, EUR=STATED)
    invoicing(shop, mode=InvoiceMode.DRAFT)
    key = due(shop, **stating("7.4312"))
    shop.book()
    number = row(shop, key).remote_id
    shop.accounts_server.act({"action": "edit_draft", "draft": int(number), "exchangeRate": "600"})
    invoicing(shop, mode=InvoiceMode.AUTO)
    shop.observe()
    shop.book()
    assert (row(shop, key).reason, booked(shop)) == ("draft_changed", [])


def test_rate_that_a_person_booked_is_kept_as_the_accounts_own(shop: World) -> None:
    selling_in_euro(shop, EUR=STATED)
    invoicing(shop, mode=InvoiceMode.DRAFT)
    key = due(shop, **stating("7.4312"))
    shop.book()
    number = int(row(shop, key).remote_id)
    shop.accounts_server.act({"action": "edit_draft", "draft": number, "exchangeRate": "744"})
    shop.accounts_server.act({"action": "book_draft", "draft": number})
    shop.forward(hours=25)
    shop.book()
    assert kept(shop, key) == (Decimal(744), "accounts", True)


def test_credit_note_keeps_its_invoices_rate_with_its_source_and_day(shop: World) -> None:
    selling_in_euro(shop, EUR=STATED)
    key = due(shop, **stating("7.4312"))
    shop.book()
    note = refund(shop, str(order_of(key)), amount="10.00")
    credit(shop)
    found, invoice = row(shop, note), row(shop, key)
    assert (found.reason, found.exchange_rate, found.exchange_rate_source) == (
        "transferred",
        Decimal("743.12"),
        "order",
    )
    assert found.exchange_rate_date == invoice.document_date
