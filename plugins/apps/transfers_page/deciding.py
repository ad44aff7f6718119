"""What people say about payouts on the page: what a line is, or which of two files counts.

It is noted with who said it; the next run of the account's payouts carries it out. Guarded as sending.py is.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy.exc import NoResultFound

from apps.transfers_page.access import require_reader, require_sender
from apps.transfers_page.sending import own_page, writing_ledger
from pakhus.errors import PakhusError
from pakhus.flows.payout_decisions import Said, Say, decide_file, decide_line
from pakhus.ledger import documents
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.reasons import Answer
from pakhus.settings.accounts import load_account

Who = Annotated[str, Depends(require_sender)]
Writing = Annotated[Ledger, Depends(writing_ledger)]


class AboutLine(BaseModel):
    """An answer about a line, as the page sends it."""

    model_config = {"extra": "forbid"}

    say: Say
    document: str = Field("", max_length=200)
    account: int | None = Field(None, gt=0, le=999_999_999)
    note: str = Field("", max_length=500)


class AboutWhole(BaseModel):
    """An answer about a file, or a payout as a whole."""

    model_config = {"extra": "forbid"}

    answer: Answer


deciding = APIRouter(prefix="/data/decide", dependencies=[Depends(require_reader), Depends(own_page)])


@deciding.post("/{document_id}/lines/{number}")
def say_of_line(document_id: int, number: int, said: AboutLine, who: Who, ledger: Writing) -> dict[str, str]:
    """Note what a line of a payout is; 409 with the reason when that cannot be said of it."""
    document = _document(ledger, document_id)
    answer = Said(said.say, said.document.strip(), said.account, said.note.strip())
    try:
        told = decide_line(ledger, load_account(document.scope), document.key, number, answer, who)
    except PakhusError as error:
        raise HTTPException(409, str(error)) from None
    return {"note": told}


@deciding.post("/{document_id}")
def say_of_whole(document_id: int, said: AboutWhole, who: Who, ledger: Writing) -> dict[str, str]:
    """Note whether a file counts; 409 with the reason when nobody asks that."""
    document = _document(ledger, document_id)
    try:
        verdict = decide_file(ledger, document.scope, document.key, said.answer, who)
    except PakhusError as error:
        raise HTTPException(409, str(error)) from None
    return {"note": verdict.text()}


def _document(ledger: Ledger, document_id: int) -> Document:
    try:
        with ledger.begin() as tx:
            return documents.load(tx, document_id)
    except NoResultFound:
        raise HTTPException(404, f"The ledger has no document in row {document_id}.") from None
