"""The page's routes: shells without data for all, data for signed-in readers; sending.py and deciding.py write."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from apps.transfers_page.access import require_reader
from apps.transfers_page.deciding import deciding
from apps.transfers_page.ledger_reader import LedgerReader
from apps.transfers_page.sending import OpenLedger, open_ledger, sending
from pakhus.errors import ConfigurationError
from pakhus.ledger.transfers import listing, timeline
from pakhus.ledger.transfers.listing import Filters, Place
from pakhus.ledger.transfers.overview import overview
from pakhus.ledger.transfers.payouts import payouts
from pakhus.reasons import REASONS

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
LEDGER_AWAY = (
    "The ledger does not answer in time. Nothing is lost, and transfers go on when it is back. See whether its "
    "PostgreSQL runs, and test the Airflow connection pakhus_ledger."
)
LEDGER_OLD = "The ledger's tables are not those of this version of Pakhus. Run its migration: python -m pakhus apply."
STATUSES = Literal["", "person", "due", "waiting", "skipped", "filtered", "not_ours", "held", "failed", "done"]
Word = Annotated[str, Query(max_length=200)]


def _reader(request: Request) -> LedgerReader:
    reader: LedgerReader = request.app.state.reader
    return reader


Ledger = Annotated[LedgerReader, Depends(_reader)]


class Asked(BaseModel):
    """The filters as they stand in a data request. Days are sent as moments: they begin where the reader lives."""

    model_config = {"extra": "forbid"}

    shop: Word = ""
    kind: Word = ""
    status: STATUSES = ""
    reason: Word = ""
    q: Word = ""
    placed_from: AwareDatetime | None = None
    placed_before: AwareDatetime | None = None
    dag: Word = ""
    run: Word = ""
    after: Word = ""

    def filters(self) -> Filters:
        """The same in the read model's words."""
        return Filters(
            scope=self.shop,
            kind=self.kind,
            status=self.status,
            reason=self.reason,
            search=self.q.strip(),
            placed_from=self.placed_from,
            placed_before=self.placed_before,
            dag_id=self.dag,
            run_id=self.run,
        )

    def place(self) -> Place | None:
        """Where the page begins; 422 when `after` was not made by this page."""
        row_id, _, moment = self.after.partition("~")
        try:
            return Place(int(row_id), datetime.fromisoformat(moment) if moment else None) if self.after else None
        except ValueError:
            raise HTTPException(422, f"after={self.after!r} is no place in a list; begin at its first page") from None


Filter = Annotated[Asked, Query()]

data = APIRouter(prefix="/data", dependencies=[Depends(require_reader)])


@data.get("/orders")
async def list_orders(ledger: Ledger, asked: Filter) -> Response:
    """A page of orders with their documents."""
    page = await ledger.read(partial(listing.orders, filters=asked.filters(), after=asked.place()))
    return _answer({"rows": page.rows, "after": _told_place(page.after)})


@data.get("/documents")
async def list_documents(ledger: Ledger, asked: Filter) -> Response:
    """A page of documents that belong to no order."""
    page = await ledger.read(partial(listing.lone_documents, filters=asked.filters(), after=asked.place()))
    return _answer({"rows": page.rows, "after": _told_place(page.after)})


@data.get("/counts")
async def count_orders(ledger: Ledger, asked: Filter) -> Response:
    """How many orders have a document at each status."""
    return _answer(await ledger.read(partial(listing.counts, filters=asked.filters())))


@data.get("/choices")
async def list_choices(ledger: Ledger) -> Response:
    """What the filters can be set to."""

    def read(connection: Connection) -> dict[str, list[str]]:
        return {"shops": listing.shops(connection), "kinds": listing.kinds(connection)}

    reasons = [{"code": found.code, "status": found.status, "meaning": found.meaning} for found in REASONS.values()]
    return _answer({**await ledger.read(read), "reasons": reasons})


@data.get("/orders/{order_id}")
async def tell_order(ledger: Ledger, order_id: int) -> Response:
    """One order whole."""
    return _timeline(await ledger.read(partial(timeline.of_order, order_id=order_id)), f"order in row {order_id}")


@data.get("/documents/{document_id}")
async def tell_document(ledger: Ledger, document_id: int) -> Response:
    """One document whole."""
    found = await ledger.read(partial(timeline.of_document, document_id=document_id))
    return _timeline(found, f"document in row {document_id}")


@data.get("/overview")
async def tell_overview(ledger: Ledger) -> Response:
    """Open alerts, stops, proven days, last runs."""
    return _answer(await ledger.read(overview))


@data.get("/payouts")
async def tell_payouts(ledger: Ledger) -> Response:
    """Clearing accounts, what is open of payouts, and the newest of them."""
    return _answer(await ledger.read(payouts))


shells = APIRouter()


@shells.get("/")
async def begin() -> Response:
    """The page by its folder's name."""
    return RedirectResponse("list")


@shells.get("/list")
async def show_list() -> Response:
    """The list's shell; its script reads the filters from the address."""
    return FileResponse(STATIC / "list.html", media_type="text/html")


@shells.get("/order")
async def show_order() -> Response:
    """The shell of one order's timeline, or one document's."""
    return FileResponse(STATIC / "order.html", media_type="text/html")


@shells.get("/payouts")
async def show_payouts() -> Response:
    """The shell of the payouts."""
    return FileResponse(STATIC / "payouts.html", media_type="text/html")


def transfers_app(ledger: LedgerReader | None = None, opened: OpenLedger = open_ledger) -> FastAPI:
    """The page as a web application that reads `ledger` and writes in `opened`; by default the ledger behind the
    connection `pakhus_ledger`."""
    app = FastAPI(title="Pakhus transfers", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.reader = ledger or LedgerReader()
    app.state.open_ledger = opened
    app.include_router(shells)
    app.include_router(sending)
    app.include_router(deciding)
    app.include_router(data)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(SQLAlchemyError, _ledger_fails)
    app.add_exception_handler(ConfigurationError, _ledger_is_not_set_up)
    app.middleware("http")(_guard)
    return app


async def _ledger_fails(_request: Request, error: Exception) -> Response:
    """Say what to do; which database, and what it said, is for the server's log alone."""
    log.warning("the Transfers page cannot read the ledger: %s", error)
    detail = LEDGER_OLD if isinstance(error, ProgrammingError) else LEDGER_AWAY
    return JSONResponse({"detail": detail}, 503, headers={"Retry-After": "10", "Cache-Control": "no-store"})


async def _ledger_is_not_set_up(_request: Request, error: Exception) -> Response:
    """The connection `pakhus_ledger` is missing or wrong; its error names the field, never a secret."""
    return JSONResponse({"detail": str(error)}, 503, headers={"Cache-Control": "no-store"})


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Let a browser run and show only what comes from here, inside Airflow's own frame."""
    response = await call_next(request)
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


def _answer(content: Any, status: int = 200) -> Response:
    """JSON with amounts as texts: a float has no øre."""
    encoded = jsonable_encoder(content, custom_encoder={Decimal: str})
    return JSONResponse(encoded, status, headers={"Cache-Control": "no-store"})


def _timeline(found: timeline.Timeline | None, what: str) -> Response:
    if found is None:
        raise HTTPException(404, f"The ledger has no {what}.")
    return _answer(found)


def _told_place(place: Place | None) -> str | None:
    if place is None:
        return None
    return f"{place.id}~{place.placed_at.isoformat()}" if place.placed_at else str(place.id)
