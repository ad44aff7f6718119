"""Payments of booked invoices: by term, in the journal, exactly once; what stands on clearing for the payouts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import select

from pakhus.clients.webshop import Seen
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.payments import cashier
from pakhus.flows.report import RunReport
from pakhus.flows.vouchers import STEP
from pakhus.ledger import bodies, clearing
from pakhus.ledger.schema import attempts, documents
from pakhus.rules.payment_methods import PaymentMethod, PaymentSign, PaymentWay
from tests.contract.test_economic_vendor_schemas import assert_valid_request
from tests.flows.shipped_orders import only
from tests.flows.world import World, world

CARD = PaymentMethod(terms=2, way=PaymentWay.AUTO, clearing_account=5825, journal=5, open_terms=11)
JOURNAL = PaymentMethod(terms=11, way=PaymentWay.JOURNAL, clearing_account=5825, journal=5)
AGREEMENT = "economic__main"


def paying(at: World, method: PaymentMethod, **economic: Any) -> World:
    """The world with every payment method registered this way."""
    mapping = at.settings.mapping.economic
    assert mapping is not None
    update = {"payments": dict.fromkeys(mapping.payments, method), **economic}
    changed = at.settings.mapping.model_copy(update={"economic": mapping.model_copy(update=update)})
    return replace(at, settings=at.settings.model_copy(update={"mapping": changed}))


def pay(at: World) -> RunReport:
    return cashier(at.shop, at.accounts, at.ledger, at.settings).run(workers=2)


def reasons(at: World) -> Mapping[str, int]:
    query = select(documents.c.reason).where(documents.c.flow == "payments")
    with at.ledger.begin() as tx:
        found = list(tx.connection.execute(query).scalars())
    return {code: found.count(code) for code in set(found)}


def items(at: World, account: int = 5825) -> list[clearing.Item]:
    with at.ledger.begin() as tx:
        return clearing.of_account(tx, AGREEMENT, account)


def balance(at: World, account: int) -> Decimal:
    row = at.accounts_server.dump()["accounts"][str(account)]
    return Decimal(str(row["balance"]))


def waiting(at: World) -> list[Any]:
    return list(at.accounts_server.dump()["journal_entries"].values())


@pytest.fixture
def shop(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders that were paid and sent."""
    with world(fresh_ledger_url, seed=only("60", "63", "93")) as running:
        yield running


@pytest.fixture
def journal(shop: World) -> World:
    """Invoices are booked, their payments are to be entered in the journal."""
    at = paying(shop, JOURNAL)
    at.observe()
    at.book()
    return at


def test_the_term_moves_the_money_and_nothing_is_written(shop):
    at = paying(shop, CARD)
    at.observe()
    at.book()
    at.reset_counters()
    report = pay(at)
    assert at.writes() == 0
    assert set(reasons(at)) == {"paid_by_term"}
    assert report.alarms() == []
    stands = items(at)
    assert stands
    assert all((item.new.way, item.new.kind) == ("term", "capture") for item in stands)
    assert sum(item.new.amount for item in stands) == balance(at, 5825) > 0


def test_journal_payments_wait_for_the_bookkeeper_and_then_close_their_invoices(journal):
    pay(journal)
    assert set(reasons(journal)) == {"payment_registered"}
    invoices = journal.accounts_server.dump()["booked"].values()
    assert all(Decimal(str(invoice["remainder"])) for invoice in invoices)
    assert all(Decimal(str(entry["amount"])) < 0 for entry in waiting(journal))
    journal.accounts_server.act({"action": "book_journal", "journal": 5})
    invoices = journal.accounts_server.dump()["booked"].values()
    assert [invoice for invoice in invoices if Decimal(str(invoice["remainder"]))] == []
    assert balance(journal, 5825) == sum(item.new.amount for item in items(journal)) > 0
    assert balance(journal, 5600) == 0


@pytest.mark.edge(1)
def test_invoice_over_nothing_leaves_nothing_for_a_provider_to_settle(shop):
    at = paying(shop, CARD, zero_total="invoice")
    coupons = at.shop_server.standin.shop.coupons
    coupons["gratis"] = replace(coupons["rabat10"], code="gratis", amount=Decimal(100))
    pickup = {"method_id": "local_pickup", "method_title": "Afhentning", "total": "0.00"}
    goods = [{"sku": "NH-1018", "quantity": 1}]
    order = at.act(action="place_order", payment_method="cod", items=goods, coupons=["gratis"], shipping_line=pickup)
    at.act(action="set_status", order=order["order"], status="completed")
    at.forward(minutes=2)
    at.observe()
    at.book()
    assert Decimal(0) in [Decimal(str(one["grossAmount"])) for one in at.accounts_server.dump()["booked"].values()]
    pay(at)
    assert all(item.new.amount for item in items(at))


