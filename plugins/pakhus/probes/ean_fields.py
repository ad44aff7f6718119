"""Fields of plugins in which a shop's orders carry an EAN that the mapping does not know of (domain guide 13).

Checkout plugins keep it under keys of their own; an order whose field is not mapped is invoiced to a private buyer.
From the ledger's newest orders; reads only, and tells keys and counts, never values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import simplejson
from sqlalchemy.exc import SQLAlchemyError

from pakhus.formats.woocommerce_fields import Fields, WooCommerceFormatError, meta_values
from pakhus.ledger import sources
from pakhus.ledger.connection import Ledger
from pakhus.probes.findings import Findings
from pakhus.rules.customers import ean_in
from pakhus.settings import ShopSettings

_MOST_ORDERS = 1000


def probe_ean_fields(shops: Sequence[ShopSettings], ledger: Ledger | None) -> list[Findings]:
    """Note, per shop with accounts, the unmapped fields that look like an EAN."""
    found = []
    for shop in shops:
        if ledger is None or shop.mapping.economic is None or shop.platform != "woocommerce":
            continue
        findings = Findings(shop.connection, f"EAN fields of {shop.shop}")
        check_ean_fields(findings, shop, _bodies(ledger, shop.shop))
        if findings.facts or findings.found:
            found.append(findings)
    return found


def check_ean_fields(findings: Findings, shop: ShopSettings, bodies: Iterable[Mapping[str, Any]]) -> None:
    """Count the fields whose values are EANs; those that no buyer field names are notes for the operator."""
    counts = Counter(key for body in bodies for key in keys_with_ean(body))
    mapped = shop.mapping.buyer_fields
    for key, count in counts.most_common():
        if key in mapped:
            findings.facts.append(f"{key} carries an EAN on {count} of the last orders; mapped to {mapped[key]}")
        else:
            findings.operator(
                f"{count} of the last orders carry what looks like an EAN in the field {key}, which is not mapped: "
                "they are invoiced to private buyers",
                f"Add `{key}: ean` to buyer_fields of {shop.mapping_name}.yaml, if it is the buyer's EAN.",
            )


def keys_with_ean(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of an order, as the shop sent it, whose values are EANs."""
    try:
        values = meta_values(Fields(body))
    except WooCommerceFormatError:
        return
    yield from (key for key, value in values.items() if ean_in(value) is not None)


def _bodies(ledger: Ledger, shop: str) -> list[Mapping[str, Any]]:
    try:
        with ledger.begin() as tx:
            rows = [sources.load(tx, row_id) for row_id in sources.newest(tx, shop, "order", limit=_MOST_ORDERS)]
    except SQLAlchemyError:
        return []  # the part about the stop switch says that the ledger cannot be read
    return [simplejson.loads(row.body, use_decimal=True) for row in rows]
