"""What must hold when the trouble is over: nothing lost, nothing doubled, money equal, the ledger true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.ledger.schema import attempts, documents, stock_levels
from tests.faults.money import PAYOUT, TOTAL, settled_amounts
from tests.faults.scene import HELD, INVOICED, REFUNDED, RESERVED, Scene, refunds_of

States = Mapping[str, Any]
"""What each system has, by its name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be. `kind`: lost, doubled, untrue."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What is to hold in a scene, and how many documents are still to come to their end."""

    findings: Callable[[Scene], list[Finding]]
    open_documents: Callable[[Scene], int]


def findings(scene: Scene) -> list[Finding]:
    """Compare all systems and the ledger."""
    states = {name: server.get("state") for name, server in scene.servers.items()}
    return [
        *in_warehouse(states["rackbeat"]),
        *in_accounts(states, (INVOICED, RESERVED)),
        *credited(states),
        *shipments_told(states),
        *stock_shown(scene, states),
        *payments_entered(states, (INVOICED, RESERVED)),
        *paid_back(states),
        *paid_out(scene, states, {INVOICED: TOTAL, RESERVED: Decimal(0)}),
        *nothing_open(scene),
        *_ledger(scene, states),
    ]


def open_documents(scene: Scene) -> int:
    """How many documents still wait for an outcome or their turn; one while the shipments are not known."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.id).where(
            documents.c.status.in_(("due", "waiting")), documents.c.reason != "not_shipped"
        )
        found = len(connection.execute(query).all())
        known = len(connection.execute(select(documents.c.id).where(documents.c.kind == "shipment")).all())
    engine.dispose()
    return found or int(known == 0)


def in_warehouse(state: Mapping[str, Any]) -> Iterator[Finding]:
    """The order is reserved once, and nothing else is there."""
    key = f"nordlys-{RESERVED}-order"
    orders = [order for order in _rows(state["orders"]) if order["heading"] == key]
    yield from _once(f"the reservation {key}", orders)
    if len(_rows(state["orders"])) != len(orders):
        yield Finding("untrue", "the warehouse has orders that nobody asked for")
    if orders and not orders[0]["is_booked"]:
        yield Finding("lost", f"{key} is not booked: nothing is reserved")
    yield from _no_double_customer("warehouse", state, "contact_email")


def in_accounts(states: States, orders: Sequence[str]) -> Iterator[Finding]:
    """Each of these orders is invoiced once, over what was charged, and no draft is left."""
    state, keys = states["economic"], {f"nordlys-{order}-invoice": order for order in orders}
    booked = {key: [row for row in _rows(state["booked"]) if row["references"]["other"] == key] for key in keys}
    charged = {str(order["id"]): Decimal(order["total"]) for order in states["woocommerce"]["orders"]}
    for key, found in booked.items():
        yield from _once(f"the invoice {key}", found)
        for invoice in found:
            if Decimal(invoice["grossAmount"]) != charged[keys[key]]:
                yield Finding("untrue", f"{key} is {invoice['grossAmount']}, charged was {charged[keys[key]]}")
    if _rows(state["drafts"]):
        yield Finding("doubled", f"{len(_rows(state['drafts']))} drafts were left behind")
    invoices = [row for row in _rows(state["booked"]) if "-credit" not in row["references"]["other"]]
    if len(invoices) != sum(map(len, booked.values())):
        yield Finding("untrue", "the accounts have invoices that nobody asked for")
    if state["drafts_wiped"]:
        yield Finding("lost", "all drafts of the agreement were deleted")
    yield from _no_double_customer("accounts", state, "email")


def credited(states: States) -> Iterator[Finding]:
    """Each refund was credited once, over its amount, and nothing else was."""
    found = [row for row in _rows(states["economic"]["booked"]) if "-credit" in row["references"]["other"]]
    refunds = _refunds(states)
    if len(refunds) != len(REFUNDED):
        yield Finding("lost", f"the shop has {len(refunds)} refunds")
    for refund, amount in refunds.items():
        key = f"nordlys-{INVOICED}-credit{refund}"
        notes = [row for row in found if row["references"]["other"] == key]
        yield from _once(f"the credit note {key}", notes)
        for note in notes:
            if Decimal(note["grossAmount"]) != -amount:
                yield Finding("untrue", f"{key} is {note['grossAmount']}, refunded was {amount}")
    if len(found) > len(refunds):
        yield Finding("untrue", "the accounts have credit notes that nobody asked for")


def payments_entered(states: States, orders: Sequence[str]) -> Iterator[Finding]:
    """The payment of each of these orders was entered once."""
    for order in orders:
        yield from _one_voucher(states, f"nordlys-{order}-payment1")


def paid_back(states: States) -> Iterator[Finding]:
    """Each refund was entered once as paid back, over its amount."""
    for refund, amount in _refunds(states).items():
        key = f"nordlys-{INVOICED}-repayment{refund}"
        yield from _one_voucher(states, key)
        for entry in _rows(states["economic"]["journal_entries"]):
            if key in entry["text"].split() and abs(Decimal(entry["amount"])) != amount:
                yield Finding("untrue", f"{key} is {entry['amount']}, paid back was {amount}")


def paid_out(scene: Scene, states: States, expected: Mapping[str, Decimal]) -> Iterator[Finding]:
    """The payout's voucher is there once and balances, and the ledger says so much of each order was paid out."""
    yield from _one_voucher(states, PAYOUT)
    entries = _rows(states["economic"]["journal_entries"])
    off = sum(Decimal(entry["amount"]) for entry in entries if entry["entryType"] == "financeVoucher")
    if off:
        yield Finding("untrue", f"the payout's voucher is {off} off")
    said = settled_amounts(scene.ledger_url)
    if said != expected:
        yield Finding("untrue", f"the ledger says that {said} was paid out")


