"""Searching the warehouse's orders for one of ours: what moves while the list is read, and what proves nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pakhus.clients import rackbeat
from pakhus.clients.economic_errors import error_of as economic_error_of
from pakhus.clients.http import Answer, Call, to_json
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.errors import TransientError

SINCE = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Pages:
    """A transport that answers these pages, one after the other, with these totals."""

    def __init__(self, pages: Sequence[Sequence[dict[str, Any]]], totals: Sequence[int | None] = ()) -> None:
        self._pages = list(pages)
        self._totals = list(totals) or [1000] * len(pages)

    def send(self, call: Call) -> Answer:
        rows = self._pages.pop(0)
        body = {"orders": rows, "pages": len(self._pages) + 2, "total": self._totals.pop(0)}
        return Answer(206, {}, to_json(body), call)


def order(number: int, heading: str = "", created: datetime | str = SINCE) -> dict[str, Any]:
    text = created if isinstance(created, str) else created.isoformat()
    return {"number": number, "heading": heading, "created_at": text}


def search(pages: Sequence[Sequence[dict[str, Any]]], totals: Sequence[int | None] = ()) -> list[int]:
    client = RackbeatClient(Pages(pages, totals))  # type: ignore[arg-type]
    return [row["number"] for row in client.orders_with_heading("ours", since=SINCE)]


def test_order_that_is_pushed_to_the_next_page_while_the_list_is_read_is_one_hit() -> None:
    assert search([[order(9), order(8), order(7, "ours")], [order(8), order(7, "ours"), order(6)], []]) == [7]


def test_list_that_is_not_in_order_proves_nothing() -> None:
    with pytest.raises(TransientError):
        search([[order(7), order(9)], []])


@pytest.mark.parametrize("totals", [[3, 2], [3, None]])
def test_list_that_became_shorter_while_it_was_read_proves_nothing(totals: list[int | None]) -> None:
    """Order 9 was deleted after the first page: order 7, ours, came over to it and is on no page."""
    with pytest.raises(TransientError, match="shorter"):
        search([[order(9), order(8)], [order(6)], []], totals)


def test_list_that_became_longer_while_it_was_read_shows_all() -> None:
    assert search([[order(9), order(8)], [order(8), order(7, "ours")], []], [3, 4, 4]) == [7]


def test_reading_ends_at_the_first_order_that_is_too_old() -> None:
    old = order(6, "ours", SINCE - timedelta(seconds=1))
    assert search([[order(7), old]]) == []


def test_time_without_a_zone_is_read_as_the_latest_it_may_be() -> None:
    """Whether such times are Danish or UTC is proven nowhere: an order must not be taken for too old."""
    assert search([[order(7, "ours", "2026-11-21 12:30:00")], []]) == [7]


@pytest.mark.parametrize("error_of", [rackbeat.error_of, economic_error_of])
def test_write_that_a_proxy_timed_out_has_an_unknown_outcome(error_of: Any) -> None:
    error = error_of(Answer(408, {}, b"", Call("POST", "/orders")))
    assert isinstance(error, TransientError)
    assert error.maybe_done
