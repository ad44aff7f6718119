"""What wakes a shop's DAG when a webhook has left a hint in the inbox (design, decision 5).

The wake-up carries nothing: the run it starts reads the inbox and the shop. It is told by level, not by edge: the
newest waiting hint is looked at again and again, so a look that failed, a late start or a restart of the triggerer
loses nothing. A hint that comes again while it waits wakes nobody, since the run that was woken sees it; nor does one
that a failed run left behind: the schedule's next run takes it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from hooks.ledger_hook import LedgerHook
from pakhus.clients.rackbeat_webhooks import INVENTORY
from pakhus.errors import PakhusError
from pakhus.ledger.inbox import NEWEST_WAITING
from pakhus.settings import ShopSettings

ORDER = "order"
POLL_S = 0.5
_RECONNECT_S = 2.0
_CONNECT = {
    "connect_timeout": 5,
    "application_name": "pakhus inbox",
    "options": "-c statement_timeout=10000",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
log = logging.getLogger(__name__)


def live_schedule(shop: ShopSettings, timetable: Any) -> Any:
    """Return the shop's schedule: the timetable alone, or the timetable and the inbox where webhooks are on."""
    if not shop.webhooks.enabled:
        return timetable
    watcher = AssetWatcher(name=f"pakhus_inbox_{shop.shop}", trigger=InboxTrigger(shop.shop))
    return AssetOrTimeSchedule(assets=[Asset(f"pakhus_inbox_{shop.shop}", watchers=[watcher])], timetable=timetable)


def hinted_schedule(target: str, shops: Sequence[ShopSettings], timetable: Any) -> Any:
    """The same for the DAG of an agreement, `target`: its warehouse hints where one of its shops has webhooks on."""
    if not _hints(shops):
        return timetable
    watcher = AssetWatcher(name=f"pakhus_inbox_{target}", trigger=InboxTrigger(target))
    return AssetOrTimeSchedule(assets=[Asset(f"pakhus_inbox_{target}", watchers=[watcher])], timetable=timetable)


def live_run_types(shop: ShopSettings) -> list[str]:
    """Return the kinds of runs that the shop's live DAG allows: never a backfill."""
    return ["scheduled", "manual", "operator_triggered", *(["asset_triggered"] if shop.webhooks.enabled else [])]


def hinted_run_types(shops: Sequence[ShopSettings]) -> list[str]:
    """Return the kinds of runs that the DAG of these shops' agreement allows."""
    return ["scheduled", "manual", *(["asset_triggered"] if _hints(shops) else [])]


def _hints(shops: Sequence[ShopSettings]) -> bool:
    return any(shop.webhooks.enabled for shop in shops)


class InboxTrigger(BaseEventTrigger):
    """Fires when a newer hint than the last one waits for the shop. All shops share one connection to the ledger.

    Where the ledger is, is not among its arguments: those are stored in Airflow's database.
    """

    def __init__(self, shop: str, poll_s: float = POLL_S) -> None:
        super().__init__()
        self.shop = shop
        self.poll_s = poll_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "triggers.inbox_trigger.InboxTrigger", {"shop": self.shop, "poll_s": self.poll_s}

    def shared_stream_key(self) -> Hashable | None:
        return "pakhus inbox", self.poll_s

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Mapping[str, int]]:
        async for newest in newest_hints(kwargs["poll_s"]):
            yield newest

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[Mapping[str, int]]
    ) -> AsyncIterator[TriggerEvent]:
        seen = 0
        async for newest in shared_stream:
            if newest.get(self.shop, 0) > seen:
                seen = newest[self.shop]
                yield TriggerEvent({})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async for event in self.filter_shared_stream(newest_hints(self.poll_s)):
            yield event


async def newest_hints(poll_s: float) -> AsyncIterator[Mapping[str, int]]:
    """Yield the id of each scope's newest waiting hint, for ever; connects again when the ledger was away."""
    connection: psycopg.AsyncConnection[Any] | None = None
    away = False
    try:
        while True:
            try:
                if connection is None:
                    connection = await _connected()
                cursor = await connection.execute(NEWEST_WAITING, ([ORDER, INVENTORY],))
                newest = dict(await cursor.fetchall())
            except (psycopg.Error, PakhusError, OSError) as error:
                connection = await _closed(connection)
                if not away:
                    log.warning("the inbox cannot be read (%s); trying again until it can", type(error).__name__)
                away = True
                await asyncio.sleep(_RECONNECT_S)
                continue
            if away:
                log.info("the inbox can be read again")
            away = False
            yield newest
            await asyncio.sleep(poll_s)
    finally:
        await _closed(connection)


async def _connected() -> psycopg.AsyncConnection[Any]:
    conninfo = await LedgerHook().conninfo()
    return await psycopg.AsyncConnection.connect(conninfo, autocommit=True, **_CONNECT)  # type: ignore[arg-type]


async def _closed(connection: psycopg.AsyncConnection[Any] | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error, OSError):
            await connection.close()
