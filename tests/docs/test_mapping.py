"""docs/mapping.md: every example loads as it stands, and what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from pakhus.rules.field_conditions import OPERATORS
from pakhus.rules.order_members import MEMBERS
from pakhus.settings import load_shop
from stack import ROOT
from tests.settings.folders import MAPPING, SHOP, shop_text, write_folder

PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml (mapping|rules)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
UNTESTED = re.findall(r"^```yaml\s*$", PAGE, flags=re.MULTILINE)


def test_there_are_examples_and_each_says_what_it_is() -> None:
    assert [kind for kind, _ in EXAMPLES] == ["mapping", "mapping", "mapping", "rules", "rules"]
    assert not UNTESTED


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_each_example_loads(tmp_path: Path, kind: str, text: str) -> None:
    if kind == "rules":
        include = write_folder(tmp_path, {"nordlys": SHOP + "rules:\n" + indent(text, "  ")})
        assert len(load_shop("nordlys", include).field_rules) == text.count("- id:")
    else:
        include = write_folder(tmp_path, {"nordlys": shop_text(mapping="own")}, {"standard": MAPPING, "own": text})
        assert load_shop("nordlys", include).mapping.economic is not None


def test_the_operators_are_those_that_there_are() -> None:
    table = PAGE.partition("| operator |")[2].partition("\n\n")[0]
    listed = {word for row in table.splitlines()[2:] for word in re.findall(r"`(\w+)", row.split("|")[1])}
    assert listed - {"false"} == {name.rstrip("_") for name in OPERATORS}


def test_the_members_are_those_that_there_are() -> None:
    part = PAGE.partition("### What can be set")[2].partition("Amounts")[0]
    words = set(re.findall(r"`([a-z][a-z0-9_.]*)`", part))
    for member in MEMBERS:
        first, dot, last = member.partition(".")
        assert member in words or (dot and last in words and f"`{first}.…`" in part), member


def test_no_example_names_a_rule_twice() -> None:
    names = re.findall(r"^- id: (\w+)", PAGE, flags=re.MULTILINE)
    assert len(names) == len(set(names)) > 5
