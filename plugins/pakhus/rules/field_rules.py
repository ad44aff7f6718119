"""Rules that users declare about fields of an order: leave it out, hold it, or set a member of it. Pure.

Conditions and sources look at the order as it was received, never at what an earlier rule made of it, so the order of
rules matters in two ways only: the first `skip` or `hold` that fits decides, and of several that set the same member
each goes on from what the one before left. Sources: domain guide 4.2 (`orders.filters`), 4.10; docs/mapping.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pakhus.model import Line, Order
from pakhus.rules.field_conditions import DEEPEST, Condition, Path, Word
from pakhus.rules.field_paths import Received, segments_of
from pakhus.rules.mapping_fields import Strict
from pakhus.rules.order_members import LINE, checked_member, refused, text_at, with_line_texts, with_text
from pakhus.rulings import BOTH_SIDES, Ruling, Side

Because = Annotated[str, Field(min_length=1, max_length=200)]
Member = Annotated[str, AfterValidator(checked_member)]
# Spaces at the ends count where texts are put together.
Piece = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=500)]
_SOURCES = ("value", "from_", "join")
_STEPS = ("strip_prefix", "strip_suffix", "map_", "prefix", "suffix")


class FieldRule(Strict):
    """One rule. It says one of `skip`, `hold` and `set`; the other keys say for which orders, and how."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = Field(
        description="The rule's name: it stands with each order that the rule leaves out or holds"
    )
    to: frozenset[Side] = Field(
        BOTH_SIDES, min_length=1, description="Which way the rule is for: the warehouse, the accounts, or both"
    )
    when: Condition | None = Field(None, description="For which orders; none: for all")
    skip: Because | None = Field(None, description="Leave the order out; the text says why, for people. No names")
    hold: Because | None = Field(
        None, description="Hold the order when it is due, until a person releases it; the text says why. No names"
    )
    set_: Member | None = Field(
        None,
        alias="set",
        description="Set this member of the order: note, requisition, payment_method, line.sku …; docs/mapping.md",
    )
    value: Word | None = Field(None, description="With set: this text")
    from_: Path | None = Field(None, alias="from", description="With set: what this field says")
    join: tuple[Path, ...] | None = Field(
        None, min_length=1, description="With set: what these fields say, those that say anything put together"
    )
    with_: Piece | None = Field(None, alias="with", description="With join: what stands between; none: a space")
    strip_prefix: Word | None = Field(None, description="With set: first, this is taken off the beginning")
    strip_suffix: Word | None = Field(None, description="With set: and this off the end")
    map_: dict[str, Word] | None = Field(
        None,
        alias="map",
        min_length=1,
        description="With set: then what is in this table becomes what stands there; what is not stays",
    )
    prefix: Piece | None = Field(None, description="With set: last, this is put before it")
    suffix: Piece | None = Field(None, description="With set: and this after it")

    @model_validator(mode="after")
    def _one_thing(self) -> FieldRule:
        said = [name for name in ("skip", "hold", "set_") if getattr(self, name) is not None]
        if len(said) != 1:
            what = "says nothing" if not said else f"says several things ({', '.join(map(_key, said))})"
            raise ValueError(f"rule {self.id} {what}; write one of skip, hold and set")
        given = [name for name in (*_SOURCES, "with_", *_STEPS) if getattr(self, name) is not None]
        if self.set_ is None and given:
            raise ValueError(f"rule {self.id}: {', '.join(map(_key, given))} goes with set; remove it, or write set")
        if self.set_ is not None:
            self._settable(given)
        if self.when is not None and self.when.depth() > DEEPEST:
            raise ValueError(f"rule {self.id}: conditions stand deeper than {DEEPEST} in each other; write two rules")
        return self

    def _settable(self, given: Sequence[str]) -> None:
        sources = [name for name in _SOURCES if name in given]
        if len(sources) > 1:
            raise ValueError(f"rule {self.id} has {' and '.join(map(_key, sources))}; keep one of them")
        if not given:
            raise ValueError(
                f"rule {self.id} does not say what {self.set_} is set to; add value, from, join, or a change of what "
                "it says: strip_prefix, strip_suffix, map, prefix, suffix"
            )
        if self.with_ is not None and self.join is None:
            raise ValueError(f"rule {self.id}: with goes with join; write the fields to put together under join")
        if self._from_several():
            raise ValueError(f"rule {self.id}: {self.from_} has several values; put them together with join")
        if self.value is not None and (problem := refused(self.set_ or "", self.value)):
            raise ValueError(f"rule {self.id}: {problem}")

    def _from_several(self) -> bool:
        """Whether `from` may have several values; a line's own is one of a list."""
        steps = segments_of(self.from_) if self.from_ is not None else ()
        return any(step.each for step in (steps[1:] if self.is_for_lines else steps))

    @property
    def is_for_lines(self) -> bool:
        """Whether the rule sets a member of each line of goods."""
        return self.set_ is not None and self.set_.startswith(LINE)

    @property
    def decides(self) -> bool:
        """Whether the rule leaves out or holds."""
        return self.set_ is None

    def fields(self) -> Iterator[str]:
        """Yield the paths that the rule looks at."""
        for part in self.when.parts() if self.when is not None else ():
            if part.field is not None:
                yield part.field
        if self.from_ is not None:
            yield self.from_
        yield from self.join or ()

    def fits(self, received: Received, line_id: str | None = None) -> bool:
        """Whether the rule is for an order, or one of its lines."""
        return self.when is None or self.when.holds(received, line_id)


