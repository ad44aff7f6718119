"""Texts of verdicts: what people read on pages and in alerts."""

import pytest

from pakhus.reasons import Verdict


@pytest.mark.parametrize(
    ("problem", "ending"),
    [
        ("The product is barred.", "barred. Correct"),
        ("barred", "barred. Correct"),
        ("and so on...", "and so on.... Correct"),
    ],
)
def test_a_sentence_ends_once_whatever_a_remote_said(problem: str, ending: str) -> None:
    verdict = Verdict.of("refused", system="Rackbeat", step="reservation", problem=problem)
    assert ending in verdict.message()


def test_a_parameter_that_was_not_given_stays_visible() -> None:
    assert Verdict.of("sku_missing").text() == "Line <line> has no SKU."
    assert Verdict.of("sku_missing").action().startswith("Give the product a SKU")
