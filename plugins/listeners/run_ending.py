"""What the ledger does when a run has ended: opens the alert of a red one, resolves those of a green one's flow."""

from __future__ import annotations

from hooks.ledger_hook import LedgerHook
from pakhus.flows.alerts import TIMED_OUT, cause_of_silence
from pakhus.ledger import alerts, runs
from pakhus.ledger.connection import Bounds, RunIdentity, Transaction

_BY_HAND = "manually"  # "Dag Run's state was manually set to `failed`."
_BOUNDS = Bounds(connections=1, connect_s=2, statement_s=2, free_connection_s=2)


def settle(dag_id: str, run_id: str, why: str, failed: bool) -> str:
    """Bring the ledger up to date and return the run's note; `why` is Airflow's word for how the run ended."""
    ledger = LedgerHook().ledger(RunIdentity(dag_id, run_id), _BOUNDS)
    try:
        with ledger.begin() as tx:
            return settled(tx, why, failed)
    finally:
        ledger.close()


def settled(tx: Transaction, why: str, failed: bool) -> str:
    """The same in a transaction that carries the run. What a person set by hand says nothing about the flow."""
    scope, _, flow = tx.run.dag_id.rpartition("__")
    if _BY_HAND not in why:
        if failed:
            runs.note_failed(tx, scope, flow, cause_of_silence(why == TIMED_OUT))
        else:
            alerts.resolve(tx, scope, flow)
    told = runs.find(tx, tx.run.dag_id, tx.run.run_id)
    unsent = [f"Alert not sent: {problem}" for problem in alerts.problems(tx, scope, flow)]
    parts = [] if told is None else [told.note, told.cause if failed else ""]
    return "\n\n".join(part for part in (*parts, *unsent) if part)
