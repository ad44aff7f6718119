"""One shop's REST API as WooCommerce speaks it: address, keys, lists and objects (contract sections 2 and 4).

Paths are below `/wp-json`: the index (`/`, read without keys) and the routes of `/wc/v3`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pakhus.clients.budget import Budget, Unlimited
from pakhus.clients.http import Answer, Call, Limits, Query, Transport, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.woocommerce_errors import SYSTEM, error_of, shop_time
from pakhus.clients.woocommerce_signature import BasicSigner, OAuthSigner, Signer
from pakhus.errors import AccessDeniedError, ConfigurationError, DataError, RemoteError, TransientError
from pakhus.formats.woocommerce_fields import WooCommerceFormatError
from pakhus.rules.field_rules import FieldRule

ROOT = "/wp-json"
V3 = "/wc/v3"
PAGE_SIZE = 100  # the most WooCommerce gives


@dataclass(frozen=True, slots=True)
class WooCommerceSettings:
    """What a connection to one shop needs.

    `base_url` is the shop's address (scheme, host, port, path); `/wp-json/wc/v3` is appended here. `verify` is True,
    False (a self-signed certificate, unchecked) or the path of a CA file. `start_from` is where the first reading of
    changes begins (None: at the beginning). `extra_states` are order states of plugins that the shop does not list.
    `attribute_map` names the order's meta keys that matter: key -> `ean`, `vat_number`, `requisition`, `drop_point`,
    `is_test`, or a free name. `rules` are the merchant's own about fields of orders. `home_url` is the address the
    shop believes to have, where a proxy makes it another one than `base_url`; it is only needed over plain http,
    where calls are signed.
    """

    shop: str
    base_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    verify: bool | str = True
    start_from: datetime | None = None
    extra_states: tuple[str, ...] = ()
    attribute_map: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[FieldRule, ...] = ()
    home_url: str = ""
    page_size: int = PAGE_SIZE
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.start_from is not None and self.start_from.tzinfo is None:
            raise ValueError("start_from needs a time zone")
        if not 1 <= self.page_size <= PAGE_SIZE:
            raise ValueError(f"page_size must be 1 to {PAGE_SIZE}, got {self.page_size}")


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list. The counters are None where the server sends none; `shop_time` is its own clock."""

    rows: tuple[Mapping[str, Any], ...]
    total: int | None
    total_pages: int | None
    shop_time: datetime | None
    read_at: datetime

    def has_more(self, number: int, page_size: int) -> bool:
        """Whether pages after `number` are to be expected; a short page may hide rows the key may not see."""
        if self.total_pages is not None:
            return bool(self.rows) and self.total_pages > number
        return len(self.rows) >= page_size


