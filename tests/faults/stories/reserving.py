"""Reservation: a customer, an order, its booking; one order is held for its SKU."""

from tests.faults.parts import part
from tests.faults.scene import RESERVE
from tests.faults.truth import in_warehouse

STORY = part(
    "reserve",
    before=[],
    steps=RESERVE,
    flows=["orders"],
    checks=lambda _, states: in_warehouse(states["rackbeat"]),
)
