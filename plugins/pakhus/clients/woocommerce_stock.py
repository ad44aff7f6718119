"""Where SKUs live and how many pieces the shop shows (contract sections 10 and 11).

A batch answers 200 even when rows fail and checks no values: each row is judged by what stands at its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pakhus.clients.http import Answer
from pakhus.clients.webshop import CallRecorder, Resolution, RowOutcome, RowResult
from pakhus.clients.woocommerce_api import WooCommerceApi, readable, write
from pakhus.clients.woocommerce_errors import SYSTEM, plain_text
from pakhus.errors import ConfigurationError, DataError, RemoteError
from pakhus.formats.woocommerce_fields import Fields, WooCommerceFormatError
from pakhus.formats.woocommerce_products import REF_FIELDS, product_ref_from_woocommerce, whole_pieces
from pakhus.model import ProductRef, StockLevel
from pakhus.rules.spelling import compared

_BATCH_ROWS = 100  # over all lists of a batch; 101 is refused whole
_SERVER_ERROR = 500
_SKUS_PER_CALL = 100
_SKU_CHARACTERS = 3000  # of all SKUs in one address, before escaping; servers take 8 kB

Outcomes = dict[int, RowOutcome]


class WooCommerceStock:
    """Finds products by SKU and sets absolute quantities."""

    def __init__(self, api: WooCommerceApi) -> None:
        self._api = api

    def resolve(self, skus: Sequence[str]) -> Resolution:
        """Find each SKU, case-blind as the shop compares. A SKU with a comma is asked for alone, an empty one never:
        the shop would answer with its whole catalogue."""
        hits: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for chunk in _sku_chunks(skus):
            for row in self._rows_with(chunk):
                hits[compared(Fields(row).text("sku"))][Fields(row).text("id")] = row
        found: dict[str, ProductRef] = {}
        ambiguous: dict[str, tuple[str, ...]] = {}
        for sku in dict.fromkeys(skus):
            rows = hits.get(compared(sku), {}) if sku.strip() else {}
            if len(rows) > 1:
                ambiguous[sku] = tuple(sorted(rows))
            for row in rows.values() if len(rows) == 1 else ():
                with readable(f"product with SKU {sku}"):
                    found[sku] = product_ref_from_woocommerce(row, sku)
        return Resolution(found, ambiguous)

    def set_stock(self, rows: Sequence[StockLevel], calls: CallRecorder) -> Sequence[RowOutcome]:
        """Set quantities in batches of 100, variations through their parent; one outcome per row, in order.

        Products whose stock the shop does not manage, or keeps at the parent, are refused unsent: sending it would
        change the merchant's set-up. When answers stop coming, the rest is unknown; absolute values may be repeated.
        """
        outcomes: Outcomes = {
            number: refused for number, row in enumerate(rows) if (refused := _refused_unsent(row)) is not None
        }
        left_us = False
        chunks = list(_batches(rows, outcomes.keys()))
        for position, (path, numbers) in enumerate(chunks):
            try:
                outcomes |= self._write(path, [(number, rows[number]) for number in numbers], calls)
                left_us = True
            except RemoteError as error:
                if not (left_us or error.maybe_done):
                    raise
                unsent = [number for _, later in chunks[position:] for number in later]
                outcomes |= {number: _unknown(rows[number], str(error)) for number in unsent}
                break
        return [outcomes[number] for number in range(len(rows))]

    def rows_with(self, sku: str, fields: str) -> list[Mapping[str, Any]]:
        """Return the rows of one SKU with these members, compared as the shop does; none for an empty SKU."""
        rows = self._rows_with([sku], fields) if sku.strip() else ()
        return [row for row in rows if compared(Fields(row).text("sku")) == compared(sku)]

    def _rows_with(self, skus: Sequence[str], fields: str = REF_FIELDS) -> Iterable[Mapping[str, Any]]:
        query = [("sku", ",".join(skus)), ("_fields", fields), ("orderby", "id"), ("order", "asc")]
        rows = self._api.all_rows("/products", query)
        asked = {compared(sku) for sku in skus}
        # The database may take two letters for one (å for a); more than that means that the filter was not heard.
        if sum(compared(Fields(row).text("sku")) not in asked for row in rows) > len(skus):
            raise ConfigurationError(f"{SYSTEM}: the shop does not keep to sku=; update WooCommerce", system=SYSTEM)
        return rows

    def _write(self, path: str, chunk: Sequence[tuple[int, StockLevel]], calls: CallRecorder) -> Outcomes:
        update = [
            {"id": int(row.product.id), "manage_stock": True, "stock_quantity": whole_pieces(row.quantity)}
            for _, row in chunk
        ]
        try:
            answer = calls.send(write("POST", path, {"update": update}))
        except DataError as error:
            return {number: _refused(row, str(error)) for number, row in chunk}
        answered = _answered_rows(answer)
        if len(answered) != len(chunk):
            problem = f"{SYSTEM}: the batch answered {len(answered)} rows for {len(chunk)}"
            return {number: _unknown(row, problem) for number, row in chunk}
        return {number: _judged(row, shown) for (number, row), shown in zip(chunk, answered, strict=True)}


def _sku_chunks(skus: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for sku in dict.fromkeys(sku.strip() for sku in skus):
        if not sku:
            continue
        if "," in sku:
            yield [sku]
            continue
        if len(chunk) == _SKUS_PER_CALL or sum(map(len, chunk)) + len(sku) > _SKU_CHARACTERS:
            if chunk:
                yield chunk
            chunk = []
        chunk.append(sku)
    if chunk:
        yield chunk


def _batches(rows: Sequence[StockLevel], settled: Iterable[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield the path and the row numbers of each batch, products first, then variations parent by parent."""
    done = set(settled)
    by_parent: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if number not in done:
            by_parent[row.product.parent_id or ""].append(number)
    for parent in sorted(by_parent):
        numbers = by_parent[parent]
        path = f"/products/{parent}/variations/batch" if parent else "/products/batch"
        for start in range(0, len(numbers), _BATCH_ROWS):
            yield path, numbers[start : start + _BATCH_ROWS]


