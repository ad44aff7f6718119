"""The forms of payment providers' connections in Airflow's UI, as dicts; what the fields mean is in
`pakhus.provider_connections`."""

from __future__ import annotations

from typing import Any

from pakhus.form_fields import PATH, VERIFY, secret


def provider_forms() -> list[dict[str, Any]]:
    """The connection types of the providers whose API can be polled; WooPayments has the shop's."""
    return [
        _form("stripe", "Stripe", "StripeHook", key="Restricted API key", placeholder="rk_live_…"),
        _form("klarna", "Klarna", "KlarnaHook", login="API username", key="API password"),
        _form(
            "vipps_mobilepay",
            "Vipps MobilePay",
            "VippsMobilepayHook",
            login="Client id",
            key="Client secret",
            ledger_id={
                "label": "Ledger",
                "description": "The ledger's id, as the Report API lists it; Test names those that the keys may read.",
                "schema": {"type": ["string", "null"]},
            },
            subscription_key_secret=secret("Subscription key", "Ocp-Apim-Subscription-Key of the sales unit."),
        ),
        _form("paypal", "PayPal", "PaypalHook", login="Client id", key="Client secret"),
        _form("epay", "ePay", "EpayHook", key="API key"),
    ]


def _form(
    kind: str,
    name: str,
    hook: str,
    *,
    key: str,
    login: str = "",
    placeholder: str = "",
    **fields: dict[str, Any],
) -> dict[str, Any]:
    labels = {"host": "Address", "schema": "Scheme", "password": key, **({"login": login} if login else {})}
    return {
        "connection-type": kind,
        "hook-class-name": f"hooks.provider_hook.{hook}",
        "hook-name": name,
        "ui-field-behaviour": {
            "hidden-fields": [] if login else ["login"],
            "relabeling": labels,
            "placeholders": {
                "host": f"empty: {name}'s own",
                **({"password": placeholder} if placeholder else {}),
            },
        },
        "conn-fields": {**fields, "path": PATH, "verify": VERIFY},
    }
