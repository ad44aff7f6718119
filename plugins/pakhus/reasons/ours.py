"""Configuration, and our own mistakes."""

from __future__ import annotations

from pakhus.reasons.kinds import Actor, Reason, Status

OURS: tuple[Reason, ...] = (
    Reason(
        "configuration",
        Status.WAITING,
        Actor.OPERATOR,
        "The flow stopped: {problem}.",
        "Mend what is named; the flow goes on at its next run.",
    ),
    Reason(
        "access_denied",
        Status.WAITING,
        Actor.OPERATOR,
        "{system} refused our key: {problem}.",
        "Renew the key in the Airflow connection {connection}.",
    ),
    Reason(
        "internal_error",
        Status.FAILED,
        Actor.US,
        "Pakhus failed on this document: {problem}.",
        "Report it with the transfer log; send the order again when it is mended.",
    ),
)