class _Unread:
    """The shop's reader after a change: it cannot read one order any more."""

    def __init__(self, at: World, order_id: str) -> None:
        self._shop, self._order_id = at.shop, order_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shop, name)

    def parse(self, order_id: str, body: bytes, read_at: datetime) -> Seen:
        if order_id == self._order_id:
            return Seen(order_id, body, read_at, problem="payments: not understood")
        return self._shop.parse(order_id, body, read_at)


def test_an_order_that_cannot_be_read_any_more_holds_its_own_payment_and_no_other(journal):
    broken = cast("Any", _Unread(journal, "60"))
    cashier(broken, journal.accounts, journal.ledger, journal.settings).run(workers=2)
    assert reasons(journal) == {"order_unreadable": 1, "payment_registered": 2}
    journal.forward(days=1, minutes=2)
    pay(journal)
    assert reasons(journal) == {"payment_registered": 3}


def test_running_again_writes_nothing(journal):
    pay(journal)
    journal.reset_counters()
    pay(journal)
    assert journal.writes() == 0
    assert journal.accounts_server.counters()["doubles"] == []


def test_the_sign_is_the_one_that_the_mapping_says(shop):
    at = paying(shop, JOURNAL, customer_payment_sign=PaymentSign.POSITIVE)
    at.accounts_server.configure({"customer_payment_sign": "positive"})
    at.observe()
    at.book()
    pay(at)
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert balance(at, 5600) == 0


def test_requests_fit_the_vendors_schema(journal):
    pay(journal)
    with journal.ledger.begin() as tx:
        query = select(attempts.c.request_sha256).where(attempts.c.step == STEP)
        sent = [bodies.load(tx, digest) for digest in tx.connection.execute(query).scalars()]
    assert sent
    for body in sent:
        assert_valid_request("journals.journalNumber.vouchers.post", body)


def test_a_payment_that_somebody_entered_is_not_entered_again(journal):
    for number in journal.accounts_server.dump()["booked"]:
        journal.accounts_server.act({"action": "pay", "invoice": number})
    pay(journal)
    assert (set(reasons(journal)), waiting(journal)) == ({"already_paid"}, [])


@pytest.mark.parametrize("kind", ["answer_lost", "error_500"])
def test_a_lost_answer_is_settled_by_the_same_key(journal, kind):
    fault = {"kind": kind, "method": "POST", "path_regex": "vouchers$", "nth": 1, "effect": True}
    journal.accounts_server.faults.set([fault])
    pay(journal)
    assert reasons(journal).get("remote_unavailable") == 1
    journal.forward(minutes=5)
    pay(journal)
    assert set(reasons(journal)) == {"payment_registered"}
    assert len(waiting(journal)) == len(journal.accounts_server.dump()["booked"])
    assert journal.accounts_server.counters()["doubles"] == []


@pytest.mark.parametrize("book", [False, True])
def test_a_voucher_of_yesterday_is_found_wherever_the_accountant_has_put_it(journal, book):
    fault = {"kind": "answer_lost", "method": "POST", "path_regex": "vouchers$", "nth": 1}
    journal.accounts_server.faults.set([fault])
    pay(journal)
    first = min(int(entry["voucher"]) for entry in waiting(journal))
    journal.accounts_server.act({"action": "move_voucher", "journal": 5, "voucher": first, "to": 1, "number": 4711})
    if book:
        journal.accounts_server.act({"action": "book_journal", "journal": 1})
    before = len(waiting(journal))
    journal.forward(hours=26)
    pay(journal)
    assert set(reasons(journal)) == {"payment_registered"}
    assert len(waiting(journal)) == before
    assert journal.accounts_server.counters()["doubles"] == []


def test_a_voucher_that_was_never_made_is_made_once(journal):
    fault = {"kind": "request_lost", "method": "POST", "path_regex": "vouchers$", "nth": 1, "times": 3}
    journal.accounts_server.faults.set([fault])
    pay(journal)
    journal.forward(hours=26)
    pay(journal)
    assert set(reasons(journal)) == {"payment_registered"}
    assert len(waiting(journal)) == len(journal.accounts_server.dump()["booked"])


def test_a_closed_day_moves_the_payment_to_today(journal):
    days = {invoice["date"] for invoice in journal.accounts_server.dump()["booked"].values()}
    for day in days:
        journal.accounts_server.act({"action": "close", "date": day})
    today = journal.ledger.now().date().isoformat()
    journal.accounts_server.act({"action": "close", "date": today, "closed": False})
    pay(journal)
    assert set(reasons(journal)) == {"payment_registered"}


def test_a_day_of_no_accounting_year_is_one_vouchers_trouble_and_stops_no_flow(journal):
    with pytest.raises(StoppedError) as stopped:
        AccountsReader(journal.accounts).year_of(date(1999, 12, 31))
    assert stopped.value.verdict.code == "period_closed"


def test_what_was_booked_as_paid_is_not_paid_again_when_the_mapping_changes(shop):
    at = paying(shop, CARD)
    at.observe()
    at.book()
    pay(paying(at, CARD.model_copy(update={"terms": 12, "open_terms": 2})))
    assert (set(reasons(at)), waiting(at)) == ({"already_paid"}, [])
