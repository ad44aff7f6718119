"""What a file's rules may not say together: two of one name, one that can never act, one for no side of ours.

Pure, and by raw position, so that each problem is told at its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pakhus.rules.field_conditions import Condition
from pakhus.rules.field_rules import FieldRule
from pakhus.rulings import Side
from pakhus.settings.documents import KeyPath

MOST_RULES = 200
RuleProblem = tuple[KeyPath, str]


def rule_problems(rules: Sequence[FieldRule], before: Mapping[str, str]) -> Iterator[RuleProblem]:
    """Yield (key, what is wrong and what to do). `before` are ids that other files have: id -> file."""
    if len(rules) > MOST_RULES:
        yield ("rules",), f"has {len(rules)} rules; at most {MOST_RULES}: a table (map, in) says in one what many say"
    known: dict[str, int] = {}
    for number, rule in enumerate(rules):
        path: KeyPath = ("rules", number)
        if rule.id in known:
            yield (*path, "id"), f"{rule.id} is the name of rule {known[rule.id] + 1} too; each rule has its own"
        elif rule.id in before:
            yield (*path, "id"), f"{rule.id} is the name of a rule in {before[rule.id]} too; each rule has its own"
        known.setdefault(rule.id, number)
        if shadow := next((one for one in rules[:number] if _hides(one, rule)), None):
            yield path, f"rule {rule.id} can never act: {_because(shadow)}; move it before that one, or remove it"
        if contradiction := _never(rule.when):
            yield (*path, "when"), f"can never hold: {contradiction}; use in for several texts, or any"


def sides_missing(rules: Sequence[FieldRule], *, rackbeat: bool, economic: bool) -> Iterator[RuleProblem]:
    """Yield the rules of a shop's own that are only for a side which the shop does not have."""
    there = {side for side, has in ((Side.WAREHOUSE, rackbeat), (Side.ACCOUNTS, economic)) if has}
    for number, rule in enumerate(rules):
        if there and not rule.to & there:
            side = next(iter(rule.to))
            agreement = "Rackbeat" if side is Side.WAREHOUSE else "e-conomic"
            yield (
                ("rules", number, "to"),
                f"is {side.value} only, but the file names no {agreement} agreement; name one, or remove the rule",
            )


def _hides(first: FieldRule, second: FieldRule) -> bool:
    """Whether `second` never acts because `first` has decided on all of its orders."""
    if not first.decides or not first.to >= second.to:
        return False
    if first.when is None:
        return second.decides or first.skip is not None  # a held order may be released: what sets members still counts
    return second.decides and first.when == second.when


def _because(shadow: FieldRule) -> str:
    does = "leaves out" if shadow.skip is not None else "holds"
    which = "every order" if shadow.when is None else "the same orders"
    return f"rule {shadow.id} above it {does} {which}"


def _never(when: Condition | None) -> str:
    """Say why a condition is false of every order; empty where nothing says so."""
    for part in when.parts() if when is not None else ():
        texts: dict[str, str] = {}
        for inner in part.all_ or ():
            if inner.field is None or inner.equals is None or "[]" in inner.field:
                continue
            if texts.setdefault(inner.field, inner.equals) != inner.equals:
                return f"{inner.field} would have to be both {texts[inner.field]!r} and {inner.equals!r}"
    return ""
