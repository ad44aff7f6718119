"""The shop's webhooks: registered so that it tells us at once what changed, and repaired when it stopped.

They are hints, never data, and polling is the truth: without them orders only take longer (design, decision 5).
Source: contract woocommerce.md section 12.
"""

from __future__ import annotations

from collections.abc import Sequence

from pakhus.clients.webshop import WebhookState, Webshop
from pakhus.errors import ConfigurationError
from pakhus.ledger import cursors
from pakhus.ledger.claims import holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.settings import ShopSettings

FLOW = "webhooks"
INBOX_PATH = "/pakhus/hooks"
"""Where the inbox is, below the address of Airflow's API server; the shop's id follows."""

REPAIRED_CURSOR = "webhooks_repaired"
_CLAIM_WAIT_S = 60.0  # another process needs a few calls


def callback_url(settings: ShopSettings) -> str:
    """Return the address that the shop is to call; ConfigurationError when the shop's file names none."""
    if settings.webhooks.address is None:
        raise ConfigurationError(f"{settings.shop}: webhooks.address is missing in the shop's file")
    return f"{settings.webhooks.address.rstrip('/')}{INBOX_PATH}/{settings.shop}"


def ensure(shop: Webshop, ledger: Ledger, settings: ShopSettings, secret: str) -> Sequence[WebhookState]:
    """Register what is missing, make anew what the shop has switched off; doing it again changes nothing.

    Under a claim, so that two processes do not register twice; empty when another one is at it. ConfigurationError,
    after the repair, when the last look had to repair, too: then the shop does not reach us.
    """
    with holding(ledger, f"{settings.connection}-{FLOW}", wait_s=_CLAIM_WAIT_S) as claim:
        if claim is None:
            return ()
        states = shop.ensure_webhooks(callback_url(settings), secret)
        repaired = ", ".join(state.topic for state in states if state.repaired)
        before = ledger.persist(lambda tx: _remember(tx, settings.shop, repaired))
    if repaired and before:
        raise ConfigurationError(
            f"{settings.shop} has switched off its webhooks again ({repaired}): it gets no good answer from "
            f"{callback_url(settings)}. See whether that address leads to this Airflow from outside. They are "
            "registered anew; orders are read by the schedule all the same"
        )
    return states


def described(states: Sequence[WebhookState]) -> str:
    """Say in a line what was done."""
    if not states:
        return "another process is at the webhooks"
    registered = sum(state.active for state in states)
    parts = [f"{registered} of {len(states)} webhooks active"]
    parts += [f"{state.topic} was made anew" for state in states if state.repaired]
    parts += [f"{state.topic} {state.problem}" for state in states if state.problem]
    return " · ".join(parts)


def _remember(tx: Transaction, shop: str, repaired: str) -> str:
    """Keep what this look repaired; return what the last one did."""
    before = cursors.read(tx, shop, REPAIRED_CURSOR)
    if before != repaired:
        cursors.move(tx, shop, REPAIRED_CURSOR, repaired, expected=before)
    return before or ""
