"""What the clients of payment providers share: settings, the error table, reading, and the bytes that readers take.

They only read. A provider's settlement comes as one JSON object of its answers, so that it can be kept, hashed and read
again like a file (`pakhus.formats.settlements`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Protocol

from pakhus.clients.budget import Budget, Unlimited
from pakhus.clients.http import Answer, Call, Limits, Query, Sign, Transport, retry_after, to_json
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    DataError,
    NotFoundError,
    RateLimitedError,
    RemoteError,
    TransientError,
)

Row = Mapping[str, Any]
_NO_QUERY: Query = ()
_MOST_PAGES = 10_000
_DEFAULT_RETRY_AFTER_S = 10.0
_EARLY_S = 60


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What a connection to a provider needs: a key, or a name and a secret."""

    base_url: str
    secret: str = field(repr=False)
    name: str = ""
    subscription_key: str = field(default="", repr=False)
    verify: bool | str = True
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class PaidApart:
    """A payout whose lines the provider does not tell: `amount` in `currency`, paid on `day`."""

    id: str
    day: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What a provider lists for some days.

    `ready` are the ids of settlements that can be read whole, oldest first. `open_since` is the day of the first one
    that is not finished yet; None: there is none. `apart` are payouts that it will never itemise.
    """

    ready: Sequence[str]
    open_since: date | None = None
    apart: Sequence[PaidApart] = ()


class SettlementClient(Protocol):
    """A provider's API, as the payouts flow sees it."""

    def payouts(self, first: date, last: date) -> Listed:
        """Return what the provider lists for these days (UTC)."""

    def settlement(self, payout_id: str) -> bytes:
        """Return a settlement in the form that the provider's reader takes, without what nobody needs to know."""

    def probe(self) -> str:
        """Read a little of all that `payouts` and `settlement` need, and say what this leads to."""


class ProviderApi:
    """Reads JSON of a provider. Errors name the provider and who must act, never a key."""

    def __init__(self, system: str, settings: ProviderSettings, sign: Sign, budget: Budget | None = None) -> None:
        self.system = system
        self._transport = Transport(
            system=system,
            base_url=settings.base_url,
            error_table=_error_table(system),
            sign=sign,
            budget=budget or Unlimited(),
            headers={},
            limits=settings.limits,
            verify=settings.verify,
        )

    def get(self, path: str, query: Query = _NO_QUERY) -> Row:
        """Read one JSON object."""
        return self._object(self._transport.send(Call("GET", path, query)))

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Row:
        """Ask for a token: a POST that changes nothing, so it may be repeated."""
        return self._object(self._transport.send(Call("POST", path, body=body, headers=headers, read_only=True)))

    def rows(self, body: Row, member: str) -> Sequence[Row]:
        """The list of an answer; TransientError where it has none, since a proxy may have answered."""
        found = body.get(member)
        if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
            raise TransientError(
                f"{self.system}: the answer has no list {member}", system=self.system, maybe_done=False
            )
        return found

    def pages(self, fetch: Callable[[int], tuple[Sequence[Row], bool]]) -> Iterator[Row]:
        """Yield the rows of page after page; a page that repeats the one before would go on for ever."""
        before: Sequence[Row] = ()
        for number in range(_MOST_PAGES):
            rows, more = fetch(number)
            if rows and rows == before:
                break
            yield from rows
            if not more or not rows:
                return
            before = rows
        raise TransientError(f"{self.system}: its list does not end", system=self.system, maybe_done=False)

    def _object(self, answer: Answer) -> Row:
        body = answer.json()
        if not isinstance(body, Mapping):
            raise TransientError(f"{self.system}: the answer is no object", system=self.system, maybe_done=False)
        return body


def envelope(**members: object) -> bytes:
    """Return answers as one JSON object, fractions digit by digit."""
    return to_json(members)


def only(row: Row, names: Iterable[str]) -> Row:
    """Return these members of a row, where it has them: what is kept for years holds nothing of a person."""
    return {name: row[name] for name in names if name in row}


def by(rows: Iterable[Row], *names: str) -> list[Row]:
    """Return rows in an order of their own, so that the same settlement has the same bytes."""
    return sorted(rows, key=lambda row: [str(row.get(name) or "") for name in names])


@dataclass(slots=True)
class RenewedToken:
    """The bearer token of one client, asked for anew a minute before it ends."""

    system: str
    _token: str = ""
    _until: float = 0.0  # monotonic seconds of this process

    def value(self, ask: Callable[[], Row]) -> str:
        """Return a token that is good for a call; `ask` gets the answer to an OAuth request.

        TransientError when that answer has none, or does not say how long it lasts: a proxy may have answered.
        """
        if time.monotonic() >= self._until:
            body = ask()
            token, lasts_s = body.get("access_token"), str(body.get("expires_in") or 0)
            if not isinstance(token, str) or not token or not lasts_s.isdecimal():
                raise TransientError(f"{self.system}: the answer has no token", system=self.system, maybe_done=False)
            self._token, self._until = token, time.monotonic() + int(lasts_s) - _EARLY_S
        return self._token


def bearer(secret: str) -> Sign:
    """Sign with a key that never changes."""

    def sign(call: Call, url: str) -> Call:
        del url
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {secret}"})

    return sign


def _error_table(system: str) -> Callable[[Answer], RemoteError | None]:
    def judge(answer: Answer) -> RemoteError | None:
        status, text = answer.status, f"{system} {answer.call.method} {answer.call.path}: {answer.status}"
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        facts: dict[str, Any] = {"status": status, "excerpt": answer.excerpt()}
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return AccessDeniedError(f"{text}; renew the key in the Airflow connection, and check its rights", **facts)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = retry_after(answer.headers, default_s=_DEFAULT_RETRY_AFTER_S)
            return RateLimitedError(text, retry_after=wait, **facts)
        if status == HTTPStatus.NOT_FOUND:
            return NotFoundError(text, **facts)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return TransientError(text, maybe_done=False, **facts)
        if status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE):
            return ConfigurationError(text, **facts)
        return DataError(text, **facts)

    return judge
