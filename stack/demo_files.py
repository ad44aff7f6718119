"""The demo's own settings and stand-ins: those of include/ and stack/demo.yaml, pointed at each other.

They are as in include/, but with webhooks, stock and alerts on; what the demo shows is what a reader of
include/ would get. When the play is over and a visitor takes its place, `hurry` lets every flow run each minute.
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
        config = yaml.safe_load((source or STAND_INS).read_text(encoding="utf-8"))
        config["page"] = {"links": [{"text": text, "href": f"{airflow}{path}"} for text, path in AIRFLOW_PAGES]}
        self.stand_ins.write_text(_yaml(config), encoding="utf-8")

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
    week_ago = (datetime.now(UTC) - timedelta(days=DAYS_BEFORE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        **shop,
        "start_from": min(datetime.fromisoformat(str(shop["start_from"])), week_ago).isoformat(),
        "stock": {**shop.get("stock", {}), "enabled": True},
        "webhooks": {"enabled": True, "address": airflow},
        "alerts": {**shop.get("alerts", {}), "mail_to": [ON_DUTY]},
    }


def _yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text
