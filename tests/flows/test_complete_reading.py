"""What a real shop does to its list of orders, driven through the stand-in: seen, and seen once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from pakhus.clients.http import Call
from pakhus.errors import ConfigurationError
from pakhus.flows.decisions import NotDecidableError, documents_to_send
from pakhus.ledger.schema import source_versions, sources
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import prove, prover, starting
from tests.flows.world import World, world


@pytest.fixture
def shop(nordlys: World) -> World:
    """A shop of which the recorded orders are none of ours."""
    nordlys.settings = starting(nordlys, days=1)
    nordlys.forward(days=2)
    nordlys.run()
    return nordlys


def headings(shop: World) -> list[str]:
    return sorted(order["heading"] for order in shop.warehouse_server.dump()["orders"].values())


def numbered(shop: World, number: str) -> str:
    return place(shop, meta_data=[{"key": "_order_number", "value": number}])


@pytest.mark.edge(12)
def test_orders_to_which_a_plugin_gave_the_same_number_are_two_orders_everywhere(shop: World) -> None:
    shop.shop_server.configure({"numbering_plugin": True})
    first, second = numbered(shop, "1042"), numbered(shop, "1042")
    shop.run()
    ours = [f"nordlys-{order}-order" for order in sorted((first, second))]
    assert [heading for heading in headings(shop) if heading in ours] == ours
    with pytest.raises(NotDecidableError, match="several orders of nordlys have the number 1042") as refused:
        documents_to_send(shop.ledger, "nordlys", "1042")
    assert all(key in str(refused.value) for key in ours)
    assert [document.key for document in documents_to_send(shop.ledger, "nordlys", ours[0])] == ours[:1]


@pytest.mark.parametrize("number", ["10\x0042", "10\ud83d42"])
def test_number_that_no_database_takes_keeps_no_other_order_from_being_read(shop: World, number: str) -> None:
    shop.shop_server.configure({"numbering_plugin": True})
    odd, next_one = numbered(shop, number), place(shop)
    shop.run()
    assert [row(shop, f"nordlys-{order}-order").reason for order in (odd, next_one)] == ["transferred"] * 2


@pytest.mark.edge(13)
def test_order_is_known_by_its_id_and_shown_by_the_number_of_a_plugin(shop: World) -> None:
    shop.shop_server.configure({"numbering_plugin": True})
    order = numbered(shop, "NH-2026-7")
    shop.run()
    assert f"nordlys-{order}-order" in headings(shop)
    with shop.ledger.begin() as tx:
        told = tx.connection.execute(select(sources.c.number).where(sources.c.source_id == order)).scalar_one()
    assert told == "NH-2026-7"
    shop.shop_server.configure({"numbering_plugin": False})  # the plugin is switched off: the same order all the same
    shop.act(action="edit_order", order=int(order), changes={"customer_note": "Hi"})
    shop.forward(minutes=2)
    shop.run()
    assert headings(shop).count(f"nordlys-{order}-order") == 1
    named = documents_to_send(shop.ledger, "nordlys", order)
    assert f"nordlys-{order}-order" in [document.key for document in named]


def test_shop_with_plain_permalinks_is_refused_with_what_to_do(shop: World) -> None:
    shop.shop_server.configure({"plain_permalinks": True})
    with pytest.raises(ConfigurationError, match=r"permalinks are not 'Plain' \(Settings, Permalinks\)"):
        shop.observe()
    shop.shop_server.configure({"plain_permalinks": False})
    shop.observe()


@pytest.mark.parametrize("version", ["11.0.1", "8.9.2"])
def test_order_that_moves_from_state_to_state_while_it_is_read_is_recorded_as_it_last_was(
    fresh_ledger_url: str, version: str
) -> None:
    with world(fresh_ledger_url) as shop:
        shop.shop_server.configure({"version": version})
        order = place(shop, payment_method="bacs")
        for state in ("processing", "on-hold", "pending", "failed", "cancelled", "completed", "processing"):
            shop.act(action="set_status", order=int(order), status=state)
            shop.forward(seconds=61)
            shop.observe()
            assert state_of(shop, order) == state
        shop.act(action="bin_order", order=int(order))
        shop.forward(seconds=61)
        shop.observe()
        assert state_of(shop, order) == "trash"


def state_of(shop: World, order: str) -> str:
    with shop.ledger.begin() as tx:
        state: str = tx.connection.execute(
            select(sources.c.native_state).where(sources.c.source_id == order)
        ).scalar_one()
    return state


@pytest.mark.parametrize("state", ["checkout-draft", "pending"])
def test_half_made_order_comes_to_nothing_until_it_is_whole(shop: World, state: str) -> None:
    order = place(shop, half_made=3) if state == "pending" else place(shop, paid=False)
    if state == "checkout-draft":
        shop.act(action="edit_order", order=int(order), changes={"status": "checkout-draft"})
    shop.forward(seconds=30)
    shop.run()
    assert f"nordlys-{order}-order" not in headings(shop)
    if state == "pending":
        assert row(shop, f"nordlys-{order}-order").reason in ("state_not_listed", "order_empty")
        shop.act(action="finish_order", order=int(order))  # the date of change is the one that was shown half made
        shop.forward(seconds=30)
    else:
        shop.act(action="set_status", order=int(order), status="processing")
        shop.forward(seconds=120)
    shop.run()
    assert headings(shop).count(f"nordlys-{order}-order") == 1


def test_refund_deleted_long_after_the_order_was_proven_is_found_by_the_next_night(shop: World) -> None:
    order = place(shop)
    shop.run()
    ship(shop, order)
    shop.run()
    refund = shop.act(action="refund", order=int(order), amount="10.00")["refund"]
    shop.forward(minutes=2)
    shop.run()
    shop.forward(days=20)
    place(shop)
    shop.forward(minutes=2)
    shop.run()
    shop.shop.send(Call("DELETE", f"/wc/v3/orders/{order}/refunds/{refund}", (("force", "true"),)))
    shop.forward(minutes=2)
    before = versions(shop, order)
    shop.run()
    assert versions(shop, order) == before
    assert prover(shop).look_at_refunds().seen == 1
    assert versions(shop, order) == before + 1


def versions(shop: World, order: str) -> int:
    query = select(source_versions.c.version).join(sources).where(sources.c.source_id == order)
    with shop.ledger.begin() as tx:
        return len(tx.connection.execute(query).all())


@pytest.mark.edge(85)
def test_change_made_while_the_shops_clock_was_set_back_is_found_by_the_audit(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Readings are timed by this machine's own clock, which no test moves: here they come without a pause.
    monkeypatch.setattr("pakhus.ledger.sources._OVERTAKEN", timedelta(0))
    order = place(shop)
    shop.forward(minutes=2)
    shop.observe()
    clock = shop.shop_server.clock
    clock.advance(-3600)
    shop.act(action="set_status", order=int(order), status="cancelled")
    clock.advance(3600)
    shop.forward(minutes=30)
    shop.observe()
    day = prove(shop)
    assert state_of(shop, order) == "cancelled"
    assert day.missed == {order}


@pytest.fixture
def west(fresh_ledger_url: str) -> Iterator[World]:
    """A shop west of Greenwich: a time that is taken for local would be hours too late there."""
    with world(fresh_ledger_url) as running:
        running.shop_server.configure({"time_zone": "America/New_York"})
        yield running


@pytest.mark.edge(84)
def test_both_traps_of_dates_are_passed_east_and_west_of_greenwich(west: World) -> None:
    for zone in ("America/New_York", "Europe/Copenhagen", "Asia/Kathmandu"):
        west.shop_server.configure({"time_zone": zone})
        order = place(west)
        west.forward(minutes=2)
        west.observe()
        assert state_of(west, order) == "processing"
        west.act(action="set_status", order=int(order), status="cancelled")
        west.forward(minutes=2)
        west.observe()
        assert state_of(west, order) == "cancelled"
