"""The Transfers page in Airflow's user interface: each order, its documents, and why they are where they are."""

from __future__ import annotations

from typing import Any

from apps.lazy_app import LazyApp

_PREFIX = "/pakhus/transfers"

# The shells are open to all and hold no data; the data asks who is there (access.py).
TRANSFERS_PAGE = {
    "name": "Pakhus transfers",
    "app": LazyApp("apps.transfers_page.app:transfers_app"),
    "url_prefix": _PREFIX,
}
# Relative addresses: Airflow may live below a path of its own.
TRANSFERS_VIEWS: list[dict[str, Any]] = [
    {
        "name": "Transfers",
        "href": f"{_PREFIX[1:]}/list",
        "destination": "nav",
        "category": "browse",
        "url_route": "transfers",
    },
    {
        "name": "Payouts",
        "href": f"{_PREFIX[1:]}/payouts",
        "destination": "nav",
        "category": "browse",
        "url_route": "payouts",
    },
    {
        "name": "Transfers",
        "href": f"{_PREFIX[1:]}/list?dag={{DAG_ID}}&run={{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "transfers-of-run",
    },
]
