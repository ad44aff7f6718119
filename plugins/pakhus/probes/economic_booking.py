"""What the accounts' newest invoices show: how the agreement rounds VAT, and whether Rackbeat invoices, too."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_errors import SYSTEM
from pakhus.flows.double_invoicing import invoices_of_warehouse_orders
from pakhus.formats.economic import booked_number, lines_from_economic, totals_from_economic
from pakhus.model import InvoiceLine
from pakhus.probes.findings import Findings
from pakhus.probes.mapped import key_in
from pakhus.rules.mappings import AccountingMapping, RoundingMode
from pakhus.rules.validation import modes_of
from pakhus.settings import ShopSettings

# Most invoices are the same under both modes; of so many one usually tells. Each costs 13 calls (economic.md 2.8).
_LOOKED_AT = 8


def check_rounding(client: EconomicClient, findings: Findings, parts: Sequence[tuple[str, AccountingMapping]]) -> None:
    """Note a mapping whose rounding_mode is not the one that the newest booked invoices show."""
    shown = findings.ask(partial(shown_rounding, client)) if parts else None
    if shown is None:
        return
    mode, number = shown
    findings.facts.append(f"VAT is rounded once per {mode.value}: invoice {number} shows it")
    for name, part in parts:
        if part.rounding_mode is not mode:
            findings.operator(
                f"{key_in(name, 'economic', 'rounding_mode')} is {part.rounding_mode.value}, but {SYSTEM} rounds VAT "
                f"per {mode.value}: invoice {number} shows it",
                f"Write {mode.value}; orders that were held for it go on by themselves.",
            )


def check_double_invoicing(client: EconomicClient, findings: Findings, shops: Sequence[ShopSettings]) -> None:
    """Note invoices that Rackbeat has made of shops' orders: sales would be posted twice."""
    for shop in shops:
        if shop.rackbeat is None:
            continue
        found = findings.ask(partial(_first_of, client, shop.shop))
        if found:
            findings.operator(
                f"{SYSTEM} has {found}, made by Rackbeat of an order of {shop.shop}: each sale would be posted twice",
                "Switch off the transfer of sales invoices in Rackbeat's e-conomic app (the rest of it may stay on).",
            )


def _first_of(client: EconomicClient, shop: str) -> str:
    return next(invoices_of_warehouse_orders(client, shop), "")


def shown_rounding(client: EconomicClient) -> tuple[RoundingMode, str] | None:
    """How the newest booked invoices round VAT, and the number of one that shows it; None where none does."""
    for row in client.newest_booked(_LOOKED_AT):
        number = booked_number(row)
        document = client.get_booked(number)
        lines = [
            # Two VAT codes of one rate on one invoice would be taken for one: rare, and then no mode fits.
            InvoiceLine(line.product_number, "", Decimal(1), line.net, line.rate, str(line.rate))
            for line in lines_from_economic(document)
        ]
        modes = modes_of(lines, totals_from_economic(document))
        if len(modes) == 1:
            return next(iter(modes)), number
    return None
