"""The private PostgreSQL: starts for root and for others, comes back after a kill, keeps to itself."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from stack import ROOT, postgres, processes
from stack.postgres import Cluster
from stack.runner import Runner
from stack.waiting import wait_until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    own = Cluster(tmp_path / "cluster", durable=False)
    try:
        own.start()
        yield own
    finally:
        own.remove()


def connect(cluster: Cluster, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(cluster.url(database).replace("+psycopg", ""), autocommit=True, connect_timeout=2)


def server(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def test_starts_within_seconds_and_knows_danish_letters(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        row = connection.execute(
            "select lower('ÆØÅ'), current_setting('TimeZone'), current_setting('fsync')"
        ).fetchone()
    assert row == ("æøå", "UTC", "off")


def test_is_durable_unless_told_otherwise(tmp_path: Path) -> None:
    own = Cluster(tmp_path / "cluster")
    try:
        own.start()
        with connect(own) as connection:
            assert connection.execute("select current_setting('fsync')").fetchone() == ("on",)
    finally:
        own.remove()


def test_refuses_another_password(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.url("postgres").replace("+psycopg", "").replace(cluster.password, "guess"))


def test_listens_on_loopback_only(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        row = connection.execute(
            "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        ).fetchone()
    assert row == ("127.0.0.1", "")


def test_copies_a_database(cluster: Cluster) -> None:
    cluster.create_database("original")
    with connect(cluster, "original") as connection:
        connection.execute("create table parcel as select 'Ærø' as island")
    cluster.create_database("copy", template="original")
    with connect(cluster, "copy") as connection:
        assert connection.execute("select island from parcel").fetchone() == ("Ærø",)
    cluster.drop_database("copy")
    assert cluster.has_database("original")
    assert not cluster.has_database("copy")


def test_keeps_its_data_over_stop_and_start(cluster: Cluster) -> None:
    cluster.create_database("kept")
    cluster.stop()
    assert not cluster.answers()
    cluster.start()
    assert cluster.has_database("kept")


def test_comes_back_at_once_after_its_postmaster_was_killed(cluster: Cluster) -> None:
    cluster.create_database("kept")
    os.kill(server(cluster), signal.SIGKILL)
    cluster.start()
    assert cluster.has_database("kept")


def test_a_runner_brings_it_back_on_the_same_port(tmp_path: Path) -> None:
    own = Cluster(tmp_path / "cluster", durable=False)
    own.prepare()
    try:
        with Runner(tmp_path / "run") as runner:
            runner.start(own.component())
            url, first = own.url("postgres"), server(own)
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: not own.answers(), "its end", 5)
            wait_until(own.answers, "its return", 20, check=runner.check)
            assert own.url("postgres") == url
            assert server(own) != first
        assert not own.answers()
    finally:
        own.remove()


def test_ends_the_server_of_an_earlier_client_but_not_a_stranger_named_by_a_stale_file(cluster: Cluster) -> None:
    earlier = processes.named([server(cluster)])
    again = Cluster(cluster.directory, durable=False)
    again.start()
    assert processes.still_alive(earlier) == []
    again.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (cluster.data / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster.data}\n")
        again.prepare()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_does_not_outlive_a_client_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path; from stack.postgres import Cluster\n"
        "cluster = Cluster(Path(sys.argv[3]), durable=False); cluster.start(); print('up', flush=True); time.sleep(600)"
    )
    argv = [sys.executable, "-c", code, str(ROOT), str(ROOT / "plugins"), str(tmp_path / "cluster")]
    client = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    own = Cluster(tmp_path / "cluster")
    try:
        assert client.stdout is not None
        assert client.stdout.readline() == "up\n"
        left = processes.named([server(own)])
        client.kill()
        client.wait()
        wait_until(lambda: not processes.still_alive(left), "the server to end with its client", 10)
        own.start()
    finally:
        client.kill()
        own.remove()


def test_remove_leaves_neither_processes_nor_files(tmp_path: Path) -> None:
    own = Cluster(tmp_path / "cluster", durable=False)
    own.start()
    pids, data = processes.named([server(own)]), own.data
    own.remove()
    assert processes.still_alive(pids) == []
    assert not data.exists()
    assert not own.directory.exists()
    assert not data.parent.exists()


def test_data_that_nobody_misses_is_in_memory_where_there_is_room(
    tmp_path: Path, open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "room_in_memory", lambda: open_directory)
    kept, lost = (Cluster(tmp_path / name, durable=durable) for name, durable in (("kept", True), ("lost", False)))
    try:
        kept.prepare()
        lost.prepare()
        assert not kept.data.is_relative_to(open_directory)
        assert lost.data.is_relative_to(open_directory)
    finally:
        kept.remove()
        lost.remove()
    assert list(open_directory.iterdir()) == []


# --- as root ---------------------------------------------------------------------------------------------------------


@needs_root
def test_root_hands_the_server_to_an_account_without_rights(cluster: Cluster) -> None:
    uid = pwd.getpwnam(cluster.account or "").pw_uid
    assert uid != 0
    assert Path(f"/proc/{server(cluster)}").stat().st_uid == uid
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700


@needs_root
def test_root_puts_the_data_where_that_account_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "room_in_memory", lambda: None)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    own = Cluster(closed / "cluster", durable=False)
    try:
        own.start()
        data = own.data
        assert not data.is_relative_to(closed)
        assert (closed / "cluster" / "data").is_symlink()
        own.create_database("kept")
        own.stop()
        again = Cluster(closed / "cluster", durable=False)
        again.start()
        assert again.has_database("kept")
        again.stop()
    finally:
        own.remove()
    assert not data.parent.exists()


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everyone reaches, other than pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="pakhus-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@needs_root
def test_root_copies_programs_that_the_account_cannot_reach_and_mends_a_damaged_copy(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_everyone_runs", lambda _: False)
    monkeypatch.setattr(tempfile, "tempdir", str(open_directory))
    own = Cluster(open_directory / "cluster", durable=False)
    programs = postgres.programs(own.account)
    assert programs.is_relative_to(open_directory)
    (programs / "initdb").unlink()
    try:
        own.start()
        assert Path(f"/proc/{server(own)}/exe").readlink() == programs / "postgres"
    finally:
        own.remove()


def in_child_as(account: str, work: Callable[[], None]) -> str:
    """Run `work` in a forked process of another user; the trace of what it raised, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        user = pwd.getpwnam(account)
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            work()
        except BaseException:  # noqa: BLE001 - it is carried to the parent
            os.write(writing, traceback.format_exc().encode()[-4000:])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


