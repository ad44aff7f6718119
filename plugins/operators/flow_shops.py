"""Which shops a DAG file declares a DAG for; a shop whose file is wrong gets a DAG that says so, and harms no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from airflow.sdk import DAG, BaseOperator, get_parsing_context
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException
from sqlalchemy.exc import DBAPIError

from hooks.ledger_hook import LedgerHook
from notifiers.alert_notifier import AlertNotifier
from pakhus.errors import PakhusError
from pakhus.ledger import runs
from pakhus.ledger.alerts import SETTINGS, Cause
from pakhus.ledger.connection import RunIdentity
from pakhus.settings import SettingsError, ShopSettings, load_shop, may_use_rackbeat, shop_names, shop_path

Settings = TypeVar("Settings")

BROKEN = "broken"
"""The tag of DAGs that only say what is wrong with their shop's file."""

SETTINGS_WRONG = "settings_wrong"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The start date of DAGs that people begin before the shop's start_from: a run by hand whose logical date, which the
user interface fills in, lies before the start date ends at once, green and empty."""

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.-]")
_ACTION = "Mend the file; `python -m pakhus check` says whether all is well. Other shops are not affected."


class SayWhatIsWrongOperator(BaseOperator):
    """Fails with what is wrong in a shop's settings: the run is red until the file is mended."""

    template_fields = ()

    def __init__(self, *, problem: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problem = problem

    def execute(self, context: Context) -> None:
        task = context["ti"]
        run = RunIdentity(task.dag_id, task.run_id, task.task_id, -1, task.try_number)
        scope, _, flow = task.dag_id.rpartition("__")
        cause = Cause(SETTINGS_WRONG, self.problem)
        try:
            with LedgerHook().ledger(run).begin() as tx:
                note = "the settings are wrong"
                runs.report(tx, scope, flow, note=note, codes={}, cause=cause, alert_flow=SETTINGS)
        except (PakhusError, DBAPIError) as error:  # the problem must be told in any case
            self.log.warning("the run could not be stored: %s", type(error).__name__)
        raise AirflowFailException(self.problem)


def shops_for(flow: str) -> Iterator[ShopSettings]:
    """Yield the settings of every shop, or, while a task runs, of the one whose DAG is being parsed."""
    return settings_for(flow, shop_names(), load_shop, lambda name: str(shop_path(name)))


def settings_for(
    flow: str, names: Iterable[str], load: Callable[[str], Settings], path: Callable[[str], str]
) -> Iterator[Settings]:
    """Yield the settings of all that have a file, or of the one whose DAG is being parsed; a wrong one is declared."""
    parsing = get_parsing_context().dag_id
    for name in names:
        if parsing not in (None, dag_id_of(name, flow)):
            continue
        try:
            settings = load(name)
        except SettingsError as error:
            declare_problem(name, flow, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others' DAGs must not go with it
            declare_problem(name, flow, f"{path(name)} cannot be read: {type(error).__name__}: {error}")
        else:
            yield settings


@dataclass(frozen=True, slots=True)
class SharedAgreement:
    """A Rackbeat agreement and its shops, by name; `target` is its connection, pool and budget.

    `selling` are all shops whose orders go there, whether they want the flow or not. `unread` are shops whose settings
    are wrong, and whose orders may go there.
    """

    name: str
    target: str
    shops: tuple[ShopSettings, ...]
    selling: tuple[ShopSettings, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def sellers(self) -> list[str]:
        """The names of all shops that sell, or may sell, what lies there."""
        return [*(shop.shop for shop in self.selling), *self.unread]


def agreements_for(flow: str, *, wanted: Callable[[ShopSettings], bool]) -> Iterator[SharedAgreement]:
    """Yield each Rackbeat agreement with those of its shops that want the flow; one DAG serves them.

    Its DAGs are called after the agreement alone: only Rackbeat's agreements have flows of their own. A shop whose file
    is wrong is given nothing, and its own DAGs say what is wrong; that it may sell there is still told.
    """
    parsing = get_parsing_context().dag_id
    found: dict[str, list[ShopSettings]] = {}
    broken: list[str] = []
    for name in shop_names() if parsing is None or parsing.endswith(f"__{flow}") else ():
        try:
            shop = load_shop(name)
        except Exception:  # noqa: BLE001 - told by shops_for; the other shops must not go with it
            broken.append(name)
            continue
        if shop.rackbeat:
            found.setdefault(shop.rackbeat, []).append(shop)
    for agreement, selling in found.items():
        shops = tuple(filter(wanted, selling))
        if shops and parsing in (None, dag_id_of(agreement, flow)):
            unread = tuple(name for name in broken if may_use_rackbeat(name, agreement))
            yield SharedAgreement(agreement, f"rackbeat__{agreement}", shops, tuple(selling), unread)


def declare_problem(name: str, flow: str, problem: str) -> None:
    """Declare the DAG that fails with the problem."""
    text = f"{problem}\n{_ACTION}"
    dag_id = dag_id_of(name, flow)
    with DAG(
        dag_id,
        schedule="@hourly",
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual"],
        doc_md=text,
        tags=["pakhus", flow, BROKEN],
        on_failure_callback=AlertNotifier(scope=dag_id.rpartition("__")[0], flow=flow),
    ):
        SayWhatIsWrongOperator(task_id="settings_are_wrong", problem=text, retries=0)


def dag_id_of(name: str, flow: str) -> str:
    """Return the id of a shop's DAG; a file's name may hold what an id may not."""
    return f"{_NOT_IN_IDS.sub('_', name)}__{flow}"
