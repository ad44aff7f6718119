"""What a line without a document may mean: offered, nearest first, and never more than a person looks at."""

from decimal import Decimal

from pakhus.rules.near_documents import MOST_SHOWN, near_documents
from pakhus.rules.settlement_matching import OpenItem, Outcome, match_lines
from pakhus.settlements import BatchLine
from tests.rules.settlements import item, line


def near(of: BatchLine, *items: OpenItem) -> list[str]:
    [match] = match_lines([of], items)
    assert match.outcome is Outcome.NO_DOCUMENT  # nothing of this is done by itself
    return [one.key for one in near_documents([of], items).get(of.number, [])]


def test_same_amount_some_days_off_is_offered_nearest_first() -> None:
    items = [item("late", "80.00", days=-30), item("near", "80.00", days=-8), item("old", "80.00", days=-90)]
    assert near(line(1, "80.00"), *items, item("other", "81.00")) == ["near", "late"]


def test_same_digits_of_the_reference_come_before_the_amount() -> None:
    items = [item("amount", "80.00", days=-8), item("number", "75.00", order="1042")]
    assert near(line(1, "80.00", order="#A-1042-R1"), *items) == ["number", "amount"]
    assert near(line(1, "80.00", text="Ordre 01042, 2 stk"), *items) == ["number", "amount"]
    assert near(line(1, "80.00", order="42-1"), item("short", "75.00", order="42")) == []


def test_other_kinds_currencies_and_settled_ones_are_not_offered() -> None:
    sale = line(1, "80.00")
    assert near(sale, item("euro", "80.00", currency="EUR", days=-9), item("back", "-80.00", days=-9)) == []
    done = item("done", "80.00", days=-9, settled=Decimal("80.00"))
    assert near(sale, done) == []
    assert near(line(1, "-80.00", "refund"), item("back", "-80.00", days=-9)) == ["back"]


def test_no_more_than_a_person_looks_at() -> None:
    items = [item(f"i{at}", "80.00", days=-8 - at) for at in range(20)]
    assert near(line(1, "80.00"), *items) == [f"i{at}" for at in range(MOST_SHOWN)]
