"""Which states start which step (domain guide 3.1, 3.2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pakhus.model import Lifecycle, LineKind, Money, Order, Party, Payment, PaymentState
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer
from pakhus.rules.states import (
    NOT_SHIPPED,
    Shipped,
    StateRules,
    changed_invoice,
    changed_reservation,
    invoice_moment,
    invoice_verdict,
    reservation_verdict,
)
from pakhus.rules.vat import VatDecision, decide_vat
from tests.rules.orders import PLACED, line, order

RULES = StateRules(PLACED - timedelta(days=1), reserve={"processing"}, invoice={"completed"}, ignored={"quote"})
GOODS = [line("80.00", "20.00")]


def in_state(state: str, lifecycle: Lifecycle) -> Order:
    return order(GOODS, "100.00", state=state, lifecycle=lifecycle)


@pytest.mark.parametrize(
    ("state", "lifecycle", "reservation", "invoice"),
    [
        ("processing", Lifecycle.OPEN, "due", "not_shipped"),
        ("completed", Lifecycle.COMPLETED, "state_not_listed", "due"),
        ("pending", Lifecycle.OPEN, "state_not_listed", "not_shipped"),
        ("cancelled", Lifecycle.CANCELLED, "state_not_listed", "state_not_listed"),
        ("trash", Lifecycle.DELETED, "state_not_listed", "state_not_listed"),
        ("afsendt-til-mars", Lifecycle.UNKNOWN, "state_unknown", "state_unknown"),
        ("quote", Lifecycle.UNKNOWN, "state_not_listed", "state_not_listed"),
    ],
)
def test_each_state_starts_what_the_settings_list(
    state: str, lifecycle: Lifecycle, reservation: str, invoice: str
) -> None:
    seen = in_state(state, lifecycle)
    assert reservation_verdict(seen, RULES).code == reservation
    assert invoice_verdict(seen, RULES).code == invoice


def test_order_placed_before_the_start_is_not_ours() -> None:
    rules = replace(RULES, start_from=PLACED + timedelta(seconds=1))
    assert reservation_verdict(in_state("processing", Lifecycle.OPEN), rules).code == "before_start"
    assert invoice_verdict(in_state("completed", Lifecycle.COMPLETED), rules).code == "before_start"


def test_order_without_lines_is_skipped_and_said_so() -> None:
    assert reservation_verdict(order([], "0.00", state="processing"), RULES).code == "order_empty"


def test_change_of_goods_or_address_after_reservation_is_held() -> None:
    before = in_state("processing", Lifecycle.OPEN)
    assert changed_reservation(before, in_state("completed", Lifecycle.COMPLETED)) is None
    more = order([line("160.00", "40.00", quantity="2")], "200.00", state="processing", lifecycle=Lifecycle.OPEN)
    found = changed_reservation(before, more)
    assert found is not None
    assert found.code == "order_changed_after_transfer"
    moved = changed_reservation(before, replace(before, shipping=Party(street="Ny Vej 2", country="DK")))
    assert moved is not None
    gone = changed_reservation(before, in_state("cancelled", Lifecycle.CANCELLED))
    assert gone is not None
    assert gone.code == "cancelled_after_transfer"


def test_change_of_amounts_after_invoice_is_held_but_a_refund_is_not_a_change() -> None:
    before = in_state("completed", Lifecycle.COMPLETED)
    assert changed_invoice(before, replace(before, native_state="refunded", refunded=before.total.amount)) is None
    dearer = changed_invoice(before, replace(before, total=Money(before.total.amount + 1, "DKK")))
    assert dearer is not None
    assert dearer.code == "order_changed_after_transfer"


@pytest.mark.parametrize(
    ("country", "postcode", "vat", "rate", "expected"),
    [
        ("DK", "4000", "20.00", "0.25", 1),
        ("DK", "4000", "0.00", None, 1),
        ("NO", "0150", "0.00", None, 3),
        ("NO", "0150", "20.00", "0.25", "vat_conflict"),
        pytest.param("GL", "3900", "0.00", None, 3, marks=pytest.mark.edge(28)),
        pytest.param("FO", "100", "0.00", None, 3, marks=pytest.mark.edge(28)),
        ("FO", "100", "20.00", "0.25", "vat_conflict"),
        ("SE", "11120", "20.00", "0.25", 1),
        ("DE", "10115", "15.20", "0.19", "vat_conflict"),
        ("DE", "10115", "0.00", None, "vat_conflict"),
        pytest.param("ES", "35001", "20.00", "0.25", "vat_conflict", marks=pytest.mark.edge(29)),
        pytest.param("", "", "20.00", "0.25", "vat_zone_undecided", marks=pytest.mark.edge(23)),
    ],
)
def test_zone_follows_the_place_of_delivery(
    country: str, postcode: str, vat: str, rate: str | None, expected: int | str
) -> None:
    place = Party(street="Vej 1", postcode=postcode, country=country)
    sold = order([line("80.00", vat, rate=rate)], "100.00", shipping=place)
    sold = replace(sold, billing=replace(sold.billing, country=country, postcode=postcode))
    mapping = AccountingMapping(customers=CollectiveCustomer(mode="collective", number=1), layout=19)
    decision = decide_vat(sold, mapping)
    assert (decision.zone if isinstance(decision, VatDecision) else decision.code) == expected


def test_start_is_compared_as_an_instant() -> None:
    late = replace(RULES, start_from=datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC))
    assert reservation_verdict(in_state("processing", Lifecycle.OPEN), late).code == "due"


WENT = PLACED + timedelta(days=2)
ALL_WENT, PART_WENT = Shipped(True, WENT), Shipped(False, WENT)
BY_EITHER = replace(RULES, by_shipment=True)
BY_SHIPMENT = replace(RULES, by_shipment=True, by_state=False)


@pytest.mark.parametrize(
    ("state", "lifecycle", "shipped", "by_state", "by_either", "by_shipment"),
    [
        ("processing", Lifecycle.OPEN, NOT_SHIPPED, "not_shipped", "not_shipped", "not_shipped"),
        ("processing", Lifecycle.OPEN, PART_WENT, "not_shipped", "not_shipped", "not_shipped"),
        ("processing", Lifecycle.OPEN, ALL_WENT, "not_shipped", "due", "due"),
        ("completed", Lifecycle.COMPLETED, NOT_SHIPPED, "due", "due", "not_shipped"),
        ("completed", Lifecycle.COMPLETED, PART_WENT, "due", "due", "not_shipped"),
        ("completed", Lifecycle.COMPLETED, ALL_WENT, "due", "due", "due"),
        ("cancelled", Lifecycle.CANCELLED, ALL_WENT, "state_not_listed", "state_not_listed", "state_not_listed"),
        ("trash", Lifecycle.DELETED, ALL_WENT, "state_not_listed", "state_not_listed", "state_not_listed"),
        ("hos-gls", Lifecycle.UNKNOWN, ALL_WENT, "state_unknown", "due", "due"),
    ],
)
def test_invoice_is_due_by_whoever_may_say_that_the_goods_went(
    state: str, lifecycle: Lifecycle, shipped: Shipped, by_state: str, by_either: str, by_shipment: str
) -> None:
    seen = in_state(state, lifecycle)
    codes = [invoice_verdict(seen, rules, shipped).code for rules in (RULES, BY_EITHER, BY_SHIPMENT)]
    assert codes == [by_state, by_either, by_shipment]


def test_shipment_makes_no_invoice_due_for_an_order_that_is_not_ours_or_was_refunded() -> None:
    seen = in_state("completed", Lifecycle.COMPLETED)
    early = replace(BY_SHIPMENT, start_from=PLACED + timedelta(seconds=1))
    assert invoice_verdict(seen, early, ALL_WENT).code == "before_start"
    refunded = replace(in_state("refunded", Lifecycle.COMPLETED), payment_state=PaymentState.REFUNDED)
    assert invoice_verdict(refunded, BY_SHIPMENT, ALL_WENT).code == "state_not_listed"


def test_what_nobody_ships_is_due_by_its_state_where_shipments_decide() -> None:
    fee = order([line("80.00", "20.00", kind=LineKind.FEE)], "100.00")
    download = order([replace(GOODS[0], ships=False)], "100.00")
    assert [invoice_verdict(seen, BY_SHIPMENT).code for seen in (fee, download)] == ["due", "due"]


def test_invoice_carries_the_day_of_the_last_shipment_then_of_the_capture_then_of_the_order() -> None:
    paid, captured, completed = (PLACED + timedelta(hours=hours) for hours in (1, 2, 3))
    payments = (Payment("card", captured_at=captured), Payment("card", captured_at=paid), Payment("points"))
    seen = replace(order(GOODS, "100.00"), paid_at=paid, completed_at=completed, payments=payments)
    assert invoice_moment(seen, ALL_WENT) == WENT
    assert invoice_moment(seen, PART_WENT) == WENT
    assert invoice_moment(seen, NOT_SHIPPED) == captured
    seen = replace(seen, payments=())
    assert invoice_moment(seen, NOT_SHIPPED) == completed
    assert invoice_moment(replace(seen, completed_at=None), NOT_SHIPPED) == paid
    assert invoice_moment(replace(seen, completed_at=None, paid_at=None), NOT_SHIPPED) is None
