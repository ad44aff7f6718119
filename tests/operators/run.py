"""A task's run without Airflow's machinery: a context that remembers what was pushed."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Store:
    """Airflow's state store of one asset."""

    values: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


@dataclass
class Task:
    """What operators use of the task instance; `states` and `pushed` are those of all tasks of the run."""

    task_id: str = "task"
    map_index: int | None = None
    dag_id: str = "nordlys__orders"
    run_id: str = "manual__1"
    try_number: int = 1
    pushed: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    memory: dict[Any, Store] = field(default_factory=lambda: defaultdict(Store))

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed.setdefault((self.task_id, key), []).append(value)

    def xcom_pull(self, *, task_ids: list[str], key: str = "return_value") -> list[Any]:
        return [value for name in task_ids for value in self.pushed.get((name, key), [])]

    def get_task_states(self, *, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, dict[str, str]]:
        """As Airflow answers: by run, and mapped tasks by name and index."""
        assert dag_id == self.dag_id
        found = {
            name: state for name, state in self.states.items() if name.rstrip("0123456789").rstrip("_") in task_ids
        }
        return dict.fromkeys(run_ids, found)


def context(task: Task) -> Any:
    return {"ti": task, "outlet_events": {}, "asset_state_store": task.memory}
