"""Who answers at a shop's address, and what its settings mean for us (contract sections 2 and 13).

Each question may be refused on its own: what the key may not do becomes a text for the operator, not a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from pakhus.clients.http import Call
from pakhus.clients.webshop import ShopFacts
from pakhus.clients.woocommerce_api import V3, WooCommerceApi, WooCommerceSettings, write
from pakhus.clients.woocommerce_states import read_states, states_with_orders
from pakhus.errors import AccessDeniedError, RemoteError
from pakhus.formats.woocommerce_fields import Fields

T = TypeVar("T")


class WooCommerceProbe:
    """Asks the shop one question after the other."""

    def __init__(self, api: WooCommerceApi, settings: WooCommerceSettings) -> None:
        self._api = api
        self._settings = settings
        self._problems: list[str] = []

    def facts(self) -> ShopFacts:
        """Read address, rights and settings. Nothing is changed in the shop."""
        index = self._index()
        nothing: Mapping[str, str] = {}
        tax = self._asked("tax settings", self._tax_settings, nothing)
        facts = ShopFacts(
            platform="woocommerce",
            version=self._asked("the version", self._version, ""),
            currency=self._asked("the currency", self._currency, ""),
            timezone=_timezone(index),
            prices_include_vat=tax.get("woocommerce_prices_include_tax") == "yes",
            vat_rounded_at_subtotal=_yes_or_none(tax.get("woocommerce_tax_round_at_subtotal")),
            identity=index.text("home") or self._settings.base_url,
            states=self._asked("order states", lambda: read_states(self._api), {}),
            payment_methods=self._asked("payment methods", self._payment_methods, {}),
        )
        self._asked("orders", lambda: self._check_orders(facts.states), None)
        self._asked("writing", self._check_writing, None)
        return replace(facts, problems=tuple(self._problems))

    def _asked(self, what: str, ask: Callable[[], T], otherwise: T) -> T:
        try:
            return ask()
        except (RemoteError, ValueError) as error:
            self._problems.append(f"{what}: {error}")
            return otherwise

    def _index(self) -> Fields:
        index = Fields(self._asked("the shop's address", self._api.index, {}))
        namespaces = index.members.get("namespaces")
        if index.members and "wc/v3" not in (namespaces if isinstance(namespaces, list) else []):
            self._problems.append("WordPress answers, but WooCommerce's wc/v3 is not there: switch the plugin on")
        home, signed = index.text("home").rstrip("/"), self._settings.home_url or self._settings.base_url
        if home and self._settings.base_url.startswith("http://") and home != signed.rstrip("/"):
            self._problems.append(
                f"the shop believes to be at {home}: set home_url to it, else signatures do not match"
            )
        return index

    def _version(self) -> str:
        status = self._api.get("/system_status", [("_fields", "environment.version")])
        return Fields(status).object("environment").text("version")

    def _currency(self) -> str:
        return Fields(self._api.get("/data/currencies/current", [("_fields", "code")])).text("code")

    def _tax_settings(self) -> Mapping[str, str]:
        rows = map(Fields, self._api.rows("/settings/tax", [("_fields", "id,value")]))
        return {row.text("id"): str(row.members.get("value") or "") for row in rows}

    def _payment_methods(self) -> Mapping[str, str]:
        gateways = map(Fields, self._api.rows("/payment_gateways", [("_fields", "id,title,enabled")]))
        return {row.text("id"): row.plain_text("title") for row in gateways if row.members.get("enabled") is True}

    def _check_orders(self, states: Mapping[str, str]) -> None:
        """Ask for one order in all states we shall ask for: shows a state of the settings that the shop has not."""
        status = ",".join(states_with_orders(states, self._settings.extra_states))
        self._api.send(Call("GET", V3 + "/orders", [("per_page", "1"), ("_fields", "id"), ("status", status)]))

    def _check_writing(self) -> None:
        """An empty batch does nothing and is still refused to a key that may only read (section 11)."""
        try:
            self._api.send(replace(write("POST", "/orders/batch", {}), read_only=True))
        except AccessDeniedError:
            raise
        except RemoteError:
            return  # whatever else it says of an empty batch, it let the key pass


def _timezone(index: Fields) -> str:
    """Return the shop's zone by name, or by its distance from UTC in hours: UTC+5.5."""
    named = index.text("timezone_string")
    if named or not index.text("gmt_offset"):
        return named
    return f"UTC{index.number_or_none('gmt_offset') or Decimal(0):+f}"


def _yes_or_none(value: str | None) -> bool | None:
    return None if value is None else value == "yes"
