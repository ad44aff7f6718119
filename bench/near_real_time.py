"""From the shop's webhook to the order reserved in Rackbeat, against a run of Airflow that does nothing.

One stack: the real Airflow, PostgreSQL and the stand-ins. In turns, so that both have the same load beside them:
a bare run is a DAG of one empty task, woken by an asset event; ours is woken by a webhook that the shop sends.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.figures import Figure
from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi
from stack.waiting import wait_until
from standin.clock import Clock
from standin.registry import create, default_seed
from standin.seeds import with_shop_products
from standin.server import StandinServer
from standin.woocommerce import products_of_recorded_shop

SHOP = """\
shop: havblik
platform: woocommerce
mapping: standard
rackbeat: main
start_from: {start}
orders: {{schedule: "0 0 29 2 *"}}
fulfilment: {{enabled: false}}
audit: {{enabled: false}}
decisions: {{enabled: false}}
webhooks: {{enabled: true, address: "{address}"}}
"""
BARE = '''\
"""One empty task, woken by an asset event."""
from airflow.sdk import DAG, Asset, task

with DAG("bare", schedule=[Asset("bare")], max_active_runs=1):

    @task
    def nothing() -> None:
        """Do nothing."""

    nothing()
'''
KEYS = {"consumer_key": "ck_" + "b" * 40, "consumer_secret": "cs_" + "b" * 40}
SECRET = "b" * 40
ORDERS, WEBHOOKS = "havblik__orders", "havblik__webhooks"
WITHIN_S = 180.0
LOOK_EVERY_S = 0.02
QUIET_S = 2.0


@dataclass
class Scene:
    """What is measured."""

    api: AirflowApi
    shop: StandinServer
    warehouse: StandinServer
    bare_asset: int
    steps: dict[str, list[float]] = field(default_factory=dict)

    def bare(self) -> float:
        """Seconds from an asset event to the end of the bare task."""
        before = self._quiet("bare")
        begun = datetime.now(UTC)
        self.api.request("POST", "/assets/events", {"asset_id": self.bare_asset, "extra": {}})
        [task] = self.api.task_instances("bare", self._ended("bare", before)[0])
        return _since(begun, task["end_date"])

    def hinted(self) -> float:
        """Seconds from the shop sending its webhook to the order reserved in Rackbeat."""
        before = self._quiet(ORDERS)
        items = [{"sku": "NH-1000", "quantity": 1}]
        placed: Any = self.shop.act({"action": "place_order", "items": items, "payment_method": "cod"})
        key = f"havblik-{placed['order']}-order"
        begun, start = datetime.now(UTC), time.monotonic()
        self.shop.act({"action": "run_webhooks"})
        wait_until(lambda: self._is_reserved(key), f"{key} in Rackbeat", WITHIN_S, every_s=LOOK_EVERY_S)
        took_s = time.monotonic() - start
        self._note(begun, self._ended(ORDERS, before)[0])
        return took_s

    def _note(self, begun: datetime, run: str) -> None:
        tasks = {task["task_id"]: task for task in self.api.task_instances(ORDERS, run)}
        if tasks["reserve"]["start_date"] is None:  # the run before had it already
            return
        moments = {
            "the run is there": self.api.run(ORDERS, run)["queued_at"],
            "observe begins": tasks["observe"]["start_date"],
            "observe has ended": tasks["observe"]["end_date"],
            "reserve begins": tasks["reserve"]["start_date"],
        }
        for name, moment in moments.items():
            self.steps.setdefault(name, []).append(_since(begun, moment))

    def _is_reserved(self, key: str) -> bool:
        orders: Any = self.warehouse.dump()
        return any(order["heading"] == key and order["is_booked"] for order in orders["orders"].values())

    def _quiet(self, dag: str) -> set[str]:
        """Wait until the DAG has had nothing to do for a while; return its runs so far."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_S:
            if any(row["state"] in ("queued", "running") for row in self.api.runs(dag)):
                quiet_since = time.monotonic()
            time.sleep(0.2)
        return self._runs(dag)

    def _runs(self, dag: str) -> set[str]:
        return {row["dag_run_id"] for row in self.api.runs(dag)}

    def _ended(self, dag: str, before: set[str]) -> list[str]:
        """Wait for the runs that began since; return them, the first one first."""
        wait_until(lambda: self._runs(dag) - before, f"a run of {dag}", WITHIN_S)
        new = [row["dag_run_id"] for row in reversed(self.api.runs(dag)) if row["dag_run_id"] not in before]
        for run in new:
            self.api.wait_for_run(dag, run, WITHIN_S)
        return new


