"""Refunds become credit notes, each once and over the refund's amount to the øre, or are held for a true reason."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.economic import book_draft
from pakhus.clients.http import Call
from pakhus.flows.decisions import answer
from pakhus.ledger import document_lines, documents, stops
from pakhus.ledger.documents import NewDocument
from pakhus.ledger.schema import documents as document_rows
from pakhus.ledger.schema import sources
from pakhus.reasons import Answer, Verdict
from pakhus.settings import InvoiceMode
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.world import World

D = Decimal


def place(world: World, *lines: dict[str, Any], **more: Any) -> str:
    """Somebody buys three pieces of one thing, or `lines`; the order's id."""
    chosen = list(lines) or [{"sku": "NH-1018", "quantity": 3}]
    return str(world.act(action="place_order", payment_method="cod", items=chosen, **more)["order"])


def invoiced(world: World, *lines: dict[str, Any], **more: Any) -> str:
    """An order whose invoice is booked."""
    order = place(world, *lines, **more)
    world.act(action="set_status", order=int(order), status="completed")
    world.forward(minutes=2)
    world.run()
    assert row(world, f"nordlys-{order}-invoice").reason == "transferred"
    return order


def refund(world: World, order: str, **what: Any) -> str:
    """Staff give money back; the key of its credit note."""
    number = world.act(action="refund", order=int(order), **what)["refund"]
    world.forward(minutes=2)
    return f"nordlys-{order}-credit{number}"


def credit(world: World) -> None:
    """A run: read, invoice, credit."""
    world.run()
    world.credit()


def row(world: World, key: str) -> Any:
    with world.ledger.begin() as tx:
        return tx.connection.execute(select(document_rows).where(document_rows.c.key == key)).one_or_none()


def reason(world: World, key: str) -> str:
    found = row(world, key)
    assert found is not None, key
    return str(found.reason)


def booked(world: World, key: str) -> list[Any]:
    rows = world.accounts_server.dump()["booked"].values()
    return [one for one in rows if one["references"]["other"] == key]


def order_of(world: World, order: str) -> Any:
    return next(one for one in world.shop_server.dump()["orders"] if str(one["id"]) == order)


def in_mode(world: World, mode: str) -> None:
    invoices = world.settings.invoices.model_copy(update={"mode": InvoiceMode(mode)})
    world.settings = world.settings.model_copy(update={"invoices": invoices})


def give(world: World, key: str, given: Answer) -> None:
    found = row(world, key)
    assert answer(world.ledger, "nordlys", key, found.since, given, "anna").changed


@pytest.mark.edge(41)
def test_amount_refunded_after_the_invoice_is_booked_as_a_credit_note_that_names_it(nordlys: World) -> None:
    order = invoiced(nordlys)
    key = refund(nordlys, order, amount="50.00")
    credit(nordlys)
    [note] = booked(nordlys, key)
    [invoice] = booked(nordlys, f"nordlys-{order}-invoice")
    assert (note["netAmount"], note["vatAmount"], note["grossAmount"]) == (D("-40.00"), D("-10.00"), D("-50.00"))
    assert [(line["product"], line["quantity"], line["unitNetPrice"]) for line in note["lines"]] == [
        ("vare", D("-1.00"), D("40.00"))
    ]
    assert f"faktura {invoice['bookedInvoiceNumber']} " in note["notes"]["textLine1"]
    for copied in ("customer", "layout", "paymentTerms", "currency", "recipient", "delivery"):
        assert note.get(copied) == invoice.get(copied), copied
    found = row(nordlys, key)
    assert (found.reason, found.kind, found.gross, found.vat) == ("transferred", "credit_note", D("-50.00"), D("-10"))
    assert found.remote_number == str(note["bookedInvoiceNumber"])
    assert not nordlys.accounts_server.dump()["drafts"]


