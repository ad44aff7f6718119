"""What an act of the play can do: what people do in each system, Airflow's runs, and telling what goes on."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from pakhus.settings import ShopSettings
from stack.play import evidence
from stack.play.evidence import Accounts, Kept
from stack.rest import AirflowApi
from stack.waiting import Say

RUN_WITHIN_S = 600
CONTROL_TIMEOUT_S = 30
# The shop's own delay: our reading leaves the youngest changes alone.
YOUNGEST_S = 120


@dataclass(slots=True)
class Scene:
    """The running systems. `urls` and `keys` (credentials) are by the stand-ins' names, a shop's by its id.

    `settlements` is the folder in which the payment provider's files arrive.
    """

    api: AirflowApi
    urls: Mapping[str, str]
    keys: Mapping[str, Mapping[str, str]]
    shops: tuple[ShopSettings, ...]
    ledger_url: str
    settlements: Path
    say: Say
    dags: frozenset[str] = frozenset()
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    awake: set[str] = field(default_factory=set)
    run_within_s: float = RUN_WITHIN_S

    def run(self, *flows: str) -> None:
        """Trigger these flows of every shop or agreement, one flow after the other, and wait for the runs.

        AirflowError with the failed task's log when one fails.
        """
        for flow in flows:
            dags = sorted(dag for dag in self.dags if dag.endswith(f"__{flow}"))
            runs = [(dag, self.api.trigger(dag)) for dag in dags]
            self.wake(*dags)
            for dag, run in runs:
                self.api.wait_for_run(dag, run, within_s=self.run_within_s)

    def wake(self, *dags: str) -> None:
        """Unpause DAGs. Not all at the beginning: each would run for its schedule at once, and the first act wait."""
        for dag in set(dags) - self.awake:
            self.api.unpause(dag)
            self.awake.add(dag)

    def connect_shop(self, shop: ShopSettings, **keys: str) -> None:
        """Put a shop's connection into Airflow, with its own keys or others."""
        own = {**self.keys[shop.shop], **keys}
        self.api.put_connection(
            shop.connection,
            "woocommerce",
            host=self.urls[shop.shop],
            login=own["consumer_key"],
            password=own["consumer_secret"],
            extra={"webhook_secret": self.webhook_secret},
        )

    def act(self, system: str, action: str, **members: object) -> Any:
        """Do what a person does in a system's own pages."""
        return self.control(system, "act", {"action": action, **members})

    def control(self, system: str, control: str, body: object | None = None) -> Any:
        """Ask a stand-in's control routes for something; a refusal is an error of the play."""
        url = f"{self.urls[system]}/_standin/{control}"
        answer = requests.post(url, json=body or {}, timeout=CONTROL_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def counters(self, system: str) -> Any:
        """What a stand-in has counted since `counters/reset`."""
        return requests.get(f"{self.urls[system]}/_standin/counters", timeout=CONTROL_TIMEOUT_S).json()

    def state(self, system: str) -> Any:
        """All that a system has."""
        return evidence.state(self.urls[system])

    def orders(self, shop: ShopSettings) -> dict[str, Any]:
        """The shop's orders by id."""
        return evidence.orders_in(self.urls[shop.shop])

    def own_orders(self, shop: ShopSettings) -> dict[str, Any]:
        """Those placed since the shop's start."""
        return {number: order for number, order in self.orders(shop).items() if _is_ours(shop, order)}

    def earlier_orders(self, shop: ShopSettings) -> dict[str, Any]:
        """Those placed before the shop's start."""
        return {number: order for number, order in self.orders(shop).items() if not _is_ours(shop, order)}

    def accounts(self) -> Accounts:
        """The accounts, read with their keys."""
        return Accounts(self.urls["economic"], self.keys["economic"])

    def documents(self) -> list[Kept]:
        """What the ledger says of each document."""
        return evidence.kept_documents(self.ledger_url)

    def pass_time(self, seconds: float) -> None:
        """Move the clock that all stand-ins share."""
        self.control(next(iter(self.urls)), "clock", {"advance_s": seconds})


def _is_ours(shop: ShopSettings, order: Mapping[str, Any]) -> bool:
    return shop.is_ours(datetime.fromisoformat(order["date_created_gmt"]).replace(tzinfo=UTC))
