"""docs/settings.md, made from the models: what stands there is what is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pakhus.settings.schema import account_schema, columns_schema, mapping_schema, shop_schema

_REFERENCE = "#/$defs/"
Schema = Mapping[str, Any]


def reference_of_files() -> str:
    """Return the parts on shop, mapping and account files, and on column mappings, in Markdown."""
    parts = [
        *_file(shop_schema(), "Shop file"),
        *_file(mapping_schema(), "Mapping file"),
        *_file(account_schema(), "Account file"),
        *_file(columns_schema(), "Column mapping"),
    ]
    return "\n".join(parts)


def _file(schema: Schema, title: str) -> Iterator[str]:
    yield from _section(schema, schema["$defs"], f"## {title}")
    for heading, part in _parts(schema, schema["$defs"], ""):
        yield from _section(part, schema["$defs"], heading)


def _parts(
    schema: Schema, definitions: Schema, prefix: str, within: tuple[Schema, ...] = ()
) -> Iterator[tuple[str, Schema]]:
    """Yield the tables within a table, each with its heading; one that holds its like is not gone into again."""
    for key, value in schema["properties"].items():
        for part in _tables(value, definitions):
            if any(part is one for one in within):
                continue
            path = f"{prefix}{key}"
            mode = part["properties"].get("mode", {}).get("const")
            yield f"### `{path}`{f' with mode {mode}' if mode else ''}", part
            if mode is None:
                yield from _parts(part, definitions, f"{path}.", (*within, part))


def _tables(value: Schema, definitions: Schema) -> Iterator[Schema]:
    """Yield the tables that a value may be, or that the values of a table of its own keys are."""
    found = _resolved(value, definitions)
    if "properties" in found:
        yield found
    for choice in (*found.get("anyOf", ()), *found.get("oneOf", ())):
        yield from _tables(choice, definitions)
    for inner in (found.get("items"), found.get("additionalProperties"), *found.get("patternProperties", {}).values()):
        if isinstance(inner, Mapping):
            yield from _tables(inner, definitions)


def _section(schema: Schema, definitions: Schema, heading: str) -> Iterator[str]:
    yield heading
    yield ""
    if schema.get("description"):
        yield str(schema["description"])
        yield ""
    yield "| key | what it takes | default | meaning |"
    yield "| --- | --- | --- | --- |"
    required = schema.get("required", ())
    for key, value in schema["properties"].items():
        default = "required" if key in required else _default(value)
        cells = (f"`{key}`", _takes(value, definitions), default, _meaning(value, definitions))
        yield f"| {' | '.join(map(_escaped, cells))} |"
    yield ""


def _escaped(cell: str) -> str:
    """A cell of a table in Markdown: a bar would end it, a word in angle brackets would not be shown."""
    return cell.replace("|", "\\|").replace("<", "&lt;")


def _takes(value: Schema, definitions: Schema) -> str:
    found = _resolved(value, definitions)
    choices = [*found.get("anyOf", ()), *found.get("oneOf", ())]
    if choices:
        texts = [_takes(choice, definitions) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(texts))
    if "enum" in found or "const" in found:
        return ", ".join(f"`{word}`" for word in found.get("enum", [found.get("const")]))
    if "properties" in found:
        return "a table, below"
    if found.get("type") == "object":
        inner = next(iter(found.get("patternProperties", {}).values()), found.get("additionalProperties", {}))
        return f"a table: key -> {_takes(inner, definitions)}"
    if found.get("type") == "array":
        return f"a list: {_takes(found['items'], definitions)}"
    return _scalar(found)


def _scalar(found: Schema) -> str:
    if found.get("format"):
        return {"date": "day", "date-time": "time with zone"}[found["format"]]
    if isinstance(found["type"], list):  # a text that editors may read as a number
        return "text"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    name = names[found["type"]]
    if "maxLength" in found:
        return f"{name}, at most {found['maxLength']} characters"
    return f"{name} above {found['exclusiveMinimum']}" if "exclusiveMinimum" in found else name


def _default(value: Schema) -> str:
    default = value.get("default")
    if default is None or default in ({}, []):
        return "none"
    if isinstance(default, Mapping):
        return "see below"
    if isinstance(default, list):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _meaning(value: Schema, definitions: Schema) -> str:
    return str(value.get("description") or _resolved(value, definitions).get("description") or "")


def _resolved(value: Schema, definitions: Schema) -> Schema:
    if "$ref" in value:
        found: Schema = definitions[str(value["$ref"]).removeprefix(_REFERENCE)]
        return found
    return value
