"""What wakes a shop's DAG: by level, over one connection for all shops, and again after the ledger was away."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import psycopg
import pytest
from airflow.sdk import CronTriggerTimetable
from airflow.triggers.base import TriggerEvent
from airflow.triggers.shared_stream import SharedStreamManager

from pakhus.ledger import inbox
from pakhus.ledger.connection import Ledger
from pakhus.settings import load_shop
from stack.waiting import wait_until
from tests.apps.hooked import StallingProxy, include_with_webhooks
from triggers import inbox_trigger
from triggers.inbox_trigger import (
    InboxTrigger,
    hinted_run_types,
    hinted_schedule,
    live_run_types,
    live_schedule,
    newest_hints,
)

pytestmark = pytest.mark.airflow
WITHIN_S = 15


@pytest.fixture
def ledger(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """The ledger, as Airflow's connection says where it is."""
    point_at(fresh_ledger_url, monkeypatch)
    ledger = Ledger(fresh_ledger_url)
    yield ledger
    ledger.close()


def point_at(url: str, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> dict[str, Any]:
    parts = psycopg.conninfo.conninfo_to_dict(url.replace("+psycopg", ""))
    fields = {
        "conn_type": "postgres",
        "host": parts["host"],
        "port": int(str(parts["port"])),
        "login": parts["user"],
        "password": parts["password"],
        "schema": parts["dbname"],
    }
    monkeypatch.setenv("AIRFLOW_CONN_PAKHUS_LEDGER", json.dumps({**fields, **changes}))
    return fields


def hint(ledger: Ledger, shop: str, order: str, entity: str = "order") -> None:
    with ledger.begin() as tx:
        inbox.add(tx, shop, entity, order)


def take_all(ledger: Ledger, shop: str) -> None:
    with ledger.begin() as tx:
        inbox.mark_taken(tx, inbox.waiting(tx, shop, "order", limit=100))


async def told(*levels: Mapping[str, int]) -> AsyncIterator[Mapping[str, int]]:
    for level in levels:
        yield level


def events_of(trigger: InboxTrigger, *levels: Mapping[str, int]) -> list[TriggerEvent]:
    async def collect() -> list[TriggerEvent]:
        return [event async for event in trigger.filter_shared_stream(told(*levels))]

    return asyncio.run(collect())


def test_fires_once_for_each_newer_hint_of_its_own_shop() -> None:
    levels = [{}, {"nordlys": 3}, {"nordlys": 3}, {"fjordliv": 9}, {}, {"nordlys": 3}, {"nordlys": 8, "fjordliv": 9}]
    assert len(events_of(InboxTrigger("nordlys"), *levels)) == 2
    assert len(events_of(InboxTrigger("fjordliv"), *levels)) == 1
    assert events_of(InboxTrigger("bornholm"), *levels) == []


def test_a_wake_up_carries_nothing() -> None:
    [event] = events_of(InboxTrigger("nordlys"), {"nordlys": 1})
    assert event.payload == {}


def test_its_arguments_name_no_database_and_lead_back_to_it() -> None:
    path, arguments = InboxTrigger("nordlys", 0.1).serialize()
    assert (path, arguments) == ("triggers.inbox_trigger.InboxTrigger", {"shop": "nordlys", "poll_s": 0.1})
    assert InboxTrigger(**arguments).shared_stream_key() == InboxTrigger("fjordliv", 0.1).shared_stream_key()


def test_one_connection_serves_all_shops(ledger: Ledger) -> None:
    """As the triggerer runs them: over Airflow's own shared stream."""
    shops = ["nordlys", "fjordliv", "bornholm"]

    async def watch() -> tuple[dict[str, int], int]:
        manager, fired = SharedStreamManager(), dict.fromkeys(shops, 0)

        async def follow(number: int, shop: str) -> None:
            trigger = InboxTrigger(shop, 0.05)
            stream = manager.subscribe(trigger_id=number, trigger=trigger, key=trigger.shared_stream_key() or "")
            async for _ in trigger.filter_shared_stream(stream):
                fired[shop] += 1

        tasks = [asyncio.create_task(follow(number, shop)) for number, shop in enumerate(shops)]
        hint(ledger, "nordlys", "1")
        await until(lambda: fired["nordlys"] == 1)
        hint(ledger, "nordlys", "1")  # order.updated comes along with order.created
        hint(ledger, "nordlys", "2")
        hint(ledger, "fjordliv", "1")
        hint(ledger, "bornholm", "1", entity="product")
        await until(lambda: fired["nordlys"] == 2 and fired["fjordliv"] == 1)
        connections = ours(ledger)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await manager.stop_all()
        return fired, connections

    fired, connections = asyncio.run(watch())
    assert fired == {"nordlys": 2, "fjordliv": 1, "bornholm": 0}
    assert connections == 1
    wait_until(lambda: ours(ledger) == 0, "the connection to be closed with the last of them", WITHIN_S)


def test_a_warehouse_wakes_its_agreement_and_what_we_note_for_ourselves_wakes_nobody(ledger: Ledger) -> None:
    hint(ledger, "rackbeat__main", "NH-1000", entity="inventory")
    hint(ledger, "nordlys", "nh-1000", entity="shown")

    async def first() -> Mapping[str, int]:
        levels = newest_hints(0.05)
        found = await anext(levels)
        await levels.aclose()  # type: ignore[attr-defined]
        return found

    assert list(asyncio.run(asyncio.wait_for(first(), WITHIN_S))) == ["rackbeat__main"]


def test_stock_runs_by_its_schedule_alone_where_no_shop_has_webhooks(tmp_path: Any) -> None:
    include = include_with_webhooks(tmp_path / "include", "https://pakhus.example.dk")
    hooked, other = load_shop("nordlys", include), load_shop("fjordliv", include)
    timetable = object()
    assert hinted_schedule("rackbeat__main", [other], timetable) is timetable
    assert set(hinted_run_types([other, hooked])) - set(hinted_run_types([other])) == {"asset_triggered"}
    assert "backfill" not in hinted_run_types([other, hooked])
    assert hinted_schedule("rackbeat__main", [other, hooked], CronTriggerTimetable("1 * * * *", timezone="UTC"))


def test_what_waits_when_the_triggerer_starts_wakes_its_shop(ledger: Ledger) -> None:
    hint(ledger, "nordlys", "1")

    async def first() -> TriggerEvent:
        return await anext(InboxTrigger("nordlys", 0.05).run())

    asyncio.run(asyncio.wait_for(first(), WITHIN_S))


def test_a_hint_that_a_failed_run_left_behind_wakes_nobody_again_but_a_new_one_does(ledger: Ledger) -> None:
    hint(ledger, "nordlys", "1")

    async def watch() -> int:
        fired = 0

        async def follow() -> None:
            nonlocal fired
            async for _ in InboxTrigger("nordlys", 0.02).run():
                fired += 1

        task = asyncio.create_task(follow())
        await until(lambda: fired == 1)
        await asyncio.sleep(0.3)  # the run failed: the hint still waits
        assert fired == 1
        hint(ledger, "nordlys", "2")
        await until(lambda: fired == 2)
        take_all(ledger, "nordlys")
        await asyncio.sleep(0.2)
        hint(ledger, "nordlys", "1")
        await until(lambda: fired == 3)
        task.cancel()
        return fired

    assert asyncio.run(watch()) == 3


@pytest.mark.parametrize("outage", ["killed connection", "dead server"])
def test_goes_on_after_the_ledger_was_away(
    ledger: Ledger, fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch, outage: str
) -> None:
    monkeypatch.setattr(inbox_trigger, "_RECONNECT_S", 0.05)
    fields = point_at(fresh_ledger_url, monkeypatch)
    proxy = StallingProxy(fields["host"], fields["port"])
    point_at(fresh_ledger_url, monkeypatch, port=proxy.port)

    async def watch() -> Mapping[str, int]:
        levels = newest_hints(0.02)
        hint(ledger, "nordlys", "1")
        before = await anext(levels)
        if outage == "killed connection":
            with ledger.begin() as tx:
                tx.connection.exec_driver_sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pakhus inbox' "
                    "and datname = current_database()"
                )
        else:
            proxy.hang_up()
            asyncio.get_running_loop().call_later(0.5, point_at, fresh_ledger_url, monkeypatch)
        hint(ledger, "nordlys", "2")
        after = await anext(levels)
        await levels.aclose()  # type: ignore[attr-defined]
        assert after["nordlys"] > before["nordlys"]
        return after

    asyncio.run(asyncio.wait_for(watch(), WITHIN_S))
    proxy.hang_up()


def test_only_a_shop_with_webhooks_is_woken_and_none_allows_a_backfill(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = include_with_webhooks(tmp_path / "include", "https://pakhus.example.dk")
    hooked, other = load_shop("nordlys", include), load_shop("fjordliv", include)
    assert set(live_run_types(hooked)) - set(live_run_types(other)) == {"asset_triggered"}
    assert {"scheduled", "manual"} <= set(live_run_types(other))
    assert "backfill" not in live_run_types(hooked)
    assert live_schedule(other, timetable := object()) is timetable


def ours(ledger: Ledger) -> int:
    """The watchers' connections to this ledger."""
    with ledger.begin() as tx:
        return int(
            tx.connection.exec_driver_sql(
                "select count(*) from pg_stat_activity where application_name = 'pakhus inbox' "
                "and datname = current_database()"
            ).scalar_one()
        )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.02)
