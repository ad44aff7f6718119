"""``python -m stack``: run Airflow here, alone (up), with stand-ins and a play (demo), or the same unattended.

up          Airflow with the DAGs of this checkout; its history is kept in .state/up for the next time
demo        plays the loop against stand-in servers, then leaves the user interface open until Ctrl-C
demo-check  plays it and ends; exit code 0 only if what was seen is what was expected
screenshots  plays it, takes the pictures of docs/screenshots with Chromium, and ends
deploy-check  the same on what docker-compose.yaml runs: two Celery workers (one is killed on the way), Redis, the proxy
"""

import argparse
import importlib
import json
from collections.abc import Callable, Mapping

from stack import ROOT
from stack.airflow import Stack, StackError
from stack.celery_workers import NoRedisError
from stack.chromium import NoBrowserError, chromium
from stack.demo_files import STAND_INS, DemoFiles
from stack.postgres import PostgresError
from stack.proxy import NoNginxError
from stack.rest import AirflowError
from stack.runner import AlreadyRunningError, ComponentFailedError, Ended, EndingSignals
from stack.stand_ins import stand_ins
from stack.waiting import Say, TimedOutError, narrator

STATE = ROOT / ".state"
# Imported when they play: that takes a second.
DEMO, DEPLOYMENT, SCREENSHOTS = "stack.demo", "stack.deployment", "stack.screenshots"
FIRST_START = (
    "Airflow, PostgreSQL and the stand-ins start on this machine only, on free ports; nothing is sent elsewhere."
)
HOW_LONG = (
    "Starting and playing take about four minutes on an idle machine with two cores, and much longer on a busy one."
)
Play = Callable[[Stack, DemoFiles, Mapping[str, str], Say], bool]
TROUBLE = (
    AirflowError,
    AlreadyRunningError,
    ComponentFailedError,
    NoBrowserError,
    NoNginxError,
    NoRedisError,
    PostgresError,
    StackError,
    TimedOutError,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 if all went as it should, 128 + n after signal n."""
    parser = argparse.ArgumentParser(
        prog="python -m stack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["up", "demo", "demo-check", "deploy-check", "screenshots"])
    parser.add_argument("--port", type=int, help="port of Airflow's user interface; default: a free one")
    parser.add_argument(
        "--workers", type=int, default=0, help="run tasks by Celery with so many workers (needs redis-server)"
    )
    options = parser.parse_args(arguments)
    if options.command == "deploy-check":
        options.workers = options.workers or 2
    say = narrator()
    with EndingSignals(say) as signals:
        try:
            if options.command == "up":
                return up(options, signals, say)
            if options.command == "screenshots":
                chromium()  # before two minutes of playing
            return demo(options, signals, say)
        except Ended as end:
            return end.exit_code
        except TROUBLE as error:
            say(f"FAILED: {error}")
            return 1


def up(options: argparse.Namespace, signals: EndingSignals, say: Say) -> int:
    """Run Airflow alone until a signal; what it knows stays for the next time."""
    stack = Stack(STATE / "up", port=options.port, workers=options.workers, say=say)
    try:
        stack.start()
        say(f"Airflow is open at {stack.url} ({login(stack)})")
        say(f"`python -m pakhus …` is {stack.write_command()} …, as long as this runs")
        say("Ctrl-C ends it")
        stay_open(stack)
    finally:
        signals.shield()
        say("stopping")
        stack.stop()
        say("stopped; no process is left")
    return 0


def demo(options: argparse.Namespace, signals: EndingSignals, say: Say) -> int:
    """Start everything afresh, play, perhaps stay open, stop, and delete what was made; logs stay after a failure."""
    directory = STATE / options.command
    files, urls = DemoFiles(STATE / f"{options.command}-files"), directory / "stand-ins.json"
    stack = Stack(
        directory,
        extra=[stand_ins(files.stand_ins, urls)],
        durable=False,
        fresh=True,
        port=options.port,
        settings={"PAKHUS_INCLUDE": str(files.include)},
        workers=options.workers,
        say=say,
    )
    good = False
    try:
        files.write(stack.url, STAND_INS)
        say(FIRST_START)
        say(HOW_LONG)
        stack.start()
        addresses = json.loads(urls.read_text())
        good = play(options.command)(stack, files, addresses, say)
        if options.command == "screenshots":
            take_screenshots(stack, addresses, say)
        if options.command == "demo":
            files.hurry()
            say_where_to_click(stack, addresses, say)
            say("Everything keeps running. Ctrl-C ends it and leaves nothing behind.")
            stay_open(stack)
    finally:
        signals.shield()
        say("stopping")
        stack.remove(keep_logs=not good)
        files.remove()
        say("stopped; no process is left" + ("" if good else f"; the logs are in {stack.logs}"))
    return 0 if good else 1


def play(command: str) -> Play:
    """The function `play(stack, files, urls, say)` of a command; it says whether what was seen is what was expected."""
    function: Play = importlib.import_module(DEPLOYMENT if command == "deploy-check" else DEMO).play
    return function


def say_where_to_click(stack: Stack, urls: Mapping[str, str], say: Say) -> None:
    """Say what a visitor can look at, and what to try first."""
    for line in importlib.import_module(DEMO).where_to_click(stack, urls):
        say(line)


def take_screenshots(stack: Stack, urls: Mapping[str, str], say: Say) -> None:
    """Take the pictures of what the play left; they are good even where the play saw something else than expected."""
    importlib.import_module(SCREENSHOTS).take_screenshots(stack, urls, say)


def stay_open(stack: Stack) -> None:
    """Keep everything running until a signal."""
    try:
        stack.runner.wait()
    except Ended:
        return


def login(stack: Stack) -> str:
    """How to get into Airflow."""
    return f"log in as {stack.user} with password {stack.password}" if stack.user else "no log-in needed"


if __name__ == "__main__":
    raise SystemExit(main())
