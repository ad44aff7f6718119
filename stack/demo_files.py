"""The demo's own settings and stand-ins: those of include/ and stack/demo.yaml, pointed at each other.

They are as in include/, but with webhooks, stock and alerts on, payments through clearing accounts, and an account at a
payment provider for each shop: Nordlys's is polled by its API, Fjordliv's puts settlements into a folder of the demo.
Nordlys begins a day late, so that there is a day to import. When the play is over and a visitor takes its place,
`hurry` lets every flow run each minute.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from stack import ROOT

INCLUDE = ROOT / "include"
STAND_INS = ROOT / "stack" / "demo.yaml"
EVERY_MINUTE = "* * * * *"
HURRIED = ("orders", "fulfilment", "stock", "invoices", "decisions")
ON_DUTY = "vagt@nordlys.example"
DAYS_BEFORE = 9
"""The stand-ins' orders lie in the week before today (`last_days` in stack/demo.yaml)."""
LATE_SHOP, LATE_BY_DAYS = "nordlys", 6
"""This shop begins so many days before today: the orders of the day before that are there to be imported."""

JOURNAL = 5
CLEARING, FILED_CLEARING = 5825, 5826
"""What the polled provider owes, and the one whose settlements are files."""
BANK, FEE, DIFFERENCE = 5829, 7220, 7225
POLLED_ACCOUNT, FILED_ACCOUNT = "kort", "nets"
PAYMENTS = {
    "bacs": {"terms": 2, "way": "auto", "clearing_account": CLEARING, "journal": JOURNAL, "open_terms": 11},
    "cod": {"terms": 11, "way": "journal", "clearing_account": CLEARING, "journal": JOURNAL},
}
"""How buyers pay in the shop that is polled: by the payment term, and in the journal (docs/runbooks/payments.md)."""
FILED_PAYMENTS = {
    name: {"terms": 11, "way": "journal", "clearing_account": FILED_CLEARING, "journal": JOURNAL} for name in PAYMENTS
}
"""How they pay in the other shop; its mapping extends the first one's."""

AIRFLOW_PAGES = (
    ("Airflow", "/"),
    ("Runs", "/dag_runs"),
    ("Transfers", "/plugin/transfers"),
    ("Required actions", "/required_actions"),
)


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demo's files are: `include` for Pakhus, `stand_ins` for `python -m standin`."""

    directory: Path

    @property
    def include(self) -> Path:
        """The folder that `PAKHUS_INCLUDE` names."""
        return self.directory / "include"

    @property
    def settlements(self) -> Path:
        """Where the payment provider's settlement files arrive."""
        return self.directory / "settlements"

    @property
    def stand_ins(self) -> Path:
        """The configuration of the stand-ins."""
        return self.directory / "stand-ins.yaml"

    def write(self, airflow: str, source: Path | None = None) -> None:
        """Make them anew; ``airflow`` is the address of Airflow, ``source`` the stand-ins' configuration."""
        self.remove()
        shutil.copytree(INCLUDE, self.include)
        for file in (self.include / "shops").glob("*.yaml"):
            shop = yaml.safe_load(file.read_text(encoding="utf-8"))
            file.write_text(_yaml(of_demo(shop, airflow)), encoding="utf-8")
        self._write_payments()
        config = yaml.safe_load((source or STAND_INS).read_text(encoding="utf-8"))
        config["page"] = {"links": [{"text": text, "href": f"{airflow}{path}"} for text, path in AIRFLOW_PAGES]}
        self.stand_ins.write_text(_yaml(config), encoding="utf-8")

    def _write_payments(self) -> None:
        file = self.include / "mappings" / "standard.yaml"
        mapping = yaml.safe_load(file.read_text(encoding="utf-8"))
        own = file.with_name("own_customers.yaml")
        second = yaml.safe_load(own.read_text(encoding="utf-8"))
        second["economic"] = {**mapping["economic"], "payments": mapping["economic"]["payments"] | FILED_PAYMENTS}
        own.write_text(_yaml(second), encoding="utf-8")
        mapping["economic"]["payments"] |= PAYMENTS
        file.write_text(_yaml(mapping), encoding="utf-8")
        self.settlements.mkdir()
        folder = self.include / "accounts"
        folder.mkdir(exist_ok=True)
        for account in (_polled_account(), _filed_account(self.settlements)):
            (folder / f"{account['account']}.yaml").write_text(_yaml(account), encoding="utf-8")

    def hurry(self) -> None:
        """Let what runs every few minutes, or once a day, run each minute: Airflow reads the files again soon."""
        for file in (self.include / "shops").glob("*.yaml"):
            shop = yaml.safe_load(file.read_text(encoding="utf-8"))
            for flow in HURRIED:
                shop.setdefault(flow, {})["schedule"] = EVERY_MINUTE
            _replace(file, shop)
        for file in (self.include / "accounts").glob("*.yaml"):
            _replace(file, yaml.safe_load(file.read_text(encoding="utf-8")) | {"schedule": EVERY_MINUTE})

    def remove(self) -> None:
        """Delete them."""
        shutil.rmtree(self.directory, ignore_errors=True)


def of_demo(shop: Mapping[str, Any], airflow: str) -> dict[str, Any]:
    """A shop's settings for the demo: with webhooks, stock and alerts, and from the week before today on."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = min(datetime.fromisoformat(str(shop["start_from"])), today - timedelta(days=DAYS_BEFORE))
    if shop["shop"] == LATE_SHOP:
        begins = today - timedelta(days=LATE_BY_DAYS)
    return {
        **shop,
        "start_from": begins.isoformat(),
        "stock": {**shop.get("stock", {}), "enabled": True},
        "webhooks": {"enabled": True, "address": airflow},
        "alerts": {**shop.get("alerts", {}), "mail_to": [ON_DUTY]},
    }


def _polled_account() -> dict[str, Any]:
    """An account at Stripe. What it took for orders that are held here is on no invoice: that goes to an account."""
    polled = {"provider": "Stripe", "api": {"provider": "stripe"}, "unmatched": "post"}
    return {"account": POLLED_ACCOUNT, **polled, **_posting(CLEARING)}


def _filed_account(folder: Path) -> dict[str, Any]:
    """An account at a provider whose settlements are tables as include/settlements/nets.yaml reads them."""
    files = {"reader": "column_mapping", "columns": "nets", "folder": folder.as_uri(), "files": "*.csv"}
    return {"account": FILED_ACCOUNT, "provider": "Nets", **files, **_posting(FILED_CLEARING)}


def _posting(clearing: int) -> dict[str, Any]:
    """Where the payouts of an account go in the accounts."""
    own = {"clearing": clearing, "bank": BANK, "fee": FEE, "difference": DIFFERENCE}
    return {
        "economic": "main",
        "journal": JOURNAL,
        "start_from": (datetime.now(UTC) - timedelta(days=DAYS_BEFORE)).date(),
        "accounts": {"DKK": {**own, "reserve": 5827, "dispute": 5828, "exchange": 7230}},
    }


def _replace(file: Path, value: object) -> None:
    """Put other settings in a file's place at once: Airflow may be reading it."""
    draft = file.with_suffix(".new")
    draft.write_text(_yaml(value), encoding="utf-8")
    draft.replace(file)


def _yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text
