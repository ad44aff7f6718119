"""Where a payout's amounts go in the accounts, per provider account and currency (domain guide 10.2)."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field

from pakhus.rules.mapping_fields import Currency, Strict


class Booking(StrEnum):
    """Who books the vouchers of payouts."""

    NEVER = "never"  # the bookkeeper does
    WHEN_MATCHED = "when_matched"  # those whose every payment and refund has a sure document, and nothing differs


class EntriesForm(StrEnum):
    """The body of e-conomic's bookdraftentries: sources contradict each other (economic.md 8.5)."""

    ARRAY = "array"
    OBJECT = "object"


class PayoutAccounts(Strict):
    """Account numbers of the agreement for payouts in one currency."""

    clearing: int = Field(gt=0, description="What the provider owes: the clearing_account of its payment methods")
    bank: int = Field(gt=0, description="Payouts on their way; the bank's own line is matched with it")
    fee: int = Field(gt=0, description="Fees without VAT")
    fee_vat: int | None = Field(None, gt=0, description="VAT on fees that the provider states apart")
    fee_vat_code: str | None = Field(
        None, max_length=5, description="VAT code that lifts the VAT out of fees which carry some, such as I25"
    )
    fee_vat_rate: Decimal = Field(
        Decimal(25),
        gt=0,
        lt=100,
        description="Rate of fee_vat_code in percent: a fee of which a part only carries VAT is divided by it",
    )
    reserve: int = Field(gt=0, description="Held back by the provider, and balances carried to the next payout")
    dispute: int = Field(gt=0, description="Chargebacks until they are won or lost")
    difference: int = Field(gt=0, description="Adjustments, and lines without a document where those are posted")
    exchange: int = Field(gt=0, description="Exchange gain and loss")
    grouping: Literal["transaction", "total"] = Field(
        "transaction", description="A line per payment and refund on the clearing account, or one for all of them"
    )
    base_currency: Currency = Field("DKK", description="The base currency of the agreement")

    def number_of(self, name: str) -> int:
        """The account of a part of the voucher; ValueError where the settings name none."""
        number: int | None = self.fee if name == "taxed_fee" else getattr(self, name)
        if number is None:
            raise ValueError(f"no account for {name}")
        return number
