"""Stop a flow of a shop, or let it go on, as the person says who triggered the run."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException

from hooks.ledger_hook import LedgerHook
from pakhus.flows.stopping import resume_flow, stop_flow
from pakhus.ledger import runs
from pakhus.ledger.connection import RunIdentity
from pakhus.settings import ALL_FLOWS
from pakhus.settings.accounts import flows_to_switch

STOP, RESUME = "stop", "resume"


class SwitchFlowOperator(BaseOperator):
    """Takes the run's params `shop`, `flow`, `switch` (stop or resume) and `because`. Returns what is stopped now."""

    template_fields = ()

    def execute(self, context: Context) -> str:
        params: dict[str, Any] = dict(context["params"])
        task, who = context["ti"], context["dag_run"].triggering_user_name or ""
        run = RunIdentity(task.dag_id, task.run_id, task.task_id, -1, task.try_number)
        shop, flow, because = params["shop"], params["flow"], params["because"].strip()
        if not because:
            raise AirflowFailException("say why (because): whoever looks later wants to know")
        if flow not in (*flows_to_switch(shop), ALL_FLOWS):
            raise AirflowFailException(f"{shop} has no flow {flow}; it has: {', '.join(flows_to_switch(shop))}")
        ledger = LedgerHook().ledger(run)
        with ledger.begin() as tx:
            if params["switch"] == STOP:
                told = stop_flow(tx, shop, flow, stopped_by=who, cause=because)
            else:
                told = resume_flow(tx, shop, flow, who=who, because=because)
                told += f" (by {who or 'nobody known'}: {because})"
            scope, _, own_flow = task.dag_id.rpartition("__")
            runs.report(tx, scope, own_flow, note=told, codes={})
        ledger.close()
        self.log.info("%s", told)
        return told
