"""Airflow connections as plain facts, and what each client needs of one. Imports no Airflow.

The hooks turn Airflow's Connection into `ConnectionFacts`; the command line reads the same facts from the environment
or from a file of `airflow connections export`. Errors name the connection and the field, never a value that may be
secret. docs/settings.md lists the fields.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from pakhus.clients.economic import DEFAULT_URL as ECONOMIC_URL
from pakhus.clients.economic import OPENAPI_URL, EconomicSettings
from pakhus.clients.rackbeat import DEFAULT_URL as RACKBEAT_URL
from pakhus.clients.rackbeat import RackbeatSettings
from pakhus.clients.woocommerce_api import WooCommerceSettings
from pakhus.errors import ConfigurationError
from pakhus.settings import ShopSettings

ENVIRONMENT_PREFIX = "AIRFLOW_CONN_"
LEDGER_CONNECTION = "pakhus_ledger"
LEDGER_URL_VARIABLE = "PAKHUS_LEDGER_URL"
SHORTEST_SECRET = 24
_HOW_TO_MAKE_ONE = "put what `openssl rand -hex 32` prints there, and nowhere else"
_DEFAULT_SCHEME = "https"
_LEDGER_DRIVER = "postgresql+psycopg"
_EXTRA_KEY = "__extra__"  # Airflow's name for extras that do not fit the query of a URI


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What an Airflow connection says. Empty texts stand for what is not set."""

    conn_id: str
    conn_type: str = ""
    host: str = ""
    schema: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def problem(self, name: str, text: str) -> ConfigurationError:
        """Return the error for what is wrong with a field."""
        return ConfigurationError(f"Airflow connection {self.conn_id}, {name}: {text}")

    def secret(self, name: str, meaning: str) -> str:
        """Return login or password; ConfigurationError when it is empty."""
        value: str = getattr(self, name).strip()
        if not value:
            raise self.problem(name, f"is empty; put the {meaning} there")
        return value

    def text(self, name: str) -> str:
        """Return an extra, or an empty text; ConfigurationError when it is no text."""
        value = self.extra.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.problem(f"extra {name}", "must be a text")
        return value.strip()


def woocommerce_settings(connection: ConnectionFacts, shop: ShopSettings | None = None) -> WooCommerceSettings:
    """Host is the shop's address, login the consumer key, password the consumer secret.

    Extras: `verify`, `path`, `home_url` (the address the shop believes to have, behind a proxy and over http). Without
    a shop's settings the client can only be tested.
    """
    return WooCommerceSettings(
        shop=shop.shop if shop else connection.conn_id.partition("__")[2] or connection.conn_id,
        base_url=address_of(connection, ""),
        consumer_key=connection.secret("login", "consumer key"),
        consumer_secret=connection.secret("password", "consumer secret"),
        verify=verification_of(connection),
        start_from=shop.start_from if shop else None,
        extra_states=tuple(sorted(shop.known_states)) if shop else (),
        attribute_map=shop.mapping.buyer_fields if shop else {},
        rules=shop.field_rules if shop else (),
        home_url=connection.text("home_url"),
    )


def webhook_secrets(connection: ConnectionFacts) -> tuple[str, ...]:
    """Return the secrets that a shop's webhooks may be signed with; the first one is for new webhooks.

    Extras: `webhook_secret`, and `webhook_secret_before`, which is still taken while the shop changes to the new one.
    ConfigurationError when there is none, or one so short that it could be guessed.
    """
    secrets = connection.text("webhook_secret"), connection.text("webhook_secret_before")
    if not secrets[0]:
        raise connection.problem("extra webhook_secret", f"is missing; {_HOW_TO_MAKE_ONE}")
    for name, secret in zip(("webhook_secret", "webhook_secret_before"), secrets, strict=True):
        if secret and not (len(secret) >= SHORTEST_SECRET and secret.isascii() and secret.isalnum()):
            must = f"must be at least {SHORTEST_SECRET} letters and digits"
            raise connection.problem(f"extra {name}", f"{must}; {_HOW_TO_MAKE_ONE}")
    return tuple(secret for secret in secrets if secret)


