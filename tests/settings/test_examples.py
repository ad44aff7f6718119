"""The settings that come with the project: they load, the editors' schemas and the reference are current."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pakhus.commands.reference import reference
from pakhus.rules.mappings import CollectiveCustomer
from pakhus.settings import InvoiceMode, load_all, load_shop
from pakhus.settings.documents import read_document
from pakhus.settings.pools import pools_json, pools_of
from pakhus.settings.schema import account_schema, as_text, columns_schema, mapping_schema, shop_schema
from stack import ROOT

INCLUDE = ROOT / "include"
FIRST_RECORDED_ORDER = datetime(2026, 11, 21, tzinfo=UTC)


def test_two_shops_share_one_warehouse_and_one_set_of_accounts() -> None:
    fjordliv, nordlys = load_all(INCLUDE)
    assert {fjordliv.rackbeat_target, nordlys.rackbeat_target} == {"rackbeat__main"}
    assert {fjordliv.economic_target, nordlys.economic_target} == {"economic__main"}
    assert nordlys.invoices.mode is InvoiceMode.AUTO
    assert nordlys.mapping.rackbeat is not None
    assert isinstance(nordlys.mapping.rackbeat.customers, CollectiveCustomer)
    assert fjordliv.mapping.rackbeat is not None
    assert fjordliv.mapping.rackbeat.customers.mode == "each"
    assert fjordliv.mapping.economic == nordlys.mapping.economic
    assert nordlys.is_ours(FIRST_RECORDED_ORDER)


def test_the_examples_name_the_fields_that_recorded_orders_carry() -> None:
    carried: set[str] = set()
    for name in ("order-get-b2b", "order-get-store-b2b"):
        recording = ROOT / f"tests/fixtures/woocommerce/recorded/{name}.json"
        order = json.loads(recording.read_text(encoding="utf-8"))["response"]["body"]
        carried |= {field["key"] for field in order["meta_data"]}
    mapped = load_shop("nordlys", INCLUDE).mapping.buyer_fields
    assert {key for key in carried if key.startswith(("_billing", "is_"))} == set(mapped)


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("shops.schema.json", shop_schema()),
        ("mappings.schema.json", mapping_schema()),
        ("accounts.schema.json", account_schema()),
        ("settlements.schema.json", columns_schema()),
    ],
)
def test_the_schema_for_editors_is_current(name: str, schema: dict[str, Any]) -> None:
    committed = (INCLUDE / name).read_text(encoding="utf-8")
    assert committed == as_text(schema), "run `python -m pakhus schema`"
    Draft202012Validator.check_schema(schema)


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == reference(), (
        "run `python -m pakhus reference`"
    )


@pytest.mark.parametrize("file", sorted(INCLUDE.glob("*/*.yaml")), ids=lambda file: file.name)
def test_an_editor_finds_nothing_wrong_with_the_examples(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    assert named, "the first line names the schema"
    schema = json.loads((file.parent / named[1]).read_text(encoding="utf-8"))
    problems = list(Draft202012Validator(schema).iter_errors(as_an_editor_reads(read_document(file, "").values)))
    assert not problems


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("shops/nordlys.yaml", {"invoices": {"mode": "autom"}}),
        ("shops/nordlys.yaml", {"loaded_mapping": {}}),
        ("shops/nordlys.yaml", {"rackbeet": "main"}),
        ("mappings/standard.yaml", {"version": 2}),
        ("mappings/standard.yaml", {"rackbeat": {"customers": {"mode": "collective"}}}),
    ],
)
def test_an_editor_marks_a_mistake(file: str, change: dict[str, Any]) -> None:
    schema = shop_schema() if file.startswith("shops") else mapping_schema()
    values = as_an_editor_reads(read_document(INCLUDE / file, "").values)
    assert not Draft202012Validator(schema).is_valid({**values, **change})


def test_every_key_has_a_meaning_in_the_reference() -> None:
    for schema in (shop_schema(), mapping_schema(), account_schema(), columns_schema()):
        without = [name for name, value in every_property(schema) if not meaning(schema, value)]
        assert not without


def test_pools_are_one_per_agreement_and_one_per_shop() -> None:
    assert pools_json(pools_of(load_all(INCLUDE))) == {
        "economic__main": pool(4, "Calls to the e-conomic agreement main"),
        "rackbeat__main": pool(4, "Calls to the Rackbeat agreement main"),
        "woocommerce__fjordliv": pool(2, "Calls to the shop fjordliv"),
        "woocommerce__nordlys": pool(2, "Calls to the shop nordlys"),
    }


def pool(slots: int, description: str) -> dict[str, object]:
    return {"slots": slots, "description": description, "include_deferred": False}


def as_an_editor_reads(value: Any) -> Any:
    """Scalars as YAML 1.2 has them, which is what the YAML language server reads."""
    if isinstance(value, dict):
        return {key: as_an_editor_reads(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_an_editor_reads(item) for item in value]
    if value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and re.fullmatch(r"[-+]?\d+", value) else value


def every_property(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in (schema, *schema["$defs"].values()):
        yield from part.get("properties", {}).items()


def meaning(schema: dict[str, Any], value: dict[str, Any]) -> str:
    named = schema["$defs"].get(str(value.get("$ref", "")).removeprefix("#/$defs/"), {})
    return str(value.get("description") or named.get("description") or "")
