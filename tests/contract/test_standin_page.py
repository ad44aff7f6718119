"""The page where a person works the stand-ins: what it answers, what its acts do, and what it must not let in."""

from __future__ import annotations

import json
import re
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from standin.__main__ import open_page, start
from standin.configuration import Entry, PageEntry, read_page
from standin.page.journeys import whats_next
from standin.page.server import LARGEST_BODY, STATIC, PageServer
from standin.server import StandinServer

TOKEN = {"Authorization": "Bearer rackbeat-test-token"}
ENTRIES = [
    Entry("woocommerce", "nordlys", data={"shop": "recorded"}),
    Entry("rackbeat", "lager", shop_products="recorded"),
    Entry("economic", "regnskab", shop_products="recorded"),
    Entry("mail", "post"),
]


class Visitor:
    """The page with its systems, and what a browser sends."""

    def __init__(self, page: PageServer, servers: dict[str, StandinServer]) -> None:
        self.page, self.servers = page, servers

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"{self.page.url}{path}", headers=headers, timeout=10)

    def send(self, **members: Any) -> requests.Response:
        return requests.post(f"{self.page.url}/act", json=members, timeout=10)

    def act(self, system: str, action: str, **members: Any) -> Any:
        answer = self.send(system=system, action=action, **members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def view(self) -> Any:
        return self.get("/state").json()

    def order(self, number: int) -> Any:
        return next(row for row in self.view()["orders"] if row["order"] == number)

    def stock(self, item: str) -> Any:
        return next(row for row in self.view()["stock"] if row["item"] == item)

    def placed(self, *items: tuple[str, int], payment: str = "transfer") -> int:
        cart = [{"sku": sku, "quantity": pieces} for sku, pieces in items]
        return int(self.act("nordlys", "place_order", items=cart, buyer=1, payment=payment)["order"])

    def reserve(self, order: int, *items: tuple[str, int]) -> int:
        """What Pakhus does: an order in the warehouse that carries the key, booked."""
        api = f"{self.servers['lager'].url}/api/orders"
        lines = [{"item_id": sku, "quantity": pieces} for sku, pieces in items]
        body = {"customer_id": 1, "heading": f"nordlys-{order}-order", "lines": lines}
        number = int(requests.post(api, json=body, headers=TOKEN, timeout=10).json()["order"]["number"])
        assert requests.post(f"{api}/{number}/book", headers=TOKEN, timeout=10).status_code == 200
        return number


@pytest.fixture(scope="module")
def running() -> Iterator[Visitor]:
    servers = start(ENTRIES)
    links = ({"text": "Airflow <b>", "href": "http://127.0.0.1:1/"},)
    page = open_page(PageEntry(links=links), ENTRIES, servers)
    page.fresh_s = 0
    try:
        yield Visitor(page, servers)
    finally:
        page.stop()
        for server in servers.values():
            server.stop()


@pytest.fixture
def visitor(running: Visitor) -> Visitor:
    """The page with everything as in the seed."""
    for server in running.servers.values():
        server.reset()
    return running


# --- what a person does -----------------------------------------------------------------------------------------------


def test_an_order_travels_as_its_row_says(visitor: Visitor) -> None:
    order = visitor.placed(("NH-1000", 2), ("NH-1001", 1))
    row = visitor.order(order)
    assert (row["state"], row["buyer"], row["warehouse"], row["invoices"]) == ("processing", "Åge Å", [], [])
    assert "reserves it" in row["next"]
    number = visitor.reserve(order, ("NH-1000", 2), ("NH-1001", 1))
    assert visitor.stock("NH-1000")["reserved"] == "2"
    visitor.act("lager", "ship", order=number, lines={"NH-1000": "1"})
    [stored] = visitor.order(order)["warehouse"]
    assert (stored["number"], stored["state"]) == (number, "partly shipped")
    assert [line["shipped"] for line in stored["lines"]] == ["1", "0"]
    visitor.act("lager", "ship", order=number)
    assert visitor.order(order)["warehouse"][0]["state"] == "shipped"
    assert "Pakhus tells the shop" in visitor.order(order)["next"]
    visitor.act("nordlys", "set_status", order=order, status="completed")
    assert "invoices it" in visitor.order(order)["next"]


def test_a_draft_is_shown_with_its_gross_and_booked_by_hand(visitor: Visitor) -> None:
    order = visitor.placed(("NH-1000", 1))
    headers = {"X-AppSecretToken": "economic-test-app", "X-AgreementGrantToken": "economic-test-grant"}
    body = {
        "date": "2026-11-21",
        "currency": "DKK",
        "customer": {"customerNumber": 1000},
        "layout": {"layoutNumber": 19},
        "paymentTerms": {"paymentTermsNumber": 11},
        "recipient": {"name": "Åge Å", "vatZone": {"vatZoneNumber": 1}},
        "references": {"other": f"nordlys-{order}-invoice"},
        "lines": [
            {
                "lineNumber": 1,
                "product": {"productNumber": "NH-1000"},
                "description": "Kop",
                "quantity": 1,
                "unitNetPrice": 100,
            }
        ],
    }
    made = requests.post(f"{visitor.servers['regnskab'].url}/invoices/drafts", json=body, headers=headers, timeout=10)
    assert made.status_code == 201, made.text
    [draft] = visitor.order(order)["invoices"]
    assert (draft["kind"], draft["gross"]) == ("draft", "125.00")
    assert visitor.view()["accounts"]["drafts"][0]["key"] == f"nordlys-{order}-invoice"
    visitor.act("regnskab", "book_draft", draft=draft["number"])
    [booked] = visitor.order(order)["invoices"]
    assert (booked["kind"], booked["gross"]) == ("invoice", "125.00")
    assert visitor.view()["accounts"] == {"drafts": [], "booked": 1}


@pytest.mark.parametrize(
    ("payment", "state"),
    [
        ("transfer", "processing"),
        ("waiting", "on-hold"),
        ("cod", "processing"),
        ("unpaid", "pending"),
        ("card", "processing"),
    ],
)
def test_a_buyer_pays_in_several_ways(visitor: Visitor, payment: str, state: str) -> None:
    assert visitor.order(visitor.placed(("NH-1001", 1), payment=payment))["state"] == state


def test_staff_takes_money_and_gives_it_back(visitor: Visitor) -> None:
    order = visitor.placed(("NH-1001", 2), payment="waiting")
    visitor.act("nordlys", "pay_order", order=order)
    assert visitor.order(order)["state"] == "processing"
    visitor.act("nordlys", "refund", order=order, amount="10.00")
    assert visitor.order(order)["refunded"] == "10.00"
    visitor.act("nordlys", "refund", order=order)
    row = visitor.order(order)
    assert (row["refunded"], row["state"]) == (row["total"], "refunded")


def test_the_storekeeper_receives_counts_and_names(visitor: Visitor) -> None:
    before = int(visitor.stock("NH-1000")["physical"])
    visitor.act("lager", "receive", item="NH-1000", quantity="5")
    assert visitor.stock("NH-1000")["physical"] == str(before + 5)
    visitor.act("lager", "set_stock", item="NH-1000", quantity="7")
    assert visitor.stock("NH-1000")["available"] == "7"
    visitor.act("lager", "add_item", number="NY-1", name="Ny vare")
    visitor.act("lager", "receive", item="NY-1", quantity=3)
    assert visitor.stock("NY-1")["physical"] == "3"
    visitor.act("lager", "edit_item", item="NY-1", changes={"number": "NY-2"})
    assert visitor.stock("NY-2")["physical"] == "3"


def test_the_shop_gives_a_product_another_number(visitor: Visitor) -> None:
    visitor.act("nordlys", "edit_product", sku="NH-1000", changes={"sku": "NH-NY", "name": "Kop"})
    [product] = [row for row in visitor.view()["shops"]["nordlys"] if row["sku"] == "NH-NY"]
    assert product["name"] == "Kop"


@pytest.mark.parametrize(
    ("members", "status", "message"),
    [
        ({"system": "nordlys", "action": "place_order", "items": []}, 400, "cart"),
        ({"system": "nordlys", "action": "place_order", "items": [{"sku": "?", "quantity": 1}]}, 404, "no product"),
        ({"system": "nordlys", "action": "place_order", "items": [{"sku": "NH-1000", "quantity": 0}]}, 400, "between"),
        ({"system": "nordlys", "action": "place_order", "items": [{"sku": "NH-1007", "quantity": 9}]}, 400, "stock"),
        ({"system": "nordlys", "action": "delete_order", "order": 60}, 400, "no act"),
        ({"system": "nordlys", "action": "set_status", "order": 60, "status": "gone"}, 400, "no status"),
        ({"system": "lager", "action": "ship", "order": 1}, 404, "no order"),
        ({"system": "lager", "action": "receive", "item": "NH-1000", "quantity": "-1"}, 400, "quantity"),
        ({"system": "lager", "action": "receive", "item": "fragtmm", "quantity": "1"}, 400, "keeps stock"),
        ({"system": "lager", "action": "add_item", "number": "NH-1000", "name": "Kop"}, 400, "already been taken"),
        ({"system": "lager", "action": "receive"}, 400, "missing"),
        ({"system": "regnskab", "action": "book_draft", "draft": 9}, 404, "no draft"),
        ({"system": "elsewhere", "action": "ship"}, 404, "no system"),
        ({"system": "lager", "trouble": "fire"}, 400, "no trouble"),
    ],
)
def test_says_why_an_act_is_refused(visitor: Visitor, members: dict[str, Any], status: int, message: str) -> None:
    answer = visitor.send(**members)
    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_shows_the_mails_received_the_last_first(visitor: Visitor) -> None:
    assert visitor.view()["mails"] == []
    port = visitor.servers["post"].dump()["smtp"]["port"]  # type: ignore[index]
    for number in (1, 2):
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = f"Alarm {number}", "pakhus@nordlys.example", "vagt@nordlys.example"
        mail.set_content("orders of nordlys: <b>red</b>")
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.send_message(mail)
    mails = visitor.view()["mails"]
    assert [mail["subject"] for mail in mails] == ["Alarm 2", "Alarm 1"]
    assert mails[0]["text"] == "orders of nordlys: <b>red</b>"
    assert mails[0]["to"] == "vagt@nordlys.example"


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "status"), [("down", 502), ("limited", 429)])
def test_trouble_begins_and_ends(visitor: Visitor, kind: str, status: int) -> None:
    def asked() -> int:
        return requests.get(f"{visitor.servers['lager'].url}/api/self", headers=TOKEN, timeout=10).status_code

    assert visitor.send(system="lager", trouble=kind).json()["lager"]["kind"] == kind
    assert [asked(), asked()] == [status, status]
    assert visitor.send(system="lager", trouble=None).json() == {}
    assert asked() == 200


