"""A small shop whose orders need every kind of write: the servers in a process of their own, one ledger, one clock.

Order 61 is to be reserved (with a customer of its own) and is shipped in two parts as soon as it is, 100 to be invoiced
(with a customer and a correction line), paid, paid out and refunded in two parts, 83 is to be held; a product and a
variation show more than the warehouse has. Runs happen in forked children, which a fault may kill.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import simplejson

from pakhus.clients.economic import EconomicClient
from pakhus.clients.http import Limits
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import ConnectionFacts, economic_settings, rackbeat_settings, woocommerce_settings
from pakhus.flows.chunks import due_chunks
from pakhus.flows.credit_notes import crediter
from pakhus.flows.fulfilment import fulfiller
from pakhus.flows.invoices import biller
from pakhus.flows.judging import INVOICES, ORDERS
from pakhus.flows.observation import Observer
from pakhus.flows.orders import reserver
from pakhus.flows.refunds import CREDITS
from pakhus.flows.shipments import FULFILMENT, shipment_reader
from pakhus.flows.stock import StockPusher
from pakhus.flows.stock_reading import StockReader
from pakhus.flows.unreserved_sales import SalesReader
from pakhus.ledger.connection import Ledger
from pakhus.settings import InvoiceMode, ShopSettings, load_shop
from standin.registry import default_seed
from standin.seeds import with_shop_products
from standin.woocommerce import goods_of, recorded_shop
from tests.faults.money import paid_by_journal, register_payments, settle
from tests.flows.world import ShiftedTime
from tests.ledgers import empty

SYSTEMS = ("woocommerce", "rackbeat", "economic")
RESERVED, INVOICED, HELD = "61", "100", "83"
REFUNDED = ("33.33", "20.02")  # of the invoiced order: amounts alone, the second one needs a correction line
OVERSTATED = ("NH-1000", "NH-TS-S")
KEYS = {"consumer_key": "ck_" + "f" * 40, "consumer_secret": "cs_" + "f" * 40}
CHILD_TIMEOUT_S = 180
# Short, so that a lost answer costs the run of a case a fraction of a second. The held answers are held longer.
HURRIED = Limits(connect_s=1, read_s=0.5, deadline_s=3, tries=2, longest_wait_s=0.5, first_backoff_s=0.02)
# For a run that is stopped on the way while another one runs.
PATIENT = replace(HURRIED, read_s=40, deadline_s=60)


@dataclass(slots=True)
class Server:
    """One stand-in, steered over HTTP."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, control: str) -> Any:
        answer = self.session.get(f"{self.url}/_standin/{control}", timeout=20)
        answer.raise_for_status()
        return simplejson.loads(answer.content, use_decimal=True)

    def post(self, control: str, value: object | None = None) -> Any:
        answer = self.session.post(f"{self.url}/_standin/{control}", json=value or {}, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def clear_faults(self) -> None:
        self.session.delete(f"{self.url}/_standin/faults", timeout=20).raise_for_status()


Preparation = Callable[[Ledger], None]
"""Done in a child before it runs the flows: this is where ledger faults are put in."""


@dataclass(slots=True)
class Scene:
    """The servers, the ledger and the settings of one exploration."""

    servers: dict[str, Server]
    ledger_url: str
    settings: ShopSettings
    tokens: dict[str, Any]
    snapshots: dict[str, int]
    forward: timedelta = timedelta(0)
    log: Path = field(default_factory=lambda: Path(tempfile.mkstemp(prefix="pakhus-faults-")[1]))

    def reset(self) -> None:
        """Back to the beginning: servers, counters, clock, ledger."""
        self.forward = timedelta(0)
        self.reset_servers()
        empty(self.ledger_url)
        self.reset_counters()

    def reset_servers(self) -> None:
        """Nothing in their way, the data and the time of their snapshots."""
        for name, server in self.servers.items():
            server.clear_faults()
            server.post("release")
            server.post("restore", {"id": self.snapshots[name]})
        next(iter(self.servers.values())).post("clock", {"now": None})

    def reset_counters(self) -> None:
        for server in self.servers.values():
            server.post("counters/reset")

    def pass_time(self, **span: float) -> None:
        """Let time pass for us and for all servers."""
        step = timedelta(**span)
        self.forward += step
        next(iter(self.servers.values())).post("clock", {"advance_s": int(step.total_seconds())})

    def recount(self) -> None:
        """Somebody counts a product in the warehouse: what was to be shown a moment ago no longer is."""
        self.servers["rackbeat"].post("act", {"action": "set_stock", "item": OVERSTATED[0], "quantity": 17})

    def start_run(self, limits: Limits = HURRIED, prepare: Preparation | None = None) -> int:
        """Begin a run of both flows in a child; returns its process id."""
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            self._run(limits, prepare)
            status = 0
        except BaseException:  # noqa: BLE001 - the child must not go on as if it were the parent
            with self.log.open("a") as log:
                traceback.print_exc(file=log)
        finally:
            os._exit(status)

    def run(self, limits: Limits = HURRIED, prepare: Preparation | None = None) -> int:
        """Run both flows to their end in a child; returns its exit code (negative: the signal that ended it)."""
        return self.wait(self.start_run(limits, prepare))

    @staticmethod
    def wait(child: int) -> int:
        deadline = time.monotonic() + CHILD_TIMEOUT_S
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise TimeoutError("a run did not end")

    def _run(self, limits: Limits, prepare: Preparation | None) -> None:
        ledger = Ledger(self.ledger_url, clock=ShiftedTime(self.forward))
        if prepare is not None:
            prepare(ledger)
        self._steps(limits, ledger)

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        """All flows, one after the other, with what people do between them."""
        for step in (*RESERVE, *INVOICE, pay, pay_out, people_ship, tell, show_stock, people_give_back, *CREDIT):
            step(self, limits, ledger)

    def shop(self, limits: Limits) -> WooCommerceClient:
        facts = ConnectionFacts(
            "woocommerce__nordlys",
            host=self.servers["woocommerce"].url,
            login=KEYS["consumer_key"],
            password=KEYS["consumer_secret"],
        )
        return WooCommerceClient.from_settings(replace(woocommerce_settings(facts, self.settings), limits=limits))

    def warehouse(self, limits: Limits) -> RackbeatClient:
        facts = ConnectionFacts(
            "rackbeat__main",
            host=f"{self.servers['rackbeat'].url}/api",
            password=self.tokens["rackbeat"]["token"],
        )
        return RackbeatClient.from_settings(replace(rackbeat_settings(facts), limits=limits))

    def accounts(self, limits: Limits) -> EconomicClient:
        keys = self.tokens["economic"]
        facts = ConnectionFacts(
            "economic__main",
            host=self.servers["economic"].url,
            password=keys["agreement_grant_token"],
            extra={"app_secret_token": keys["app_secret_token"]},
        )
        return EconomicClient.from_settings(replace(economic_settings(facts), limits=limits))


def refunds_of(shop: Any) -> list[Any]:
    """The refunds of the order that is refunded, as the shop shows them with it."""
    [order] = [order for order in shop["orders"] if str(order["id"]) == INVOICED]
    refunds: list[Any] = order["refunds"]
    return refunds


# --- the steps of a run ----------------------------------------------------------------------------------------------

Step = Callable[[Scene, Limits, Ledger], None]


def observe(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Read the shop."""
    Observer(scene.shop(limits), ledger, scene.settings).observe()


def reserve(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Bring what is due into the warehouse."""
    for chunk in due_chunks(ledger, scene.settings.shop, ORDERS):
        flow = reserver(scene.shop(limits), scene.warehouse(limits), ledger, scene.settings)
        flow.reserve(chunk.documents, workers=1)


def invoice(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Invoice what is due."""
    for chunk in due_chunks(ledger, scene.settings.shop, INVOICES):
        biller(scene.shop(limits), scene.accounts(limits), ledger, scene.settings).book(chunk.documents, workers=1)


def pay(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Enter the payments of what was booked, and what was paid back."""
    register_payments(scene.shop(limits), scene.accounts(limits), ledger, scene.settings)


def pay_out(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Take in the settlement, and journal it."""
    settle(scene.accounts(limits), ledger, INVOICED)


def people_ship(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """What people do in the warehouse as soon as an order is reserved: send off a piece of it, then the rest."""
    del limits, ledger
    server = Server(scene.servers["rackbeat"].url)  # this child's own connection: it may be killed while it reads
    for number, order in server.get("state")["orders"].items():
        if order["is_ready_for_shipping"]:
            first = order["lines"][0]["child_id"]
            server.post("act", {"action": "ship", "order": number, "lines": {first: 1}})
            server.post("act", {"action": "ship", "order": number})


def tell(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Read shipments, and tell the shop."""
    reader = replace(shipment_reader(scene.warehouse(limits), ledger, scene.settings), patience_s=0.0)
    reader.read(compare=True)  # else the hour of the day decides what is asked
    telling = fulfiller(scene.shop(limits), ledger, scene.settings)
    telling.judge()
    for chunk in due_chunks(ledger, scene.settings.shop, FULFILMENT):
        telling.tell(chunk.documents, workers=1)


def show_stock(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Read the warehouse's stock, and show it in the shop."""
    shop = scene.shop(limits)
    StockReader(scene.warehouse(limits), ledger, "rackbeat__main").read([scene.settings])
    SalesReader(Observer(shop, ledger, scene.settings)).see()
    StockPusher(shop, ledger, scene.settings).push()


def people_give_back(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """What people do in the shop as soon as the invoice is booked: give money back, twice."""
    del limits, ledger
    shop, key = Server(scene.servers["woocommerce"].url), f"nordlys-{INVOICED}-invoice"
    booked = Server(scene.servers["economic"].url).get("state")["booked"].values()
    given = len(refunds_of(shop.get("state")))
    if any(invoice["references"]["other"] == key for invoice in booked):
        for amount in REFUNDED[given:]:
            shop.post("act", {"action": "refund", "order": int(INVOICED), "amount": amount})


def look_again(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Read the refunded order, as after a webhook."""
    Observer(scene.shop(limits), ledger, scene.settings).look_again([INVOICED])


def credit(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Credit what is due."""
    for chunk in due_chunks(ledger, scene.settings.shop, CREDITS):
        crediter(scene.shop(limits), scene.accounts(limits), ledger, scene.settings).credit(chunk.documents, workers=1)


RESERVE: tuple[Step, ...] = (observe, reserve)
INVOICE: tuple[Step, ...] = (invoice,)
CREDIT: tuple[Step, ...] = (look_again, credit, pay, pay_out)  # now what was given back, too


def seeds(orders: Sequence[str]) -> dict[str, Any]:
    """The data of the three servers."""
    shop = recorded_shop()
    chosen = [order for order in shop["orders"] if str(order["id"]) in orders]
    for order in chosen:
        if str(order["id"]) == INVOICED:
            order["status"] = "completed"
            order["date_completed"], order["date_completed_gmt"] = order["date_modified"], order["date_modified_gmt"]
            order["date_paid"], order["date_paid_gmt"] = order["date_modified"], order["date_modified_gmt"]
    goods = goods_of(shop)
    for product in shop["products"]:
        if product["sku"] in OVERSTATED:
            product["stock_quantity"] += 3
    return {
        "woocommerce": {**shop, "orders": chosen, "refunds": [], "notes": {}, "credentials": KEYS},
        "rackbeat": with_shop_products(default_seed("rackbeat"), goods),
        "economic": with_shop_products(default_seed("economic"), goods),
    }


@contextmanager
def scene(
    ledger_url: str,
    kind: type[Scene] = Scene,
    chosen: Sequence[str] = (RESERVED, INVOICED, HELD),
    alter: Callable[[dict[str, Any]], None] = lambda _: None,
) -> Iterator[Scene]:
    """Start the servers with these orders of the recorded shop and data altered so, and take their beginning down."""
    with tempfile.TemporaryDirectory(prefix="pakhus-faults-") as folder:
        data = seeds(chosen)
        alter(data)
        entries = []
        for name, seed in data.items():
            path = Path(folder) / f"{name}.json"
            path.write_bytes(simplejson.dumps(seed, use_decimal=True, ensure_ascii=False).encode())
            entries.append({"system": name, "name": name, "data": str(path)})
        config, urls = Path(folder) / "stand-ins.yaml", Path(folder) / "urls.json"
        config.write_text(json.dumps({"stand_ins": entries}))
        process = subprocess.Popen([sys.executable, "-m", "standin", "--config", str(config), "--urls", str(urls)])
        try:
            started = _scene(kind, ledger_url, data, _urls(urls, process))
            yield started
            started.log.unlink()  # kept where the exploration itself broke off, whose message names it
        finally:
            process.terminate()
            process.wait(10)


def _scene(kind: type[Scene], ledger_url: str, data: dict[str, Any], urls: dict[str, str]) -> Scene:
    servers = {name: Server(urls[name]) for name in SYSTEMS}
    settings = load_shop("fjordliv")
    changes = {
        "shop": "nordlys",
        "invoices": settings.invoices.model_copy(update={"mode": InvoiceMode.AUTO, "auto_after": 0}),
    }
    return kind(
        servers=servers,
        ledger_url=ledger_url,
        settings=paid_by_journal(settings.model_copy(update=changes)),
        tokens={name: data[name]["credentials"] for name in ("rackbeat", "economic")},
        snapshots={name: server.post("snapshot")["id"] for name, server in servers.items()},
    )


def _urls(path: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the stand-ins did not start")
        time.sleep(0.05)
    found: dict[str, str] = json.loads(path.read_text())
    return found
