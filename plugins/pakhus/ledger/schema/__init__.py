"""The ledger's tables: every document, every attempt, every reason (design, decisions 3, 4, 6, 10, 11)."""

from pakhus.ledger.schema.accounting import approved_postings, document_lines, included_refunds
from pakhus.ledger.schema.base import metadata
from pakhus.ledger.schema.clearing import clearing_items, settlement_answers, settlement_lines, settlements
from pakhus.ledger.schema.coordination import budgets, claim_fence, claims, cursors, inbox, installation
from pakhus.ledger.schema.customers import customer_facts, customer_identities
from pakhus.ledger.schema.documents import attempts, bodies, calls, documents, source_versions, sources
from pakhus.ledger.schema.evidence import import_days, proven_days, sku_reports, stock_levels, stock_places
from pakhus.ledger.schema.operation import alerts, decisions, runs, stop_events, stops
from pakhus.ledger.schema.products import product_facts

__all__ = [
    "alerts",
    "approved_postings",
    "attempts",
    "bodies",
    "budgets",
    "calls",
    "claim_fence",
    "claims",
    "clearing_items",
    "cursors",
    "customer_facts",
    "customer_identities",
    "decisions",
    "document_lines",
    "documents",
    "import_days",
    "inbox",
    "included_refunds",
    "installation",
    "metadata",
    "product_facts",
    "proven_days",
    "runs",
    "settlement_answers",
    "settlement_lines",
    "settlements",
    "sku_reports",
    "source_versions",
    "sources",
    "stock_levels",
    "stock_places",
    "stop_events",
    "stops",
]
