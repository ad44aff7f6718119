"""What all tests share: a private PostgreSQL, ledgers in it, and, for few tests, a running Airflow.

Nothing is started before a test asks for it. Sockets are blocked by pytest-socket except to this machine.
"""

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hypothesis import settings
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
from tests.one_airflow import OneAirflow  # noqa: E402

# How long an example takes says how busy the machine is.
settings.register_profile("pakhus", deadline=None)
settings.load_profile("pakhus")

AIRFLOW_TIMEOUT_S = 300
RUNNING_AIRFLOW = "running-airflow"
OF_EMPTIED_AIRFLOW = "emptied_airflow: Stack"  # the fixtures
OF_RUNNING_AIRFLOW = (OF_EMPTIED_AIRFLOW, "airflow_stack: Stack", "browser: Browser", "signed: Signed")
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
    items.sort(key=_order_of)


def _order_of(item: pytest.Item) -> int:
    """First those that share an Airflow, then those that start one for themselves, then all others."""
    module = item.nodeid.partition("::")[0]
    if _group_of_module(module) != RUNNING_AIRFLOW:
        return 2
    return 0 if OF_EMPTIED_AIRFLOW in _text(module) else 1


class ModulesTogether(LoadScopeScheduling):
    """A module's tests share a worker, for its servers; all modules that run an Airflow do, since two are too many."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ModulesTogether:
    return ModulesTogether(config, log)


@cache
def _text(module: str) -> str:
    file = ROOT / module
    return file.read_text(encoding="utf-8") if file.is_file() else ""  # a test that was made for a test


def _group_of_module(module: str) -> str:
    return RUNNING_AIRFLOW if any(fixture in _text(module) for fixture in OF_RUNNING_AIRFLOW) else module


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


class _Airflow:
    """The running Airflow of this process, if there is one."""

    running: OneAirflow | None = None

    @classmethod
    def end(cls) -> None:
        if cls.running is not None:
            ended, cls.running = cls.running, None
            ended.remove()


@pytest.fixture(scope="session")
def one_airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], OneAirflow]]:
    """Give the running Airflow, empty; about 20 s where none runs yet, some seconds otherwise."""

    def give() -> OneAirflow:
        if _Airflow.running is not None:
            _Airflow.running.empty()
        else:
            started = OneAirflow(tmp_path_factory.mktemp("airflow"))
            started.start()
            _Airflow.running = started
        return _Airflow.running

    yield give
    _Airflow.end()


@pytest.fixture(scope="module")
def emptied_airflow(one_airflow: Callable[[], OneAirflow]) -> Stack:
    """A running Airflow like `airflow_stack`, the same for all modules that ask for it, each of which finds it empty.

    For modules of which none writes to the ledger for a shop that another one has: Airflow remembers how far a shop's
    ledger was, and refuses an older one. Ten times cheaper than a start.
    """
    return one_airflow().stack


def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the shared Airflow before tests that do without it: idle it takes a third of a core."""
    if _order_of(item) != 0:
        _Airflow.end()
