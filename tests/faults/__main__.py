"""Print what faults do to the flows; exit code 1 if anything was lost, doubled or untrue."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

from pakhus.ledger.migrate import migrate
from stack.postgres import Cluster
from tests.faults.explore import STORIES, Result, shard


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--every", type=int, default=1, help="each n-th case")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--story", choices=sorted(STORIES), help="explore this one; else all, one after the other")
    options = parser.parse_args()
    stories = [options.story] if options.story else list(STORIES)
    return max([explore_story(story, options) for story in stories])


def explore_story(story: str, options: argparse.Namespace) -> int:
    """Explore one story on a cluster of its own; 1 if anything was lost, doubled or untrue."""
    print(f"-- {story}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pakhus-faults-") as folder:
        cluster = Cluster(Path(folder) / "postgresql", durable=False)
        try:
            cluster.start()
            urls = [cluster.create_database(f"ledger_{number}") for number in range(options.workers)]
            for url in urls:
                migrate(url)
            jobs = [(url, story, options.only, options.every, n, options.workers) for n, url in enumerate(urls)]
            with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
                found = pool.starmap(shard, jobs)
        finally:
            cluster.remove()
    return report([result for _, result in found], found[0][0], time.monotonic() - began)


def report(results: list[Result], places: dict[str, int], seconds: float) -> int:
    """Print what was explored; 1 if anything was lost, doubled or untrue."""
    failures = [failure for result in results for failure in result.failures]
    print("boundaries of one run: " + ", ".join(f"{count} {place}" for place, count in places.items()))
    print(
        f"cases {sum(result.cases for result in results)}  healing runs {sum(r.runs for r in results)}  {seconds:.0f} s"
    )
    print(f"converged {sum(result.converged for result in results)}")
    for kind in ("lost", "doubled", "untrue"):
        print(f"{kind} {sum(result.count(kind) for result in results)}")
    for case, found in failures:
        print(f"  {case}: " + "; ".join(f"{finding.kind}: {finding.text}" for finding in found))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
