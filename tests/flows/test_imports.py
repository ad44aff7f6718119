"""Import of earlier orders: invoices alone, a dry run first, nothing twice, and nothing that is invoiced elsewhere."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pakhus.clients import economic
from pakhus.flows.decisions import answer
from pakhus.flows.imports import ImportMode, importer
from pakhus.flows.observation import Observer
from pakhus.flows.proof import day_window
from pakhus.flows.report import RunReport
from pakhus.ledger import imports
from pakhus.reasons import Answer, Status
from pakhus.rules.customer_mapping import EconomicCustomerEach
from pakhus.rules.imports import Outcomes, customers_of, from_json
from tests.flows.test_booking import accounting
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import starting, state, today
from tests.flows.world import World


@pytest.fixture
def earlier(nordlys: World) -> tuple[World, list[str]]:
    """A shop that starts with Pakhus tomorrow, and three orders that it completed before, and one that it did not."""
    nordlys.settings = starting(nordlys, days=5)
    nordlys.forward(days=2)  # away from the recorded orders
    orders = [place(nordlys) for _ in range(4)]
    for order in orders[:3]:
        ship(nordlys, order)
    Observer(nordlys.shop, nordlys.ledger, nordlys.settings).sweep(day_window(today(nordlys), "Europe/Copenhagen"))
    nordlys.reset_counters()
    return nordlys, orders


def bring(world: World, mode: ImportMode, day: date | None = None) -> tuple[RunReport, Outcomes]:
    flow = importer(world.shop, world.accounts, world.ledger, world.settings, mode)
    return flow.import_day(day or today(world))


def standing(world: World, orders: list[str]) -> list[tuple[str, str]]:
    found = [row(world, f"nordlys-{order}-invoice") for order in orders]
    return [(one.flow, one.reason) for one in found]


def booked_references(world: World) -> Counter[str]:
    return Counter(one["references"]["other"] for one in world.accounts.booked_on(today(world), "nordlys-"))


def test_a_dry_run_says_what_would_be_invoiced_and_changes_nothing(earlier: tuple[World, list[str]]) -> None:
    world, orders = earlier
    before = standing(world, orders)
    report, outcomes = bring(world, ImportMode.DRY_RUN)
    assert outcomes["dry_run"].count == 3
    assert outcomes["dry_run"].gross == {"DKK": sum((gross(world, order) for order in orders[:3]), Decimal(0))}
    assert outcomes["not_shipped"].count == 1
    assert report.red_causes() == []
    assert world.writes() == 0
    assert standing(world, orders) == before == [("invoices", "before_start")] * 4


def gross(world: World, order: str) -> Decimal:
    [seen] = world.shop.orders([order])
    assert seen.order is not None
    return seen.order.total.amount


def test_earlier_orders_are_invoiced_once_and_nothing_else_becomes_of_them(earlier: tuple[World, list[str]]) -> None:
    world, orders = earlier
    _, outcomes = bring(world, ImportMode.BOOK)
    assert outcomes["transferred"].count == 3
    assert booked_references(world) == Counter({f"nordlys-{order}-invoice": 1 for order in orders[:3]})
    assert world.warehouse_server.counters()["writes"] == world.shop_server.counters()["writes"] == 0
    assert row(world, f"nordlys-{orders[0]}-order").reason == "before_start"


def test_a_second_import_writes_nothing_and_counts_the_same(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    _, first = bring(world, ImportMode.BOOK)
    world.reset_counters()
    _, second = bring(world, ImportMode.BOOK)
    assert world.writes() == 0
    assert {code: one.count for code, one in second.items()} == {code: one.count for code, one in first.items()}


def test_live_flows_leave_an_imported_draft_alone_and_a_later_import_books_it(
    earlier: tuple[World, list[str]],
) -> None:
    world, orders = earlier
    bring(world, ImportMode.DRAFT)
    world.forward(days=2)
    world.reset_counters()
    world.run()
    assert world.accounts_server.counters()["writes"] == 0
    assert standing(world, orders[:1]) == [("imports", "drafted")]
    day = today(world) - timedelta(days=2)
    bring(world, ImportMode.BOOK, day)
    assert standing(world, orders[:3]) == [("imports", "transferred")] * 3


def test_orders_since_the_start_are_the_live_flows_own(earlier: tuple[World, list[str]]) -> None:
    world, orders = earlier
    world.settings = world.settings.model_copy(update={"start_from": world.ledger.now() - timedelta(days=1)})
    _, outcomes = bring(world, ImportMode.BOOK)
    assert outcomes == {}
    assert world.writes() == 0
    assert all(flow == "invoices" for flow, _ in standing(world, orders))


def test_what_another_tool_has_invoiced_is_passed_over(earlier: tuple[World, list[str]]) -> None:
    world, orders = earlier
    [seen] = world.shop.orders([orders[1]])
    assert seen.order is not None
    bring(world, ImportMode.DRAFT)  # something to copy from
    draft = row(world, f"nordlys-{orders[0]}-invoice").remote_id
    state(world).drafts[int(draft)]["references"]["other"] = seen.order.number
    world.accounts.send(economic.book_draft(draft))
    other = place(world)
    ship(world, other)
    [later] = world.shop.orders([other])
    assert later.order is not None
    state(world).booked[max(state(world).booked)]["references"]["other"] = later.order.number
    _, outcomes = bring(world, ImportMode.BOOK)
    assert outcomes["already_in_accounts"].numbers == [later.order.number]
    assert f"nordlys-{other}-invoice" not in booked_references(world)


def invoiced_elsewhere(world: World, order: str, **places: str) -> None:
    """Another tool's booked invoice: it writes its own words where ours have keys."""
    bring(world, ImportMode.DRAFT)  # something to copy from
    draft = row(world, f"nordlys-{order}-invoice").remote_id
    world.accounts.send(economic.book_draft(draft))
    invoice = state(world).booked[max(state(world).booked)]
    invoice["references"]["other"] = places.get("other", "")
    invoice["notes"] = {"textLine1": places.get("text", "")}