@needs_root
def test_a_normal_user_runs_it_as_himself(open_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable = [python for python in (sys.executable, "/usr/bin/python3") if _everyone_runs(python)]
    if not reachable:
        pytest.skip("no Python on this machine that a normal user can run")
    # A normal user has a checkout and a .venv of his own; ours may be closed to him.
    monkeypatch.setattr(processes, "PYTHON", reachable[0])
    monkeypatch.setattr(processes, "LAUNCH", Path(shutil.copy(processes.LAUNCH, open_directory)))
    programs = postgres.programs("nobody")
    monkeypatch.setattr(postgres, "programs", lambda _: programs)
    shutil.chown(open_directory, "nobody")

    def work() -> None:
        own = Cluster(open_directory / "cluster", durable=False)
        assert own.account is None
        own.start()
        assert Path(f"/proc/{server(own)}").stat().st_uid == os.getuid() != 0
        own.create_database("mine")
        own.stop()
        own.start()
        assert own.has_database("mine")
        own.remove()
        assert [path.name for path in open_directory.iterdir()] == [processes.LAUNCH.name]

    began = time.monotonic()
    assert in_child_as("nobody", work) == ""
    assert time.monotonic() - began < 30


def _everyone_runs(program: str) -> bool:
    real = Path(program).resolve()
    return real.exists() and all(postgres.everyone_reaches(path.parent) for path in (Path(program).absolute(), real))