def rackbeat_settings(connection: ConnectionFacts) -> RackbeatSettings:
    """Password is the API key; host is only needed for a server other than Rackbeat's.

    Extras: `contact` (an address that Rackbeat may write to), `verify`, `path`.
    """
    return RackbeatSettings(
        token=connection.secret("password", "API key"),
        base_url=address_of(connection, RACKBEAT_URL),
        contact=connection.text("contact"),
        verify=verification_of(connection),
    )


def economic_settings(connection: ConnectionFacts) -> EconomicSettings:
    """Password is the agreement's grant token; host is only needed for a server other than e-conomic's.

    Extras: `app_secret_token` (the app's; Airflow masks extras with such a name), `verify`, `path`, `openapi_url`
    (where journals are booked; by default e-conomic's own, or where the host is).
    """
    app_secret = connection.text("app_secret_token")
    if not app_secret:
        raise connection.problem("extra app_secret_token", "is missing; put the app's secret token there")
    return EconomicSettings(
        app_secret_token=app_secret,
        agreement_grant_token=connection.secret("password", "agreement's grant token"),
        base_url=address_of(connection, ECONOMIC_URL),
        openapi_url=connection.text("openapi_url") or address_of(connection, OPENAPI_URL),
        verify=verification_of(connection),
    )


def ledger_url(connection: ConnectionFacts) -> str:
    """Return the SQLAlchemy URL of the ledger; schema is the database's name."""
    for name in ("host", "login", "schema"):
        if not getattr(connection, name):
            raise connection.problem(name, "is empty; the ledger is a PostgreSQL database of its own")
    who = quote(connection.login, safe="")
    if connection.password:
        who = f"{who}:{quote(connection.password, safe='')}"
    port = f":{connection.port}" if connection.port else ""
    options = "&".join(f"{quote(str(name))}={quote(str(value))}" for name, value in sorted(connection.extra.items()))
    database = quote(connection.schema, safe="")
    return f"{_LEDGER_DRIVER}://{who}@{_bracketed(connection.host)}{port}/{database}{'?' if options else ''}{options}"


