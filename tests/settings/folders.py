"""Folders of settings for tests: texts of files, written as a person would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

SHOP = """\
shop: nordlys
platform: woocommerce
mapping: standard
rackbeat: main
economic: main
start_from: 2026-11-01T00:00:00+01:00
"""

MAPPING = """\
version: 1
rackbeat:
  customers: {mode: collective, number: 1}
economic:
  customers: {mode: each, group: 1, payment_terms: 11}
  layout: 21
  payments:
    bacs: {terms: 11}
"""


def write_folder(root: Path, shops: Mapping[str, str] | None = None, mappings: Mapping[str, str] | None = None) -> Path:
    """Write shop files and mappings below `root`/include; return that folder. Defaults: one shop, one mapping."""
    include = root / "include"
    for folder, files in (("shops", shops or {"nordlys": SHOP}), ("mappings", mappings or {"standard": MAPPING})):
        (include / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (include / folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return include


def shop_text(shop: str = "nordlys", **changes: str | None) -> str:
    """The text of a shop file with keys changed, added, or (None) left out."""
    values = {
        "shop": shop,
        "platform": "woocommerce",
        "mapping": "standard",
        "rackbeat": "main",
        "economic": "main",
        "start_from": "2026-11-01T00:00:00+01:00",
        **changes,
    }
    return "".join(f"{key}: {value}\n" for key, value in values.items() if value is not None)
