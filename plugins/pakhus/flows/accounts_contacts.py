"""Contact persons of public bodies in e-conomic: an electronic invoice names who ordered (economic.md 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.errors import DataError
from pakhus.flows.exactly_once import ECONOMIC, Found, Step, Writer
from pakhus.flows.outcomes import stop
from pakhus.flows.shared_records import SharedRecords
from pakhus.formats.economic_customers import contact_name, contact_number, contact_to_economic
from pakhus.ledger import customer_identities
from pakhus.ledger.claims import Claim
from pakhus.ledger.customer_identities import Identity
from pakhus.ledger.documents import Document
from pakhus.model import Order
from pakhus.rules.customers import email_of


@dataclass(frozen=True, slots=True)
class AccountsContacts:
    """Finds or creates the contact of an order below its customer."""

    accounts: EconomicClient
    records: SharedRecords

    def number_for(self, customer: int, order: Order) -> int:
        """Return the contact's number. Raises StoppedError while its creation is not settled."""
        ledger, target, identity = self.records.ledger, self.records.target, _identity(customer, order)
        with ledger.begin() as tx:
            known = customer_identities.find(tx, target, identity)
        if known is not None and known.number is not None:
            return known.number
        name = f"{identity.kind}:{identity.value}#{known.generation if known else 0}"
        number = int(
            self.records.remote_id(
                "contact", name, lambda document, claim: self._create(document, claim, customer, order)
            )
        )
        ledger.persist(lambda tx: customer_identities.note(tx, target, [identity], number))
        return number

    def look_again(self, customer: int, order: Order) -> None:
        """After a refusal: raise StoppedError when the contact was deleted, who is then searched for anew."""
        ledger, target, identity = self.records.ledger, self.records.target, _identity(customer, order)
        with ledger.begin() as tx:
            known = customer_identities.find(tx, target, identity)
        number = known.number if known is not None else None
        if number is None or self.accounts.find_contact(customer, number) is not None:
            return
        ledger.persist(lambda tx: customer_identities.forget(tx, target, number, contacts=True))
        raise stop("customer_gone", due_at=ledger.now(), number=f"{customer}, contact {number},")

    def _create(self, document: Document, claim: Claim, customer: int, order: Order) -> str:
        step = Step("create_contact", contact_number, lambda _: self._existing(customer, order))
        writer = Writer(self.records.ledger, claim, document, ECONOMIC, self.accounts.send)
        known = writer.known(step) or self._existing(customer, order)
        if known is not None:
            return known.remote_id
        try:
            return writer.make(step, economic.create_contact(customer, contact_to_economic(order))).remote_id
        except DataError as refusal:
            raise stop("customer_refused", system="e-conomic", problem=refusal) from refusal

    def _existing(self, customer: int, order: Order) -> Found | None:
        """The person, told by name and e-mail; of several that are alike the oldest, since they are the same person."""
        rows = [row for row in self.accounts.contacts(customer) if _is_same(row, order)]
        if not rows:
            return None
        oldest = min(rows, key=lambda row: int(row["customerContactNumber"]))
        return Found(contact_number(oldest), oldest)


def _identity(customer: int, order: Order) -> Identity:
    return Identity("contact", f"{customer}:{_folded(contact_name(order))}:{email_of(order) or ''}")


def _is_same(row: Any, order: Order) -> bool:
    email = str(row.get("email") or "").strip().lower()
    return _folded(str(row.get("name") or "")) == _folded(contact_name(order)) and email == (email_of(order) or "")


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
