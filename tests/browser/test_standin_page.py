"""The stand-ins' page in a browser: placed, paid, shipped in part, refunded, and trouble made by clicking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from stack.browser import new_page
from standin.__main__ import open_page, start
from standin.configuration import Entry, PageEntry
from standin.page.server import PageServer
from standin.server import StandinServer

NASTY = "<img src=x onerror=alert(1)>"
ENTRIES = [
    Entry("woocommerce", "nordlys", data={"shop": "second", "last_days": 7}),
    Entry("rackbeat", "lager", shop_products="second"),
    Entry("economic", "regnskab", shop_products="second"),
    Entry("mail", "post"),
]


@dataclass
class Shown:
    """The page in a window, with its systems."""

    page: Page
    server: PageServer
    systems: dict[str, StandinServer]
    complaints: list[str]

    def row(self, order: int) -> Locator:
        return self.page.locator(f"#orders tr[data-key='nordlys-{order}']")

    def reserve(self, order: int, item: str, pieces: int) -> None:
        """What Pakhus does."""
        api, headers = f"{self.systems['lager'].url}/api/orders", {"Authorization": "Bearer rackbeat-test-token"}
        body = {"customer_id": 1, "heading": f"nordlys-{order}-order", "lines": [{"item_id": item, "quantity": pieces}]}
        number = requests.post(api, json=body, headers=headers, timeout=10).json()["order"]["number"]
        assert requests.post(f"{api}/{number}/book", headers=headers, timeout=10).status_code == 200


@pytest.fixture
def shown(browser: Browser) -> Iterator[Shown]:
    systems = start(ENTRIES)
    server = open_page(PageEntry(links=({"text": "Airflow", "href": "http://127.0.0.1:9/"},)), ENTRIES, systems)
    page, complaints = new_page(browser), []

    def listen(message: ConsoleMessage) -> None:
        # A refused act is answered with 400, which the browser notes as an error.
        if message.type == "error" and "status of 40" not in message.text:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(server.url)
        expect(page.locator("#orders tbody tr").first).to_be_visible()
        yield Shown(page, server, systems, complaints)
        assert complaints == []
    finally:
        page.context.close()
        server.stop()
        for system in systems.values():
            system.stop()


def place(shown: Shown, sku: str, pieces: int, payment: str = "transfer") -> int:
    form = shown.page.locator("#order")
    form.get_by_label("Pays").select_option(payment)
    form.get_by_label("Product").select_option(sku)
    form.get_by_label("Pieces").fill(str(pieces))
    form.get_by_role("button", name="Place the order").click()
    expect(shown.page.locator("#message")).to_contain_text("is placed")
    text = shown.page.locator("#message").inner_text()
    return int(text.split()[1])


def test_an_order_is_placed_shipped_in_part_and_refunded_by_clicking(shown: Shown) -> None:
    order = place(shown, "OLD-001", 3)
    row = shown.row(order)
    expect(row).to_contain_text("processing")
    expect(row).to_contain_text("Pakhus reserves it")
    shown.reserve(order, "OLD-001", 3)
    expect(row).to_contain_text("Reserved: pick it")
    row.get_by_role("button", name="Ship a part").click()
    shown.page.locator("#ship-lines input").fill("1")
    shown.page.get_by_role("button", name="Ship these").click()
    expect(row).to_contain_text("1/3 OLD-001 shipped")
    row.get_by_role("button", name="Ship", exact=True).click()
    expect(row).to_contain_text("Pakhus tells the shop")
    row.get_by_role("button", name="Complete").click()
    expect(row).to_contain_text("Pakhus invoices it")
    row.get_by_role("button", name="Refund").click()
    shown.page.locator("#refund input").fill("10,50")
    shown.page.locator("#refund").get_by_role("button", name="Refund", exact=True).click()
    expect(row).to_contain_text("refunded 10.50")


def test_money_comes_later_and_a_refusal_is_said(shown: Shown) -> None:
    order = place(shown, "OLD-002", 1, payment="waiting")
    shown.row(order).get_by_role("button", name="Paid").click()
    expect(shown.row(order)).to_contain_text("processing")
    form = shown.page.locator("#order")
    form.get_by_label("Product").select_option("OLD-003")
    form.get_by_label("Pieces").fill("99")
    form.get_by_role("button", name="Place the order").click()
    expect(shown.page.locator("#message")).to_contain_text("out of stock")


def test_goods_are_received_and_the_shop_that_shows_less_is_marked(shown: Shown) -> None:
    form = shown.page.locator("#receive")
    form.get_by_label("Item").select_option("OLD-004")
    form.get_by_label("Pieces").fill("7")
    form.get_by_role("button", name="Receive goods").click()
    row = shown.page.locator("#stock tr[data-key='OLD-004']")
    expect(row).to_contain_text("57")
    expect(row.locator("td.differs")).to_have_text("50")


def test_trouble_begins_and_ends_by_clicking(shown: Shown) -> None:
    form = shown.page.locator("#trouble")
    form.get_by_label("For").select_option("lager")
    form.get_by_label("What").select_option("down")
    form.get_by_role("button", name="Begin").click()
    expect(shown.page.locator("#troubles")).to_contain_text("lager")
    assert requests.get(f"{shown.systems['lager'].url}/api/self", timeout=10).status_code == 502
    shown.page.get_by_role("button", name="End it").click()
    expect(shown.page.locator("#troubles li")).to_have_count(0)
    assert requests.get(f"{shown.systems['lager'].url}/api/self", timeout=10).status_code == 401


def test_texts_of_the_systems_stay_texts(shown: Shown) -> None:
    shown.systems["lager"].act({"action": "add_item", "number": "<b>X", "name": NASTY})
    shown.systems["nordlys"].act({"action": "edit_product", "sku": "OLD-005", "changes": {"name": NASTY}})
    order = place(shown, "OLD-005", 1)
    expect(shown.row(order)).to_contain_text(NASTY)
    expect(shown.page.locator("#stock tr[data-key='<b>X']")).to_contain_text(NASTY)
    assert shown.page.evaluate("document.querySelectorAll('img').length") == 0
