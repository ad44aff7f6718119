"""The switches of a stand-in shop. They survive a reset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

# Switches that write one of WooCommerce's own settings; a boolean becomes yes or no.
_OPTION_SWITCHES = {
    "prices_include_tax": "woocommerce_prices_include_tax",
    "round_at_subtotal": "woocommerce_tax_round_at_subtotal",
    "currency": "woocommerce_currency",
}


@dataclass
class Switches:
    """Each field is a setting of ``create`` and of ``POST /_standin/settings``.

    ``home_url``: the shop's own idea of its address (links, OAuth signatures); empty takes it from the request.
    ``behind_tls``: count plain http as https, as behind a proxy that ends TLS. ``half_made_reads``: how many order
    lists see a new order half made. ``webhook_delivery``: ``visits`` sends what is due after each request,
    ``manual`` only on the action ``run_webhooks``. ``webhook_delay_s`` is how long the queue waits, by the clock.
    ``numbering_plugin``: an order's number is its meta ``_order_number``.
    ``safe_requests_only``: WordPress's rule against private hosts and odd ports.
    """

    title: str = "Nordlys Hjem"
    version: str = "11.0.1"
    wordpress_version: str = "7.0.4"
    time_zone: str = "Europe/Copenhagen"
    home_url: str = ""
    behind_tls: bool = False
    maintenance: bool = False
    php_fatal: bool = False
    database_down: bool = False
    woocommerce_off: bool = False
    plain_permalinks: bool = False
    numbering_plugin: bool = False
    half_made_reads: int = 0
    extra_statuses: dict[str, str] = field(default_factory=dict)
    webhook_delivery: str = "visits"
    webhook_delay_s: float = 0.0
    webhook_timeout_s: float = 5.0
    safe_requests_only: bool = False
    prices_include_tax: bool | None = None
    round_at_subtotal: bool | None = None
    currency: str | None = None

    def change(self, settings: Mapping[str, Any]) -> None:
        """Set some of them. Raises ValueError for one that doesn't exist or has the wrong type, and changes none."""
        known = {item.name: item for item in fields(self)}
        new = dict(settings)
        if "half_made_visible" in new:
            new["half_made_reads"] = 1 if new.pop("half_made_visible") else 0
        if unknown := set(new) - set(known):
            raise ValueError(f"no setting {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
        for name, value in new.items():
            self._check(name, value)
        for name, value in new.items():
            setattr(self, name, dict(value) if name == "extra_statuses" else value)

    def _check(self, name: str, value: Any) -> None:
        current = getattr(type(self)(), name)
        if name in {"prices_include_tax", "round_at_subtotal"}:
            fits = value is None or isinstance(value, bool)
        elif name in {"webhook_delay_s", "webhook_timeout_s"}:
            fits = not isinstance(value, bool) and hasattr(value, "__float__")
        elif name == "extra_statuses":
            fits = isinstance(value, Mapping)
        else:
            fits = isinstance(value, type(current)) if current is not None else isinstance(value, str)
        if not fits:
            raise ValueError(f"setting {name} can not be {value!r}")
        if name == "webhook_delivery" and value not in {"visits", "manual"}:
            raise ValueError(f"webhook_delivery is visits or manual, not {value!r}")

    def options(self) -> dict[str, Any]:
        """The settings of WooCommerce that switches decide."""
        chosen = {option: getattr(self, name) for name, option in _OPTION_SWITCHES.items()}
        return {
            option: value if isinstance(value, str) else "yes" if value else "no"
            for option, value in chosen.items()
            if value is not None
        }

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def major(self) -> int:
        """The major version of WooCommerce."""
        return int(self.version.split(".")[0])
