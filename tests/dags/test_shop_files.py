"""Shop files and the DAGs: a broken one says so and harms no other, fifty cost little, a task reads only its own."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import AirflowFailException

from operators import flow_shops
from stack import ROOT
from tests.operators.run import Task, context

pytestmark = pytest.mark.airflow

SHOPS = 50
# Airflow gives a file 30 s (dag_file_processor_timeout 50, dagbag_import_timeout 30) and parses it every 30 s or less.
PARSE_BUDGET_S = 6.0
ONE_DAG_BUDGET_S = 0.5
FLOWS = ("orders", "fulfilment", "invoices")
AROUND = ("audit", "questions", "decisions")
BEFORE = ("skus", "start")  # whatever a shop has
PER_SHOP = (*FLOWS, *AROUND, *BEFORE, "initial_sync")
BROKEN_TOO = (*PER_SHOP, "webhooks", "products")  # a file that cannot be read may want any of them
INSTALLATION = {"pakhus__alive", "pakhus__stop_switch"}
WELL = {"main__stock"} | INSTALLATION | {f"{shop}__{flow}" for shop in ("nordlys", "fjordliv") for flow in PER_SHOP}


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's settings, to be changed."""
    folder = tmp_path / "include"
    shutil.copytree(ROOT / "include", folder)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(folder))
    return folder


@contextmanager
def parsing(monkeypatch: pytest.MonkeyPatch, dag_id: str) -> Iterator[None]:
    """As when Airflow starts a task: the DAG file is parsed to find one DAG."""
    with monkeypatch.context() as patch:
        patch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)
        yield


def parse() -> DagBag:
    return DagBag(dag_folder=ROOT / "dags")


BROKEN = {
    "a misspelt key": (
        b"shop: x\nplatform: woocommerce\nmaping: standard\n",
        "maping: is no setting; did you mean mapping?",
    ),
    "no YAML": (b"shop: [\n", "is not YAML"),
    "an empty file": (b"", "must hold keys and values, like shop: nordlys"),
    "not UTF-8": ("shop: søster".encode("latin-1"), "is not UTF-8"),
    "a list": (b"- shop\n", "must hold keys and values"),
    "a mapping that is not there": (b"shop: x\nplatform: woocommerce\nmapping: standart\n", "did you mean standard?"),
    "a depth that no parser takes": (b"[\n" * 3000, "nested deeper than any settings are"),
}


