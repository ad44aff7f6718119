"""Keep programs running, in order, and leave none behind.

Each component is a session of its own (processes.py). A thread watches them: one that ends, with whatever exit code,
is started again after a growing pause; one that ends five times in a minute ends everything, with its last lines. One
that lives but says for minutes that it does not work is killed, and so started again.
The sessions are written to a file, so that what a runner killed by SIGKILL left is swept by the next one.
"""

import fcntl
import json
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from stack import processes
from stack.processes import Session, Started
from stack.waiting import Say, TimedOutError, quiet, wait_until

MAX_DEATHS = 5
DEATHS_WITHIN_S = 60.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 10.0
GRACE_S = 15.0
ASK_AGAIN_S = 5.0
SWEEP_GRACE_S = 3.0
WATCH_EVERY_S = 0.1
ASK_HEALTH_EVERY_S = 10.0
LONGEST_SICKNESS_S = 60.0
LAST_LINES = 25


class ComponentFailedError(Exception):
    """A component or step does not work; the message holds the end of its log."""


class AlreadyRunningError(Exception):
    """Another runner holds the directory."""


class Ended(KeyboardInterrupt):
    """INT, TERM or HUP was received: clean up and go."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class EndingSignals:
    """Turn the first INT, TERM or HUP into `Ended`; none of them disturbs the cleaning up after `shield`."""

    def __init__(self, say: Say = quiet) -> None:
        self._say = say
        self._shielded = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "EndingSignals":
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup, and it stays so
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._receive) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def shield(self) -> None:
        """From here on signals are answered with a line, nothing more."""
        self._shielded = True

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._shielded:
            self._say("already stopping, a few seconds more")
            return
        self._shielded = True
        raise Ended(number)


@dataclass(frozen=True)
class Component:
    """A program to keep running; ``ready`` says when those after it may start.

    ``sick`` says that it lives and does not work; it must answer within seconds. A ``foundation`` carries the others
    and is stopped after them. ``account`` runs it as another user (root only).
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_within_s: float = 180.0
    sick: Callable[[], bool] | None = None
    stop_signal: int = signal.SIGTERM
    account: str | None = None
    foundation: bool = False


@dataclass(frozen=True)
class Step:
    """A program that ends by itself, with exit code 0, before the next one starts."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    within_s: float = 300.0


class _Slot:
    """What the runner knows about one component."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self.started: Started | None = None
        self.deaths: list[float] = []
        self.start_at = 0.0
        self.ask_at = 0.0
        self.well_at = 0.0

    def is_lost(self, now: float) -> bool:
        """Whether the component has said for too long that it does not work; asks it now and then."""
        if self.component.sick is None or now < self.ask_at:
            return False
        self.ask_at = now + ASK_HEALTH_EVERY_S
        if not self.component.sick():
            self.well_at = now
        return now - self.well_at > LONGEST_SICKNESS_S

    def pause_s(self) -> float:
        """How long to wait after the latest death: 1, 2, 4, 8, 10 seconds."""
        return min(FIRST_PAUSE_S * 2.0 ** (len(self.deaths) - 1), LONGEST_PAUSE_S)


