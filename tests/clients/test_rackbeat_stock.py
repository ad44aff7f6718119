"""Reading all available quantities: as few requests as there are pages, and no list that moved is believed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.http import Answer, Call, to_json
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.rackbeat_stock import read_available, read_stock_follows_invoices
from pakhus.errors import AccessDeniedError, NotFoundError, TransientError
from pakhus.formats.rackbeat_stock import available_from_rackbeat

D = Decimal


class Answers:
    """A transport that gives these bodies or errors, one after the other, and remembers what it was asked."""

    def __init__(self, answers: Sequence[object]) -> None:
        self.answers = list(answers)
        self.asked: list[Mapping[str, str]] = []

    def send(self, call: Call) -> Answer:
        self.asked.append(dict(call.query))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(206, {}, to_json(answer), call)


def page(numbers: str, *, total: int | None, pages: int | None = 2) -> dict[str, Any]:
    rows = [{"number": number, "available_quantity": 1, "inventory_enabled": True} for number in numbers]
    return {"products": rows, "total": total, "pages": pages}


def read(*answers: object) -> tuple[list[str], Answers]:
    transport = Answers(answers)
    found = read_available(RackbeatClient(transport))  # type: ignore[arg-type]
    return [item.number for item in found], transport


def test_asks_for_the_largest_pages_and_only_for_what_it_needs() -> None:
    found, transport = read(page("AB", total=3), page("C", total=3))
    assert found == ["A", "B", "C"]
    assert [asked["page"] for asked in transport.asked] == ["1", "2"]
    assert transport.asked[0]["limit"] == "1000"
    assert transport.asked[0]["fields"].split(",")[:2] == ["number", "available_quantity"]


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param([page("AB", total=4), page("C", total=3)], id="another total on the second page"),
        pytest.param([page("AB", total=4), page("D", total=4)], id="a product was pulled over the edge"),
        pytest.param([page("AB", total=3), page("B", total=3)], id="a product was pushed over the edge"),
        pytest.param([page("AB", total=3), page("", total=3)], id="the second page became empty"),
    ],
)
def test_list_that_moved_while_it_was_read_is_read_again(moved: list[object]) -> None:
    assert read(*moved, page("AB", total=3), page("C", total=3))[0] == ["A", "B", "C"]


def test_list_that_moves_each_time_is_given_up() -> None:
    with pytest.raises(TransientError, match="changed each time"):
        read(*[page("AB", total=3, pages=1)] * 3)


def test_list_that_does_not_say_how_long_it_is_is_one_page() -> None:
    assert read(page("AB", total=None, pages=None))[0] == ["A", "B"]


@pytest.mark.parametrize(
    ("row", "quantity"),
    [
        ({"available_quantity": 7}, D(7)),
        ({"available_quantity": D("-2.5")}, D("-2.5")),
        ({"available_quantity": "7.5"}, D("7.5")),
        ({"available_quantity": None}, None),
        ({}, None),
        ({"available_quantity": True}, None),
        ({"available_quantity": "mange"}, None),
        ({"available_quantity": "NaN"}, None),
    ],
)
def test_reads_a_quantity_and_takes_nothing_else_for_one(row: dict[str, Any], quantity: Decimal | None) -> None:
    found = available_from_rackbeat({"number": " A ", **row})
    assert found is not None
    assert (found.number, found.quantity) == ("A", quantity)


@pytest.mark.parametrize("row", [{"inventory_enabled": False}, {"deleted_at": "2026-01-01"}, {"number": None}])
def test_leaves_out_what_keeps_no_stock(row: dict[str, Any]) -> None:
    assert available_from_rackbeat({"number": "A", "available_quantity": 7, **row}) is None


SETTING = {"identifier": "Inventory_Value_Associated_With_Invoicing", "type": "boolean"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"settings": [{"identifier": "currency", "value": "DKK"}, {**SETTING, "value": "1"}]}, True),
        ({"settings": [{**SETTING, "value": "0"}]}, False),
        ({"settings": [{**SETTING, "value": None}]}, False),
        ([{**SETTING, "value": "true"}], True),
        ({"settings": [{"identifier": "invoice_layout", "value": "1"}]}, None),
        ({"settings": "none"}, None),
        (AccessDeniedError("this key has no scope for settings"), None),
        (NotFoundError("no such path"), None),
    ],
)
def test_asks_the_account_whether_stock_follows_invoices(answer: object, told: bool | None) -> None:
    client = RackbeatClient(Answers([answer]))  # type: ignore[arg-type]
    assert read_stock_follows_invoices(client) is told
