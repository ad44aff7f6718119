"""Customers in e-conomic, per class of buyer: one for all, or one each, never two for one buyer (domain guide 5).

Whom the ledger knows costs no request. Whoever is new is searched for, then created under a claim that all shops of
the agreement share. The order of look-up: what the mapping identifies by; where that is an e-mail or a phone number,
then the shop's own customer, so that a changed e-mail makes no second one.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_customers import customers_named
from pakhus.errors import DataError
from pakhus.flows.accounts_contacts import AccountsContacts
from pakhus.flows.customer_updates import CustomerUpdates
from pakhus.flows.exactly_once import ECONOMIC, Found, Step, Writer
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.shared_records import SharedRecords
from pakhus.formats.economic import customer_number
from pakhus.formats.economic_customers import NewCustomer, customer_to_economic
from pakhus.ledger import customer_identities, installation
from pakhus.ledger.claims import Claim
from pakhus.ledger.customer_identities import Identity
from pakhus.ledger.documents import Document
from pakhus.model import Order
from pakhus.reasons import Verdict
from pakhus.rules.customer_mapping import AnyCustomerEach, CollectiveCustomer, CustomerRule
from pakhus.rules.customers import CustomerClass, IdentifyBy, ean_of, identity_of, rule_of
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.vat import VatDecision

_SYSTEM = "e-conomic"
_WORDS = {
    IdentifyBy.EMAIL: "e-mail",
    IdentifyBy.PHONE: "phone number",
    IdentifyBy.VAT_NUMBER: "CVR or VAT number",
    IdentifyBy.EAN: "EAN",
}


@dataclass(frozen=True, slots=True)
class InvoiceParty:
    """Whose the invoice is: customer, and for a public body EAN, contact person, requisition and account string."""

    number: int
    ean: str = ""
    contact: int | None = None
    requisition: str = ""
    account_string: str = ""


class Foreseen(StrEnum):
    """What would be done for the customer of an invoice."""

    COLLECTIVE = "collective"  # the mapping's one customer for all
    FOUND = "found"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class ForeseenCustomer:
    """Whose an invoice would be: the customer's number, or a pseudonym that all orders of a new one share."""

    what: Foreseen
    name: str


