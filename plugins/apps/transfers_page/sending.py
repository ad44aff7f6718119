"""The page's one act: send a document again. It makes the document due; a run of its flow does the work.

A browser sends Airflow's cookie with every request, also with one that another site makes it send. So a request must
carry a header that no other site can set without asking first (which is never granted), and come from the page itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from sqlalchemy.exc import NoResultFound

from apps.transfers_page.access import require_reader, require_sender
from hooks.ledger_hook import LedgerHook
from pakhus.errors import PakhusError
from pakhus.flows.decisions import send_again
from pakhus.ledger import documents
from pakhus.ledger.connection import Bounds, Ledger, RunIdentity

OWN_HEADER = "x-pakhus-page"
# A person waits, and Airflow's server has other things to do.
_BOUNDS = Bounds(connections=1, connect_s=3, statement_s=8)

OpenLedger = Callable[[], Ledger]


def open_ledger() -> Ledger:
    """The ledger behind the connection `pakhus_ledger`, to write in."""
    return LedgerHook().ledger(RunIdentity(), _BOUNDS)


def own_page(request: Request) -> None:
    """Refuse what another site has made the browser send."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if OWN_HEADER not in request.headers or site != "same-origin":
        raise HTTPException(403, "Orders are sent again from the page itself only.")


def writing_ledger(request: Request) -> Iterator[Ledger]:
    """The ledger to write in, for one request."""
    opened: OpenLedger = request.app.state.open_ledger
    ledger = opened()
    try:
        yield ledger
    finally:
        ledger.close()


sending = APIRouter(prefix="/data/again", dependencies=[Depends(require_reader), Depends(own_page)])


@sending.post("/{document_id}")
def send_document_again(
    document_id: int, who: Annotated[str, Depends(require_sender)], ledger: Annotated[Ledger, Depends(writing_ledger)]
) -> dict[str, str]:
    """Make a document due and have its order read anew; 409 with the reason when that means nothing.

    Not a coroutine: FastAPI runs it in a thread, where waiting for a run that works on the document harms nobody.
    """
    try:
        with ledger.begin() as tx:
            document = documents.load(tx, document_id)
    except NoResultFound:
        raise HTTPException(404, f"The ledger has no document in row {document_id}.") from None
    try:
        decided = send_again(ledger, document.scope, document.key, who)
    except PakhusError as error:
        raise HTTPException(409, str(error)) from None
    dag = f"{document.scope}__{decided.flow}"
    return {"dag": dag, "note": f"Due at once; the next run of {dag} takes it. Trigger the DAG to have it sooner."}