@pytest.mark.parametrize("other", ["", "PO 77"])
def test_reference_of_another_tool_is_known_in_the_text_too(earlier: tuple[World, list[str]], other: str) -> None:
    world, orders = earlier
    invoiced_elsewhere(world, orders[0], text="NH-77", other=other)
    world.shop_server.configure({"numbering_plugin": True})
    late = place(world, meta_data=[{"key": "_order_number", "value": "NH-77"}])
    ship(world, late)
    _, outcomes = bring(world, ImportMode.BOOK)
    assert outcomes["already_in_accounts"].numbers == ["NH-77"]
    assert f"nordlys-{late}-invoice" not in booked_references(world)


@pytest.mark.edge(12)
def test_invoice_under_a_number_that_two_orders_have_is_nobodys_until_a_person_says_so(
    earlier: tuple[World, list[str]],
) -> None:
    world, orders = earlier
    invoiced_elsewhere(world, orders[0], other="NH-77")
    world.shop_server.configure({"numbering_plugin": True})
    twins = [place(world, meta_data=[{"key": "_order_number", "value": "NH-77"}]) for _ in range(2)]
    for order in twins:
        ship(world, order)
    _, outcomes = bring(world, ImportMode.BOOK)
    assert outcomes["reference_of_several_orders"].count == 2
    assert not {f"nordlys-{order}-invoice" for order in twins} & {*booked_references(world)}
    for order, said in zip(twins, (Answer.IGNORE, Answer.AGAIN), strict=True):
        held = row(world, f"nordlys-{order}-invoice")
        assert answer(world.ledger, "nordlys", held.key, held.since, said, "somebody").changed
    bring(world, ImportMode.BOOK)
    reasons = [row(world, f"nordlys-{order}-invoice").reason for order in twins]
    assert reasons == ["ignored_by_person", "transferred"]
    assert booked_references(world)[f"nordlys-{twins[1]}-invoice"] == 1


def test_orders_can_be_imported_by_their_ids(earlier: tuple[World, list[str]]) -> None:
    world, orders = earlier
    flow = importer(world.shop, world.accounts, world.ledger, world.settings, ImportMode.BOOK)
    _, outcomes = flow.import_orders(orders[1:2])
    assert outcomes["transferred"].count == 1
    assert booked_references(world) == Counter({f"nordlys-{orders[1]}-invoice": 1})