def find_ledger_url(
    connections: Mapping[str, ConnectionFacts], environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the ledger's URL from PAKHUS_LEDGER_URL or the connection `pakhus_ledger`; None where neither is set."""
    if url := environment.get(LEDGER_URL_VARIABLE):
        scheme, _, rest = url.partition("://")
        return f"{_LEDGER_DRIVER}://{rest}" if scheme in ("postgresql", "postgres") else url
    connection = connections.get(LEDGER_CONNECTION)
    return ledger_url(connection) if connection else None


def connections_from_environment(environment: Mapping[str, str] = os.environ) -> dict[str, ConnectionFacts]:
    """Return the connections that the environment sets (AIRFLOW_CONN_<ID>), by id; our ids are lower case."""
    found = {}
    for name, text in environment.items():
        conn_id = name.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name.startswith(ENVIRONMENT_PREFIX) and conn_id and text:
            found[conn_id] = connection_from_text(conn_id, text)
    return found


def connections_from_file(file: Path) -> dict[str, ConnectionFacts]:
    """Return the connections of a JSON file as `airflow connections export` writes it: an object or a URI by id."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read as JSON: {error}") from None
    return connections_from_object(content, str(file))


def connections_from_object(content: Any, source: str) -> dict[str, ConnectionFacts]:
    """Return the connections of an object: connection id -> an object or a URI."""
    if not isinstance(content, dict):
        raise ConfigurationError(f"{source} must give an object: connection id -> connection")
    return {conn_id: _connection(conn_id, value) for conn_id, value in content.items()}


def connection_from_text(conn_id: str, text: str) -> ConnectionFacts:
    """Return the connection that a variable's text says, as JSON or as Airflow's URI."""
    if not text.lstrip().startswith("{"):
        return _from_uri(conn_id, text.strip())
    try:
        return _connection(conn_id, json.loads(text))
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"Airflow connection {conn_id}: its JSON is broken at character {error.pos}") from None


def _connection(conn_id: str, value: Any) -> ConnectionFacts:
    if isinstance(value, str):
        return _from_uri(conn_id, value)
    if not isinstance(value, dict):
        raise ConfigurationError(f"Airflow connection {conn_id} must be an object or a URI")
    texts = {name: str(value.get(name) or "") for name in ("conn_type", "host", "schema", "login", "password")}
    return ConnectionFacts(conn_id, **texts, port=_port(conn_id, value.get("port")), extra=_extra(conn_id, value))


def _port(conn_id: str, value: Any) -> int | None:
    if value in (None, ""):
        return None
    if not str(value).isdigit():
        raise ConfigurationError(f"Airflow connection {conn_id}, port: must be a number")
    return int(value)


def _extra(conn_id: str, value: Mapping[str, Any]) -> dict[str, Any]:
    extra = value.get("extra") or {}
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except ValueError:
            extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError(f"Airflow connection {conn_id}, extra: must be a JSON object")
    return extra


def _from_uri(conn_id: str, uri: str) -> ConnectionFacts:
    """Airflow's own form: type://login:password@host:port/schema?extra, or type://https://… for a host with scheme."""
    conn_type, mark, rest = uri.partition("://")
    scheme, second, inner = rest.partition("://")
    scheme, rest = (scheme, inner) if second and "@" not in scheme and "/" not in scheme else ("", rest)
    try:
        parts = urlsplit(f"//{rest}")
        port = parts.port
    except ValueError:
        mark = ""
    if not mark:
        raise ConfigurationError(f"Airflow connection {conn_id}: is neither JSON nor a URI like type://login@host")
    host = _host_of(parts.netloc)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return ConnectionFacts(
        conn_id,
        conn_type=conn_type.replace("-", "_"),
        host=f"{scheme}://{host}" if scheme and host else host,
        schema=unquote(parts.path[1:]),
        port=port,
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        extra=_extra(conn_id, {"extra": query[_EXTRA_KEY]}) if _EXTRA_KEY in query else query,
    )


def _host_of(netloc: str) -> str:
    """The host as written; urlsplit's own would be in lower case even where it is quoted and holds a path."""
    host = netloc.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else unquote(host.partition(":")[0])


def _bracketed(host: str) -> str:
    """An IPv6 address as it must stand in a URL; other hosts as they are."""
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") and "://" not in host else host


def address_of(connection: ConnectionFacts, default: str) -> str:
    """Return scheme, host, port and path. Host may hold all of it; else schema, port and the extra `path` add to it."""
    if not connection.host.strip():
        if default:
            return default
        raise connection.problem("host", "is empty; put the address there, like https://shop.example")
    host = _bracketed(connection.host.strip())
    schema = connection.schema.strip().lower()
    if schema not in ("", "http", "https"):
        raise connection.problem("schema", "must be http or https; a path belongs into host or the extra path")
    if "://" not in host:
        host = f"{schema or _DEFAULT_SCHEME}://{host}"
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError:
        raise connection.problem("host", "is no address; write it like https://shop.example") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise connection.problem("host", "must be like https://shop.example/path, without keys or query")
    if schema and schema != parts.scheme:
        raise connection.problem("schema", f"is {schema}, but the host says {parts.scheme}; leave one of them out")
    if port and connection.port and port != connection.port:
        raise connection.problem("port", f"is {connection.port}, but the host says {port}; leave one of them out")
    netloc = parts.netloc if port or not connection.port else f"{parts.netloc.rstrip(':')}:{connection.port}"
    path = "/".join(part.strip("/") for part in (parts.path, connection.text("path")) if part.strip("/"))
    return urlunsplit((parts.scheme, netloc, f"/{path}" if path else "", "", ""))


def verification_of(connection: ConnectionFacts) -> bool | str:
    """Return how certificates are checked: true (default), false, or the path of a CA file."""
    value = connection.extra.get("verify", True)
    if isinstance(value, bool):
        return value
    text = str(value).strip()
    if text.lower() in ("", "true"):
        return True
    if text.lower() == "false":
        return False
    if not Path(text).is_file():
        raise connection.problem(
            "extra verify", f"is {text!r}; write true, false, or the path of a CA file that exists"
        )
    return text
