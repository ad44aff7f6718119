"""The text of a shop file and a mapping made of proposals: each key with its reason, each question as a comment.

A person's file is never written anew: to it, lines are added, and the difference is shown first.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pakhus.rules.proposals import Proposal
from pakhus.settings.documents import read_text

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*|\d[\d.]*")
_FLOW = re.compile(r"[\[{].*[\]}]")
_WORDS = frozenset({"null", "Null", "NULL", "true", "false", "yes", "no", "on", "off"})
# Of these, either all keys stand in the file or none does: half of one would not load.
_WHOLE = ("rackbeat.customers", "rackbeat.new_products", "economic.customers", "economic.companies")
_WHOLE_TOO = ("economic.public_bodies", "economic.vat_zones")
_REASON_AT, _WIDTH = 26, 120


@dataclass(frozen=True, slots=True)
class ShopOutline:
    """What a new shop file says. `remarks` become comments at its end."""

    shop: str
    platform: str
    mapping: str
    rackbeat: str | None
    economic: str | None
    start_from: datetime
    timezone: str
    remarks: Sequence[str] = ()


def shop_text(outline: ShopOutline) -> str:
    """Return a new shop file. It books nothing and tells the shop no stock: both are switched on by a person."""
    lines = [
        "# yaml-language-server: $schema=../shops.schema.json",
        "#",
        f"# The webshop {outline.shop}, as `python -m pakhus start` proposed it. Every key: docs/settings.md.",
        f"shop: {outline.shop}",
        f"platform: {outline.platform}",
        f"mapping: {outline.mapping}",
        *([f"rackbeat: {outline.rackbeat}"] if outline.rackbeat else []),
        *([f"economic: {outline.economic}"] if outline.economic else []),
        "# Earlier orders are not transferred. Move it to when the orders' DAG is unpaused, after the first transfer.",
        f"start_from: {outline.start_from.isoformat(timespec='seconds')}",
        f"timezone: {outline.timezone}",
        "",
        "orders:                    # shop -> Rackbeat",
        "  reserve_states: [processing]",
    ]
    if outline.rackbeat:
        lines += ["", "stock:                     # Rackbeat -> shop; the last thing to switch on", "  enabled: false"]
    if outline.economic:
        lines += [
            "",
            "invoices:                  # shop -> e-conomic",
            "  mode: dry_run            # then draft, then auto",
        ]
        lines += ["  states: [completed]"]
    lines += ["", "# alerts:                  # who is told when a run is red; docs/runbooks/alerts.md"]
    lines += ["#   mail_to: [drift@shop.example]"]
    lines += ["", *(f"# {_in_one_line(remark)}" for remark in outline.remarks)] if outline.remarks else []
    return "\n".join(lines) + "\n"


def mapping_text(shop: str, proposals: Sequence[Proposal]) -> str:
    """Return a new mapping file of these proposals, in their order."""
    head = (
        "# yaml-language-server: $schema=../mappings.schema.json",
        "#",
        f"# How orders of {shop} look in the warehouse and the accounts, as `python -m pakhus start` found it in the",
        "# systems. Why stands at each key; what it could not tell is a QUESTION. Every key: docs/settings.md.",
        "version: 1",
    )
    return "\n".join([*head, *_tables(proposals)]) + "\n"


def _tables(proposals: Sequence[Proposal]) -> Iterator[str]:
    """The proposals as nested tables; a table of which nothing stands is commented out with its name."""
    left_out = _left_out(proposals)
    parts = dict.fromkeys(_path(one.key)[0] for one in proposals)
    for part in parts:
        of_part = [one for one in proposals if _path(one.key)[0] == part]
        yield ""
        yield _header(part, 0, of_part, left_out)
        for section in dict.fromkeys(_section(one.key) for one in of_part):
            rows = [one for one in of_part if _section(one.key) == section]
            deep = len(_path(rows[0].key)) > 2
            if deep:
                yield _header(_path(rows[0].key)[1], 1, rows, left_out)
            for one in rows:
                yield from _line(one, 2 if deep else 1, one.key in left_out)


def _left_out(proposals: Sequence[Proposal]) -> frozenset[str]:
    """The keys that cannot stand in the file: questions, and what would be half of something without them."""
    asked = {one.key for one in proposals if one.is_question}
    halves = {_section(key) for key in asked} & {*_WHOLE, *_WHOLE_TOO}
    return frozenset(asked | {one.key for one in proposals if _section(one.key) in halves})


def _header(name: str, depth: int, rows: Sequence[Proposal], left_out: frozenset[str]) -> str:
    mark = "# " if all(one.key in left_out for one in rows) else ""
    return f"{'  ' * depth}{mark}{_scalar(name)}:"


def _line(one: Proposal, depth: int, commented: bool) -> Iterator[str]:
    """A key with its reason behind it, or above it where the line would be long; a question is a comment."""
    name, indent = _scalar(_path(one.key)[-1]), "  " * depth
    if one.is_question:
        among = f"; one of: {', '.join(map(str, one.choices))}" if one.choices else ""
        yield from _comment(f"QUESTION: {one.reason}{among}", indent)
        yield f"{indent}# {name}:"
        return
    text = f"{indent}{'# ' if commented else ''}{name}: {_value(one.value)}"
    whole = f"{text.ljust(_REASON_AT)}  # {_in_one_line(one.reason)}"
    if len(whole) <= _WIDTH:
        yield whole
    else:
        yield from _comment(one.reason, indent)
        yield text


def _comment(text: str, indent: str) -> Iterator[str]:
    start = f"{indent}# "
    wrapped = textwrap.wrap(_in_one_line(text), _WIDTH, initial_indent=start, subsequent_indent=start)
    yield from wrapped


def payment_lines(text: str, proposals: Sequence[Proposal]) -> str | None:
    """Return a mapping's text with methods added below `economic.payments`; None where they cannot be put there.

    Every other line stays as the person wrote it.
    """
    document = read_text(text, "")
    path = ("economic", "payments")
    table = (document.values.get("economic") or {}).get("payments")
    if path not in document.lines or not isinstance(table, dict) or not table:
        return None
    lines = text.splitlines()
    first = document.lines[(*path, next(iter(table)))] - 1
    if first <= document.lines[path] - 1:
        return None  # written in one line
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    added = [
        f"{indent}{_scalar(_path(one.key)[-1])}: {_value(one.value)}  # {_in_one_line(one.reason)}"
        for one in proposals
        if not one.is_question
    ]
    return "\n".join([*lines[:first], *added, *lines[first:]]) + "\n"


def _path(key: str) -> tuple[str, ...]:
    """A payment method's own name may have dots."""
    return tuple(key.split(".", 2)) if not key.startswith("buyer_fields.") else tuple(key.split(".", 1))


def _section(key: str) -> str:
    path = _path(key)
    return ".".join(path[:2]) if len(path) > 2 else key


def _value(text: str) -> str:
    return text if _FLOW.fullmatch(text) else _scalar(text)


def _scalar(text: str) -> str:
    """Text that YAML reads as itself: quoted unless it is plainly a word or a number."""
    return text if _PLAIN.fullmatch(text) and text not in _WORDS else json.dumps(text, ensure_ascii=False)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
