"""The commands of `python -m pakhus`: one module each with `configure(parser)` and `run(options, say) -> exit code`.

The same flows as in Airflow, and nothing that needs Airflow to be imported.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

Say = Callable[[str], None]

COMMANDS = {
    "start": "the first start of a shop, step by step: what holds, what is missing, what comes next; proposes settings",
    "check": "settings and live systems: everything that is wrong, who must act, what to do; changes nothing",
    "apply": "make what is missing: Airflow's pools, the ledger's tables, webhooks; may be run again at any time",
    "migrate": "bring the ledger's tables up to date, nothing else: a step of a deployment",
    "prove": "compare a day of a shop in three places: its own list, the ledger, the accounts; names what differs",
    "preview": "what a change of rules or mapping would do to the newest orders, side by side; writes nothing",
    "trial": "the accounts and VAT codes that a month's real orders would hit, for the bookkeeper to approve",
    "initial_sync": "the first transfer of a shop's products and stock to Rackbeat: preview, once, undo list",
    "products": "what keeping a shop's products in step would make and change now; writes nothing",
    "month": "the bookkeeper's sheet of a month: orders, posted VAT per code, clearing, what is not booked",
    "imports": "what importing earlier orders came to, or would: counts and sums per month and cause",
    "report": "what providers owe and said (clearing, unmatched, refunds, fees), wrong SKUs; as a table or CSV",
    "decide": "what waits for a person's word at a provider account: lines without a sure document, files; and answers",
    "export": "records of sales under OSS of a quarter, as CSV",
    "again": "send orders again: by number, id or key, or all that have a reason, a status or days in common",
    "stop": "stop a flow of a shop, or all of them, within one document; says who, since when and why",
    "resume": "let a stopped flow of a shop go on",
    "recover": "go on with a ledger that was restored from a backup: each first write looks whether it was made",
    "pools": "print the Airflow pools that the shops need, as `airflow pools import` reads them",
    "schema": "write the JSON Schemas that editors use for shop and mapping files",
    "reference": "write docs/settings.md",
}


class Exit(IntEnum):
    """Exit codes."""

    WELL = 0
    FOUND = 1
    SETTINGS_WRONG = 2
