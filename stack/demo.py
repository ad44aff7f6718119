"""The demo: two shops on one warehouse and one set of accounts, worked by the running Airflow, seen and compared.

Connections and pools are made as `python -m pakhus apply` would; then the acts of `stack.play.programme` follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pakhus.settings import load_all
from pakhus.settings.pools import pools_of
from stack.airflow import Stack
from stack.play.evidence import held
from stack.play.programme import ACTS
from stack.play.rows import show
from stack.play.scene import Scene
from stack.waiting import Say

CONFIG = Path(__file__).parent / "demo.yaml"


def play(stack: Stack, urls: Mapping[str, str], say: Say) -> bool:
    """Play the loop; true when everything that was seen is what was expected."""
    scene = Scene(stack.api, urls, _keys(), load_all(), stack.ledger_url, say)
    _prepare(scene)
    rows = [row for act in ACTS for row in act(scene)]
    for line in (*held(scene.ledger_url), *show(rows)):
        say(line)
    return all(row.equal for row in rows)


def _prepare(scene: Scene) -> None:
    """Make connections and pools, and unpause the DAGs."""
    scene.say("making connections and pools")
    _connect(scene)
    for pool in pools_of(scene.shops):
        scene.api.put_pool(pool.name, pool.slots, pool.description)
    scene.api.wait_for_dags([f"{shop.shop}__{flow}" for shop in scene.shops for flow in ("orders", "invoices")])
    scene.dags = frozenset(scene.api.dag_ids())
    for dag in sorted(scene.dags):
        scene.api.unpause(dag)


def _connect(scene: Scene) -> None:
    for shop in scene.shops:
        own = scene.keys[shop.shop]
        scene.api.put_connection(
            shop.connection,
            "woocommerce",
            host=scene.urls[shop.shop],
            login=own["consumer_key"],
            password=own["consumer_secret"],
        )
    rackbeat = f"{scene.urls['rackbeat']}/api"
    scene.api.put_connection("rackbeat__main", "rackbeat", host=rackbeat, password=scene.keys["rackbeat"]["token"])
    economic = scene.keys["economic"]
    scene.api.put_connection(
        "economic__main",
        "economic",
        host=scene.urls["economic"],
        password=economic["agreement_grant_token"],
        extra={"app_secret_token": economic["app_secret_token"]},
    )


def _keys() -> dict[str, Any]:
    """Each stand-in's credentials, by its name."""
    return {entry["name"]: entry["credentials"] for entry in yaml.safe_load(CONFIG.read_text())["stand_ins"]}
