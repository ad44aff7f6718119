"""What tests of orders in the warehouse do and look at: settings, the shop's order, its document, what is reserved."""

from typing import Any

from sqlalchemy import select

from pakhus.flows.decisions import answer
from pakhus.ledger.schema import documents
from pakhus.reasons import Answer
from tests.flows.world import World

Row = dict[str, Any]


def settle(world: World) -> None:
    """The flow `orders` runs after somebody did something."""
    world.forward(minutes=2)
    world.observe()
    world.reserve()


def with_orders(world: World, **changes: Any) -> None:
    orders = world.settings.orders.model_copy(update=changes)
    world.settings = world.settings.model_copy(update={"orders": orders})


def in_shop(world: World, order: str) -> Row:
    found: Row = next(row for row in world.shop_server.dump()["orders"] if str(row["id"]) == order)
    return found


def document(world: World, order: str) -> Any:
    with world.ledger.begin() as tx:
        query = select(documents).where(documents.c.key == f"nordlys-{order}-order")
        return tx.connection.execute(query).one()


def there(world: World, order: str) -> list[Row]:
    """The orders in the warehouse that are of this order."""
    orders = world.warehouse_server.dump()["orders"].values()
    return [row for row in orders if row["heading"] == f"nordlys-{order}-order"]


def goods(world: World, order: str) -> dict[str, int]:
    [row] = there(world, order)
    return {line["child_id"]: int(line["quantity"]) for line in row["lines"]}


def answered(world: World, order: str, given: Answer) -> None:
    held = document(world, order)
    answer(world.ledger, "nordlys", held.key, held.since, given, "somebody")
