"""What an independent writer puts into a settlement comes out again, balanced and matched; damage is caught."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.readers import READERS, read
from pakhus.formats.settlements.records import SettlementFormatError
from pakhus.rules.settlement_balance import balance_problems
from pakhus.rules.settlement_matching import OpenItem, Outcome, match_lines
from pakhus.settlements import Batch, BatchLineKind
from tests.formats.settlements.reading import gap_between
from tests.formats.settlements.writers.forms import FORMS
from tests.formats.settlements.writers.plain import DAY, Form, Movement, Plain, Row

amounts = st.integers(2000, 500_000).map(lambda minor: Decimal(minor) / 100)
ids = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.reader)
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def payouts(draw: st.DrawFn, kinds: tuple[str, ...]) -> Plain:
    """Movements of the form's kinds, and a sale so large that something is paid out."""
    movements = []
    for at in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(kinds))
        amount = draw(amounts)
        share = draw(st.integers(0, 10)) if kind == "capture" else 0  # a fee like the whole amount moves nothing
        fee = (amount * share / 100).quantize(Decimal("0.01"))
        has_order = kind in ("capture", "refund", "chargeback", "chargeback_reversal")
        order = f"{1000 + at}" if has_order else ""
        movements.append(Movement(kind, amount, f"m{at}", order, fee, DAY + timedelta(minutes=at)))
    least = sum((abs(one.net) for one in movements), Decimal(20))
    movements.append(Movement("capture", least, "last", "2000", Decimal("0.25"), DAY + timedelta(hours=1)))
    return Plain("P7001", tuple(movements))


def written(form: Form, plain: Plain, rows: Sequence[Row] | None = None) -> tuple[Batch, ...]:
    content = form.render(plain, form.rows(plain) if rows is None else rows)
    return read(
        form.reader, Source(content, "main", also=form.also(plain), columns=form.columns, day_first=form.day_first)
    )


def told(batch: Batch) -> Counter[tuple[str, Decimal, str]]:
    """Kinds, amounts and orders of what concerns buyers."""
    of_buyers = ("capture", "refund", "chargeback", "chargeback_reversal")
    return Counter(
        (line.kind.value, line.gross, line.order_reference) for line in batch.lines if line.kind in of_buyers
    )


def sums(batch: Batch) -> Decimal:
    """Everything but the payout."""
    return sum((line.net for line in batch.lines if line.kind is not BatchLineKind.PAYOUT), Decimal(0))


def test_every_reader_has_a_writer() -> None:
    assert {form.reader for form in FORMS} == set(READERS)


