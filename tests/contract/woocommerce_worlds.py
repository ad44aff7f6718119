"""Shops in the state in which a recording was made, and the comparison of an answer with the recorded one."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from standin.clock import Clock
from standin.messages import Headers, Request, Response
from standin.system import freeze, thaw
from standin.woocommerce import WooCommerceStandin, create, recorded_shop, second_shop
from standin.woocommerce.recordings import recording

HOME = "https://127.0.0.1:18443"
OLD_HOME = "https://127.0.0.1:18543"
HTTP_HOME = "http://127.0.0.1:18480"
KEYS = [
    {"consumer_key": "ck_rw", "consumer_secret": "cs_rw"},
    {"consumer_key": "ck_read", "consumer_secret": "cs_read", "permissions": "read"},
    {"consumer_key": "ck_write", "consumer_secret": "cs_write", "permissions": "write"},
    {"consumer_key": "ck_customer", "consumer_secret": "cs_customer", "role": "customer", "user_id": 3},
    {"consumer_key": "ck_manager", "consumer_secret": "cs_manager", "role": "shop_manager", "user_id": 2},
]
# Random in a real shop, or made of what the recordings do not show.
NEVER_COMPARED = frozenset({"order_key", "payment_url", "related_ids", "total_sales"})
SECONDS_APART = 3.0
Json = dict[str, Any]


def at(text: str) -> datetime:
    """A time of the recorded day, GMT: ``16:17:07``."""
    return datetime.fromisoformat(f"2026-11-21T{text}+00:00")


def moment_of(taken: Json) -> datetime:
    """When an exchange was recorded."""
    return datetime.fromisoformat(taken["recorded_at"].replace("Z", "+00:00")).astimezone(UTC)


@functools.lru_cache(maxsize=64)
def _frozen(as_of: datetime | None) -> bytes:
    return freeze(recorded_shop(as_of))


def shop_as_of(as_of: datetime | None = None, **changes: Any) -> Json:
    """The recorded shop's seed as it stood; ``changes`` replace members."""
    seed: Json = thaw(_frozen(as_of))
    return {**seed, **changes}


@functools.lru_cache(maxsize=1)
def _frozen_second() -> bytes:
    return freeze(second_shop())


def old_shop(**changes: Any) -> Json:
    """The seed of the shop on WooCommerce 8.9.2."""
    seed: Json = thaw(_frozen_second())
    return {**seed, **changes}


@dataclass
class World:
    """A shop in a state: seed, switches, and what was done before the recording, each step with its time."""

    seed: Json
    settings: Json = field(default_factory=dict)
    steps: Sequence[tuple[str, str, str, Json | None]] = ()
    key: str = "rw"


class Visitor:
    """Sends requests to a stand-in without a socket; ``home`` is the address they seem to go to."""

    def __init__(self, world: World, now: datetime, home: str = HOME) -> None:
        self.clock = Clock(now)
        self.home = home
        seed = {**world.seed, "credentials": {"keys": KEYS}}
        self.shop: WooCommerceStandin = create("replayed", seed, {"home_url": home, **world.settings}, self.clock)
        self.key = world.key
        for time, method, path, body in world.steps:
            self.clock.set(at(time))
            answer = self.send(method, path, body)
            assert answer.status < 400, (method, path, answer.body)
        self.clock.set(now)

    def send(self, method: str, path: str, body: Any = None, key: str | None = None, **query: Any) -> Response:
        """One request with Basic authentication; ``path`` below ``wc/v3`` or, with a leading ``//``, whole."""
        key = key or self.key
        headers = {"Accept": "application/json", "Content-Type": "application/json", **basic(key, key)}
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body, default=float).encode()
        whole = path[1:] if path.startswith("//") else f"/wp-json/wc/v3{path}"
        return self.ask(method, whole, parse_qsl(urlencode(query, doseq=True), keep_blank_values=True), headers, raw)

    def ask(
        self, method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: bytes = b""
    ) -> Response:
        """One request as it comes off the wire."""
        request = Request(method, path, query, Headers(dict(headers)), body, self.clock.now(), base_url=self.home)
        return self.shop.handle(request)

    def json(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's body; anything but success fails the test."""
        answer = self.send(method, path, body, **query)
        assert answer.status < 400, answer.encoded()
        return parsed(answer)

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Status and code of an answer that must be an error."""
        answer = self.send(method, path, body, **query)
        assert answer.status >= 400, answer.encoded()
        return answer.status, parsed(answer)["code"]


def parsed(answer: Response) -> Any:
    """A JSON body, fractions as Decimal."""
    return json.loads(answer.encoded(), parse_float=Decimal)


def basic(key: str, secret: str) -> dict[str, str]:
    """The header of Basic authentication with two of the keys above, by their short names."""
    token = base64.b64encode(f"ck_{key}:cs_{secret}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def oauth(method: str, url: str, pairs: Sequence[tuple[str, str]], key: str = "rw", **fixed: str) -> dict[str, str]:
    """The parameters of OAuth 1.0a one-legged, by the standard; ``fixed`` replaces some."""
    given = {
        "oauth_consumer_key": f"ck_{key}",
        "oauth_timestamp": "1795277830",
        "oauth_nonce": "a-nonce",
        "oauth_signature_method": "HMAC-SHA256",
        **fixed,
    }
    encoded = sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in [*pairs, *given.items()])
    joined = quote("&".join(f"{n}={v}" for n, v in encoded), safe="~")
    text = f"{method}&{quote(url, safe='~')}&{joined}"
    digest = hashlib.sha1 if given["oauth_signature_method"] == "HMAC-SHA1" else hashlib.sha256
    made = hmac.new(f"cs_{key}&".encode(), text.encode(), digest).digest()
    return {**given, "oauth_signature": base64.b64encode(made).decode()}


# --- replaying -------------------------------------------------------------------------------------------------------


def replay(name: str, world: World, home: str = HOME) -> tuple[Json, Response]:
    """The recording and the stand-in's answer to its request."""
    taken = recording(name)
    asked = taken["request"]
    visitor = Visitor(world, moment_of(taken), home)
    body = asked.get("body")
    raw = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body, default=float).encode()
    headers = {**asked["headers"], **basic(world.key, world.key)}
    query = parse_qsl(asked.get("query") or "", keep_blank_values=True)
    return taken, visitor.ask(asked["method"], asked["path"], query, headers, raw)


