"""The systems in which products are kept in step, and what they have in common.

A target is asked what it shows, and makes and changes one product at a time under the claim of its document. What is
written is decided elsewhere (rules.product_sync): a target only knows how to say it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pakhus.ledger import attempts
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.model import Product
from pakhus.reasons import Verdict
from pakhus.rules.product_sync import Manners, Values

CREATE, UPDATE = "create_product", "update_product"
SET_PRICE = "set_currency_price"


@dataclass(frozen=True, slots=True)
class Shown:
    """A product as a target shows it. `row` is what it sent; `deleted`: the number is taken by one that is no more.

    `used`: stock or open orders hang on it, so that it is not to be barred. `problem`: why its price cannot be told. A
    field that is not among the values is none that the target can be given for this product.
    """

    number: str
    values: Values
    row: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False
    used: bool = False
    problem: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Hand:
    """One product's document, held."""

    ledger: Ledger
    document: Document
    claim: Claim

    def subject(self, step: str = UPDATE) -> str:
        """What names the next change: one that was planned and never left us, or the next number.

        The same values may rightly be written again, after months.
        """

        def found(tx: Any) -> str:
            planned = [one for one in attempts.open_of(tx, self.document.id, step) if one.status == "planned"]
            count = attempts.count_of(tx, self.document.id, step)
            return planned[-1].subject if planned else str(count + 1)

        return self.ledger.persist(found)

    def is_open(self, step: str) -> bool:
        """Whether a write of this step has not come to its end."""
        return bool(self.ledger.persist(lambda tx: attempts.open_of(tx, self.document.id, step)))

    def unsettled_subjects(self, step: str = UPDATE) -> list[str]:
        """The changes that have left us and whose outcome is not known."""
        rows = self.ledger.persist(lambda tx: attempts.unsettled(tx, self.document.id))
        return [row.subject for row in rows if row.step == step]


class ProductTarget(Protocol):
    """One system. Methods raise the errors of `pakhus.errors`, and StoppedError while an outcome is unknown."""

    @property
    def system(self) -> str:
        """Its name, as people call it."""

    @property
    def list_holds_s(self) -> float:
        """So long a product of the list is as good as one read right before it is changed; 0: never.

        Only where a change sends the changed fields alone: else what a person did meanwhile would be undone.
        """

    def listing(self) -> dict[str, Shown]:
        """Return all its products by number."""

    def numbers(self) -> Collection[str]:
        """Return the numbers of all its products; none where it never has two that differ by letter case only."""

    def find(self, number: str, fields: Collection[str] = ()) -> Shown | None:
        """Return one product as it stands now, with those of `fields` that the list of all does not show."""

    def settle(self, hand: Hand, number: str) -> bool:
        """Settle earlier writes of this product whose answers were lost; tell whether we have made it once."""

    def create(self, hand: Hand, number: str, values: Values) -> Shown:
        """Make the product, exactly once; returns what the target shows of it."""

    def update(self, hand: Hand, shown: Shown, changes: Values) -> Shown:
        """Change these fields of it and nothing else; returns what the target shows then."""


@dataclass(frozen=True, slots=True)
class TargetRules:
    """What one shop's products are in one target, and whose word counts there.

    `master` is who owns the products: a shop's name, or an agreement. `bars`: what is wanted of a product that the
    master sells no more. `wanted` says a product in the target's words.
    """

    target: str
    master: str
    manners: Manners
    wanted: Callable[[Product, str], Values | Verdict]
    create_missing: bool = True
    bars: Values = field(default_factory=dict)
    hold_renamed: bool = False  # a number can be changed there, so a renamed product is not made anew
    by_sku: bool = False  # it knows products by the shop's SKUs
