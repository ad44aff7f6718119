"""What Pakhus adds to Airflow's servers: the only plugin, and the only file of this folder that Airflow executes."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin


class PakhusPlugin(AirflowPlugin):
    """Each part is in a module of its own: apps/ for pages and webhooks, listeners/ for what happens to runs."""

    name = "pakhus"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = []
    external_views: ClassVar[list[dict[str, Any]]] = []
    listeners: ClassVar[list[Any]] = []