def unlike(taken: Json, answer: Response, ignoring: frozenset[str] = frozenset(), *, partly: bool = False) -> list[str]:
    """All differences between the recorded answer and this one, empty when there are none.

    Members in ``ignoring`` are not compared; ``partly``: the recorded body was cut, compare what is left of it.
    """
    stated = taken["response"]
    found = [] if answer.status == stated["status"] else [f"status {answer.status}, recorded {stated['status']}"]
    recorded_headers = {name.lower(): value for name, value in stated["headers"]}
    own = {name.lower(): value for name, value in answer.headers.items()} | {"content-type": answer.content_type}
    found += [
        f"{name}: {own.get(name)}, recorded {recorded_headers.get(name)}"
        for name in ("x-wp-total", "x-wp-totalpages", "link", "allow", "location", "retry-after", "content-type")
        if name not in ignoring and recorded_headers.get(name) != own.get(name)
    ]
    if taken["request"]["method"] != "HEAD" and stated["body"] is not None:
        found += _differences(stated["body"], parsed(answer), "", ignoring | NEVER_COMPARED, partly)
    return found


def check_replay(name: str, world: World, *ignoring: str, partly: bool = False, home: str = HOME) -> None:
    """The stand-in answers the recorded request as the shop did, but for the members in ``ignoring``."""
    taken, answer = replay(name, world, home)
    assert unlike(taken, answer, frozenset(ignoring), partly=partly) == []


def _differences(stated: Any, got: Any, where: str, ignoring: frozenset[str], partly: bool) -> list[str]:
    if isinstance(stated, dict) and isinstance(got, dict):
        return _in_members(stated, got, where, ignoring, partly)
    if isinstance(stated, list) and isinstance(got, list):
        found = [] if partly or len(stated) == len(got) else [f"{where}: {len(got)} items, recorded {len(stated)}"]
        for number, (one, other) in enumerate(zip(stated, got, strict=False)):
            if not (partly and isinstance(one, str) and one.startswith("…")):
                found += _differences(one, other, f"{where}[{number}]", ignoring, partly)
        return found
    same_kind = isinstance(stated, bool) == isinstance(got, bool) and isinstance(stated, str) == isinstance(got, str)
    return [] if stated == got and same_kind else [f"{where}: {got!r}, recorded {stated!r}"]


def _in_members(stated: Json, got: Json, where: str, ignoring: frozenset[str], partly: bool) -> list[str]:
    found = []
    if not partly and list(stated) != list(got) and "order" not in ignoring:
        found.append(f"{where}: members {list(got)}, recorded {list(stated)}")
    for name in (n for n in stated if n in got and n not in ignoring):
        place = f"{where}.{name}"
        if name == "meta_data":
            found += _differences(_without_ids(stated[name]), _without_ids(got[name]), place, ignoring, partly)
        elif name.startswith("date_") and stated[name] and got[name]:
            found += [] if _near(stated[name], got[name]) else [f"{place}: {got[name]}, recorded {stated[name]}"]
        else:
            found += _differences(stated[name], got[name], place, ignoring, partly)
    return found


def _without_ids(rows: Any) -> Any:
    """Meta rows are numbered by everything that a shop writes, also by what no answer shows."""
    return [{n: v for n, v in row.items() if n != "id"} for row in rows] if isinstance(rows, list) else rows


def _near(one: str, other: str) -> bool:
    """A real shop takes its time: what a single request wrote carries times some seconds apart."""
    apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    return abs(apart.total_seconds()) <= SECONDS_APART


WorldOf = Callable[[Json], World]


def as_recorded(taken: Json) -> World:
    """For reads: the shop at the moment of the recording."""
    return World(shop_as_of(moment_of(taken)))


def just_before(taken: Json) -> World:
    """For writes: the shop one second before the recording."""
    return World(shop_as_of(moment_of(taken) - timedelta(seconds=1)))