@pytest.mark.parametrize(("content", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_gives_red_dags_that_say_what_is_wrong_and_harms_no_other(
    include: Path, content: bytes, says: str
) -> None:
    (include / "shops" / "x.yaml").write_bytes(content)
    bag = parse()
    assert bag.import_errors == {}
    assert set(bag.dags) == WELL | {f"x__{flow}" for flow in BROKEN_TOO}
    assert "nordlys" in bag.dags["nordlys__orders"].tags
    for flow in FLOWS:
        dag = bag.dags[f"x__{flow}"]
        assert dag.tags == {"pakhus", flow, flow_shops.BROKEN}
        (task,) = dag.tasks
        assert task.retries == 0  # only a person can mend it
        with pytest.raises(AirflowFailException) as red:
            task.execute(context(Task(dag_id=dag.dag_id)))
        text = str(red.value)
        assert "include/shops/x.yaml" in text
        assert says in text
        assert "Mend the file; `python -m pakhus check` says whether all is well." in text
        assert dag.doc_md == text


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(include: Path) -> None:
    (include / "shops" / "x.yaml").write_text("shop: x\nplatform: woocomerce\nmapping: standard\nrackbeat: main\n")
    problem = parse().dags["x__orders"].doc_md
    assert "include/shops/x.yaml:2: platform: must be" in str(problem)
    assert "include/shops/x.yaml:1: start_from: is missing; add it" in str(problem)


def test_a_broken_mapping_takes_only_the_shops_that_name_it(include: Path) -> None:
    (include / "mappings" / "own_customers.yaml").write_text("version: 1\nextends: standard\nrackbeet: {}\n")
    bag = parse()
    assert bag.import_errors == {}
    assert set(bag.dags) == WELL | {"fjordliv__webhooks", "fjordliv__products"}
    assert flow_shops.BROKEN in bag.dags["fjordliv__orders"].tags
    assert "include/mappings/own_customers.yaml:3: rackbeet" in str(bag.dags["fjordliv__orders"].doc_md)
    assert flow_shops.BROKEN not in bag.dags["nordlys__orders"].tags


def test_a_file_with_a_name_that_no_dag_may_have_is_told_too(include: Path) -> None:
    shutil.copy(include / "shops" / "nordlys.yaml", include / "shops" / "ny butik.yaml")
    bag = parse()
    assert bag.import_errors == {}
    assert set(bag.dags) == WELL | {f"ny_butik__{flow}" for flow in BROKEN_TOO}
    assert "the file is called ny butik.yaml; give them the same name" in str(bag.dags["ny_butik__orders"].doc_md)


def test_a_task_of_a_broken_shop_finds_its_dag(include: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (include / "shops" / "ny butik.yaml").write_text("")
    with parsing(monkeypatch, "ny_butik__orders"):
        assert set(parse().dags) == {"ny_butik__orders"} | INSTALLATION


def test_a_mended_file_is_an_ordinary_shop_again(include: Path) -> None:
    file = include / "shops" / "nordlys.yaml"
    good = file.read_text()
    file.write_text(good.replace("platform: woocommerce", "platform: "))
    assert flow_shops.BROKEN in parse().dags["nordlys__orders"].tags
    file.write_text(good)
    assert parse().dags["nordlys__orders"].task_ids == ["observe", "reserve", "report"]


def test_flows_that_are_switched_off_have_no_dag(include: Path) -> None:
    file = include / "shops" / "nordlys.yaml"
    file.write_text(file.read_text().replace("mode: auto", 'mode: "off"'))
    assert set(parse().dags) == WELL - {"nordlys__invoices"}


def test_what_people_start_before_a_shop_begins_is_not_ended_by_airflow_at_once(include: Path) -> None:
    """The user interface fills in a run's logical date: before the start date the run is green, and has no task."""
    file = include / "shops" / "nordlys.yaml"
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    file.write_text(re.sub("start_from: .*", f'start_from: "{later}"', file.read_text()) + "products: {master: shop}\n")
    dags = {name: dag for name, dag in parse().dags.items() if name.startswith("nordlys__")}
    by_hand = {name for name, dag in dags.items() if not dag.timetable.can_be_scheduled}
    assert by_hand == {f"nordlys__{flow}" for flow in ("start", "skus", "initial_sync", "decisions")}
    for name in by_hand | {"nordlys__products"}:
        assert dags[name].start_date < datetime.now(UTC), name


# What a shop has of the flows that depend on its agreements; `orders` is its observer and there whatever it has.
TOPOLOGIES = {
    "shop and warehouse": ("economic", {"orders", "fulfilment"}),
    "shop and accounts": ("rackbeat", {"orders", "invoices"}),
    "all three": ("", {"orders", "fulfilment", "invoices"}),
}


@pytest.mark.parametrize(("lacking", "flows"), TOPOLOGIES.values(), ids=TOPOLOGIES)
def test_the_dags_of_a_shop_follow_its_agreements(include: Path, lacking: str, flows: set[str]) -> None:
    text = (include / "shops" / "fjordliv.yaml").read_text().replace("shop: fjordliv", "shop: havn")
    text = text.replace("rackbeat: main", "rackbeat: havn").replace("economic: main", "economic: havn")
    lines = [line for line in text.splitlines() if not (lacking and line.startswith(f"{lacking}:"))]
    text = "\n".join(lines) + "\n"
    if lacking == "economic":
        text = text.replace("mode: draft ", 'mode: "off" ')
    if lacking == "rackbeat":
        text = text.replace("enabled: true", "enabled: false")
    (include / "shops" / "havn.yaml").write_text(text)
    bag = parse()
    assert not bag.import_errors
    own = {name for name in bag.dags if name.startswith("havn__")}
    stock = set() if lacking == "rackbeat" else {"stock", "initial_sync"}
    assert own == {f"havn__{flow}" for flow in {*flows, *AROUND, *BEFORE, *stock}}
    pools = {task.pool for name in own for task in bag.dags[name].tasks}
    assert not any(pool.startswith(lacking) for pool in pools if lacking)


def test_no_folder_of_settings_is_an_import_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", "/nowhere")
    errors = parse().import_errors
    assert {Path(file).stem for file in errors} == {*BROKEN_TOO, "stock", "stop_switch"}
    assert all("set PAKHUS_INCLUDE to the folder that holds shops/ and mappings/" in text for text in errors.values())


def fifty(include: Path) -> None:
    text = (include / "shops" / "nordlys.yaml").read_text()
    for number in range(SHOPS - 2):
        (include / "shops" / f"shop{number}.yaml").write_text(text.replace("shop: nordlys", f"shop: shop{number}"))


def seconds(bag_of: DagBag) -> float:
    """The slowest file: Airflow gives each its own time."""
    return max(stat.duration.total_seconds() for stat in bag_of.dagbag_stats)


def test_fifty_shops_are_parsed_within_the_budget(include: Path) -> None:
    fifty(include)
    bag = parse()
    assert len(bag.dags) == len(PER_SHOP) * SHOPS + len({"main__stock"} | INSTALLATION)
    assert seconds(bag) < PARSE_BUDGET_S


def test_a_task_reads_only_its_own_shop_and_declares_only_its_own_dag(
    include: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifty(include)
    opened: list[str] = []
    load = flow_shops.load_shop
    monkeypatch.setattr(flow_shops, "load_shop", lambda name: (opened.append(name), load(name))[1])
    with parsing(monkeypatch, "shop7__orders"):
        began = time.monotonic()
        bag = DagBag(dag_folder=ROOT / "dags" / "orders.py")
        took = time.monotonic() - began
    assert (set(bag.dags), opened) == ({"shop7__orders"}, ["shop7"])
    assert took < ONE_DAG_BUDGET_S


def test_one_broken_shop_among_fifty_is_not_even_opened_by_another_shops_task(
    include: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifty(include)
    (include / "shops" / "shop3.yaml").write_bytes(b"\xff")
    with parsing(monkeypatch, "shop7__invoices"):
        bag = parse()
    assert (set(bag.dags), bag.import_errors) == ({"shop7__invoices"} | INSTALLATION, {})


def test_broken_file_takes_no_other_shop_out_of_the_stock_of_their_agreement(include: Path) -> None:
    (include / "shops" / "fjordliv.yaml").write_text("shop: fjordliv\n")
    assert parse().dags["main__stock"].task_ids == ["read", "see_nordlys", "push_nordlys", "report"]


def test_a_shop_with_a_broken_file_may_still_sell_what_its_agreement_has(include: Path) -> None:
    for name, text in (
        ("fjordliv", "shop: fjordliv\nrackbeat: main\nmaping: standard\n"),
        ("havn", "shop: havn\nrackbeat: nord\nmaping: standard\n"),
        ("skagen", "shop: [\n"),
    ):
        (include / "shops" / f"{name}.yaml").write_text(text)
    dag = parse().dags["main__stock"]
    assert dag.get_task("read").selling == ["nordlys", "fjordliv", "skagen"]
    assert dag.get_task("push_nordlys").selling == ["nordlys", "fjordliv", "skagen"]


def test_each_agreement_has_its_own_stock_and_runs_at_the_schedules_of_its_shops(include: Path) -> None:
    text = (include / "shops" / "nordlys.yaml").read_text()
    other = text.replace("shop: nordlys", "shop: havn").replace("rackbeat: main", "rackbeat: nord")
    (include / "shops" / "havn.yaml").write_text(other)
    later = text.replace("  enabled: true\n", '  enabled: true\n  schedule: "5 * * * *"\n')
    (include / "shops" / "nordlys.yaml").write_text(later)
    dags = parse().dags
    assert dags["nord__stock"].task_ids == ["read", "see_havn", "push_havn", "report"]
    timetables = dags["main__stock"].timetable.timetables  # type: ignore[attr-defined]
    assert [timetable.expression for timetable in timetables] == ["*/10 * * * *", "5 * * * *"]


def test_task_of_an_agreement_s_stock_finds_its_dag(include: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with parsing(monkeypatch, "main__stock"):
        bag = DagBag(dag_folder=ROOT / "dags" / "stock.py")
    assert bag.dags["main__stock"].task_ids == [
        *("read", "see_fjordliv", "see_nordlys"),
        *("push_fjordliv", "push_nordlys", "report"),
    ]


def test_agreement_whose_shops_want_no_stock_has_no_dag_for_it(include: Path) -> None:
    for file in (include / "shops").iterdir():
        file.write_text(file.read_text().replace("  enabled: true", "  enabled: false"))
    assert "main__stock" not in parse().dags
