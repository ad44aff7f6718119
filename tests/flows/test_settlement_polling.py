"""Polling of a provider: what is finished is taken in once, late changes are seen, files and API are one batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.http import Limits
from pakhus.clients.settlement_api import ProviderSettings
from pakhus.clients.stripe_settlements import StripeSettlements
from pakhus.errors import AccessDeniedError, NotFoundError
from pakhus.flows.decisions import answer
from pakhus.flows.settlement_intake import Intake, SettlementFile
from pakhus.flows.settlement_polling import CURSOR, Poller, window
from pakhus.ledger import bodies, cursors
from pakhus.ledger.connection import Ledger
from pakhus.ledger.migrate import migrate
from pakhus.ledger.schema import documents, settlement_lines, settlements
from pakhus.provider_connections import PROVIDERS
from pakhus.reasons import Answer
from pakhus.settings.accounts import AccountSettings, ProviderApiSettings
from tests.clients.scripted_shop import Asked, Reply, ScriptedShop, serving
from tests.clients.test_settlement_clients import fixture
from tests.flows.test_payouts import ACCOUNTS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "settlements"
PAID_ROW = (
    "txn_paid,2026-11-04 09:00:00,2026-11-04 10:00:00,dkk,-1901.86,0,-1901.86,payout,PAYOUT7001,,,,PAYOUT7001,"
    "2026-11-05 00:00:00,,,"
)
WHOLE_CSV = (FIXTURES / "stripe_csv.csv").read_bytes() + PAID_ROW.encode()
KEY = "kort-PAYOUT7001-payout"
BUYER = {"billing_details": {"name": "Lise Øst", "email": "lise@example.dk"}, "receipt_email": "lise@example.dk"}


@dataclass
class Stripe:
    """A small Stripe: the worked payout of the domain guide, and what a test puts beside it."""

    said: dict[str, Any] = field(default_factory=lambda: fixture("stripe"))
    others: list[dict[str, Any]] = field(default_factory=list)
    refuse: Mapping[str, int] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Reply:
        if status := next((status for path, status in self.refuse.items() if path in asked.path), 0):
            return Reply({"error": {"message": "no"}}, status)
        if asked.path == "/v1/payouts":
            return Reply({"data": [self.said["payout"], *self.others], "has_more": False})
        if asked.path.startswith("/v1/payouts/"):
            return Reply(next(row for row in [self.said["payout"], *self.others] if asked.path.endswith(row["id"])))
        return Reply({"data": self.said["balance_transactions"], "has_more": False})

    def line(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(row for row in self.said["balance_transactions"] if row["id"] == name)
        return found


@dataclass
class Scene:
    """An account that polls, its ledger and its provider."""

    ledger: Ledger
    settings: AccountSettings
    stripe: Stripe
    server: ScriptedShop

    def poller(self) -> Poller:
        limits = Limits(connect_s=2, read_s=5, deadline_s=10, tries=1)
        client = StripeSettlements(ProviderSettings(self.server.url, "rk_secret", limits=limits))
        return Poller(self.ledger, self.settings, lambda: client)

    def intake(self) -> Intake:
        return Intake(self.ledger, self.settings)

    def poll(self) -> list[tuple[str, Mapping[str, str]]]:
        """Take in what polling finds; the verdicts that are news."""
        intake = self.intake()
        found = []
        for one in self.poller().found():
            verdict = intake.take(one) if isinstance(one, SettlementFile) else intake.set_apart(one)
            if verdict is not None:
                found.append((verdict.code, dict(verdict.parameters)))
        return found

    def take_csv(self, content: bytes) -> Any:
        return self.intake().take(SettlementFile("payouts.csv", content))

    def rows(self, table: Any) -> Sequence[Any]:
        with self.ledger.begin() as tx:
            return tx.connection.execute(select(table)).all()

    def reason(self, key: str = KEY) -> str:
        found: str = next(row.reason for row in self.rows(documents) if row.key == key)
        return found

    def post(self) -> None:
        """As if the voucher had been made."""
        with self.ledger.begin() as tx:
            tx.connection.execute(settlements.update().values(posted_at=tx.now))
            tx.connection.execute(documents.update().values(status="done", reason="payout_journaled"))

    def cursor(self) -> str | None:
        with self.ledger.begin() as tx:
            return cursors.read(tx, "kort", CURSOR)


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[Scene]:
    migrate(fresh_ledger_url)
    ledger = Ledger(fresh_ledger_url)
    settings = AccountSettings(
        account="kort",
        provider="Stripe",
        api=ProviderApiSettings(provider="stripe"),
        reader="stripe_csv",
        folder="file:///srv/kort",
        economic="main",
        journal=5,
        accounts={"DKK": ACCOUNTS},
        start_from=date(2024, 1, 1),
    )
    stripe = Stripe()
    with serving(stripe.answer) as server:
        yield Scene(ledger, settings, stripe, server)
    ledger.close()


def test_a_finished_payout_is_taken_in_once_and_kept_as_it_was_read(at):
    assert at.poll() == [("settlement_read", {"count": "1", "fresh": "1"})]
    assert at.poll() == []
    (row,) = at.rows(settlements)
    assert (row.batch, row.reader, row.file_name, f"{row.net:.2f}") == (
        "PAYOUT7001",
        "stripe",
        "Stripe PAYOUT7001",
        "1901.86",
    )
    assert at.reason() == "due"
    assert at.cursor() == f"{at.ledger.now().astimezone(UTC):%Y-%m-%d}"


def test_what_is_kept_of_a_charge_names_nobody(at):
    at.stripe.line("txn_a1")["source"] |= {**BUYER, "metadata": {"order_id": "1001", "customer_name": "Lise Øst"}}
    at.poll()
    (row,) = at.rows(settlements)
    with at.ledger.begin() as tx:
        kept = bodies.load(tx, row.file_sha256).decode()
    assert "1001" in kept
    assert "Lise" not in kept
    assert "example.dk" not in kept


def test_a_charge_that_is_refunded_later_is_no_news(at):
    at.poll()
    at.stripe.line("txn_a1")["source"]["amount_refunded"] = 100
    assert at.poll() == []


def test_a_payout_on_its_way_is_left_and_holds_the_place(at):
    at.stripe.said["payout"] |= {"status": "in_transit"}
    assert at.poll() == []
    assert at.rows(settlements) == []
    arrives = datetime.fromtimestamp(at.stripe.said["payout"]["arrival_date"], UTC).date()
    assert at.cursor() == min(arrives, at.ledger.now().astimezone(UTC).date()).isoformat()
    at.stripe.said["payout"] |= {"status": "paid"}
    assert [code for code, _ in at.poll()] == ["settlement_read"]


def test_a_payout_by_hand_is_told_to_a_person_once(at):
    at.stripe.others.append({**at.stripe.said["payout"], "id": "po_hand", "automatic": False, "amount": 12345})
    (told, _) = at.poll()
    assert told == ("payout_not_itemised", {"batch": "po_hand", "amount": "123.45 DKK", "date": "2026-11-05"})
    assert at.poll() == []
    assert at.reason("kort-po_hand-payout") == "payout_not_itemised"


def test_a_payout_that_was_entered_by_hand_is_not_entered_when_its_lines_come(at):
    paid = dict(at.stripe.said["payout"])
    at.stripe.said["payout"] |= {"automatic": False}
    assert [code for code, _ in at.poll()] == ["payout_not_itemised"]
    (document,) = [row for row in at.rows(documents) if row.kind == "payout"]
    answer(at.ledger, "kort", document.key, document.since, Answer.IGNORE, "anna")
    at.stripe.said["payout"] = paid
    assert [code for code, _ in at.poll()] == ["settlement_read"]
    assert (len(at.rows(settlements)), at.reason(document.key)) == (1, "ignored_by_person")
    at.stripe.line("txn_c1").update({"amount": 124800, "net": 122989})
    at.stripe.line("txn_PAYOUT7001").update({"amount": -190086, "net": -190086})
    at.stripe.said["payout"]["amount"] = 190086
    assert [code for code, _ in at.poll()] == ["settlement_reissued"]
    assert at.reason(document.key) == "ignored_by_person"


@pytest.mark.parametrize("first", ["file", "api"])
def test_a_payout_by_file_and_by_api_is_one_settlement(at, first):
    if first == "file":
        assert at.take_csv(WHOLE_CSV).code == "settlement_read"
    assert [code for code, _ in at.poll()] == ["settlement_read"]
    if first == "api":
        assert at.take_csv(WHOLE_CSV).code == "settlement_read"
    assert len(at.rows(settlements)) == 1
    assert [row.kind for row in at.rows(documents)].count("payout") == 1
    at.post()
    assert at.poll() == []
    assert at.reason() == "payout_journaled"


def test_a_file_that_says_other_money_than_the_api_is_an_alarm(at):
    at.poll()
    verdict = at.take_csv(WHOLE_CSV.replace(b"499.00", b"489.00").replace(b"491.76", b"481.76"))
    assert verdict.code == "settlement_contradicted"


def test_a_later_answer_counts_as_long_as_nothing_was_entered(at):
    at.poll()
    line, paid = at.stripe.line("txn_c1"), at.stripe.line("txn_PAYOUT7001")
    line |= {"amount": 124800, "net": 122989}
    paid |= {"amount": -190086, "net": -190086}
    at.stripe.said["payout"]["amount"] = 190086
    assert at.poll() == [("settlement_read", {"count": "1", "fresh": "1"})]
    (row,) = at.rows(settlements)
    assert f"{row.net:.2f}" == "1900.86"
    assert len(at.rows(settlement_lines)) == len(at.stripe.said["balance_transactions"])
    assert at.reason() == "due"


def test_a_change_after_it_was_entered_is_an_alarm_and_changes_nothing(at):
    at.poll()
    at.post()
    line, paid = at.stripe.line("txn_c1"), at.stripe.line("txn_PAYOUT7001")
    line |= {"amount": 124800, "net": 122989}
    paid |= {"amount": -190086, "net": -190086}
    at.stripe.said["payout"]["amount"] = 190086
    ((code, told),) = at.poll()
    assert code == "settlement_reissued"
    assert "it pays out 1900.86 instead of 1901.86" in told["problem"]
    assert f"{at.rows(settlements)[0].net:.2f}" == "1901.86"
    assert at.poll() == []


def test_another_text_of_the_same_money_is_no_news_once_it_was_entered(at):
    at.poll()
    at.post()
    at.stripe.line("txn_a1")["description"] = "changed by the shop"
    assert [code for code, _ in at.poll()] == ["settlement_read"]
    assert at.reason() == "payout_journaled"


def test_one_that_is_refused_does_not_keep_the_others_and_is_asked_for_again(at):
    at.stripe.others.append({**at.stripe.said["payout"], "id": "A1"})
    at.stripe.refuse = {"/v1/payouts/A1": 404}
    with pytest.raises(NotFoundError):
        at.poll()
    assert at.reason() == "due"
    assert at.cursor() is None


def test_a_key_without_rights_moves_nothing(at):
    at.stripe.refuse = {"/v1/payouts": 403}
    with pytest.raises(AccessDeniedError, match="Stripe GET /v1/payouts: 403; renew the key"):
        at.poll()
    assert at.cursor() is None


def test_the_window_begins_at_the_start_then_some_days_before_the_cursor(at):
    now = datetime(2026, 11, 29, 3, tzinfo=UTC)
    stripe, span = PROVIDERS["stripe"], PROVIDERS["vipps_mobilepay"]
    assert window(at.settings, stripe, None, now) == (date(2024, 1, 1), date(2026, 11, 29))
    assert window(at.settings, stripe, "2026-11-28", now) == (date(2026, 11, 14), date(2026, 11, 29))
    new = at.settings.model_copy(update={"start_from": date(2026, 11, 20)})
    assert window(new, stripe, "2026-11-28", now)[0] == date(2026, 11, 20)
    first, last = window(at.settings, span, "2026-11-28", now)
    assert (first, last) == (date(2026, 11, 14) - timedelta(days=31), date(2026, 11, 27))


def test_nothing_is_asked_before_the_start(at):
    at.settings = at.settings.model_copy(update={"start_from": date(2999, 1, 1)})
    scene = replace(at, server=ScriptedShop(lambda _: Reply({}, 500)))
    assert list(scene.poller().found()) == []
