"""The stop switch per shop and flow: takes effect within one document, without a deploy (design, decision 13)."""

from __future__ import annotations

from pakhus.ledger import stops
from pakhus.ledger.connection import Transaction


def stop_flow(tx: Transaction, shop: str, flow: str, *, stopped_by: str, cause: str) -> str:
    """Stop a flow, or with `all` every flow of the shop; returns what to tell."""
    return f"{shop} {flow}: {stops.stop(tx, shop, flow, stopped_by=stopped_by, cause=cause).text()}"


def resume_flow(tx: Transaction, shop: str, flow: str, *, who: str = "", because: str = "") -> str:
    """Lift the stop of a flow, or that of all flows; returns what to tell: also what is stopped all the same."""
    lifted = stops.resume(tx, shop, flow, who=who, because=because)
    told = f"{shop} {flow}: goes on, it was {lifted.text()}" if lifted else f"{shop} {flow}: was not stopped"
    return " · ".join([told, *(f"still stopped: {line}" for line in stopped(tx, shop))])


def stopped(tx: Transaction, shop: str | None = None) -> list[str]:
    """Say what is stopped, one line each, of one shop or of all."""
    found = [stop for stop in stops.every(tx) if shop in (None, stop.scope)]
    return [f"{stop.scope} {stop.flow}: {stop.text()}" for stop in found]