def test_credit_note_is_kept_line_by_line_with_the_order_it_belongs_to(nordlys: World) -> None:
    order = invoiced(nordlys)
    key = refund(nordlys, order)
    credit(nordlys)
    found = row(nordlys, key)
    with nordlys.ledger.begin() as tx:
        lines = document_lines.of_document(tx, found.id)
        sold = document_lines.of_document(tx, found.parent_id)
        order_row = tx.connection.execute(
            select(sources.c.source_id).where(sources.c.id == found.order_id)
        ).scalar_one()
    assert order_row == order
    assert [(one.product_number, one.net, one.vat) for one in lines] == [
        (one.product_number, -one.net, -one.vat) for one in sold
    ]
    assert {(one.country, one.scheme) for one in lines} == {("DK", "domestic")}


@pytest.mark.edge(42)
def test_several_refunds_are_each_credited_and_sum_to_the_invoice(nordlys: World) -> None:
    order = invoiced(nordlys)
    total = D(order_of(nordlys, order)["total"])
    first = (total / 3).quantize(D("0.01"))
    keys = [refund(nordlys, order, amount=str(part)) for part in (first, first, total - 2 * first)]
    credit(nordlys)
    notes = [booked(nordlys, key) for key in keys]
    assert [len(found) for found in notes] == [1, 1, 1]
    [invoice] = booked(nordlys, f"nordlys-{order}-invoice")
    assert sum(found[0]["grossAmount"] for found in notes) == -invoice["grossAmount"]
    assert sum(found[0]["netAmount"] for found in notes) == -invoice["netAmount"]


@pytest.mark.edge(45)
def test_refund_of_shipping_alone_is_credited_on_the_freight_product(nordlys: World) -> None:
    order = invoiced(nordlys)
    [freight] = order_of(nordlys, order)["shipping_lines"]
    taxes = [{"id": tax["id"], "refund_total": tax["total"]} for tax in freight["taxes"]]
    line = {"id": freight["id"], "quantity": 0, "refund_total": freight["total"], "refund_tax": taxes}
    key = refund(nordlys, order, line_items=[line])
    credit(nordlys)
    [note] = booked(nordlys, key)
    assert note["grossAmount"] == -(D(freight["total"]) + D(freight["total_tax"]))
    assert [(line["product"], line["totalNetAmount"]) for line in note["lines"]] == [("fragtmm", -D(freight["total"]))]


def test_whole_refund_mirrors_the_invoice(nordlys: World) -> None:
    order = invoiced(nordlys)
    key = refund(nordlys, order)
    credit(nordlys)
    [note], [invoice] = booked(nordlys, key), booked(nordlys, f"nordlys-{order}-invoice")
    assert (note["netAmount"], note["vatAmount"]) == (-invoice["netAmount"], -invoice["vatAmount"])
    assert [(line["product"], line["totalNetAmount"]) for line in note["lines"]] == [
        (line["product"], -line["totalNetAmount"]) for line in invoice["lines"]
    ]
    assert order_of(nordlys, order)["status"] == "refunded"
    assert reason(nordlys, f"nordlys-{order}-invoice") == "transferred"


def test_refund_set_by_status_has_no_lines_and_is_credited_all_the_same(nordlys: World) -> None:
    order = invoiced(nordlys)
    nordlys.act(action="set_status", order=int(order), status="refunded")
    nordlys.forward(minutes=2)
    credit(nordlys)
    [note] = [one for one in nordlys.accounts_server.dump()["booked"].values() if one["grossAmount"] < 0]
    assert note["grossAmount"] == -D(order_of(nordlys, order)["total"])


def test_second_run_writes_nothing(nordlys: World) -> None:
    order = invoiced(nordlys)
    refund(nordlys, order, amount="50.00")
    credit(nordlys)
    nordlys.reset_counters()
    nordlys.forward(hours=25)
    credit(nordlys)
    assert nordlys.writes() == 0


def test_stock_stays_as_it_is(nordlys: World) -> None:
    order = invoiced(nordlys)
    before = nordlys.warehouse_server.dump()["stock"]
    refund(nordlys, order)
    nordlys.warehouse_server.reset_counters()
    credit(nordlys)
    assert nordlys.warehouse_server.counters()["writes"] == 0
    assert nordlys.warehouse_server.dump()["stock"] == before


