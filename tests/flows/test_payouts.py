"""Payouts: from a file to a balanced voucher, exactly once; what clearing shows after it."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.__main__ import main
from pakhus.flows.payout_reports import REPORTS
from pakhus.flows.payouts import SettlementFile, Settler, settler
from pakhus.flows.vouchers import STEP
from pakhus.ledger import bodies, clearing, settlements
from pakhus.ledger.schema import attempts, documents
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay
from pakhus.rules.payout_accounts import PayoutAccounts
from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.settings.accounts import AccountSettings
from tests.contract.test_economic_vendor_schemas import assert_valid_request
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, balance, pay, paying, waiting
from tests.flows.world import World, world

ACCOUNTS = PayoutAccounts(
    clearing=5825, bank=5829, fee=7220, reserve=5827, dispute=5828, difference=7225, exchange=7230
)
KORT = AccountSettings(
    account="kort",
    provider="Kortselskabet",
    reader="column_mapping",
    folder="file:///srv/kort",
    economic="main",
    journal=5,
    accounts={"DKK": ACCOUNTS},
    start_from=date(2026, 1, 1),
    columns="kort",
    order_prefix="N-",
)
TYPES = ("capture", "refund", "fee", "payout", "chargeback", "reserve_hold", "payout_failed")
COLUMNS = ColumnMapping.model_validate(
    {
        "version": "1",
        "provider": "kort",
        "currency": "DKK",
        "columns": {
            "type": "Type",
            "id": "Id",
            "date": "Date",
            "gross": "Amount",
            "fee": "Fee",
            "order": "Order",
            "batch": "Batch",
            "payout_date": "Payout date",
        },
        "types": {name: name for name in TYPES},
        "dates": "%Y-%m-%d",
    }
)
HEADER = "Type;Id;Date;Amount;Fee;Order;Batch;Payout date"
PAID = {"60": "423.00", "63": "346.00", "93": "197.50"}


def row(kind: str, name: str, amount: str, fee: str = "0.00", order: str = "", batch: str = "PO-1") -> str:
    return f"{kind};{name};2026-11-22;{amount};{fee};{f'N-{order}' if order else ''};{batch};2026-11-25"


SALES = [
    row("capture", "t60", "423.00", "-6.13", "60"),
    row("capture", "t63", "346.00", "-5.02", "63"),
    row("capture", "t93", "197.50", "-2.86", "93"),
]
WHOLE = [*SALES, row("payout", "p1", "-952.49")]


def file(*rows: str, name: str = "kort.csv") -> SettlementFile:
    return SettlementFile(name, "\n".join([HEADER, *rows]).encode())


def settling(at: World, **changes: Any) -> Settler:
    return settler(at.accounts, at.ledger, KORT.model_copy(update=changes), columns=COLUMNS)


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders, invoiced and paid by card: 966.50 stands on the clearing account."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        assert balance(changed, 5825) == Decimal("966.50")
        yield changed


def payouts(at: World) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    query = select(documents.c.key, documents.c.reason, documents.c.reason_parameters)
    with at.ledger.begin() as tx:
        found = tx.connection.execute(query.where(documents.c.kind == "payout").order_by(documents.c.id))
        return {key: (reason, parameters) for key, reason, parameters in found}


def reason(at: World, key: str = "kort-PO-1-DKK-payout") -> str:
    return payouts(at)[key][0]


def standing(at: World) -> list[clearing.Standing]:
    with at.ledger.begin() as tx:
        return clearing.standing(tx, "economic__main", 5825)


def test_a_payout_becomes_one_voucher_and_empties_the_clearing_account(at):
    report = settling(at).run([file(*WHOLE)])
    assert (reason(at), report.alarms()) == ("payout_journaled", [])
    (voucher,) = {entry["voucher"] for entry in waiting(at)}
    assert len({entry["date"] for entry in waiting(at)}) == 1
    assert sum(Decimal(str(entry["amount"])) for entry in waiting(at)) == 0
    assert voucher
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert [balance(at, account) for account in (5825, 7220, 5829)] == [0, Decimal("14.01"), Decimal("952.49")]
    assert standing(at) == []
    assert report.headline.endswith("clearing 5825: 0.00")


def test_the_voucher_fits_the_vendors_schema(at):
    settling(at).run([file(*WHOLE)])
    query = select(attempts.c.request_sha256).where(attempts.c.step == STEP)
    with at.ledger.begin() as tx:
        sent = [bodies.load(tx, digest) for digest in tx.connection.execute(query).scalars()]
    assert len(sent) == 1
    assert_valid_request("journals.journalNumber.vouchers.post", sent[0])


def attachments(at: World) -> list[Any]:
    return list(at.accounts_server.dump()["attachments"].values())


def test_the_settlement_is_attached_as_pages_once(at):
    settling(at).run([file(*WHOLE)])
    (attached,) = attachments(at)
    assert attached["pages"] == 1
    with at.ledger.begin() as tx:
        found = tx.connection.execute(select(attempts.c.status).where(attempts.c.step == "attach_file"))
        assert list(found.scalars()) == ["ok"]


@pytest.mark.parametrize("kind", ["answer_lost", "request_lost"])
def test_a_file_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(at, kind, monkeypatch):
    made = itertools.count()
    monkeypatch.setattr("pakhus.flows.payouts.statement", lambda *_: b"%%PDF-1.4 %d" % next(made))
    fault = {"kind": kind, "method": "POST", "path_regex": "file$", "nth": 1}
    at.accounts_server.faults.set([fault])
    settling(at).run([file(*WHOLE)])
    assert (reason(at), standing(at)) == ("remote_unavailable", [])
    at.forward(minutes=5)
    settling(at).run([])
    assert (reason(at), len(attachments(at))) == ("payout_journaled", 1)
    assert len({entry["voucher"] for entry in waiting(at)}) == 1
    with at.ledger.begin() as tx:
        found = tx.connection.execute(select(attempts.c.status).where(attempts.c.step == "attach_file"))
        assert not {"sent", "unknown"} & set(found.scalars())  # its pages were made anew, with other bytes


def test_a_voucher_that_was_booked_at_once_has_no_file_and_is_done_all_the_same(at):
    fault = {"kind": "error_500", "method": "GET", "path_regex": "attachment$", "nth": 1, "times": 9}
    at.accounts_server.faults.set([fault])
    settling(at).run([file(*WHOLE)])
    at.accounts_server.faults.set([])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    at.forward(minutes=5)
    settling(at).run([])
    assert (reason(at), attachments(at)) == ("payout_journaled", [])


def test_the_same_file_again_and_in_another_order_writes_nothing(at):
    settling(at).run([file(*WHOLE)])
    at.reset_counters()
    settling(at).run([file(*WHOLE), file(*reversed(WHOLE), name="kort (1).csv")])
    assert at.writes() == 0
    assert list(payouts(at)) == ["kort-PO-1-DKK-payout"]


@pytest.mark.edge(66)
def test_a_file_that_was_issued_again_with_changes_is_an_alarm_and_changes_nothing(at):
    settling(at).run([file(*WHOLE)])
    at.reset_counters()
    changed = [*SALES[:2], row("payout", "p1", "-757.85")]
    report = settling(at).run([file(*changed)])
    (alarm,) = report.alarms()
    assert "PO-1-DKK otherwise than it was entered: it pays out 757.85 instead of 952.49" in alarm
    assert at.writes() == 0


def test_a_settlement_that_does_not_balance_is_not_journaled(at):
    report = settling(at).run([file(*SALES, row("payout", "p1", "-952.50"))])
    assert reason(at) == "payout_unbalanced"
    assert report.alarms()
    assert waiting(at) == []


@pytest.mark.edge(69)
def test_a_line_of_an_unknown_type_refuses_the_whole_file(at):
    report = settling(at).run([file(*SALES, row("bonus", "b1", "5.00"), row("payout", "p1", "-957.49"))])
    (alarm,) = report.alarms()
    assert "bonus" in alarm
    assert (payouts(at), waiting(at)) == ({}, [])


@pytest.mark.edge(67)
def test_a_payment_of_a_shop_that_is_not_connected_holds_the_payout(at):
    rows = [*SALES, row("capture", "x1", "100.00", order="9001"), row("payout", "p1", "-1052.49")]
    settling(at).run([file(*rows)])
    code, told = payouts(at)["kort-PO-1-DKK-payout"]
    assert (code, told["count"], told["lines"]) == ("payout_unmatched", "1", "4")
    assert "line 4 capture 100.00 DKK x1: no_document" in told["problem"]
    with at.ledger.begin() as tx:
        (unmatched,) = settlements.unmatched(tx)
    assert (unmatched.provider_id, unmatched.outcome) == ("x1", "no_document")


def test_such_a_line_may_be_posted_on_the_difference_account(at):
    rows = [*SALES, row("capture", "x1", "100.00", order="9001"), row("payout", "p1", "-1052.49")]
    settling(at, unmatched="post").run([file(*rows)])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (balance(at, 5825), balance(at, 7225), balance(at, 5829)) == (0, -100, Decimal("1052.49"))


@pytest.mark.edge(52)
def test_a_capture_in_two_parts_is_settled_by_two_payouts(at):
    first = [*SALES[1:], row("capture", "a", "223.00", order="60"), row("payout", "p1", "-758.62")]
    second = [row("capture", "b", "200.00", order="60", batch="PO-2"), row("payout", "p2", "-200.00", batch="PO-2")]
    settling(at).run([file(*first)])
    assert reason(at) == "payout_unmatched"
    settling(at, unmatched="post").run([])
    at.forward(hours=25)
    settling(at, unmatched="post").run([file(*second)])
    assert {code for code, _ in payouts(at).values()} == {"payout_journaled"}
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (balance(at, 5825), balance(at, 7225)) == (0, 0)
    assert standing(at) == []


@pytest.mark.edge(57)
def test_a_payment_id_that_two_orders_share_is_told_apart_by_the_order(at):
    with at.ledger.begin() as tx:
        tx.connection.exec_driver_sql("update clearing_items set provider_ids = array['same']")
    rows = [one.replace(";t60;", ";same;") for one in SALES[:1]]
    settling(at).run([file(*rows, row("payout", "p1", "-416.87"))])
    assert reason(at) == "payout_journaled"
    assert [item.order_number for item in _settled(at)] == ["60"]


def _settled(at: World) -> list[clearing.NewItem]:
    with at.ledger.begin() as tx:
        return [item.new for item in clearing.of_account(tx, "economic__main", 5825) if item.settled_by]


@pytest.mark.edge(62)
def test_a_payout_that_failed_at_the_bank_is_taken_back_by_the_next_settlement(at):
    settling(at).run([file(*WHOLE)])
    failed = [row("payout_failed", "p1f", "952.49", batch="PO-2"), row("payout", "p2", "-952.49", batch="PO-2")]
    settling(at).run([file(*failed)])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert {code for code, _ in payouts(at).values()} == {"payout_journaled"}
    assert balance(at, 5829) == Decimal("952.49")


@pytest.mark.edge(64)
def test_a_payout_over_the_end_of_a_closed_month_is_posted_on_the_first_open_day(at):
    at.accounts_server.act({"action": "close", "date": "2026-11-25"})
    at.forward(days=3)  # into December, or later
    settling(at).run([file(*WHOLE)])
    assert reason(at) == "payout_journaled"
    assert all(entry["date"] > "2026-11-30" for entry in waiting(at))


def test_an_announced_payout_waits_for_its_day_and_an_early_one_is_not_ours(at):
    ahead = [one.replace("2026-11-25", "2126-11-25") for one in WHOLE]
    settling(at).run([file(*ahead)])
    assert reason(at) == "payout_not_yet"
    settling(at, start_from=date(2200, 1, 1)).journal([_document(at)])
    assert reason(at) == "payout_before_start"


def _document(at: World) -> int:
    with at.ledger.begin() as tx:
        query = select(documents.c.id).where(documents.c.kind == "payout")
        found: int = tx.connection.execute(query).scalar_one()
        return found


def test_the_same_line_in_another_settlement_is_not_journaled_twice(at):
    settling(at).run([file(*WHOLE)])
    again = [one.replace("PO-1", "PO-9") for one in WHOLE]
    report = settling(at).run([file(*again)])
    assert reason(at, "kort-PO-9-DKK-payout") == "payout_line_again"
    assert report.alarms()


def test_what_a_payout_pays_whose_voucher_may_exist_is_not_paid_by_the_next_one(at):
    again = [row("capture", "t63b", "346.00", order="63", batch="PO-2"), row("payout", "p2", "-346.00", batch="PO-2")]
    at.accounts_server.faults.set([{"kind": "answer_lost", "method": "POST", "path_regex": "vouchers$", "nth": 1}])
    settling(at).run([file(*WHOLE), file(*again, name="next.csv")])
    assert (reason(at), reason(at, "kort-PO-2-DKK-payout")) == ("remote_unavailable", "payout_unmatched")
    at.forward(minutes=4)
    settling(at).run([])
    assert (reason(at), reason(at, "kort-PO-2-DKK-payout")) == ("payout_journaled", "payout_unmatched")
    assert standing(at) == []


FAULTS: list[Mapping[str, Any]] = [{"kind": "answer_lost"}, {"kind": "error_500", "effect": True}]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["kind"])
@pytest.mark.parametrize("later", [{"minutes": 5}, {"hours": 26}])
def test_a_lost_answer_makes_no_second_voucher(at, fault, later):
    at.accounts_server.faults.set([{**fault, "method": "POST", "path_regex": "vouchers$", "nth": 1}])
    settling(at).run([file(*WHOLE)])
    assert reason(at) == "remote_unavailable"
    assert standing(at)
    at.forward(**later)
    settling(at).run([])
    assert reason(at) == "payout_journaled"
    assert len({entry["voucher"] for entry in waiting(at)}) == 1
    assert standing(at) == []


def test_a_crash_between_the_answer_and_the_settling_settles_once(at, monkeypatch):
    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(settlements, "mark_posted", crash)
        settling(at).run([file(*WHOLE)])
    assert standing(at)
    with at.ledger.begin() as tx:
        tx.connection.execute(documents.update().where(documents.c.kind == "payout").values(status="due", reason="due"))
    settling(at).run([])
    settling(at).run([])
    assert standing(at) == []
    assert len({entry["voucher"] for entry in waiting(at)}) == 1


def test_an_invoice_that_stands_open_is_paid_by_the_payout(fresh_ledger_url):
    klarna = PaymentMethod(terms=11, way=PaymentWay.OPEN, clearing_account=5825)
    with world(fresh_ledger_url, seed=only("60")) as running:
        at = paying(running, klarna)
        at.observe()
        at.book()
        pay(at)
        settling(at).run([file(SALES[0], row("payout", "p1", "-416.87"))])
        at.accounts_server.act({"action": "book_journal", "journal": 5})
        (invoice,) = at.accounts_server.dump()["booked"].values()
        assert Decimal(str(invoice["remainder"])) == 0
        assert (balance(at, 5600), balance(at, 5829)) == (0, Decimal("416.87"))


def test_reports_say_what_is_open_unmatched_and_what_it_cost(at):
    rows = [*SALES[:2], row("refund", "r1", "-50.00", order="63"), row("payout", "p1", "-707.85")]
    settling(at).run([file(*rows)])
    with at.ledger.begin() as tx:
        made = {name: report(tx, None) for name, report in REPORTS.items()}
    assert [line[:4] for line in made["clearing"].rows] == [("economic__main", "5825", "DKK", "3")]
    assert made["clearing"].rows[0][-2] == "966.50"
    assert [(line[3], line[5], line[9]) for line in made["unmatched"].rows] == [("refund", "-50.00", "no_document")]
    assert made["refunds"].rows == made["unmatched"].rows
    assert made["fees"].rows == [("kort", "DKK", "2026-11", "2", "769.00", "11.15", "1.45 %")]
    assert all(len(line) == len(report.columns) for report in made.values() for line in report.rows)


def test_reports_are_written_as_tables_and_drawn(at, tmp_path, monkeypatch, capsys):
    rows = [*SALES[:2], row("refund", "r1", "-50.00", order="63"), row("payout", "p1", "-707.85")]
    settling(at, unmatched="post").run([file(*rows)])
    monkeypatch.setenv("PAKHUS_LEDGER_URL", at.ledger.url)
    for name in REPORTS:
        table, picture = tmp_path / f"{name}.csv", tmp_path / f"{name}.png"
        assert main(["report", name, "--csv", str(table), "--picture", str(picture)]) == 0, capsys.readouterr().out
        assert len(table.read_text().splitlines()) == 2, name
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["report", "fees", "--picture", str(tmp_path / "fees.txt")]) == 1
    assert main(["report", "unmatched"]) == 0
    assert "no_document" in capsys.readouterr().out


def test_a_held_payout_is_sent_again_by_its_key(at, tmp_path, monkeypatch, capsys):
    settling(at).run([file(*SALES, row("payout", "p1", "-952.50"))])
    (tmp_path / "shops").mkdir()
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "kort.yaml").write_text("account: kort\n")
    monkeypatch.setenv("PAKHUS_INCLUDE", str(tmp_path))
    monkeypatch.setenv("PAKHUS_LEDGER_URL", at.ledger.url)
    assert main(["again", "kort", "kort-PO-1-DKK-payout"]) == 0, capsys.readouterr().out
    assert reason(at) != "payout_unbalanced"


def test_matching_is_tried_again_the_next_day(fresh_ledger_url):
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        at = paying(running, CARD)
        at.observe()
        settling(at).run([file(*WHOLE)])
        assert reason(at) == "payout_unmatched"
        at.book()
        pay(at)
        at.forward(hours=25)
        settling(at).run([])
        assert reason(at) == "payout_journaled"
