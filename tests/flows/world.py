"""A shop, a warehouse and accounts to run flows against: the stand-ins in this process, with one clock for all.

The settings are the example shop's own files; the recorded shop's goods are in the warehouse and the accounts.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

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
from pakhus.flows.report import RunReport
from pakhus.flows.shipments import FULFILMENT, shipment_reader
from pakhus.ledger.connection import Ledger, database_time
from pakhus.settings import ShopSettings, load_shop
from standin.clock import Clock
from standin.registry import create, default_seed
from standin.seeds import with_shop_products
from standin.server import StandinServer
from standin.woocommerce import products_of_recorded_shop, products_of_second_shop
from tests.flows.vendor_bodies import assert_bodies_fit

QUICK = Limits(connect_s=2, read_s=5, deadline_s=10, tries=3, longest_wait_s=1, first_backoff_s=0.05)
GOODS = [*products_of_recorded_shop(), *products_of_second_shop()]


@dataclass(slots=True)
class ShiftedTime:
    """The database's time, moved forward by a test."""

    forward: timedelta = timedelta(0)

    def __call__(self, connection: Connection) -> datetime:
        return database_time(connection) + self.forward


@dataclass(slots=True)
class World:
    """Three servers and a ledger."""

    shop_server: StandinServer
    warehouse_server: StandinServer
    accounts_server: StandinServer
    ledger: Ledger
    settings: ShopSettings
    time: ShiftedTime
    limits: Limits = QUICK
    seeds: dict[str, Any] = field(default_factory=dict)

    @property
    def servers(self) -> tuple[StandinServer, ...]:
        return self.shop_server, self.warehouse_server, self.accounts_server

    @property
    def shop(self) -> WooCommerceClient:
        keys = self.seeds["woocommerce"].get("credentials") or DEFAULT_KEYS
        facts = ConnectionFacts(
            f"woocommerce__{self.settings.shop}",
            host=self.shop_server.url,
            login=keys["consumer_key"],
            password=keys["consumer_secret"],
        )
        settings = woocommerce_settings(facts, self.settings)
        return WooCommerceClient.from_settings(replace(settings, limits=self.limits))

    @property
    def warehouse(self) -> RackbeatClient:
        token = self.seeds["rackbeat"]["credentials"]["token"]
        facts = ConnectionFacts("rackbeat__main", host=f"{self.warehouse_server.url}/api", password=token)
        return RackbeatClient.from_settings(replace(rackbeat_settings(facts), limits=self.limits))

    @property
    def accounts(self) -> EconomicClient:
        keys = self.seeds["economic"]["credentials"]
        facts = ConnectionFacts(
            "economic__main",
            host=self.accounts_server.url,
            password=keys["agreement_grant_token"],
            extra={"app_secret_token": keys["app_secret_token"]},
        )
        return EconomicClient.from_settings(replace(economic_settings(facts), limits=self.limits))

    def observe(self) -> RunReport:
        return Observer(self.shop, self.ledger, self.settings).observe()

    def reserve(self, *, workers: int = 2) -> RunReport:
        report = RunReport(ORDERS, self.settings.shop)
        for chunk in due_chunks(self.ledger, self.settings.shop, ORDERS):
            flow = reserver(self.shop, self.warehouse, self.ledger, self.settings)
            report.merge(flow.reserve(chunk.documents, workers=workers))
        return report

    def book(self, *, workers: int = 2) -> RunReport:
        report = RunReport(INVOICES, self.settings.shop)
        for chunk in due_chunks(self.ledger, self.settings.shop, INVOICES):
            flow = biller(self.shop, self.accounts, self.ledger, self.settings)
            report.merge(flow.book(chunk.documents, workers=workers))
        return report

    def credit(self, *, workers: int = 2) -> RunReport:
        report = RunReport(CREDITS, self.settings.shop)
        for chunk in due_chunks(self.ledger, self.settings.shop, CREDITS):
            flow = crediter(self.shop, self.accounts, self.ledger, self.settings)
            report.merge(flow.credit(chunk.documents, workers=workers))
        return report

    def fulfil(self, *, compare: bool = False, asked_at: datetime | None = None, workers: int = 2) -> RunReport:
        """Read the warehouse's shipments and tell the shop, as a run of `<shop>__fulfilment` does."""
        report = shipment_reader(self.warehouse, self.ledger, self.settings).read(asked_at, compare=compare)
        flow = fulfiller(self.shop, self.ledger, self.settings)
        flow.judge()
        for chunk in due_chunks(self.ledger, self.settings.shop, FULFILMENT):
            report.merge(flow.tell(chunk.documents, workers=workers))
        return report

    def run(self) -> tuple[RunReport, RunReport, RunReport]:
        """One run of both flows."""
        return self.observe(), self.reserve(), self.book()

    def forward(self, **span: float) -> None:
        """Let time pass, for us and for all servers."""
        step = timedelta(**span)
        self.time.forward += step
        for clock in {id(server.clock): server.clock for server in self.servers}.values():
            clock.advance(step.total_seconds())

    def act(self, **action: Any) -> Any:
        """Do what a person does in the shop."""
        return self.shop_server.act(action)

    def ship(self, order: str, **pieces: int) -> int:
        """Ship a warehouse order, or some pieces of it by item number, as a person does; returns the shipment."""
        action: dict[str, Any] = {"action": "ship", "order": order}
        if pieces:
            action["lines"] = {item.replace("_", "-"): quantity for item, quantity in pieces.items()}
        shipment: int = self.warehouse_server.act(action)["shipment"]
        return shipment

    def pack(self, order: str) -> int:
        """Make a shipment of a warehouse order without sending it off."""
        shipment: int = self.warehouse_server.act({"action": "pack", "order": order})["shipment"]
        return shipment

    def send_off(self, shipment: int) -> None:
        """The goods of a packed shipment leave."""
        self.warehouse_server.act({"action": "send_off", "shipment": shipment})

    def writes(self) -> int:
        """Writes that all systems have taken since their counters were reset."""
        return sum(server.counters()["writes"] for server in self.servers)

    def reset_counters(self) -> None:
        for server in self.servers:
            server.reset_counters()


