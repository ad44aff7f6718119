"""Short ways to read a settlement in a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.readers import read
from pakhus.rules.settlement_balance import RUNNING_BALANCES
from pakhus.rules.settlement_sequence import Balances, gap_before
from pakhus.settlements import Batch, BatchLine
from tests.formats.settlements.writers.tables import COLUMNS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "settlements"


def fixture(reader: str) -> bytes:
    """The worked payout in a reader's form."""
    [file] = FIXTURES.glob(f"{reader}.*")
    return file.read_bytes()


def source(reader: str, content: bytes | None = None, **facts: Any) -> Source:
    """The fixture, or other content in its place, with what the reader needs beside it."""
    if reader == "stripe_csv":
        facts.setdefault("also", ((FIXTURES / "stripe_csv_payouts.csv").read_bytes(),))
    if reader == "column_mapping":
        facts.setdefault("columns", COLUMNS)
    if reader == "paypal_activity":
        facts.setdefault("day_first", True)
    return Source(fixture(reader) if content is None else content, "main", **facts)


def batches(reader: str, content: bytes | None = None, **facts: Any) -> tuple[Batch, ...]:
    return read(reader, source(reader, content, **facts))


def changed(reader: str, change: Callable[[Any], None]) -> bytes:
    """The JSON fixture after a change of what it says."""
    said = json.loads(fixture(reader))
    change(said)
    return json.dumps(said).encode()


def edited(reader: str, *edits: tuple[str, str], encoding: str = "utf-8") -> bytes:
    """The fixture after replacements, each of which must find something."""
    text = fixture(reader).decode(encoding)
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode(encoding)


def told(line: BatchLine) -> tuple[str, Decimal, Decimal, Decimal]:
    """Kind, gross, fee with its VAT, net."""
    return line.kind.value, line.gross, line.fee + line.fee_vat, line.net


def gap_between(before: Batch, after: Batch) -> str | None:
    """What is missing between two batches of one provider, where it tells a running balance."""
    if after.provider not in RUNNING_BALANCES:
        return None
    earlier, later = (Balances(one.id, one.opening, one.closing) for one in (before, after))
    return gap_before(later, [], [earlier])