def test_trouble_ends_by_itself(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor.page.world.troubles, "lasts_s", 0.2)
    server = visitor.servers["regnskab"]
    visitor.send(system="regnskab", trouble="slow")
    assert server.latency_ms == 3000
    deadline = time.monotonic() + 5
    while visitor.page.world.troubles.listing() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert visitor.page.world.troubles.listing() == {}
    assert server.latency_ms == 0


def test_forgetting_does_three_writes_and_tells_nobody(visitor: Visitor) -> None:
    visitor.send(system="lager", trouble="forgetful")
    before = len(visitor.servers["lager"].dump()["products"])  # type: ignore[index]
    for number in range(3):
        body = {"number": f"F-{number}", "name": "Vare", "group": 1, "sales_price": 1}
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{visitor.servers['lager'].url}/api/products", json=body, headers=TOKEN, timeout=10)
    assert len(visitor.servers["lager"].dump()["products"]) == before + 3  # type: ignore[index]
    visitor.send(system="lager", trouble=None)


# --- the page itself --------------------------------------------------------------------------------------------------


def test_serves_its_files_under_a_policy_that_lets_nothing_else_in(visitor: Visitor) -> None:
    for path, kind in {"/": "text/html", "/page.js": "text/javascript", "/page.css": "text/css"}.items():
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(kind)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert visitor.get("/../server.py").status_code == 404
    assert visitor.get("/static/page.js").status_code == 404