@contextmanager
def beside(first: World, shop: str = "fjordliv") -> Iterator[World]:
    """A second shop on the same warehouse, accounts and ledger."""
    keys = {"consumer_key": "ck_" + "f" * 40, "consumer_secret": "cs_" + "f" * 40}
    seed = {"shop": "second", "credentials": keys}
    clock = first.shop_server.clock
    with StandinServer(create("woocommerce", shop, seed, {}, clock), clock=clock) as server:
        yield replace(first, shop_server=server, settings=load_shop(shop), seeds={**first.seeds, "woocommerce": seed})


DEFAULT_KEYS = {"consumer_key": "ck_test", "consumer_secret": "cs_test"}


@contextmanager
def world(
    ledger_url: str, *, shop: str = "nordlys", seed: Sequence[tuple[str, Any]] = (), goods: Sequence[Any] = ()
) -> Iterator[World]:
    """Start the three servers for a shop of include/shops; `seed` changes the shop's data, `goods` are sold besides.

    At the end all that was sent to the accounts is held against the vendor's schemas.
    """
    time, clock = ShiftedTime(), Clock()
    keys = {"consumer_key": "ck_" + "n" * 40, "consumer_secret": "cs_" + "n" * 40}
    name = "recorded" if shop == "nordlys" else "second"
    seeds: dict[str, Any] = {
        "woocommerce": {"shop": name, "credentials": keys, **dict(seed)},
        "rackbeat": with_shop_products(default_seed("rackbeat"), [*GOODS, *goods]),
        "economic": with_shop_products(default_seed("economic"), GOODS),
    }
    with ExitStack() as stack:
        servers = [
            stack.enter_context(StandinServer(create(system, system, seed, {}, clock), clock=clock))
            for system, seed in seeds.items()
        ]
        ledger = Ledger(ledger_url, clock=time)
        stack.callback(ledger.close)
        yield World(*servers, ledger=ledger, settings=load_shop(shop), time=time, seeds=seeds)
        assert_bodies_fit(ledger)
