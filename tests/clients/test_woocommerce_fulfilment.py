"""What a WooCommerce shop is told of shipments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pakhus.clients.webshop import Capability, Receipt, Webshop
from pakhus.errors import NotFoundError, OrderClosedError, TransientError
from pakhus.model import Fulfilment, Parcel, ShippedLine
from tests.clients.scripted_shop import Asked, Reply, Script, in_turn
from tests.clients.woocommerce_bench import LOST, Bench

OpenBench = Callable[[Script], Bench]
D = Decimal


def test_keeps_the_webshop_protocol(bench: OpenBench) -> None:
    shop: Webshop = bench(in_turn(Reply([]))).client
    assert Capability.CHANGES_BY_TIME in shop.capabilities
    assert Capability.PARTIAL_FULFILMENT not in shop.capabilities
    shop.acknowledge("any")


def shipment(*, completes: bool, shipment_id: str = "nordlys-60-shipment1") -> Fulfilment:
    return Fulfilment(
        shop="nordlys",
        order_id="60",
        id=shipment_id,
        shipped_at=datetime(2026, 11, 21, tzinfo=UTC),
        lines=(ShippedLine("NH-1000", D(2)), ShippedLine("NH-1005", D("1.5"))),
        completes=completes,
        parcels=(Parcel("GLS", "123", "https://gls.example/123"), Parcel("GLS", "124")),
    )


class OneOrder:
    """An order with its state and notes."""

    def __init__(self, state: str = "processing", *notes: str) -> None:
        self.state = state
        self.notes = [{"id": 100 + number, "note": note} for number, note in enumerate(notes)]
        self.refuse_state_once = False

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/notes"):
            if asked.method == "GET":
                return Reply(self.notes)
            self.notes.append({"id": 100 + len(self.notes), **asked.json()})
            return Reply(self.notes[-1], 201)
        if asked.method == "PUT":
            if self.refuse_state_once:
                self.refuse_state_once = False
                return LOST
            self.state = asked.json()["status"]
        return Reply({"id": 60, "status": self.state})


def test_notes_a_shipment_then_completes_the_order(bench: OpenBench) -> None:
    at = bench(OneOrder())
    receipt = at.client.report_fulfilment(shipment(completes=True), at.calls, notify=False)
    note = {
        "note": "Shipped: 2 × NH-1000, 1.5 × NH-1005. GLS 123 https://gls.example/123. GLS 124 [nordlys-60-shipment1]",
        "customer_note": False,
    }
    assert at.written() == [("POST", "/orders/60/notes", note), ("PUT", "/orders/60", {"status": "completed"})]
    assert receipt == Receipt(("100", "60"), changed=True)
    assert len(at.calls.calls) == 2, "every write goes through the recorder"


def test_writes_nothing_when_the_order_is_completed_already(bench: OpenBench) -> None:
    at = bench(OneOrder("completed"))
    receipt = at.client.report_fulfilment(shipment(completes=True), at.calls, notify=True)
    assert (receipt.changed, at.written()) == (False, [])


def test_reporting_twice_changes_nothing_more(bench: OpenBench) -> None:
    at = bench(OneOrder())
    for _ in range(2):
        at.client.report_fulfilment(shipment(completes=False), at.calls, notify=True)
        at.client.report_fulfilment(shipment(completes=True, shipment_id="nordlys-60-shipment2"), at.calls, notify=True)
    assert [path for _, path, _ in at.written()] == ["/orders/60/notes", "/orders/60/notes", "/orders/60"]


def test_goes_on_after_a_lost_answer_without_a_second_note(bench: OpenBench) -> None:
    order = OneOrder()
    order.refuse_state_once = True
    at = bench(order)
    with pytest.raises(TransientError) as caught:
        at.client.report_fulfilment(shipment(completes=True), at.calls, notify=False)
    assert caught.value.maybe_done
    at.client.report_fulfilment(shipment(completes=True), at.calls, notify=False)
    assert [path for _, path, _ in at.written()].count("/orders/60/notes") == 1
    assert order.state == "completed"


def test_only_notes_a_part_of_an_order(bench: OpenBench) -> None:
    at = bench(OneOrder())
    at.client.report_fulfilment(shipment(completes=False), at.calls, notify=True)
    ((_, path, body),) = at.written()
    assert path == "/orders/60/notes"
    assert body["note"].startswith("Partly shipped: ")
    assert body["customer_note"] is True


@pytest.mark.parametrize("state", ["cancelled", "refunded", "failed", "trash"])
def test_does_not_complete_an_order_that_people_closed(bench: OpenBench, state: str) -> None:
    at = bench(OneOrder(state))
    with pytest.raises(OrderClosedError, match=state) as closed:
        at.client.report_fulfilment(shipment(completes=True), at.calls, notify=False)
    assert closed.value.state == state
    assert at.written() == []


def test_leaves_a_note_once_per_key(bench: OpenBench) -> None:
    at = bench(OneOrder("processing", "Held [note-12]"))
    first = at.client.note("60", "Held", at.calls, key="note-1")
    again = at.client.note("60", "Held", at.calls, key="note-1")
    assert (first.changed, again.changed) == (True, False)
    assert first.remote_ids == again.remote_ids
    assert at.written() == [("POST", "/orders/60/notes", {"note": "Held [note-1]", "customer_note": False})]


def test_says_that_the_order_of_a_note_is_gone(bench: OpenBench) -> None:
    at = bench(in_turn(Reply({"code": "woocommerce_rest_order_invalid_id", "message": "Invalid"}, 404)))
    for order_id in ("60", "no id"):
        with pytest.raises(NotFoundError):
            at.client.note(order_id, "x", at.calls, key="k")
