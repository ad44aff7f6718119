"""tap-woocommerce, the Singer tap, started as its command line starts it; its messages go to a file."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from contextlib import redirect_stdout
from typing import Any

import tap_woocommerce

from bench.pullers.measuring import run


def pull(options: argparse.Namespace) -> int:
    folder = options.folder
    config, catalog, state = (folder / f"{name}.json" for name in ("config", "catalog", "state"))
    told = {"url": f"{options.url}/", "start_date": f"{options.start}+00:00"}
    config.write_text(json.dumps({**told, "consumer_key": options.key, "consumer_secret": options.secret}))
    catalog.write_text(json.dumps(_selected()))
    arguments = ["tap-woocommerce", "--config", str(config), "--catalog", str(catalog)]
    if options.how == "delta" and state.exists():
        arguments += ["--state", str(state)]
    sys.argv = arguments
    logging.disable(logging.CRITICAL)
    messages = folder / "messages.jsonl"
    with messages.open("w") as out, redirect_stdout(out):
        tap_woocommerce.main()
    count = 0
    with messages.open() as lines:
        for line in lines:
            message = json.loads(line)
            count += message["type"] == "RECORD"
            if message["type"] == "STATE":
                state.write_text(json.dumps(message["value"]))
    return count


def _selected() -> dict[str, Any]:
    found: dict[str, Any] = tap_woocommerce.discover_schemas()
    for stream in found["streams"]:
        stream["schema"]["selected"] = True
    return found


if __name__ == "__main__":
    run(pull)
