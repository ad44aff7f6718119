"""A buyer's customer in the warehouse over time: found, made once, and made anew when people took it away."""

import pytest

from pakhus.clients.http import Call
from pakhus.rules.mappings import RackbeatCustomerEach
from tests.flows.test_order_life import document, place, settle, there
from tests.flows.test_order_life import nordlys as nordlys  # the fixture: a shop without earlier orders
from tests.flows.world import World

BUYER = {"first_name": "Birthe", "last_name": "Holm", "email": "birthe@example.dk"}


@pytest.fixture
def each(nordlys: World) -> World:
    """A shop whose buyers are customers of their own in the warehouse."""
    mapping = nordlys.settings.mapping
    assert mapping.rackbeat is not None
    rule = RackbeatCustomerEach(mode="each", group=1, payment_terms=5)
    changed = mapping.model_copy(update={"rackbeat": mapping.rackbeat.model_copy(update={"customers": rule})})
    nordlys.settings = nordlys.settings.model_copy(update={"mapping": changed})
    return nordlys


def customer_of(world: World, order: str) -> int:
    [row] = there(world, order)
    return int(row["customer_id"])


def test_buyer_whose_customer_was_deleted_in_the_warehouse_gets_a_new_one_once(each: World) -> None:
    first = customer_of(each, place(each, billing=BUYER))
    each.warehouse.send(Call("DELETE", f"/customers/{first}"))
    orders = [place(each, billing=BUYER) for _ in range(2)]
    settle(each)
    assert [document(each, order).reason for order in orders] == ["transferred"] * 2
    numbers = {customer_of(each, order) for order in orders}
    assert len(numbers) == 1
    assert first not in numbers
