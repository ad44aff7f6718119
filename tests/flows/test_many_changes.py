"""Many changed orders cost a few statements together, and each is judged as if it had come alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import event

from pakhus.clients.webshop import ChangesPage, Webshop
from pakhus.flows.observation import Observer
from pakhus.ledger import documents, sources
from tests.flows.world import World

MOST_PER_ORDER = 6
FEW, MANY = 3, 12


def place(world: World) -> str:
    items = [{"sku": "NH-1018", "quantity": 2}]
    order = str(world.act(action="place_order", items=items, payment_method="cod")["order"])
    world.forward(minutes=1)
    return order


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The statements that are sent to the ledger meanwhile."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(world.ledger.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.ledger.engine, "before_cursor_execute", note)


def change(world: World, orders: list[str], note: str) -> list[str]:
    """Edit orders and let the observer see it; returns the statements that it took."""
    for order in orders:
        world.act(action="edit_order", order=int(order), changes={"customer_note": note})
    world.forward(minutes=2)
    with counted(world) as sent:
        report = world.observe()
    assert report.seen >= len(orders)  # readings overlap
    return sent


@pytest.mark.parametrize("transferred", [False, True])
def test_statements_do_not_grow_with_the_orders_that_changed(nordlys: World, *, transferred: bool) -> None:
    orders = [place(nordlys) for _ in range(MANY)]
    nordlys.observe()
    if transferred:
        nordlys.reserve()
    few, many = change(nordlys, orders[:FEW], "Ring first"), change(nordlys, orders, "Ring twice")
    assert len(many) - len(few) < MANY - FEW, "what every order costs by itself"
    assert len(many) < MOST_PER_ORDER * MANY


@dataclass(frozen=True, slots=True)
class Stuttering:
    """A shop whose pages show every order twice: as it was, and as it is by now."""

    shop: Webshop
    before: dict[str, ChangesPage] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shop, name)

    def changes(self, cursor: str | None) -> Iterator[ChangesPage]:
        for page in self.shop.changes(cursor):
            earlier = [replace(seen, body=seen.body.replace(b"Ring twice", b"Ring first")) for seen in page.orders]
            yield replace(page, orders=(*earlier, *page.orders))


def test_order_that_one_page_shows_twice_ends_as_it_was_shown_last(nordlys: World) -> None:
    order = place(nordlys)
    nordlys.observe()
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Ring twice"})
    nordlys.forward(minutes=2)
    shop: Any = Stuttering(nordlys.shop)
    report = Observer(shop, nordlys.ledger, nordlys.settings).observe()
    with nordlys.ledger.begin() as tx:
        document = documents.find(tx, f"nordlys-{order}-order")
        assert document is not None
        assert document.source_id is not None
        newest = sources.load(tx, document.source_id)
    assert (report.seen, newest.version, document.judged_version) == (1, 3, 3)
    assert b"Ring twice" in newest.body
