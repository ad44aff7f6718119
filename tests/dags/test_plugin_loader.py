"""Airflow's plugin loader and our packages: no module of ours is executed a second time under its bare name."""

import json
import os
import subprocess
import sys

import pytest

from stack import ROOT

pytestmark = pytest.mark.airflow

PACKAGES = ("apps", "hooks", "listeners", "notifiers", "operators", "pakhus", "triggers")
LOADING = """
import json, sys
from airflow import plugins_manager
plugins_manager.ensure_plugins_loaded()
import hooks.rackbeat_hook, operators.shop_operator, http
print(json.dumps({
    "errors": plugins_manager.get_import_errors(),
    "modules": {name: str(getattr(module, "__file__", "")) for name, module in list(sys.modules.items())},
}))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, dict[str, str]]:
    """The modules of a process in which Airflow has loaded its plugins, as each of its components does."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}
    argv = [sys.executable, "-c", LOADING]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_loads_without_errors(loaded: dict[str, dict[str, str]]) -> None:
    assert loaded["errors"] == {}


def test_no_module_of_ours_has_a_twin_under_its_bare_name(loaded: dict[str, dict[str, str]]) -> None:
    packages = [ROOT / "plugins" / name for name in PACKAGES]
    ours = {path.stem: path for package in packages for path in package.rglob("*.py") if path.stem != "__init__"}
    assert {"shop_operator", "rackbeat_hook", "http", "economic"} <= ours.keys()
    twins = {
        name: file for name, file in loaded["modules"].items() if "." not in name and name in ours and in_ours(file)
    }
    assert twins == {}


def test_what_only_the_api_server_needs_waits_for_a_request(loaded: dict[str, dict[str, str]]) -> None:
    """Every process of Airflow loads the plugin, each task too."""
    assert "apps.lazy_app" in loaded["modules"]
    assert "apps.webhook_inbox" not in loaded["modules"]


def test_the_standard_librarys_modules_are_still_the_standard_librarys(loaded: dict[str, dict[str, str]]) -> None:
    assert not in_ours(loaded["modules"]["http"])
    assert not in_ours(loaded["modules"]["json"])


def test_hooks_and_operators_are_the_projects_own_packages(loaded: dict[str, dict[str, str]]) -> None:
    assert loaded["modules"]["hooks.rackbeat_hook"] == str(ROOT / "plugins" / "hooks" / "rackbeat_hook.py")
    assert loaded["modules"]["operators.shop_operator"] == str(ROOT / "plugins" / "operators" / "shop_operator.py")


def in_ours(file: str) -> bool:
    return file.startswith(str(ROOT / "plugins"))
