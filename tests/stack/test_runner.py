"""The runner: components live on, or everything ends; nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from stack import ROOT, processes, runner
from stack.processes import Session
from stack.runner import AlreadyRunningError, Component, ComponentFailedError, Runner, Step
from stack.waiting import wait_until

# A component like Airflow's: a leader with a child in its group, one in a group and one in a session of its own.
FAMILY = """
import os, signal, subprocess, sys, time
child = [sys.executable, "-c", "import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(600)"]
for option in ({}, {"process_group": 0}, {"start_new_session": True}):
    subprocess.Popen(child, **option)
print("family is up", flush=True)
time.sleep(600)
"""
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf is up', flush=True); time.sleep(600)"
FAMILY_SIZE = 4


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def prints(keeper: Runner, name: str, text: str, times: int = 1) -> Callable[[], bool]:
    """Ready when the component has printed the text so many times."""
    return lambda: keeper.log(name).exists() and keeper.log(name).read_text().count(text) >= times


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Runner]:
    with Runner(tmp_path / "run", grace_s=1) as open_runner:
        yield open_runner


def start_family(keeper: Runner) -> list[Session]:
    keeper.start(Component("family", python(FAMILY), dict(os.environ), prints(keeper, "family", "family is up")))
    wait_until(lambda: len(keeper.alive()) == FAMILY_SIZE, "family", 10)
    return processes.named(keeper.alive())


def test_restarts_a_component_killed_and_ends_the_children_it_left(keeper: Runner) -> None:
    first = start_family(keeper)
    leader = keeper.pid("family")
    assert leader is not None
    # What made a session of its own cannot be found once its parent is dead; Airflow has none such at rest.
    in_session = [member for member in first if os.getsid(member.pid) == leader]
    os.kill(leader, signal.SIGKILL)
    wait_until(prints(keeper, "family", "family is up", times=2), "second family", 10)
    assert processes.still_alive(in_session) == []
    assert keeper.pid("family") not in (leader, None)
    processes.send(processes.still_alive(first), signal.SIGKILL)


def test_restarts_a_component_that_lives_and_says_for_long_that_it_does_not_work(
    keeper: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ASK_HEALTH_EVERY_S", 0.05)
    monkeypatch.setattr(runner, "LONGEST_SICKNESS_S", 0.5)
    sick, asked = False, 0

    def is_sick() -> bool:
        nonlocal asked
        asked += 1
        return sick

    up = prints(keeper, "deaf", "deaf is up")
    keeper.start(Component("deaf", python(DEAF), dict(os.environ), up, sick=is_sick, ready_within_s=20))
    first = keeper.pid("deaf")
    wait_until(lambda: asked > 20, "many questions", 20)
    assert keeper.pid("deaf") == first
    sick = True
    wait_until(prints(keeper, "deaf", "deaf is up", times=2), "another one", 10)
    second = keeper.pid("deaf")
    assert second not in (first, None)
    time.sleep(1.5)  # still sick, but it may take 20 s to begin
    assert keeper.pid("deaf") == second


def test_stop_leaves_no_process_of_any_group_or_session(keeper: Runner) -> None:
    family = start_family(keeper)
    assert len(processes.still_alive(family)) == FAMILY_SIZE
    assert keeper.stop() == []
    assert processes.still_alive(family) == []


def test_stop_kills_what_does_not_hear_the_signal(keeper: Runner) -> None:
    keeper.start(Component("deaf", python(DEAF), dict(os.environ), prints(keeper, "deaf", "deaf is up")))
    deaf = processes.named(keeper.alive())
    began = time.monotonic()
    assert keeper.stop() == []
    assert processes.still_alive(deaf) == []
    assert 0.9 < time.monotonic() - began < 5


def test_asks_again_what_missed_the_first_signal(keeper: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "ASK_AGAIN_S", 0.3)
    code = (
        "import signal, sys, time; calls = []\n"
        "def answer(*_):\n calls.append(1)\n if len(calls) == 2: print('second time', flush=True); sys.exit(0)\n"
        "signal.signal(15, answer); print('up', flush=True)\n"
        "while True: time.sleep(60)"
    )
    keeper.start(Component("absent", python(code), dict(os.environ), prints(keeper, "absent", "up")))
    keeper.stop()
    assert keeper.log("absent").read_text().splitlines() == ["up", "second time"]


def test_stops_foundations_after_what_stands_on_them(keeper: Runner, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    code = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); print('up', flush=True)\n"
        "try: time.sleep(600)\n"
        "finally: time.sleep({pause}); open({ends!r}, 'a').write({name!r} + ' ')"
    )
    for name, foundation, pause in (("ground", True, 0), ("house", False, 0.5)):
        argv = python(code.format(ends=str(ends), name=name, pause=pause))
        keeper.start(Component(name, argv, dict(os.environ), prints(keeper, name, "up"), foundation=foundation))
    keeper.stop()
    assert ends.read_text() == "house ground "


@pytest.mark.parametrize("code", [0, 3])
def test_gives_up_after_five_deaths_with_any_exit_code_and_shows_the_last_lines(
    keeper: Runner, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(runner, "FIRST_PAUSE_S", 0.01)
    family = start_family(keeper)
    keeper.start(Component("weak", python(f"print('no key'); raise SystemExit({code})"), dict(os.environ)))
    with pytest.raises(ComponentFailedError, match=rf"weak ended 5 times .* exit code {code}\n(.*\n)*no key"):
        keeper.wait()
    assert keeper.log("weak").read_text().count("no key") == 5
    wait_until(lambda: not processes.still_alive(family), "everything else to be stopped, too", 5)


def test_waits_longer_after_each_death(keeper: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FIRST_PAUSE_S", 0.2)
    code = "import time; print(time.monotonic(), flush=True)"
    keeper.start(Component("weak", python(code), dict(os.environ)))
    with pytest.raises(ComponentFailedError):
        keeper.wait()
    starts = [float(line) for line in keeper.log("weak").read_text().split()]
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert [pause >= least for pause, least in zip(pauses, (0.2, 0.4, 0.8, 1.6), strict=True)] == [True] * 4


def test_says_when_a_component_is_not_ready_in_time(keeper: Runner) -> None:
    slow = Component("slow", python("print('thinking', flush=True); import time; time.sleep(60)"), dict(os.environ))
    with pytest.raises(ComponentFailedError, match=r"slow: not within 1 s\n(.*\n)*thinking"):
        keeper.start(Component(slow.name, slow.argv, slow.env, ready=lambda: False, ready_within_s=1))


def test_a_failing_step_shows_its_last_lines(keeper: Runner) -> None:
    keeper.run(Step("fine", python("pass"), dict(os.environ)))
    with pytest.raises(ComponentFailedError, match=r"migrate: exit code 4\n(.*\n)*no such table"):
        keeper.run(Step("migrate", python("print('no such table'); raise SystemExit(4)"), dict(os.environ)))


def test_ends_a_step_that_takes_too_long(keeper: Runner) -> None:
    with pytest.raises(ComponentFailedError, match="sleep: not within 1 s"):
        keeper.run(Step("sleep", python("import time; time.sleep(60)"), dict(os.environ), within_s=1))
    assert keeper.alive() == []


def test_refuses_a_directory_in_which_another_runner_works(keeper: Runner) -> None:
    family = start_family(keeper)
    with pytest.raises(AlreadyRunningError):
        Runner(keeper.directory).open()
    assert len(processes.still_alive(family)) == FAMILY_SIZE


# --- the runner itself ends ------------------------------------------------------------------------------------------

SCRIPT = """
import os, sys, time
sys.path[:0] = [{root!r}, {root!r} + "/plugins"]
from pathlib import Path
from stack.runner import *
with EndingSignals() as signals:
    keeper = Runner(Path({directory!r}), grace_s=1)
    try:
        keeper.open()
        for name, code in {components!r}:
            log = keeper.log(name)
            ready = lambda: log.exists() and "is up" in log.read_text()
            keeper.start(Component(name, [sys.executable, "-c", code], dict(os.environ), ready))
        time.sleep(0.3)
        print(*keeper.alive(), flush=True)
        keeper.wait()
    except Ended as end:
        code = end.exit_code
    finally:
        signals.shield()
        keeper.stop()
