"""Sessions of processes: start one, name it across pid re-use, find its members, end them all.

A session, not a process group: Airflow gives each task a group of its own, so a signal to the scheduler's group does
not reach the tasks; they stay in the scheduler's session. Reads /proc, so Linux only.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")
PYTHON = sys.executable  # runs launch.py, which needs the standard library only
POLL_S = 0.05


@dataclass(frozen=True)
class Session:
    """A process and the session it leads; ``started`` (clock ticks since boot) tells it from others with its pid."""

    pid: int
    started: int


@dataclass(frozen=True)
class _Stat:
    """What /proc/PID/stat says, as far as we need it (proc_pid_stat(5))."""

    state: str
    parent: int
    session: int
    started: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:  # gone between listing and reading
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
    return _Stat(state=fields[0], parent=int(fields[1]), session=int(fields[3]), started=int(fields[19]))


def _alive(stat: _Stat) -> bool:
    """A zombie is not alive: it has ended and waits for its parent, which may be a slow PID 1."""
    return stat.state not in "ZX"


@dataclass(frozen=True)
class Started:
    """A session whose leader is our child."""

    process: subprocess.Popen[bytes]
    session: Session

    def has_ended(self) -> bool:
        """Whether the leader ended. It stays a zombie until `exit_code`, so nobody else can get its pid."""
        if self.process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def exit_code(self) -> int:
        """Wait for the leader's end; minus the number of the signal that ended it."""
        return self.process.wait()


def start_session(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    account: str | None = None,
    stop_signal: int = signal.SIGTERM,
) -> Started:
    """Start a program as leader of a new session, its output appended to ``log``.

    It gets ``stop_signal`` when the calling *thread* ends, so call from a thread that lives as long as the program.
    """
    launch = [PYTHON, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(stop_signal)), account or "-", "--"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*launch, *argv],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stat = _stat(process.pid)
    if stat is None:  # impossible: a child stays listed until it is waited for
        raise ProcessLookupError(process.pid)
    return Started(process, Session(process.pid, stat.started))


def members(session: Session, belongs: Callable[[int], bool] | None = None) -> list[int]:
    """Live processes of a session and their children; of a session without leader those that ``belongs`` confirms.

    While the leader is listed, its start time proves whose session it is. Once it is gone the number proves nothing:
    another session may have had it since.
    """
    stats = _all_stats()
    leader = stats.get(session.pid)
    if leader is not None and leader.started != session.started:
        return []  # the pid has a new owner, so the old session is empty
    found = {pid for pid, stat in stats.items() if stat.session == session.pid}
    if leader is None:
        return [pid for pid in found if _alive(stats[pid]) and belongs is not None and belongs(pid)]
    return [pid for pid in _with_descendants(found, stats) if _alive(stats[pid])]


def _all_stats() -> dict[int, _Stat]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = ((pid, _stat(pid)) for pid in pids)
    return {pid: stat for pid, stat in found if stat is not None}


def _with_descendants(pids: set[int], stats: Mapping[int, _Stat]) -> set[int]:
    """Add children that made a session of their own: PostgreSQL's processes, shell commands of tasks."""
    while children := {pid for pid, stat in stats.items() if stat.parent in pids} - pids:
        pids = pids | children
    return pids


def named(pids: Iterable[int]) -> list[Session]:
    """Name processes across pid re-use; those gone meanwhile are left out."""
    found = ((pid, _stat(pid)) for pid in pids)
    return [Session(pid, stat.started) for pid, stat in found if stat is not None]


def still_alive(processes: Iterable[Session]) -> list[int]:
    """The pids of those that live on."""
    found = ((process, _stat(process.pid)) for process in processes)
    return [process.pid for process, stat in found if stat and _alive(stat) and stat.started == process.started]


def works_under(directory: Path) -> Callable[[int], bool]:
    """Say of a pid whether its working directory lies under ``directory``: how orphans are recognised."""

    def check(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(directory)
        except OSError:
            return False

    return check


def send(pids: Iterable[int], number: int) -> None:
    """Signal each process; one that is gone meanwhile is what we wanted."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def ask_to_stop(session: Session, number: int) -> None:
    """Signal the leader's process group: the leader ends its tasks in good order."""
    with suppress(ProcessLookupError):
        os.killpg(session.pid, number)


def kill_session(
    session: Session,
    belongs: Callable[[int], bool] | None = None,
    within_s: float = 5.0,
) -> list[int]:
    """Kill what is left of a session, again and again while members fork; return those that stayed alive."""
    deadline = time.monotonic() + within_s
    while left := members(session, belongs):
        send(left, signal.SIGKILL)
        if time.monotonic() > deadline:
            return left
        time.sleep(POLL_S)
    return []
