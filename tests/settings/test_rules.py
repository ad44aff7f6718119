"""Rules in shop files and mappings: what is wrong is told with file and line; who comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from pakhus.flows.observation import fingerprint
from pakhus.settings import load_shop
from tests.settings.folders import MAPPING, SHOP, shop_text, write_folder
from tests.settings.test_problems import problems

SKIP = "  - {id: no_norway, when: {field: billing.country, equals: NO}, skip: sold by the Norwegian company}\n"


def folder(tmp_path: Path, rules: str = "", mapping_rules: str = "", shop: str = SHOP) -> Path:
    mapping = MAPPING + (f"rules:\n{mapping_rules}" if mapping_rules else "")
    return write_folder(tmp_path, {"nordlys": shop + (f"rules:\n{rules}" if rules else "")}, {"standard": mapping})


def test_the_rules_of_the_mapping_come_before_the_shops_own(tmp_path: Path) -> None:
    shop = load_shop("nordlys", folder(tmp_path, "  - {id: own, hold: look}\n", SKIP))
    assert [rule.id for rule in shop.field_rules] == ["no_norway", "own"]


def test_a_change_of_a_rule_has_all_orders_judged_anew(tmp_path: Path) -> None:
    before = load_shop("nordlys", folder(tmp_path / "a", SKIP))
    after = load_shop("nordlys", folder(tmp_path / "b", SKIP.replace("NO}", "SE}")))
    assert fingerprint(before) != fingerprint(after)


def test_a_mapping_that_extends_takes_the_rules_or_brings_its_own(tmp_path: Path) -> None:
    mappings = {
        "standard": MAPPING + "rules:\n" + SKIP,
        "same": "version: 1\nextends: standard\n",
        "own": "version: 1\nextends: standard\nrules:\n  - {id: own, hold: look}\n",
    }
    for name, expected in (("same", "no_norway"), ("own", "own")):
        include = write_folder(tmp_path, {"nordlys": shop_text(mapping=name)}, mappings)
        assert [rule.id for rule in load_shop("nordlys", include).field_rules] == [expected]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("  - id: a\n    hold: x\n    hlod: y\n", "10: rules.0.hlod: is no setting; did you mean hold?"),
        ("  - id: A B\n    hold: x\n", "8: rules.0.id: must be lower-case letters, digits and _"),
        ("  - hold: x\n", "8: rules.0.id: is missing; add it (The rule's name"),
        ("  - id: a\n", "8: rules.0: rule a says nothing; write one of skip, hold and set"),
        ("  - id: a\n    skip: x\n    to: [shop]\n", "10: rules.0.to.0: must be 'warehouse' or 'accounts', not 'shop'"),
        ("  - id: a\n    skip: x\n    to: accounts\n", "10: rules.0.to: must be a list like [a, b], not 'accounts'"),
        ("  - id: a\n    set: totals\n    value: 1\n", "9: rules.0.set: 'totals' is no member of an order"),
        (
            "  - id: a\n    set: total\n    value: 1\n",
            "9: rules.0.set: total cannot be set: what the buyer was charged",
        ),
        (
            "  - id: a\n    skip: x\n    when:\n      field: total\n      greater: meget\n",
            "12: rules.0.when.greater: 'meget' is no number; write it like 1000 or 99.50",
        ),
        (
            "  - id: a\n    skip: x\n    when:\n      any:\n        - field: b c\n          equals: 1\n",
            "12: rules.0.when.any.0.field: 'b c' is no path to a field",
        ),
        (
            "  - id: a\n    skip: x\n    when: {field: total, matches: '(a'}\n",
            "10: rules.0.when.matches: '(a' is no pattern that can be used: unclosed group",
        ),
        (
            "  - id: a\n    skip: x\n    when: {field: total, equal: 1}\n",
            "10: rules.0.when.equal: is no setting; did you mean equals?",
        ),
        (
            "  - id: a\n    skip: x\n    when: {field: total, equals: 1}\n  - id: a\n    hold: y\n",
            "11: rules.1.id: a is the name of rule 1 too; each rule has its own",
        ),
        (
            "  - id: a\n    skip: x\n  - id: b\n    hold: y\n",
            "10: rules.1: rule b can never act: rule a above it leaves out every order; move it before that one",
        ),
        (
            "  - {id: a, hold: x, when: {field: n, equals: 1}}\n  - {id: b, skip: y, when: {field: n, equals: 1}}\n",
            "9: rules.1: rule b can never act: rule a above it holds the same orders",
        ),
        (
            "  - {id: a, skip: x, when: {all: [{field: n, equals: 1}, {field: n, equals: 2}]}}\n",
            "8: rules.0.when: can never hold: n would have to be both '1' and '2'",
        ),
    ],
)
def test_says_where_a_rule_is_wrong_and_what_to_do(tmp_path: Path, rules: str, expected: str) -> None:
    found = problems(folder(tmp_path, rules))
    assert any(line.startswith(f"shops/nordlys.yaml:{expected}") for line in found), found


def test_says_it_of_a_mapping_too_and_with_all_other_problems(tmp_path: Path) -> None:
    found = problems(folder(tmp_path, mapping_rules="  - {id: a, skip: x}\n  - {id: b, skip: y}\n"))
    assert found == [
        (
            "mappings/standard.yaml:11: rules.1: rule b can never act: rule a above it leaves out every order; move it "
            "before that one, or remove it"
        )
    ]


def test_a_name_is_one_rules_in_shop_file_and_mapping_together(tmp_path: Path) -> None:
    found = problems(folder(tmp_path, SKIP.replace("skip", "hold"), SKIP))
    assert found == [
        (
            "shops/nordlys.yaml:8: rules.0.id: no_norway is the name of a rule in mapping standard too; each rule has "
            "its own"
        )
    ]


def test_rules_for_different_sides_or_that_set_after_a_hold_are_no_contradiction(tmp_path: Path) -> None:
    rules = ("{id: a, skip: x, to: [accounts]}", "{id: b, hold: y, to: [warehouse]}", "{id: c, set: note, value: z}")
    text = "".join(f"  - {rule}\n" for rule in rules)
    assert len(load_shop("nordlys", folder(tmp_path, text)).rules) == 3


@pytest.mark.parametrize(
    ("lacking", "side", "name"), [("rackbeat", "warehouse", "Rackbeat"), ("economic", "accounts", "e-conomic")]
)
def test_a_rule_for_a_side_that_the_shop_does_not_have_is_wrong(
    tmp_path: Path, lacking: str, side: str, name: str
) -> None:
    rules = f"  - {{id: a, hold: x, to: [{side}]}}\n"
    found = problems(folder(tmp_path, rules, shop=shop_text(**{lacking: None})))
    assert found == [
        (
            f"shops/nordlys.yaml:7: rules.0.to: is {side} only, but the file names no {name} agreement; name one, or "
            "remove the rule"
        )
    ]


def test_too_many_rules_are_told(tmp_path: Path) -> None:
    rules = "".join(f"  - {{id: r{number}, hold: x, when: {{field: n, equals: {number}}}}}\n" for number in range(201))
    assert problems(folder(tmp_path, rules)) == [
        "shops/nordlys.yaml:7: rules: has 201 rules; at most 200: a table (map, in) says in one what many say"
    ]
