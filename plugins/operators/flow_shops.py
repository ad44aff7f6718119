"""Which shops a DAG file declares a DAG for; a shop whose file is wrong gets a DAG that says so, and harms no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, BaseOperator, get_parsing_context
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException

from pakhus.settings import SettingsError, ShopSettings, load_shop, shop_names

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


class SayWhatIsWrongOperator(BaseOperator):
    """Fails with what is wrong in a shop's settings: the run is red until the file is mended."""

    template_fields = ()

    def __init__(self, *, problem: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problem = problem

    def execute(self, context: Context) -> None:
        del context
        raise AirflowFailException(self.problem)


def shops_for(flow: str) -> Iterator[ShopSettings]:
    """Yield the settings of every shop, or, while a task runs, of the one whose DAG is being parsed."""
    parsing = get_parsing_context().dag_id
    for name in shop_names():
        if parsing not in (None, f"{name}__{flow}"):
            continue
        try:
            shop = load_shop(name)
        except SettingsError as error:
            _declare_problem(f"{name}__{flow}", str(error))
        else:
            yield shop


def _declare_problem(dag_id: str, problem: str) -> None:
    with DAG(dag_id, schedule="@hourly", start_date=_SINCE, catchup=False, doc_md=problem, tags=["pakhus", "broken"]):
        SayWhatIsWrongOperator(task_id="settings_are_wrong", problem=problem)
