"""Where shops and warehouses send webhooks: verify, note the id, answer. The only part of Pakhus open to strangers.

What was sent is never kept: an id goes into the inbox, and the shop is read again (design, decision 5). A delivery is
answered within `ANSWER_WITHIN_S` of its last byte, however slow the database is: 503 then, and the schedule finds the
order all the same. Sources: contracts woocommerce.md section 12, rackbeat.md section 10; domain guide section 16.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from fastapi import FastAPI, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from apps.hooked_shops import HookedShops
from apps.one_worker import OneWorker
from apps.rare_notices import RareNotices
from hooks.ledger_hook import LedgerHook
from pakhus.clients.rackbeat_webhooks import INVENTORY
from pakhus.clients.webshop import Hint
from pakhus.errors import AccessDeniedError
from pakhus.ledger import inbox
from pakhus.ledger.connection import Bounds, Ledger, RunIdentity

MOST_BYTES = 2 * 1024 * 1024  # an order of some hundred lines
ANSWER_WITHIN_S = 2.0
_BODY_WITHIN_S = 10.0
_MOST_AT_ONCE = 32  # times MOST_BYTES is the most memory that strangers can fill
_MOST_UNWRITTEN = 500
_BOUNDS = Bounds(connections=2, connect_s=2, statement_s=2, free_connection_s=1)
_READ = frozenset({"order", INVENTORY})  # what some flow takes out of the inbox
_LONGEST_ID = 100
_SHOWN_LETTERS = 40  # of a shop's name: anybody may call us by any name

_OK = 200
_BROKEN_OFF = 400
_REFUSED = 403
_TOO_SLOW = 408
_TOO_LARGE = 413
_LATER = 503


class _RefusedError(Exception):
    """The delivery is answered with this status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class WebhookInbox:
    """Receives deliveries. Answers 200 also to what asks for nothing: a ping, an object that no flow reads."""

    def __init__(self) -> None:
        self._notices = RareNotices(logging.getLogger(__name__))
        self._shops = HookedShops(self._notices.say)
        self._verifier = OneWorker("pakhus-webhooks-verify", _MOST_AT_ONCE)
        self._writer = OneWorker("pakhus-webhooks-write", _MOST_UNWRITTEN)
        self._ledger: Ledger | None = None
        self._receiving = 0

    async def receive(self, shop: str, request: Request) -> Response:
        """Answer one delivery."""
        if self._receiving >= _MOST_AT_ONCE:
            return self._refused(_LATER, shop, "too many at once")
        self._receiving += 1
        try:
            body = await _body(request)
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._take(shop, dict(request.headers), body)
        except _RefusedError as error:
            return self._refused(error.status, shop, str(error))
        except AccessDeniedError as error:
            return self._refused(_REFUSED, shop, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is: one log line a minute, and the schedule finds the order
            return self._refused(_LATER, shop, type(error).__name__)
        finally:
            self._receiving -= 1
        return Response(status_code=_OK)

    async def _take(self, shop: str, headers: dict[str, str], body: bytes) -> None:
        hint = await self._verifier.do(partial(self._shops.read_hint, shop, headers, body))
        if hint is not None and hint.entity in _READ and len(hint.id) <= _LONGEST_ID:
            await self._writer.do(partial(self._write, shop, hint))

    def _write(self, shop: str, hint: Hint) -> None:
        """Note the hint. One that nobody waits for any more is written all the same: shops send it only once."""
        if self._ledger is None:
            self._ledger = LedgerHook().ledger(RunIdentity(), _BOUNDS)
        try:
            with self._ledger.begin() as tx:
                inbox.add(tx, shop, hint.entity, hint.id)
        except SQLAlchemyError:
            self._ledger.close()  # its address or password may be another one now
            self._ledger = None
            raise

    def _refused(self, status: int, shop: str, why: str) -> Response:
        self._notices.say(f"a webhook was answered with {status}", f"to {shop[:_SHOWN_LETTERS]!r}: {why}")
        headers = {"Connection": "close"}  # else the server goes on reading a body that nobody wants
        if status == _LATER:
            headers["Retry-After"] = "60"
        return Response(status_code=status, headers=headers)


async def _body(request: Request) -> bytes:
    """Return the raw body; _RefusedError as soon as it is too large, whatever its header says, or takes too long."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > MOST_BYTES:
        raise _RefusedError(_TOO_LARGE, "it says to be too large")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_WITHIN_S):
            async for part in request.stream():
                if len(body) + len(part) > MOST_BYTES:
                    raise _RefusedError(_TOO_LARGE, "it is too large")
                body += part
    except TimeoutError:
        raise _RefusedError(_TOO_SLOW, "its body took too long") from None
    except ClientDisconnect:
        raise _RefusedError(_BROKEN_OFF, "its sender went away") from None
    return bytes(body)


def webhook_app() -> FastAPI:
    """Return the app: one route, open to all, and no pages that describe it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/{shop}", WebhookInbox().receive, methods=["POST"])
    return app
