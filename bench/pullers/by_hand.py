"""The peer that everything is measured by: a plain `requests` session, page after page, into a file of JSON lines."""

from __future__ import annotations

import argparse
import json

import requests

from bench.pullers.measuring import run


def pull(options: argparse.Namespace) -> int:
    state = options.folder / "state.json"
    query = {"per_page": "100", "order": "asc", "dates_are_gmt": "true", "status": "any", "dp": "2"}
    if options.how == "import":
        query |= {"orderby": "id", "after": options.start, "before": options.end}
    else:
        since = json.loads(state.read_text()) if state.exists() else options.start
        query |= {"orderby": "modified", "modified_after": since}
    count, newest = 0, query.get("modified_after", "")
    with requests.Session() as session, (options.folder / "orders.jsonl").open("a") as out:
        session.auth = (options.key, options.secret)
        for page in range(1, 100_000):
            answer = session.get(f"{options.url}/wp-json/wc/v3/orders", params={**query, "page": str(page)}, timeout=60)
            answer.raise_for_status()
            rows = answer.json()
            for row in rows:
                out.write(json.dumps(row) + "\n")
                newest = max(newest, row["date_modified_gmt"])
            count += len(rows)
            if page >= int(answer.headers["X-WP-TotalPages"]):
                break
    state.write_text(json.dumps(newest))
    return count


if __name__ == "__main__":
    run(pull)
