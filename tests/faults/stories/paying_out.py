"""A settlement taken in and journalled, one balanced voucher."""

from tests.faults.money import TOTAL
from tests.faults.parts import part
from tests.faults.scene import INVOICE, INVOICED, observe, pay, pay_out
from tests.faults.truth import paid_out

STORY = part(
    "pay out",
    before=[[observe], INVOICE, [pay]],
    steps=[pay_out],
    flows=["payouts"],
    checks=lambda scene, states: paid_out(scene, states, {INVOICED: TOTAL}),
)
