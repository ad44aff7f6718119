"""A person at the Transfers page: signs in, finds an order, reads why it is held, decides, and sees it transferred."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect

from pakhus.ledger import sources, stops
from stack.browser import filled, inner, new_page, open_transfers, sign_in
from stack.rest import AirflowApi
from stack.waiting import loopback_session, wait_until
from tests.browser.conftest import SHOP, Signed
from tests.ledger.transferred import document, showing

ORDERS, QUESTIONS, DECISIONS = (f"{SHOP}__{flow}" for flow in ("orders", "questions", "decisions"))
RUN_WITHIN_S = 120
SKU = "NH-1000"


def run(api: AirflowApi, dag: str) -> str:
    run_id = api.trigger(dag)
    api.wait_for_run(dag, run_id, RUN_WITHIN_S)
    return run_id


def place(signed: Signed) -> str:
    """Somebody buys; the order's number."""
    action = {"action": "place_order", "items": [{"sku": SKU, "quantity": 1}], "payment_method": "cod"}
    order = signed.world.act(**action)["order"]
    signed.world.shop_server.clock.advance(10)  # the shop leaves the youngest orders alone
    return str(order)


def bar(signed: Signed, barred: bool) -> None:
    """Somebody bars the product in Rackbeat, or opens it again."""
    signed.world.warehouse_server.act({"action": "bar", "item": SKU, "barred": barred})


def find(page: Page, frame: FrameLocator, number: str) -> Any:
    """Search for a number with the keyboard alone; returns the order's rows."""
    search = frame.get_by_label("Number or key")
    search.fill(number)
    search.press("Enter")
    page.wait_for_url(re.compile(rf"[?&]q={number}"))
    return filled(page).locator("table.orders tbody")


def test_finds_a_held_order_reads_why_decides_and_sees_it_transferred(page: Page, signed: Signed) -> None:
    api = signed.api()
    bar(signed, True)
    number = place(signed)
    run(api, ORDERS)
    run(api, QUESTIONS)
    wait_until(lambda: pending(api), "the question in Required Actions", RUN_WITHIN_S)

    sign_in(page, signed.stack)
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Transfers").click()
    order = find(page, filled(page), number)
    expect(order).to_have_count(1)
    expect(order).to_contain_text("Held")
    expect(order).to_contain_text("Rackbeat refused reservation")
    expect(order).to_contain_text("The product is barred. Correct what is named, then send the order again.")
    expect(order).to_contain_text("the merchant")

    order.get_by_role("link", name=number, exact=True).click()
    frame = filled(page)
    expect(frame.get_by_role("heading", level=1)).to_have_text(f"Order {number}")
    expect(frame.get_by_role("article", name="Reservation")).to_contain_text(
        "To do: Correct what is named, then send the order again."
    )
    expect(frame.locator(".timeline")).to_contain_text("a person was asked (refused)")

    bar(signed, False)
    frame.get_by_role("link", name="Answer in Required Actions").click()
    answer(page, number)
    [asked] = api.runs(DECISIONS)
    api.wait_for_run(DECISIONS, asked["dag_run_id"], RUN_WITHIN_S)
    for triggered in api.runs(ORDERS):
        api.wait_for_run(ORDERS, triggered["dag_run_id"], RUN_WITHIN_S)

    page.goto(f"{signed.stack.url}/plugin/transfers/pakhus/transfers/list?q={number}")
    order = filled(page).locator("table.orders tbody")
    expect(order).to_contain_text("Done")
    expect(order).to_contain_text("Transferred and confirmed.")
    order.get_by_role("link", name=number, exact=True).click()
    timeline = filled(page).locator(".timeline")
    expect(timeline).to_contain_text("answered “again” by admin")
    expect(timeline).to_contain_text("HTTP 201")
    timeline.get_by_role("link", name=f"{ORDERS} reserve").first.click()
    page.wait_for_url(re.compile(rf"/dags/{ORDERS}/runs/.+/tasks/reserve/mapped/0"))
    expect(page.get_by_text("reserve").first).to_be_visible()


def pending(api: AirflowApi) -> bool:
    """Whether a question waits for an answer."""
    found = api.request("GET", "/dags/~/dagRuns/~/hitlDetails", response_received="false")
    return bool(found["hitl_details"])


