"""What a failed task tells people: what is wrong, where, and what to do. Never a key, never anything of a person."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from pakhus.connections import LEDGER_CONNECTION
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    CursorMovedError,
    LedgerBehindError,
    PakhusError,
    RateLimitedError,
    RemoteError,
    TransientError,
)
from pakhus.ledger.alerts import Cause
from pakhus.provider_connections import PROVIDERS
from pakhus.settings import SettingsError, ShopSettings, load_shop
from pakhus.settings.accounts import AccountSettings, load_account

TASK_FAILED = "task_failed"
_CODES: tuple[tuple[type[PakhusError], str], ...] = (
    (SettingsError, "settings_wrong"),
    (AccessDeniedError, "access_denied"),
    (ConfigurationError, "configuration"),
    (RateLimitedError, "rate_limited"),
    (TransientError, "remote_unavailable"),
    (CursorMovedError, "cursor_moved"),
    (LedgerBehindError, "ledger_behind"),
)


def failure_cause(error: PakhusError | DBAPIError, shop: str) -> Cause:
    """Return what an error that ended a task is to be told as; docs/runbooks/alerts.md has a part for each code."""
    text = failure_text(error, shop)
    if isinstance(error, DBAPIError):
        return Cause("ledger_unavailable", text, LEDGER_CONNECTION)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), TASK_FAILED)
    subject = (connection_of(error, shop) or error.system) if isinstance(error, RemoteError) else ""
    return Cause(code, text, subject)


def failure_text(error: PakhusError | DBAPIError, shop: str) -> str:
    """Return the message of an error that ended a task of this shop."""
    if isinstance(error, DBAPIError):  # its own text holds the statement
        return (
            f"The ledger's database cannot be used ({type(error.orig).__name__}). Nothing is lost, it is tried again; "
            f"if it lasts, see whether the database runs and the Airflow connection {LEDGER_CONNECTION} is right."
        )
    return f"{str(error).rstrip(' .;')}. {_advice(error, shop)}"


def _advice(error: PakhusError, shop: str) -> str:
    """What whoever must act does about it (design, decision 9)."""
    where = connection_of(error, shop) if isinstance(error, RemoteError) else None
    if isinstance(error, SettingsError):
        return "Mend the file; `python -m pakhus check` says whether all is well."
    if isinstance(error, AccessDeniedError):
        return f"Renew the key in the Airflow connection {where or 'it uses'}; nothing is lost, the next run goes on."
    if isinstance(error, ConfigurationError):
        place = f" (Airflow connection {where})" if where else ""
        return f"Mend what is named{place}; nothing is lost, the next run goes on."
    if isinstance(error, RateLimitedError):
        return "Nothing to do: it is tried again later."
    if isinstance(error, TransientError):
        place = f"the address in the Airflow connection {where}" if where else "its address"
        return f"Nothing is lost, it is tried again; if it lasts, see whether the system is up and {place} is right."
    if isinstance(error, LedgerBehindError):
        return "Every flow waits for that; nothing was written."
    if isinstance(error, CursorMovedError):
        return "Nothing to do: the next run reads on from there."
    return "Report it with this task's log to whoever maintains Pakhus."


def connection_of(error: RemoteError, shop: str) -> str | None:
    """Return the Airflow connection of the system that an error came from, where the error says which.

    `shop` may be an account at a payment provider, too.
    """
    with suppress(SettingsError):
        return _of_shop(load_shop(shop)).get(error.system)
    with suppress(SettingsError):
        return _of_account(load_account(shop)).get(error.system)
    return None


def _of_shop(settings: ShopSettings) -> Mapping[str, str | None]:
    return {
        "WooCommerce": settings.connection,
        "Rackbeat": settings.rackbeat_target,
        "e-conomic": settings.economic_target,
    }


def _of_account(settings: AccountSettings) -> Mapping[str, str | None]:
    """WooPayments is asked through the shop."""
    systems = [] if settings.api is None else [PROVIDERS[settings.api.provider].system]
    found: dict[str, str | None] = dict.fromkeys([*systems, "WooCommerce"] if systems else [], settings.api_connection)
    return {**found, "e-conomic": settings.economic_target}
