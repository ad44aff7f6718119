"""What a reason is: a code, who must act, and what a person may decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NOTHING = "Nothing."


class Actor(StrEnum):
    """Who must act (design, decision 9)."""

    NOBODY = "nobody"
    WAIT = "wait"
    MERCHANT = "merchant"
    OPERATOR = "operator"
    US = "us"


class Status(StrEnum):
    """Where a document stands. Each document is in exactly one of these, with a reason code."""

    DUE = "due"  # to be worked on at the next run
    WAITING = "waiting"  # for a time or an event; see the reason
    SKIPPED = "skipped"  # the shop's state is not one that starts this step; re-evaluated on each change
    FILTERED = "filtered"  # a rule of the merchant says no
    NOT_OURS = "not_ours"  # placed before the start date, or a test order
    HELD = "held"  # the merchant or operator must act on this document
    FAILED = "failed"  # something that should not happen; us
    DONE = "done"


class Answer(StrEnum):
    """What a person may decide about a held document (<shop>__decisions)."""

    AGAIN = "again"  # judge it anew, and send it if it is right now
    APPROVE = "approve"  # book the draft as it stands; only where the shop wants to be asked
    ACCEPT = "accept"  # what stands in the other system stays as it is; only after something was written there
    TAKE = "take"  # what this file says of a settlement counts, not what was imported before
    IGNORE = "ignore"  # leave it out for good; only where nothing of ours stands in the other system


@dataclass(frozen=True, slots=True)
class Reason:
    """A code's status, actor and texts. `action` is what that actor does to get the document moving.

    `answers` is what a person may decide about a document that is held with this code; empty: nobody is asked.
    """

    code: str
    status: Status
    actor: Actor
    meaning: str
    action: str
    answers: tuple[Answer, ...] = ()


EITHER = (Answer.AGAIN, Answer.IGNORE)
EDIT_ORDER = "Correct the order in the shop; it is read again by itself."