def measure(tries: int) -> list[Figure]:
    """Measure both in turns; the first turn is not counted."""
    with scene() as found:
        found.bare()
        found.hinted()
        found.steps.clear()
        pairs = [(found.bare(), found.hinted()) for _ in range(tries)]
        steps = [Figure(f"  {name}", tuple(seconds)) for name, seconds in found.steps.items()]
    bare = Figure("bare run of Airflow", tuple(pair[0] for pair in pairs))
    return [bare, *steps, Figure("webhook to order in Rackbeat", tuple(pair[1] for pair in pairs), bare)]


@contextmanager
def scene() -> Iterator[Scene]:
    """Start everything and bring it to where an order may come."""
    with ExitStack() as exits:
        directory = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="pakhus-bench-")))
        dags, include = directory / "dags", directory / "include"
        shutil.copytree(ROOT / "dags", dags, ignore=lambda _, names: set(names) - {"orders.py", "webhooks.py"})
        (dags / "bare.py").write_text(BARE, encoding="utf-8")
        shutil.copytree(ROOT / "include", include, ignore=shutil.ignore_patterns("nordlys.yaml", "fjordliv.yaml"))
        clock = Clock()
        warehouse_seed = with_shop_products(default_seed("rackbeat"), products_of_recorded_shop())
        seeds = {"woocommerce": {"shop": "recorded", "credentials": KEYS}, "rackbeat": warehouse_seed}
        shop, warehouse = (
            exits.enter_context(StandinServer(create(system, system, seed, {}, clock), clock=clock))
            for system, seed in seeds.items()
        )
        shop.configure({"webhook_delivery": "manual"})
        stack = Stack(
            directory / "stack", dags=dags, everyone_is_admin=True, settings={"PAKHUS_INCLUDE": str(include)}, say=print
        )
        exits.callback(stack.remove)
        start = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        file = include / "shops" / "havblik.yaml"
        file.write_text(SHOP.format(start=start, address=stack.url), encoding="utf-8")
        stack.start()
        yield Scene(stack.api, shop, warehouse, _prepared(stack.api, shop, warehouse))


def _prepared(api: AirflowApi, shop: StandinServer, warehouse: StandinServer) -> int:
    """Make connections and pools, let each DAG run once, register the webhooks; return the bare asset's id."""
    api.put_connection(
        "woocommerce__havblik",
        "woocommerce",
        host=shop.url,
        login=KEYS["consumer_key"],
        password=KEYS["consumer_secret"],
        extra={"webhook_secret": SECRET},
    )
    token = default_seed("rackbeat")["credentials"]["token"]
    api.put_connection("rackbeat__main", "rackbeat", host=f"{warehouse.url}/api", password=token)
    for pool in ("woocommerce__havblik", "rackbeat__main"):
        api.put_pool(pool, 4)
    api.wait_for_dags([ORDERS, WEBHOOKS, "bare"], WITHIN_S)
    for dag in (ORDERS, WEBHOOKS, "bare"):
        api.unpause(dag)
        if dag != "bare":
            api.wait_for_run(dag, api.trigger(dag), WITHIN_S)
    assets: Callable[[], Any] = lambda: api.request("GET", "/assets", name_pattern="bare")["assets"]  # noqa: E731
    return int(wait_until(assets, "the bare asset", WITHIN_S)[0]["id"])


def _since(begun: datetime, moment: str) -> float:
    return (datetime.fromisoformat(moment) - begun).total_seconds()
