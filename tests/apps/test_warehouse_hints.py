"""Rackbeat says that stock has changed: registered, verified by its token, taken out by the next reading."""

from typing import Any

import pytest

from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.rackbeat_webhooks import INVENTORY, STOCK_CHANGED, fingerprint, list_webhooks
from pakhus.errors import AccessDeniedError
from pakhus.flows.stock_reading import StockReader
from pakhus.flows.warehouse_hints import ensure_hints, hint_url, known_tokens
from pakhus.ledger import inbox
from pakhus.ledger.connection import Ledger
from pakhus.settings import load_shop
from stack.waiting import wait_until
from tests.apps.conftest import Hooked
from tests.flows.world import World

pytestmark = pytest.mark.airflow
TARGET = "rackbeat__main"


def address(hooked: Hooked) -> str:
    return f"{hooked.url}/pakhus/hooks/{TARGET}"


def ensure(world: World, url: str) -> str:
    return ensure_hints(world.warehouse, world.ledger, TARGET, url)


def tokens(ledger: Ledger) -> dict[str, str]:
    with ledger.begin() as tx:
        return dict(known_tokens(tx, TARGET))


def hinted(ledger: Ledger) -> list[str]:
    with ledger.begin() as tx:
        return [hint.source_id for hint in inbox.waiting(tx, TARGET, INVENTORY, limit=100)]


def delivery(item: Any = "NH-1000", kind: str = "stock", event: str = STOCK_CHANGED, token: str = "x") -> Any:
    headers = {"Rackbeat-Webhook-Token": token, "Rackbeat-Webhook-Event": event, "Rackbeat-Account-Id": "1"}
    return f'{{"item": "{item}", "item_type": "product", "type": "{kind}"}}'.encode(), headers


def test_counted_goods_leave_a_hint_that_the_next_reading_takes_out(hooked: Hooked) -> None:
    world = hooked.world
    assert ensure(world, address(hooked)) == "webhook inventory.changed was registered"
    world.warehouse_server.act({"action": "set_stock", "item": "NH-1000", "quantity": 7})
    wait_until(lambda: hinted(world.ledger) == ["NH-1000"], "the hint", 20)
    StockReader(world.warehouse, world.ledger, TARGET).read([world.settings])
    assert hinted(world.ledger) == []


def test_registration_is_made_once_and_anew_when_it_does_not_work(hooked: Hooked) -> None:
    world, url = hooked.world, address(hooked)
    ensure(world, url)
    [first] = list_webhooks(world.warehouse)
    assert ensure(world, url) == "webhook inventory.changed is active"
    assert [row.id for row in list_webhooks(world.warehouse)] == [first.id]
    world.warehouse_server.standin.state.webhooks[int(first.id)]["is_active"] = False  # type: ignore[attr-defined]
    assert ensure(world, url) == "webhook inventory.changed was made anew"
    [second] = list_webhooks(world.warehouse)
    assert list(tokens(world.ledger)) == [second.id]
    assert second.id != first.id


def test_registration_whose_answer_was_lost_is_made_anew(hooked: Hooked) -> None:
    """Its token is told in that answer alone."""
    world, url = hooked.world, address(hooked)
    world.warehouse_server.set_faults([{"method": "POST", "path_regex": "/webhooks$", "kind": "answer_lost"}])
    with pytest.raises(Exception, match="Rackbeat"):
        ensure(world, url)
    world.warehouse_server.clear_faults()
    assert ensure(world, url) == "webhook inventory.changed was made anew"
    assert list(tokens(world.ledger)) == [row.id for row in list_webhooks(world.warehouse)]


def test_token_is_not_kept_but_known_again(hooked: Hooked) -> None:
    world = hooked.world
    ensure(world, address(hooked))
    [record] = world.warehouse_server.standin.state.webhooks.values()  # type: ignore[attr-defined]
    assert list(tokens(world.ledger).values()) == [fingerprint(record["token"])]
    body, headers = delivery(token=record["token"])
    assert hooked.send(body, headers, TARGET) == 200
    assert hinted(world.ledger) == ["NH-1000"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"token": "x" * 32}, 403), ({"event": "order.created"}, 200), ({"kind": "price"}, 200), ({"item": ""}, 200)],
)
def test_strangers_are_refused_and_other_events_ask_for_nothing(
    hooked: Hooked, change: dict[str, str], status: int
) -> None:
    ensure(hooked.world, address(hooked))
    [record] = hooked.world.warehouse_server.standin.state.webhooks.values()  # type: ignore[attr-defined]
    body, headers = delivery(**{"token": record["token"], **change})
    assert hooked.send(body, headers, TARGET) == status
    assert hinted(hooked.ledger) == []


@pytest.mark.parametrize("target", ["rackbeat__main", "rackbeat__other"])
def test_warehouse_that_was_never_registered_is_refused(hooked: Hooked, target: str) -> None:
    body, headers = delivery(token="")
    assert hooked.send(body, headers, target) == 403


def test_key_that_may_not_register_is_no_error(hooked: Hooked) -> None:
    class Refusing:
        def send(self, call: Any) -> Any:
            raise AccessDeniedError(f"Rackbeat: 403 for {call.path}", system="Rackbeat")

    client = RackbeatClient(Refusing())  # type: ignore[arg-type]
    assert "sends no hints" in ensure_hints(client, hooked.ledger, TARGET, address(hooked))


def test_address_is_the_agreements_below_the_shops(nordlys: World) -> None:
    assert hint_url(load_shop("nordlys")) == "http://127.0.0.1:8080/pakhus/hooks/rackbeat__main"
