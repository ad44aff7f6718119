"""Print what faults do to the flows, story by story; exit code 1 if anything was lost, doubled or untrue, 3 if cases
are left to be met.

All of it is hours on two cores, and may be ended at any time: each case is noted in .state/faults as it ends, and the
next call goes on from there while the code is the same. `--minutes 10` ends by itself.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pakhus.ledger.migrate import migrate
from stack.postgres import Cluster
from tests.faults.explore import Asked, Result, shard
from tests.faults.progress import Progress
from tests.faults.stories import every_story

FOUND, LEFT = 1, 3


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--every", type=int, default=1, help="each n-th case")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--story", choices=list(every_story()), action="append", help="explore this one; else all")
    parser.add_argument("--minutes", type=float, default=0, help="begin no case after so long; 0: go on to the end")
    parser.add_argument("--fresh", action="store_true", help="forget the cases that were met before")
    options = parser.parse_args()
    ends = time.monotonic() + options.minutes * 60 if options.minutes else float("inf")
    codes = [explore_story(story, options, ends) for story in options.story or every_story()]
    return FOUND if FOUND in codes else max(codes)


def explore_story(story: str, options: argparse.Namespace, ends: float) -> int:
    """Explore what is left of one story, on a cluster of its own; the exit code."""
    print(f"-- {story}", flush=True)
    began, progress = time.monotonic(), Progress.of_story(story, fresh=options.fresh)
    with tempfile.TemporaryDirectory(prefix="pakhus-faults-") as folder:
        cluster = Cluster(Path(folder) / "postgresql", durable=False)
        try:
            cluster.start()
            urls = [cluster.create_database(f"ledger_{number}") for number in range(options.workers)]
            for url in urls:
                migrate(url)
            done = frozenset(progress.met())  # before any of them begins: each takes its share of what is left
            asked = Asked(story, options.only, options.every, done, ends)
            jobs = [(url, asked, number, options.workers) for number, url in enumerate(urls)]
            with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
                places, chosen = pool.starmap(shard, jobs)[0]
        finally:
            cluster.remove()
    return report(progress, chosen, places, time.monotonic() - began)


def report(progress: Progress, chosen: Sequence[str], places: str, seconds: float) -> int:
    """Print what was explored, now and before; the exit code."""
    met = progress.met()
    result = Result.of(met[case] for case in chosen if case in met)
    left = len(chosen) - result.cases
    print(f"boundaries of one run: {places}")
    print(f"cases {result.cases}  left {left}  healing runs {result.runs}  {seconds:.0f} s")
    print(f"converged {result.converged}")
    for kind in ("lost", "doubled", "untrue"):
        print(f"{kind} {result.count(kind)}")
    for case, found in result.failures:
        print(f"  {case}: " + "; ".join(f"{finding.kind}: {finding.text}" for finding in found))
    return FOUND if result.failures else LEFT if left else 0


if __name__ == "__main__":
    sys.exit(main())