def _answered_rows(answer: Answer) -> list[Any]:
    body = answer.json()
    rows = body.get("update") if isinstance(body, Mapping) else None
    return rows if isinstance(rows, list) else []


def _refused_unsent(row: StockLevel) -> RowOutcome | None:
    if not row.product.manages_stock:
        return _refused(row, "the shop does not manage stock for this product, or keeps it at the parent")
    try:
        whole_pieces(row.quantity)
    except ValueError as error:
        return _refused(row, str(error))
    return None


def _judged(row: StockLevel, shown: Any) -> RowOutcome:
    """Judge one row by the object that stands at its place in the answer."""
    if not isinstance(shown, Mapping):
        return _unknown(row, "the batch answered no object for this row")
    error = shown.get("error")
    if isinstance(error, Mapping):
        problem = f"{error.get('code')}: {plain_text(str(error.get('message')))}"
        return _unknown(row, problem) if _is_the_servers(error) else _refused(row, problem)
    if str(shown.get("id")) != row.product.id:
        return _unknown(row, f"the batch answered for product {shown.get('id')} at this row")
    try:
        confirmed = Fields(shown).number_or_none("stock_quantity")
    except WooCommerceFormatError as unreadable:
        return _unknown(row, str(unreadable))
    if shown.get("manage_stock") is not True or confirmed is None:
        return _refused(row, "the shop dropped the quantity: it does not manage this product's stock", confirmed)
    if confirmed != row.quantity:
        return _refused(row, f"sent {row.quantity}, the shop says {confirmed}", confirmed)
    return RowOutcome(row.product.sku, RowResult.WRITTEN, confirmed)


def _is_the_servers(error: Mapping[str, Any]) -> bool:
    """Whether a row's error is the server's own trouble: it may have been written, and may be taken the next time."""
    data = error.get("data")
    status = data.get("status") if isinstance(data, Mapping) else None
    return isinstance(status, int) and status >= _SERVER_ERROR


def _refused(row: StockLevel, problem: str, confirmed: Decimal | None = None) -> RowOutcome:
    return RowOutcome(row.product.sku, RowResult.REFUSED, confirmed, problem)


def _unknown(row: StockLevel, problem: str) -> RowOutcome:
    return RowOutcome(row.product.sku, RowResult.UNKNOWN, None, problem)
