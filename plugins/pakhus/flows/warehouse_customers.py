"""Customers in Rackbeat: one for all buyers, or one each, never two for the same e-mail (rackbeat.md 6)."""

from __future__ import annotations

from dataclasses import dataclass

from pakhus.clients import rackbeat
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.flows.exactly_once import RACKBEAT, Found, Step, Writer
from pakhus.flows.outcomes import stop
from pakhus.flows.shared_records import SharedRecords
from pakhus.formats.rackbeat import CustomerDefaults, customer_number, customer_to_rackbeat
from pakhus.ledger import customer_identities
from pakhus.ledger.claims import Claim
from pakhus.ledger.customer_identities import Identity
from pakhus.ledger.documents import Document
from pakhus.model import Order
from pakhus.rules.customer_mapping import CollectiveCustomer
from pakhus.rules.mappings import RackbeatCustomerEach, WarehouseMapping


@dataclass(frozen=True, slots=True)
class WarehouseCustomers:
    """Finds or creates the customer of an order in one Rackbeat account."""

    warehouse: RackbeatClient
    records: SharedRecords
    mapping: WarehouseMapping

    def number_for(self, order: Order) -> int:
        """Return the customer's number. Raises StoppedError when it cannot be told, or its creation is not settled."""
        customers = self.mapping.customers
        if isinstance(customers, CollectiveCustomer):
            return customers.number
        email, ledger, target = _email(order), self.records.ledger, self.records.target
        if not email:
            raise stop("customer_not_identified", by="e-mail")
        identity = Identity("email", email)
        with ledger.begin() as tx:
            known = customer_identities.find(tx, target, identity)
        if known is not None and known.number is not None:
            return known.number
        # One that was deleted in the warehouse leaves its name to nobody.
        name = f"{email}#{known.generation}" if known is not None and known.generation else email
        number = int(
            self.records.remote_id(
                "customer", name, lambda document, claim: self._create(document, claim, order, email, customers)
            )
        )
        ledger.persist(lambda tx: customer_identities.note(tx, target, [identity], number))
        return number

    def look_again(self, order: Order) -> None:
        """After a refusal: raise StoppedError when the customer was deleted, who is then searched for anew."""
        if isinstance(self.mapping.customers, CollectiveCustomer):
            return
        ledger, target, identity = self.records.ledger, self.records.target, Identity("email", _email(order))
        with ledger.begin() as tx:
            known = customer_identities.find(tx, target, identity)
        number = None if known is None else known.number
        if number is not None and self.warehouse.find_customer(number) is None:
            gone = number
            ledger.persist(lambda tx: customer_identities.forget(tx, target, gone))
            raise stop("customer_gone", due_at=ledger.now(), number=number)

    def _create(
        self, document: Document, claim: Claim, order: Order, email: str, customers: RackbeatCustomerEach
    ) -> str:
        step = Step("create_customer", customer_number, lambda _: self._existing(email))
        writer = Writer(self.records.ledger, claim, document, RACKBEAT, self.warehouse.send)
        known = writer.known(step) or self._existing(email)
        if known is not None:
            return known.remote_id
        defaults = CustomerDefaults(
            group=customers.group,
            payment_terms=customers.payment_terms,
            vat_zone=self.mapping.vat_zone,
            layout=self.mapping.layout,
        )
        return writer.make(step, rackbeat.create_customer(customer_to_rackbeat(order, defaults))).remote_id

    def _existing(self, email: str) -> Found | None:
        hits = self.warehouse.customers_with_email(email)
        if len(hits) > 1:
            numbers = ", ".join(str(hit["number"]) for hit in hits)
            raise stop("customer_ambiguous", count=len(hits), numbers=numbers, by="e-mail")
        if not hits:
            return None
        if hits[0].get("is_barred"):
            raise stop("customer_barred", number=hits[0]["number"])
        return Found(str(int(hits[0]["number"])), {"customer": hits[0]})


def _email(order: Order) -> str:
    return order.billing.email.strip().lower()
