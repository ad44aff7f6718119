"""Rackbeat's webhook for changed stock: registered so that shops are given new quantities sooner.

A hint, never data: polling is the truth, for booking an order sends none (rackbeat.md section 10). Its token is told
once, at creation; a fingerprint of it is kept, and a registration whose token nobody knows is made anew.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.rackbeat_webhooks import (
    STOCK_CHANGED,
    create_webhook,
    delete_webhook,
    fingerprint,
    list_webhooks,
)
from pakhus.errors import AccessDeniedError, ConfigurationError, DataError
from pakhus.flows.webhooks import INBOX_PATH
from pakhus.ledger import cursors
from pakhus.ledger.claims import holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

_TOKENS = "webhook_tokens"
_CLAIM_WAIT_S = 60.0


def hint_url(settings: ShopSettings) -> str:
    """Return the address that the warehouse is to call; ConfigurationError when the shop's file names none."""
    if settings.webhooks.address is None or settings.rackbeat_target is None:
        raise ConfigurationError(f"{settings.shop}: webhooks.address or rackbeat is missing in the shop's file")
    return f"{settings.webhooks.address.rstrip('/')}{INBOX_PATH}/{settings.rackbeat_target}"


def ensure_hints(warehouse: RackbeatClient, ledger: Ledger, target: str, url: str) -> str:
    """Register what is missing, make anew what does not work; says in a line what stands.

    A key that may not, or an account that knows no such event, is no error: stock is read by the schedule all the same.
    """
    with holding(ledger, f"{target}-webhooks", wait_s=_CLAIM_WAIT_S) as claim:
        if claim is None:
            return "another process is at the warehouse's webhooks"
        try:
            return _ensure(warehouse, ledger, target, url)
        except (AccessDeniedError, DataError) as error:
            logger.warning("%s sends no hints: %s", target, error)
            return f"{target} sends no hints: {error}"


def known_tokens(tx: Transaction, target: str) -> Mapping[str, str]:
    """Return the fingerprints of the tokens that the warehouse's deliveries may carry, by registration."""
    text = cursors.read(tx, target, _TOKENS)
    found: dict[str, str] = json.loads(text) if text else {}
    return found


def _ensure(warehouse: RackbeatClient, ledger: Ledger, target: str, url: str) -> str:
    with ledger.begin() as tx:
        tokens = dict(known_tokens(tx, target))
    rows = [row for row in list_webhooks(warehouse) if (row.event, row.url) == (STOCK_CHANGED, url)]
    good = [row for row in rows if row.active and row.id in tokens]
    if good:
        return f"webhook {STOCK_CHANGED} is active"
    for row in rows:
        delete_webhook(warehouse, row.id)
    made = create_webhook(warehouse, STOCK_CHANGED, url)
    if not made.token:  # the one that was deleted was not gone yet, or somebody else makes one: the next look mends it
        delete_webhook(warehouse, made.id)
        return f"webhook {STOCK_CHANGED} told no token; it is made anew at the next look"
    gone = {row.id for row in rows}
    kept = {row_id: token for row_id, token in tokens.items() if row_id not in gone}
    ledger.persist(lambda tx: _keep(tx, target, {**kept, made.id: fingerprint(made.token)}))
    return f"webhook {STOCK_CHANGED} was {'made anew' if rows else 'registered'}"


def _keep(tx: Transaction, target: str, tokens: Mapping[str, str]) -> None:
    cursors.move(tx, target, _TOKENS, json.dumps(tokens), expected=cursors.read(tx, target, _TOKENS))
