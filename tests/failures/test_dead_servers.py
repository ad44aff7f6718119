"""A dead server: its documents wait longer and longer, the other flows go on, and all of it heals by itself."""

from datetime import timedelta

import pytest

from operators.failure_texts import failure_text
from pakhus.errors import TransientError
from pakhus.flows.self_stopping import IN_A_ROW
from pakhus.reasons import Status
from tests.failures.people import assert_discreet
from tests.failures.test_wrong_keys import DUE_RESERVATIONS, INVOICED, RESERVED
from tests.failures.trouble import (
    booked_references,
    codes,
    dead,
    reserved_headings,
    rows,
    told,
    transfer_everything,
)
from tests.flows.world import World


@pytest.mark.parametrize(
    ("system", "flow", "other"), [("rackbeat", "orders", "invoices"), ("economic", "invoices", "orders")]
)
def test_documents_wait_for_a_dead_system_and_the_other_flow_goes_on(
    nordlys: World, system: str, flow: str, other: str, caplog: pytest.LogCaptureFixture
) -> None:
    with dead(nordlys, system):
        observed, reserved, booked = nordlys.run()
        struck, spared = (reserved, booked) if flow == "orders" else (booked, reserved)
        assert struck.codes["remote_unavailable"] >= IN_A_ROW
        assert Status.DONE not in struck.by_status()
        (alarm,) = struck.alarms()
        assert "did not answer" in alarm
        assert (observed.alarms(), spared.alarms()) == ([], [])
        assert spared.by_status()[Status.DONE] == (INVOICED if other == "invoices" else RESERVED)
        waits = {
            row.reason_parameters["problem"]
            for row in rows(nordlys, flow).values()
            if row.reason == "remote_unavailable"
        }
        assert all("Connection refused" in text for text in waits)
        assert_discreet(nordlys, told(nordlys, observed, reserved, booked), caplog.text)
    transfer_everything(nordlys)
    assert "remote_unavailable" not in codes(nordlys, flow).values()
    assert len(reserved_headings(nordlys)) == len(set(reserved_headings(nordlys))) == RESERVED
    assert len(booked_references(nordlys)) == len(set(booked_references(nordlys))) == INVOICED


def test_what_waits_for_a_dead_system_is_still_there_after_days(nordlys: World) -> None:
    with dead(nordlys, "rackbeat"):
        nordlys.run()
        nordlys.forward(days=3)
        report = nordlys.reserve()
        assert report.codes["unavailable_for_a_day"] == 1  # one is tried, for all
        assert "has not answered for a day" in report.alarms()[0]
    transfer_everything(nordlys)
    assert len(reserved_headings(nordlys)) == RESERVED


def test_a_document_of_a_dead_system_waits_longer_and_longer_but_an_hour_at_most(nordlys: World) -> None:
    nordlys.observe()
    waits = []
    with dead(nordlys, "economic"):
        nordlys.book()
        for _ in range(9):
            met = [row for row in rows(nordlys, "invoices").values() if row.reason == "remote_unavailable"]
            waits.append(max(row.due_at - row.updated_at for row in met))
            nordlys.forward(minutes=15, seconds=waits[-1].total_seconds() + 1)
            nordlys.book()
    assert timedelta(seconds=22) <= waits[0] <= timedelta(seconds=30)
    assert timedelta(minutes=45) <= waits[-1] <= timedelta(hours=1)
    nordlys.forward(hours=1)
    nordlys.book()
    nordlys.book()
    assert len(booked_references(nordlys)) == INVOICED


def test_a_dead_shop_fails_the_run_with_what_to_do_and_touches_nothing(nordlys: World) -> None:
    nordlys.observe()
    before, texts = codes(nordlys, "invoices"), []
    with dead(nordlys, "woocommerce"):
        for flow in (nordlys.observe, nordlys.book):
            with pytest.raises(TransientError) as gone:
                flow()
            texts.append(text := failure_text(gone.value, "nordlys"))
            assert text.startswith("WooCommerce: no answer to GET /wc/v3/orders")
            assert "see whether the system is up and the address in the Airflow connection woocommerce__nordlys" in text
        reserved = nordlys.reserve()  # what the ledger knows already needs no shop
        assert reserved.by_status()[Status.DONE] == RESERVED
    assert codes(nordlys, "invoices") == before
    assert_discreet(nordlys, *texts)
    transfer_everything(nordlys)
    assert (len(reserved_headings(nordlys)), len(booked_references(nordlys))) == (RESERVED, INVOICED)
    assert reserved.seen == DUE_RESERVATIONS


@pytest.mark.parametrize(("system", "name"), [("rackbeat", "Rackbeat"), ("economic", "e-conomic")])
def test_the_alarm_names_the_dead_system_and_what_to_do(nordlys: World, system: str, name: str) -> None:
    nordlys.observe()
    with dead(nordlys, system):
        (alarm,) = (nordlys.reserve() if system == "rackbeat" else nordlys.book()).alarms()
    assert name in alarm
    assert "see whether the system is down" in alarm
