"""Shipments read from the warehouse and told to the shop, the last of which completes the order."""

from tests.faults.parts import part
from tests.faults.scene import RESERVE, people_ship, tell
from tests.faults.truth import shipments_told

STORY = part(
    "tell",
    before=[RESERVE, [people_ship]],
    steps=[tell],
    flows=["fulfilment"],
    checks=lambda _, states: shipments_told(states),
)