@ids
@few
@given(data=st.data())
def test_what_is_written_is_read_balanced_and_matched_without_loss(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    [batch] = written(form, plain)
    assert balance_problems(batch) == []
    assert (batch.id, batch.currency, batch.account) == (form.batch_id(plain), "DKK", "main")
    of_buyers = [one for one in plain.movements if one.order]
    assert told(batch) == Counter((one.kind, one.signed, one.order) for one in of_buyers)
    assert sums(batch) == plain.paid
    documents = [
        OpenItem(one.id, BatchLineKind(one.kind), "nordlys", one.order, one.signed, "DKK", one.at)
        for one in of_buyers
        if one.kind in ("capture", "refund")
    ]
    found = match_lines([line for line in batch.lines if line.kind in ("capture", "refund")], documents)
    assert {match.outcome for match in found} == {Outcome.MATCHED}
    assert {item.key for match in found for item in match.items} == {item.key for item in documents}


@ids
@few
@given(data=st.data())
def test_order_of_rows_changes_no_identity(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    if form.reader in ("vipps_mobilepay", "paypal_search", "paypal_activity"):  # tell balances, so the order is theirs
        plain = replace(plain, movements=plain.movements[-1:])
    rows = form.rows(plain)
    shuffled = data.draw(st.permutations(rows)) if len(plain.movements) > 1 else rows
    [batch], [again] = written(form, plain), written(form, plain, shuffled)
    identities = {(line.provider_id, line.kind, line.ordinal, line.net) for line in batch.lines}
    assert identities == {(line.provider_id, line.kind, line.ordinal, line.net) for line in again.lines}


def neighbours(batch: Batch) -> tuple[Batch, Batch]:
    """The batches before and after: providers that tell a running balance are held against them."""
    ends = replace(batch, lines=())
    return replace(ends, closing=batch.opening), replace(ends, opening=batch.closing)


def caught(form: Form, plain: Plain, rows: Sequence[Row], before: Batch) -> bool:
    """Refused by the reader, by the balance, or no other batch than before."""
    return is_caught(form, plain, form.render(plain, rows), before)


def is_caught(form: Form, plain: Plain, content: bytes, before: Batch) -> bool:
    """The same of the bytes of a file or an answer."""
    source = Source(content, "main", also=form.also(plain), columns=form.columns, day_first=form.day_first)
    try:
        batches = read(form.reader, source)
    except SettlementFormatError:
        return True
    if len(batches) != 1:
        return not batches or any(balance_problems(batch) for batch in batches)
    earlier, later = neighbours(before)
    gaps = (gap_between(earlier, batches[0]), gap_between(batches[0], later))
    return any(gaps) or bool(balance_problems(batches[0])) or facts(batches[0]) == facts(before)


def facts(batch: Batch) -> object:
    return (batch.opening, batch.closing, [replace(line, number=0) for line in batch.lines])


def turned(value: object) -> object:
    if isinstance(value, int):
        return -value
    text = str(value)
    return text[1:] if text.startswith("-") else f"-{text}"


@ids
@few
@given(data=st.data())
def test_dropped_or_doubled_row_is_caught(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    [before] = written(form, plain)
    rows = form.rows(plain)
    at = data.draw(st.integers(0, len(rows) - 1))
    assert caught(form, plain, [*rows[:at], *rows[at + 1 :]], before), f"dropped {rows[at]}"
    assert caught(form, plain, [*rows[: at + 1], *rows[at:]], before), f"doubled {rows[at]}"


@ids
@few
@given(data=st.data())
def test_changed_sign_is_caught(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    [before] = written(form, plain)
    rows = form.rows(plain)
    at = data.draw(st.integers(0, len(rows) - 1))
    for name in form.amounts:
        if not str(rows[at].get(name, "")).strip("0.,-"):
            continue
        changed = [*rows[:at], {**rows[at], name: turned(rows[at][name])}, *rows[at + 1 :]]
        assert caught(form, plain, changed, before), f"{name} of {rows[at]}"


@ids
@few
@given(data=st.data())
def test_swapped_column_is_caught(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    [before] = written(form, plain)
    for one, other in form.swaps:
        swapped = [{**row, one: row.get(other, ""), other: row.get(one, "")} for row in form.rows(plain)]
        assert caught(form, plain, swapped, before), f"{one} and {other}"


# --- damage to the whole of an answer: its head, its totals, and whatever stands in its lines -------------------------

ANSWERS = tuple(
    form
    for form in FORMS
    if form.reader in ("stripe", "woopayments", "klarna", "vipps_mobilepay", "clearhaus", "epay", "paypal_search")
)
OTHER_NUMBERS = frozenset(
    {"id", "created", "available_on", "arrival_date", "date", "exchange_rate", "fee_percentage", "order_id", "vat_rate"}
)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where amounts that are not 0 stand in a document: whole numbers of minor units, and decimals as texts."""
    if isinstance(value, dict):
        return [
            one for name, inner in value.items() if name not in OTHER_NUMBERS for one in places(inner, (*path, name))
        ]
    if isinstance(value, list):
        return [one for at, inner in enumerate(value) for one in places(inner, (*path, at))]
    is_minor = isinstance(value, int) and not isinstance(value, bool) and value != 0
    is_decimal = isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{2}", value) is not None and value.strip("-0.")
    return [path] if is_minor or is_decimal else []


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for name in path:
        document = document[name]
    return document


def put(document: Any, path: tuple[str | int, ...], value: object) -> None:
    at(document, path[:-1])[path[-1]] = value


@pytest.mark.parametrize("form", ANSWERS, ids=lambda form: form.reader)
@few
@given(data=st.data())
def test_changed_sign_anywhere_in_an_answer_is_caught(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    [before] = written(form, plain)
    whole = json.loads(form.render(plain, form.rows(plain)))
    for path in places(whole):
        damaged = copy.deepcopy(whole)
        put(damaged, path, turned(at(whole, path)))
        assert is_caught(form, plain, json.dumps(damaged).encode(), before), path


@pytest.mark.parametrize("form", ANSWERS, ids=lambda form: form.reader)
@few
@given(data=st.data())
def test_two_amounts_of_an_object_that_changed_places_are_caught(form: Form, data: st.DataObject) -> None:
    plain = data.draw(payouts(form.kinds))
    [before] = written(form, plain)
    whole = json.loads(form.render(plain, form.rows(plain)))
    found = places(whole)
    for one, other in combinations(found, 2):
        if one[:-1] != other[:-1] or type(at(whole, one)) is not type(at(whole, other)):
            continue
        damaged = copy.deepcopy(whole)
        put(damaged, one, at(whole, other))
        put(damaged, other, at(whole, one))
        assert is_caught(form, plain, json.dumps(damaged).encode(), before), (one, other)


def test_every_form_has_something_that_can_be_damaged() -> None:
    plain = Plain("P7001", (Movement("capture", Decimal("100.00"), "m0", "1000", Decimal("1.45")),))
    for form in FORMS:
        rows = form.rows(plain)
        assert [name for name in form.amounts if any(str(row.get(name, "")).strip("0.,-") for row in rows)], form.reader
        assert form.swaps or form in ANSWERS or form.reader == "klarna_csv", form.reader
