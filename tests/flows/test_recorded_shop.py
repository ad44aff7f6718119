"""The recorded shop through both flows: each order reserved once, each invoice equal to the øre, nothing twice.

What is held is listed here with its reason: these tables are the answer to "which orders need a person".
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.ledger.schema import documents
from tests.flows.world import World

HELD_RESERVATIONS = {
    "83": "product_deleted",  # its product was deleted since
    "741": "sku_too_long",  # a SKU of 46 characters
}
HELD_INVOICES = {
    "72": "vat_conflict",  # Germany at 19 %: needs OSS
    "74": "currency_not_mapped",  # EUR
    "83": "product_deleted",
    "741": "vat_zone_undecided",  # no country at all
    **dict.fromkeys(("316", "321", "322", "323", "728", "729", "730"), "payment_method_unmapped"),
}


def complete_all(world: World) -> None:
    """Staff ship everything that is in processing."""
    for order in shop_orders(world).values():
        if order["status"] == "processing":
            world.act(action="set_status", order=order["id"], status="completed")
    world.forward(minutes=2)


def shop_orders(world: World) -> dict[str, Mapping[str, Any]]:
    return {str(order["id"]): order for order in world.shop_server.dump()["orders"]}


def verdicts(world: World, flow: str, status: str) -> dict[str, str]:
    query = select(documents.c.key, documents.c.reason).where(documents.c.flow == flow, documents.c.status == status)
    with world.ledger.begin() as tx:
        return {row.key.split("-")[1]: row.reason for row in tx.connection.execute(query)}


@pytest.mark.edge(8)
def test_each_order_in_processing_is_reserved_once_or_held_with_its_reason(nordlys: World) -> None:
    waiting = {number for number, order in shop_orders(nordlys).items() if order["status"] == "processing"}
    nordlys.run()
    reserved = [order["heading"] for order in nordlys.warehouse_server.dump()["orders"].values()]
    assert len(reserved) == len(set(reserved))
    assert verdicts(nordlys, "orders", "held") == HELD_RESERVATIONS
    empty = {"740"}  # an order without lines
    assert {heading.split("-")[1] for heading in reserved} == waiting - set(HELD_RESERVATIONS) - empty
    assert all(order["is_booked"] for order in nordlys.warehouse_server.dump()["orders"].values())


def test_each_invoice_due_equals_its_order_and_is_booked(nordlys: World) -> None:
    nordlys.run()
    complete_all(nordlys)
    nordlys.run()
    orders = shop_orders(nordlys)
    booked = nordlys.accounts_server.dump()["booked"].values()
    assert verdicts(nordlys, "invoices", "held") == HELD_INVOICES
    due = {number for number, order in orders.items() if order["status"] == "completed"}
    assert {invoice["references"]["other"].split("-")[1] for invoice in booked} == due - set(HELD_INVOICES) - {"740"}
    for invoice in booked:
        order = orders[invoice["references"]["other"].split("-")[1]]
        refunded = sum((Decimal(refund["total"]) for refund in order["refunds"]), Decimal(0))
        assert invoice["grossAmount"] == Decimal(order["total"]) + refunded, invoice["references"]
        assert invoice["currency"] == order["currency"]
    assert not nordlys.accounts_server.dump()["drafts"]


def test_second_pass_writes_nothing_to_any_system(nordlys: World) -> None:
    nordlys.run()
    complete_all(nordlys)
    nordlys.run()
    nordlys.reset_counters()
    nordlys.run()
    nordlys.forward(minutes=5)
    nordlys.run()
    assert nordlys.writes() == 0
    assert [server.counters()["requests"] for server in nordlys.servers] == [2, 0, 0]


def test_correction_lines_are_rounding_and_shown(nordlys: World) -> None:
    nordlys.run()
    complete_all(nordlys)
    nordlys.run()
    with nordlys.ledger.begin() as tx:
        query = select(documents.c.key, documents.c.correction).where(documents.c.correction != 0)
        corrected = {row.key: row.correction for row in tx.connection.execute(query)}
    assert corrected
    assert all(abs(amount) <= Decimal("0.02") for amount in corrected.values())
    invoices = {row["references"]["other"]: row for row in nordlys.accounts_server.dump()["booked"].values()}
    for key, amount in corrected.items():
        line = invoices[key]["lines"][-1]
        assert (line["product"], line["totalNetAmount"]) == ("diff", amount)


def test_no_double_in_any_system(nordlys: World) -> None:
    nordlys.run()
    complete_all(nordlys)
    nordlys.run()
    assert [server.counters()["doubles"] for server in nordlys.servers] == [[], [], []]
