"""A wrong key at each system: its flow stops with one message, the others go on, and nothing is lost."""

import pytest

from operators.failure_texts import failure_text
from pakhus.errors import AccessDeniedError
from pakhus.reasons import Status
from tests.failures.people import assert_discreet
from tests.failures.trouble import (
    action,
    booked_references,
    codes,
    reserved_headings,
    rows,
    told,
    transfer_everything,
    wrong_key,
)
from tests.flows.world import World

WORKERS = 2
DUE_RESERVATIONS, RESERVED, INVOICED = 29, 27, 6
MISTAKES = {
    "rackbeat": [{"token": "rb-mistyped-0815"}],
    "economic": [{"agreement_grant_token": "grant-mistyped-0815"}, {"app_secret_token": "app-mistyped-0815"}],
    "woocommerce": [{"consumer_secret": "cs_mistyped_0815"}, {"consumer_key": "ck_mistyped_0815"}],
}


def test_a_wrong_warehouse_key_stops_reservations_with_one_alarm_and_no_invoice(
    nordlys: World, caplog: pytest.LogCaptureFixture
) -> None:
    with wrong_key(nordlys, "rackbeat", **MISTAKES["rackbeat"][0]):
        observed, reserved, booked = nordlys.run()
        (alarm,) = reserved.alarms()
        assert alarm.startswith("Rackbeat refused our key: ")
        assert "Renew the API key in the Airflow connection" in alarm
        assert reserved.by_status() == {Status.WAITING: DUE_RESERVATIONS}
        assert nordlys.warehouse_server.counters()["requests"] <= WORKERS  # it stops at the first refusals
        assert (observed.alarms(), booked.alarms()) == ([], [])
        assert booked.by_status()[Status.DONE] == INVOICED == len(booked_references(nordlys))
        assert_discreet(nordlys, told(nordlys, observed, reserved, booked), caplog.text)
    reserved = nordlys.reserve()  # the next run, nothing else
    assert reserved.by_status() == {Status.DONE: RESERVED, Status.HELD: DUE_RESERVATIONS - RESERVED}
    assert len(reserved_headings(nordlys)) == len(set(reserved_headings(nordlys))) == RESERVED


@pytest.mark.parametrize("keys", MISTAKES["economic"], ids=lambda keys: next(iter(keys)))
def test_a_wrong_key_of_the_accounts_stops_invoices_with_one_alarm_and_no_reservation(
    nordlys: World, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with wrong_key(nordlys, "economic", **keys):
        observed, reserved, booked = nordlys.run()
        (alarm,) = booked.alarms()
        assert alarm.startswith("e-conomic refused our key: ")
        assert "in the Airflow connection" in alarm
        assert Status.DONE not in booked.by_status()
        assert booked_references(nordlys) == []
        assert (observed.alarms(), reserved.alarms()) == ([], [])
        assert reserved.by_status()[Status.DONE] == RESERVED == len(reserved_headings(nordlys))
        assert_discreet(nordlys, told(nordlys, observed, reserved, booked), caplog.text)
    assert nordlys.book().by_status()[Status.DONE] == INVOICED == len(set(booked_references(nordlys)))


@pytest.mark.parametrize("keys", MISTAKES["woocommerce"], ids=lambda keys: next(iter(keys)))
def test_a_wrong_key_of_the_shop_stops_its_flows_before_anything_is_written(
    nordlys: World, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with wrong_key(nordlys, "woocommerce", **keys):
        with pytest.raises(AccessDeniedError) as refused:
            nordlys.observe()
        text = failure_text(refused.value, "nordlys")
        assert "Check consumer key, secret and the key's permissions" in text
        assert "Renew the key in the Airflow connection woocommerce__nordlys" in text
        assert nordlys.warehouse_server.counters()["requests"] == nordlys.accounts_server.counters()["requests"] == 0
        assert_discreet(nordlys, text, caplog.text)
        assert not [value for value in keys.values() if value in text]
    transfer_everything(nordlys)
    assert (len(reserved_headings(nordlys)), len(booked_references(nordlys))) == (RESERVED, INVOICED)


def test_a_shop_key_that_is_revoked_later_leaves_due_invoices_due(nordlys: World) -> None:
    nordlys.observe()
    before = codes(nordlys, "invoices")
    with wrong_key(nordlys, "woocommerce", **MISTAKES["woocommerce"][0]), pytest.raises(AccessDeniedError):
        nordlys.book()
    assert codes(nordlys, "invoices") == before
    assert booked_references(nordlys) == []
    assert nordlys.book().by_status()[Status.DONE] == INVOICED


@pytest.mark.parametrize(
    ("system", "flow", "connection"),
    [("rackbeat", "orders", "rackbeat__main"), ("economic", "invoices", "economic__main")],
)
def test_each_document_that_met_the_wrong_key_says_which_connection_to_mend(
    nordlys: World, system: str, flow: str, connection: str
) -> None:
    with wrong_key(nordlys, system, **MISTAKES[system][0]):
        nordlys.run()
        met = [row for row in rows(nordlys, flow).values() if row.reason == "access_denied"]
        assert 0 < len(met) <= 2 * WORKERS
        for row in met:
            assert action(row.reason, row.reason_parameters) == f"Renew the key in the Airflow connection {connection}."
            assert row.due_at is not None


@pytest.mark.parametrize(("system", "flow"), [("rackbeat", "reserve"), ("economic", "book")])
def test_the_alarm_itself_names_the_connection_to_mend(nordlys: World, system: str, flow: str) -> None:
    nordlys.observe()
    with wrong_key(nordlys, system, **MISTAKES[system][0]):
        (alarm,) = getattr(nordlys, flow)().alarms()
    assert f"Renew the key in the Airflow connection {system}__main." in alarm


def test_a_stopped_flow_is_one_alarm_however_many_chunks_meet_it(nordlys: World) -> None:
    nordlys.observe()
    with wrong_key(nordlys, "rackbeat", **MISTAKES["rackbeat"][0]):
        first, second = nordlys.reserve(), nordlys.reserve()
    first.merge(second)
    assert len(first.alarms()) == 1
