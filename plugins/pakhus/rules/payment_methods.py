"""What a mapping says of payment methods: terms, and how the money gets onto its clearing account (domain guide 9)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from pakhus.rules.mapping_fields import Strict


class PaymentWay(StrEnum):
    """How a payment is registered in the accounts (domain guide 9.1, P1 to P3)."""

    AUTO = "auto"  # by the term when one captured payment is the invoice's whole amount, else in the journal
    TERM = "term"  # P1: the invoice's payment term moves the amount to the clearing account
    JOURNAL = "journal"  # P2: a customer payment in a journal, clearing account against the invoice
    OPEN = "open"  # P3: the invoice stands open until the money is in the bank


class PaymentSign(StrEnum):
    """How money received stands on a customer payment in a journal (economic.md 8.3: the sources contradict)."""

    NEGATIVE = "negative"
    POSITIVE = "positive"


class PaymentMethod(Strict):
    """What a payment method of the shop means in the accounts."""

    terms: int = Field(gt=0, description="Payment terms number")
    layout: int | None = Field(None, gt=0, description="Layout of invoices paid this way; none: the usual one")
    employee: int | None = Field(None, gt=0, description="Our reference on invoices paid this way; none: the usual one")
    way: PaymentWay = Field(
        PaymentWay.OPEN,
        description="How the payment is registered: term (the payment term moves it to the clearing account), journal "
        "(a customer payment in the journal), auto (by the term when one captured payment is the whole amount, else "
        "in the journal), open (the invoice stands open until the money is in the bank)",
    )
    clearing_account: int | None = Field(
        None, gt=0, description="Account of what the provider owes; with open: whose payouts settle the invoices"
    )
    journal: int | None = Field(None, gt=0, description="Journal that takes customer payments (way journal and auto)")
    open_terms: int | None = Field(
        None, gt=0, description="Payment terms number of invoices that the journal settles (way auto): net, not paid"
    )

    @model_validator(mode="after")
    def _complete(self) -> PaymentMethod:
        needed = {
            PaymentWay.AUTO: ("clearing_account", "journal", "open_terms"),
            PaymentWay.TERM: ("clearing_account",),
            PaymentWay.JOURNAL: ("clearing_account", "journal"),
            PaymentWay.OPEN: (),
        }[self.way]
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"way {self.way} needs {', '.join(missing)}")
        if self.way is PaymentWay.AUTO and self.open_terms == self.terms:
            raise ValueError("open_terms must be other terms than terms: those count the invoice as paid")
        return self
