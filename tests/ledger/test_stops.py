"""Stops in the ledger: per shop and flow, or for all flows of a shop."""

from pakhus.flows.stopping import resume_flow, stop_flow, stopped
from pakhus.ledger import stops
from pakhus.ledger.connection import Ledger
from tests.ledger.clocks import MovableClock


def test_stops_one_flow_of_one_shop(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        told = stop_flow(tx, "nordlys", "orders", stopped_by="anna", cause="stocktaking")
        assert told == "nordlys orders: stopped by anna since 2026-11-21 12:00 UTC: stocktaking"
        assert stops.find(tx, "nordlys", "invoices") is None
        assert stops.find(tx, "fjordliv", "orders") is None
        assert stops.find(tx, "nordlys", "orders") is not None


def test_a_second_stop_keeps_since_and_takes_the_new_cause(ledger: Ledger, clock: MovableClock) -> None:
    with ledger.begin() as tx:
        stop_flow(tx, "nordlys", "orders", stopped_by="anna", cause="stocktaking")
    clock.forward(hours=1)
    with ledger.begin() as tx:
        stop_flow(tx, "nordlys", "orders", stopped_by="bo", cause="a fire")
        assert stopped(tx) == ["nordlys orders: stopped by bo since 2026-11-21 12:00 UTC: a fire"]


def test_all_stops_every_flow_and_leaves_single_stops_when_it_is_lifted(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        stop_flow(tx, "nordlys", "invoices", stopped_by="anna", cause="the accountant asks")
        stop_flow(tx, "nordlys", "all", stopped_by="bo", cause="moving house")
        by_all, own = stops.find(tx, "nordlys", "orders"), stops.find(tx, "nordlys", "invoices")
        assert by_all is not None
        assert own is not None
        assert (by_all.cause, own.cause) == ("moving house", "the accountant asks")
        told = resume_flow(tx, "nordlys", "all")
        assert "goes on, it was stopped by bo" in told
        assert told.endswith("still stopped: nordlys invoices: " + own.text())
        assert stops.find(tx, "nordlys", "orders") is None
        assert stops.find(tx, "nordlys", "invoices") == own


def test_resuming_what_was_not_stopped_says_so(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        assert resume_flow(tx, "nordlys", "orders") == "nordlys orders: was not stopped"
