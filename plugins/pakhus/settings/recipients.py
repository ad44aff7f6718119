"""Who is told of a red run: read from the shop files alone, also from one that is wrong elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pakhus.settings.documents import read_document
from pakhus.settings.loading import shop_names, shop_path
from pakhus.settings.sections import AlertsSettings

INSTALLATION = "pakhus"
"""As a scope: what concerns every shop."""


def alerts_settings(scope: str, folder: Path | None = None) -> tuple[AlertsSettings, ...]:
    """Return the section `alerts` of a shop, of all shops of an agreement, or of all shops.

    When nobody can be found for a scope (its file cannot be read at all) everybody is told: silence would be worse.
    """
    files = {name: read_document(shop_path(name, folder), name).values for name in shop_names(folder)}
    own = {name: values for name, values in files.items() if _concerns(scope, name, values)}
    found = [_section(values) for values in own.values()]
    if not own or None in found:
        found += [_section(values) for values in files.values()]
    return tuple(dict.fromkeys(section for section in found if section is not None))


def _concerns(scope: str, name: str, values: dict[str, Any]) -> bool:
    return scope in (INSTALLATION, name, values.get("rackbeat"), values.get("economic"))


def _section(values: dict[str, Any]) -> AlertsSettings | None:
    """The section as far as it can be read; None when it is wrong, or the whole file is."""
    if not values:
        return None
    try:
        return AlertsSettings.model_validate(values.get("alerts") or {})
    except ValidationError:
        return None
