"""docs/recorded-orders.md says what becomes of each order of the recorded shop, as it really does.

After a change that is meant: `RECORDED_ORDERS=write make test ARGS=tests/flows/test_recorded_orders_table.py`.
"""

import os
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from pakhus.ledger.schema import documents, sources
from pakhus.reasons import Status, Verdict
from stack import ROOT
from tests.flows.test_recorded_shop import complete_all, shop_orders
from tests.flows.world import World

DOCUMENT = ROOT / "docs" / "recorded-orders.md"
WRITE = os.environ.get("RECORDED_ORDERS") == "write"

INTRODUCTION = """# What becomes of the recorded orders

The stand-in for WooCommerce is loaded with a real shop's orders (`tests/fixtures/woocommerce/`). They were made to be
odd on purpose: no country, a product that was deleted, a currency of its own, no payment method. Here is what
`<shop>__invoices` makes of each once its goods went, with the settings of `include/shops/nordlys.yaml`. *Invoice* is
what the accounts' stand-in computed on its own. A test keeps this page true.

"""


def test_the_page_says_what_becomes_of_each_recorded_order(nordlys: World) -> None:
    nordlys.run()
    complete_all(nordlys)
    nordlys.run()
    page = "\n".join([INTRODUCTION + "\n".join(summary(nordlys)), "", *table(nordlys), ""])
    if WRITE:
        DOCUMENT.write_text(page, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == page, "see the top of this file for how to write the page anew"


def test_no_recorded_order_is_held_for_rounding(nordlys: World) -> None:
    nordlys.run()
    complete_all(nordlys)
    nordlys.run()
    codes = {row.reason for row in rows(nordlys)}
    assert not codes & {"lines_do_not_sum", "vat_not_explained", "document_differs", "fraction_not_sendable"}


def rows(world: World) -> list[Any]:
    query = (
        select(sources, documents.c.reason, documents.c.reason_parameters, documents.c.gross.label("invoiced"))
        .add_columns(documents.c.correction, documents.c.vat.label("invoiced_vat"))
        .join(documents, (documents.c.source_id == sources.c.id) & (documents.c.kind == "invoice"))
        .where(sources.c.kind == "order")
    )
    with world.ledger.begin() as tx:
        return sorted(tx.connection.execute(query).all(), key=lambda row: int(row.source_id))


def summary(world: World) -> Iterator[str]:
    counts: dict[str, int] = {}
    for row in rows(world):
        counts[row.reason] = counts.get(row.reason, 0) + 1
    yield "| reason | orders | status |"
    yield "| --- | --- | --- |"
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"| [`{code}`](runbooks/reasons.md#{code}) | {count} | {Verdict(code).status.value} |"


def table(world: World) -> Iterator[str]:
    states = {number: order["status"] for number, order in shop_orders(world).items()}
    yield "| order | state | charged | VAT | invoice | VAT | correction | why it stands where it stands |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows(world):
        verdict = Verdict.of(row.reason, **row.reason_parameters)
        charged = f"{row.gross:.2f} {row.currency} | {row.vat:.2f}" if row.gross is not None else " | "
        done = verdict.status is Status.DONE
        invoice = f"{row.invoiced:.2f} | {row.invoiced_vat:.2f} | {row.correction:.2f}" if done else " |  | "
        why = f"`{row.reason}`" if done else f"`{row.reason}`: {verdict.text()}"
        yield f"| {row.source_id} | {states.get(row.source_id, row.native_state)} | {charged} | {invoice} | {why} |"
