"""Earlier days are proven by a backfill of the audit, as anybody can start it in the user interface."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, func, select

from pakhus.ledger.schema import proven_days
from pakhus.settings import ShopSettings
from stack.play.rows import Row
from stack.play.scene import Scene

DAYS = 7
PROVEN_OR_OPEN = ("proven", "open")


def audit_a_week(scene: Scene) -> list[Row]:
    """Backfill seven days of each shop; expected are seven green runs, and no day on which the books differ."""
    scene.say("proving the last week of both shops: a backfill of the audit")
    dags = [f"{shop.shop}__audit" for shop in scene.shops]
    scene.wake(*dags)
    started = [
        scene.api.backfill(dag, *_week(shop), max_active_runs=2) for shop, dag in zip(scene.shops, dags, strict=True)
    ]
    runs = [scene.api.wait_for_backfill(number, scene.run_within_s) for number in started]
    rows = [
        Row(shop.shop, "days audited, green", str(DAYS), str(len(found)))
        for shop, found in zip(scene.shops, runs, strict=True)
    ]
    return rows + [_without_difference(scene, shop) for shop in scene.shops]


def _week(shop: ShopSettings) -> tuple[datetime, datetime]:
    """The first and the last midnight. Yesterday is left to the run that the schedule makes of it."""
    today = datetime.now(ZoneInfo(shop.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS + 1), today - timedelta(days=2)


def _without_difference(scene: Scene, shop: ShopSettings) -> Row:
    first, last = (moment.date() for moment in _week(shop))
    ours = (proven_days.c.scope == shop.shop) & proven_days.c.day.between(first, last)
    query = select(func.count()).where(ours & proven_days.c.status.in_(PROVEN_OR_OPEN))
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        found = connection.execute(query).scalar_one()
    engine.dispose()
    return Row(shop.shop, "days on which the books agree", str(DAYS), str(found))
