"""Products in a Rackbeat account: read, made, changed (rackbeat.md 3)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pakhus.clients import rackbeat_products
from pakhus.clients.rackbeat import SYSTEM, RackbeatClient
from pakhus.flows.exactly_once import RACKBEAT, Found, Step, Writer
from pakhus.flows.product_targets import CREATE, UPDATE, Hand, Shown
from pakhus.formats import rackbeat_products as formats
from pakhus.ledger.attempts import Attempt
from pakhus.rules.product_mapping import NewWarehouseProducts
from pakhus.rules.product_sync import Values


@dataclass(frozen=True, slots=True)
class ProductsInRackbeat:
    """The products of one account. An update sends the changed members alone; the others stay as they are (3.1)."""

    warehouse: RackbeatClient
    new: NewWarehouseProducts
    system: str = SYSTEM
    list_holds_s: float = 300.0

    def listing(self) -> dict[str, Shown]:
        rows = map(_shown, self.warehouse.list_products())
        return {row.number: row for row in rows}

    def numbers(self) -> Collection[str]:
        return self.warehouse.product_numbers()

    def find(self, number: str, fields: Collection[str] = ()) -> Shown | None:
        del fields  # all are shown
        row = self._row(number)
        return None if row is None else _shown(row)

    def settle(self, hand: Hand, number: str) -> bool:
        writer = self._writer(hand)
        for subject in hand.unsettled_subjects():
            writer.known(self._update_step(number, subject))
        return writer.known(self._create_step(number)) is not None

    def create(self, hand: Hand, number: str, values: Values) -> Shown:
        body = formats.new_product_to_rackbeat(number, values, self.new)
        written = self._writer(hand).make(self._create_step(number), rackbeat_products.create_product(body))
        return _shown(written.value["product"])

    def update(self, hand: Hand, shown: Shown, changes: Values) -> Shown:
        call = rackbeat_products.update_product(shown.number, formats.changes_to_rackbeat(changes))
        written = self._writer(hand).make(self._update_step(shown.number, hand.subject()), call)
        return _shown(written.value["product"])

    def _row(self, number: str) -> Any | None:
        """The product of exactly this number: a path may also mean another one's url-friendly number (1.6)."""
        row = self.warehouse.find_product(number)
        return None if row is None or str(row.get("number")) != number else row

    def _writer(self, hand: Hand) -> Writer:
        return Writer(hand.ledger, hand.claim, hand.document, RACKBEAT, self.warehouse.send)

    def _create_step(self, number: str) -> Step:
        def search(_: Attempt) -> Found | None:
            row = self._row(number)
            return None if row is None else Found(str(row["number"]), {"product": row})

        return Step(CREATE, formats.product_number, search)

    def _update_step(self, number: str, subject: str) -> Step:
        """Told by its effect: the product shows what was sent."""

        def search(attempt: Attempt) -> Found | None:
            row = self._row(number)
            sent = json.loads(attempt.request.body, parse_float=Decimal)
            return Found(number, {"product": row}) if row is not None and _shows(row, sent) else None

        return Step(UPDATE, formats.product_number, search, subject=subject)


def _shown(row: Mapping[str, Any]) -> Shown:
    number, values = formats.values_from_rackbeat(row)
    return Shown(number, values, row, formats.is_deleted(row), formats.is_used(row))


def _shows(row: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    return all((row.get(name) or "") == (value or "") for name, value in sent.items())
