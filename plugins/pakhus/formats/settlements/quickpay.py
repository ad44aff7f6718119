"""QuickPay, a gateway: it settles nothing, but knows which order an acquirer's reference belongs to.

Read is the list of payments as `GET /payments` answers. Only approved captures and refunds count: a declined one is
answered with 2xx, the decline stands in the operation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pakhus.formats.settlements.records import Record, SettlementFormatError
from pakhus.settlements import Batch, BatchLine

PROVIDER = "quickpay"
_APPROVED = "20000"
_MOVES_MONEY = frozenset({"capture", "refund"})
# What gateways call the acquirer's own id in an operation's data; which one depends on the acquirer.
_REFERENCES = ("reference", "transaction_id", "acquirer_reference", "arn")


def order_ids(content: bytes) -> Mapping[str, str]:
    """Return the shop's order id by QuickPay's payment id and by the acquirer's references.

    A reference that belongs to two orders is left out: it would join a line to the wrong one.
    """
    try:
        payments: Any = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise SettlementFormatError(PROVIDER, "", "", "is not JSON") from None
    whole = Record(PROVIDER, "", 1, {"payments": payments})
    found: dict[str, set[str]] = {}
    for payment in whole.list("payments"):
        order = payment.needed("order_id")
        for reference in (payment.needed("id"), *_acquirer_references(payment)):
            found.setdefault(reference, set()).add(order)
    return {reference: orders.pop() for reference, orders in found.items() if len(orders) == 1}


def joined(batch: Batch, orders: Mapping[str, str]) -> Batch:
    """Return the batch with the order on each line that has none, or only QuickPay's own id for one."""
    return replace(batch, lines=tuple(_joined(one, orders) for one in batch.lines))


def _joined(one: BatchLine, orders: Mapping[str, str]) -> BatchLine:
    keys = (one.order_reference, one.provider_id, *one.aliases, one.parent_id, *one.parent_aliases)
    known = next((orders[key] for key in keys if key in orders), "")
    return replace(one, order_reference=known) if known else one


def _acquirer_references(payment: Record) -> Iterable[str]:
    for operation in payment.list("operations"):
        if operation.text("type") in _MOVES_MONEY and operation.text("qp_status_code") == _APPROVED:
            data = operation.object("data")
            yield from (text for name in _REFERENCES if (text := data.text(name)))
