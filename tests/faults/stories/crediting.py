"""Two refunds: a credit note each, and what was paid back."""

from tests.faults.parts import part
from tests.faults.scene import INVOICE, INVOICED, credit, look_again, observe, pay, people_give_back
from tests.faults.truth import credited, in_accounts, paid_back

STORY = part(
    "credit",
    before=[[observe], INVOICE, [pay, people_give_back]],
    steps=[look_again, credit, pay],
    flows=["credit_notes", "payments"],
    checks=lambda _, states: (*credited(states), *paid_back(states), *in_accounts(states, (INVOICED,))),
)
