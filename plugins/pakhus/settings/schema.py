"""JSON Schemas of shop and mapping files, for editors: completion, descriptions, red lines while typing.

The loader does not use them. They say the same because they are made from the same models.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.settings.accounts import AccountSettings
from pakhus.settings.loading import MappingFile
from pakhus.settings.models import NOT_IN_FILES
from pakhus.settings.shop import ShopSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/"


def shop_schema() -> dict[str, Any]:
    """The schema of include/shops/<shop>.yaml."""
    return _schema(ShopSettings, "A shop of Pakhus")


def mapping_schema() -> dict[str, Any]:
    """The schema of include/mappings/<name>.yaml."""
    return _schema(MappingFile, "A mapping of Pakhus")


def account_schema() -> dict[str, Any]:
    """The schema of include/accounts/<account>.yaml."""
    return _schema(AccountSettings, "An account at a payment provider")


def columns_schema() -> dict[str, Any]:
    """The schema of include/settlements/<name>.yaml."""
    return _schema(ColumnMapping, "A column mapping of Pakhus")


def as_text(schema: dict[str, Any]) -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    for key in NOT_IN_FILES:
        schema["properties"].pop(key, None)
    schema["required"] = [key for key in schema["required"] if key not in NOT_IN_FILES]
    definitions = schema.pop("$defs", {})
    used = _used(schema, definitions)
    schema["$defs"] = {name: definitions[name] for name in sorted(used)}
    _in_order(schema)
    return {"$schema": DIALECT, **schema, "title": title}


def _used(schema: Any, definitions: dict[str, Any]) -> set[str]:
    """Return the names of the definitions that can be reached."""
    found: set[str] = set()
    open_ends = [schema]
    while open_ends:
        node = open_ends.pop()
        if isinstance(node, list):
            open_ends += node
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix(_REFERENCE)
            if name and name not in found:
                found.add(name)
                open_ends.append(definitions[name])
            open_ends += node.values()
    return found


def _in_order(node: Any, *, in_default: bool = False) -> None:
    """Sort defaults that come from sets, also within a section's: the file must not differ from one run to the next."""
    if isinstance(node, list):
        if in_default and all(isinstance(item, str) for item in node):
            node.sort()
        for item in node:
            _in_order(item, in_default=in_default)
    elif isinstance(node, dict):
        for key, value in node.items():
            _in_order(value, in_default=in_default or key == "default")
