"""One running Airflow with a real log-in, one shop, and a browser, for all tests of this folder."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from playwright.sync_api import Browser, Page, expect

from stack import ROOT
from stack.airflow import Stack
from stack.browser import PATIENCE_MS, new_page, open_browser
from stack.chromium import NoBrowserError, chromium
from stack.rest import AirflowApi
from tests.flows.world import World, world

SHOP = "nordlys"
TIMEOUT_S = 600  # the first test starts Airflow and a browser
FLOWS = ("orders", "questions", "decisions")
# Its schedules never come round while the tests run, and what the recorded shop already has is none of ours.
SETTINGS = """\
shop: nordlys
platform: woocommerce
mapping: standard
rackbeat: main
start_from: {start}
timezone: Europe/Copenhagen
orders: {{schedule: "0 0 29 2 *"}}
fulfilment: {{enabled: false}}
audit: {{enabled: false}}
decisions: {{schedule: "0 0 29 2 *"}}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.airflow)
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; the tests are left out where there is none, except in CI, which installs it."""
    try:
        chromium()
    except NoBrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"browser tests are left out: {error}")
    expect.set_options(timeout=PATIENCE_MS)
    with open_browser() as running:
        yield running


@dataclass
class Signed:
    """A running Airflow with its people, and the shop's systems on the same ledger."""

    stack: Stack
    world: World

    def password(self, user: str) -> str:
        """The password of a user, as the auth manager keeps it."""
        return str(json.loads((self.stack.directory / "passwords.json").read_text())[user])

    def api(self, user: str = "admin") -> AirflowApi:
        """Airflow's REST API as a user."""
        return AirflowApi(self.stack.url, user, self.password(user))


@pytest.fixture(scope="package")
def signed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    """Airflow with the users admin and viewer, the shop's connections and pools, its DAGs on."""
    directory = tmp_path_factory.mktemp("browser")
    include = copytree(ROOT / "include", directory / "include")
    for file in (include / "shops").glob("*.yaml"):
        file.unlink()
    start = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    (include / "shops" / f"{SHOP}.yaml").write_text(SETTINGS.format(start=start), encoding="utf-8")
    users = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer"}
    stack = Stack(directory / "stack", durable=False, settings={"PAKHUS_INCLUDE": str(include), **users})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAKHUS_INCLUDE", str(include))
        try:
            stack.start()
            with world(stack.ledger_url) as running:
                found = Signed(stack, running)
                _set_up(found)
                yield found
        finally:
            stack.remove()


def _set_up(signed: Signed) -> None:
    api, world = signed.api(), signed.world
    keys = world.seeds["woocommerce"]["credentials"]
    shop = {"login": keys["consumer_key"], "password": keys["consumer_secret"]}
    api.put_connection(f"woocommerce__{SHOP}", "woocommerce", host=world.shop_server.url, **shop)
    token = world.seeds["rackbeat"]["credentials"]["token"]
    api.put_connection("rackbeat__main", "rackbeat", host=f"{world.warehouse_server.url}/api", password=token)
    for pool in (f"woocommerce__{SHOP}", "rackbeat__main"):
        api.put_pool(pool, 4)
    dags = [f"{SHOP}__{flow}" for flow in FLOWS]
    api.wait_for_dags(dags, within_s=120)
    for dag in dags:
        api.unpause(dag)


@pytest.fixture
def page(browser: Browser, signed: Signed) -> Iterator[Page]:
    """A window nobody has signed in with; anything that its script fails at fails the test."""
    opened = new_page(browser)
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.on("dialog", lambda dialog: (failures.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    yield opened
    opened.context.close()
    assert failures == []
