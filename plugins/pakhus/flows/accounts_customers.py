"""Customers in e-conomic: one for all private buyers, or one each, never two for the same e-mail (domain guide 5)."""

from __future__ import annotations

from dataclasses import dataclass

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.flows.exactly_once import ECONOMIC, Found, Step, Writer
from pakhus.flows.outcomes import stop
from pakhus.flows.shared_records import SharedRecords
from pakhus.formats.economic import customer_number, customer_to_economic
from pakhus.ledger.claims import Claim
from pakhus.ledger.documents import Document
from pakhus.model import Order
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, EconomicCustomerEach


@dataclass(frozen=True, slots=True)
class AccountsCustomers:
    """Finds or creates the customer of an order in one e-conomic agreement."""

    accounts: EconomicClient
    records: SharedRecords
    mapping: AccountingMapping

    def number_for(self, order: Order) -> int:
        """Return the customer's number. Raises StoppedError when it cannot be told, or its creation is not settled."""
        if order.buyer.ean or order.buyer.vat_number:
            raise stop("customer_class_unsupported")
        customers = self.mapping.customers
        if isinstance(customers, CollectiveCustomer):
            return customers.number
        email = order.billing.email.strip().lower()
        if not email:
            raise stop("customer_not_identified")
        return int(
            self.records.remote_id(
                "customer", email, lambda document, claim: self._create(document, claim, order, email, customers)
            )
        )

    def _create(
        self, document: Document, claim: Claim, order: Order, email: str, customers: EconomicCustomerEach
    ) -> str:
        step = Step("create_customer", customer_number, lambda _: self._existing(email))
        writer = Writer(self.records.ledger, claim, document, ECONOMIC, self.accounts.send)
        known = writer.known(step) or self._existing(email)
        if known is not None:
            return known.remote_id
        if not customers.create:
            raise stop("customer_missing")
        body = customer_to_economic(order, customers, self.mapping.country_names)
        return writer.make(step, economic.create_customer(body)).remote_id

    def _existing(self, email: str) -> Found | None:
        hits = self.accounts.customers_with_email(email)
        if len(hits) > 1:
            numbers = ", ".join(str(hit["customerNumber"]) for hit in hits)
            raise stop("customer_ambiguous", count=len(hits), numbers=numbers)
        if not hits:
            return None
        if hits[0].get("barred"):
            raise stop("customer_barred", number=hits[0]["customerNumber"])
        return Found(customer_number(hits[0]), hits[0])
