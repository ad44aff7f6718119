"""The full compare of a shop's stock, each night or when somebody asks; differences are kept before they are corrected.

What a shop last confirmed is all that a push looks at; a quantity that was changed by hand since is seen here only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pakhus.clients.http import to_json
from pakhus.clients.webshop import Webshop
from pakhus.errors import DataError, TransientError
from pakhus.flows.report import RunReport
from pakhus.ledger import claims, cursors, sources, stock
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.sources import Showing
from pakhus.model import Product
from pakhus.reasons import Verdict
from pakhus.rules.stock import Comparison, Difference, Level, compare, written
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

COMPARE = "stock_compare"
"""The kind of source under which differences are kept, by day."""

NIGHT_HOUR = 3
_COMPARED_ON = "stock_compared_on"
_RENEW_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class StockCompare:
    """Compares one shop, under the claim of its stock."""

    shop: Webshop
    ledger: Ledger
    settings: ShopSettings
    claim: Claim

    def run(self, report: RunReport, *, at_once: bool) -> None:
        """Compare if the first run after 03:00 has come, if the shop was never compared, or `at_once`.

        A catalogue that cannot be read holds no push up: it is tried again, or next night if it has a bad product.
        """
        with self.ledger.begin() as tx:
            last, now = cursors.read(tx, self.settings.shop, _COMPARED_ON), tx.now
        today = now.astimezone(ZoneInfo(self.settings.timezone))
        if not at_once and not is_due(last, today):
            return
        try:
            products = list(self._catalogue())
        except (DataError, TransientError) as error:
            report.add(Verdict.of("stock_not_compared", problem=str(error).rstrip(". ")))
            if isinstance(error, DataError):
                self.ledger.persist(lambda tx: self._note_day(tx, today.date()))
            return
        self._take(products, now, today.date(), report)

    def _catalogue(self) -> Iterator[Product]:
        """The whole catalogue; the claim is kept, however long it takes."""
        renewed = time.monotonic()
        for product in self.shop.catalogue():
            if time.monotonic() > renewed + _RENEW_AFTER_S:
                self.ledger.persist(lambda tx: claims.renew(tx, self.claim))
                renewed = time.monotonic()
            yield product

    def _take(self, products: Sequence[Product], read_at: datetime, day: date, report: RunReport) -> None:
        def take(tx: Transaction) -> tuple[Comparison, dict[str, Level]]:
            claims.require(tx, self.claim)
            levels = {level.sku: level for level in stock.levels(tx, self.settings.shop)}
            result = compare(levels.values(), products)
            if result.differences:
                sources.record(tx, self._evidence(result.differences, len(result.shown), read_at, day))
            stock.confirm(tx, self.settings.shop, [(sku, *shown) for sku, shown in result.shown.items()])
            stock.hinder(tx, self.settings.shop, [(levels[sku], verdict) for sku, verdict in result.hindered.items()])
            stock.forget_confirmed(tx, self.settings.shop, list(result.hindered))
            self._note_day(tx, day)
            return result, levels

        result, levels = self.ledger.persist(take)
        for verdict in _news(result, levels):
            report.add(verdict)
        logger.info(
            "%s: compared %s products, %s differ", self.settings.shop, len(result.shown), len(result.differences)
        )

    def _note_day(self, tx: Transaction, day: date) -> None:
        before = cursors.read(tx, self.settings.shop, _COMPARED_ON)
        cursors.move(tx, self.settings.shop, _COMPARED_ON, day.isoformat(), expected=before)

    def _evidence(self, differences: Sequence[Difference], compared: int, read_at: datetime, day: date) -> Showing:
        rows = [
            {
                "sku": row.sku,
                "product": row.product_id,
                "confirmed": str(row.confirmed),
                "shown": None if row.shown is None else str(row.shown),
            }
            for row in differences
        ]
        body = to_json({"read_at": read_at.isoformat(), "compared": compared, "differences": rows})
        return Showing(self.settings.shop, COMPARE, day.isoformat(), body, read_at, number=day.isoformat())


def is_due(last: str | None, now: datetime) -> bool:
    """Tell whether a compare is due; `now` in the shop's time zone, `last` the day of the last one."""
    return last is None or (now.hour >= NIGHT_HOUR and date.fromisoformat(last) < now.date())


def _news(result: Comparison, levels: dict[str, Level]) -> Iterator[Verdict]:
    """What the report counts: differences, what hinders now and did not before, and what was confirmed at last."""
    for row in result.differences:
        yield Verdict.of("stock_differed", sku=row.sku, shown=row.shown, confirmed=row.confirmed)
    for sku, verdict in result.hindered.items():
        if levels[sku].reason != verdict.code:
            yield verdict
    for sku, (_, shown) in result.shown.items():
        if shown == levels[sku].wanted and levels[sku].confirmed != shown:
            yield written(levels[sku])
