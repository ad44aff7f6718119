"""The payment of an invoice, entered in a journal."""

from tests.faults.parts import part
from tests.faults.scene import INVOICE, INVOICED, observe, pay
from tests.faults.truth import payments_entered

STORY = part(
    "pay",
    before=[[observe], INVOICE],
    steps=[pay],
    flows=["payments"],
    checks=lambda _, states: payments_entered(states, (INVOICED,)),
)
