"""PayPal's transaction event codes (T-codes), as the settlement report and the transaction search use them.

A code names a family by its first three characters, and some families have members that mean something else. The side
(credit or debit) decides between taking and giving back. What is not here is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from pakhus.formats.settlements.records import Record, shown
from pakhus.settlements import BatchLineKind as Kind

PROVIDER = "paypal"
# (kind when money comes, kind when it goes)
_FAMILIES: Mapping[str, tuple[Kind, Kind]] = {
    "T00": (Kind.CAPTURE, Kind.ADJUSTMENT),  # payments; one that goes is a purchase of ours
    "T01": (Kind.FEE_REFUND, Kind.FEE),
    "T02": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),  # currency conversion, one line in each currency
    "T03": (Kind.TOPUP, Kind.ADJUSTMENT),
    "T04": (Kind.PAYOUT_FAILED, Kind.PAYOUT),
    "T07": (Kind.TOPUP, Kind.ADJUSTMENT),
    "T12": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "T15": (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD),
    "T19": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "T20": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "T21": (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD),
}
_MEMBERS: Mapping[str, tuple[Kind, Kind]] = {
    "T1106": (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK),  # payment reversal, by PayPal
    "T1107": (Kind.ADJUSTMENT, Kind.REFUND),
    "T1108": (Kind.FEE_REFUND, Kind.FEE),
    "T1110": (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD),  # hold while a dispute is looked into
    "T1111": (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD),
    "T1201": (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK),
    "T1202": (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK),
}
_DISPUTES = (Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSAL)
OF_A_PAYMENT = frozenset({Kind.CAPTURE, Kind.REFUND, *_DISPUTES})


def kind_of(record: Record, field: str, *, credit: bool) -> Kind:
    """Return the kind of line that a code means on its side."""
    code = record.needed(field).upper()
    sides = _MEMBERS.get(code) or _FAMILIES.get(code[:3])
    if sides is None or len(code) != len("T0000"):
        raise record.error(
            field,
            f"{shown(code)} is not known, and nothing is guessed of money",
            "look it up in PayPal's list of event codes, and report it, so that it is added to the table",
        )
    return sides[0] if credit else sides[1]