# --- refunds that come early, or go away ------------------------------------------------------------------------------


@pytest.mark.edge(44)
def test_refund_seen_while_the_invoice_is_a_draft_waits_and_is_taken_off_it(nordlys: World) -> None:
    in_mode(nordlys, "draft")
    order = place(nordlys)
    nordlys.act(action="set_status", order=int(order), status="completed")
    nordlys.forward(minutes=2)
    nordlys.run()
    key = refund(nordlys, order, amount="10.00")
    credit(nordlys)
    assert reason(nordlys, key) == "credit_waits_for_invoice"
    in_mode(nordlys, "auto")
    nordlys.forward(hours=25)
    credit(nordlys)
    [invoice] = booked(nordlys, f"nordlys-{order}-invoice")
    assert invoice["grossAmount"] == D(order_of(nordlys, order)["total"]) - 10
    assert (reason(nordlys, key), booked(nordlys, key)) == ("credit_in_invoice", [])


def test_refund_of_an_order_that_is_never_invoiced_needs_no_credit_note(nordlys: World) -> None:
    order = place(nordlys)
    nordlys.run()
    key = refund(nordlys, order)
    credit(nordlys)
    found = row(nordlys, key)
    assert (found.reason, found.reason_parameters) == ("credit_not_needed", {"cause": "state_not_listed"})


@pytest.mark.edge(43)
def test_refund_deleted_before_its_credit_note_is_withdrawn(nordlys: World) -> None:
    order = invoiced(nordlys)
    in_mode(nordlys, "dry_run")
    key = refund(nordlys, order, amount="10.00")
    credit(nordlys)
    assert reason(nordlys, key) == "dry_run"
    delete(nordlys, order, key)
    in_mode(nordlys, "auto")
    nordlys.forward(hours=25)
    nordlys.credit()  # the order is read again right before the write
    assert reason(nordlys, key) == "refund_withdrawn"
    assert booked(nordlys, key) == []


@pytest.mark.edge(43)
def test_refund_deleted_after_its_credit_note_asks_a_person_once(nordlys: World) -> None:
    order = invoiced(nordlys)
    key = refund(nordlys, order, amount="10.00")
    credit(nordlys)
    delete(nordlys, order, key)
    touch(nordlys, order, "1")
    credit(nordlys)
    found = row(nordlys, key)
    assert found.reason == "refund_deleted_after_credit"
    assert found.reason_parameters["number"] == found.remote_number
    give(nordlys, key, Answer.ACCEPT)
    touch(nordlys, order, "2")
    nordlys.forward(hours=25)
    credit(nordlys)
    assert reason(nordlys, key) == "accepted_by_person"


def delete(world: World, order: str, key: str) -> None:
    number = key.rpartition("credit")[2]
    world.shop.send(Call("DELETE", f"/wc/v3/orders/{order}/refunds/{number}", (("force", "true"),)))
    world.forward(minutes=2)


def touch(world: World, order: str, text: str) -> None:
    world.act(action="edit_order", order=int(order), changes={"customer_note": text})
    world.forward(minutes=2)


# --- held -------------------------------------------------------------------------------------------------------------


@pytest.mark.edge(48)
def test_refund_after_a_chargeback_is_held(nordlys: World) -> None:
    mapping = nordlys.settings.mapping
    fields = {**mapping.buyer_fields, "_dispute": "chargeback"}
    changed = mapping.model_copy(update={"buyer_fields": fields})
    nordlys.settings = nordlys.settings.model_copy(update={"mapping": changed})
    order = invoiced(nordlys, meta_data=[{"key": "_dispute", "value": "lost"}])
    key = refund(nordlys, order, amount="10.00")
    credit(nordlys)
    assert reason(nordlys, key) == "credit_after_chargeback"
    assert booked(nordlys, key) == []


