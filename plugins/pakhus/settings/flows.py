"""The flows that a shop has, by name: the middle of `<shop>__<flow>`, and the section of its file."""

from __future__ import annotations

ALL_FLOWS = "all"
"""In a stop: every flow of the shop."""

FLOWS = ("orders", "fulfilment", "stock", "products", "invoices", "audit", "decisions", "webhooks")