def answer(page: Page, number: str) -> None:
    """Answer the question about an order in Airflow's Required Actions: look at it again."""
    page.wait_for_url(re.compile(rf"/dags/{DECISIONS}/runs/.+/required_actions"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Order {number}, reservation")
    dialog.get_by_role("button", name="again").click()
    expect(dialog.get_by_role("button", name="again")).to_have_count(0)


def test_a_run_of_airflow_leads_to_what_it_transferred(page: Page, signed: Signed) -> None:
    number = place(signed)
    run_id = run(signed.api(), ORDERS)
    sign_in(page, signed.stack)
    page.goto(f"{signed.stack.url}/dags/{ORDERS}/runs/{run_id}")
    page.get_by_role("link", name="Transfers").click()
    frame = filled(page)
    expect(frame.locator("table.orders tbody")).to_have_count(1)
    expect(frame.locator("table.orders tbody")).to_contain_text(number)
    expect(frame.get_by_text("Written by")).to_contain_text(run_id)


def test_texts_from_elsewhere_stay_texts(page: Page, signed: Signed) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    with signed.world.ledger.begin() as tx:
        told = sources.record(tx, showing("xss", number=nasty, native_state="<b>æøå</b>", placed_at=datetime.now(UTC)))
        document(tx, told.id, "xss", "invoice", "sku_missing", line="<script>alert(2)</script>")
    sign_in(page, signed.stack)
    frame = open_transfers(page, signed.stack, "list?q=xss")
    expect(frame.locator("table.orders tbody")).to_contain_text("Line <script>alert(2)</script> has no SKU.")
    frame.get_by_role("link", name=nasty, exact=True).click()
    frame = filled(page)
    expect(frame.get_by_role("heading", level=1)).to_have_text(f"Order {nasty}")
    expect(frame.locator("#facts")).to_contain_text("<b>æøå</b>")
    assert inner(page).evaluate("document.querySelectorAll('img, script:not([src])').length") == 0


def test_an_order_of_a_stopped_flow_says_why_nothing_happens(page: Page, signed: Signed) -> None:
    with signed.world.ledger.begin() as tx:
        told = sources.record(tx, showing("halted", placed_at=datetime.now(UTC)))
        document(tx, told.id, "halted", "invoice")
        stops.stop(tx, SHOP, "invoices", stopped_by="anna", cause="the accountant moves accounts")
    sign_in(page, signed.stack)
    frame = open_transfers(page, signed.stack, "list?q=halted")
    frame.get_by_role("link", name="halted", exact=True).click()
    frame = filled(page)
    card = frame.get_by_role("article", name="Invoice")
    expect(card).to_contain_text("The flow invoices is stopped by anna since ")
    expect(card).to_contain_text("the accountant moves accounts. To do: Let it go on when that is over")
    expect(frame.locator(".timeline")).to_contain_text("The flow invoices is stopped, by anna")
    with signed.world.ledger.begin() as tx:
        stops.resume(tx, SHOP, "invoices", who="bo", because="done")
    page.reload()
    frame = filled(page)
    expect(frame.locator(".timeline")).to_contain_text("The flow invoices goes on, by bo")
    expect(frame.get_by_role("article", name="Invoice")).not_to_contain_text("is stopped")


@pytest.mark.parametrize("width", [1280, 1920])
def test_fits_the_window_in_light_and_dark(browser: Browser, signed: Signed, width: int) -> None:
    page = new_page(browser, width)
    sign_in(page, signed.stack)
    grounds = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        open_transfers(page, signed.stack)
        frame = inner(page)
        assert frame.evaluate("document.documentElement.dataset.theme") == theme
        grounds[theme] = frame.evaluate("getComputedStyle(document.body).backgroundColor")
        assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.context.close()
    assert grounds["light"] != grounds["dark"]


def test_says_what_to_do_when_there_is_nothing_and_when_the_ledger_is_away(page: Page, signed: Signed) -> None:
    sign_in(page, signed.stack)
    frame = open_transfers(page, signed.stack, "list?q=no-such-number")
    expect(frame.get_by_role("status")).to_contain_text("Nothing fits these filters.")

    def away(route: Route) -> None:
        route.fulfill(status=503, json={"detail": "The ledger does not answer in time."})

    page.route("**/pakhus/transfers/data/**", away)
    frame = open_transfers(page, signed.stack)
    expect(frame.get_by_role("alert")).to_contain_text("The ledger does not answer in time.")
    page.unroute("**/pakhus/transfers/data/**")
    frame.get_by_role("button", name="Try again").click()
    expect(filled(page).locator("table.orders tbody").first).to_be_visible()


def test_the_data_is_for_the_signed_in_a_viewer_too(page: Page, signed: Signed) -> None:
    session = loopback_session()
    data = f"{signed.stack.url}/pakhus/transfers/data/orders"
    assert session.get(data, timeout=30).status_code == 401
    assert session.get(data, headers={"Authorization": "Bearer made-up"}, timeout=30).status_code in (401, 403)
    login = {"username": "viewer", "password": signed.password("viewer")}
    token = session.post(f"{signed.stack.url}/auth/token", json=login, timeout=30).json()["access_token"]
    answer = session.get(data, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert (answer.status_code, sorted(answer.json())) == (200, ["after", "rows"])
    page.goto(f"{signed.stack.url}/pakhus/transfers/list")  # nobody has signed in with this window
    expect(page.get_by_role("alert")).to_contain_text("You are not signed in")
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", re.compile(r"/auth/login\?next="))
