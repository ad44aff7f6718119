"""How a booked invoice or credit note reaches its buyer (domain guide 13; economic.md 3.6, 3.7, 9.1)."""

from __future__ import annotations

from typing import Protocol

from pakhus.model import Order
from pakhus.reasons import Verdict
from pakhus.rules.customer_mapping import CollectiveCustomer
from pakhus.rules.customers import rule_of
from pakhus.rules.mappings import AccountingMapping


class Sending(Protocol):
    """The shop's settings about sending."""

    @property
    def send_email(self) -> bool: ...

    @property
    def send_ean(self) -> bool: ...


def send_by(order: Order, wanted: Sending, mapping: AccountingMapping) -> str:
    """Return what e-conomic is to do with an order's invoice or credit note once it is booked: none, ean or Email.

    A public buyer's invoice goes by EAN or not at all: he must be invoiced electronically. One of a customer for all is
    not mailed: e-conomic writes to the customer's own address, which is somebody else's than the buyer's.
    """
    if order.buyer.ean:
        return "ean" if wanted.send_ean else "none"
    return "Email" if wanted.send_email and not _is_of_all(order, mapping) else "none"


def _is_of_all(order: Order, mapping: AccountingMapping) -> bool:
    found = rule_of(order, mapping)
    return not isinstance(found, Verdict) and isinstance(found[1], CollectiveCustomer)
