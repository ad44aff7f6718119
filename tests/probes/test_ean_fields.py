"""Which fields of plugins carry an EAN that nobody has mapped."""

from typing import Any

from pakhus.probes.ean_fields import check_ean_fields, probe_ean_fields
from pakhus.probes.findings import Findings
from pakhus.settings import load_shop
from stack import ROOT
from tests.flows.test_people_and_races import place
from tests.flows.world import World

EAN = "5790000000012"


def order(**meta: Any) -> dict[str, Any]:
    return {"meta_data": [{"id": 1 + at, "key": key, "value": value} for at, (key, value) in enumerate(meta.items())]}


def found(*bodies: dict[str, Any]) -> Findings:
    findings = Findings("woocommerce__nordlys")
    check_ean_fields(findings, load_shop("nordlys", ROOT / "include"), bodies)
    return findings


def test_unmapped_field_with_an_ean_is_named_and_counted_without_its_value() -> None:
    findings = found(order(_ean_no=EAN), order(_ean_no=EAN, _billing_ean=EAN), order(_ean_no="nej"))
    (finding,) = findings.found
    assert "2 of the last orders" in finding.problem
    assert "_ean_no" in finding.problem
    assert "`_ean_no: ean`" in finding.action
    assert EAN not in str(finding)
    assert findings.facts == ["_billing_ean carries an EAN on 1 of the last orders; mapped to ean"]


def test_thirteen_digits_with_a_wrong_check_digit_are_no_ean() -> None:
    assert not found(order(_transaction="5790000000013", _time=1700000000000)).found


def test_body_of_a_form_nobody_knows_is_left_out() -> None:
    assert not found({"meta_data": "none"}, order(struktur={"a": [EAN]})).found


def test_newest_orders_of_the_ledger_are_looked_at(nordlys: World) -> None:
    place(nordlys, meta_data=[{"key": "_customer_gln", "value": EAN}])
    nordlys.observe()
    (findings,) = probe_ean_fields([nordlys.settings], nordlys.ledger)
    assert ["_customer_gln" in finding.problem for finding in findings.found] == [True]
    assert probe_ean_fields([nordlys.settings], None) == []
