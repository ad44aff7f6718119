"""A settlement as pages for its voucher: accounts take pictures and PDF, no tables (economic.md 2.8).

Amounts, references and the hash of the file, which is kept whole in the ledger; no names of people stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from pakhus.settlements import Batch, BatchLine

# A4 at 110 dots per inch, in grey: 2,000 lines make some 5 MB.
_WIDTH, _HEIGHT, _DPI = 909, 1286, 110
_MARGIN, _LINE_HEIGHT, _FONT_SIZE = 40, 18, 13
LINES_PER_PAGE = (_HEIGHT - 2 * _MARGIN) // _LINE_HEIGHT
_REFERENCE_LENGTH = 44
# Where each column begins (la), or ends (ra): amounts stand to the right.
_COLUMNS = ((_MARGIN, "la"), (270, "ra"), (360, "ra"), (450, "ra"), (560, "ra"), (580, "la"), (660, "la"))
Cells = tuple[str, ...]
# Beyond that the pages say that the rest is in the file: accounts take 9 MB at most.
MOST_LINES = 2000


def statement(batch: Batch, file_name: str) -> bytes:
    """Return the settlement as a PDF."""
    rows = list(_rows(batch, file_name))
    texts = [rows[start : start + LINES_PER_PAGE] for start in range(0, len(rows), LINES_PER_PAGE)]
    pages = [_page(text) for text in texts]
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=_DPI)
    return out.getvalue()


def _rows(batch: Batch, file_name: str) -> Iterator[Cells]:
    yield (f"{batch.provider}, {batch.account}: settlement {batch.id}",)
    if batch.payout_on is not None:
        yield (f"paid out {batch.payout_on.isoformat()} {batch.payout_reference}",)
    yield (f"file {file_name}",)
    yield (f"sha256 {batch.file_sha256}",)
    yield ()
    yield ("kind", "gross", "fee", "VAT of fee", f"net {batch.currency}", "day", "reference")
    yield ("opening balance", "", "", "", f"{batch.opening:.2f}")
    for line in batch.lines[:MOST_LINES]:
        yield _cells(line)
    if len(batch.lines) > MOST_LINES:
        yield (f"and {len(batch.lines) - MOST_LINES} lines more in the file",)
    yield ("closing balance", "", "", "", f"{batch.closing:.2f}")


def _cells(line: BatchLine) -> Cells:
    amounts = (f"{amount:.2f}" for amount in (line.gross, line.fee, line.fee_vat, line.net))
    reference = " ".join(part for part in (line.order_reference, line.provider_id) if part)
    return (line.kind.value, *amounts, line.occurred_at.date().isoformat(), reference[:_REFERENCE_LENGTH])


def _page(rows: Sequence[Cells]) -> Image.Image:
    page = Image.new("L", (_WIDTH, _HEIGHT), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(_FONT_SIZE)
    for place, cells in enumerate(rows):
        for (left, anchor), text in zip(_COLUMNS, cells, strict=False):
            draw.text((left, _MARGIN + place * _LINE_HEIGHT), text, fill=0, font=font, anchor=anchor)
    return page
