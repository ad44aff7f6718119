"""What an answer of e-conomic means (contracts/economic.md 2.2, 2.6): three shapes of error bodies, or none at all.

Decided by status and code, never by text. Values that e-conomic echoes (`inputValue`) are left out: they may be
personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

SYSTEM = "e-conomic"
_DEFAULT_RETRY_AFTER_S = 30.0
_OUR_MISTAKES = (
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.NOT_IMPLEMENTED,
)


def error_of(answer: Answer) -> RemoteError | None:
    """The error table."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    parsed = answer.json_or_none()
    body: Mapping[str, Any] = parsed if isinstance(parsed, Mapping) else {}
    error = _error(answer, body)
    error.status = answer.status
    error.code = str(body.get("errorCode") or "")
    error.request_id = str(body.get("logId") or "")
    return error


def _error(answer: Answer, body: Mapping[str, Any]) -> RemoteError:
    status, call = answer.status, answer.call
    text = f"{SYSTEM} {call.method} {call.path}: {_message(body) or status}"
    if status == HTTPStatus.UNAUTHORIZED:
        return AccessDeniedError(f"{text}; renew the grant token in the Airflow connection")
    if status == HTTPStatus.FORBIDDEN:
        return AccessDeniedError(f"{text}; check the app's role and the agreement's plan")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitedError(text, retry_after=retry_after(answer.headers, default_s=_DEFAULT_RETRY_AFTER_S))
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(text)
    if status in _OUR_MISTAKES:
        return ConfigurationError(text)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return TransientError(text, excerpt=answer.excerpt(), maybe_done=not call.reads)
    return DataError(text, fields=dict(_leaves(body.get("errors"))))


def _message(body: Mapping[str, Any]) -> str:
    parts = [str(body["message"])] if body.get("message") else []
    parts += [f"{field or 'body'}: {text}" for field, text in _leaves(body.get("errors"))]
    return "; ".join(parts)


def _leaves(errors: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (field, text) of all three shapes: a tree with leaves under `errors`, array items, plain strings."""
    if isinstance(errors, str):
        yield path, errors
    elif isinstance(errors, list):
        for item in errors:
            yield from _leaves(item, path)
    elif isinstance(errors, Mapping):
        yield from _branch(errors, path)


def _branch(errors: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    text = errors.get("errorMessage") or errors.get("message")
    if text:
        code = errors.get("errorCode")
        yield path, f"{text} ({code})" if code else str(text)
        return
    index = errors.get("arrayIndex")
    here = path if index is None else f"{path}[{index}]"
    for name, value in errors.items():
        if name == "arrayIndex":
            continue
        yield from _leaves(value, here if name == "errors" else f"{here}.{name}".lstrip("."))
