"""dlt's REST source, set up as its documentation says for WooCommerce, into files of its `filesystem` destination."""

from __future__ import annotations

import argparse
import os
from typing import Any

os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="ERROR", NORMALIZE__WORKERS="1")

import dlt
from dlt.sources.rest_api import rest_api_source

from bench.pullers.measuring import run


def pull(options: argparse.Namespace) -> int:
    params: dict[str, Any] = {"per_page": 100, "order": "asc", "dates_are_gmt": "true", "status": "any", "dp": 2}
    if options.how == "import":
        params |= {"orderby": "id", "after": options.start, "before": options.end}
    else:
        changed = {"type": "incremental", "cursor_path": "date_modified_gmt", "initial_value": options.start}
        params |= {"orderby": "modified", "modified_after": changed}
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{options.url}/wp-json/wc/v3/",
                "auth": {"type": "http_basic", "username": options.key, "password": options.secret},
                "paginator": {"type": "header_link"},
            },
            "resources": [{"name": "orders", "primary_key": "id", "endpoint": {"path": "orders", "params": params}}],
        },
        name="shop",
    )
    pipeline = dlt.pipeline(
        "orders",
        destination=dlt.destinations.filesystem(bucket_url=(options.folder / "out").as_uri()),
        dataset_name="shop",
        pipelines_dir=str(options.folder / "pipelines"),
    )
    pipeline.run(source)
    counts = pipeline.last_trace.last_normalize_info.row_counts if pipeline.last_trace.last_normalize_info else {}
    return int(counts.get("orders", 0))


if __name__ == "__main__":
    run(pull)
