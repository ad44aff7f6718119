"""Work in its ordinary course, and what is waited for."""

from __future__ import annotations

from pakhus.reasons.kinds import EITHER, NOTHING, Actor, Reason, Status

COURSE: tuple[Reason, ...] = (
    Reason("due", Status.DUE, Actor.NOBODY, "Ready for the next run.", NOTHING),
    Reason("transferred", Status.DONE, Actor.NOBODY, "Transferred and confirmed.", NOTHING),
    Reason(
        "adopted",
        Status.DONE,
        Actor.NOBODY,
        "Found in the remote system under our key and taken over; not written again.",
        NOTHING,
    ),
    Reason(
        "partly_shipped",
        Status.DONE,
        Actor.NOBODY,
        "The shop was told of this shipment; more of the order is still to be shipped.",
        NOTHING,
    ),
    Reason(
        "closed_in_shop",
        Status.DONE,
        Actor.NOBODY,
        "The order was completed or closed in the shop already; nothing was written.",
        NOTHING,
    ),
    Reason(
        "state_not_listed",
        Status.SKIPPED,
        Actor.NOBODY,
        "The order's state {state} does not start this step.",
        "None, or add the state to the shop's settings.",
    ),
    Reason(
        "before_start",
        Status.NOT_OURS,
        Actor.NOBODY,
        "Placed before the shop's start_from.",
        "None; earlier orders come in by the audit's backfill.",
    ),
    Reason("test_order", Status.NOT_OURS, Actor.NOBODY, "The shop marks the order as a test.", NOTHING),
    Reason(
        "filtered_by_rule",
        Status.FILTERED,
        Actor.NOBODY,
        "Rule {rule} leaves it out: {because}.",
        "None, or change the rule.",
    ),
    Reason(
        "held_by_rule",
        Status.HELD,
        Actor.MERCHANT,
        "Rule {rule} holds it: {because}.",
        "Look at the order, then let it go on (again), or leave it out (ignore).",
        EITHER,
    ),
    Reason(
        "flow_off",
        Status.SKIPPED,
        Actor.NOBODY,
        "This flow is switched off for the shop.",
        "None, or switch it on in the shop's settings.",
    ),
    Reason(
        "dry_run",
        Status.WAITING,
        Actor.NOBODY,
        "Planned and compared only: the mode is dry_run.",
        "Change the mode when the plans look right.",
    ),
    Reason(
        "drafted",
        Status.WAITING,
        Actor.MERCHANT,
        "The draft is in the accounts and equal; the mode is draft.",
        "Book it in e-conomic, or change the mode to auto.",
    ),
    Reason("not_shipped", Status.WAITING, Actor.WAIT, "The goods have not gone yet.", NOTHING),
    Reason("claimed_elsewhere", Status.WAITING, Actor.WAIT, "Another run is working on this document.", NOTHING),
    Reason(
        "outcome_unknown",
        Status.WAITING,
        Actor.WAIT,
        "The answer to {step} was lost; it is looked up when a late effect must have shown.",
        NOTHING,
    ),
    Reason("rate_limited", Status.WAITING, Actor.WAIT, "The remote system asked us to wait.", NOTHING),
    Reason(
        "remote_unavailable",
        Status.WAITING,
        Actor.NOBODY,
        "{system} did not answer ({problem}); tried again.",
        "None at first; if it stays, see whether the system is down.",
    ),
    Reason(
        "stopped",
        Status.WAITING,
        Actor.OPERATOR,
        "The flow is stopped for this shop: {cause}.",
        "Mend the cause; the flow goes on by itself.",
    ),
    Reason("not_reached", Status.WAITING, Actor.NOBODY, "The run stopped before it came to this document.", NOTHING),
    Reason(
        "stopped_by_person",
        Status.WAITING,
        Actor.OPERATOR,
        "The flow was switched off for this shop: {cause}.",
        "Switch it on again.",
    ),
)
