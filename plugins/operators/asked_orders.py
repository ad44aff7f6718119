"""The orders that a person names when triggering a run: such a run treats these and nothing else."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param
from airflow.sdk.definitions.context import Context

from pakhus.flows.asked_orders import asked_chunks, send_named
from pakhus.flows.chunks import WorkChunk, due_chunks
from pakhus.ledger.connection import Ledger

ORDERS_PARAM = "orders"


def orders_param() -> dict[str, Param]:
    """The param of a DAG whose runs can be for single orders."""
    return {
        ORDERS_PARAM: Param(
            None,
            type=["null", "array"],
            items={"type": "string", "minLength": 1},
            title="Orders",
            description="Numbers of orders, their ids, or documents' keys, one a line: the run treats exactly these, "
            "also what is held. Empty: whatever is due",
        )
    }


def asked_orders(context: Context) -> list[str]:
    """Return the orders that the run was asked for, each once; empty for a run in the ordinary course."""
    params: dict[str, Any] = dict(context.get("params") or {})
    return list(dict.fromkeys(str(name).strip() for name in params.get(ORDERS_PARAM) or () if str(name).strip()))


def asked_by(context: Context) -> str:
    """Return who asked, for the ledger: the run, which Airflow knows the person of."""
    task = context["ti"]
    return f"{task.dag_id} {task.run_id}"


def chunks_for(context: Context, ledger: Ledger, shop: str, flow: str) -> list[WorkChunk]:
    """Return what a task is to work on: what is due of the flow, or of that the orders that the run was asked for."""
    asked = asked_orders(context)
    if not asked:
        return due_chunks(ledger, shop, flow)
    return asked_chunks(ledger, send_named(ledger, shop, asked, asked_by(context), flow))
