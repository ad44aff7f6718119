"""Quantities read from the warehouse and shown in the shop, without the compare that would find a mistake at night."""

from tests.faults.parts import part
from tests.faults.scene import RESERVE, people_ship, show_stock, tell
from tests.faults.truth import stock_shown

STORY = part(
    "show stock",
    before=[RESERVE, [people_ship, tell]],
    steps=[show_stock],
    flows=["stock"],
    checks=stock_shown,
)
