"""Whether an account's stock may be pushed to shops: its own answer, asked once a day, and the operator's word."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from pakhus.clients.rackbeat import SYSTEM, RackbeatClient
from pakhus.clients.rackbeat_stock import read_stock_follows_invoices
from pakhus.errors import ConfigurationError, CursorMovedError
from pakhus.ledger import cursors
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.rules.stock import refusal
from pakhus.settings import ShopSettings

_ANSWER = "stock_follows_invoices"
_GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Answer:
    follows_invoices: bool | None
    asked_at: datetime


def ask_account(warehouse: RackbeatClient, ledger: Ledger, target: str) -> None:
    """Ask the account (`target` is its connection) unless it answered within a day; a bad answer is asked for again."""
    with ledger.begin() as tx:
        known, now = _known(tx, target), tx.now
    if known is not None and not known.follows_invoices and now < known.asked_at + _GOOD_FOR:
        return
    value = json.dumps({"follows_invoices": read_stock_follows_invoices(warehouse), "asked_at": now.isoformat()})
    try:
        with ledger.begin() as tx:
            cursors.move(tx, target, _ANSWER, value, expected=cursors.read(tx, target, _ANSWER))
    except CursorMovedError:
        return  # another run has asked at this moment


def require_stock_falls_at_shipping(ledger: Ledger, settings: ShopSettings) -> None:
    """ConfigurationError unless stock of the shop's warehouse may be pushed. Asks the ledger only."""
    target, mapping = settings.rackbeat_target, settings.mapping.rackbeat
    if target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no Rackbeat agreement: it has no stock to show")
    with ledger.begin() as tx:
        known = _known(tx, target)
    refused = refusal(mapping.stock_falls_at, known.follows_invoices if known else None)
    if refused is not None:
        text = f"stock of {settings.shop} is not pushed: {refused.problem}. {refused.action}"
        raise ConfigurationError(text, system=SYSTEM)


def _known(tx: Transaction, target: str) -> _Answer | None:
    text = cursors.read(tx, target, _ANSWER)
    if text is None:
        return None
    value = json.loads(text)
    return _Answer(value["follows_invoices"], datetime.fromisoformat(value["asked_at"]))
