"""The forms of our connection types in Airflow's UI: a dict for the provider entry point; imports no Airflow."""

from __future__ import annotations

from typing import Any


def provider_info() -> dict[str, Any]:
    """What Airflow's provider discovery reads."""
    return {
        "package-name": "pakhus",
        "name": "Pakhus",
        "description": "Webshops, the Rackbeat warehouse and the e-conomic accounts.",
    }
