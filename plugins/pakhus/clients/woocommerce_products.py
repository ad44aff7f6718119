"""Products as master data: the whole catalogue, and one product written by its SKU (contract section 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pakhus.clients.webshop import CallRecorder, ProductChanges
from pakhus.clients.woocommerce_api import ListPage, WooCommerceApi, as_object, readable, write
from pakhus.clients.woocommerce_changes import OVERLAP, from_gmt, gmt
from pakhus.clients.woocommerce_errors import NO_ROUTE, SYSTEM
from pakhus.clients.woocommerce_listing import rows_by_id
from pakhus.clients.woocommerce_stock import WooCommerceStock
from pakhus.errors import ConfigurationError, DataError
from pakhus.formats.woocommerce_fields import Fields
from pakhus.formats.woocommerce_products import (
    PRODUCT_FIELDS,
    has_variations,
    is_sold_alone,
    is_variation,
    product_from_woocommerce,
    product_ref_from_woocommerce,
    product_to_woocommerce,
)
from pakhus.model import Money, Product, ProductRef

_SKU_TAKEN = "product_invalid_sku"
_PARENTS_ONE_BY_ONE = 20
# Where a server does not say its time: clocks of servers differ by minutes at most.
_UNKNOWN_CLOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Pricing:
    currency: str
    includes_vat: bool


class WooCommerceProducts:
    """Reads and writes master data. Learns once what the shop's prices mean."""

    def __init__(self, api: WooCommerceApi, stock: WooCommerceStock) -> None:
        self._api = api
        self._stock = stock
        self._pricing: _Pricing | None = None

    def catalogue(self) -> Iterator[Product]:
        """Yield all products, then all variations."""
        pricing = self._learn_pricing()
        parents: dict[str, Mapping[str, Any]] = {}
        for row in self._all("/products"):
            if has_variations(row):
                parents[Fields(row).text("id")] = row
            yield _product(row, pricing, None)
        for row, parent in self._variations(parents):
            yield _product(row, pricing, parent)

    def changes(self, cursor: str | None) -> ProductChanges:
        """Return what was modified since the cursor, a moment of the shop's own clock; of a product all variations.

        Sorted by id, rows stay where they are while they are edited; what is edited meanwhile comes again next time.
        """
        since = None if cursor is None else _moment(cursor)
        window = [] if since is None else [("modified_after", gmt(since)), ("dates_are_gmt", "true")]
        began: list[datetime] = []
        rows = list(self._all("/products", window, began))
        parents = {Fields(row).text("id"): row for row in rows if has_variations(row)}
        variations = list(self._variations(parents, each=since is not None and len(parents) <= _PARENTS_ONE_BY_ONE))
        pricing = self._learn_pricing() if rows else _Pricing("", includes_vat=False)
        products = [_product(row, pricing, None) for row in rows]
        products += [_product(row, pricing, parent) for row, parent in variations]
        return ProductChanges(tuple(products), gmt(min(began) - OVERLAP))

    def one(self, sku: str) -> Product | None:
        """Return the product or variation of this SKU as it stands now; DataError when several have it."""
        rows = [row for row in self._stock.rows_with(sku, PRODUCT_FIELDS) if Fields(row).text("sku").strip()]
        if len(rows) > 1:
            ids = ", ".join(sorted(Fields(row).text("id") for row in rows))
            raise DataError(f"{SYSTEM}: SKU {sku} belongs to several products: {ids}", system=SYSTEM)
        if not rows:
            return None
        if not is_sold_alone(rows[0]):
            how = "sold by its variations" if has_variations(rows[0]) else "not sold by itself"
            raise DataError(f"{SYSTEM}: {sku} is the SKU of a product that is {how}", system=SYSTEM)
        parent_id = Fields(rows[0]).identifier("parent_id") if is_variation(rows[0]) else None
        parent = self._api.get(f"/products/{parent_id}", [("_fields", PRODUCT_FIELDS)]) if parent_id else None
        return _product(rows[0], self._learn_pricing(), parent)

    def new(self, sku: str) -> Product:
        """Return a simple product of the standard tax class without a price; its stock is the stock flow's to set."""
        pricing = self._learn_pricing()
        return Product(sku, sku, Money(Decimal(0), pricing.currency), pricing.includes_vat, stock=Decimal(0))

    def put(self, product: Product, calls: CallRecorder, fields: Collection[str] = ()) -> ProductRef:
        """Create one product by its SKU, or write these fields of it (none: all).

        DataError when the shop did not take the price.
        """
        if not product.sku.strip():
            raise DataError(f"{SYSTEM}: a product without SKU cannot be written", system=SYSTEM)
        self._check_price(product)
        known = self._find(product)
        if known is None:
            if product.parent_id is not None:
                raise DataError(f"{SYSTEM}: variation {product.sku} must be made in the shop", system=SYSTEM)
            try:
                return self._send("POST", "/products", product, calls, creating=True)
            except DataError as error:
                known = self._find(product) if error.code == _SKU_TAKEN else None
                if known is None:
                    raise
        path = f"/products/{known.parent_id}/variations/{known.id}" if known.parent_id else f"/products/{known.id}"
        return self._send("PUT", path, product, calls, creating=False, fields=fields)

    def _send(
        self,
        method: str,
        path: str,
        product: Product,
        calls: CallRecorder,
        *,
        creating: bool,
        fields: Collection[str] = (),
    ) -> ProductRef:
        with readable(f"product {product.sku}"):
            try:
                body = product_to_woocommerce(product, creating=creating, fields=fields)
            except ValueError as error:
                raise DataError(f"{SYSTEM} product {product.sku}: {error}", system=SYSTEM) from error
            shown = as_object(calls.send(write(method, path, body)))
            if (
                product.price is not None
                and "regular_price" in body
                and Fields(shown).number_or_none("regular_price") != product.price.amount
            ):
                raise DataError(
                    f"{SYSTEM}: product {product.sku} was written, but the shop shows the price "
                    f"{Fields(shown).text('regular_price') or 'empty'} instead of {product.price.amount}",
                    fields={"regular_price": Fields(shown).text("regular_price")},
                    system=SYSTEM,
                )
            return product_ref_from_woocommerce(_with_type(shown, path), product.sku)

    def _find(self, product: Product) -> ProductRef | None:
        resolution = self._stock.resolve([product.sku])
        if product.sku in resolution.ambiguous:
            ids = ", ".join(resolution.ambiguous[product.sku])
            raise DataError(f"{SYSTEM}: SKU {product.sku} belongs to several products: {ids}", system=SYSTEM)
        return resolution.found.get(product.sku)

    def _check_price(self, product: Product) -> None:
        if product.price is None:
            return
        pricing = self._learn_pricing()
        if product.price.amount < Decimal(0):
            raise DataError(f"{SYSTEM}: product {product.sku} has a negative price", system=SYSTEM)
        if product.price.currency != pricing.currency or product.price_includes_vat != pricing.includes_vat:
            meant = f"{pricing.currency} {'incl.' if pricing.includes_vat else 'excl.'} VAT"
            raise DataError(f"{SYSTEM}: the price of {product.sku} must be in {meant}", system=SYSTEM)

    def _learn_pricing(self) -> _Pricing:
        if self._pricing is None:
            # A shop that charges no taxes has none in its prices, whatever was set before they were switched off.
            taxed = self._setting("general/woocommerce_calc_taxes") == "yes"
            included = self._setting("tax/woocommerce_prices_include_tax") == "yes"
            self._pricing = _Pricing(self._setting("general/woocommerce_currency"), taxed and included)
        return self._pricing

    def _setting(self, name: str) -> str:
        return Fields(self._api.get(f"/settings/{name}", [("_fields", "id,value")])).text("value")

    def _all(
        self, path: str, window: Sequence[tuple[str, str]] = (), began: list[datetime] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield all rows of a list; `began` is told when each page was read, by the shop's clock if it has one."""
        query = [("orderby", "id"), ("order", "asc"), ("_fields", PRODUCT_FIELDS), *window]

        def fetch(number: int) -> ListPage:
            page = self._api.page(path, query, number)
            if began is not None:
                began.append(page.shop_time or page.read_at - _UNKNOWN_CLOCK)
            return page

        told: set[object] = set()
        for page, _ in rows_by_id(fetch, self._api.page_size):
            for row in page.rows:
                if row["id"] not in told:
                    told.add(row["id"])
                    yield row

    def _variations(
        self, parents: Mapping[str, Mapping[str, Any]], *, each: bool = False
    ) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Yield each variation with its parent: in one list where the shop has the route (9.0), else by parent.

        `each`: by parent in any case, where few are asked for.
        """
        if not parents:
            return
        if each:
            yield from self._by_parent(parents)
            return
        try:
            for row in self._all("/variations"):
                parent = parents.get(Fields(row).text("parent_id"))
                if parent is not None:
                    yield row, parent
        except ConfigurationError as error:
            if error.code != NO_ROUTE:
                raise
            yield from self._by_parent(parents)

    def _by_parent(
        self, parents: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        for parent_id, parent in parents.items():
            for row in self._all(f"/products/{parent_id}/variations"):
                yield row, parent


def _moment(cursor: str) -> datetime:
    try:
        return from_gmt(cursor)
    except ValueError as error:
        raise ConfigurationError(f"{SYSTEM}: the stored cursor {cursor!r} cannot be read", system=SYSTEM) from error


def _product(row: Mapping[str, Any], pricing: _Pricing, parent: Mapping[str, Any] | None) -> Product:
    with readable(f"product {row.get('id')}"):
        return product_from_woocommerce(
            row, currency=pricing.currency, price_includes_vat=pricing.includes_vat, parent=parent
        )


def _with_type(shown: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Older shops do not say `type` in a variation: the route does."""
    return {**shown, "type": "variation"} if "/variations/" in path else shown
