"""Stripe's errors: a status and ``{"error": {type, code, param, message}}``."""

from __future__ import annotations

from typing import Any


class RefusedError(Exception):
    """A request that is answered with an error, without effect."""

    def __init__(self, status: int, message: str, *, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, code=code, param=param)


def error_body(message: str, *, kind: str = "invalid_request_error", code: str = "", param: str = "") -> dict[str, Any]:
    """The body of an error."""
    told = {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"} if code else {}
    return {"error": {**told, "message": message, **({"param": param} if param else {}), "type": kind}}


def missing(kind: str, name: str, *, param: str = "id", status: int = 404) -> RefusedError:
    """There is no such object; as a parameter that names one: 400."""
    return RefusedError(status, f"No such {kind}: '{name}'", code="resource_missing", param=param)
