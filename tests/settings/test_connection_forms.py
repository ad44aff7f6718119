"""The forms of our connection types, as Airflow's own loader takes them."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import airflow
import pytest
from airflow.providers_manager import ProvidersManager
from jsonschema import Draft7Validator

from pakhus import connections
from pakhus.connection_forms import provider_info
from pakhus.provider_connections import PROVIDERS
from stack import ROOT

pytestmark = pytest.mark.airflow
TYPES = {
    "woocommerce": "WooCommerce",
    "rackbeat": "Rackbeat",
    "economic": "e-conomic",
    **{kind: provider.system for kind, provider in PROVIDERS.items() if kind != "woopayments"},
}


def test_airflow_takes_the_provider_for_one_of_its_own_form() -> None:
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text(encoding="utf-8"))
    assert not list(Draft7Validator(schema).iter_errors(provider_info()))


def test_the_entry_point_leads_to_the_forms() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'provider_info = "pakhus.connection_forms:provider_info"' in text
    entries = importlib.metadata.entry_points(group="apache_airflow_provider")
    installed = [entry for entry in entries if entry.value == "pakhus.connection_forms:provider_info"]
    if not installed:
        pytest.skip("the project is not installed here (make venv installs it)")
    assert installed[0].load() is provider_info


@pytest.mark.parametrize("form", provider_info()["connection-types"], ids=lambda form: form["connection-type"])
def test_each_form_names_a_hook_of_its_type(form: dict[str, str]) -> None:
    module, _, name = form["hook-class-name"].rpartition(".")
    file = ROOT / "plugins" / Path(*module.split(".")).with_suffix(".py")
    text = file.read_text(encoding="utf-8")
    assert f"class {name}(" in text
    assert f'conn_type = "{form["connection-type"]}"' in text
    assert form["hook-name"] == TYPES[form["connection-type"]]


@pytest.mark.parametrize("form", provider_info()["connection-types"], ids=lambda form: form["connection-type"])
def test_each_form_has_the_extras_that_are_read(form: dict[str, dict[str, object]]) -> None:
    """Every extra that the settings of this type read is in its form, and no other."""
    kind = str(form["connection-type"])
    readers = [PROVIDERS[kind].client if kind in PROVIDERS else getattr(connections, f"{kind}_settings")]
    readers += [connections.webhook_secrets] if kind == "woocommerce" else []
    text = "".join(inspect.getsource(reader) for reader in readers)
    read = set(re.findall(r'connection\.text\("(\w+)"\)', text))
    assert set(form["conn-fields"]) == read | {"path", "verify"}


def test_each_type_has_a_form() -> None:
    assert {form["connection-type"] for form in provider_info()["connection-types"]} == set(TYPES)


def test_airflow_masks_the_secrets_among_the_extras() -> None:
    fields = {form["connection-type"]: form["conn-fields"] for form in provider_info()["connection-types"]}
    assert fields["economic"]["app_secret_token"]["schema"]["format"] == "password"
    assert fields["woocommerce"]["webhook_secret"]["schema"]["format"] == "password"
    assert fields["woocommerce"]["webhook_secret_before"]["schema"]["format"] == "password"
    assert fields["vipps_mobilepay"]["subscription_key_secret"]["schema"]["format"] == "password"


def test_airflow_shows_a_form_for_each_type() -> None:
    manager = ProvidersManager()
    if not any(provider.data.get("package-name") == "pakhus" for provider in manager.providers.values()):
        pytest.skip("the project is not installed here (make venv installs it)")
    widgets = manager.connection_form_widgets
    assert "extra__economic__app_secret_token" in widgets
    assert widgets["extra__economic__app_secret_token"].is_sensitive
    assert manager.field_behaviours["rackbeat"]["hidden_fields"] == ["login"]
    assert manager.field_behaviours["woocommerce"]["relabeling"]["login"] == "Consumer key"


def test_importing_the_forms_loads_no_airflow() -> None:
    code = "import sys, pakhus.connection_forms; print([m for m in sys.modules if m.split('.')[0] == 'airflow'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "plugins"
    )
    assert done.stdout.strip() == "[]"
