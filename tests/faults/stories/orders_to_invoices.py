"""Everything in one run: reserve, invoice, pay, pay out, ship, tell, show stock, refund, credit, pay back."""

from tests.faults.scene import scene
from tests.faults.story import Story
from tests.faults.truth import SHIPPED

STORY = Story("orders to invoices", scene, SHIPPED)
