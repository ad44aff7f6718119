"""One puller's work in a process of its own, and what the servers counted meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from bench.many_orders import KEYS
from bench.order_pull import TIMEOUT_S
from stack import ROOT


def work(module: str, how: str, shop: str, folder: Path, ledger: str, asked: Sequence[str]) -> dict[str, Any]:
    """Let a puller work for a shop; its report, with the requests that the servers `asked` were sent meanwhile.

    RuntimeError with the end of what it said when it fails.
    """
    for url in asked:
        requests.post(f"{url}/_standin/counters/reset", timeout=20).raise_for_status()
    report = folder / "report.json"
    command = [sys.executable, "-m", module, how, "--url", shop, "--folder", str(folder)]
    command += ["--key", KEYS["consumer_key"], "--secret", KEYS["consumer_secret"]]
    command += ["--ledger", ledger, "--report", str(report)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stderr.strip()[-800:]}")
    counted = [requests.get(f"{url}/_standin/counters", timeout=20).json()["requests"] for url in asked]
    return {**json.loads(report.read_text(encoding="utf-8")), "requests": sum(counted)}
