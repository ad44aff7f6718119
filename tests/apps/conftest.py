"""A shop with webhooks on, and the inbox that takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from apps.webhook_inbox import webhook_app
from pakhus.ledger.connection import Ledger
from stack.waiting import loopback_session
from tests.apps.hooked import BEFORE, SECRET, connection_variables, include_with_webhooks, serving, signed
from tests.flows.world import World, world
from tests.operators.test_shop_operators import connections_of


@dataclass
class Hooked:
    """The inbox at `url`, and what it is given."""

    url: str
    world: World
    session: requests.Session

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger

    @property
    def source(self) -> str:
        return self.world.shop_server.url

    def send(self, body: Any, headers: dict[str, str] | None = None, shop: str = "nordlys") -> int:
        """Post a delivery, signed as it must be unless other headers are given; returns the answer's status."""
        headers = signed(body, SECRET, self.source) if headers is None else headers
        answer = self.session.post(f"{self.url}/pakhus/hooks/{shop}", data=body, headers=headers, timeout=15)
        assert answer.content == b""
        return answer.status_code


@pytest.fixture
def nordlys(fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The shop's systems; its file says that webhooks are on, its connection holds two secrets."""
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_webhooks(tmp_path / "include", "http://127.0.0.1:8080")))
    with world(fresh_ledger_url) as running:
        secrets = {"webhook_secret": SECRET, "webhook_secret_before": BEFORE}
        for name, value in connection_variables(running, connections_of(running), **secrets).items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def hooked(nordlys: World) -> Iterator[Hooked]:
    with serving(webhook_app()) as url:
        yield Hooked(url, nordlys, loopback_session())
