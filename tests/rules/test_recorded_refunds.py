"""Every refund that was recorded from the real shop, credited after its order's invoice: docs/recorded-refunds.md."""

import re
from decimal import Decimal

import pytest

from pakhus.formats.woocommerce import credit_from_woocommerce, order_from_woocommerce, vat_rates
from pakhus.rules.credits import left_by_rate
from stack import ROOT
from tests.clients.woocommerce_recordings import recorded_body
from tests.rules.test_credits import after, amounts, invoice_of, mapping, planned

D = Decimal
# order, the recording that shows it, the recording that lists its refunds
ORDERS = {
    "80": ("order-get-part-refund", "order-refunds-list"),
    "81": ("order-get-full-refund", "refund-create-full"),
    "82": ("order-put-status-refunded", "order-refunds-list-auto"),
}
# refund -> net, VAT and gross of its credit note, and how many lines it has
CREDITED = {
    ("80", "106"): (D("-151.20"), D("-37.80"), D("-189.00"), 1),
    ("80", "107"): (D("-20.00"), D("-5.00"), D("-25.00"), 1),
    ("80", "108"): (D("-39.20"), D("-9.80"), D("-49.00"), 1),
    ("81", "110"): (D("-341.60"), D("-85.40"), D("-427.00"), 2),
    ("82", "111"): (D("-190.40"), D("-47.60"), D("-238.00"), 2),
}
TABLE = (ROOT / "docs" / "recorded-refunds.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", ORDERS)
def test_recorded_refunds_are_credited_to_the_oere(number: str) -> None:
    order_name, refunds_name = ORDERS[number]
    body, refunds = recorded_body(order_name), recorded_body(refunds_name)
    sold = order_from_woocommerce(body, "nordlys", {})
    invoiced, found = invoice_of(sold), {}
    for refund in sorted(refunds if isinstance(refunds, list) else [refunds], key=lambda one: int(one["id"])):
        credit = credit_from_woocommerce(refund, "nordlys", number, currency="DKK", order_rates=vat_rates(body))
        plan = planned(credit, sold, invoiced)
        invoiced = after(invoiced, credit, plan)
        told = plan.predicted
        found[number, credit.id] = (told.net, told.vat, told.gross, len(plan.lines))
        assert not plan.correction, amounts(plan)
    assert found == {key: told for key, told in CREDITED.items() if key[0] == number}
    assert all(share.net >= 0 and share.vat >= 0 for share in left_by_rate(invoiced, mapping()).values())


@pytest.mark.parametrize(("order", "refund"), CREDITED)
def test_table_names_each_recorded_refund_with_its_credit_note(order: str, refund: str) -> None:
    net, vat, gross, _ = CREDITED[order, refund]
    row = re.search(rf"^\| {order} \| {refund} \|.*$", TABLE, re.MULTILINE)
    assert row is not None
    assert f"{net} + {vat} = {gross}".replace("-", "−").replace("+ −", "− ") in row[0]
