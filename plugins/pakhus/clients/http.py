"""One way to call a remote system: a session per thread, time-outs, a deadline, a budget, retries, one error table.

A call is repeated here only when that cannot double anything: reads, and writes that surely had no effect (connection
refused, 429). A write whose outcome is unknown is raised with `maybe_done` and settled late (design, decision 3).
"""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests
import simplejson
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError

from pakhus.clients.budget import Budget
from pakhus.errors import ConfigurationError, RateLimitedError, RemoteError, TransientError

Query = Sequence[tuple[str, str]]

EXCERPT_CHARACTERS = 300
MAXIMUM_BODY_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_UNUSED: Query = ()
# OpenSSL's names of what ends a handshake: the other side speaks no TLS, or none that we speak.
_HANDSHAKE_REASONS = frozenset(
    {"HTTP_REQUEST", "NO_PROTOCOLS_AVAILABLE", "RECORD_LAYER_FAILURE", "UNSUPPORTED_PROTOCOL", "WRONG_VERSION_NUMBER"}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and tries. `deadline_s` covers all tries of one call; the ledger's leases are longer than it."""

    connect_s: float = 5.0
    read_s: float = 60.0
    deadline_s: float = 90.0
    tries: int = 4
    longest_wait_s: float = 20.0
    first_backoff_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is relative to the base URL and already escaped as the system wants it."""

    method: str
    path: str
    query: Query = _UNUSED
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cost: int = 1
    read_only: bool | None = None  # None: by the method; GraphQL and SOAP read by POST

    @property
    def reads(self) -> bool:
        """Whether repeating the call cannot change anything."""
        return self.method in ("GET", "HEAD", "OPTIONS") if self.read_only is None else self.read_only


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: any status, the headers (case-blind), the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    call: Call

    def json(self) -> Any:
        """Return the body's JSON with Decimals for fractions; TransientError when it is not JSON.

        A proxy's page with status 200 lands here: for a write the effect may have happened.
        """
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError:
            raise TransientError(
                f"{self.call.method} {self.call.path}: status {self.status}, but the body is not JSON",
                status=self.status,
                excerpt=self.excerpt(),
                maybe_done=not self.call.reads,
            ) from None

    def json_or_none(self) -> Any:
        """Return the body's JSON, or None where there is none: for error bodies, which may be HTML."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError:
            return None

    def excerpt(self) -> str:
        """The first characters on one line, for people; never used to decide."""
        return " ".join(self.body[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace").split())[:EXCERPT_CHARACTERS]


ErrorTable = Callable[[Answer], RemoteError | None]
"""Says what an answer means: None for success, else the error to raise, whose class says who must act."""

Sign = Callable[[Call, str], Call]
"""Adds authentication to a call; gets the call and its absolute URL without query."""

Meter = Callable[[Mapping[str, str], Budget], None]
"""Tells the budget what an answer's headers say of limits and costs."""


class Transport:
    """Calls one remote system. Safe to share between threads; each has a session and connection pool of its own."""

    def __init__(
        self,
        *,
        system: str,
        base_url: str,
        error_table: ErrorTable,
        sign: Sign,
        budget: Budget,
        headers: Mapping[str, str],
        meter: Meter | None = None,
        limits: Limits = Limits(),
        verify: bool | str = True,
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self.budget = budget
        self.limits = limits
        self._error_table = error_table
        self._sign = sign
        self._headers = {"Accept": "application/json", "User-Agent": "Pakhus/0.1", **headers}
        self._meter = meter
        self._verify = verify
        self._local = threading.local()

    def send(self, call: Call) -> Answer:
        """Return the successful answer; raise what the error table makes of any other.

        RateLimitedError when told to wait longer than fits the deadline, TransientError when nothing usable came.
        """
        deadline = time.monotonic() + self.limits.deadline_s
        for attempt in range(1, self.limits.tries + 1):
            try:
                return self._once(call, deadline)
            except TransientError as error:
                wait = self._wait_before_next(error, attempt)
                repeatable = call.reads or not error.maybe_done
                too_long = wait > self.limits.longest_wait_s or time.monotonic() + wait > deadline
                if not repeatable or too_long or attempt == self.limits.tries:
                    raise
                time.sleep(wait)
        raise AssertionError("a loop of at least one try returns or raises")

    def _once(self, call: Call, deadline: float) -> Answer:
        self.budget.take(call.cost)
        answer = self._exchange(self._sign(call, self.base_url + call.path), deadline)
        answer = replace(answer, call=call)
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            place = answer.headers.get("Location", "nowhere").partition("?")[0]  # the query may hold a signature
            raise ConfigurationError(
                f"{self.system} redirects {call.method} {call.path} to {place}: "
                "set the final address in the Airflow connection",
                system=self.system,
                status=answer.status,
            )
        if self._meter is not None:
            self._meter(answer.headers, self.budget)
        error = self._error_table(answer)
        if error is None:
            return answer
        error.system = error.system or self.system
        error.body = error.body or answer.body
        if isinstance(error, RateLimitedError):
            self.budget.block(error.retry_after)
        raise error

    def _exchange(self, call: Call, deadline: float) -> Answer:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TransientError(
                f"{self.system}: no time left for {call.method} {call.path}", system=self.system, maybe_done=False
            )
        try:
            with self._session().request(
                call.method,
                self.base_url + call.path,
                params=list(call.query),
                data=call.body,
                headers=dict(call.headers),
                timeout=(min(self.limits.connect_s, remaining), min(self.limits.read_s, remaining)),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, response.headers, self._body(response, deadline), call)
        # `from None`: the texts of these errors hold the whole address, and with it signatures.
        except requests.exceptions.InvalidURL:
            raise ConfigurationError(f"{self.system}: {self.base_url} is not an address", system=self.system) from None
        except requests.exceptions.RequestException as error:
            if _tls_refused(error, reading=call.reads):
                raise ConfigurationError(
                    f"{self.system}: TLS to {self.base_url} failed ({_cause(error)}); for a self-signed certificate "
                    "set the connection's CA file or switch verification off",
                    system=self.system,
                ) from None
            raise TransientError(
                f"{self.system}: no answer to {call.method} {call.path} from {self.base_url} ({_cause(error)})",
                system=self.system,
                maybe_done=not call.reads and not _never_sent(error),
            ) from None

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        chunks, size = [], 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            size += len(chunk)
            if size > MAXIMUM_BODY_BYTES:
                raise requests.exceptions.ContentDecodingError(f"more than {MAXIMUM_BODY_BYTES} bytes")
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout("the body did not end before the deadline")
            chunks.append(chunk)
        return b"".join(chunks)

    def _wait_before_next(self, error: TransientError, attempt: int) -> float:
        if isinstance(error, RateLimitedError):
            return error.retry_after.total_seconds()
        full: float = self.limits.first_backoff_s * 2 ** (attempt - 1)
        return full / 2 + random.uniform(0, full / 2)  # noqa: S311 - jitter, no secret

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False  # no .netrc or proxy may change what is sent with our keys
            session.headers.update(self._headers)
            session.verify = self._verify
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=2, max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._local.session = session
        return session


def retry_after(headers: Mapping[str, str], *, default_s: float) -> timedelta:
    """Read `Retry-After` as seconds or as an HTTP date; `default_s` where it is missing or not understood.

    A date is compared with the answer's own `Date`: the server's clock, not ours.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return timedelta(seconds=int(text))
    until = _http_date(text)
    if until is None:
        return timedelta(seconds=default_s)
    return max(until - (_http_date(headers.get("Date", "")) or datetime.now(UTC)), timedelta(0))


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_json(value: object) -> bytes:
    """Return compact UTF-8 JSON with Decimals as numbers, digit by digit; the bytes are stored and sent as they are."""
    _refuse_floats(value)
    return simplejson.dumps(
        value, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float must not leave the house ({value!r}): use Decimal")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)


def _never_sent(error: requests.exceptions.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, (NewConnectionError, NameResolutionError, ConnectTimeoutError))


def _tls_refused(error: requests.exceptions.RequestException, *, reading: bool) -> bool:
    """Whether TLS could not be agreed on, which a person must mend.

    Only a certificate that was refused proves that nothing was sent: a connection that breaks later can look like the
    other cases, so a write's outcome is unknown then.
    """
    found: BaseException | None = error
    while found is not None and not isinstance(found, ssl.SSLError):
        found = _inside(found)
    if isinstance(found, ssl.SSLCertVerificationError):
        return True
    return reading and found is not None and found.reason in _HANDSHAKE_REASONS


def _inside(error: BaseException) -> BaseException | None:
    """Return the error that another one wraps."""
    if isinstance(error, MaxRetryError):
        return error.reason
    return next((inner for inner in error.args if isinstance(inner, BaseException)), None)


def _cause(error: Exception) -> str:
    """The innermost cause's class and text, without the objects' addresses that urllib3 prints."""
    inner: BaseException = error
    while inner.args and isinstance(inner.args[0], BaseException):
        inner = inner.args[0]
    if isinstance(inner, MaxRetryError) and inner.reason:
        inner = inner.reason
    return f"{type(inner).__name__}: {str(inner).split(': ', 1)[-1]}"[:EXCERPT_CHARACTERS]
