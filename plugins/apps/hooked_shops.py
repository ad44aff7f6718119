"""The shops whose webhooks are taken: their settings and connections, looked up once a minute, never per request."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from hooks.ledger_hook import LedgerHook
from hooks.woocommerce_hook import WooCommerceHook
from pakhus.clients import rackbeat_webhooks
from pakhus.clients.webshop import Hint, Webshop
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.clients.woocommerce_api import WooCommerceSettings
from pakhus.errors import AccessDeniedError, PakhusError
from pakhus.flows.warehouse_hints import known_tokens
from pakhus.ledger.connection import Bounds, RunIdentity
from pakhus.settings import load_shop, shop_names

Tell = Callable[[str, str], None]
_WAREHOUSE = "rackbeat__"  # no shop is called so
_BOUNDS = Bounds(connections=1, connect_s=2, statement_s=2, free_connection_s=1)

_OLD_S = 60.0
# A new secret is looked for when a signature is wrong, but no stranger makes us ask Airflow's database all the time.
_YOUNG_S = 5.0


@dataclass(frozen=True, slots=True)
class Hooked:
    """A shop as its webhooks are verified."""

    shop: Webshop
    secrets: tuple[str, ...]

    def read_hint(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        return self.shop.read_hint(headers, body, self.secrets)


@dataclass(frozen=True, slots=True)
class HookedWarehouse:
    """A warehouse as its webhooks are verified: by fingerprints of the tokens that it was told."""

    secrets: tuple[str, ...]

    def read_hint(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        return rackbeat_webhooks.read_hint(headers, body, self.secrets)


class HookedShops:
    """Verifies deliveries. Looks things up and blocks: for one thread of its own.

    Whoever is unknown, has webhooks off or lacks a connection is answered as a wrong signature is, and as fast: by a
    shop that nobody has, with a secret that nobody knows.
    """

    def __init__(self, tell: Tell, now: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._now = now
        self._names: frozenset[str] = frozenset()
        self._named_at = float("-inf")
        self._targets: frozenset[str] = frozenset()
        self._targets_at = float("-inf")
        self._known: dict[str, Hooked | HookedWarehouse | None] = {}  # None: it has no webhooks
        self._looked_up_at: dict[str, float] = {}
        self._nobody = _nobody()

    def read_hint(self, name: str, headers: Mapping[str, str], body: bytes) -> Hint | None:
        """Return what a delivery hints at, None for a ping; AccessDeniedError for whatever is not this shop's."""
        hooked = self._hooked(name)
        try:
            return (hooked or self._nobody).read_hint(headers, body)
        except AccessDeniedError:
            renewed = self._renewed(name, hooked)
            if renewed is None:
                raise
            return renewed.read_hint(headers, body)

    def _hooked(self, name: str) -> Hooked | HookedWarehouse | None:
        if self._now() - self._named_at >= _OLD_S:
            self._names, self._named_at = frozenset(shop_names()), self._now()
        if name not in (self._warehouses() if name.startswith(_WAREHOUSE) else self._names):
            return None
        return self._known.get(name) if self._age_s(name) < _OLD_S else self._look_up(name)

    def _renewed(self, name: str, hooked: Hooked | HookedWarehouse | None) -> Hooked | HookedWarehouse | None:
        """Look a shop up again whose secret may have changed since; None when there is no news."""
        if hooked is None or self._age_s(name) < _YOUNG_S:
            return None
        renewed = self._look_up(name)
        return renewed if renewed is not None and renewed.secrets != hooked.secrets else None

    def _age_s(self, name: str) -> float:
        return self._now() - self._looked_up_at.get(name, float("-inf"))

    def _look_up(self, name: str) -> Hooked | HookedWarehouse | None:
        self._looked_up_at[name] = self._now()
        try:
            self._known[name] = _warehouse(name) if name.startswith(_WAREHOUSE) else self._facts(name)
        except (PakhusError, SQLAlchemyError) as error:
            # Airflow's database may be away for a moment: what was known is still true then.
            self._tell(
                f"webhooks of {name} cannot be verified as its settings say now",
                type(error).__name__ if isinstance(error, SQLAlchemyError) else str(error),
            )
        return self._known.get(name)

    def _warehouses(self) -> frozenset[str]:
        """The agreements whose warehouse may call; all shops' files are read for it, once a minute."""
        if self._now() - self._targets_at >= _OLD_S:
            self._targets, self._targets_at = frozenset(filter(None, map(_warehouse_of, shop_names()))), self._now()
        return self._targets

    def _facts(self, name: str) -> Hooked | None:
        settings = load_shop(name)
        if not settings.webhooks.enabled:
            return None
        hook = WooCommerceHook(settings.connection)
        return Hooked(hook.client(settings), hook.webhook_secrets())


def _warehouse_of(name: str) -> str | None:
    """The agreement of a shop that has webhooks on and is given stock."""
    try:
        shop = load_shop(name)
    except PakhusError:  # told where the shop itself is looked up
        return None
    return shop.rackbeat_target if shop.webhooks.enabled and shop.stock.enabled else None


def _warehouse(target: str) -> HookedWarehouse | None:
    ledger = LedgerHook().ledger(RunIdentity(), _BOUNDS)
    try:
        with ledger.begin() as tx:
            tokens = tuple(known_tokens(tx, target).values())
    finally:
        ledger.close()
    return HookedWarehouse(tokens) if tokens else None


def _nobody() -> Hooked:
    settings = WooCommerceSettings("nobody", "https://nobody.invalid", "nobody", "nobody")
    return Hooked(WooCommerceClient.from_settings(settings), (secrets.token_hex(32),))
