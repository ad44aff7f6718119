"""The shops whose webhooks are taken: their settings and connections, looked up once a minute, never per request."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hooks.woocommerce_hook import WooCommerceHook
from pakhus.clients.webshop import Hint, Webshop
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.clients.woocommerce_api import WooCommerceSettings
from pakhus.errors import AccessDeniedError, PakhusError
from pakhus.settings import load_shop, shop_names

Tell = Callable[[str, str], None]

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
        self._known: dict[str, Hooked | None] = {}  # None: it has no webhooks
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

    def _hooked(self, name: str) -> Hooked | None:
        if self._now() - self._named_at >= _OLD_S:
            self._names, self._named_at = frozenset(shop_names()), self._now()
        if name not in self._names:
            return None
        return self._known.get(name) if self._age_s(name) < _OLD_S else self._look_up(name)

    def _renewed(self, name: str, hooked: Hooked | None) -> Hooked | None:
        """Look a shop up again whose secret may have changed since; None when there is no news."""
        if hooked is None or self._age_s(name) < _YOUNG_S:
            return None
        renewed = self._look_up(name)
        return renewed if renewed is not None and renewed.secrets != hooked.secrets else None

    def _age_s(self, name: str) -> float:
        return self._now() - self._looked_up_at.get(name, float("-inf"))

    def _look_up(self, name: str) -> Hooked | None:
        self._looked_up_at[name] = self._now()
        try:
            self._known[name] = self._facts(name)
        except PakhusError as error:
            # Airflow's database may be away for a moment: what was known is still true then.
            self._tell(f"webhooks of {name} cannot be verified as its settings say now", str(error))
        return self._known.get(name)

    def _facts(self, name: str) -> Hooked | None:
        settings = load_shop(name)
        if not settings.webhooks.enabled:
            return None
        hook = WooCommerceHook(settings.connection)
        return Hooked(hook.client(settings), hook.webhook_secrets())


def _nobody() -> Hooked:
    settings = WooCommerceSettings("nobody", "https://nobody.invalid", "nobody", "nobody")
    return Hooked(WooCommerceClient.from_settings(settings), (secrets.token_hex(32),))
