"""The forms of our connection types in Airflow's UI: a dict for the provider entry point; imports no Airflow.

What the fields mean is in `pakhus.connections`. Extras whose name holds `token` or `secret` are masked by Airflow, and
those of format password are not shown in the form.
"""

from __future__ import annotations

from typing import Any

from pakhus.form_fields import PATH, VERIFY
from pakhus.provider_forms import provider_forms


def provider_info() -> dict[str, Any]:
    """What Airflow's provider discovery reads."""
    return {
        "package-name": "pakhus",
        "name": "Pakhus",
        "description": "Webshops, the Rackbeat warehouse, the e-conomic accounts and payment providers.",
        "connection-types": [_woocommerce(), _rackbeat(), _economic(), *provider_forms()],
    }


def _woocommerce() -> dict[str, Any]:
    return {
        "connection-type": "woocommerce",
        "hook-class-name": "hooks.woocommerce_hook.WooCommerceHook",
        "hook-name": "WooCommerce",
        "ui-field-behaviour": {
            "hidden-fields": [],
            "relabeling": {
                "host": "Shop address",
                "schema": "Scheme",
                "login": "Consumer key",
                "password": "Consumer secret",
            },
            "placeholders": {"host": "https://shop.example", "login": "ck_…", "password": "cs_…"},
        },
        "conn-fields": {
            "home_url": {
                "label": "Home address",
                "description": "The address the shop believes to have, where a proxy makes it another; only over http.",
                "schema": {"type": ["string", "null"]},
            },
            "path": PATH,
            "verify": VERIFY,
            "webhook_secret": {
                "label": "Webhook secret",
                "description": "At least 24 letters and digits that nobody knows; signs the shop's webhooks.",
                "schema": {"type": ["string", "null"], "format": "password"},
            },
            "webhook_secret_before": {
                "label": "Webhook secret before",
                "description": "The one before, still taken while the shop changes to the new one.",
                "schema": {"type": ["string", "null"], "format": "password"},
            },
        },
    }


def _rackbeat() -> dict[str, Any]:
    return {
        "connection-type": "rackbeat",
        "hook-class-name": "hooks.rackbeat_hook.RackbeatHook",
        "hook-name": "Rackbeat",
        "ui-field-behaviour": {
            "hidden-fields": ["login"],
            "relabeling": {"host": "Address", "schema": "Scheme", "password": "API key"},
            "placeholders": {"host": "empty: Rackbeat's own", "contact": "it@merchant.example"},
        },
        "conn-fields": {
            "contact": {
                "label": "Contact",
                "description": "An e-mail address that Rackbeat may write to about our calls.",
                "schema": {"type": ["string", "null"]},
            },
            "path": PATH,
            "verify": VERIFY,
        },
    }


def _economic() -> dict[str, Any]:
    return {
        "connection-type": "economic",
        "hook-class-name": "hooks.economic_hook.EconomicHook",
        "hook-name": "e-conomic",
        "ui-field-behaviour": {
            "hidden-fields": ["login"],
            "relabeling": {"host": "Address", "schema": "Scheme", "password": "Agreement grant token"},
            "placeholders": {"host": "empty: e-conomic's own"},
        },
        "conn-fields": {
            "app_secret_token": {
                "label": "App secret token",
                "description": "The secret of the app that the agreement was granted to.",
                "schema": {"type": ["string", "null"], "format": "password"},
            },
            "openapi_url": {
                "label": "Address for booking journals",
                "description": "Empty: https://apis.e-conomic.com, or the address above where that is another server.",
                "schema": {"type": ["string", "null"]},
            },
            "path": PATH,
            "verify": VERIFY,
        },
    }
