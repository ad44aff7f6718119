"""Orders and refunds of one WooCommerce shop: changed, named, placed in a window (contract sections 4 to 8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from pakhus.clients.http import Query
from pakhus.clients.stored_bodies import WooCommerceBodies
from pakhus.clients.webshop import ChangesPage, Seen
from pakhus.clients.woocommerce_api import ListPage, WooCommerceApi, WooCommerceSettings, comma_list, is_id
from pakhus.clients.woocommerce_changes import BEGINNING, SECOND, ChangesCursor, changed_rows, gmt
from pakhus.clients.woocommerce_errors import SYSTEM, InvalidParameterError
from pakhus.clients.woocommerce_listing import START, Place, rows_by_id
from pakhus.clients.woocommerce_states import read_states, states_with_orders
from pakhus.errors import ConfigurationError, NotFoundError
from pakhus.formats.woocommerce import stable_body
from pakhus.formats.woocommerce_fields import Fields
from pakhus.model import Window

# What the shop shows is rounded to the decimals it is set to unless asked (design, decision 7).
DECIMALS = ("dp", "2")
_IDS_PER_CALL = 50


class WooCommerceOrders:
    """Reads orders. Keeps nothing but the list of states."""

    def __init__(self, api: WooCommerceApi, settings: WooCommerceSettings) -> None:
        self._api = api
        self._settings = settings
        self._bodies = WooCommerceBodies(settings.shop, settings.attribute_map, settings.rules)
        self._states: tuple[str, ...] | None = None

    def parse(self, order_id: str, body: bytes, read_at: datetime) -> Seen:
        """Understand a stored body; a problem names the field and does not raise."""
        return self._bodies.seen(order_id, body, read_at)

    def changes(self, text: str | None) -> Iterator[ChangesPage]:
        """Yield what changed since the cursor (section 5). Nothing changed: one request, two once an hour."""
        cursor = self._start(text)
        self._states = cursor.states
        try:
            yield from self._changed_since(cursor, text)
        except InvalidParameterError as error:
            renewed = self._renewed(cursor)
            if "status" not in error.parameters or renewed.states == cursor.states:
                raise
            self._states = renewed.states  # a plugin and its state are gone: read again with the states of now
            yield from self._changed_since(renewed, text)

    def orders(self, ids: Sequence[str]) -> Iterator[Seen]:
        """Yield each order as it stands now, binned ones too; who is not in the list is asked for alone, so that only
        the shop's own 404 says gone."""
        wanted = list(dict.fromkeys(ids))
        numbers = [order_id for order_id in wanted if is_id(order_id)]
        shown: dict[str, Seen] = {}
        size = min(_IDS_PER_CALL, self._api.page_size)
        for start in range(0, len(numbers), size):
            chunk = numbers[start : start + size]
            if len(chunk) > 1:
                shown |= self._included(chunk)
            for order_id in chunk:
                yield shown[order_id] if order_id in shown else self._one(order_id)
        for order_id in wanted:
            if not is_id(order_id):
                yield Seen(order_id, b"", datetime.now(UTC), gone=True, problem="no id of a WooCommerce order")

    def placed(self, window: Window, text: str | None = None) -> Iterator[ChangesPage]:
        """Yield the orders created in a closed window, by id (section 5: both ends are exclusive at the shop)."""
        states = self._fresh_states()
        query = [
            ("status", comma_list(states)),
            ("after", gmt(_whole_second(window.start) - SECOND)),
            ("before", gmt(_whole_second(window.end))),
            ("dates_are_gmt", "true"),
            ("orderby", "id"),
            ("order", "asc"),
            DECIMALS,
        ]

        def fetch(number: int) -> ListPage:
            return self._api.page("/orders", query, number)

        span = [gmt(window.start), gmt(window.end)]
        for page, place in rows_by_id(fetch, self._api.page_size, _place(text, span)):
            cursor = json.dumps({"window": span, "place": asdict(place)}, separators=(",", ":"))
            yield ChangesPage(tuple(self._seen(row, page.read_at) for row in page.rows), cursor)

    def credits(self, order_id: str) -> Sequence[Seen]:
        """Return the refunds, oldest first (section 8). The order is read for its currency and rates.

        A refund is kept with these, since it does not say them itself.
        """
        order = self._api.get(f"/orders/{_checked(order_id)}", [("_fields", "id,currency,tax_lines,refunds")])
        if not list(Fields(order).objects("refunds")):
            return ()
        query, read_at = [("orderby", "id"), ("order", "asc"), DECIMALS], datetime.now(UTC)
        refunds = self._api.all_rows(f"/orders/{order_id}/refunds", query)
        facts = {name: order.get(name) for name in ("id", "currency", "tax_lines")}
        found = [
            self.parse_credit(str(refund.get("id") or ""), _refund_body(facts, refund), read_at) for refund in refunds
        ]
        return tuple(sorted(found, key=lambda seen: (len(seen.id), seen.id)))

    def parse_credit(self, credit_id: str, body: bytes, read_at: datetime) -> Seen:
        """Understand a stored refund; a problem names the field and does not raise."""
        return self._bodies.credit(credit_id, body, read_at)

    def _start(self, text: str | None) -> ChangesCursor:
        now = datetime.now(UTC)
        if text is None:
            mark = _whole_second(self._settings.start_from or BEGINNING)
            return ChangesCursor(mark, self._fresh_states(), now, mark)
        cursor = ChangesCursor.from_text(text)
        in_settings = states_with_orders({}, self._settings.extra_states)
        outdated = cursor.needs_states(now) or not set(in_settings) <= set(cursor.states)
        return self._renewed(cursor) if outdated else cursor

    def _renewed(self, cursor: ChangesCursor) -> ChangesCursor:
        return cursor.with_states(self._fresh_states(), datetime.now(UTC))

    def _changed_since(self, cursor: ChangesCursor, stored: str | None) -> Iterator[ChangesPage]:
        def fetch(after: datetime, number: int) -> ListPage:
            query = [
                ("modified_after", gmt(after)),
                ("dates_are_gmt", "true"),
                ("status", comma_list(cursor.states)),
                ("orderby", "modified"),
                ("order", "asc"),
                DECIMALS,
            ]
            return self._api.page("/orders", query, number)

        shown = stored
        for changed in changed_rows(fetch, cursor.mark, self._api.page_size):
            shown = replace(cursor, mark=changed.mark).to_text()
            yield ChangesPage(tuple(self._seen(row, changed.read_at) for row in changed.rows), shown, changed.young)
        if shown == stored and cursor.to_text() != stored:  # nothing to store but newly read states, or the first mark
            yield ChangesPage((), cursor.to_text())

    def _included(self, chunk: Sequence[str]) -> dict[str, Seen]:
        if self._states is None:
            self._states = self._fresh_states()
        query = [
            ("include", comma_list(chunk)),
            ("status", comma_list(self._states)),
            ("orderby", "id"),
            ("order", "asc"),
            DECIMALS,
        ]
        page = self._api.page("/orders", query, 1)
        seen = {one.id: one for one in (self._seen(row, page.read_at) for row in page.rows)}
        if seen.keys() - set(chunk):
            raise ConfigurationError(f"{SYSTEM}: the shop does not keep to include=; update WooCommerce", system=SYSTEM)
        return seen

    def _one(self, order_id: str) -> Seen:
        read_at = datetime.now(UTC)
        try:
            return self._seen(self._api.get(f"/orders/{order_id}", [DECIMALS]), read_at)
        except NotFoundError as error:
            return Seen(order_id, error.body, read_at, gone=True)

    def _seen(self, row: Mapping[str, Any], read_at: datetime) -> Seen:
        return self.parse(str(row.get("id") or ""), stable_body(row), read_at)

    def _fresh_states(self) -> tuple[str, ...]:
        return states_with_orders(read_states(self._api), self._settings.extra_states)


def _refund_body(order: Mapping[str, Any], refund: Mapping[str, Any]) -> bytes:
    return b'{"order":' + stable_body(order) + b',"refund":' + stable_body(refund) + b"}"


def _checked(order_id: str) -> str:
    if not is_id(order_id):
        raise NotFoundError(f"{SYSTEM}: {order_id!r} is no id of an order", system=SYSTEM)
    return order_id


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _place(text: str | None, span: Query | list[str]) -> Place:
    if text is None:
        return START
    try:
        stored = json.loads(text)
        if stored["window"] == span:
            return Place(**stored["place"])
    except (ValueError, TypeError, KeyError):
        pass
    raise ConfigurationError(f"{SYSTEM}: the cursor {text!r} is not one of this window", system=SYSTEM)
