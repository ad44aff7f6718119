"""What every puller is told and what it tells. Standard library only: peers run it in environments of their own."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path


def run(pull: Callable[[argparse.Namespace], int]) -> None:
    """Pull as the command line says; write seconds, orders and the peak of memory as JSON to `--report`.

    `how` is import (a closed window of creation times) or delta (what changed since the state that the folder keeps,
    everything when it keeps none). Imports of modules are not counted.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=["import", "delta"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--folder", type=Path, required=True, help="for state and output; kept between runs")
    parser.add_argument("--start", default="2026-01-01T00:00:00", help="of the window, GMT")
    parser.add_argument("--end", default="2026-12-01T00:00:00")
    parser.add_argument("--ledger", default="")
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    began = time.monotonic()
    orders = pull(options)
    told = {
        "seconds": time.monotonic() - began,
        "orders": orders,
        "peak_mb": _peak_mb(),
    }
    options.report.write_text(json.dumps(told), encoding="utf-8")


def _peak_mb() -> float:
    """The most memory that this program had at once; getrusage would count the process that started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
