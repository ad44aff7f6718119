"""Trial posting: reads a shop's orders of a month and plans their invoices as they would be drafted. Writes nothing.

Reads the shop's list and, once per product, group and VAT code, the accounts. Issue: the bookkeeper's approval; domain
guide 3.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pakhus.clients.economic import EconomicClient
from pakhus.clients.webshop import Webshop
from pakhus.flows.drafting import Drafter
from pakhus.flows.imports import ImportMode, settings_for_import
from pakhus.flows.invoices import biller
from pakhus.flows.judging import state_rules
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.refund_reading import ShownRefunds
from pakhus.ledger.connection import Ledger
from pakhus.model import Order, Window
from pakhus.reasons import Status, Verdict
from pakhus.rules.imports import ImportedOrder, Outcomes, outcomes_of
from pakhus.rules.invoices import InvoicePlan
from pakhus.rules.payments import less_taken_off, parts_of, with_cards
from pakhus.rules.states import invoice_verdict
from pakhus.rules.trial_posting import TrialPosting
from pakhus.rulings import Side
from pakhus.settings import ShopSettings

# How far back orders are looked for, in days: no further than it takes to find enough.
_DAYS_BACK = (1, 4, 16, 64, 256)
_MOST_LOOKED_AT = 2000


@dataclass(slots=True)
class Tried:
    """What the newest due orders would post, their reasons and months (2026-11), and how many orders were seen."""

    posting: TrialPosting = field(default_factory=TrialPosting)
    outcomes: Outcomes = field(default_factory=dict)
    months: list[str] = field(default_factory=list)
    looked_at: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """Plans the invoices of one shop's orders without making any."""

    shop: Webshop
    drafter: Drafter
    settings: ShopSettings

    def post(self, window: Window) -> tuple[TrialPosting, Outcomes]:
        """Return what the orders placed in a window would post, and for each of them the reason that it got."""
        posting = TrialPosting()
        return posting, outcomes_of(self._try(order, posting) for order in self._orders(window))

    def newest(self, count: int, until: datetime) -> Tried:
        """Try the newest orders that are due by their state, placed before `until`."""
        tried, due, zone = Tried(), dict[str, Order](), ZoneInfo(self.settings.timezone)
        end = until
        for days in _DAYS_BACK:
            start = until - timedelta(days=days)
            for order in self._orders(Window(start, end)):
                tried.looked_at += 1
                if invoice_verdict(order, state_rules(self.settings)).status is Status.DUE:
                    due[order.id] = order
            if len(due) >= count or tried.looked_at >= _MOST_LOOKED_AT:
                break
            end = start
        orders = sorted(due.values(), key=lambda order: order.placed_at)[-count:]
        tried.months = sorted({f"{order.placed_at.astimezone(zone):%Y-%m}" for order in orders})
        tried.outcomes = outcomes_of(self._try(order, tried.posting) for order in orders)
        return tried

    def _orders(self, window: Window) -> Iterator[Order]:
        for page in self.shop.placed(window):
            for seen in page.orders:
                order = seen.order_to(Side.ACCOUNTS)
                if order is not None:
                    yield order

    def _try(self, order: Order, posting: TrialPosting) -> ImportedOrder:
        verdict = invoice_verdict(order, state_rules(self.settings))
        if verdict.status is Status.DUE:
            plan = self._planned(order)
            verdict = plan if isinstance(plan, Verdict) else Verdict.of("dry_run")
            if not isinstance(plan, Verdict):
                mapping = self.drafter.mapping
                facts = self.drafter.reader.facts({line.product_number for line in plan.lines}, plan.vat.zone)
                posting.add_invoice(order.currency, plan, facts, mapping.rounding_mode)
                verdict = self._add_payments(order, plan.taken_off, posting) or verdict
                if plan.taken_off:  # as it would be invoiced: of what was refunded there is no invoice
                    gross = order.total.amount - plan.taken_off
                    return ImportedOrder(order.number, verdict, order.currency, gross, plan.predicted.vat)
        return ImportedOrder(order.number, verdict, order.currency, order.total.amount, order.vat_total)

    def _planned(self, order: Order) -> InvoicePlan | Verdict:
        try:
            return self.drafter.plan(order)
        except StoppedError as stopped:  # a refund that cannot be understood
            return stopped.verdict

    def _add_payments(self, order: Order, taken_off: Decimal, posting: TrialPosting) -> Verdict | None:
        """Count the order's payments; a verdict when an amount cannot be told, or a method is not mapped."""
        methods, cards = with_cards(order, self.drafter.mapping)
        left = less_taken_off(order, taken_off)
        parts = left if isinstance(left, Verdict) else parts_of(left, cards)
        if isinstance(parts, Verdict):
            return parts
        held = None
        for part in parts:
            method = methods.get(part.method)
            if method is None:
                held = Verdict.of("payment_method_unmapped", method=part.method or "(none)")
            way, account = (method.way.value, method.clearing_account) if method else ("", None)
            posting.add_payment(part.amount.currency, part.method, way, account, part.amount.amount)
        return held


def trial(shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings) -> Trial:
    """Put a shop's trial together: orders of any day, due by their state. ConfigurationError without accounts."""
    judging = settings_for_import(settings, ImportMode.DRY_RUN)
    drafter = replace(biller(shop, accounts, ledger, judging).drafter, refunds=ShownRefunds(shop))
    return Trial(shop, drafter, judging)