@dataclass(frozen=True, slots=True)
class AccountsCustomers:
    """Finds, creates and updates the customer of an order in one e-conomic agreement."""

    accounts: EconomicClient
    records: SharedRecords
    mapping: AccountingMapping
    _looked_for: dict[tuple[IdentifyBy, str], Found | None] = field(default_factory=dict)  # by `foresee`, in one run
    _turns: dict[tuple[IdentifyBy, str], threading.Lock] = field(default_factory=dict)

    def party_of(self, order: Order, vat: VatDecision) -> InvoiceParty:
        """Return whose the invoice is. Raises StoppedError when that cannot be told, or a creation is not settled."""
        buyers, rule = self._rule(order)
        if isinstance(rule, CollectiveCustomer):
            return InvoiceParty(rule.number)
        number = self._number(NewCustomer(order, buyers, vat.zone), rule)
        if rule.update:
            updates = CustomerUpdates(self.accounts, self.records, self.mapping.country_names)
            updates.follow(number, order, buyers, rule.update)
        if buyers is not CustomerClass.PUBLIC:
            return InvoiceParty(number)
        return InvoiceParty(
            number,
            ean=ean_of(order) or "",
            contact=AccountsContacts(self.accounts, self.records).number_for(number, order),
            requisition=order.buyer.requisition,
            account_string=order.attributes.get("account_string", ""),
        )

    def foresee(self, order: Order) -> ForeseenCustomer:
        """Return whose the invoice would be, and write nothing. Raises StoppedError where `party_of` would stop."""
        buyers, rule = self._rule(order)
        if isinstance(rule, CollectiveCustomer):
            return ForeseenCustomer(Foreseen.COLLECTIVE, str(rule.number))
        by = IdentifyBy(rule.identify)
        value = _needed_identity(order, by)
        known = self._known(_identities(order, buyers, by))
        if known is not None:
            return ForeseenCustomer(Foreseen.FOUND, str(known))
        with self._turns.setdefault((by, value), threading.Lock()):  # several threads have orders of one buyer
            if (by, value) not in self._looked_for:
                self._looked_for[by, value] = self._existing(by, value)
            found = self._looked_for[by, value]
        if found is not None:
            return ForeseenCustomer(Foreseen.FOUND, found.remote_id)
        if not rule.create:
            raise stop("customer_missing", by=_WORDS[by])
        with self.records.ledger.begin() as tx:
            return ForeseenCustomer(Foreseen.NEW, installation.read(tx).pseudonym(self._record_name(by, value)))

    def look_again(self, order: Order) -> None:
        """After a refusal: raise StoppedError when the customer was deleted, who is then searched for anew."""
        buyers, rule = self._rule(order)
        if isinstance(rule, CollectiveCustomer):
            return
        known = self._known(_identities(order, buyers, IdentifyBy(rule.identify)))
        if known is None:
            return
        ledger, target = self.records.ledger, self.records.target
        if self.accounts.find_customer(known) is None:
            ledger.persist(lambda tx: customer_identities.forget(tx, target, known))
            raise stop("customer_gone", due_at=ledger.now(), number=known)
        if buyers is CustomerClass.PUBLIC:
            AccountsContacts(self.accounts, self.records).look_again(known, order)

    def _rule(self, order: Order) -> tuple[CustomerClass, CustomerRule]:
        found = rule_of(order, self.mapping)
        if isinstance(found, Verdict):
            raise StoppedError(found)
        return found

    def _number(self, new: NewCustomer, rule: AnyCustomerEach) -> int:
        by = IdentifyBy(rule.identify)
        value = _needed_identity(new.order, by)
        identities = _identities(new.order, new.buyers, by)
        known = self._known(identities)
        number = known if known is not None else self._looked_up(new, rule, by, value)
        target = self.records.target
        self.records.ledger.persist(lambda tx: customer_identities.note(tx, target, identities, number))
        return number

    def _known(self, identities: list[Identity]) -> int | None:
        """The customer by the first name that the ledger knows."""
        with self.records.ledger.begin() as tx:
            for identity in identities:
                known = customer_identities.find(tx, self.records.target, identity)
                if known is not None and known.number is not None:
                    return known.number
        return None

    def _looked_up(self, new: NewCustomer, rule: AnyCustomerEach, by: IdentifyBy, value: str) -> int:
        name = self._record_name(by, value)
        return int(
            self.records.remote_id(
                "customer", name, lambda document, claim: self._create(document, claim, new, rule, (by, value))
            )
        )

    def _record_name(self, by: IdentifyBy, value: str) -> str:
        """What the shared record goes by; one that was deleted in the accounts leaves its name to nobody."""
        with self.records.ledger.begin() as tx:
            known = customer_identities.find(tx, self.records.target, Identity(by.value, value))
        name = value if by is IdentifyBy.EMAIL else f"{by.value}:{value}"
        return f"{name}#{known.generation}" if known is not None and known.generation else name

    def _create(
        self, document: Document, claim: Claim, new: NewCustomer, rule: AnyCustomerEach, named: tuple[IdentifyBy, str]
    ) -> str:
        step = Step("create_customer", customer_number, lambda _: self._existing(*named))
        writer = Writer(self.records.ledger, claim, document, ECONOMIC, self.accounts.send)
        known = writer.known(step) or self._existing(*named)
        if known is not None:
            return known.remote_id
        if not rule.create:
            raise stop("customer_missing", by=_WORDS[named[0]])
        body = customer_to_economic(new, rule, self.mapping.country_names)
        try:
            return writer.make(step, economic.create_customer(body)).remote_id
        except DataError as refusal:
            raise stop("customer_refused", system=_SYSTEM, problem=refusal) from refusal

    def _existing(self, by: IdentifyBy, value: str) -> Found | None:
        hits: list[Mapping[str, Any]] = customers_named(self.accounts, by, value)
        if len(hits) > 1:
            numbers = ", ".join(str(hit["customerNumber"]) for hit in hits)
            raise stop("customer_ambiguous", count=len(hits), numbers=numbers, by=_WORDS[by])
        if not hits:
            return None
        if hits[0].get("barred"):
            raise stop("customer_barred", number=hits[0]["customerNumber"])
        return Found(customer_number(hits[0]), hits[0])


def _needed_identity(order: Order, by: IdentifyBy) -> str:
    value = identity_of(order, by)
    if value is None:
        raise stop("customer_not_identified", by=_WORDS[by])
    return value


def _identities(order: Order, buyers: CustomerClass, by: IdentifyBy) -> list[Identity]:
    """The names of an order's customer, surest first.

    The shop's own customer counts with the name on the bill: shops put telephone sales on one account of their own.
    """
    value = identity_of(order, by)
    found = [Identity(by.value, value)] if value is not None else []
    if by in (IdentifyBy.EMAIL, IdentifyBy.PHONE) and order.buyer.customer_id is not None:
        name = " ".join((order.billing.company or order.billing.name).casefold().split())
        found.append(Identity("shop_customer", f"{order.shop}:{order.buyer.customer_id}:{buyers.value}:{name}"))
    return found