def ruled_order(order: Order, received: Received, rules: Sequence[FieldRule], side: Side) -> Order:
    """Return the order as the rules would have it on its way to one side, with their ruling."""
    for rule in rules:
        if side not in rule.to:
            continue
        if rule.is_for_lines:
            order = _with_lines(order, received, rule)
        elif not rule.fits(received):
            continue
        elif rule.decides:
            order = _ruled(order, Ruling(rule.id, rule.hold is not None, rule.hold or rule.skip or ""))
        else:
            order = _with_member(order, received, rule)
    return order


def ruled_orders(order: Order, received: Received, rules: Sequence[FieldRule]) -> Mapping[Side, Order]:
    """Return the order for each side."""
    if not rules:
        return {}
    return {side: ruled_order(order, received, rules, side) for side in Side}


def _ruled(order: Order, ruling: Ruling) -> Order:
    return order if order.ruling is not None else replace(order, ruling=ruling)


def _with_member(order: Order, received: Received, rule: FieldRule) -> Order:
    member = rule.set_ or ""
    value = _value(rule, received, text_at(order, member))
    if not value:
        return order
    if problem := refused(member, value):
        return _ruled(order, Ruling(rule.id, holds=True, because=problem))
    return with_text(order, member, value)


def _with_lines(order: Order, received: Received, rule: FieldRule) -> Order:
    def changed(line: Line, text: str) -> str | None:
        if not rule.fits(received, line.id):
            return None
        return _value(rule, received, text, line.id) or None

    return with_line_texts(order, rule.set_ or "", changed)


def _value(rule: FieldRule, received: Received, present: str, line_id: str | None = None) -> str:
    """What the member is to say; empty where the source says nothing: then it stays as it is."""
    text = _source(rule, received, present, line_id)
    if not text:
        return ""
    text = text.removeprefix(rule.strip_prefix or "").removesuffix(rule.strip_suffix or "").strip()
    text = (rule.map_ or {}).get(text, text)
    return f"{rule.prefix or ''}{text}{rule.suffix or ''}" if text else ""


def _source(rule: FieldRule, received: Received, present: str, line_id: str | None) -> str:
    if rule.value is not None:
        return rule.value
    if rule.from_ is not None:
        return next((text for text in received.texts(rule.from_, line_id) if text), "")
    if rule.join is not None:
        texts = [text for path in rule.join for text in received.texts(path, line_id) if text]
        return (rule.with_ or " ").join(texts)
    return present


def _key(name: Any) -> str:
    return str(name).rstrip("_")
