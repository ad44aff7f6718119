"""How a rule's ruling changes what is to become of an order."""

from __future__ import annotations

from pakhus.model import Order
from pakhus.reasons import Status, Verdict


def ruled(order: Order, verdict: Verdict) -> Verdict:
    """Return the verdict on an order after the rules' word.

    What is not ours stays so. What a rule leaves out is filtered, whatever its state; what a rule holds is held only
    when it would be worked on: nobody is asked about a cart that is never paid.
    """
    ruling = order.ruling
    if ruling is None or verdict.status is Status.NOT_OURS:
        return verdict
    if not ruling.holds:
        return Verdict.of("filtered_by_rule", rule=ruling.rule, because=ruling.because)
    if verdict.status is Status.DUE:
        return Verdict.of("held_by_rule", rule=ruling.rule, because=ruling.because)
    return verdict
