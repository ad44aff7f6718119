"""The credit note of a refund that was made in the provider's portal alone, by an account's rule."""

from tests.faults.parts import part
from tests.faults.scene import INVOICE, credit, observe, pay
from tests.faults.stories.booking_payouts import credited_once, people_book, settle

STORY = part(
    "portal refund",
    before=[[observe], INVOICE, [pay], [people_book], [settle]],
    steps=[credit],
    flows=["credit_notes"],
    checks=credited_once,
)
