"""The play of the demo: two shops, their orders reserved and invoiced by the running Airflow, seen and compared.

Connections and pools are made as `python -m pakhus apply` would; then Airflow's own runs do the work, the staff of the
shops complete what was reserved, and what every system then has is compared with what the shops say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from pakhus.settings import ShopSettings, load_all
from pakhus.settings.pools import pools_of
from stack.airflow import Stack
from stack.comparison import Row, compare_invoices, compare_reservations, held, show
from stack.rest import AirflowApi
from stack.waiting import Say

CONFIG = Path(__file__).parent / "demo.yaml"
RUN_WITHIN_S = 180
CONTROL_TIMEOUT_S = 30


def play(stack: Stack, urls: Mapping[str, str], say: Say) -> bool:
    """Play the loop; true when everything that was seen is what was expected."""
    shops, api = load_all(), stack.api
    say("making connections and pools")
    _connect(api, urls, shops)
    dags = [f"{shop.shop}__{flow}" for shop in shops for flow in ("orders", "invoices")]
    api.wait_for_dags(dags)
    for dag in dags:
        api.unpause(dag)
    say("reserving the shops' orders in Rackbeat")
    _run(api, shops, "orders")
    rows = compare_reservations(urls, shops, stack.ledger_url)
    say("the shops' staff ships what is in processing and completes it")
    for shop in shops:
        _complete_orders(urls[shop.shop])
    say("reading the shops again, and invoicing what is completed in e-conomic")
    _run(api, shops, "orders")
    _run(api, shops, "invoices")
    rows += compare_invoices(urls, shops, stack.ledger_url, _keys()["economic"])
    say("once more: a second pass must write nothing")
    for url in urls.values():
        _control(url, "counters/reset")
    _run(api, shops, "orders")
    _run(api, shops, "invoices")
    rows.append(_second_pass(urls))
    for line in (*held(stack.ledger_url), *show(rows)):
        say(line)
    return all(row.equal for row in rows)


def _connect(api: AirflowApi, urls: Mapping[str, str], shops: tuple[ShopSettings, ...]) -> None:
    keys = _keys()
    for shop in shops:
        own = keys[shop.shop]
        api.put_connection(
            shop.connection,
            "woocommerce",
            host=urls[shop.shop],
            login=own["consumer_key"],
            password=own["consumer_secret"],
        )
    api.put_connection("rackbeat__main", "rackbeat", host=f"{urls['rackbeat']}/api", password=keys["rackbeat"]["token"])
    economic = keys["economic"]
    api.put_connection(
        "economic__main",
        "economic",
        host=urls["economic"],
        password=economic["agreement_grant_token"],
        extra={"app_secret_token": economic["app_secret_token"]},
    )
    for pool in pools_of(shops):
        api.put_pool(pool.name, pool.slots, pool.description)


def _keys() -> dict[str, Any]:
    """Each stand-in's credentials, by its name."""
    return {entry["name"]: entry["credentials"] for entry in yaml.safe_load(CONFIG.read_text())["stand_ins"]}


def _run(api: AirflowApi, shops: tuple[ShopSettings, ...], flow: str) -> None:
    """Trigger a flow of every shop and wait for all; AirflowError with the failed task's log when one fails."""
    runs = [(f"{shop.shop}__{flow}", api.trigger(f"{shop.shop}__{flow}")) for shop in shops]
    for dag, run in runs:
        api.wait_for_run(dag, run, within_s=RUN_WITHIN_S)


def _complete_orders(url: str) -> None:
    """What the staff does in the shop; then a few minutes pass, as the shop leaves the youngest orders alone."""
    for order in _state(url)["orders"]:
        if order["status"] == "processing":
            _control(url, "act", {"action": "set_status", "order": order["id"], "status": "completed"})
    _control(url, "clock", {"advance_s": 120})


def _second_pass(urls: Mapping[str, str]) -> Row:
    writes = 0
    for url in urls.values():
        answer = requests.get(f"{url}/_standin/counters", timeout=CONTROL_TIMEOUT_S)
        writes += int(answer.json()["writes"])
    return Row("all systems", "writes of a second pass", "0", str(writes))


def _state(url: str) -> Any:
    return requests.get(f"{url}/_standin/state", timeout=CONTROL_TIMEOUT_S).json()


def _control(url: str, control: str, body: object | None = None) -> None:
    requests.post(f"{url}/_standin/{control}", json=body or {}, timeout=CONTROL_TIMEOUT_S).raise_for_status()