def test_an_import_that_broke_off_goes_on_where_it_was(
    earlier: tuple[World, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, orders = earlier
    sent = []
    original = type(world.accounts).send

    def dies(self: object, call: object) -> object:
        sent.append(call)
        if len(sent) > 3:
            raise KeyboardInterrupt
        return original(self, call)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(world.accounts), "send", dies)
        with pytest.raises(KeyboardInterrupt):
            bring(world, ImportMode.BOOK)
    world.forward(minutes=10)
    bring(world, ImportMode.BOOK, today(world))
    assert booked_references(world) == Counter({f"nordlys-{order}-invoice": 1 for order in orders[:3]})


def test_the_figures_of_a_day_are_kept_by_mode(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    bring(world, ImportMode.DRY_RUN)
    bring(world, ImportMode.BOOK)
    day = today(world)
    with world.ledger.begin() as tx:
        dry = imports.days(tx, "nordlys", "dry_run", day, day)
        real = imports.days(tx, "nordlys", "book", day, day)
    assert from_json(dry[0][1])["dry_run"].count == from_json(real[0][1])["transferred"].count == 3


def test_a_new_start_or_a_sweep_leaves_what_was_imported_as_it_stands(earlier: tuple[World, list[str]]) -> None:
    world, orders = earlier
    bring(world, ImportMode.DRAFT)
    day = today(world)
    zone = ZoneInfo(world.settings.timezone)
    world.settings = world.settings.model_copy(
        update={"start_from": datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=30)}
    )
    Observer(world.shop, world.ledger, world.settings).observe()
    found = row(world, f"nordlys-{orders[0]}-invoice")
    assert (found.flow, found.status) == ("imports", Status.WAITING.value)


def test_a_dry_run_meets_what_would_hold_the_draft(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    ship(world, place(world, payment_method="sparxpres"))
    _, outcomes = bring(world, ImportMode.DRY_RUN)
    assert outcomes["payment_method_unmapped"].count == 1


def test_an_import_neither_mails_nor_waits_for_what_live_booking_waits_for(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    live = {"auto_after": 50, "approve": True, "send_email": True, "send_ean": True}
    world.settings = world.settings.model_copy(update={"invoices": world.settings.invoices.model_copy(update=live)})
    _, outcomes = bring(world, ImportMode.BOOK)
    assert outcomes["transferred"].count == 3
    assert state(world).sendings == []


def emailing(world: World, *, create: bool = True) -> None:
    """Private buyers have a customer each in the accounts."""
    each = EconomicCustomerEach(mode="each", create=create, group=1, payment_terms=11)
    accounting(world, customers=each)


def buyer(world: World, email: str) -> str:
    order = place(world, billing={"email": email})
    ship(world, order)
    return order


def test_a_dry_run_says_whose_the_invoices_would_be_and_writes_nothing(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    emailing(world)
    for email in ("ny@example.dk", "NY@example.dk ", "kendt@example.dk", "to@example.dk"):
        buyer(world, email)
    for email in ("kendt@example.dk", "to@example.dk", "to@example.dk"):
        state(world).customers[900 + len(state(world).customers)] = customer(world, email)
    before = dict(state(world).customers)
    world.reset_counters()
    _, outcomes = bring(world, ImportMode.DRY_RUN)
    # The four orders of the fixture have one buyer, of whom three are invoiced.
    assert customers_of(outcomes) == {"found": 1, "new": 2}
    assert outcomes["customer_ambiguous"].count == 1
    assert "2 customers have the buyer's e-mail" in outcomes["customer_ambiguous"].causes[0][1]
    assert world.writes() == 0
    assert state(world).customers == before
    _, booked = bring(world, ImportMode.BOOK)
    assert len(state(world).customers) - len(before) == 2
    assert booked["transferred"].count == 6


def test_a_dry_run_says_who_may_not_be_created(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    emailing(world, create=False)
    _, outcomes = bring(world, ImportMode.DRY_RUN)
    assert outcomes["customer_missing"].count == 3
    assert len(outcomes["customer_missing"].causes) == 3


def test_a_dry_run_asks_for_each_buyer_once(earlier: tuple[World, list[str]]) -> None:
    world, _ = earlier
    emailing(world)
    world.reset_counters()
    bring(world, ImportMode.DRY_RUN)
    assert world.accounts_server.counters()["by_route"]["GET /customers"] == 1


def customer(world: World, email: str) -> dict[str, Any]:
    """A customer like one that is there, with another number and address."""
    number = 900 + len(state(world).customers)
    first = next(iter(state(world).customers.values()))
    return {**first, "customerNumber": number, "email": email}


def test_earlier_order_that_was_refunded_in_part_is_imported_as_what_was_left_of_it(
    earlier: tuple[World, list[str]],
) -> None:
    world, orders = earlier
    world.act(action="refund", order=int(orders[0]), amount="20.00")
    world.forward(minutes=2)
    left = sum((gross(world, order) for order in orders[:3]), Decimal(-20))
    _, dry = bring(world, ImportMode.DRY_RUN)
    _, outcomes = bring(world, ImportMode.BOOK)
    booked = [one["grossAmount"] for one in world.accounts.booked_on(today(world), "nordlys-")]
    assert dry["dry_run"].gross["DKK"] == outcomes["transferred"].gross["DKK"] == sum(booked) == left
