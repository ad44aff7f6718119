"""On a running Airflow: an order placed in the shop is in Rackbeat although no schedule has come round."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi
from stack.waiting import loopback_session, wait_until
from standin.server import StandinServer
from tests.apps.hooked import SECRET
from tests.failures.trouble import reserved_headings
from tests.flows.world import World, world

pytestmark = pytest.mark.airflow

ORDERS, WEBHOOKS = "havblik__orders", "havblik__webhooks"
RUN_WITHIN_S = 120
# Its schedules never come round while a test runs.
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


@pytest.fixture(scope="module")
def havblik(airflow_stack: Stack) -> Iterator[World]:
    """One more shop, with webhooks that lead to the running Airflow."""
    include = Path(airflow_stack.environment()["PAKHUS_INCLUDE"])
    file = include / "shops" / "havblik.yaml"
    start = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    file.write_text(SHOP.format(address=airflow_stack.url, start=start), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAKHUS_INCLUDE", str(include))
        try:
            with world(airflow_stack.ledger_url, shop="havblik", seed=[("shop", "recorded")]) as running:
                yield running
        finally:
            file.unlink()


@pytest.fixture(scope="module")
def api(airflow_stack: Stack, havblik: World) -> Iterator[AirflowApi]:
    for name in ("orders.py", "webhooks.py"):
        shutil.copy(ROOT / "dags" / name, airflow_stack.dags)
    api = airflow_stack.api
    keys = havblik.seeds["woocommerce"]["credentials"]
    api.put_connection(
        "woocommerce__havblik",
        "woocommerce",
        host=havblik.shop_server.url,
        login=keys["consumer_key"],
        password=keys["consumer_secret"],
        extra={"webhook_secret": SECRET},
    )
    token = havblik.seeds["rackbeat"]["credentials"]["token"]
    api.put_connection("rackbeat__main", "rackbeat", host=f"{havblik.warehouse_server.url}/api", password=token)
    for pool in ("woocommerce__havblik", "rackbeat__main"):
        api.put_pool(pool, 4)
    api.wait_for_dags([ORDERS, WEBHOOKS])
    for dag in (ORDERS, WEBHOOKS):
        api.unpause(dag)
    # Airflow begins to watch when it reads the file of a DAG that is on; else that would be at its next look.
    (airflow_stack.dags / "orders.py").touch()
    yield api
    for dag in (ORDERS, WEBHOOKS):
        api.pause(dag)


def run(api: AirflowApi, dag: str) -> None:
    api.wait_for_run(dag, api.trigger(dag), RUN_WITHIN_S)


def placed(shop: StandinServer) -> str:
    action = {"action": "place_order", "items": [{"sku": "NH-1000", "quantity": 1}], "payment_method": "cod"}
    return f"havblik-{shop.act(action)['order']}-order"  # type: ignore[index]


def test_a_webhook_brings_an_order_into_rackbeat(airflow_stack: Stack, api: AirflowApi, havblik: World) -> None:
    run(api, ORDERS)  # what the shop already has
    run(api, WEBHOOKS)
    assert len(havblik.shop_server.dump()["webhooks"]) == 3  # type: ignore[index]
    before = {row["dag_run_id"] for row in api.runs(ORDERS)}
    key = placed(havblik.shop_server)
    havblik.act(action="run_webhooks")
    wait_until(lambda: key in reserved_headings(havblik), "the order in Rackbeat", RUN_WITHIN_S)
    wait_until(lambda: len(api.runs(ORDERS)) > len(before), "the run to be listed", 20)
    woken = [row for row in api.runs(ORDERS) if row["dag_run_id"] not in before]
    for row in woken:
        api.wait_for_run(ORDERS, row["dag_run_id"], RUN_WITHIN_S)
    assert {row["run_type"] for row in woken} == {"asset_triggered"}
    events = api.request("GET", f"/dags/{ORDERS}/dagRuns/{woken[0]['dag_run_id']}/upstreamAssetEvents")["asset_events"]
    assert [event["extra"].get("payload") for event in events] == [{}] * len(events)  # it carries nothing
    assert key.split("-")[1] not in json.dumps(events)


def test_strangers_reach_the_inbox_and_nothing_else_beside_it(airflow_stack: Stack, havblik: World) -> None:
    session = loopback_session()

    def status(path: str, body: bytes) -> int:
        return session.post(airflow_stack.url + path, data=body, timeout=30).status_code

    assert status("/pakhus/hooks/havblik", b"webhook_id=1") == 200
    assert status("/pakhus/hooks/havblik", b'{"id": 1}') == 403
    assert status("/pakhus/hooks/no_such_shop", b'{"id": 1}') == 403
    with pytest.raises(requests.HTTPError):
        session.get(f"{airflow_stack.url}/pakhus/hooks/havblik", timeout=30).raise_for_status()
