"""The registry of readers: provider and channel -> what reads it. A reader's file has its name."""

from __future__ import annotations

from collections.abc import Mapping

from pakhus.formats.settlements import (
    adyen,
    clearhaus,
    column_mapping,
    epay,
    klarna,
    klarna_csv,
    paypal_activity,
    paypal_search,
    paypal_stl,
    stripe,
    stripe_csv,
    vipps_mobilepay,
    vipps_mobilepay_csv,
    vipps_mobilepay_xml,
    woopayments,
)
from pakhus.formats.settlements.batches import Reader, Source
from pakhus.formats.settlements.bundles import opened
from pakhus.settlements import Batch

READERS: Mapping[str, Reader] = {
    "adyen": adyen.read,
    "clearhaus": clearhaus.read,
    "column_mapping": column_mapping.read,
    "epay": epay.read,
    "klarna": klarna.read,
    "klarna_csv": klarna_csv.read,
    "paypal_activity": paypal_activity.read,
    "paypal_search": paypal_search.read,
    "paypal_stl": paypal_stl.read,
    "stripe": stripe.read,
    "stripe_csv": stripe_csv.read,
    "vipps_mobilepay": vipps_mobilepay.read,
    "vipps_mobilepay_csv": vipps_mobilepay_csv.read,
    "vipps_mobilepay_xml": vipps_mobilepay_xml.read,
    "woopayments": woopayments.read,
}


def read(reader: str, source: Source) -> tuple[Batch, ...]:
    """Read a settlement; ValueError for an unknown reader, SettlementFormatError for what cannot be read whole."""
    if reader not in READERS:
        raise ValueError(f"no reader {reader!r}; known: {', '.join(sorted(READERS))}")
    return READERS[reader](opened(reader, source))
