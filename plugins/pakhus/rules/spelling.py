"""SKUs and product numbers that are the same though spelt otherwise; pure (domain guide 15, woocommerce.md 10)."""

from __future__ import annotations

from collections.abc import Mapping


def compared(text: str) -> str:
    """A SKU or number as shops and warehouse compare it: without regard to case and to blanks around."""
    return text.strip().casefold()


def folded(sku: str) -> str:
    """Return the SKU without what people and shops overlook: letter case and blanks."""
    return "".join(sku.split()).casefold()


def spelt_otherwise(number: str, there: Mapping[str, str]) -> str | None:
    """Return how another system has a number that differs by what people overlook only; `there` by folded number."""
    return None if there.get(folded(number)) == number else there.get(folded(number))