class WooCommerceApi:
    """Reads and writes of one shop. Safe to share between threads."""

    def __init__(self, settings: WooCommerceSettings, budget: Budget | None = None) -> None:
        base_url = _address(settings.base_url)
        self._signer = _signer(settings, base_url)
        self.page_size = settings.page_size
        self.transport = Transport(
            system=SYSTEM,
            base_url=base_url + ROOT,
            error_table=self._judge,
            sign=self._sign,
            budget=budget or Unlimited(),
            headers={},
            limits=settings.limits,
            verify=settings.verify,
        )

    def send(self, call: Call) -> Answer:
        """Make a call."""
        return self.transport.send(call)

    def index(self) -> Mapping[str, Any]:
        """Read the site's index without keys: other plugins would refuse a header they do not know."""
        query = [("_fields", "name,url,home,gmt_offset,timezone_string,namespaces")]
        return as_object(self.send(Call("GET", "/", query)))

    def get(self, path: str, query: Query = ()) -> Mapping[str, Any]:
        """Read one object below `/wc/v3`."""
        return as_object(self.send(Call("GET", V3 + path, query)))

    def rows(self, path: str, query: Query = ()) -> tuple[Mapping[str, Any], ...]:
        """Read a list that WooCommerce does not page (notes, states, gateways)."""
        return _as_rows(self.send(Call("GET", V3 + path, query)))

    def page(self, path: str, query: Query, number: int) -> ListPage:
        """Read one page of a list."""
        paging = [("per_page", str(self.page_size)), ("page", str(number))]
        read_at = datetime.now(UTC)
        answer = self.send(Call("GET", V3 + path, [*query, *paging]))
        return ListPage(
            rows=_as_rows(answer),
            total=_counter(answer, "X-WP-Total"),
            total_pages=_counter(answer, "X-WP-TotalPages"),
            shop_time=shop_time(answer.headers),
            read_at=read_at,
        )

    def all_rows(self, path: str, query: Query) -> tuple[Mapping[str, Any], ...]:
        """Read all pages of a short list (refunds, webhooks, variations), each id once."""

        def fetch(number: int) -> Page:
            page = self.page(path, query, number)
            return Page(page.rows, None if page.has_more(number, self.page_size) else number)

        found: dict[object, Mapping[str, Any]] = {}
        for rows in numbered_pages(fetch, identity=lambda row: row.get("id")):
            found.update((row.get("id"), row) for row in rows)
        return tuple(found.values())

    def _sign(self, call: Call, url: str) -> Call:
        return self._signer.sign(call, url) if call.path.startswith(V3) else call

    def _judge(self, answer: Answer) -> RemoteError | None:
        error = error_of(answer)
        if isinstance(error, AccessDeniedError) and self._signer.corrects_clock(answer.headers):
            return TransientError(
                f"{SYSTEM} {answer.call.method} {answer.call.path}: the shop's clock differs from ours by minutes; "
                "signed anew by its clock",
                status=answer.status,
                maybe_done=False,
            )
        return error


def write(method: str, path: str, body: object) -> Call:
    """Plan a write below `/wc/v3`."""
    return Call(method, V3 + path, body=to_json(body), headers={"Content-Type": "application/json"})


def delete(path: str) -> Call:
    """Plan a deletion for good below `/wc/v3`."""
    return Call("DELETE", V3 + path, [("force", "true")])


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn a member that cannot be understood into a DataError about `what`."""
    try:
        yield
    except WooCommerceFormatError as error:
        raise DataError(f"{SYSTEM} {what}: {error}", fields={error.field: str(error)}, system=SYSTEM) from error


def is_id(text: str) -> bool:
    """Whether `text` can be an id of WordPress: a positive whole number."""
    return text.isascii() and text.isdigit() and not text.startswith("0")


def comma_list(values: Sequence[str]) -> str:
    """Join values the way WordPress takes several in one parameter."""
    return ",".join(values)


def as_object(answer: Answer) -> Mapping[str, Any]:
    """Return an answer that must be one object; TransientError when it is not."""
    body = answer.json()
    if not isinstance(body, Mapping):
        raise _unexpected(answer, "one object")
    return body


def _as_rows(answer: Answer) -> tuple[Mapping[str, Any], ...]:
    body = answer.json()
    if not isinstance(body, list) or not all(isinstance(row, Mapping) for row in body):
        raise _unexpected(answer, "a list of objects")
    return tuple(body)


def _unexpected(answer: Answer, wanted: str) -> TransientError:
    return TransientError(
        f"{SYSTEM} {answer.call.method} {answer.call.path}: the answer is not {wanted}",
        system=SYSTEM,
        status=answer.status,
        maybe_done=not answer.call.reads,
    )


def _counter(answer: Answer, name: str) -> int | None:
    text = answer.headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _signer(settings: WooCommerceSettings, base_url: str) -> Signer:
    key, secret = settings.consumer_key, settings.consumer_secret
    if base_url.startswith("https://"):
        return BasicSigner(key, secret)
    home_url = _address(settings.home_url) if settings.home_url else ""
    return OAuthSigner(key, secret, base_url=base_url, home_url=home_url)


def _address(url: str) -> str:
    """Return scheme, host, port and path prefix without what we append ourselves; ConfigurationError for no address."""
    address = url.strip().rstrip("/").removesuffix(V3).removesuffix(ROOT).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise ConfigurationError(
            f"{SYSTEM}: the shop's address must be like https://shop.example/path, without keys or query", system=SYSTEM
        )
    return address
