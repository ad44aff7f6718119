"""The comparison of the three lists: whatever is planted in one of them is named, and nothing else is."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.proof import (
    Accounts,
    BookedInvoice,
    DayStatus,
    DraftInvoice,
    PlacedOrder,
    Proof,
    RecordedDocument,
    RecordedOrder,
    Sum,
    compare,
)

KINDS = ("reservation", "invoice")
amounts = st.decimals(min_value="0.01", max_value="99999", places=2)
Day = tuple[list[PlacedOrder], list[RecordedOrder], Accounts]


@st.composite
def true_days(draw: st.DrawFn) -> Day:
    """A day on which the three agree: some orders are invoiced, others wait."""
    placed, recorded, booked = list[PlacedOrder](), list[RecordedOrder](), list[BookedInvoice]()
    for number in range(1, draw(st.integers(1, 6)) + 1):
        gross, currency = draw(amounts), draw(st.sampled_from(("DKK", "EUR")))
        vat = (gross / 5).quantize(Decimal("0.01"))
        key = f"nordlys-{number}-invoice"
        told = {"currency": currency, "gross": gross, "vat": vat}
        document = RecordedDocument(key, "invoice", "not_shipped")
        if draw(st.booleans()):
            document = RecordedDocument(key, "invoice", "transferred", f"{number}", f"{number + 100}", **told)
            booked.append(BookedInvoice(key, f"{number + 100}", f"{number}", **told))
        reservation = RecordedDocument(f"nordlys-{number}-order", "reservation", "transferred", "7")
        placed.append(PlacedOrder(f"{number}", f"{number}", lines=2, **told))
        recorded.append(RecordedOrder(f"{number}", f"{number}", documents=(reservation, document), **told))
    return placed, recorded, Accounts(booked=booked)


def proof_of(day: Day) -> Proof:
    placed, recorded, accounts = day
    return compare(placed, recorded, accounts, KINDS)


def named(proof: Proof) -> set[tuple[str, str]]:
    return {(one.key, one.verdict.code) for one in proof.differences}


@given(true_days())
def test_day_on_which_all_agree_is_proven_or_open_and_its_sums_are_equal(day: Day) -> None:
    proof = proof_of(day)
    assert not proof.differences
    assert proof.status is (DayStatus.PROVEN if len(day[2].booked) == len(day[0]) else DayStatus.OPEN)
    assert proof.sums["shop"] == proof.sums["ledger"]
    assert proof.sums["invoices"] == proof.sums["accounts"]
    assert sum(one.count for one in proof.sums["shop"].values()) == len(day[0])


@given(true_days(), st.data())
def test_order_that_one_of_the_two_does_not_have_is_named(day: Day, data: st.DataObject) -> None:
    placed, recorded, accounts = day
    gone = data.draw(st.integers(0, len(placed) - 1))
    forgotten = [order for number, order in enumerate(recorded) if number != gone]
    keys = {document.key for order in forgotten for document in order.documents}
    rest = [invoice for invoice in accounts.booked if invoice.key in keys]
    assert named(proof_of((placed, forgotten, Accounts(rest)))) == {(placed[gone].id, "order_not_recorded")}
    hidden = [order for number, order in enumerate(placed) if number != gone]
    assert named(proof_of((hidden, recorded, accounts))) == {(placed[gone].id, "order_not_listed")}
    vanished = [replace(order, gone=number == gone) for number, order in enumerate(recorded)]
    assert not named(proof_of((hidden, vanished, accounts)))


@given(true_days(), st.data(), st.sampled_from(("gross", "vat")), amounts)
def test_amount_that_differs_between_shop_and_ledger_is_named(
    day: Day, data: st.DataObject, what: str, more: Decimal
) -> None:
    placed, recorded, accounts = day
    index = data.draw(st.integers(0, len(placed) - 1))
    recorded[index] = replace(recorded[index], **{what: getattr(recorded[index], what) + more})
    assert named(proof_of((placed, recorded, accounts))) == {(placed[index].id, "order_recorded_differently")}


@given(true_days().filter(lambda day: bool(day[2].booked)), st.data())
def test_invoice_missing_doubled_changed_or_renumbered_in_the_accounts_is_named(day: Day, data: st.DataObject) -> None:
    placed, recorded, accounts = day
    booked = list(accounts.booked)
    index = data.draw(st.integers(0, len(booked) - 1))
    victim = booked[index]
    others = [invoice for invoice in booked if invoice is not victim]
    copy = replace(victim, number="9000", draft="8000")
    planted = {
        "invoice_missing": (others, (), ()),
        "invoice_doubled": ([*booked, copy], (), ()),
        "invoice_unknown": (booked, (replace(copy, key="nordlys-77-invoice"),), ()),
        "draft_beside_invoice": (booked, (), (DraftInvoice(victim.key, "8001"),)),
    }
    for code, (those, strays, drafts) in planted.items():
        key = "nordlys-77-invoice" if strays else victim.key
        found = named(proof_of((placed, recorded, Accounts(those, drafts, strays))))
        assert found == {(key, code)}, code
    changed = [*others, replace(victim, vat=victim.vat + data.draw(amounts))]
    assert (victim.key, "invoice_differs") in named(proof_of((placed, recorded, Accounts(changed))))
    renumbered = Accounts([*others, copy])
    expected = {(victim.key, "invoice_missing"), (victim.key, "invoice_unknown")}
    assert named(proof_of((placed, recorded, renumbered))) == expected


@given(true_days().filter(lambda day: len(day[2].booked) < len(day[0])), st.data())
def test_invoice_of_an_order_that_has_none_by_the_ledger_is_named(day: Day, data: st.DataObject) -> None:
    placed, recorded, accounts = day
    invoiced = {invoice.key for invoice in accounts.booked}
    waiting = [
        one for order in recorded for one in order.documents if one.kind == "invoice" and one.key not in invoiced
    ]
    key = data.draw(st.sampled_from(waiting)).key
    stray = BookedInvoice(key, "9000", "8000", "DKK", Decimal(10), Decimal(2))
    assert named(proof_of((placed, recorded, Accounts([*accounts.booked, stray])))) == {(key, "invoice_unknown")}


@given(true_days(), st.sampled_from(KINDS))
def test_order_without_one_of_its_documents_is_named(day: Day, kind: str) -> None:
    placed, recorded, accounts = day
    bare = replace(recorded[0], documents=tuple(one for one in recorded[0].documents if one.kind != kind))
    found = named(proof_of((placed, [bare, *recorded[1:]], accounts)))
    assert ("1", "document_missing") in found
    assert found <= {("1", "document_missing"), ("nordlys-1-invoice", "invoice_unknown")}


def one_order(code: str, **changes: object) -> Day:
    told = {"currency": "DKK", "gross": Decimal("100.00"), "vat": Decimal("20.00")}
    invoice = BookedInvoice("nordlys-1-invoice", "101", "1", **{**told, **changes})
    document = RecordedDocument("nordlys-1-invoice", "invoice", code, "1", "101", **{**told, **changes})
    order = RecordedOrder("1", "1", documents=(document,), **told)
    return [PlacedOrder("1", "1", lines=3, **told)], [order], Accounts([invoice])


@pytest.mark.parametrize("changes", [{"gross": Decimal("99.00")}, {"vat": Decimal("20.05")}, {"currency": "EUR"}])
@pytest.mark.parametrize(
    ("code", "explained"),
    [("transferred", False), ("adopted", False), ("booked_differently", True), ("accepted_by_person", True)],
)
def test_invoice_that_is_not_what_was_charged_needs_a_reason_that_says_so(
    changes: dict[str, object], code: str, explained: bool
) -> None:
    day = one_order(code, **changes)
    found = {code for _, code in named(compare(*day))}
    assert found == (set() if explained else {"invoice_not_as_charged"})


def test_vat_may_differ_from_the_shops_by_a_hundredth_per_line_and_one_for_the_sum() -> None:
    assert not compare(*one_order("transferred", vat=Decimal("20.04"))).differences
    assert compare(*one_order("transferred", vat=Decimal("19.95"))).differences


def test_draft_that_waits_for_a_person_is_not_named_and_a_second_one_is() -> None:
    document = RecordedDocument("nordlys-1-invoice", "invoice", "drafted", "5")
    orders = [RecordedOrder("1", "1", "DKK", None, None, (document,))]
    placed = [PlacedOrder("1", "1")]
    one, two = DraftInvoice("nordlys-1-invoice", "5"), DraftInvoice("nordlys-1-invoice", "6")
    assert compare(placed, orders, Accounts(drafts=[one])).status is DayStatus.OPEN
    assert named(compare(placed, orders, Accounts(drafts=[one, two]))) == {
        ("nordlys-1-invoice", "draft_beside_invoice")
    }


def test_one_invoice_made_by_hand_for_an_order_that_was_left_out_is_right() -> None:
    document = RecordedDocument("nordlys-1-invoice", "invoice", "ignored_by_person")
    orders = [RecordedOrder("1", "1", "DKK", Decimal(5), Decimal(1), (document,))]
    placed = [PlacedOrder("1", "1", "DKK", Decimal(5), Decimal(1), 1)]
    by_hand = BookedInvoice("nordlys-1-invoice", "9", "8", "DKK", Decimal(5), Decimal(1))
    assert compare(placed, orders, Accounts([by_hand])).status is DayStatus.PROVEN
    assert compare(placed, orders, Accounts([by_hand, replace(by_hand, number="10")])).status is DayStatus.DIFFERS


def test_note_counts_what_people_ask_for() -> None:
    placed, recorded, accounts = one_order("transferred")
    held = RecordedOrder("2", "2", "DKK", Decimal(7), Decimal(1), (RecordedDocument("k", "invoice", "sku_missing"),))
    day = [*placed, PlacedOrder("2", "2", "DKK", Decimal(7), Decimal(1), 1)], [*recorded, held], accounts
    proof = compare(*day)
    assert proof.note() == "2 orders · 1 booked · 1 held · open"
    assert proof.sums["shop"] == {"DKK": Sum(2, Decimal(107), Decimal(21))}
    assert compare(*day[:2], None).note() == "2 orders · 1 held · open"


def with_credit(day: Day, refunded: str, booked: str, *, known: bool = True) -> Day:
    """The day's first order with a refund, and a credit note of it in ledger and accounts."""
    placed, recorded, accounts = day
    key, gross, vat = f"nordlys-{placed[0].id}-credit9", -Decimal(booked), Decimal("-1.00")
    note = RecordedDocument(key, "credit_note", "transferred", "7", "900", "DKK", gross, vat, Decimal(refunded))
    documents = (*recorded[0].documents, note) if known else recorded[0].documents
    row = BookedInvoice(key, "900", "7", "DKK", gross, vat)
    return (
        [replace(placed[0], refunds=("9",)), *placed[1:]],
        [replace(recorded[0], documents=documents), *recorded[1:]],
        replace(accounts, booked=[*accounts.booked, *([row] if known else [])]),
    )


@given(true_days())
def test_credit_notes_are_counted_and_summed_apart_from_invoices(day: Day) -> None:
    before, proof = proof_of(day), proof_of(with_credit(day, "5.00", "5.00"))
    assert not proof.differences
    assert proof.sums["invoices"] == before.sums["invoices"]
    assert proof.sums["accounts"] == before.sums["accounts"]
    assert (
        proof.sums["credit_notes"]
        == proof.sums["accounts_credit_notes"]
        == {"DKK": Sum(1, Decimal("-5.00"), Decimal("-1.00"))}
    )
    assert "1 credited" in proof.note()


@given(true_days())
def test_credit_note_over_another_amount_than_the_refund_is_named(day: Day) -> None:
    proof = proof_of(with_credit(day, "5.00", "5.01"))
    assert {code for _, code in named(proof)} == {"invoice_not_as_charged"}


@given(true_days())
def test_refund_without_a_document_is_named(day: Day) -> None:
    proof = proof_of(with_credit(day, "5.00", "5.00", known=False))
    assert named(proof) == {(day[0][0].id, "document_missing")}
