"""``python -m stack``: run Airflow here, alone (up), with stand-ins and a play (demo), or the same unattended.

up          Airflow with the DAGs of this checkout; its history is kept in .state/up for the next time
demo        plays the loop against stand-in servers, then leaves the user interface open until Ctrl-C
demo-check  plays it and ends; exit code 0 only if what was seen is what was expected
deploy-check  the same on what docker-compose.yaml runs: two Celery workers (one is killed on the way), Redis, the proxy
"""

import argparse
import importlib
import json
from collections.abc import Callable, Mapping

from stack import ROOT
from stack.airflow import Stack, StackError
from stack.celery_workers import NoRedisError
from stack.postgres import PostgresError
from stack.proxy import NoNginxError
from stack.rest import AirflowError
from stack.runner import AlreadyRunningError, ComponentFailedError, Ended, EndingSignals
from stack.stand_ins import stand_ins
from stack.waiting import Say, TimedOutError, narrator

STATE = ROOT / ".state"
STAND_INS = ROOT / "stack" / "demo.yaml"
TROUBLE = (
    AirflowError,
    AlreadyRunningError,
    ComponentFailedError,
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
    parser.add_argument("command", choices=["up", "demo", "demo-check", "deploy-check"])
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
        stay_open(stack, say)
    finally:
        signals.shield()
        say("stopping")
        stack.stop()
        say("stopped; no process is left")
    return 0


def demo(options: argparse.Namespace, signals: EndingSignals, say: Say) -> int:
    """Start everything afresh, play, perhaps stay open, stop, and delete what was made; logs stay after a failure."""
    directory = STATE / options.command
    urls = directory / "stand-ins.json"
    stack = Stack(
        directory,
        extra=[stand_ins(STAND_INS, urls)],
        durable=False,
        fresh=True,
        port=options.port,
        workers=options.workers,
        say=say,
    )
    good = False
    try:
        stack.start()
        say("playing")
        good = play(options.command)(stack, json.loads(urls.read_text()), say)
        if options.command == "demo":
            stay_open(stack, say)
    finally:
        signals.shield()
        say("stopping")
        stack.remove(keep_logs=not good)
        say("stopped; no process is left" + ("" if good else f"; the logs are in {stack.logs}"))
    return 0 if good else 1


def play(command: str) -> Callable[[Stack, Mapping[str, str], Say], bool]:
    """The function `play(stack, urls, say)` of a command; it says whether what was seen is what was expected."""
    module = "stack.deployment" if command == "deploy-check" else "stack.demo"
    function: Callable[[Stack, Mapping[str, str], Say], bool] = importlib.import_module(module).play
    return function


def stay_open(stack: Stack, say: Say) -> None:
    """Say where the user interface is and keep everything running until a signal."""
    login = f"log in as {stack.user} with password {stack.password}" if stack.user else "no log-in needed"
    say(f"Airflow is open at {stack.url} ({login})")
    say("Ctrl-C ends it")
    try:
        stack.runner.wait()
    except Ended:
        return


if __name__ == "__main__":
    raise SystemExit(main())
