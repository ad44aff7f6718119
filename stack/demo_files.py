"""The demo's own settings and stand-ins: those of include/ and stack/demo.yaml, pointed at each other.

They are as in include/, but with webhooks, stock and alerts on, payments through a clearing account, and an account at
a payment provider whose settlements lie in a folder of the demo. Nordlys begins a day late, so that there is a day to
import. When the play is over and a visitor takes its place, `hurry` lets every flow run each minute.
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

CLEARING, JOURNAL = 5825, 5
PROVIDER_ACCOUNT = "kort"
PAYMENTS = {
    "bacs": {"terms": 2, "way": "auto", "clearing_account": CLEARING, "journal": JOURNAL, "open_terms": 11},
    "cod": {"terms": 11, "way": "journal", "clearing_account": CLEARING, "journal": JOURNAL},
}
"""How the demo's buyers pay: by the payment term, and in the journal (docs/runbooks/payments.md)."""

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
        mapping["economic"]["payments"] |= PAYMENTS
        file.write_text(_yaml(mapping), encoding="utf-8")
        self.settlements.mkdir()
        account = self.include / "accounts" / f"{PROVIDER_ACCOUNT}.yaml"
        account.parent.mkdir(exist_ok=True)
        account.write_text(_yaml(_provider_account(self.settlements)), encoding="utf-8")

    def hurry(self) -> None:
        """Let what runs every five or ten minutes run each minute: Airflow reads the files again soon."""
        for file in (self.include / "shops").glob("*.yaml"):
            shop = yaml.safe_load(file.read_text(encoding="utf-8"))
            for flow in HURRIED:
                shop.setdefault(flow, {})["schedule"] = EVERY_MINUTE
            draft = file.with_suffix(".new")
            draft.write_text(_yaml(shop), encoding="utf-8")
            draft.replace(file)

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


def _provider_account(folder: Path) -> dict[str, Any]:
    """An account at a provider whose settlements are tables as include/settlements/nets.yaml reads them."""
    return {
        "account": PROVIDER_ACCOUNT,
        "provider": "Nets",
        "reader": "column_mapping",
        "columns": "nets",
        "folder": folder.as_uri(),
        "files": "*.csv",
        "economic": "main",
        "journal": JOURNAL,
        "start_from": (datetime.now(UTC) - timedelta(days=DAYS_BEFORE)).date(),
        "accounts": {
            "DKK": {
                "clearing": CLEARING,
                "bank": 5829,
                "fee": 7220,
                "reserve": 5827,
                "dispute": 5828,
                "difference": 7225,
                "exchange": 7230,
            }
        },
    }


def _yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text
