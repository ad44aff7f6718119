"""Settlements in two files: the same files are the same bytes, and a payout waits for the report that tells it."""

from decimal import Decimal

import pytest

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.bundles import bundled
from pakhus.formats.settlements.readers import read
from pakhus.formats.settlements.records import SettlementFormatError
from pakhus.rules.settlement_balance import balance_problems
from tests.formats.settlements.writers.plain import Movement, Plain, csv_bytes
from tests.formats.settlements.writers.stripe import STRIPE_HEADER, stripe_csv_rows, stripe_payouts

FIRST, SECOND = (
    Plain(f"po_{number}", (Movement("capture", Decimal(f"{number}00.00"), f"m{number}", f"100{number}"),))
    for number in (1, 2)
)
ACTIVITY = csv_bytes([*stripe_csv_rows(FIRST), *stripe_csv_rows(SECOND)], STRIPE_HEADER)
(REPORT,) = stripe_payouts(FIRST)
(LATER,) = stripe_payouts(SECOND)


def paid(content: bytes) -> list[str]:
    batches = read("stripe_csv", Source(content, "main"))
    assert [problem for batch in batches for problem in balance_problems(batch)] == []
    return [batch.id for batch in batches]


def test_a_payout_waits_for_the_report_that_tells_it() -> None:
    assert paid(bundled(ACTIVITY, {})) == []
    assert paid(bundled(ACTIVITY, {"payouts-1.csv": REPORT})) == ["po_1"]
    assert paid(bundled(ACTIVITY, {"payouts-2.csv": LATER, "payouts-1.csv": REPORT})) == ["po_1", "po_2"]


def test_the_same_files_are_the_same_bytes_and_strange_reports_are_left_out() -> None:
    other = stripe_payouts(Plain("po_9", FIRST.movements))[0]
    once = bundled(ACTIVITY, {"a": REPORT, "b": LATER})
    assert once == bundled(ACTIVITY, {"b": LATER, "a": REPORT, "c": other})
    assert once != bundled(ACTIVITY, {"a": REPORT})


def test_an_archive_of_somebody_else_is_refused() -> None:
    for content in (b"PK\x03\x04broken", bundled(ACTIVITY, {}).replace(b"main", b"mine")):
        with pytest.raises(SettlementFormatError, match="put the files into the folder unpacked"):
            read("stripe_csv", Source(content, "main"))
