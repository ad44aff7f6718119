"""The runbook of reason codes and the source agree with the registry, in both directions."""

import ast
import re
from collections.abc import Iterator

import pytest

from pakhus.reasons import REASONS, Reason
from stack import ROOT

DOCUMENT = ROOT / "docs" / "runbooks" / "reasons.md"
PLUGINS = ROOT / "plugins"
REGISTRY = PLUGINS / "pakhus" / "reasons"

# Codes that no flow gives yet, with what they wait for. A code that is used must not stand here.
RESERVED = {
    "credit_not_treated": "ledgers of earlier versions",
    "flow_off": "the stop switch",
    "stopped": "the stop switch",
}


def documented() -> dict[str, tuple[str, str]]:
    """Each code's part: the chapter it stands in, and its text."""
    found: dict[str, tuple[str, str]] = {}
    chapter = ""
    for part in re.split(r"^(?=##)", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE):
        head, _, text = part.partition("\n")
        if head.startswith("### "):
            code = head.removeprefix("### ").strip("` ")
            assert code not in found, f"{code} has two parts"
            found[code] = (chapter, text)
        elif head.startswith("## "):
            chapter = head.removeprefix("## ")
    return found


def used() -> Iterator[tuple[str, str]]:
    """Each code that the source gives: the constants in the first argument of Verdict.of, Verdict and stop."""
    for file in sorted(PLUGINS.rglob("*.py")):
        if file.is_relative_to(REGISTRY):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _gives_a_reason(node.func):
                for part in _values(node.args[0]):
                    yield part, f"{file.relative_to(ROOT)}:{node.lineno}"


def _gives_a_reason(function: ast.expr) -> bool:
    return ast.unparse(function) in ("Verdict.of", "Verdict", "stop")


def _values(argument: ast.expr) -> Iterator[str]:
    """The texts that an argument may be: a constant, or either side of a condition."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from _values(argument.body)
        yield from _values(argument.orelse)


def test_each_code_has_a_part_and_each_part_a_code() -> None:
    assert set(documented()) == set(REASONS)


@pytest.mark.parametrize("reason", REASONS.values(), ids=lambda reason: reason.code)
def test_part_stands_under_its_status_and_says_who_acts(reason: Reason) -> None:
    chapter, text = documented()[reason.code]
    assert chapter.split(":")[0].lower().replace(" ", "_") == reason.status.value
    assert text.lstrip().startswith(f"*Acts: {reason.actor.value}.*")


@pytest.mark.parametrize("reason", REASONS.values(), ids=lambda reason: reason.code)
def test_part_names_no_parameter_that_the_code_has_not(reason: Reason) -> None:
    parameters = set(re.findall(r"{(\w+)}", reason.meaning + reason.action))
    assert set(re.findall(r"{(\w+)}", documented()[reason.code][1])) <= parameters


def test_source_gives_only_codes_of_the_registry() -> None:
    places = list(used())
    assert len(places) > 50
    assert [place for code, place in places if code not in REASONS] == []


def test_each_code_is_given_somewhere_or_waits_for_something_named() -> None:
    given = {code for code, _ in used()}
    assert set(REASONS) - given == set(RESERVED)
