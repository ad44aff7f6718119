"""A payout journalled and booked by rule, after a refund that the provider alone knows was credited and paid back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from pakhus.clients.http import Limits
from pakhus.ledger.connection import Ledger
from tests.faults.money import GIVEN_BACK, PAYOUT, settle_by_rule
from tests.faults.parts import part
from tests.faults.scene import INVOICE, INVOICED, Scene, Server, credit, observe, pay
from tests.faults.truth import Finding, States

BANK, CLEARING = 5829, 5825


def settle(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """Take in the settlement, journal it and book it once everything in it has its document."""
    settle_by_rule(scene.accounts(limits), ledger, INVOICED)


def people_book(scene: Scene, limits: Limits, ledger: Ledger) -> None:
    """The agreement takes entries as an array, and its bookkeeper has booked the payments of the invoices."""
    del limits, ledger
    accounts = Server(scene.servers["economic"].url)
    accounts.post("settings", {"book_entries_body": "array"})
    accounts.post("act", {"action": "book_journal", "journal": 5})


def booked_once(scene: Scene, states: States) -> Iterator[Finding]:
    """The payout's voucher is booked once and balances."""
    state = states["economic"]
    vouchers = defaultdict[str, list[Decimal]](list)
    for entry in state["entries"].values():
        if PAYOUT in entry["text"].split():
            vouchers[str(entry["voucher"])].append(Decimal(entry["amount"]))
    if len(vouchers) != 1:
        yield Finding("doubled" if vouchers else "lost", f"the payout was booked {len(vouchers)} times")
    if any(sum(amounts) for amounts in vouchers.values()):
        yield Finding("untrue", f"the payout's voucher does not balance: {dict(vouchers)}")
    if any(PAYOUT in entry["text"].split() for entry in state["journal_entries"].values()):
        yield Finding("untrue", "entries of the payout were left in the journal")
    yield from credited_once(scene, states)


def credited_once(scene: Scene, states: States) -> Iterator[Finding]:
    """One credit note stands for what was given back in the provider's portal."""
    del scene
    booked = states["economic"]["booked"].values()
    notes = [Decimal(one["grossAmount"]) for one in booked if Decimal(one["grossAmount"]) < 0]
    if notes != [-GIVEN_BACK]:
        yield Finding("doubled" if len(notes) > 1 else "lost", f"credited was {notes}, given back {GIVEN_BACK}")


STORY = part(
    "book payout",
    before=[[observe], INVOICE, [pay], [people_book], [settle], [credit], [pay]],
    steps=[settle],
    flows=["payouts"],
    checks=booked_once,
    unfinished=["due", "waiting", "held"],  # held is what the payout was until its refund was credited
)