@pytest.mark.edge(49)
def test_exchange_credits_what_came_back_and_holds_the_changed_order(nordlys: World) -> None:
    order = invoiced(nordlys)
    [line] = order_of(nordlys, order)["line_items"]
    taxes = [{"id": tax["id"], "refund_total": tax["total"]} for tax in line["taxes"]]
    back = {"id": line["id"], "quantity": line["quantity"], "refund_total": line["total"], "refund_tax": taxes}
    key = refund(nordlys, order, line_items=[back])
    nordlys.act(action="add_line", order=int(order), sku="NH-1019", quantity=1)
    nordlys.forward(minutes=2)
    credit(nordlys)
    [note] = booked(nordlys, key)
    assert note["grossAmount"] == -(D(line["total"]) + D(line["total_tax"]))
    assert reason(nordlys, f"nordlys-{order}-invoice") == "order_changed_after_transfer"


def test_credit_note_is_held_where_no_day_until_today_is_open(nordlys: World) -> None:
    order = invoiced(nordlys)
    key = refund(nordlys, order, amount="10.00")
    nordlys.run()
    nordlys.accounts_server.act({"action": "close", "what": "year", "date": f"{nordlys.ledger.now():%Y-%m-%d}"})
    nordlys.credit()
    assert reason(nordlys, key) == "period_closed"


def by_closed_period(world: World, way: str) -> None:
    """The mapping says what becomes of documents whose day lies in a closed period."""
    economic = world.settings.mapping.economic
    assert economic is not None
    changed = {"economic": economic.model_copy(update={"closed_period": way})}
    world.settings = world.settings.model_copy(update={"mapping": world.settings.mapping.model_copy(update=changed)})


@pytest.mark.edge(81)
@pytest.mark.parametrize("way", ["first_open_day", "hold"])
def test_credit_note_of_a_closed_period_is_dated_on_the_first_open_day_unless_the_mapping_holds_it(
    nordlys: World, way: str
) -> None:
    by_closed_period(nordlys, way)
    order = invoiced(nordlys)
    key = refund(nordlys, order, amount="10.00")
    nordlys.observe()
    day = nordlys.shop_server.clock.now()
    nordlys.forward(days=40)
    nordlys.accounts_server.act({"action": "close", "date": f"{day:%Y-%m-%d}"})
    nordlys.credit()
    if way == "hold":
        assert (reason(nordlys, key), booked(nordlys, key)) == ("period_closed", [])
        return
    [note] = booked(nordlys, key)
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert (reason(nordlys, key), note["date"]) == ("transferred", f"{first:%Y-%m-%d}")


@pytest.mark.edge(81)
def test_draft_of_a_credit_note_whose_period_was_closed_before_it_was_booked_moves(nordlys: World) -> None:
    order = invoiced(nordlys)
    in_mode(nordlys, "draft")
    key = refund(nordlys, order, amount="10.00")
    credit(nordlys)
    day = nordlys.shop_server.clock.now()
    nordlys.forward(days=40)
    nordlys.accounts_server.act({"action": "close", "date": f"{day:%Y-%m-%d}"})
    in_mode(nordlys, "auto")
    nordlys.reset_counters()
    credit(nordlys)
    [note] = booked(nordlys, key)
    assert (reason(nordlys, key), note["date"] > f"{day:%Y-%m-%d}") == ("transferred", True)
    assert (note["grossAmount"], nordlys.accounts_server.counters()["writes"]) == (D("-10.00"), 2)


# --- people and modes -------------------------------------------------------------------------------------------------


def test_dry_run_plans_and_writes_nothing(nordlys: World) -> None:
    order = invoiced(nordlys)
    in_mode(nordlys, "dry_run")
    key = refund(nordlys, order, amount="10.00")
    nordlys.observe()
    nordlys.reset_counters()
    nordlys.credit()
    assert reason(nordlys, key) == "dry_run"
    assert nordlys.writes() == 0


def test_draft_waits_for_a_person_who_books_it(nordlys: World) -> None:
    key, draft = drafted(nordlys)
    assert reason(nordlys, key) == "drafted"
    nordlys.accounts_server.act({"action": "book_draft", "draft": draft})
    nordlys.forward(hours=25)
    nordlys.credit()
    found = row(nordlys, key)
    assert (found.reason, found.remote_number is not None) == ("transferred", True)


