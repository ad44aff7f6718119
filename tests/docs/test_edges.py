"""The count of edge cases counts what it says."""

from pathlib import Path

from tests.edges import edge_cases, marked, report

SOURCE = """
import pytest

@pytest.mark.edge(7)
@pytest.mark.edge(4, 5)
def test_one() -> None: ...

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.edge(35))])
def test_two(x: int) -> None: ...

@pytest.mark.edge(9)
def helper() -> None: ...
"""


def test_there_are_88_edge_cases_at_their_places() -> None:
    cases = edge_cases()
    assert list(cases) == list(range(1, 89))
    assert cases[13] == "orders: order number ≠ id"
    assert cases[36].startswith("rounding: totals")
    assert cases[59] == "payout: negative payout"
    assert cases[86].endswith("killed between draft and book")


def test_marks_of_tests_and_parameters_are_counted_and_others_are_not(tmp_path: Path) -> None:
    file = tmp_path / "test_some.py"
    file.write_text(SOURCE, encoding="utf-8")
    found = marked([file])
    assert found == {number: ["test_some.py::test_one"] for number in (4, 5, 7)} | {35: ["test_some.py::test_two"]}


def test_missing_numbers_are_named_and_a_wrong_number_fails() -> None:
    lines, code = report({1: "a", 2: "b"}, {1: ["t"]})
    assert (lines[-2:], code) == (["1/2 edge cases have a test", "missing: 2"], 0)
    lines, code = report({1: "a"}, {3: ["t"]})
    assert (lines[-1], code) == ("no edge case 3: t", 1)