def test_refers_to_nothing_outside() -> None:
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text), file.name
        assert "@import" not in text


def test_puts_what_systems_say_in_as_text() -> None:
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"\son[a-z]+=|style=|javascript:", page)


def test_every_id_that_the_script_asks_for_is_in_the_page() -> None:
    script, page = ((STATIC / name).read_text(encoding="utf-8") for name in ("page.js", "index.html"))
    asked = set(re.findall(r'\$\("([a-z-]+)"\)', script))
    assert asked <= set(re.findall(r'id="([a-z-]+)"', page))


def test_answers_nothing_new_with_nothing(visitor: Visitor) -> None:
    first = visitor.get("/state")
    mark = first.headers["ETag"].strip('"')
    assert visitor.get(f"/state?seen={mark}").status_code == 204
    visitor.placed(("NH-1001", 1))
    assert visitor.get(f"/state?seen={mark}").status_code == 200


def test_refuses_pages_of_others(visitor: Visitor) -> None:
    assert visitor.get("/state", Host="shop.example").status_code == 403
    form = requests.post(f"{visitor.page.url}/act", data={"system": "lager"}, timeout=10)
    assert form.status_code == 415
    assert visitor.get("/state", Host="localhost:1").status_code == 200


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"\xff", b"x" * (LARGEST_BODY + 1)], ids=["list", "cut", "bytes", "long"]
)
def test_refuses_what_is_no_act(visitor: Visitor, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    try:
        answer = requests.post(f"{visitor.page.url}/act", data=body, headers=headers, timeout=10)
    except requests.ConnectionError:  # closed before all of a body that is too long was sent
        assert len(body) > LARGEST_BODY
    else:
        assert answer.status_code in {400, 413}


def test_tells_no_secret(visitor: Visitor) -> None:
    told = visitor.get("/state").text + visitor.get("/frame").text
    for server in visitor.servers.values():
        assert server.url not in told
    assert "rackbeat-test-token" not in told
    assert "economic-test" not in told


def test_the_frame_has_systems_and_links(visitor: Visitor) -> None:
    frame = visitor.get("/frame").json()
    assert [system["name"] for system in frame["systems"]] == ["nordlys", "lager", "regnskab", "post"]
    assert frame["links"] == [{"text": "Airflow <b>", "href": "http://127.0.0.1:1/"}]


def test_reads_the_page_of_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "stand-ins.yaml"
    link = {"text": "Airflow", "href": "http://127.0.0.1:8080/"}
    file.write_text(json.dumps({"stand_ins": [], "page": {"port": 8099, "links": [link]}}))
    assert read_page(file) == PageEntry(8099, (link,))
    file.write_text(json.dumps({"stand_ins": []}))
    assert read_page(file) is None


@pytest.mark.parametrize("page", [{"prot": 1}, {"links": [{"text": "x", "href": "javascript:alert(1)"}]}, "yes", None])
def test_refuses_a_page_that_makes_no_sense(tmp_path: Path, page: object) -> None:
    file = tmp_path / "stand-ins.yaml"
    file.write_text(json.dumps({"stand_ins": [], "page": page}))
    with pytest.raises(ValueError, match="page"):
        read_page(file)


@pytest.mark.parametrize(
    ("state", "warehouse", "invoices", "said"),
    [
        ("pending", [], [], "Not paid"),
        ("on-hold", ["reserved"], [], "has not come"),
        ("processing", ["reserved"], [], "Ship"),
        ("processing", ["partly shipped"], [], "the rest"),
        ("completed", ["shipped"], ["draft"], "draft"),
        ("completed", ["shipped"], ["invoice"], "Done"),
        ("cancelled", ["reserved"], [], "still reserved"),
        ("refunded", ["shipped"], ["invoice"], "credited"),
        ("refunded", ["shipped"], ["invoice", "credit note"], "Credited"),
        ("processing", ["reserved", "reserved"], [], "Doubled"),
        ("completed", ["shipped"], ["draft", "invoice"], "Doubled"),
    ],
)
def test_says_what_is_next(state: str, warehouse: list[str], invoices: list[str], said: str) -> None:
    assert said in whats_next(state, [{"state": each} for each in warehouse], [{"kind": each} for each in invoices])
