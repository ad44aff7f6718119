"""Read what a shop's settings could say from the systems: the accounts' lists, the warehouse's, the shop's orders.

Reads only. What is proposed and why is decided by `pakhus.rules.proposals` and its neighbours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

import simplejson

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_journals import EconomicJournals
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.rackbeat_stock import read_stock_follows_invoices
from pakhus.clients.webshop import Seen, ShopFacts, Webshop
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.model import Window
from pakhus.probes.ean_fields import keys_with_ean
from pakhus.probes.economic_booking import shown_rounding
from pakhus.probes.economic_lists import rows_of
from pakhus.probes.findings import Findings
from pakhus.probes.rackbeat import reference_rows
from pakhus.rules import proposed_settings as proposed
from pakhus.rules.mappings import RoundingMode
from pakhus.rules.proposals import Choice, Proposal
from pakhus.rules.proposed_payments import Method, MoneyLists, Term
from pakhus.rules.proposed_products import GENERIC_NUMBERS, candidates

Answers = Mapping[str, str]
# A person waits for the answer: of a large shop these tell enough.
_MOST_PAGES = 10
_HOME_ZONE = 1  # economic.md 3: domestic, in every agreement


@dataclass(slots=True)
class ShopUse:
    """What the shop is and what its newest orders use: payment methods, currencies, fields of plugins."""

    facts: ShopFacts | None = None
    orders: int = 0
    methods: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    ean_fields: Counter[str] = field(default_factory=Counter)

    def add(self, seen: Seen) -> None:
        """Count one order; one that cannot be understood counts for nothing."""
        if seen.order is None:
            return
        self.orders += 1
        self.currencies[seen.order.currency] += 1
        self.states[seen.order.native_state] += 1
        self.methods.update({one.method for one in seen.order.payments if one.method})
        body = simplejson.loads(seen.body, use_decimal=True)
        rows = body.get("meta_data")
        self.fields.update({str(row.get("key")) for row in rows or () if isinstance(row, Mapping) and row.get("value")})
        self.ean_fields.update(set(keys_with_ean(body)))

    def payment_methods(self) -> tuple[Method, ...]:
        """The methods that are on, and those that orders used though they are off by now; the most used first."""
        titles = dict(self.facts.payment_methods) if self.facts else {}
        ids = sorted({*titles, *self.methods}, key=lambda one: (-self.methods[one], one))
        return tuple(Method(one, titles.get(one, ""), self.methods[one]) for one in ids)


def read_shop(shop: Webshop, findings: Findings, since: datetime, until: datetime) -> ShopUse:
    """Ask the shop what it is, and look at the orders of a span."""
    use = ShopUse(findings.ask(shop.probe))
    for problem in use.facts.problems if use.facts else ():
        findings.operator(problem, "Mend what is named in the shop, or its key's rights.")
    if use.facts is not None:
        findings.ask(partial(_count, shop, use, since, until))
    return use


def _count(shop: Webshop, use: ShopUse, since: datetime, until: datetime) -> None:
    for page in islice(shop.placed(Window(since, until)), _MOST_PAGES):
        for seen in page.orders:
            use.add(seen)


def propose_warehouse(client: RackbeatClient, findings: Findings, answers: Answers) -> tuple[Proposal, ...]:
    """Propose the part `rackbeat` of a mapping; what could not be read is in the findings."""

    def read(path: str) -> Sequence[Mapping[str, Any]]:
        return findings.ask(partial(reference_rows, client, path)) or ()

    follows = findings.ask(lambda: (read_stock_follows_invoices(client),))
    lists = proposed.WarehouseLists(
        customer_groups=_choices(read("customer-groups")),
        terms=_choices(read("payment-terms")),
        layouts=_choices(read("layouts")),
        product_groups=[
            (Choice(str(row["number"]), str(row.get("name") or "")), row.get("vat_domestic"))
            for row in read("product-groups")
            if row.get("has_inventory")
        ],
        locations=[(_choice(row), bool(row.get("is_default"))) for row in read("locations")],
        units=_choices(read("units")),
        follows_invoices=follows[0] if follows else None,
    )
    return proposed.warehouse(lists, answers)


def propose_accounts(
    client: EconomicClient, findings: Findings, use: ShopUse, answers: Answers
) -> tuple[Proposal, ...]:
    """Propose the part `economic` of a mapping; what could not be read is in the findings."""

    def read(path: str, number: str) -> Sequence[Mapping[str, Any]]:
        return findings.ask(partial(rows_of, client, path, number)) or ()

    def rows(path: str, number: str) -> list[Choice]:
        found = [row for row in read(path, number) if not row.get("deleted") and not row.get("barred")]
        return [Choice(str(row[number]), str(row.get("name") or "")) for row in found]

    names = {row.value: row.name for row in rows("products", "productNumber")}
    lists = proposed.AccountsLists(
        customer_groups=rows("customer-groups", "customerGroupNumber"),
        layouts=rows("layouts", "layoutNumber"),
        employees=rows("employees", "employeeNumber"),
        zones=rows("vat-zones", "vatZoneNumber"),
        currencies=[row.value for row in rows("currencies", "code")],
        money=MoneyLists(
            [_term(row) for row in read("payment-terms", "paymentTermsNumber")],
            [_named(row, "accountNumber") for row in read("accounts", "accountNumber") if _takes_entries(row)],
            _journals(client, findings),
        ),
        products=names,
        rates=_rates(client, findings, names),
        rounding=_rounding(client, findings),
    )
    currency = (use.facts.currency if use.facts else "") or "DKK"
    return proposed.accounts(lists, use.payment_methods(), currency, list(use.currencies), answers)


def _rates(client: EconomicClient, findings: Findings, names: Mapping[str, str]) -> Mapping[str, Decimal]:
    """The VAT at home of the products that could carry lines."""
    wanted = {number for numbers in candidates(names).values() for number in numbers}
    wanted |= {number for number in GENERIC_NUMBERS if number in names}
    facts = findings.ask(lambda: AccountsReader(client).facts(sorted(wanted), _HOME_ZONE))
    return {} if facts is None else {number: vat.rate for number, vat in facts.vat.items()}


def _rounding(client: EconomicClient, findings: Findings) -> RoundingMode | None:
    shown = findings.ask(lambda: shown_rounding(client))
    return None if shown is None else shown[0]


def _journals(client: EconomicClient, findings: Findings) -> list[Choice]:
    """The journals that take customer payments."""
    read: Callable[[], list[Any]] = EconomicJournals(client).journals
    found = findings.ask(read) or []
    kinds = [(row, (row.get("settings") or {}).get("entryTypeRestrictedTo")) for row in found]
    return [_named(row, "journalNumber") for row, kind in kinds if kind in (None, "", "customerPayment")]


def _takes_entries(row: Mapping[str, Any]) -> bool:
    return row.get("accountType") == "status" and not row.get("barred") and not row.get("blockDirectEntries")


def _term(row: Mapping[str, Any]) -> Term:
    contra = (row.get("contraAccountForRemainderAmount") or {}).get("accountNumber")
    kind, number = str(row.get("paymentTermsType") or ""), int(row["paymentTermsNumber"])
    return Term(number, str(row.get("name") or ""), kind, None if contra is None else int(contra))


def _named(row: Mapping[str, Any], number: str) -> Choice:
    return Choice(str(row[number]), str(row.get("name") or ""))


def _choice(row: Mapping[str, Any]) -> Choice:
    return _named(row, "number")


def _choices(rows: Sequence[Mapping[str, Any]]) -> list[Choice]:
    return [_choice(row) for row in rows]
