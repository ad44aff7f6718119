"""All that the page shows, as one JSON-able value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from standin.page.journeys import Json, journeys
from standin.page.people import BUYERS, PAYMENTS
from standin.page.trouble import KINDS, Troubles
from standin.server import StandinServer

DELIVERIES = 8
MAILS = 10
PAYOUTS = 5
SELLABLE = {"simple", "variation"}


@dataclass(frozen=True)
class System:
    """One stand-in: which system it stands in for, and its server."""

    kind: str
    server: StandinServer


@dataclass
class World:
    """The stand-ins by name, and what the page shows besides."""

    systems: Mapping[str, System]
    links: tuple[Mapping[str, str], ...] = ()
    troubles: Troubles = field(default_factory=Troubles)

    def view(self) -> Json:
        """What changes: orders, stock, drafts, messages, trouble."""
        shops = {name: _dumped(system) for name, system in self._of("woocommerce")}
        warehouse = next((_dumped(system) for _, system in self._of("rackbeat")), None)
        accounts = next((_dumped(system) for _, system in self._of("economic")), None)
        return {
            "shops": {name: _catalogue(shop) for name, shop in shops.items()},
            "orders": journeys(shops, warehouse, accounts),
            "stock": _stock(shops, warehouse or {}),
            "webhooks": {name: _webhooks(shop) for name, shop in shops.items()},
            "accounts": _accounts(accounts),
            "provider": next((_provider(_dumped(system)) for _, system in self._of("stripe")), None),
            "mails": self._mails(),
            "trouble": self.troubles.listing(),
        }

    def frame(self) -> Json:
        """What stays: systems, buyers, ways to pay, kinds of trouble, links."""
        return {
            "systems": [{"name": name, "kind": system.kind} for name, system in self.systems.items()],
            "buyers": [f"{buyer['first_name']} {buyer['last_name']}, {buyer['city']}" for buyer in BUYERS],
            "payments": dict(PAYMENTS),
            "troubles": {name: kind.text for name, kind in KINDS.items()},
            "lasts_s": self.troubles.lasts_s,
            "links": [dict(link) for link in self.links],
        }

    def _mails(self) -> list[Json] | None:
        """What the mail server has taken, the last first; None without one."""
        boxes = [_dumped(system)["mails"] for _, system in self._of("mail")]
        if not boxes:
            return None
        return [
            {"to": ", ".join(mail["to"]), **{name: mail[name] for name in ("subject", "text", "received_at")}}
            for mail in reversed(boxes[0])
        ][:MAILS]

    def _of(self, kind: str) -> Iterator[tuple[str, System]]:
        return ((name, system) for name, system in self.systems.items() if system.kind == kind)


def _dumped(system: System) -> Json:
    dumped = system.server.dump()
    if not isinstance(dumped, dict):
        raise TypeError("a stand-in that dumps no object cannot be shown")
    return dumped


def _catalogue(shop: Json) -> list[Json]:
    """What a buyer can put into the cart; a price without the tax is as the shop shows it."""
    return [
        {"sku": product["sku"], "name": product["name"], "price": product["price"], "stock": product["stock_quantity"]}
        for product in shop["products"]
        if product["type"] in SELLABLE and product["sku"] and product["price"] and product["status"] == "publish"
    ]


def _stock(shops: Mapping[str, Json], warehouse: Json) -> list[Json]:
    """One row per item that keeps stock, with what each shop says of the SKU; None where it does not say."""
    listed = {name: {row["sku"]: row["stock_quantity"] for row in shop["products"]} for name, shop in shops.items()}
    held = warehouse.get("reserved", {})
    stocked = {number for number, group in warehouse.get("groups", {}).items() if group["has_inventory"]}
    rows = []
    for number, product in sorted(warehouse.get("products", {}).items()):
        if str(product["group_id"]) not in stocked:
            continue
        physical = sum(warehouse["stock"].get(number, {}).values(), Decimal(0))
        reserved = held.get(number, Decimal(0))
        quantities = {name: rows_of[number] for name, rows_of in listed.items() if number in rows_of}
        rows.append(
            {
                "item": number,
                "name": product["name"],
                "physical": _plain(physical),
                "reserved": _plain(reserved),
                "available": _plain(physical - reserved),
                "shops": {name: None if value is None else _plain(value) for name, value in quantities.items()},
            }
        )
    return rows


def _webhooks(shop: Json) -> Json:
    sent = [
        {"topic": row["topic"], "id": row["id"], "status": row["status"], "error": row["error"]}
        for row in shop["deliveries"][-DELIVERIES:]
    ]
    registered = [{"topic": hook["topic"], "status": hook["status"]} for hook in shop["webhooks"]]
    return {"registered": registered, "sent": sent[::-1], "count": len(shop["deliveries"])}


def _accounts(accounts: Json | None) -> Json:
    if accounts is None:
        return {"drafts": [], "booked": 0}
    drafts = [
        {
            "number": number,
            "to": draft["recipient"].get("name", ""),
            "date": draft["date"],
            "gross": f"{accounts['draft_gross'][number]:.2f}",
            "key": draft.get("references", {}).get("other", ""),
        }
        for number, draft in accounts["drafts"].items()
    ]
    return {"drafts": drafts, "booked": len(accounts["booked"])}


def _provider(provider: Json) -> Json:
    """What a payment provider has taken and not paid out, and its last payouts."""
    moved = provider["transactions"].values()
    waiting = sum(row["net"] for row in moved if row["id"] not in provider["paid_by"])
    payouts = [
        {"id": row["id"], "amount": _kroner(row["amount"]), "stopped": row["stopped"]}
        for row in list(provider["payouts"].values())[-PAYOUTS:]
    ]
    return {"waiting": _kroner(waiting), "payouts": payouts[::-1]}


def _kroner(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


def _plain(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():f}"
