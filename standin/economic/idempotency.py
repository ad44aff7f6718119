"""The cache of answers by ``Idempotency-Key`` (contract 2.7)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from standin.economic.errors import ApiError
from standin.economic.state import Switches
from standin.messages import Request, Response


@dataclass
class CachedReply:
    """The first answer to a key. ``over`` is when its request ended, in real seconds; None while it runs."""

    target: str
    body: str
    at: datetime
    response: Response
    over: float | None = None


class ReplyCache:
    """All cached answers of one agreement."""

    def __init__(self, replies: Mapping[str, CachedReply] | None = None) -> None:
        self.replies: dict[str, CachedReply] = dict(replies or {})

    def replay(self, request: Request, now: datetime, switches: Switches) -> Response | None:
        """The cached answer for a repeat; None when the request has to be carried out.

        Raises ApiError (400) when the key was used for another address or another body.
        """
        key = _key(request)
        cached = self.replies.get(key) if key else None
        if cached is None or now - cached.at >= timedelta(seconds=switches.key_lifetime_s):
            return None
        if switches.concurrent_key == "repeats" and (cached.over is None or request.arrived < cached.over):
            return None
        if cached.target != _target(request):
            raise ApiError(400, "URLChanged: the key was used for another address.", code="URLChanged")
        if cached.body != _digest(request):
            raise ApiError(400, "PayloadChanged: the key was used with another body.", code="PayloadChanged")
        found = cached.response
        headers = {**found.headers, "X-ResultFromCache": "true"}
        return Response(found.status, found.body, headers, found.content_type, effect=False)

    def keep(self, request: Request, response: Response, now: datetime) -> None:
        """Remember the answer of a request that has a key."""
        if key := _key(request):
            stored = Response(response.status, response.body, dict(response.headers), response.content_type)
            self.replies[key] = CachedReply(_target(request), _digest(request), now, stored)

    def end(self, request: Request) -> None:
        """The request is over: from now on a repeat is recognised."""
        cached = self.replies.get(_key(request))
        if cached is not None and cached.over is None:
            cached.over = time.monotonic()


def _key(request: Request) -> str:
    return "" if request.method in {"GET", "HEAD"} else request.headers.get("idempotency-key", "")


def _target(request: Request) -> str:
    return f"{request.method} {request.raw_path}?{request.raw_query}"


def _digest(request: Request) -> str:
    return hashlib.sha256(request.body).hexdigest()
