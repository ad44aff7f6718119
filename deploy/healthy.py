"""Say by the exit code whether Airflow is healthy: ``healthy.py URL [part ...]``.

URL is a health report of Airflow: ``/api/v2/monitor/health`` of the API server, with the parts (``triggerer``,
``dag_processor`` …) that must be healthy; or the scheduler's own, ``:8974/health``, which answers 200 while it works.
Standard library only and no import of Airflow, which would take seconds at each check.
"""

import json
import sys
import urllib.request

TIMEOUT_S = 8


def main(url: str, *parts: str) -> int:
    """Return 0 where the report can be read and all parts are healthy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as answer:
            report = json.load(answer) if parts else {}
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1
    ill = [part for part in parts if report.get(part, {}).get("status") != "healthy"]
    sys.stderr.write("".join(f"{part} is not healthy\n" for part in ill))
    return 1 if ill else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
