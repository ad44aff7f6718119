"""The pages of a settlement that are attached to its voucher."""

import re

from pakhus.formats.settlements.statement import LINES_PER_PAGE, MOST_LINES, statement
from tests.rules.settlements import batch, line

LARGEST_FILE = 9_000_000


def pages(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF-")
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_a_settlement_of_a_few_lines_is_one_page():
    assert pages(statement(batch(line(1, "499.00"), line(2, "-499.00", "payout")), "kort.csv")) == 1


def test_a_long_one_has_as_many_pages_as_it_needs():
    rows = [line(number, "10.00") for number in range(1, 2 * LINES_PER_PAGE + 1)]
    assert pages(statement(batch(*rows), "kort.csv")) == 3


def test_the_longest_stays_below_what_accounts_take():
    rows = [line(number, f"{number}.95", order=f"N-{number}") for number in range(1, MOST_LINES + 500)]
    found = statement(batch(*rows), "kort.csv")
    assert len(found) < LARGEST_FILE
    assert pages(found) == -(-(MOST_LINES + 8) // LINES_PER_PAGE)
