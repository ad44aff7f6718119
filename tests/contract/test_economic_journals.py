"""Journals, vouchers, booked entries, matching and attachments of the e-conomic stand-in (contract 8)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.economic_agreement import ORIGIN, Agreement, errors_of
from tests.contract.example_bodies import differences, example, read, rehosted

PAYMENT = "journal-voucher.customer-payment.request"
PAYOUT = "journal-voucher.payout.request"


@pytest.fixture
def agreement() -> Iterator[Agreement]:
    running = Agreement()
    yield running
    running.close()


def finance(account: int, amount: str, **members: Any) -> dict[str, Any]:
    return {
        "account": {"accountNumber": account},
        "amount": Decimal(amount),
        "date": "2026-02-03",
        "text": "Tekst",
        **members,
    }


def contra(account: int) -> dict[str, Any]:
    return {"contraAccount": {"accountNumber": account}}


def payment(amount: str, **members: Any) -> dict[str, Any]:
    return {"customer": {"customerNumber": 500123}, "amount": Decimal(amount), "date": "2026-02-03", **members}


def voucher(*entries: dict[str, Any], payments: tuple[dict[str, Any], ...] = (), year: str = "2026") -> dict[str, Any]:
    return {
        "accountingYear": {"year": year},
        "entries": {"financeVouchers": list(entries), "customerPayments": list(payments)},
    }


def balances(agreement: Agreement) -> dict[int, Decimal]:
    rows = agreement.get("/accounts", pagesize=100)["collection"]
    return {row["accountNumber"]: row["balance"] for row in rows if row["balance"]}


def invoice(agreement: Agreement) -> int:
    draft = agreement.draft(paymentTerms={"paymentTermsNumber": 11})
    number: int = agreement.book(draft["draftInvoiceNumber"])["bookedInvoiceNumber"]
    return number


def test_answers_a_payout_as_the_example_does(agreement):
    agreement.server.standin.state.customers[500119] = dict(agreement.server.standin.state.customers[500123])
    agreement.server.standin.state.next_numbers |= {"voucher:5": 50012, "journal_entry": 9101}
    reply = agreement.post_example("/journals/5/vouchers", PAYOUT)
    assert reply.status_code == 201
    expected = rehosted(example("economic", "journal-voucher.payout.response"), ORIGIN, agreement.server.url)
    assert differences(expected, read(reply.text)) == []


def test_a_booked_invoice_moves_the_accounts_and_all_sums_to_nothing(agreement):
    number = invoice(agreement)
    gross = agreement.get(f"/invoices/booked/{number}")["grossAmount"]
    found = balances(agreement)
    assert found[5600] == gross
    assert sum(found.values()) == 0


def test_a_paid_term_posts_to_its_contra_account_instead_of_the_customer(agreement):
    draft = agreement.draft(paymentTerms={"paymentTermsNumber": 2})
    booked = agreement.book(draft["draftInvoiceNumber"])
    found = balances(agreement)
    assert (found[5825], found.get(5600), booked["remainder"]) == (booked["grossAmount"], None, 0)


@pytest.mark.parametrize(("sign", "amount"), [("negative", "-536.95"), ("positive", "536.95")])
def test_a_payment_settles_its_invoice_only_when_the_journal_is_booked(agreement, sign, amount):
    agreement.server.configure({"customer_payment_sign": sign})
    number = invoice(agreement)
    body = voucher(payments=(payment(amount, customerInvoice=number, **contra(5825)),))
    agreement.put_up("/journals/5/vouchers", body)
    assert agreement.get(f"/invoices/booked/{number}")["remainder"] == Decimal("536.95")
    agreement.server.act({"action": "book_journal", "journal": 5})
    assert agreement.get(f"/invoices/booked/{number}")["remainder"] == 0
    assert (balances(agreement)[5825], balances(agreement).get(5600)) == (Decimal("536.95"), None)


def test_the_wrong_sign_leaves_the_customer_owing_twice(agreement):
    number = invoice(agreement)
    agreement.put_up(
        "/journals/5/vouchers", voucher(payments=(payment("536.95", customerInvoice=number, **contra(5825)),))
    )
    agreement.server.act({"action": "book_journal", "journal": 5})
    assert agreement.get(f"/invoices/booked/{number}")["remainder"] == Decimal("536.95")
    assert balances(agreement)[5600] == Decimal("1073.90")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"entries": {}}, "Required properties are missing from object: accountingYear"),
        (
            voucher(finance(5820, "1", note="x")),
            "Property 'note' has not been defined. Path 'entries.financeVouchers[0].note'",
        ),
        (voucher(finance(5820, "1", text="x" * 251)), "maximum length of 250"),
        (voucher({"account": {"accountNumber": 5820}, "date": "2026-02-03"}), "missing from object: amount"),
    ],
)
def test_refuses_what_breaks_the_schema(agreement, body, text):
    reply = agreement.call("POST", "/journals/5/vouchers", body)
    assert any(text in problem for problem in errors_of(reply))
    assert agreement.server.counters()["records"]["journal_entries"] == 0


@pytest.mark.parametrize(
    "body",
    [
        voucher(finance(5820, "1.005", **contra(5825))),
        voucher(finance(9999, "1", **contra(5825))),
        voucher(finance(5600, "1", **contra(5825))),
        voucher(finance(5820, "1", date="2027-02-03")),
        voucher(finance(5820, "1", date="2023-02-03"), year="2023"),
        voucher(finance(5820, "1", currency={"code": "USD"})),
        voucher(payments=({"amount": 1, "date": "2026-02-03"},)),
        voucher(payments=(payment("1", customer={"customerNumber": 4}),)),
    ],
)
def test_refuses_values_that_cannot_be_posted(agreement, body):
    assert agreement.call("POST", "/journals/5/vouchers", body).status_code == 400
    assert agreement.server.counters()["records"]["journal_entries"] == 0


def test_a_restricted_journal_takes_its_own_type_only(agreement):
    assert agreement.call("POST", "/journals/6/vouchers", voucher(finance(5820, "1"))).status_code == 400
    agreement.put_up("/journals/6/vouchers", voucher(payments=(payment("-1"),)))


def test_an_unbalanced_voucher_is_kept_as_a_draft_and_refused_at_booking(agreement):
    agreement.put_up("/journals/5/vouchers", voucher(finance(5820, "10"), finance(7220, "-9.99")))
    with pytest.raises(ValueError, match="does not balance"):
        agreement.server.act({"action": "book_journal", "journal": 5})
    assert balances(agreement) == {}


def test_a_voucher_of_two_currencies_must_balance_in_each(agreement):
    body = voucher(finance(5820, "746.05"), finance(5825, "-100", currency={"code": "EUR"}))
    agreement.put_up("/journals/5/vouchers", body)
    with pytest.raises(ValueError, match="does not balance"):
        agreement.server.act({"action": "book_journal", "journal": 5})
    agreement.server.configure({"balance_per": "base"})
    agreement.server.act({"action": "book_journal", "journal": 5})
    assert balances(agreement) == {5820: Decimal("746.05"), 5825: Decimal("-746.05")}


def test_vat_is_lifted_out_of_an_amount_with_a_vat_code(agreement):
    agreement.put_up(
        "/journals/5/vouchers", voucher(finance(7220, "125", vatAccount={"vatCode": "U25"}, **contra(5820)))
    )
    agreement.server.act({"action": "book_journal", "journal": 5})
    assert balances(agreement) == {7220: 100, 14261: 25, 5820: -125}


@pytest.mark.parametrize(("shape", "wanted"), [("array", 200), ("object", 400), ("unknown", 400)])
def test_chosen_entries_are_booked_by_the_body_that_the_switch_says(agreement, shape, wanted):
    agreement.server.configure({"book_entries_body": shape})
    made = agreement.put_up("/journals/5/vouchers", voucher(finance(5820, "1", **contra(5825))))
    number = made[0]["entries"]["financeVouchers"][0]["journalEntryNumber"]
    reply = agreement.call("POST", "/journalsapi/v16.0.1/journals/5/bookdraftentries", [number])
    assert reply.status_code == wanted
    assert bool(balances(agreement)) == (wanted == 200)


def test_a_text_finds_draft_and_booked_entries(agreement):
    agreement.put_up(
        "/journals/5/vouchers", voucher(finance(5820, "1", text="Udbetaling kort-PO1-payout", **contra(5825)))
    )
    wanted = {"filter": "text$like:kort-PO1-payout"}
    assert len(agreement.get("/journals/5/entries", **wanted)["collection"]) == 1
    agreement.server.act({"action": "book_journal", "journal": 5})
    assert agreement.get("/journals/5/entries", **wanted)["collection"] == []
    assert len(agreement.get("/accounting-years/2026/entries", **wanted)["collection"]) == 2


def test_an_accountant_moves_a_voucher_and_deletes_an_entry(agreement):
    made = agreement.put_up("/journals/5/vouchers", voucher(finance(5820, "1", **contra(5825))))[0]
    agreement.server.act(
        {"action": "move_voucher", "journal": 5, "voucher": made["voucherNumber"], "to": 1, "number": 9}
    )
    assert agreement.get("/journals/1/vouchers/2026-9")["voucherNumber"] == 9
    entry = made["entries"]["financeVouchers"][0]["journalEntryNumber"]
    assert agreement.call("DELETE", f"/journals/1/entries/{entry}").status_code == 204
    assert agreement.call("GET", "/journals/1/vouchers/2026-9").status_code == 404
    assert agreement.call("DELETE", "/journals/1/vouchers/2026-9").status_code == 405


def test_entries_of_one_customer_are_matched_afterwards(agreement):
    number = invoice(agreement)
    agreement.put_up("/journals/5/vouchers", voucher(payments=(payment("-500", **contra(5825)),)))
    agreement.server.act({"action": "book_journal", "journal": 5})
    path = "/bookedentriesapi/v7.0.0/booked-entries"
    rows = agreement.get(path, filter="customerNumber$eq:500123")["items"]
    ids = [row["entryNumber"] for row in rows]
    assert agreement.call("POST", f"{path}/match", {"entryIds": ids}).status_code == 204
    assert agreement.get(f"/invoices/booked/{number}")["remainder"] == Decimal("36.95")
    assert agreement.call("POST", f"{path}/match", {"entryIds": ids[:1]}).status_code == 400


PNG = ("side1.png", b"\x89PNG\r\n\x1a\n....", "image/png")


def test_a_voucher_has_one_file_to_which_pages_are_added(agreement):
    made = agreement.put_up("/journals/5/vouchers", voucher(finance(5820, "1", **contra(5825))))[0]
    path = f"/journals/5/vouchers/2026-{made['voucherNumber']}/attachment/file"
    send = agreement.session.request
    assert send("POST", agreement.server.url + path, files={"fil": PNG}, timeout=5).status_code == 201
    assert send("POST", agreement.server.url + path, files={"fil": PNG}, timeout=5).status_code == 400
    assert send("PATCH", agreement.server.url + path, files={"fil": PNG}, timeout=5).status_code == 200
    assert agreement.get(path.removesuffix("/file"))["pages"] == 2
    text = ("udtog.csv", b"a;b", "text/csv")
    assert send("PATCH", agreement.server.url + path, files={"fil": text}, timeout=5).status_code == 400


def test_a_new_voucher_may_not_be_visible_at_once(agreement):
    agreement.server.configure({"lag_s": 2})
    made = agreement.put_up("/journals/5/vouchers", voucher(finance(5820, "1", **contra(5825))))[0]
    path = f"/journals/5/vouchers/2026-{made['voucherNumber']}"
    assert agreement.call("GET", path).status_code == 404
    agreement.clock.advance(3)
    assert agreement.call("GET", path).status_code == 200
