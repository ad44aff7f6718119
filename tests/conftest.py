"""What all tests share: a private PostgreSQL, ledgers in it, and, for few tests, a running Airflow.

Nothing is started before a test asks for it. Sockets are blocked by pytest-socket except to this machine.
"""

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

from stack import ROOT

# Airflow reads its settings when it is first imported, so they are made before any test module is. Nothing of the
# developer's own Airflow may get in.
for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[name]
_HOME = tempfile.mkdtemp(prefix="pakhus-airflow-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
)

from pakhus.ledger.migrate import migrate  # noqa: E402 - after the environment
from stack.airflow import Stack  # noqa: E402
from stack.postgres import Cluster  # noqa: E402
from tests.ledgers import Ledgers  # noqa: E402

AIRFLOW_TIMEOUT_S = 300
RUNNING_AIRFLOW = "running-airflow"
OF_RUNNING_AIRFLOW = ("airflow_stack: Stack", "browser: Browser", "signed: Signed")  # the fixtures
TEMPLATE = "ledger_template"


def pytest_configure() -> None:
    """Let TERM and HUP end the tests as Ctrl-C does, so that servers and their data are removed; not under nohup."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests with a real Airflow the time that its start may take; those that run one come first.

    They are the longest: one worker has them all, one after the other, and another does the rest meanwhile.
    """
    for item in items:
        if item.get_closest_marker("airflow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(AIRFLOW_TIMEOUT_S))
    items.sort(key=lambda item: _group(item.nodeid) == RUNNING_AIRFLOW, reverse=True)


class ModulesTogether(LoadScopeScheduling):
    """A module's tests share a worker, for its servers; all modules that run an Airflow do, since two are too many."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ModulesTogether:
    return ModulesTogether(config, log)


@cache
def _group_of_module(module: str) -> str:
    file = ROOT / module
    text = file.read_text(encoding="utf-8") if file.is_file() else ""  # a test that was made for a test
    return RUNNING_AIRFLOW if any(fixture in text for fixture in OF_RUNNING_AIRFLOW) else module


def _group(nodeid: str) -> str:
    return _group_of_module(nodeid.partition("::")[0])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL server for all tests, not durable; about half a second to start."""
    cluster = Cluster(tmp_path_factory.mktemp("postgresql"), durable=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def ledger_template(postgres: Cluster) -> str:
    """The name of a database with the newest schema and no rows; copied, never written to."""
    migrate(postgres.create_database(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def ledgers(postgres: Cluster, ledger_template: str) -> Ledgers:
    """Ledgers to be taken and given back."""
    return Ledgers(postgres, ledger_template)


def _ledger(postgres: Cluster, ledgers: Ledgers) -> Iterator[str]:
    name = ledgers.take()
    yield postgres.url(name)
    ledgers.give_back(name)


@pytest.fixture(scope="module")
def ledger_url(postgres: Cluster, ledgers: Ledgers) -> Iterator[str]:
    """The URL of an empty ledger for the tests of one module."""
    yield from _ledger(postgres, ledgers)


@pytest.fixture
def fresh_ledger_url(postgres: Cluster, ledgers: Ledgers) -> Iterator[str]:
    """The URL of an empty ledger for one test (some 15 ms)."""
    yield from _ledger(postgres, ledgers)


@pytest.fixture(scope="module")
def airflow_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running Airflow with the project's plugins and no log-in; put DAG files into its ``dags`` folder.

    Each module has its own: what one leaves in the ledger (orders that were transferred, questions that were asked)
    would be news of another's shop of the same name. Its settings are a copy of the project's, in the folder that
    PAKHUS_INCLUDE of its environment names: a test may add a shop there. About 20 s to start. Fails at the end if a
    process outlives it.
    """
    directory = tmp_path_factory.mktemp("airflow")
    dags = directory / "dags"
    dags.mkdir()
    include = shutil.copytree(ROOT / "include", directory / "include")
    settings = {"PAKHUS_INCLUDE": str(include)}
    stack = Stack(directory / "stack", dags=dags, everyone_is_admin=True, durable=False, settings=settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.remove()
