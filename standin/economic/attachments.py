"""Files at vouchers (contract 2.8, 8.2): kept as hash and size."""

from __future__ import annotations

import hashlib
from email.parser import BytesParser
from email.policy import HTTP

from standin.economic.call import Call, answer, router
from standin.economic.errors import ApiError, not_found
from standin.economic.identifiers import escaped
from standin.economic.journals import journal_of, voucher_of
from standin.economic.state import Record
from standin.messages import Response

LARGEST_FILE = 9_000_000
_KINDS = frozenset({"image/jpeg", "application/pdf", "image/gif", "image/png"})
_PATH = "/journals/{number}/vouchers/{voucher}/attachment"


def _key(call: Call) -> str:
    year, voucher = voucher_of(call)
    return f"{journal_of(call)['journalNumber']}/{year}-{voucher}"


def _file(call: Call) -> Record:
    """The one file of a multipart body. Raises ApiError (400, 415)."""
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise ApiError(415, "Unsupported media type.", "Send multipart/form-data.")
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + call.request.body)
    parts = [part for part in message.walk() if not part.is_multipart()]
    content = parts[0].get_payload(decode=True) if len(parts) == 1 else None
    if not isinstance(content, bytes) or not content:
        raise ApiError(400, "The body holds no file.", code="E04500")
    if len(content) > LARGEST_FILE:
        raise ApiError(400, "The file is too large.", code="E04500")
    if parts[0].get_content_type() not in _KINDS:
        raise ApiError(400, "Files are jpg, jpeg, pdf, gif or png.", code="E04500")
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pages": 1}


@router.on("GET", _PATH)
def read_attachment(call: Call) -> Response:
    """Whether a voucher has a file."""
    key = _key(call)
    shown = call.state.attachments.get(key)
    journal, _, voucher = key.partition("/")
    address = f"journals/{journal}/vouchers/{escaped(voucher)}/attachment"
    pages = {"pages": shown["pages"]} if shown else {}
    return answer(200, {**pages, "file": call.link(f"{address}/file"), "self": call.link(address)})


@router.on("POST", f"{_PATH}/file")
def attach(call: Call) -> Response:
    """Attach a file to a voucher that has none."""
    key = _key(call)
    if key in call.state.attachments:
        raise ApiError(400, "The voucher has a file already.", "PATCH adds pages.", code="E06010")
    call.state.attachments[key] = _file(call)
    return Response(call.switches.created_status)


@router.on("PATCH", f"{_PATH}/file")
def add_pages(call: Call) -> Response:
    """Add pages, or attach the first."""
    key, more = _key(call), _file(call)
    before = call.state.attachments.get(key, {"size": 0, "pages": 0})
    size, pages = before["size"] + more["size"], before["pages"] + 1
    call.state.attachments[key] = {**more, "size": size, "pages": pages}
    return Response(200)


@router.on("DELETE", f"{_PATH}/file")
def detach(call: Call) -> Response:
    """Take the file away."""
    if call.state.attachments.pop(_key(call), None) is None:
        raise not_found()
    return Response(204)