def test_draft_changed_by_hand_is_left_alone_and_its_difference_shown_once_it_is_booked(nordlys: World) -> None:
    key, draft = drafted(nordlys)
    nordlys.accounts_server.act({"action": "edit_draft", "draft": draft, "lines": CHEAPER})
    in_mode(nordlys, "auto")
    nordlys.forward(hours=25)
    nordlys.credit()
    assert reason(nordlys, key) == "draft_changed"
    nordlys.accounts_server.act({"action": "book_draft", "draft": draft})
    nordlys.forward(hours=25)
    nordlys.credit()
    found = row(nordlys, key)
    assert (found.reason, found.reason_parameters) == ("booked_differently", {"difference": "37.50 DKK"})


def test_draft_deleted_by_hand_is_held_and_not_made_again(nordlys: World) -> None:
    key, draft = drafted(nordlys)
    nordlys.accounts_server.act({"action": "delete_draft", "draft": draft})
    in_mode(nordlys, "auto")
    nordlys.forward(hours=25)
    nordlys.credit()
    assert reason(nordlys, key) == "draft_gone"
    assert not nordlys.accounts_server.dump()["drafts"]


CHEAPER = [{"lineNumber": 1, "description": "Kulance", "unitNetPrice": 10}]


def drafted(world: World) -> tuple[str, int]:
    """A credit note over 50.00 whose draft waits for a person: its key and the draft's number."""
    order = invoiced(world)
    in_mode(world, "draft")
    key = refund(world, order, amount="50.00")
    credit(world)
    return key, int(row(world, key).remote_id)


def test_stop_of_the_invoices_stops_credit_notes(nordlys: World) -> None:
    order = invoiced(nordlys)
    key = refund(nordlys, order, amount="10.00")
    nordlys.run()
    with nordlys.ledger.begin() as tx:
        stops.stop(tx, "nordlys", "invoices", stopped_by="anna", cause="stocktaking")
    report = nordlys.credit()
    assert "stocktaking" in report.note()
    assert (reason(nordlys, key), booked(nordlys, key)) == ("due", [])


# --- ledgers of earlier versions --------------------------------------------------------------------------------------


def test_refunds_that_an_earlier_version_left_to_people_are_never_credited_by_themselves(nordlys: World) -> None:
    order = invoiced(nordlys)
    number = nordlys.act(action="refund", order=int(order), amount="10.00")["refund"]
    old = single(nordlys, order, Verdict.of("credit_not_treated", refunded="10.00"))
    nordlys.forward(minutes=2)
    credit(nordlys)
    key = f"nordlys-{order}-credit{number}"
    assert (reason(nordlys, old), reason(nordlys, key)) == ("credit_superseded", "credit_perhaps_by_hand")
    assert booked(nordlys, key) == []
    give(nordlys, key, Answer.AGAIN)
    nordlys.forward(minutes=2)
    credit(nordlys)
    assert len(booked(nordlys, key)) == 1


def test_refund_that_a_person_left_out_under_an_earlier_version_stays_left_out(nordlys: World) -> None:
    order = invoiced(nordlys)
    number = nordlys.act(action="refund", order=int(order), amount="10.00")["refund"]
    told = {"was": "credit_not_treated", "on": "2026-11-20", "refunded": "10.00"}
    single(nordlys, order, Verdict.of("ignored_by_person", **told))
    nordlys.forward(minutes=2)
    credit(nordlys)
    key = f"nordlys-{order}-credit{number}"
    assert reason(nordlys, key) == "ignored_by_person"
    later = refund(nordlys, order, amount="5.00")
    credit(nordlys)
    assert (reason(nordlys, key), reason(nordlys, later)) == ("ignored_by_person", "transferred")


def booked_by_hand(world: World) -> str:
    """An order whose invoice a person has booked, since auto does not book yet."""
    order = place(world)
    world.act(action="set_status", order=int(order), status="completed")
    world.forward(minutes=2)
    world.run()
    key = f"nordlys-{order}-invoice"
    world.accounts.send(book_draft(row(world, key).remote_id))
    world.forward(days=1, minutes=2)
    world.run()
    assert reason(world, key) in ("transferred", "adopted")
    return order


