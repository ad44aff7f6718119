"""The payment methods that a shop's orders really used, and those that the mapping lacks (domain guide 9.2).

From the ledger where it has them, else from the shop; reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from sqlalchemy.exc import SQLAlchemyError

from pakhus.clients.webshop import Webshop
from pakhus.ledger import sources
from pakhus.ledger.connection import Ledger
from pakhus.model import Order, Window
from pakhus.probes.findings import Findings
from pakhus.probes.systems import Connections, shop_client
from pakhus.settings import ShopSettings

# A person waits for the answer: of a large shop the last orders tell enough.
_MOST_ORDERS = 1000
_MOST_PAGES = 10


def probe_methods(
    shops: Sequence[ShopSettings], connections: Connections, ledger: Ledger | None, since: datetime
) -> list[Findings]:
    """Say which methods the orders of each shop used since then; note those without terms."""
    found = []
    for shop in shops:
        if shop.mapping.economic is None or shop.connection not in connections:
            continue
        findings = Findings(shop.connection, f"payment methods of {shop.shop}")
        client = shop_client(connections[shop.connection], shop)
        counts = _counted(_stored(client, ledger, shop.shop, since))
        where = "the ledger"
        if not counts:
            counts, where = findings.ask(partial(_asked, client, since)) or Counter(), "the shop"
        check_methods(findings, shop, counts, f"since {since:%Y-%m-%d}, by {where}")
        found.append(findings)
    return found


def check_methods(findings: Findings, shop: ShopSettings, counts: Counter[str], where: str) -> None:
    """Note the methods that hold orders because the mapping has no terms for them."""
    mapping = shop.mapping.economic
    known = {} if mapping is None else mapping.payments
    told = ", ".join(f"{method} {count}" for method, count in counts.most_common()) or "none"
    findings.facts.append(f"used {where}: {told}")
    for method, count in counts.most_common():
        if method not in known:
            findings.operator(
                f"{count} orders were paid with {method}, which {shop.mapping_name}.yaml: economic.payments lacks: "
                "they are held",
                f"Add {method} there with its payment terms and the way it is registered (docs/runbooks/payments.md).",
            )


def _counted(orders: Iterable[Order]) -> Counter[str]:
    """Count the methods by their ids; an order without any (nothing was charged) is left out."""
    return Counter(payment.method for order in orders for payment in order.payments if payment.method)


def _stored(client: Webshop, ledger: Ledger | None, shop: str, since: datetime) -> list[Order]:
    if ledger is None:
        return []
    try:
        with ledger.begin() as tx:
            rows = [sources.load(tx, row_id) for row_id in sources.newest(tx, shop, "order", limit=_MOST_ORDERS)]
            seen = [client.parse(row.source_id, row.body, tx.now) for row in rows]
    except SQLAlchemyError:
        return []  # the part about the stop switch says that the ledger cannot be read
    return [one.order for one in seen if one.order is not None and one.order.placed_at >= since]


def _asked(client: Webshop, since: datetime) -> Counter[str]:
    pages = islice(client.placed(Window(since, datetime.now(UTC))), _MOST_PAGES)
    return _counted(seen.order for page in pages for seen in page.orders if seen.order is not None)
