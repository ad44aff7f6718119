"""Seeds: the data that a stand-in starts with, as plain dicts from JSON (fractions as Decimal)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def load_seed(name: str | Path) -> dict[str, Any]:
    """The seed of that name in ``standin/data`` (``economic_dk``, ``rackbeat_dk``) or in a JSON file.

    Raises FileNotFoundError.
    """
    path = Path(name)
    if path.suffix != ".json":
        path = DATA / f"{name}.json"
    seed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return seed


def with_shop_products(seed: Mapping[str, Any], products: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The seed with a shop's products added: ``sku``, ``name``, ``net_price`` (Decimal), perhaps ``vat_percentage``,
    ``stock``, ``barcode``. Each system turns them into its own; empty SKUs and those over 25 characters can exist in
    neither and are left out."""
    added = [dict(product) for product in products if 0 < len(str(product.get("sku") or "")) <= 25]
    return {**seed, "shop_products": [*seed.get("shop_products", []), *added]}
