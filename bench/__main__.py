"""`python -m bench [name …]`: measure, print a table and the same as JSON; all of them without a name."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable

from bench import import_orders, near_real_time, order_pull, product_sync, settlement_matching, stock_push
from bench.figures import Figure, shown

BENCHES: dict[str, Callable[[int], list[Figure]]] = {
    "import_orders": import_orders.measure,
    "near_real_time": near_real_time.measure,
    "order_memory": order_pull.measure_memory,
    "order_pull": order_pull.measure,
    "product_sync": product_sync.measure,
    "settlement_matching": settlement_matching.measure,
    "stock_push": stock_push.measure,
}
"""Each measures something so many times."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(BENCHES)}; none: all")
    parser.add_argument("--tries", type=int, default=10, help="how often each is measured (10)")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - BENCHES.keys())
    if unknown:
        parser.error(f"no measurement {', '.join(unknown)}; known: {', '.join(BENCHES)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is to be stopped then, too
    found = {name: BENCHES[name](options.tries) for name in options.names or BENCHES}
    for name, figures in found.items():
        print(f"\n{name}")
        print("\n".join(shown(figures)))
    told = {name: {figure.name: figure.as_dict() for figure in figures} for name, figures in found.items()}
    print(f"\n{json.dumps(told, indent=2)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
