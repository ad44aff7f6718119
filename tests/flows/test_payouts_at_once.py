"""Two accounts of one provider whose payouts are entered at the same moment: a payment is paid out once."""

from typing import Any

import pytest

from pakhus.flows import payouts as payouts_flow
from pakhus.flows.payouts import Settler, settler
from pakhus.ledger import clearing
from tests.flows.test_payments import AGREEMENT, waiting
from tests.flows.test_payouts import COLUMNS, KORT, at, file, payouts, row
from tests.flows.world import World

__all__ = ["at"]  # the fixture: three orders, invoiced and paid by card


def settling(world: World, account: str) -> Settler:
    settings = KORT.model_copy(update={"account": account})
    return settler(world.accounts, world.ledger, settings, columns=COLUMNS)


def settled(world: World) -> list[bool]:
    with world.ledger.begin() as tx:
        items = clearing.of_account(tx, AGREEMENT, 5825)
    assert all(abs(item.settled) <= abs(item.new.amount) for item in items)
    return [item.settled_by is not None for item in items]


def test_payment_that_lines_of_two_payouts_fit_is_paid_by_the_first(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (
        file(row("capture", f"{name}1", "423.00"), row("payout", f"{name}2", "-423.00"), name=name) for name in "ab"
    )
    write, kept, begun = Settler._keep, list[Any](), list[Any]()

    def between(self: Settler, *claims: Any) -> None:
        """The other account's run begins after this one has matched, before it has written."""
        kept.append(claims)
        if len(kept) > 1 and not begun:
            begun.append(True)
            settling(at, "other").run([second])
        write(self, *claims)

    monkeypatch.setattr(Settler, "_keep", between)
    monkeypatch.setattr(payouts_flow, "_TURN_WAIT_S", 0.0)
    settling(at, "kort").run([first])
    assert begun
    at.forward(minutes=2)
    settling(at, "other").run([])
    found = {key: code for key, (code, _) in payouts(at).items()}
    assert found == {"kort-PO-1-DKK-payout": "payout_journaled", "other-PO-1-DKK-payout": "payout_unmatched"}
    assert settled(at).count(True) == 1
    assert len({entry["voucher"] for entry in waiting(at)}) == 1
