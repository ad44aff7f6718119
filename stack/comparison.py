"""What the demo's systems have, compared with what its shops say: a table of expected and seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
import simplejson
from sqlalchemy import create_engine, select

from pakhus.ledger.schema import documents
from pakhus.reasons import reason
from pakhus.settings import InvoiceMode, ShopSettings

TIMEOUT_S = 30
HELD = ("held", "failed")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison."""

    shop: str
    what: str
    expected: str
    seen: str

    @property
    def equal(self) -> bool:
        return self.expected == self.seen


@dataclass(frozen=True, slots=True)
class Kept:
    """A document of the ledger."""

    key: str
    flow: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts, read as anybody with their keys could."""

    url: str
    tokens: Mapping[str, str]

    def invoices(self, kind: str) -> list[Any]:
        """All drafts or booked invoices."""
        headers = {
            "X-AppSecretToken": self.tokens["app_secret_token"],
            "X-AgreementGrantToken": self.tokens["agreement_grant_token"],
        }
        answer = requests.get(f"{self.url}/invoices/{kind}?pagesize=1000", headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: list[Any] = simplejson.loads(answer.content, use_decimal=True)["collection"]
        return found


def compare_reservations(urls: Mapping[str, str], shops: Sequence[ShopSettings], ledger_url: str) -> list[Row]:
    """Compare the orders that each shop has in a state that reserves with the warehouse, or with why they are held."""
    kept, warehouse = list(_documents(ledger_url)), state(urls["rackbeat"])
    return [row for shop in shops for row in _reservations(shop, _orders(urls, shop), warehouse, kept)]


def compare_invoices(
    urls: Mapping[str, str], shops: Sequence[ShopSettings], ledger_url: str, tokens: Mapping[str, str]
) -> list[Row]:
    """Compare each shop's completed orders with the accounts, or with why they are held. `tokens` are the keys."""
    kept, accounts = list(_documents(ledger_url)), Accounts(urls["economic"], tokens)
    return [row for shop in shops for row in _invoices(shop, _orders(urls, shop), accounts, kept)]


def show(rows: Sequence[Row]) -> Iterator[str]:
    """The table's lines."""
    widths = [max(len(getattr(row, name)) for row in rows) for name in ("shop", "what", "expected", "seen")]
    widths = [max(width, least) for width, least in zip(widths, (4, 4, 8, 4), strict=True)]
    yield _line(("shop", "what", "expected", "seen"), widths)
    for row in rows:
        yield _line((row.shop, row.what, row.expected, row.seen), widths) + ("  ok" if row.equal else "  DIFFERS")


def held(ledger_url: str) -> Iterator[str]:
    """One line per held document: nothing vanishes."""
    for kept in _documents(ledger_url):
        if kept.status in HELD:
            yield f"held {kept.key}: {reason(kept.reason).action} ({kept.reason})"


def state(url: str) -> Any:
    """All that a stand-in has."""
    answer = requests.get(f"{url}/_standin/state", timeout=TIMEOUT_S)
    answer.raise_for_status()
    return simplejson.loads(answer.content, use_decimal=True)


def _reservations(shop: ShopSettings, orders: Mapping[str, Any], warehouse: Any, kept: Sequence[Kept]) -> Iterator[Row]:
    due = {n for n, order in orders.items() if order["status"] in shop.orders.reserve_states and _has_lines(order)}
    held_orders = {each.key.split("-")[1] for each in kept if _is(each, shop, "order") and each.status in HELD}
    headings = [str(row["heading"]) for row in warehouse["orders"].values()]
    reserved = [heading.split("-")[1] for heading in headings if heading.startswith(f"{shop.shop}-")]
    yield Row(shop.shop, "orders to reserve", str(len(due)), str(len(set(reserved)) + len(held_orders & due)))
    yield Row(shop.shop, "reserved in Rackbeat, once", str(len(due - held_orders)), str(len(reserved)))
    booked = sum(1 for row in warehouse["orders"].values() if row["is_booked"] and _belongs(row, shop))
    yield Row(shop.shop, "of these booked", str(len(reserved)), str(booked))


def _invoices(shop: ShopSettings, orders: Mapping[str, Any], accounts: Accounts, kept: Sequence[Kept]) -> Iterator[Row]:
    completed = {number for number, order in orders.items() if order["status"] == "completed" and _has_lines(order)}
    own = {each.key.split("-")[1]: each for each in kept if _is(each, shop, "invoice")}
    held_orders = {number for number, each in own.items() if each.status in HELD}
    due = completed - held_orders
    automatic = shop.invoices.mode is InvoiceMode.AUTO
    made = _documents_of(shop, accounts.invoices("booked" if automatic else "drafts"))
    yield Row(shop.shop, "orders to invoice", str(len(completed)), str(len(made) + len(held_orders & completed)))
    verb = "booked" if automatic else "drafted"
    yield Row(shop.shop, f"invoices {verb}, once", str(len(due)), str(len(made)))
    charged = sum((Decimal(str(orders[number]["total"])) for number in due), Decimal(0))
    invoiced = sum((Decimal(row["grossAmount"]) for row in made.values()), Decimal(0))
    yield Row(shop.shop, f"charged = {verb}", f"{charged:.2f}", f"{invoiced:.2f}")
    wrong = [n for n, row in made.items() if Decimal(row["grossAmount"]) != Decimal(str(orders[n]["total"]))]
    yield Row(shop.shop, "invoices that differ from their order", "0", str(len(wrong)))


def _documents_of(shop: ShopSettings, rows: Sequence[Any]) -> dict[str, Any]:
    references = {row["references"]["other"]: row for row in rows}
    return {key.split("-")[1]: row for key, row in references.items() if key.startswith(f"{shop.shop}-")}


def _is(kept: Kept, shop: ShopSettings, kind: str) -> bool:
    return kept.key.startswith(f"{shop.shop}-") and kept.key.endswith(f"-{kind}")


def _belongs(order: Mapping[str, Any], shop: ShopSettings) -> bool:
    return str(order["heading"]).startswith(f"{shop.shop}-")


def _orders(urls: Mapping[str, str], shop: ShopSettings) -> dict[str, Any]:
    return {str(order["id"]): order for order in state(urls[shop.shop])["orders"]}


def _has_lines(order: Mapping[str, Any]) -> bool:
    return bool(order.get("lines") or order.get("line_items"))


def _documents(ledger_url: str) -> Iterator[Kept]:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.key, documents.c.flow, documents.c.status, documents.c.reason)
        rows = connection.execute(query.where(documents.c.source_id.is_not(None)).order_by(documents.c.id)).all()
    engine.dispose()
    for row in rows:
        yield Kept(row.key, row.flow, row.status, row.reason)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
