"""Drafts and booked documents by our keys: how the effect of a lost answer is found (economic.md 9.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pakhus.clients.economic import EconomicClient
from pakhus.flows.exactly_once import Found, Step
from pakhus.flows.outcomes import stop
from pakhus.formats.economic import booked_number, draft_number


@dataclass(frozen=True, slots=True)
class AccountsDocuments:
    """Searches one agreement for what stands under a key."""

    accounts: EconomicClient

    def drafting(self, key: str) -> Step:
        """The write that makes a draft."""
        return Step("create_draft", draft_number, lambda _: self.search_draft(key))

    def booking(self, name: str, key: str, number: str) -> Step:
        """The write that books a draft; `name` is the step's."""
        return Step(name, booked_number, lambda _: self.search_booked(key, number))

    def search_draft(self, key: str) -> Found | None:
        """Look for our key among the drafts, then among the booked (design, decision 3)."""
        drafts = self.accounts.drafts_with_reference(key)
        booked = self.accounts.booked_with_reference(key)
        _demand_one(key, drafts, booked)
        if drafts:
            number = draft_number(drafts[0])
            return Found(number, self.accounts.find_draft(number) or drafts[0])
        if booked:
            # A booked document names its former draft in orderNumber (economic.md 9.1).
            document = self.accounts.get_booked(booked_number(booked[0]))
            return Found(str(int(document["orderNumber"])), document)
        return None

    def search_booked(self, key: str, number: str) -> Found | None:
        """Was the draft booked? (economic.md 9.4)"""
        if self.accounts.find_draft(number) is not None:
            return None
        document = self.booked_by_hand(key, number)
        return Found(booked_number(document), document)

    def booked_by_hand(self, key: str, number: str) -> Any:
        """The booked document that a draft which is no longer there has become; StoppedError when there is none."""
        booked = self.accounts.booked_with_reference(key)
        _demand_one(key, [], booked)
        if not booked or str(booked[0].get("orderNumber", number)) != number:
            raise stop("draft_gone", number=number)
        return self.accounts.get_booked(booked_number(booked[0]))


def _demand_one(key: str, drafts: Sequence[Any], booked: Sequence[Any]) -> None:
    if len(drafts) + len(booked) > 1:
        numbers = [f"draft {row['draftInvoiceNumber']}" for row in drafts]
        numbers += [f"booked {row['bookedInvoiceNumber']}" for row in booked]
        raise stop("duplicate_found", count=len(numbers), system="e-conomic", key=key, numbers=", ".join(numbers))
