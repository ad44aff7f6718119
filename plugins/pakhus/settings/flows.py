"""The flows that a shop has, by name: the middle of `<shop>__<flow>`, and the section of its file."""

from __future__ import annotations

ALL_FLOWS = "all"
"""In a stop: every flow of the shop."""

PAYOUTS = "payouts"
"""The flow of an account at a payment provider: `<account>__payouts`."""

STOPPED_WITH = {"credit_notes": "invoices", "payments": "invoices"}
"""Flows of documents that are steps of another flow's DAG, and stop with it."""

FLOWS = ("orders", "fulfilment", "stock", "products", "invoices", "audit", "decisions", "webhooks")
