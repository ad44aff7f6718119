"""Documents that are refused for their own sake stop a flow only until another goes through; the rest does not wait."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pakhus.errors import DataError
from pakhus.flows.invoices import biller
from pakhus.flows.judging import INVOICES
from pakhus.flows.report import RunReport
from pakhus.flows.self_stopping import IN_A_ROW, end_of_run, symptom_of
from pakhus.ledger import documents
from pakhus.reasons import Status
from tests.flows.shipped_orders import only
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_self_stopping import run_number, standing, told
from tests.flows.world import World, world

BARRED_BUYER, OTHER_BUYER = "barred@example.com", "other@example.com"


def completed(world: World, buyer: str, number: int) -> list[str]:
    """So many completed orders of one buyer, read; the keys of their invoices."""
    orders = [place(world, billing={"email": buyer}) for _ in range(number)]
    for order in orders:
        ship(world, order)
    world.forward(minutes=5)
    world.observe()
    return [f"nordlys-{order}-invoice" for order in orders]


@pytest.fixture
def shop(fresh_ledger_url: str) -> Iterator[World]:
    """A shop with two buyers whom e-conomic knows; one of them was barred there since."""
    with world(fresh_ledger_url, seed=only()) as nordlys:
        completed(nordlys, BARRED_BUYER, 1)
        completed(nordlys, OTHER_BUYER, 1)
        assert nordlys.book().by_status() == {Status.DONE: 2}
        barred(nordlys, True)
        yield nordlys


def barred(world: World, are: bool) -> None:
    customers = world.accounts_server.dump()["customers"]
    [number] = [number for number, one in customers.items() if one.get("email") == BARRED_BUYER]
    world.accounts_server.act({"action": "bar", "customer": number, "barred": are})


def stopped_by_barred(world: World) -> list[str]:
    """The flow has stopped itself for the orders of the barred buyer; the keys of their invoices."""
    keys = completed(world, BARRED_BUYER, IN_A_ROW)
    report = run(world, 1)
    assert report.codes == {"refused": IN_A_ROW}
    assert [cause.code for cause in report.red_causes()] == ["refused_in_a_row"]
    return keys


def reasons(world: World, keys: list[str]) -> list[str]:
    return [row(world, key).reason for key in keys]


@contextmanager
def with_unknown_layout(world: World) -> Iterator[None]:
    """What refuses everybody: a number in the settings that e-conomic does not know."""
    right, economic = world.settings, world.settings.mapping.economic
    assert economic is not None
    wrong = economic.model_copy(update={"layout": 9999})
    world.settings = right.model_copy(update={"mapping": right.mapping.model_copy(update={"economic": wrong})})
    yield
    world.settings = right


def run(world: World, number: int) -> RunReport:
    """A run of the flow; its report, with why it is red if a stop stands."""
    world.forward(minutes=5)
    with run_number(world, number, INVOICES):
        report = world.book(workers=1)
        with world.ledger.begin() as tx:
            ending = end_of_run(tx, "nordlys", INVOICES)
        report.remark = " · ".join(ending.notes)
        assert bool(ending.standing) == (standing(world, INVOICES) is not None)
    return report


def tries(world: World) -> int:
    """Drafts and bookings that were sent since the last look."""
    writes: int = world.accounts_server.counters()["writes"]
    world.accounts_server.reset_counters()
    return writes


def test_orders_of_a_barred_customer_hold_up_nobody_else(shop: World) -> None:
    refused, healthy = completed(shop, BARRED_BUYER, IN_A_ROW), completed(shop, OTHER_BUYER, 3)
    first = run(shop, 1)
    assert [cause.code for cause in first.red_causes()] == ["refused_in_a_row"]
    assert reasons(shop, healthy) == ["due"] * 3
    second = run(shop, 2)
    assert reasons(shop, healthy) == ["transferred"] * 3
    assert second.alarms() == []
    assert second.remark.startswith("goes on: another document went through, those that were refused stay held")
    assert reasons(shop, refused) == ["refused"] * IN_A_ROW
    assert standing(shop, INVOICES) is None
    tries(shop)
    assert run(shop, 3).codes == {}  # nobody wakes those that were refused
    assert tries(shop) == 0
    shop.forward(hours=24)
    assert run(shop, 4).red_causes() == []  # looked at again each day, and no news
    assert standing(shop, INVOICES) is None
    barred(shop, False)
    shop.forward(hours=24)
    run(shop, 5)
    assert reasons(shop, refused) == ["transferred"] * IN_A_ROW
    assert told(shop) == [(INVOICES, "stopped", 0), (INVOICES, "lifted", 1)]


def test_while_all_are_refused_a_run_tries_two_and_all_go_when_it_is_mended(shop: World) -> None:
    keys = completed(shop, OTHER_BUYER, IN_A_ROW + 4)
    with with_unknown_layout(shop):
        run(shop, 1)
        for number in (2, 3):
            tries(shop)
            report = run(shop, number)
            assert [cause.code for cause in report.red_causes()] == ["refused_in_a_row"]
            assert report.codes["refused"] == 1  # the second one; the first is held already
            assert tries(shop) == 2
    run(shop, 4)
    run(shop, 5)
    assert reasons(shop, keys) == ["transferred"] * len(keys)
    assert told(shop) == [(INVOICES, "stopped", 0), (INVOICES, "lifted", 3)]


def test_a_flow_without_a_healthy_document_stays_stopped_and_asks_once_per_run(shop: World) -> None:
    refused = stopped_by_barred(shop)
    tries(shop)
    for number in (2, 3):
        assert run(shop, number).alarms()
        assert tries(shop) == 1
    assert reasons(shop, refused) == ["refused"] * IN_A_ROW
    healthy = completed(shop, OTHER_BUYER, 1)
    run(shop, 4)
    assert reasons(shop, healthy) == ["transferred"]
    assert standing(shop, INVOICES) is None


def test_a_key_revoked_while_some_are_refused_costs_one_request_per_run_and_heals_by_itself(shop: World) -> None:
    refused = stopped_by_barred(shop)
    healthy = completed(shop, OTHER_BUYER, 3)
    own = shop.seeds["economic"]["credentials"]["agreement_grant_token"]
    shop.accounts_server.act({"action": "renew_token", "token": "another"})
    for number in range(2, 5):
        shop.reset_counters()
        assert [cause.code for cause in run(shop, number).red_causes()] == ["access_denied"]
        assert shop.accounts_server.counters()["requests"] == 1
    shop.accounts_server.act({"action": "renew_token", "token": own})
    run(shop, 5)
    assert reasons(shop, healthy) == ["transferred"] * 3
    assert reasons(shop, refused) == ["refused"] * IN_A_ROW
    assert standing(shop, INVOICES) is None
    assert told(shop) == [(INVOICES, "stopped", 0), (INVOICES, "lifted", 4)]


def test_what_refuses_after_the_key_was_renewed_is_what_is_told_and_tried(shop: World) -> None:
    keys = completed(shop, OTHER_BUYER, IN_A_ROW + 2)
    own = shop.seeds["economic"]["credentials"]["agreement_grant_token"]
    shop.accounts_server.act({"action": "renew_token", "token": "another"})
    run(shop, 1)
    shop.accounts_server.act({"action": "renew_token", "token": own})
    with with_unknown_layout(shop):
        assert [cause.code for cause in run(shop, 2).red_causes()] == ["refused_in_a_row"]
        tries(shop)
        assert [cause.code for cause in run(shop, 3).red_causes()] == ["refused_in_a_row"]
        assert tries(shop) <= 2
    run(shop, 4)
    run(shop, 5)
    assert reasons(shop, keys) == ["transferred"] * len(keys)


def test_a_document_that_is_held_for_its_own_says_nothing_and_the_next_is_tried(shop: World) -> None:
    stopped_by_barred(shop)
    unmapped = place(shop, billing={"email": OTHER_BUYER}, payment_method="quickpay")
    ship(shop, unmapped)
    healthy = completed(shop, OTHER_BUYER, 1)
    run(shop, 2)
    assert reasons(shop, [f"nordlys-{unmapped}-invoice", *healthy]) == ["payment_method_unmapped", "transferred"]


def test_those_that_are_refused_anew_each_day_do_not_make_way_for_nobody(shop: World) -> None:
    """All that is due was refused before: the run's try is left to a task that has a document to try."""
    refused = stopped_by_barred(shop)
    stop = standing(shop, INVOICES)
    assert stop is not None
    assert stop.refusal is not None
    with shop.ledger.begin() as tx:
        others = [documents.find(tx, key) for key in refused]
    part = [found.id for found in others if found is not None and found.id != stop.refusal.document_id]
    shop.forward(hours=25)
    tries(shop)
    biller(shop.shop, shop.accounts, shop.ledger, shop.settings).book(part, workers=1)
    assert tries(shop) == 0
    assert standing(shop, INVOICES) == stop


def test_the_id_of_a_request_is_no_part_of_what_several_documents_meet() -> None:
    one, two = (DataError("Customer 7 is barred.", system="e-conomic", request_id=log) for log in ("0a1b", "c2d3"))
    assert symptom_of(one) == symptom_of(two)