def nothing_open(scene: Scene) -> Iterator[Finding]:
    """No write's outcome is left open."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        unsettled = connection.execute(
            select(attempts.c.step).where(attempts.c.status.in_(("planned", "sent", "unknown")))
        ).all()
    engine.dispose()
    if unsettled:
        yield Finding("untrue", f"attempts are still open in the ledger: {[row.step for row in unsettled]}")


def _refunds(states: States) -> dict[str, Decimal]:
    return {str(row["id"]): -Decimal(row["total"]) for row in refunds_of(states["woocommerce"])}


def _one_voucher(states: States, key: str) -> Iterator[Finding]:
    entries = _rows(states["economic"]["journal_entries"])
    vouchers = {entry["voucher"] for entry in entries if key in entry["text"].split()}
    if len(vouchers) != 1:
        yield Finding("doubled" if vouchers else "lost", f"the voucher {key} is there {len(vouchers)} times")


def shipments_told(states: States) -> Iterator[Finding]:
    """The shop was told of each shipment once, and the order that they complete is completed."""
    warehouse, shop = states["rackbeat"], states["woocommerce"]
    notes = shop["notes"].get(RESERVED, [])
    for shipment in _rows(warehouse["shipments"]):
        key = f"nordlys-{RESERVED}-shipment{shipment['id']}"
        yield from _once(f"the note about {key}", [note for note in notes if f"[{key}]" in note])
    state = next(order["status"] for order in shop["orders"] if str(order["id"]) == RESERVED)
    if state != "completed":
        yield Finding("lost", f"order {RESERVED} was shipped, and is {state} in the shop")


def stock_shown(scene: Scene, states: States) -> Iterator[Finding]:
    """What the shop shows is what the warehouse has free, and what the ledger believes that it shows."""
    warehouse, shop = states["rackbeat"], states["woocommerce"]
    shown = {row["sku"]: row["stock_quantity"] for row in shop["products"] if row["manage_stock"] is True}
    free = _available(warehouse)
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        levels = connection.execute(select(stock_levels).where(stock_levels.c.reason == "")).all()
    engine.dispose()
    if len(levels) < 30:
        yield Finding("lost", f"the ledger knows the stock of {len(levels)} products only")
    for level in levels:
        here = shown[level.sku]
        if here != max(free[level.sku], 0):
            yield Finding("lost", f"the shop shows {here} of {level.sku}, the warehouse has {free[level.sku]}")
        if level.confirmed != here:
            yield Finding("untrue", f"the ledger says that the shop shows {level.confirmed} of {level.sku}, not {here}")


def _available(warehouse: Mapping[str, Any]) -> dict[str, Decimal]:
    """Stock minus what booked orders still hold."""
    free = {sku: Decimal(sum(map(Decimal, places.values()))) for sku, places in warehouse["stock"].items()}
    found = {sku: free.get(sku, Decimal(0)) for sku in warehouse["products"]}
    for order in _rows(warehouse["orders"]):
        for line in order["lines"] if order["is_booked"] else ():
            if line["child_id"] in found:
                found[line["child_id"]] -= Decimal(line["quantity"]) - Decimal(line["quantity_shipped"])
    return found


def _ledger(scene: Scene, states: Mapping[str, Any]) -> Iterator[Finding]:
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        rows = {row.key: row for row in connection.execute(select(documents))}
    engine.dispose()
    expected = {
        f"nordlys-{RESERVED}-order": ("done", _numbers(states["rackbeat"]["orders"], "number")),
        f"nordlys-{INVOICED}-invoice": ("done", None),
        f"nordlys-{HELD}-order": ("held", None),
        **{f"nordlys-{INVOICED}-credit{row['id']}": ("done", None) for row in refunds_of(states["woocommerce"])},
    }
    for key, (status, numbers) in expected.items():
        row = rows.get(key)
        if row is None or row.status != status:
            yield Finding("untrue", f"the ledger says {row and (row.status, row.reason)} of {key}, not {status}")
        elif numbers is not None and row.remote_id not in numbers:
            yield Finding("untrue", f"the ledger says that {key} is {row.remote_id}, the warehouse has {numbers}")
    invoice = rows.get(f"nordlys-{INVOICED}-invoice")
    if invoice is not None and invoice.remote_number not in _numbers(
        states["economic"]["booked"], "bookedInvoiceNumber"
    ):
        yield Finding("untrue", f"the ledger has invoice {invoice.remote_number}, the accounts do not")


def _once(what: str, found: list[Any]) -> Iterator[Finding]:
    if not found:
        yield Finding("lost", f"{what} is not there")
    if len(found) > 1:
        yield Finding("doubled", f"{what} is there {len(found)} times")


def _no_double_customer(system: str, state: Mapping[str, Any], field: str) -> Iterator[Finding]:
    emails = [str(row[field]).lower() for row in _rows(state["customers"]) if row.get(field)]
    for email in {email for email in emails if emails.count(email) > 1}:
        yield Finding("doubled", f"the {system} has {emails.count(email)} customers {email}")


def _numbers(table: object, field: str) -> set[str]:
    return {str(row[field]) for row in _rows(table)}


def _rows(table: object) -> list[Any]:
    if isinstance(table, Mapping):
        return list(table.values())
    return list(table) if isinstance(table, Iterable) else []


SHIPPED = Truth(findings, open_documents)
