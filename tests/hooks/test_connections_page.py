"""Airflow's Connections page: the forms it is given, and its Test button, which asks a worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from stack.airflow import Stack
from stack.waiting import loopback_session, wait_until
from standin.registry import create, default_seed
from standin.server import StandinServer

pytestmark = pytest.mark.airflow

SHOP_KEYS = {"consumer_key": "ck_" + "p" * 40, "consumer_secret": "cs_" + "p" * 40}
RACKBEAT_TOKEN = str(default_seed("rackbeat")["credentials"]["token"])
ACCOUNTS = {name: str(key) for name, key in default_seed("economic")["credentials"].items()}
WRONG = "a-key-that-nobody-gave"
TESTED_WITHIN_S = 120


@dataclass(frozen=True)
class Page:
    """The page's requests, as its script sends them."""

    url: str
    session: requests.Session

    def forms(self) -> dict[str, Any]:
        answer = self.session.get(f"{self.url}/ui/connections/hook_meta", timeout=60)
        answer.raise_for_status()
        return {form["connection_type"]: form for form in answer.json()}

    def test(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Press Test in the form of a connection that is not saved."""
        body = {"connection_id": f"{kind}__pressed", "conn_type": kind, **fields}
        path = f"{self.url}/api/v2/connections/enqueue-test"
        begun = self.session.post(path, json=body, timeout=60)
        assert begun.status_code == 202, begun.text
        token = {"Airflow-Connection-Test-Token": begun.json()["token"]}

        def ended() -> dict[str, Any] | None:
            answer: dict[str, Any] = self.session.get(path, headers=token, timeout=60).json()
            return answer if answer["state"] in {"success", "failed"} else None

        return wait_until(ended, f"test of {kind}", TESTED_WITHIN_S, every_s=0.3)


@pytest.fixture(scope="module")
def page(emptied_airflow: Stack) -> Page:
    session = loopback_session()
    token = session.get(f"{emptied_airflow.url}/auth/token", timeout=60).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return Page(emptied_airflow.url, session)


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, StandinServer]]:
    seeds = {
        "woocommerce": {"shop": "second", "credentials": SHOP_KEYS},
        "rackbeat": default_seed("rackbeat"),
        "economic": default_seed("economic"),
    }
    running = {name: StandinServer(create(name, name, seed, {})).start() for name, seed in seeds.items()}
    yield running
    for server in running.values():
        server.stop()


def right(kind: str, url: str) -> dict[str, Any]:
    """The fields as a person fills them in."""
    match kind:
        case "woocommerce":
            return {"host": url, "login": SHOP_KEYS["consumer_key"], "password": SHOP_KEYS["consumer_secret"]}
        case "rackbeat":
            return {"host": f"{url}/api", "password": RACKBEAT_TOKEN}
        case _:
            extra = json.dumps({"app_secret_token": ACCOUNTS["app_secret_token"]})
            return {"host": url, "password": ACCOUNTS["agreement_grant_token"], "extra": extra}


def test_the_page_is_given_a_form_for_each_of_our_types(page: Page) -> None:
    forms = page.forms()
    assert {kind: forms[kind]["hook_name"] for kind in ("woocommerce", "rackbeat", "economic")} == {
        "woocommerce": "WooCommerce",
        "rackbeat": "Rackbeat",
        "economic": "e-conomic",
    }
    assert forms["woocommerce"]["standard_fields"]["login"]["title"] == "Consumer key"
    assert forms["woocommerce"]["standard_fields"]["host"]["placeholder"] == "https://shop.example"
    assert forms["rackbeat"]["standard_fields"]["login"]["hidden"]
    secret = forms["economic"]["extra_fields"]["app_secret_token"]
    assert secret["schema"]["format"] == "password"
    assert secret["schema"]["title"] == "App secret token"


@pytest.mark.parametrize(
    ("kind", "says"),
    [("woocommerce", "WooCommerce 8"), ("rackbeat", "Rackbeat account "), ("economic", "e-conomic agreement ")],
)
def test_the_button_says_where_right_keys_lead(
    page: Page, systems: dict[str, StandinServer], kind: str, says: str
) -> None:
    answer = page.test(kind, **right(kind, systems[kind].url))
    assert (answer["state"], answer["result_message"][: len(says)]) == ("success", says), answer


@pytest.mark.parametrize("kind", ["woocommerce", "rackbeat", "economic"])
def test_the_button_says_what_is_wrong_and_no_key(page: Page, systems: dict[str, StandinServer], kind: str) -> None:
    fields = {**right(kind, systems[kind].url), "password": WRONG}
    answer = page.test(kind, **fields)
    told = answer["result_message"]
    assert answer["state"] == "failed"
    assert "connection" in told or "key" in told or "token" in told, told
    for secret in (WRONG, *SHOP_KEYS.values(), RACKBEAT_TOKEN, *ACCOUNTS.values()):
        assert secret not in told
