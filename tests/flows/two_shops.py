"""Two shops on one warehouse, as the examples have them, and their stock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pakhus.clients.http import Answer, Call
from pakhus.clients.rackbeat_webhooks import INVENTORY
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.errors import TransientError
from pakhus.flows.observation import Observer
from pakhus.flows.report import RunReport
from pakhus.flows.stock import StockPusher
from pakhus.flows.stock_reading import StockReader
from pakhus.flows.unreserved_sales import SalesReader
from pakhus.ledger import inbox, stock
from pakhus.rules.stock import Level
from pakhus.settings import ShopSettings, load_shop
from standin.registry import create
from standin.server import StandinServer
from standin.woocommerce import recorded_shop
from tests.flows.world import World, world

TARGET = "rackbeat__main"
KEYS = {"consumer_key": "ck_" + "s" * 40, "consumer_secret": "cs_" + "s" * 40}


@dataclass(slots=True)
class TwoShops:
    """Nordlys and Fjordliv; each is a world with the same warehouse, accounts and ledger."""

    nordlys: World
    fjordliv: World

    @property
    def worlds(self) -> tuple[World, World]:
        return self.nordlys, self.fjordliv

    @property
    def selling(self) -> list[ShopSettings]:
        return [shop.settings for shop in self.worlds]

    def read(self, *, hinted: bool = False) -> RunReport:
        home = self.nordlys
        return StockReader(home.warehouse, home.ledger, TARGET).read(self.selling, hinted=hinted)

    def hint(self, *items: str) -> None:
        """The warehouse says that the stock of these items has changed."""
        with self.nordlys.ledger.begin() as tx:
            for item in items:
                inbox.add(tx, TARGET, INVENTORY, item)

    def see(self) -> None:
        """Read what both shops have sold."""
        for shop in self.worlds:
            self.see_one(shop)

    def see_one(self, shop: World) -> None:
        SalesReader(Observer(shop.shop, shop.ledger, shop.settings), lambda s: self.forward(seconds=s)).see()

    def run(self, *, compare: bool = False) -> tuple[RunReport, RunReport]:
        """One run of `main__stock`; returns what each push counted."""
        self.read()
        self.see()
        first, second = (push(shop, compare=compare, selling=self.selling) for shop in self.worlds)
        return first, second

    def set_stock(self, item: str, quantity: str) -> None:
        """Count an item in the warehouse."""
        self.nordlys.warehouse_server.act({"action": "set_stock", "item": item, "quantity": quantity})

    def available(self) -> dict[str, Decimal]:
        """What the warehouse has free of everything that keeps stock."""
        query = (("limit", "1000"),)
        rows = self.nordlys.warehouse.send(Call("GET", "/products", query)).json()["products"]
        return {row["number"]: row["available_quantity"] for row in rows if row["inventory_enabled"]}

    def forward(self, **span: float) -> None:
        self.nordlys.forward(**span)
        self.fjordliv.time = self.nordlys.time

    def reset_counters(self) -> None:
        for shop in self.worlds:
            shop.reset_counters()

    def requests(self) -> tuple[int, int, int]:
        """Requests that warehouse, Nordlys and Fjordliv have had since the counters were reset."""
        servers = (self.nordlys.warehouse_server, self.nordlys.shop_server, self.fjordliv.shop_server)
        return tuple(server.counters()["requests"] for server in servers)  # type: ignore[return-value]


def push(
    shop: World,
    *,
    compare: bool = False,
    before_batch: Callable[[], object] | None = None,
    selling: Sequence[ShopSettings] = (),
) -> RunReport:
    """Push a shop's stock; `before_batch` happens after everything is decided, just before a batch is sent.

    Without `selling` the shop is the only one that sells, and its sales are seen first.
    """
    client = shop.shop
    with suppress(TransientError):  # the task that sees the sales fails then, and the push runs all the same
        if not selling:
            SalesReader(Observer(client, shop.ledger, shop.settings), lambda s: shop.forward(seconds=s)).see()
    if before_batch is not None:
        client = Interrupted(client, before_batch)  # type: ignore[assignment]
    return StockPusher(client, shop.ledger, shop.settings, selling).push(compare=compare)


@dataclass(slots=True)
class Interrupted:
    """A shop to which something happens just before each batch."""

    client: WooCommerceClient
    before_batch: Callable[[], object]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def send(self, call: Call) -> Answer:
        self.before_batch()
        return self.client.send(call)


def products(shop: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop.shop_server.dump()["products"]
    return rows


def shown(shop: World) -> dict[str, Any]:
    """What the shop shows of each product that manages its own stock and is not in the bin, by SKU."""
    rows = [row for row in products(shop) if row["sku"] and row["status"] != "trash"]
    return {row["sku"]: row["stock_quantity"] for row in rows if row["manage_stock"] is True}


def levels(shop: World) -> dict[str, Level]:
    with shop.ledger.begin() as tx:
        return {level.sku: level for level in stock.levels(tx, shop.settings.shop)}


def many_products(count: int) -> list[dict[str, Any]]:
    """As many simple products as wanted, made from the recorded shop's first."""
    pattern = recorded_shop()["products"][0]
    return [
        {**pattern, "id": 1000 + number, "sku": f"MANY-{number:04d}", "slug": f"many-{number}", "stock_quantity": 5}
        for number in range(count)
    ]


@contextmanager
def two_shops(ledger_url: str, *, seed: Mapping[str, Any] = {}, goods: Sequence[Any] = ()) -> Iterator[TwoShops]:
    """Start all servers, without the recorded orders: their sales are none of stock's until a test sells something.

    `seed` changes what Nordlys has, `goods` are in the warehouse besides those of both shops.
    """
    quiet: dict[str, Any] = {"orders": [], "refunds": [], "notes": {}}
    with world(ledger_url, seed=[*quiet.items(), *seed.items()], goods=goods) as nordlys:
        own = {"shop": "second", "credentials": KEYS, **quiet}
        clock = nordlys.shop_server.clock
        with StandinServer(create("woocommerce", "fjordliv", own, {}, clock), clock=clock) as server:
            seeds = {**nordlys.seeds, "woocommerce": own}
            yield TwoShops(nordlys, replace(nordlys, shop_server=server, settings=load_shop("fjordliv"), seeds=seeds))
