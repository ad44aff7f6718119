"""Payouts: settlements of a payment provider -> read, balanced to 0.00, matched, one voucher each in the accounts.

A file is kept by its hash and read whole or not at all. What a settlement pays is told from the payments that the
shops' flows have put on the clearing account. Only what matched exactly is posted without a person. Sources: domain
guide 3.5, 10, 11; economic.md 8; design, decisions 3 and 9, section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_journals import EconomicJournals, voucher_address
from pakhus.clients.settlement_api import PaidApart
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.chunks import due_chunks
from pakhus.flows.exactly_once import ECONOMIC, Writer, Written
from pakhus.flows.outcomes import stop
from pakhus.flows.payout_matching import Matched, match_settlement
from pakhus.flows.provider_refunds import credit_strange_refunds
from pakhus.flows.report import RunReport
from pakhus.flows.settlement_intake import FILE, PAYOUTS, Intake, SettlementFile, numbered
from pakhus.flows.voucher_booking import READ_FIRST, VoucherBooking
from pakhus.flows.voucher_files import VoucherFile
from pakhus.flows.vouchers import Vouchers
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.settlements.statement import statement
from pakhus.ledger import claims, clearing, decisions, documents, settlements
from pakhus.ledger.claims import Claim, holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.settlements import Settlement
from pakhus.model import Totals
from pakhus.reasons import Answer, Verdict
from pakhus.rules.payout_accounts import Booking
from pakhus.rules.payout_posting import plan_payout
from pakhus.rules.settlement_balance import RUNNING_BALANCES, balance_problems
from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.rules.settlement_matching import MATCHED_KINDS
from pakhus.rules.settlement_sequence import Balances, gap_before
from pakhus.settings.accounts import AccountSettings
from pakhus.settlements import Batch
from pakhus.vouchers import Voucher

_SHOWN_PROBLEMS = 3
# Payouts that pay from one clearing account, of one provider account or several, are matched one after the other.
_TURN_WAIT_S = 60.0
_TURN_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Settler:
    """Brings the payouts of one provider account into one e-conomic agreement."""

    accounts: EconomicClient
    ledger: Ledger
    settings: AccountSettings
    vouchers: Vouchers
    intake: Intake

    def run(self, found: Iterable[SettlementFile | PaidApart]) -> RunReport:
        """Take in what is new, journal what is due; the note ends with what stands on the clearing accounts."""
        report = RunReport(PAYOUTS, self.settings.account)
        for one in found:
            verdict = self.intake.set_apart(one) if isinstance(one, PaidApart) else self.intake.take(one)
            if verdict is not None:
                report.add(verdict)
        taken = report.codes["settlement_read"]
        self._journal_due(report)
        if report.codes["settlement_read"] > taken:  # a file that was held has been read by now: its payouts are due
            self._journal_due(report)
        report.headline = " · ".join([report.note(), *self.standing()])
        return report

    def _journal_due(self, report: RunReport) -> None:
        for chunk in due_chunks(self.ledger, self.settings.account, PAYOUTS):
            report.merge(self.journal(chunk.documents))

    def journal(self, document_ids: Sequence[int]) -> RunReport:
        """Journal these payouts, one after the other: two of them may pay one invoice in parts."""
        report = RunReport(PAYOUTS, self.settings.account)
        return Chunk(self.ledger, report, 1).work(document_ids, self._treat)

    def standing(self) -> list[str]:
        """What is captured but not paid out, per clearing account and currency, and since when."""
        found = []
        with self.ledger.begin() as tx:
            for number in sorted({accounts.clearing for accounts in self.settings.accounts.values()}):
                rows = clearing.standing(tx, self.settings.economic_target, number)
                for row in rows:
                    days = (tx.now - row.oldest).days
                    found.append(
                        f"clearing {number}: {row.amount:.2f} {row.currency} in {row.count}, oldest {days} days"
                    )
                if not rows:
                    found.append(f"clearing {number}: 0.00")
        return found

    # --- one payout --------------------------------------------------------------------------------------------------

    def _treat(self, document: Document, claim: Claim) -> Treated:
        if document.kind == FILE:
            return Treated(self.intake.take_again(document), None)
        writer = Writer(self.ledger, claim, document, ECONOMIC, self.accounts.send)
        settlement = self.ledger.persist(lambda tx: settlements.of_document(tx, document.id))
        if settlement is None:  # the provider never itemised it
            return Treated(document.verdict, None)
        known = writer.known(self.vouchers.step(document.key))
        if known is None:
            entered = self._entered(document, writer, settlement)
            if isinstance(entered, Verdict):
                # What was not matched is matched anew by the next run: orders are invoiced and paid meanwhile.
                at_once = entered.code in ("payout_unmatched", "payout_gap")
                return Treated(entered, None, due_at=self.ledger.now() if at_once else None)
            known = entered
        verdict = self._posted(document, claim, settlement, known)
        self._attach(document, claim, settlement, known)
        if self._is_booked(document, claim, settlement, known):
            verdict = Verdict.of("payout_booked", amount=_amount(settlement), voucher=known.remote_id)
        return Treated(verdict, None)

    def _entered(self, document: Document, writer: Writer, settlement: Settlement) -> Written | Verdict:
        """Match and enter in turn: what a line is matched with, no line of another payout may take meanwhile."""
        accounts = self.settings.accounts.get(settlement.currency)
        place = f"clearing:{self.settings.economic_target}:{accounts.clearing if accounts else settlement.currency}"
        with holding(self.ledger, place, wait_s=_TURN_WAIT_S) as turn:
            if turn is None:
                raise stop("claimed_elsewhere", due_at=self.ledger.now() + _TURN_AGAIN)
            keep = partial(self._keep, writer.claim, turn)
            keep()
            planned = self._plan(document, settlement, keep)
            if isinstance(planned, Verdict):
                return planned
            call = self.vouchers.call(planned, self.settings.journal)
            keep()
            return writer.make(self.vouchers.step(document.key), call)

    def _keep(self, *held: Claim) -> None:
        """Matching a hundred thousand lines, and asking what is open of thousands of invoices, outlasts a lease."""

        def renew(tx: Transaction) -> None:
            for claim in held:
                claims.renew(tx, claim)

        self.ledger.persist(renew)

    def _plan(self, document: Document, settlement: Settlement, keep: Callable[[], None]) -> Voucher | Verdict:
        """The voucher of a settlement, or why none is made now."""
        batch = self.intake.batch(settlement)
        early = self._too_early(batch) or self._wrong(batch, settlement)
        if early is not None:
            return early
        accounts = self.settings.accounts.get(batch.currency)
        if accounts is None:
            return Verdict.of("payout_currency_unmapped", currency=batch.currency)
        matched = match_settlement(self.ledger, self.accounts, self.settings, numbered(batch), settlement, keep=keep)
        credited = matched.strange and self.settings.refunds_only_here == "credit_note"
        if credited:
            credit_strange_refunds(self.ledger, self.settings.account, matched.strange)
        if matched.unsure and (credited or self.settings.unmatched == "hold"):
            return _unsure(matched)
        plan = plan_payout(
            numbered(batch),
            matched.paid,
            accounts,
            accounts.base_currency,
            document.key,
            elsewhere=matched.elsewhere,
        )
        if isinstance(plan, Verdict):
            return plan
        days = [batch.payout_on] if batch.payout_on else []
        day = self.vouchers.open_day([*days, self._today()], self.settings.lock_date)
        return Voucher(day, accounts.base_currency, plan.finance, plan.customers)

    def _too_early(self, batch: Batch) -> Verdict | None:
        """Whether the payout is before our time, or only announced."""
        day = batch.payout_on
        if day is None:
            return None
        if not self.settings.is_ours(day):
            return Verdict.of("payout_before_start", date=day)
        if day > self._today():
            due_at = datetime.combine(day, time(1), ZoneInfo(self.settings.timezone))
            raise stop("payout_not_yet", due_at=due_at, date=day)
        return None

    def _wrong(self, batch: Batch, settlement: Settlement) -> Verdict | None:
        """What is wrong with a settlement by itself, or against what else the provider says."""
        other = self.intake.contradicted(settlement)
        if other is not None:
            return Verdict.of("payout_contradicted", file=dict(other.verdict.parameters).get("file", ""))
        problems = balance_problems(batch)
        if problems:
            told = "; ".join(problem.text for problem in problems[:_SHOWN_PROBLEMS])
            return Verdict.of("payout_unbalanced", problem=told)
        kinds = [kind.value for kind in MATCHED_KINDS]
        again = self.ledger.persist(lambda tx: settlements.line_of_another(tx, settlement.id, kinds))
        if again is None:
            return self._gap(batch, settlement)
        return Verdict.of("payout_line_again", line=again.number, provider_id=again.provider_id, batch=again.batch)

    def _gap(self, batch: Batch, settlement: Settlement) -> Verdict | None:
        """What is missing between a settlement and the one before it, where the provider tells a running balance."""
        if batch.provider not in RUNNING_BALANCES:
            return None
        with self.ledger.begin() as tx:
            same_day, day_before = settlements.around(tx, settlement, batch.provider)
            taken = decisions.was_answered(tx, settlement.document_id, Answer.TAKE.value)
        mine = Balances(batch.id, batch.opening, batch.closing)
        gap = None if taken else gap_before(mine, same_day, day_before)
        return None if gap is None else Verdict.of("payout_gap", problem=gap)

    def _attach(self, document: Document, claim: Claim, settlement: Settlement, written: Written) -> None:
        """The settlement as pages at its voucher, unless the bookkeeper has booked or moved it before we came."""
        address = voucher_address(self.settings.journal, written.remote_id)
        attached = VoucherFile(self.ledger, claim, document, self.vouchers.journals, address)
        attached.attach(f"{document.key}.pdf", lambda: statement(self.intake.batch(settlement), settlement.file_name))

    def _posted(self, document: Document, claim: Claim, settlement: Settlement, written: Written) -> Verdict:
        """The lines settle what they pay, once, in the transaction that says so."""
        net = settlement.net

        def note(tx: Transaction) -> None:
            settlements.mark_posted(tx, settlement.id, document.id)
            documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=written.remote_id,
                currency=settlement.currency,
                totals=Totals(net, Decimal(0), net),
            )

        self.ledger.persist(note)
        journal, voucher = self.settings.journal, written.remote_id
        return Verdict.of("payout_journaled", amount=_amount(settlement), journal=journal, voucher=voucher)

    def _is_booked(self, document: Document, claim: Claim, settlement: Settlement, written: Written) -> bool:
        """Book the voucher where the account's settings say so and every line is sure."""
        settings = self.settings
        if settings.book is Booking.NEVER or settings.book_entries_body is None:
            return False
        if not self.ledger.persist(lambda tx: settlements.is_sure(tx, settlement.id)):
            return False
        writer = Writer(self.ledger, claim, document, READ_FIRST, self.accounts.send)
        vouchers, form = self.vouchers, settings.book_entries_body
        booking = VoucherBooking(writer, vouchers.journals, vouchers.reader, settings.journal, form, document.key)
        return booking.book(written)

    def _today(self) -> date:
        return self.ledger.now().astimezone(ZoneInfo(self.settings.timezone)).date()


def _amount(settlement: Settlement) -> str:
    return f"{settlement.net:.2f} {settlement.currency}"


def _unsure(matched: Matched) -> Verdict:
    told = "; ".join(matched.unsure[:_SHOWN_PROBLEMS])
    return Verdict.of("payout_unmatched", count=len(matched.unsure), lines=matched.lines, problem=told)


def settler(
    accounts: EconomicClient,
    ledger: Ledger,
    settings: AccountSettings,
    columns: ColumnMapping | None = None,
) -> Settler:
    """Put an account's settler together."""
    vouchers = Vouchers(EconomicJournals(accounts), AccountsReader(accounts), settings.customer_payment_sign)
    return Settler(accounts, ledger, settings, vouchers, Intake(ledger, settings, columns))
