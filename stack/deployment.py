"""The demo's play on what docker-compose.yaml runs: Celery with Redis, the proxy in front, a worker killed on the way.

What is expected of the systems stays what it is in the demo; a killed worker may cost time only.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import requests

from pakhus.settings import shop_names
from stack import demo
from stack.airflow import Stack
from stack.demo_files import DemoFiles
from stack.play.rows import Row, show
from stack.proxy import Proxy
from stack.waiting import Say, TimedOutError, wait_until

KILLED_IN = "reserve"
BUSY_WITHIN_S = 300
RUN_WITHIN_S = 600  # a killed task begins again after a minute, and runs that were scheduled meanwhile go first
SLOW_MS = 300  # each request to the warehouse, so that a task lasts long enough to be caught in its middle
CONTROL_TIMEOUT_S = 30
REFUSED = ("/", "/api/v2/dags", "/auth/token", "/execution/health", "/pakhus/transfers")


def play(stack: Stack, files: DemoFiles, urls: Mapping[str, str], say: Say) -> bool:
    """Try the proxy's door, then play the demo while a worker is killed; true when all is as expected."""
    proxy = Proxy(stack.directory / "proxy", f"127.0.0.1:{stack.port}")
    say("starting the proxy, and trying its door")
    stack.runner.start(proxy.component())
    rows = try_door(proxy)
    _slow_down(urls["rackbeat"], SLOW_MS)
    with ThreadPoolExecutor(1) as watcher:
        killed = watcher.submit(kill_a_worker, stack, say)
        good = demo.perform(demo.prepare(stack, files, urls, say, RUN_WITHIN_S))
        rows.append(Row("", "worker killed while it reserved", "1", str(_count(killed))))
    _slow_down(urls["rackbeat"], 0)
    for line in show(rows):
        say(line)
    return good and all(row.equal for row in rows)


def try_door(proxy: Proxy) -> list[Row]:
    """What comes through to Airflow, and what does not."""
    hook = f"/pakhus/hooks/{shop_names()[0]}"
    rows = [Row("", f"proxy: POST {path}", "404", str(proxy.ask("POST", path)[0])) for path in REFUSED]
    rows.append(Row("", f"proxy: GET {hook}", "405", str(proxy.ask("GET", hook)[0])))
    large = proxy.ask("POST", hook, headers={"Content-Length": str(3 * 1024 * 1024)})[0]
    rows.append(Row("", f"proxy: POST {hook}, 3 MB", "413", str(large)))
    # The proxy never answers 403: Airflow refuses what has no signature, so this one came through.
    rows.append(Row("", f"proxy: POST {hook}, unsigned", "403", str(proxy.ask("POST", hook, b"{}")[0])))
    return rows


def kill_a_worker(stack: Stack, say: Say) -> str:
    """Kill, with the processes of its tasks, the first worker that is found reserving; return its name."""
    workers = stack.celery
    if workers is None:
        raise ValueError("this stack has no Celery workers")
    name = wait_until(lambda: next(iter(workers.busy_with(KILLED_IN)), None), "a busy worker", BUSY_WITHIN_S, 0.05)
    pid = stack.runner.pid(name)
    if pid is None:
        raise TimedOutError(f"{name} was gone before it could be killed")
    os.killpg(pid, signal.SIGKILL)
    say(f"killed {name} while it reserved")
    return name


def _count(killed: Future[str]) -> int:
    try:
        return 1 if killed.result() else 0
    except TimedOutError:
        return 0


def _slow_down(url: str, latency_ms: int) -> None:
    answer = requests.post(f"{url}/_standin/settings", json={"latency_ms": latency_ms}, timeout=CONTROL_TIMEOUT_S)
    answer.raise_for_status()
