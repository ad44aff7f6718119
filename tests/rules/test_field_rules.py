"""Users' rules about fields of an order as received: paths, operators, actions (domain guide 4.2, 4.10)."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pakhus.formats.woocommerce import order_from_woocommerce
from pakhus.formats.woocommerce_fields import received_from_woocommerce
from pakhus.model import Lifecycle, Order
from pakhus.rules.field_conditions import OPERATORS, Condition
from pakhus.rules.field_paths import Received, segments_of
from pakhus.rules.field_rules import FieldRule, ruled_order
from pakhus.rules.order_members import MEMBERS, text_at, with_text
from pakhus.rules.states import StateRules, invoice_verdict, reservation_verdict
from pakhus.rulings import Side
from stack import ROOT

RECORDED = ROOT / "tests/fixtures/woocommerce/recorded/order-get-b2b.json"
BODY: dict[str, Any] = {
    "status": "processing",
    "number": "1042",
    "total": Decimal("1250.00"),
    "customer_note": "  Ring på  ",
    "payment_method": "vipps",
    "is_vat_exempt": False,
    "billing": {"country": "NO", "company": ""},
    "line_items": [
        {"id": 11, "sku": "W-1001", "meta_data": [{"id": 1, "key": "_pack", "value": "6"}]},
        {"id": 12, "sku": "1002-NY", "meta_data": []},
    ],
    "shipping_lines": [{"id": 13, "method_id": "local_pickup"}],
    "meta_data": [
        {"id": 1, "key": "_ean", "value": "old"},
        {"id": 2, "key": "_ean", "value": "5790001968526"},
        {"id": 3, "key": "_ean", "value": ""},
        {"id": 4, "key": "_gift", "value": {"to": "Else", "wrap": True}},
        {"id": 5, "key": "_empty", "value": ""},
    ],
}
RECEIVED = Received(BODY, "line_items", {str(line["id"]): line for line in BODY["line_items"]})


def recorded() -> tuple[Order, Received]:
    body = json.loads(RECORDED.read_text(encoding="utf-8"), parse_float=Decimal)["response"]["body"]
    return order_from_woocommerce(body, "nordlys"), received_from_woocommerce(body)


def rule(**said: Any) -> FieldRule:
    return FieldRule.model_validate({"id": "r", **said})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("billing.country", ["NO"]),
        ("customer_note", ["Ring på"]),
        ("total", ["1250.00"]),
        ("is_vat_exempt", ["false"]),
        ("line_items[].sku", ["W-1001", "1002-NY"]),
        ("line_items[].meta_data[_pack]", ["6"]),
        ("meta_data[_ean]", ["5790001968526"]),  # the newest that says anything
        ("meta_data[_gift].to", ["Else"]),
        ("meta_data[_empty]", [""]),
        ("meta_data[_none]", []),
        ("billing", ['{"country":"NO","company":""}']),
        ("billing.country.code", []),
        ("nothing[].at.all", []),
    ],
)
def test_reads_a_path(path: str, expected: list[str]) -> None:
    assert RECEIVED.texts(path) == expected


def test_a_line_sees_its_own_fields_and_those_of_the_order() -> None:
    assert RECEIVED.texts("line_items[].sku", "12") == ["1002-NY"]
    assert RECEIVED.texts("line_items[].sku", "99") == []
    assert RECEIVED.texts("shipping_lines[].method_id", "12") == ["local_pickup"]


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a b", "a[", "a]", "a[]b", "a[b]c", "[x]"])
def test_refuses_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        segments_of(path)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "billing.country", "equals": "NO"}, True),
        ({"field": "billing.country", "equals": "no"}, False),
        ({"field": "billing.country", "not_equals": "DK"}, True),
        ({"field": "billing.nothing", "not_equals": "DK"}, True),
        ({"field": "billing.country", "in": ["SE", "NO"]}, True),
        ({"field": "billing.country", "not_in": ["SE", "NO"]}, False),
        ({"field": "line_items[].sku", "starts_with": "W-"}, True),  # one of them is enough
        ({"field": "line_items[].sku", "not_equals": "W-1001"}, False),  # and one spoils the opposite
        ({"field": "line_items[].sku", "ends_with": "-NY"}, True),
        ({"field": "line_items[].sku", "contains": "100"}, True),
        ({"field": "total", "greater": "1249.99"}, True),
        ({"field": "total", "greater": "1250"}, False),
        ({"field": "total", "less": "1250.01"}, True),
        ({"field": "total", "less": "999"}, False),  # as numbers, not as texts
        ({"field": "payment_method", "greater": "0"}, False),
        ({"field": "payment_method", "less": "0"}, False),
        ({"field": "number", "matches": "^10[0-9]{2}$"}, True),
        ({"field": "number", "matches": "^10$"}, False),
        ({"field": "billing.company", "is_empty": "true"}, True),
        ({"field": "billing.none", "is_empty": "true"}, True),
        ({"field": "billing.company", "is_empty": "false"}, False),
        ({"field": "billing.company", "exists": "true"}, True),
        ({"field": "billing.none", "exists": "true"}, False),
        ({"field": "billing.none", "exists": "false"}, True),
        ({"all": [{"field": "total", "greater": "1"}, {"field": "number", "equals": "1"}]}, False),
        ({"any": [{"field": "total", "greater": "1"}, {"field": "number", "equals": "1"}]}, True),
        ({"all": [{"any": [{"field": "total", "less": "1"}, {"field": "number", "equals": "1042"}]}]}, True),
    ],
)
def test_judges_a_condition(condition: dict[str, Any], expected: bool) -> None:
    assert Condition.model_validate(condition).holds(RECEIVED) is expected


@given(st.sampled_from([name for name in OPERATORS if name not in ("is_empty", "exists")]), st.text(max_size=40))
def test_no_received_text_breaks_a_condition(operator: str, text: str) -> None:
    wanted = {"in_": ["5"], "not_in": ["5"]}.get(operator, "5")
    condition = Condition.model_validate({"field": "x[].y", operator.rstrip("_"): wanted})
    assert condition.holds(Received({"x": [{"y": text}, text]})) in (True, False)


def test_a_pattern_takes_no_time_whatever_it_is() -> None:
    greedy = Condition.model_validate({"field": "note", "matches": "^(a+)+$"})
    began = time.monotonic()
    assert not greedy.holds(Received({"note": "a" * 5000 + "b"}))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"when": {"field": "x", "matches": "(a"}, "skip": "s"}, "is no pattern that can be used: unclosed group"),
        ({"when": {"field": "x", "matches": "(?=a)"}, "skip": "s"}, "look-ahead"),
        ({"when": {"field": "x", "matches": "a" * 201}, "skip": "s"}, "at most 200 characters"),
        ({"when": {"field": "x", "greater": "much"}, "skip": "s"}, "'much' is no number"),
        ({"when": {"field": "x", "greater": "NaN"}, "skip": "s"}, "'NaN' is no number"),
        ({"when": {"field": "x"}, "skip": "s"}, "has no operator; write one of: contains, ends_with, equals"),
        ({"when": {"field": "x", "equals": "1", "less": "2"}, "skip": "s"}, r"has several operators \(equals, less\)"),
        ({"when": {"equals": "1"}, "skip": "s"}, "field is missing"),
        ({"when": {"field": "x", "all": [{"field": "y", "exists": "true"}]}, "skip": "s"}, "all stands beside field"),
        ({"when": {"field": "a b", "exists": "true"}, "skip": "s"}, "is no path to a field"),
        ({}, "rule r says nothing; write one of skip, hold and set"),
        ({"skip": "s", "hold": "h"}, r"says several things \(skip, hold\)"),
        ({"skip": "s", "prefix": "x"}, "prefix goes with set"),
        ({"set": "note"}, "does not say what note is set to"),
        ({"set": "note", "value": "a", "from": "b"}, "has value and from; keep one"),
        ({"set": "note", "value": "a", "with": "b"}, "with goes with join"),
        ({"set": "note", "from": "line_items[].sku"}, "has several values; put them together with join"),
        ({"set": "line.sku", "from": "line_items[].parts[].sku"}, "has several values"),
        ({"set": "total", "value": "1"}, "total cannot be set: what the buyer was charged is the shop's word"),
        ({"set": "notes", "value": "1"}, "did you mean note?"),
        ({"set": "qqq", "value": "1"}, "there are: note, shipping_method"),
        ({"set": "billing.country", "value": "Norge"}, "what is no country"),
        ({"to": ["shop"], "skip": "s"}, "'warehouse' or 'accounts'"),
        ({"to": [], "skip": "s"}, "at least 1"),
    ],
)
def test_says_what_is_wrong_with_a_rule(said: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        rule(**said)


def test_refuses_conditions_without_end() -> None:
    condition: dict[str, Any] = {"field": "x", "exists": "true"}
    for _ in range(6):
        condition = {"all": [condition]}
    with pytest.raises(ValidationError, match="deeper than 5"):
        rule(when=condition, skip="s")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"value": "Lad stå"}, "Lad stå"),
        ({"from": "billing.company"}, "Fjeldgruppen A/S"),
        ({"from": "billing.nothing"}, "was"),
        ({"join": ["billing.company", "billing.nothing", "billing.city"]}, "Fjeldgruppen A/S Aalborg"),
        ({"join": ["billing.company", "billing.city"], "with": ", "}, "Fjeldgruppen A/S, Aalborg"),
        ({"from": "billing.company", "strip_prefix": "Fjeld", "strip_suffix": " A/S"}, "gruppen"),
        ({"from": "billing.country", "map": {"DK": "Danmark"}}, "Danmark"),
        ({"from": "billing.country", "map": {"NO": "Norge"}}, "DK"),
        ({"from": "billing.country", "map": {"DK": "45"}, "prefix": "+", "suffix": " "}, "+45 "),
        ({"prefix": "i: "}, "i: was"),
        ({"strip_prefix": "was"}, "was"),  # nothing would be left: it stays
    ],
)
def test_sets_a_member(said: dict[str, Any], expected: str) -> None:
    order, received = recorded()
    order = with_text(order, "note", "was")
    company = received.body["billing"]
    received = Received({**received.body, "billing": {**company, "company": "Fjeldgruppen A/S", "city": "Aalborg"}})
    changed = ruled_order(order, received, [rule(set="note", **said)], Side.ACCOUNTS)
    assert changed.note == expected
    assert changed.lines == order.lines


@pytest.mark.parametrize("member", [*(name for name in MEMBERS if not name.startswith("line.")), "attributes.gate"])
def test_every_member_can_be_set_and_read(member: str) -> None:
    order, received = recorded()
    value = "SE" if member.endswith("country") else "sat"
    changed = ruled_order(order, received, [rule(set=member, value=value)], Side.WAREHOUSE)
    assert text_at(changed, member) == value
    assert changed.total == order.total


def test_sets_the_sku_of_the_lines_that_fit_only() -> None:
    order, received = recorded()
    first, *others = [line for line in order.lines if line.sku]
    only = rule(set="line.sku", when={"field": "line_items[].sku", "equals": first.sku}, prefix="NH-")
    changed = ruled_order(order, received, [only], Side.ACCOUNTS)
    assert [line.sku for line in changed.lines if line.sku] == [f"NH-{first.sku}", *(line.sku for line in others)]
    assert [(line.id, line.net, line.vat) for line in changed.lines] == [
        (line.id, line.net, line.vat) for line in order.lines
    ]


def test_rules_go_on_from_what_the_one_before_left_but_look_at_what_was_received() -> None:
    order, received = recorded()
    rules = [
        rule(set="note", value="a"),
        rule(set="note", suffix="b"),
        rule(set="note", when={"field": "customer_note", "equals": "ab"}, value="never"),
    ]
    assert ruled_order(order, received, rules, Side.ACCOUNTS).note == "ab"


def test_a_rule_is_for_the_sides_it_names() -> None:
    order, received = recorded()
    rules = [rule(set="note", value="pack well", to=["warehouse"]), rule(skip="by hand", to=["accounts"])]
    to_warehouse, to_accounts = (ruled_order(order, received, rules, side) for side in Side)
    assert (to_warehouse.note, to_warehouse.ruling) == ("pack well", None)
    assert to_accounts.note == order.note
    assert to_accounts.ruling is not None


def test_the_first_skip_or_hold_that_fits_decides() -> None:
    order, received = recorded()
    rules = [
        FieldRule.model_validate({"id": "other", "skip": "s", "when": {"field": "number", "equals": "none"}}),
        FieldRule.model_validate({"id": "first", "hold": "look at it"}),
        FieldRule.model_validate({"id": "second", "skip": "s"}),
    ]
    ruling = ruled_order(order, received, rules, Side.WAREHOUSE).ruling
    assert ruling is not None
    assert (ruling.rule, ruling.holds, ruling.because) == ("first", True, "look at it")


def test_a_received_country_that_is_none_holds_the_order() -> None:
    order, received = recorded()
    wrong = rule(set="billing.country", **{"from": "number"})
    ruled = ruled_order(order, received, [wrong], Side.ACCOUNTS)
    assert ruled.billing.country == order.billing.country
    assert ruled.ruling is not None
    assert ruled.ruling.holds
    assert "no country" in ruled.ruling.because


def test_a_hold_waits_until_the_order_is_due_and_a_filter_does_not() -> None:
    order, received = recorded()
    states = StateRules(datetime(2026, 1, 1, tzinfo=UTC), reserve={"processing"}, invoice={"completed"})
    held = ruled_order(order, received, [rule(hold="large")], Side.ACCOUNTS)
    left_out = ruled_order(order, received, [rule(skip="not here")], Side.ACCOUNTS)

    def codes(one: Order, state: str, lifecycle: Lifecycle) -> list[str]:
        one = replace(one, native_state=state, lifecycle=lifecycle)
        return [reservation_verdict(one, states).code, invoice_verdict(one, states).code]

    assert codes(held, "pending", Lifecycle.OPEN) == ["state_not_listed", "not_shipped"]
    assert codes(held, "completed", Lifecycle.COMPLETED) == ["state_not_listed", "held_by_rule"]
    assert codes(left_out, "pending", Lifecycle.OPEN) == ["filtered_by_rule", "filtered_by_rule"]
    early = StateRules(datetime(2030, 1, 1, tzinfo=UTC), reserve={"processing"}, invoice={"completed"})
    assert reservation_verdict(left_out, early).code == "before_start"
