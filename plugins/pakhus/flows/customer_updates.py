"""What of a customer in e-conomic follows the newest order: the fields that the mapping lists, and no others.

VAT zone, currency and group never follow (domain guide 5.4). Nothing is asked while an order says what the last one
said, and an older order changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.errors import DataError
from pakhus.flows.exactly_once import ECONOMIC, Found, Step, Writer
from pakhus.flows.outcomes import stop
from pakhus.flows.shared_records import SharedRecords
from pakhus.formats.economic import customer_number
from pakhus.formats.economic_customers import changing_members, replaced_customer
from pakhus.ledger import customer_identities
from pakhus.ledger.claims import Claim
from pakhus.ledger.customer_identities import Facts
from pakhus.ledger.documents import Document
from pakhus.model import Order
from pakhus.rules.customer_mapping import CustomerField
from pakhus.rules.customers import CustomerClass

_SUBJECT_LENGTH = 8


@dataclass(frozen=True, slots=True)
class CustomerUpdates:
    """Brings customers of one agreement up to date."""

    accounts: EconomicClient
    records: SharedRecords
    country_names: Mapping[str, str]

    def follow(self, number: int, order: Order, buyers: CustomerClass, fields: Collection[CustomerField]) -> None:
        """Make the customer say what the order says, if it is the newest. Raises StoppedError while unsettled."""
        ledger, target = self.records.ledger, self.records.target
        changes = changing_members(order, buyers, fields, self.country_names)
        with ledger.begin() as tx:
            facts = Facts(customer_identities.digest(tx, json.dumps(changes, sort_keys=True)), order.placed_at)
            known = customer_identities.facts_of(tx, target, number)
        if known is not None and (known.digest == facts.digest or known.as_of > facts.as_of):
            return
        subject = f"{order.shop}-{order.id}-{facts.digest[:_SUBJECT_LENGTH]}"
        self.records.under_claim(
            "customer_update",
            str(number),
            lambda document, claim: self._write(document, claim, number, changes, subject),
        )
        ledger.persist(lambda tx: customer_identities.note_facts(tx, target, number, facts))

    def _write(self, document: Document, claim: Claim, number: int, changes: Mapping[str, str], subject: str) -> None:
        step = Step("update_customer", customer_number, lambda _: self._as_wanted(number, changes), subject=subject)
        writer = Writer(self.records.ledger, claim, document, ECONOMIC, self.accounts.send)
        if writer.known(step) is not None:
            return
        customer = self.accounts.find_customer(number)
        if customer is None or _says(customer, changes):
            return  # a deleted one is found out when the invoice is refused
        try:
            writer.make(step, economic.replace_customer(number, replaced_customer(customer, changes)))
        except DataError as refusal:
            raise stop("customer_refused", system="e-conomic", problem=refusal) from refusal

    def _as_wanted(self, number: int, changes: Mapping[str, str]) -> Found | None:
        customer = self.accounts.find_customer(number)
        return Found(str(number), customer) if customer is not None and _says(customer, changes) else None


def _says(customer: Mapping[str, Any], changes: Mapping[str, str]) -> bool:
    return all(customer.get(name) == text for name, text in changes.items())