def invoicing(world: World, **changes: Any) -> None:
    invoices = world.settings.invoices.model_copy(update=changes)
    world.settings = world.settings.model_copy(update={"invoices": invoices})


def test_credit_note_waits_as_a_draft_while_auto_has_not_opened(nordlys: World) -> None:
    invoicing(nordlys, auto_after=50)
    order = booked_by_hand(nordlys)
    key = refund(nordlys, order, amount="50.00")
    credit(nordlys)
    assert (reason(nordlys, key), booked(nordlys, key)) == ("auto_not_open", [])
    invoicing(nordlys, auto_after=0)
    nordlys.forward(days=1, minutes=2)
    credit(nordlys)
    assert (reason(nordlys, key), len(booked(nordlys, key))) == ("transferred", 1)


def test_person_approves_each_credit_note_where_the_shop_wants_it(nordlys: World) -> None:
    invoicing(nordlys, approve=True)
    order = booked_by_hand(nordlys)
    key = refund(nordlys, order, amount="50.00")
    credit(nordlys)
    held = row(nordlys, key)
    assert (held.reason, held.reason_parameters["amount"], booked(nordlys, key)) == ("approval_wanted", "50.00 DKK", [])
    give(nordlys, key, Answer.APPROVE)
    credit(nordlys)
    assert (reason(nordlys, key), len(booked(nordlys, key))) == ("transferred", 1)


def test_credit_note_reaches_the_buyer_as_the_invoice_did(nordlys: World) -> None:
    invoicing(nordlys, send_email=True)
    key = refund(nordlys, invoiced(nordlys), amount="50.00")
    credit(nordlys)
    number = row(nordlys, key).remote_number
    sent = [one for one in nordlys.accounts_server.dump()["sendings"] if str(one["invoice"]) == number]
    assert [one["sendBy"] for one in sent] == ["email"]


def single(world: World, order: str, verdict: Verdict) -> str:
    """The one document for all refunds of an order that earlier versions kept."""
    key = f"nordlys-{order}-credit"
    invoice = row(world, f"nordlys-{order}-invoice")
    new = NewDocument(key, "nordlys", "credit_notes", "credit_note", invoice.target, invoice.source_id, invoice.id)
    with world.ledger.begin() as tx:
        documents.ensure(tx, new, verdict, judged_version=1)
    return key


def test_order_cancelled_after_its_invoice_is_credited_when_it_is_refunded_and_needs_no_answer(nordlys: World) -> None:
    order = invoiced(nordlys)
    nordlys.act(action="set_status", order=int(order), status="cancelled")
    nordlys.forward(minutes=2)
    credit(nordlys)
    invoice = f"nordlys-{order}-invoice"
    assert reason(nordlys, invoice) == "cancelled_after_transfer"
    key = refund(nordlys, order)
    credit(nordlys)
    credit(nordlys)
    assert (reason(nordlys, invoice), reason(nordlys, key)) == ("transferred", "transferred")
    assert booked(nordlys, key)[0]["grossAmount"] == -booked(nordlys, invoice)[0]["grossAmount"]


def test_edit_after_the_invoice_that_is_undone_and_refunded_instead_ends_by_itself(nordlys: World) -> None:
    order = invoiced(nordlys)
    line = order_of(nordlys, order)["line_items"][0]
    nordlys.act(action="edit_line", order=int(order), line=line["id"], total=str(D(line["total"]) - 16))
    nordlys.forward(minutes=2)
    credit(nordlys)
    invoice = f"nordlys-{order}-invoice"
    assert reason(nordlys, invoice) == "order_changed_after_transfer"
    nordlys.act(action="edit_line", order=int(order), line=line["id"], total=line["total"])
    key = refund(nordlys, order, amount="20.00")
    credit(nordlys)
    credit(nordlys)
    assert (reason(nordlys, invoice), reason(nordlys, key)) == ("transferred", "transferred")
