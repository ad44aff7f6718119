"""What a WooCommerce answer means (contract sections 3 and 14).

Decided by status and `code`, never by the message, which is in the shop's language. A server error may hold a PHP
stack trace or a whole HTML page: neither reaches a message.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from pakhus.clients.http import Answer, retry_after
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    DataError,
    NotFoundError,
    RateLimitedError,
    RemoteError,
    TransientError,
)

SYSTEM = "WooCommerce"
LONGEST_WAIT = timedelta(seconds=60)  # WordPress says 600 s while it updates itself; the usual stop is seconds
_DEFAULT_WAIT_S = 15.0
_SERVER_IN_FRONT_OF_SHOP = frozenset({408, 502, 503, 504, *range(520, 527)})
_SERVER_FAULT_CODES = frozenset({"internal_server_error", "wp_die"})
NO_ROUTE = "rest_no_route"
_TEXT_CHARACTERS = 300
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_TRACE = re.compile(r"(Stack trace:|\bin /|\bin [A-Z]:\\).*", re.DOTALL)


class InvalidParameterError(ConfigurationError):
    """The operator must act: the shop does not take a list's parameter as we ask it (400 `rest_invalid_param`)."""

    def __init__(self, message: str, *, parameters: Mapping[str, str], **facts: Any) -> None:
        super().__init__(message, **facts)
        self.parameters = dict(parameters)


@dataclass(frozen=True, slots=True)
class _Fault:
    answer: Answer
    is_json: bool
    code: str = ""
    text: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def facts(self) -> dict[str, Any]:
        return {"system": SYSTEM, "status": self.status, "code": self.code, "excerpt": self.text}

    def message(self, meaning: str) -> str:
        call = self.answer.call
        seen = f"{self.status} {self.code}" if self.code else f"{self.status}"
        return f"{SYSTEM} {call.method} {call.path} answered {seen}: {meaning}"


