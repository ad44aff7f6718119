"""The recorded answers of real shops (tests/fixtures/woocommerce/recorded)."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from requests.structures import CaseInsensitiveDict

from pakhus.clients.http import Answer, Call

RECORDED = Path(__file__).parents[1] / "fixtures" / "woocommerce" / "recorded"


def recording(name: str) -> dict[str, Any]:
    """One request and what a real shop answered, fractions as Decimals."""
    content: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_bytes(), parse_float=Decimal)
    return content


def recorded_body(name: str) -> Any:
    return recording(name)["response"]["body"]


def recorded_answer(name: str) -> Answer:
    """The recorded answer as the transport hands it to the error table."""
    content = recording(name)
    request, response = content["request"], content["response"]
    call = Call(request["method"], request["path"].removeprefix("/wp-json"))
    if response.get("body") is None:
        body = str(response.get("body_text") or "").encode()
    else:
        body = json.dumps(response["body"], default=str).encode()
    headers = CaseInsensitiveDict(dict(response["headers"]))
    return Answer(response["status"], headers, body, call)
