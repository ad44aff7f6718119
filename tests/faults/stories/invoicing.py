"""An invoice: customer, draft, comparison, booking."""

from tests.faults.parts import part
from tests.faults.scene import INVOICE, INVOICED, observe
from tests.faults.truth import in_accounts

STORY = part(
    "invoice",
    before=[[observe]],
    steps=INVOICE,
    flows=["invoices"],
    checks=lambda _, states: in_accounts(states, (INVOICED,)),
)
