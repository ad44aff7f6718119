"""What Pakhus adds to Airflow's servers: the only plugin, and the only file of this folder that Airflow executes."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from apps.lazy_app import LazyApp
from apps.transfers_page import TRANSFERS_PAGE, TRANSFERS_VIEWS
from listeners.run_listener import RunListener

# Open to all: shops cannot log in, each delivery is verified.
WEBHOOK_INBOX = {
    "name": "Pakhus webhook inbox",
    "app": LazyApp("apps.webhook_inbox:webhook_app"),
    "url_prefix": "/pakhus/hooks",
}


class PakhusPlugin(AirflowPlugin):
    """Each part is in a module of its own: apps/ for pages and webhooks, listeners/ for what happens to runs."""

    name = "pakhus"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [WEBHOOK_INBOX, TRANSFERS_PAGE]
    external_views: ClassVar[list[dict[str, Any]]] = TRANSFERS_VIEWS
    listeners: ClassVar[list[Any]] = [RunListener()]
