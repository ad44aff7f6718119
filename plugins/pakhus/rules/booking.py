"""How a booked invoice reaches its buyer (domain guide 13; economic.md 3.6, 3.7, 9.1)."""

from __future__ import annotations

from typing import Protocol

from pakhus.model import Order


class Sending(Protocol):
    """The shop's settings about sending."""

    @property
    def send_email(self) -> bool: ...

    @property
    def send_ean(self) -> bool: ...


def send_by(order: Order, wanted: Sending) -> str:
    """Return what e-conomic is to do with the invoice once it is booked: none, ean or Email.

    A public buyer's invoice goes by EAN or not at all: he must be invoiced electronically.
    """
    if order.buyer.ean:
        return "ean" if wanted.send_ean else "none"
    return "Email" if wanted.send_email else "none"
