"""Who may read the page's data: whoever may read the runs of all DAGs; who may send again: whoever may trigger them.

The only file that asks Airflow about people.

A plugin's routes are open to everybody unless they ask: Airflow's own middleware only renews sign-ins. These two names
are Airflow's internals (3.3); tests/apps and tests/browser hold them.
"""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException


def require_reader(user: GetUserDep) -> None:
    """Let a signed-in reader of runs through; 401 for nobody, 403 for others.

    Not a coroutine, so that FastAPI runs it in a thread: an auth manager may look roles up in a database.
    """
    if not get_auth_manager().is_authorized_dag(method="GET", access_entity=DagAccessEntity.RUN, user=user):
        raise HTTPException(403, "You may not read the runs of all DAGs, and so not the transfers either.")


def require_sender(user: GetUserDep) -> str:
    """Let through who may trigger runs of all DAGs, and return their name; 401 for nobody, 403 for others."""
    if not get_auth_manager().is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, user=user):
        raise HTTPException(403, "You may not trigger runs, and so not send orders again either.")
    return user.get_name()