def error_of(answer: Answer) -> RemoteError | None:
    """The error table: None for success."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None if _may_be_json(answer) else _page_instead_of_data(answer)
    fault = _fault(answer)
    for applies, error in _TABLE:
        if applies(fault):
            return error(fault)
    return _refused(fault)


def plain_text(text: str) -> str:
    """Return a message without markup, server paths and stack trace, on one line."""
    return " ".join(_TRACE.sub("", html.unescape(_TAG.sub(" ", text))).split())[:_TEXT_CHARACTERS]


def shop_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the server's own time from `Date`, None where it sends none that can be read."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _may_be_json(answer: Answer) -> bool:
    if "json" in answer.headers.get("Content-Type", "").lower() or answer.status == HTTPStatus.NO_CONTENT:
        return True
    return answer.call.method == "HEAD" or answer.json_or_none() is not None


def _page_instead_of_data(answer: Answer) -> TransientError:
    return TransientError(
        f"{SYSTEM} {answer.call.method} {answer.call.path} answered {answer.status} with a page instead of data: "
        "a firewall, cache or plugin in front of the shop, or WordPress's permalinks are 'Plain' (Settings, "
        "Permalinks): then its API cannot be used",
        system=SYSTEM,
        status=answer.status,
        maybe_done=not answer.call.reads,
    )


def _fault(answer: Answer) -> _Fault:
    body = answer.json_or_none()
    if not isinstance(body, Mapping):
        return _Fault(answer, is_json=False)
    data = body.get("data")  # an object, but the bare number 500 when a refund is refused
    parameters = data.get("params") if isinstance(data, Mapping) else None
    if isinstance(parameters, list):  # rest_missing_callback_param: a list of names
        parameters = dict.fromkeys(map(str, parameters), "missing")
    if not isinstance(parameters, Mapping):
        parameters = {}
    return _Fault(
        answer,
        is_json=True,
        code=str(body.get("code") or ""),
        text=plain_text(str(body.get("message") or "")),
        parameters={str(name): plain_text(str(text)) for name, text in parameters.items()},
    )


def _asked_to_wait(fault: _Fault) -> RateLimitedError:
    wait = _told_to_wait(fault) or timedelta(seconds=_DEFAULT_WAIT_S)
    return RateLimitedError(fault.message("the shop's host asks us to wait"), retry_after=wait, **fault.facts)


def _denied(fault: _Fault) -> AccessDeniedError:
    if not fault.is_json:
        meaning = "the web server in front of the shop wants a password of its own; take /wp-json out of it"
    elif fault.status == HTTPStatus.FORBIDDEN:
        meaning = "the user who owns the API key lacks the right; give the key to a shop manager or administrator"
    elif fault.code == "woocommerce_rest_authentication_error":
        meaning = (
            f"{fault.text or 'the key is refused'} Check consumer key, secret and the key's permissions (read/write)"
        )
    else:
        meaning = "the shop does not know the consumer key, or the keys did not reach it; make a new key in WooCommerce"
    return AccessDeniedError(fault.message(meaning), **fault.facts)


def _unavailable(fault: _Fault) -> TransientError:
    reads = fault.answer.call.reads
    # WordPress answers so before it looks at the request: nothing was done.
    updating = fault.status == HTTPStatus.SERVICE_UNAVAILABLE and fault.code == "wp_die"
    facts = {**fault.facts, "excerpt": ""}
    wait = _told_to_wait(fault)
    if wait is not None and (reads or updating):
        return RateLimitedError(fault.message("the shop is away for a moment"), retry_after=wait, **facts)
    meaning = "the shop, or a server in front of it, has failed; see the shop's own error log if it lasts"
    return TransientError(fault.message(meaning), maybe_done=not reads and not updating, **facts)


def _no_route(fault: _Fault) -> ConfigurationError:
    meaning = (
        "no such route. Check the shop's address, that the WooCommerce plugin is switched on, and that WordPress's "
        "permalinks are not 'Plain' (Settings, Permalinks)"
    )
    return ConfigurationError(fault.message(meaning), **{**fault.facts, "code": fault.code or NO_ROUTE})


def _not_found(fault: _Fault) -> NotFoundError:
    return NotFoundError(fault.message(fault.text or "not found"), **fault.facts)


def _bad_parameter(fault: _Fault) -> InvalidParameterError:
    named = "; ".join(f"{name}: {text}" for name, text in fault.parameters.items())
    return InvalidParameterError(fault.message(named or fault.text), parameters=fault.parameters, **fault.facts)


def _refused(fault: _Fault) -> DataError:
    named = "; ".join(f"{name}: {text}" for name, text in fault.parameters.items())
    return DataError(fault.message(named or fault.text or "refused"), fields=dict(fault.parameters), **fault.facts)


def _told_to_wait(fault: _Fault) -> timedelta | None:
    headers = fault.answer.headers
    if not headers.get("Retry-After", "").strip():
        return None
    try:
        # A date is measured by the server's own clock: ours may differ.
        wait = retry_after(headers, default_s=_DEFAULT_WAIT_S)
    except OverflowError:
        wait = LONGEST_WAIT
    return min(wait, LONGEST_WAIT)


def _is_denied(fault: _Fault) -> bool:
    return fault.status == HTTPStatus.UNAUTHORIZED or (fault.status == HTTPStatus.FORBIDDEN and fault.is_json)


def _is_unavailable(fault: _Fault) -> bool:
    if fault.status in _SERVER_IN_FRONT_OF_SHOP:
        return True
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return not fault.is_json or fault.code in _SERVER_FAULT_CODES
    return fault.status == HTTPStatus.FORBIDDEN and not fault.is_json  # a firewall's page


def _is_no_route(fault: _Fault) -> bool:
    return fault.status == HTTPStatus.NOT_FOUND and (not fault.is_json or fault.code == NO_ROUTE)


def _is_not_found(fault: _Fault) -> bool:
    if fault.status == HTTPStatus.NOT_FOUND:
        return True
    return fault.status == HTTPStatus.BAD_REQUEST and fault.code.endswith("_invalid_id")


def _is_bad_parameter(fault: _Fault) -> bool:
    return fault.answer.call.reads and fault.code == "rest_invalid_param"


_TABLE: tuple[tuple[Callable[[_Fault], bool], Callable[[_Fault], RemoteError]], ...] = (
    (lambda fault: fault.status == HTTPStatus.TOO_MANY_REQUESTS, _asked_to_wait),
    (_is_denied, _denied),
    (_is_unavailable, _unavailable),
    (_is_no_route, _no_route),
    (_is_not_found, _not_found),
    (_is_bad_parameter, _bad_parameter),
)
