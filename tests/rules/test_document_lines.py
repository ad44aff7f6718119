"""The lines of a document share its VAT: nothing lost, and what a person changed is what counts."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import InvoiceLine
from pakhus.rules.document_lines import BookedLine, booked_lines, planned_lines
from pakhus.rules.invoices import predict
from pakhus.rules.mappings import RoundingMode
from pakhus.rules.vat import Scheme, VatDecision

D = Decimal
GERMAN = VatDecision(1, Scheme.OSS, "DE")


def sold(net: str, rate: str = "0.25", code: str = "U25", line_id: str | None = "1") -> InvoiceLine:
    return InvoiceLine("NH-1", "Vare", D(1), D(net), D(rate), code, line_id)


@given(
    st.lists(st.tuples(st.integers(-50_000, 50_000), st.sampled_from(["0", "0.19", "0.25", "0.255"])), max_size=40),
    st.sampled_from(RoundingMode),
)
def test_lines_sum_to_the_vat_of_the_document(amounts: list[tuple[int, str]], mode: RoundingMode) -> None:
    lines = [sold(str(D(cents) / 100), rate, f"V{rate}") for cents, rate in amounts]
    planned = planned_lines(lines, mode, GERMAN)
    predicted = predict(lines, mode)
    assert sum((line.vat for line in planned), D(0)) == predicted.vat
    assert sum((line.net for line in planned), D(0)) == predicted.net
    assert all(abs(line.vat - line.net * line.rate) <= D("0.01") for line in planned)


def test_lines_name_country_scheme_and_order_line() -> None:
    (line,) = planned_lines([sold("100.00", "0.19", "OSSDE", "7")], RoundingMode.DOCUMENT, GERMAN)
    assert (line.country, line.scheme, line.vat_code, line.order_line_id) == ("DE", "oss", "OSSDE", "7")
    assert (line.net, line.vat, line.rate) == (D("100.00"), D("19.00"), D("0.19"))


@pytest.mark.parametrize("mode", RoundingMode)
def test_what_a_person_changed_before_booking_is_what_counts(mode: RoundingMode) -> None:
    planned = planned_lines([sold("100.00"), sold("50.00", line_id="2")], mode, GERMAN)
    as_planned = [BookedLine(line.line_number, "NH-1", line.quantity, line.rate, line.net) for line in planned]
    assert booked_lines(planned, as_planned, mode) == planned
    dearer = [as_planned[0], replace(as_planned[1], net=D("60.00")), BookedLine(3, "GEBYR", D(1), D("0.25"), D("9.90"))]
    first, second, added = booked_lines(planned, dearer, mode)
    assert first == planned[0]
    assert (second.net, second.vat, second.order_line_id) == (D("60.00"), D("15.00"), "2")
    assert (added.vat_code, added.order_line_id, added.country, added.scheme) == ("", None, "DE", "oss")


def test_a_document_that_a_person_made_alone_has_lines_without_country() -> None:
    (line,) = booked_lines((), [BookedLine(1, "NH-1", D(2), D("0.25"), D("80.00"))], RoundingMode.DOCUMENT)
    assert (line.net, line.vat, line.country, line.scheme) == (D("80.00"), D("20.00"), "", "")