class Runner:
    """Run components below ``directory`` (logs, state, lock); use as a context manager or call `stop`."""

    def __init__(self, directory: Path, say: Say = quiet, grace_s: float = GRACE_S) -> None:
        self.directory = directory
        self.logs = directory / "logs"
        self._say = say
        self._grace_s = grace_s
        self._slots: list[_Slot] = []
        self._steps: list[Started] = []
        self._changing = threading.RLock()
        self._stopping = threading.Event()
        self._failure: str | None = None
        self._left: list[int] = []
        self._watcher: threading.Thread | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> "Runner":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def open(self) -> None:
        """Take the directory and sweep what an earlier runner left; raises AlreadyRunningError."""
        self.logs.mkdir(parents=True, exist_ok=True)
        lock = (self.directory / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunningError(f"another one is running in {self.directory}") from None
        self._lock = lock
        self._sweep()
        for log in self.logs.glob("*.log"):
            log.unlink()
        self._watcher = threading.Thread(target=self._watch, name="runner", daemon=True)
        self._watcher.start()

    def start(self, component: Component) -> None:
        """Start a component and wait until it is ready; raises ComponentFailedError when it never is."""
        slot = _Slot(component)
        with self._changing:
            self._slots.append(slot)
        try:
            wait_until(
                lambda: slot.started is not None and (component.ready is None or component.ready()),
                component.name,
                component.ready_within_s,
                check=self.check,
            )
        except TimedOutError as error:
            raise ComponentFailedError(f"{error}\n{self.last_lines(component.name)}") from error

    def run(self, step: Step) -> None:
        """Run a step to its end; raises ComponentFailedError with its last lines when it fails or takes too long."""
        started = processes.start_session(step.argv, env=step.env, cwd=self.logs, log=self.log(step.name))
        self._note_step(started, running=True)
        try:
            wait_until(started.has_ended, step.name, step.within_s, check=self.check)
        except TimedOutError as error:
            raise ComponentFailedError(f"{error}\n{self.last_lines(step.name)}") from error
        finally:
            processes.kill_session(started.session)
            code = started.exit_code()
            self._note_step(started, running=False)
        if code:
            raise ComponentFailedError(f"{step.name}: exit code {code}\n{self.last_lines(step.name)}")

    def check(self) -> None:
        """Raise ComponentFailedError if a component ended too often; everything is stopped then."""
        if self._failure:
            raise ComponentFailedError(self._failure)

    def wait(self) -> None:
        """Wait until something fails; a signal ends the waiting too."""
        while True:
            self.check()
            time.sleep(WATCH_EVERY_S)

    def stop(self) -> list[int]:
        """Stop everything, foundations last; return the pids that stayed alive in spite of SIGKILL."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._lock is not None:
            if not self._left:
                (self.directory / "sessions.json").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
        return self._left

    def pid(self, name: str) -> int | None:
        """The leader of a component as of now, None while it is down."""
        with self._changing:
            for slot in self._slots:
                if slot.component.name == name and slot.started:
                    return slot.started.session.pid
        return None

    def alive(self) -> list[int]:
        """Every live process of every component and step."""
        with self._changing:
            return [pid for started in self._running() for pid in processes.members(started.session)]

    def log(self, name: str) -> Path:
        """Where the output of a component goes."""
        return self.logs / f"{name}.log"

    def last_lines(self, name: str) -> str:
        """The end of a component's log, for messages."""
        log = self.log(name)
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join([f"--- end of {log}", *text.splitlines()[-LAST_LINES:]])

    # Below: the watcher's thread. Components are its children, so each gets its stop signal when this thread ends (see
    # `start_session`); that is why it stops them itself, in order, before it does.

    def _watch(self) -> None:
        """Start what is to run and restart what ended, until told to stop or something fails; then stop everything."""
        try:
            while not self._failure and not self._stopping.wait(WATCH_EVERY_S):
                with self._changing:
                    for slot in self._slots:
                        self._tend(slot)
        except OSError as error:  # no more processes, disk full, log directory removed under us
            self._failure = f"the runner cannot go on: {error}"
        finally:
            with self._changing:
                self._stop_everything()

    def _tend(self, slot: _Slot) -> None:
        now = time.monotonic()
        if slot.started is None:
            if now >= slot.start_at:
                self._spawn(slot)
        elif slot.started.has_ended():
            self._bury(slot, slot.started, now)
        elif slot.is_lost(now):
            self._say(f"{slot.component.name} lives but has not worked for long; killing it")
            processes.kill_session(slot.started.session)

    def _spawn(self, slot: _Slot) -> None:
        component = slot.component
        slot.started = processes.start_session(
            component.argv,
            env=component.env,
            cwd=self.logs,
            log=self.log(component.name),
            account=component.account,
            stop_signal=component.stop_signal,
        )
        slot.well_at = time.monotonic() + component.ready_within_s  # so long it may take to begin
        self._record()

    def _bury(self, slot: _Slot, dead: Started, now: float) -> None:
        """Note a death, end what the dead one left, and plan the next start or give up."""
        name = slot.component.name
        processes.kill_session(dead.session)
        code = dead.exit_code()
        slot.started = None
        slot.deaths = [death for death in slot.deaths if now - death < DEATHS_WITHIN_S] + [now]
        self._record()
        if len(slot.deaths) >= MAX_DEATHS:
            within = f"{MAX_DEATHS} times within {DEATHS_WITHIN_S:.0f} s"
            self._failure = f"{name} ended {within}, the last time with exit code {code}\n{self.last_lines(name)}"
            return
        slot.start_at = now + slot.pause_s()
        self._say(f"{name} ended (exit code {code}); starting it again in {slot.pause_s():.0f} s")

    def _stop_everything(self) -> None:
        everything = processes.named(self.alive())
        self._stop_slots([slot for slot in self._slots if not slot.component.foundation])
        self._stop_slots([slot for slot in self._slots if slot.component.foundation])
        self._left = self._end_stragglers(everything)

    def _stop_slots(self, slots: list[_Slot]) -> None:
        """Ask all at once, give them time, then kill what is left.

        Asks again because Airflow's scheduler answers a signal with an exception, which Python swallows when it comes
        in the middle of garbage collection (seen in 3 of 12 stops).
        """
        running = [(slot, slot.started) for slot in slots if slot.started]
        deadline = time.monotonic() + self._grace_s
        while time.monotonic() < deadline and (deaf := [pair for pair in running if not pair[1].has_ended()]):
            for slot, started in deaf:
                processes.ask_to_stop(started.session, slot.component.stop_signal)
            with suppress(TimedOutError):
                within = min(ASK_AGAIN_S, deadline - time.monotonic())
                wait_until(lambda: all(started.has_ended() for _, started in running), "components", within)
        for slot, started in running:
            if not started.has_ended():
                self._say(f"{slot.component.name} did not end within {self._grace_s:.0f} s and is killed")
            processes.kill_session(started.session)
            started.exit_code()
            slot.started = None

    def _end_stragglers(self, everything: list[Session]) -> list[int]:
        """Kill what was running before the stop and lives on, in whatever session; return what even that leaves."""
        processes.send(processes.still_alive(everything), signal.SIGKILL)
        with suppress(TimedOutError):
            wait_until(lambda: not processes.still_alive(everything), "stragglers", SWEEP_GRACE_S)
        return processes.still_alive(everything)

    def _running(self) -> list[Started]:
        return [slot.started for slot in self._slots if slot.started] + self._steps

    def _note_step(self, started: Started, *, running: bool) -> None:
        with self._changing:
            if running:
                self._steps.append(started)
            else:
                self._steps.remove(started)
            self._record()

    def _record(self) -> None:
        """Write down the sessions, so that a later runner can end them."""
        rows = [{"pid": started.session.pid, "started": started.session.started} for started in self._running()]
        state = self.directory / "sessions.json"
        draft = state.with_suffix(".new")
        draft.write_text(json.dumps(rows))
        draft.replace(state)

    def _sweep(self) -> None:
        """End what a runner that was killed left behind, the latest started first."""
        state = self.directory / "sessions.json"
        rows = json.loads(state.read_text()) if state.exists() else []
        for row in reversed(rows):
            self._end_leftover(Session(row["pid"], row["started"]))
        self._record()

    def _end_leftover(self, session: Session) -> None:
        ours = processes.works_under(self.logs.resolve())
        if not processes.members(session, ours):
            return
        self._say(f"ending session {session.pid}, left by an earlier run")
        processes.ask_to_stop(session, signal.SIGTERM)
        with suppress(TimedOutError):
            wait_until(lambda: not processes.members(session, ours), "session", SWEEP_GRACE_S)
        processes.kill_session(session, ours)
