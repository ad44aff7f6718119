"""From an order to the request that drafts its invoice: plan, date, terms, customer (design, decisions 7 and 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.flows.accounts_customers import AccountsCustomers
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.open_days import OpenDays
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.refund_reading import OrderRefunds
from pakhus.formats.economic import invoice_to_economic
from pakhus.formats.economic_drafts import lines_of
from pakhus.ledger.connection import Ledger
from pakhus.model import ZERO, Invoice, Order
from pakhus.reasons import Verdict
from pakhus.rules.invoices import InvoicePlan, numbers_needed, plan_invoice
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payments import InvoiceTerms, less_taken_off, terms_of, with_cards
from pakhus.rules.refunded_invoices import less_refunds, refund_products
from pakhus.rules.states import Shipped, invoice_moment
from pakhus.rules.vat import decide_vat, destination
from pakhus.settings import ShopSettings


@dataclass(frozen=True, slots=True)
class Drafter:
    """Plans invoices of one shop and words them for e-conomic."""

    ledger: Ledger
    settings: ShopSettings
    mapping: AccountingMapping
    customers: AccountsCustomers
    reader: AccountsReader
    refunds: OrderRefunds

    def plan(self, order: Order, *, then: bool = False) -> InvoicePlan | Verdict:
        """Return the lines and totals of the invoice of what is left of an order, or why there are none.

        `then`: the order is an earlier version, of which a draft was made. StoppedError when a refund cannot be read.
        """
        renamed = self.settings.mapping.product_numbers
        vat = decide_vat(order, self.mapping)
        if isinstance(vat, Verdict):
            return vat
        numbers = numbers_needed(order, self.mapping, renamed, vat)
        if isinstance(numbers, Verdict):
            return numbers
        plan = plan_invoice(order, self.mapping, renamed, vat, self.reader.facts(numbers, vat.zone))
        if isinstance(plan, Verdict) or not order.credit_ids:
            return plan
        refunds = self.refunds.once_of(order) if then else self.refunds.of_order(order)
        facts = self.reader.facts((*numbers, *refund_products(plan, self.mapping)), vat.zone)
        return less_refunds(plan, order, refunds, self.mapping, facts)

    def is_of_fewer_refunds(self, order: Order, draft: Mapping[str, Any]) -> bool:
        """Whether a draft is what we would have made of the order before the last of its refunds, or of several."""
        for count in range(len(order.credit_ids)):
            plan = self.plan(replace(order, credit_ids=order.credit_ids[:count]), then=True)
            if not isinstance(plan, Verdict) and lines_of(draft) == [
                (line.product_number, line.quantity, line.unit_price) for line in plan.lines
            ]:
                return True
        return False

    def body(self, key: str, order: Order, plan: InvoicePlan, shipped: Shipped) -> dict[str, Any]:
        """Return the body of the draft. Raises StoppedError when the order names what the mapping does not have."""
        payment, delivered, day = self.terms_and_days(order, shipped, plan.taken_off)
        party = self.customers.party_of(order, plan.vat)
        invoice = Invoice(
            key=key,
            currency=order.currency,
            invoice_date=day,
            customer_number=party.number,
            recipient=order.billing,
            delivery=destination(order),
            vat_zone=plan.vat.zone,
            layout=payment.layout or self.mapping.layout,
            payment_terms=payment.terms,
            lines=plan.lines,
            predicted=plan.predicted,
            correction=plan.correction,
            heading=f"Ordre {order.number}",
            text=plan.vat.legal_text,
            ean=party.ean,
            contact=party.contact,
            requisition=party.requisition,
            account_string=party.account_string,
            delivery_date=None if day == delivered else delivered,
            employee=payment.employee or self.mapping.employee,
            exchange_rate=plan.exchange_rate,
        )
        return invoice_to_economic(invoice, self.mapping.country_names)

    def terms_and_days(
        self, order: Order, shipped: Shipped, taken_off: Decimal = ZERO
    ) -> tuple[InvoiceTerms, date, date]:
        """Return the payment terms, the day of delivery and the day that the invoice carries; asks for no customer.

        Raises StoppedError when the mapping or the periods of the accounts have no answer.
        """
        left = less_taken_off(order, taken_off)
        payment = left if isinstance(left, Verdict) else terms_of(left, *with_cards(order, self.mapping))
        if isinstance(payment, Verdict):
            raise StoppedError(payment)
        delivered = self._delivered(order, shipped)
        return payment, delivered, self._days.of(delivered)

    def is_open(self, day: date) -> bool:
        """Whether an invoice may be dated so."""
        return self._days.is_open(day)

    @property
    def _days(self) -> OpenDays:
        return OpenDays(self.ledger, self.mapping, self.reader, self.settings.timezone)

    def _delivered(self, order: Order, shipped: Shipped) -> date:
        """The day the goods went as far as anybody says it (design, decision 8)."""
        moment = invoice_moment(order, shipped) or self.ledger.now()
        return moment.astimezone(ZoneInfo(self.settings.timezone)).date()