sys.exit(code)
"""


@pytest.fixture
def run_elsewhere(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], list[Session]]]]:
    """Start a runner in a process of its own; gives that process and everything its components started."""
    started: list[Session] = []

    def run(*components: tuple[str, str]) -> tuple[subprocess.Popen[str], list[Session]]:
        code = SCRIPT.format(root=str(ROOT), directory=str(tmp_path / "run"), components=components)
        process = subprocess.Popen(["env", "--default-signal", *python(code)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        found = processes.named(int(pid) for pid in process.stdout.readline().split())
        started.extend([*found, *processes.named([process.pid])])
        return process, found

    yield run
    processes.send(processes.still_alive(started), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(
    run_elsewhere: Callable[..., tuple[subprocess.Popen[str], list[Session]]], number: signal.Signals
) -> None:
    process, family = run_elsewhere(("family", FAMILY), ("deaf", DEAF))
    assert len(family) == FAMILY_SIZE + 1
    process.send_signal(number)
    assert process.wait(timeout=20) == 128 + number
    assert processes.still_alive(family) == []


def test_what_a_killed_runner_left_is_told_to_end_and_the_rest_swept_at_the_next_start(
    run_elsewhere: Callable[..., tuple[subprocess.Popen[str], list[Session]]], tmp_path: Path
) -> None:
    process, found = run_elsewhere(
        ("polite", "import time; print('is up', flush=True); time.sleep(600)"), ("deaf", DEAF)
    )
    polite, deaf = found if len(found) == 2 else pytest.fail(f"expected two processes, found {found}")
    process.kill()
    process.wait()
    wait_until(lambda: not processes.still_alive([polite]), "the polite one to end with its parent", 5)
    assert processes.still_alive([deaf]) == [deaf.pid]
    with Runner(tmp_path / "run"):
        assert processes.still_alive([deaf]) == []


def test_sweeps_children_whose_leader_is_gone(
    run_elsewhere: Callable[..., tuple[subprocess.Popen[str], list[Session]]], tmp_path: Path
) -> None:
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {DEAF!r}]); time.sleep(600)"
    process, found = run_elsewhere(("parent", parent))
    process.kill()
    process.wait()
    wait_until(lambda: len(processes.still_alive(found)) == 1, "the parent to end with the runner", 5)
    with Runner(tmp_path / "run"):
        assert processes.still_alive(found) == []


def test_sweeping_spares_a_stranger_who_got_the_pid(tmp_path: Path) -> None:
    stranger = subprocess.Popen(python("import time; time.sleep(600)"), start_new_session=True)
    try:
        (tmp_path / "run").mkdir()
        row = {"pid": stranger.pid, "started": processes.named([stranger.pid])[0].started - 1}
        (tmp_path / "run" / "sessions.json").write_text(json.dumps([row]))
        with Runner(tmp_path / "run"):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
