"""What another answer than the predicted one means: each row of the table in domain guide 7.7; the rounding mode."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pakhus.model import InvoiceLine, LineKind, Totals
from pakhus.rules.mappings import RoundingMode
from pakhus.rules.validation import Cause, likely_cause, modes_of, predict, spoken
from tests.rules.orders import line, order

D = Decimal
GOODS = InvoiceLine("NH-1", "Vare", D(1), D("80.00"), D("0.25"), "U25", "1")
FREIGHT = InvoiceLine("fragtmm", "Fragt", D(1), D("31.20"), D("0.25"), "U25", "2")
BOOK = InvoiceLine("BOG", "Bog", D(1), D("84.50"), D(0), "", "3")
LINES = [GOODS, FREIGHT, BOOK]
PREDICTED = predict(LINES, RoundingMode.DOCUMENT)
ORDER = order(
    [
        line("80.00", "20.00"),
        line("31.20", "7.80", kind=LineKind.SHIPPING, number=2),
        line("84.50", "0.00", rate=None, number=3),
    ],
    "223.50",
)


def answer(net: str, vat: str) -> Totals:
    return Totals(D(net), D(vat), D(net) + D(vat))


@pytest.mark.parametrize(
    ("answered", "cause"),
    [
        (answer("195.70", "48.93"), Cause.TAXED_THERE),  # 25 % of the book: 21.13 (21.125)
        (answer("195.70", "7.80"), Cause.UNTAXED_THERE),  # the goods without VAT
        (answer("195.70", "0.00"), Cause.UNTAXED_THERE),  # all without: the zone
        (Totals(D("223.50"), D("55.88"), D("279.38")), Cause.GROSS_AS_NET),  # 223.50 x 1.25
        (Totals(D("143.04"), D("35.76"), D("178.80")), Cause.NET_AS_GROSS),  # 223.50 / 1.25
        (answer("164.50", "20.00"), Cause.LINE_MISSING),  # the freight of 39.00
        (answer("193.70", "27.55"), Cause.UNKNOWN),
        (answer("195.70", "28.91"), Cause.OTHER_RATE),  # 26 % on what has 25 %
        (answer("195.72", "27.81"), Cause.ROUNDING),
    ],
)
def test_each_row_of_the_table_is_told(answered: Totals, cause: Cause) -> None:
    assert spoken(PREDICTED) == "195.70 + 27.80 = 223.50"
    assert likely_cause(ORDER, LINES, PREDICTED, answered) is cause


def test_difference_of_a_refund_is_told() -> None:
    refunded = replace(ORDER, refunded=D("12.50"))
    assert likely_cause(refunded, LINES, PREDICTED, answer("185.70", "25.30")) is Cause.REFUNDED


def test_answer_under_the_other_rounding_mode_is_told_first() -> None:
    # Three lines of 9.98: 2.495 each is 7.50 by line and 7.49 by document.
    lines = [replace(GOODS, unit_price=D("9.98"))] * 3
    document, by_line = (predict(lines, mode) for mode in RoundingMode)
    assert (document.vat, by_line.vat) == (D("7.49"), D("7.50"))
    assert likely_cause(ORDER, lines, document, by_line) is Cause.OTHER_MODE
    assert modes_of(lines, by_line) == {RoundingMode.LINE}
    assert modes_of(lines, document) == {RoundingMode.DOCUMENT}


def test_most_answers_tell_nothing_of_the_mode() -> None:
    assert modes_of(LINES, PREDICTED) == set(RoundingMode)
    assert modes_of(LINES, answer("195.70", "0.00")) == set()
