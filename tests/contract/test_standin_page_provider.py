"""The page's payment provider: it pays out what the connected shop has completed; the bank may send it back."""

from __future__ import annotations

from typing import Any

from standin.__main__ import open_page, start
from standin.configuration import Entry, PageEntry
from tests.contract.test_standin_page import Visitor, running, visitor

__all__ = ["running", "visitor"]  # the fixtures


def test_the_provider_pays_out_what_the_connected_shop_has_completed() -> None:
    entries = [Entry("woocommerce", "fjordliv", data={"shop": "second"}), Entry("stripe", "stripe")]
    servers = start(entries)
    page = open_page(PageEntry(), entries, servers)
    try:
        visitor = Visitor(page, servers)
        shop = servers["fjordliv"]
        orders: Any = shop.dump()
        placed = next(order for order in orders["orders"] if order["status"] == "processing")
        methods = [placed["payment_method"]]
        servers["stripe"].act({"action": "connect_shop", "shop": "fjordliv", "url": shop.url, "methods": methods})
        assert visitor.act("stripe", "pay_out") == {"payout": None, "amount": None}
        visitor.act("fjordliv", "set_status", order=placed["id"], status="completed")
        paid = visitor.act("stripe", "pay_out")
        (shown,) = visitor.view()["provider"]["payouts"]
        assert (shown["id"], shown["amount"]) == (paid["payout"], f"{paid['amount'] / 100:.2f}")
        visitor.act("stripe", "fail_payout", payout=paid["payout"])
        assert visitor.view()["provider"]["waiting"] == shown["amount"]
        assert visitor.send(system="stripe", action="set_rights", rights=[]).status_code == 400
    finally:
        page.stop()
        for server in servers.values():
            server.stop()


def test_without_a_provider_the_page_has_none(visitor: Visitor) -> None:
    assert visitor.view()["provider"] is None
