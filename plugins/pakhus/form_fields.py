"""Fields that several connections' forms have. Airflow masks extras whose name holds `token` or `secret`."""

from __future__ import annotations

from typing import Any

VERIFY = {
    "label": "Verify TLS",
    "description": "true (default), false, or the path of a CA file. Only for https.",
    "schema": {"type": ["string", "null"]},
}
PATH = {
    "label": "Path",
    "description": "Put after the host, where the address has a path of its own.",
    "schema": {"type": ["string", "null"]},
}


def secret(label: str, description: str) -> dict[str, Any]:
    """A field that the form does not show."""
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], "format": "password"}}
