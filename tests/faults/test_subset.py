"""The bounded part of `make faults`: some of every fault at places chosen over both flows, and that faults are seen.

The exploration itself is tested by breaking the protocol: when outcomes are settled at once instead of late, the same
cases must show doubles. An exploration that could not see them would prove nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from pakhus.flows import exactly_once
from pakhus.flows.recorded_calls import RecordedCalls
from stack.postgres import Cluster
from tests.faults.explore import boundaries, cases, explore
from tests.faults.faults import Case
from tests.faults.scene import Scene, scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
EVERY = 97
CREATE_ORDER = ("rackbeat", 3)
NOTE_SHIPMENT = ("woocommerce", 6)


@pytest.fixture(scope="module")
def stage(postgres: Cluster, ledger_template: str) -> Iterator[Scene]:
    url = postgres.create_database("ledger_faults", template=ledger_template)
    with scene(url) as running:
        yield running


def test_nothing_is_lost_or_doubled_whatever_goes_wrong(stage: Scene) -> None:
    places = boundaries(stage)
    result = explore(stage, list(cases(places))[::EVERY])
    assert result.failures == []
    assert result.converged == result.cases
    assert result.cases >= 12


@pytest.mark.parametrize("fault", ["answer lost", "late commit", "kill -9 after", "second run before"])
def test_creation_of_an_order_survives_its_worst_faults(stage: Scene, fault: str) -> None:
    assert explore(stage, [Case(*CREATE_ORDER, fault)]).failures == []


def test_exploration_sees_the_double_when_outcomes_are_settled_too_early(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pakhus.flows.orders.RACKBEAT", exactly_once.Policy(settle_after=timedelta(0)))
    result = explore(stage, [Case(*CREATE_ORDER, "late commit")])
    assert [finding.kind for _, found in result.failures for finding in found if finding.kind == "doubled"]


@pytest.mark.parametrize("fault", ["answer lost", "late commit", "kill -9 after", "second run before"])
def test_note_about_a_shipment_survives_its_worst_faults(stage: Scene, fault: str) -> None:
    assert explore(stage, [Case(*NOTE_SHIPMENT, fault)]).failures == []


def test_exploration_sees_the_second_note_when_the_shop_is_read_again_too_early(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = partial(RecordedCalls, policy=exactly_once.Policy(settle_after=timedelta(0)))
    monkeypatch.setattr("pakhus.flows.fulfilment.RecordedCalls", hasty)
    result = explore(stage, [Case(*NOTE_SHIPMENT, "late commit")])
    assert [finding.kind for _, found in result.failures for finding in found if finding.kind == "doubled"]


def test_exploration_sees_the_double_when_an_unknown_outcome_is_taken_for_a_refusal(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pakhus.flows.exactly_once.status_after", lambda _: "refused")
    result = explore(stage, [Case(*CREATE_ORDER, "answer lost")])
    assert [finding.kind for _, found in result.failures for finding in found if finding.kind == "doubled"]


@pytest.fixture(scope="module")
def batches(stage: Scene) -> list[Case]:
    """The batches of quantities of a run, as places of a fault that is yet to be named."""
    boundaries(stage)
    sent = [row for row in stage.servers["woocommerce"].get("requests") if row["path"].endswith("/batch")]
    assert {row["method"] for row in sent} == {"POST"}
    assert len(sent) == 2  # one of products, one of variations
    return [Case("woocommerce", row["number"], "") for row in sent]


@pytest.mark.parametrize("fault", ["late commit", "500 after effect", "kill -9 after", "second run before"])
def test_batch_of_quantities_survives_its_worst_faults(stage: Scene, batches: list[Case], fault: str) -> None:
    assert explore(stage, [replace(batch, fault=fault) for batch in batches]).failures == []


def test_exploration_sees_what_the_ledger_believes_wrongly_when_quantities_are_written_too_early(
    stage: Scene, batches: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = partial(RecordedCalls, policy=exactly_once.Policy(settle_after=timedelta(0)))
    monkeypatch.setattr("pakhus.flows.stock.RecordedCalls", hasty)
    result = explore(stage, [replace(batches[0], fault="late commit")])
    assert [finding.kind for _, found in result.failures for finding in found if finding.kind == "untrue"]


@pytest.fixture(scope="module")
def vouchers(stage: Scene) -> list[Case]:
    """The writes into journals of a run: a payment's, then a payout's; places of a fault that is yet to be named."""
    boundaries(stage)
    sent = [row for row in stage.servers["economic"].get("requests") if row["path"].endswith("/vouchers")]
    assert {row["method"] for row in sent} == {"POST"}
    return [Case("economic", row["number"], "") for row in sent[:2]]


@pytest.mark.parametrize(
    "fault", ["answer lost", "late commit", "500 after effect", "kill -9 after", "second run before"]
)
def test_vouchers_of_payments_and_payouts_survive_their_worst_faults(
    stage: Scene, vouchers: list[Case], fault: str
) -> None:
    assert explore(stage, [replace(voucher, fault=fault) for voucher in vouchers]).failures == []


def test_exploration_sees_the_second_voucher_when_an_unknown_outcome_is_taken_for_a_refusal(
    stage: Scene, vouchers: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pakhus.flows.exactly_once.status_after", lambda _: "refused")
    result = explore(stage, [replace(vouchers[1], fault="answer lost")])
    assert [finding.kind for _, found in result.failures for finding in found if finding.kind == "doubled"]
