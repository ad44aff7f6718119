"""Orders from before the shop's start: looked at in a dry run, then booked; accounting only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, select

from pakhus.ledger.schema import import_days
from pakhus.reasons import Status, reason
from pakhus.rules.imports import Outcomes, from_json
from pakhus.settings import ShopSettings
from stack.demo_files import LATE_BY_DAYS, LATE_SHOP
from stack.play.evidence import has_lines, left_of
from stack.play.rows import Row
from stack.play.scene import Scene

DRY_RUN, BOOK = "dry_run", "book"


def import_a_day(scene: Scene) -> list[Row]:
    """Import the day before the shop began; expected is what its completed orders were charged."""
    scene.say("importing the orders of the day before the shop began: a dry run, then booked")
    shop = next(shop for shop in scene.shops if shop.shop == LATE_SHOP)
    day = datetime.now(ZoneInfo(shop.timezone)).date() - timedelta(days=LATE_BY_DAYS + 1)
    dry, booked = (_imported(scene, shop, day, mode) for mode in (DRY_RUN, BOOK))
    earlier = scene.earlier_orders(shop)
    due = {n: left_of(order) for n, order in earlier.items() if order["status"] == "completed" and has_lines(order)}
    held = {number for code, one in booked.items() if reason(code).status is Status.HELD for number in one.numbers}
    charged = sum((amount for number, amount in due.items() if number not in held), Decimal(0))
    keys = {f"{shop.shop}-{number}-invoice" for number in earlier}
    found = [row for row in scene.accounts().invoices("booked") if row["references"]["other"] in keys]
    invoiced = sum((Decimal(row["grossAmount"]) for row in found), Decimal(0))
    return [
        Row(shop.shop, "earlier orders, in a dry run", f"{charged:.2f}", f"{_gross(dry, 'dry_run'):.2f}"),
        Row(shop.shop, "earlier orders, booked", f"{charged:.2f}", f"{invoiced:.2f}"),
        Row(shop.shop, "of these in Rackbeat", "0", str(_in_warehouse(scene, shop, set(earlier)))),
    ]


def _imported(scene: Scene, shop: ShopSettings, day: date, mode: str) -> Outcomes:
    dag = f"{shop.shop}__audit"
    scene.wake(dag)
    run = scene.api.trigger(dag, {"day": f"{day}", "import_mode": mode})
    scene.api.wait_for_run(dag, run, scene.run_within_s)
    ours = (import_days.c.scope == shop.shop) & (import_days.c.day == day) & (import_days.c.mode == mode)
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        stored = connection.execute(select(import_days.c.outcomes).where(ours)).scalar_one()
    engine.dispose()
    return from_json(stored)


def _gross(outcomes: Outcomes, code: str) -> Decimal:
    amounts: Mapping[str, Decimal] = outcomes[code].gross if code in outcomes else {}
    return sum(amounts.values(), Decimal(0))


def _in_warehouse(scene: Scene, shop: ShopSettings, numbers: set[str]) -> int:
    keys = {f"{shop.shop}-{number}-order" for number in numbers}
    return sum(1 for row in scene.state("rackbeat")["orders"].values() if row["heading"] in keys)
