"""The worked numbers of domain guide section 7 that hold, to the øre; 6.6 stands in test_gift_cards.py."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pakhus.model import LineKind
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, VatOfProduct, plan_invoice
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer
from pakhus.rules.money import rounded
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.orders import line, order

D = Decimal
NO_VAT = VatOfProduct(D(0), "")


def plan(charged: object, rate: str = "0.25", **changes: object) -> InvoicePlan:
    taxed = VatOfProduct(D(rate), "U")
    facts = AccountsFacts({"NH-1": taxed, "fragtmm": taxed, "rabat": taxed, "diff": NO_VAT}, {})
    mapping = AccountingMapping(customers=CollectiveCustomer(mode="collective", number=1), layout=19, **changes)
    found = plan_invoice(charged, mapping, {}, VatDecision(1, Scheme.DOMESTIC, "DK"), facts)  # type: ignore[arg-type]
    assert isinstance(found, InvoicePlan), found
    return found


@pytest.mark.parametrize(
    ("gross", "net", "vat", "recomputed", "correction"),
    [
        ("99.95", "79.96", "19.99", "19.99", "0.00"),
        ("149.00", "119.20", "29.80", "29.80", "0.00"),
        ("33.33", "26.66", "6.67", "6.67", "0.00"),
        ("12.47", "9.98", "2.49", "2.50", "-0.01"),
    ],
)
def test_net_from_gross(gross: str, net: str, vat: str, recomputed: str, correction: str) -> None:
    # 7.2
    assert rounded(D(gross) / D("1.25")) == D(net)
    found = plan(order([line(net, vat)], gross))
    assert (found.predicted.vat, found.correction) == (D(recomputed), D(correction))
    assert found.predicted.gross == D(gross)


@pytest.mark.edge(36)
@pytest.mark.parametrize(
    ("rate", "share"),
    [
        ("0.19", "16.0"),
        ("0.20", "16.7"),
        ("0.21", "17.4"),
        ("0.24", "19.4"),
        ("0.25", "20.0"),
        ("0.255", "20.3"),
        ("0.27", "21.3"),
    ],
)
def test_share_of_totals_that_net_and_vat_cannot_make(rate: str, share: str) -> None:
    # 7.3, by enumeration of 20,000 totals; the nearest that can be made is always an øre away.
    reached = {cents + int((D(cents) * D(rate)).quantize(D(1), "ROUND_HALF_UP")) for cents in range(20_001)}
    missing = [total for total in range(1, 20_001) if total not in reached]
    assert rounded(D(len(missing)) / 200).quantize(D("0.1"), "ROUND_HALF_UP") == D(share)
    assert all({total - 1, total + 1} & reached for total in missing)


def test_coupon_of_ten_percent() -> None:
    # 7.4: 3 x 79.95 less 10 %, freight 39.00: charged 254.87, VAT 50.97, and one øre without VAT.
    # The shop works unrounded: its figures sum to 254.86, and it charges 254.865 as 254.87.
    goods = replace(line("172.69", "43.17", quantity="3"), discount_net=D("19.19"), discount_vat=D("4.80"))
    freight = line("31.20", "7.80", kind=LineKind.SHIPPING, number=2)
    charged = order([goods, freight], "254.87")
    found = plan(charged)
    assert (found.predicted.net - found.correction, found.predicted.vat) == (D("203.89"), D("50.97"))
    assert (found.correction, found.predicted.gross) == (D("0.01"), D("254.87"))
    apart = plan(charged, discount_mode="separate_line")
    assert [each.net for each in apart.lines[:3]] == [D("191.88"), D("31.20"), D("-19.19")]
    assert apart.predicted == found.predicted


@pytest.mark.edge(39)
def test_fifty_pieces_at_25_5_percent() -> None:
    # 7.5: 97.50; a unit price of two decimals would be 0.24 off.
    found = plan(order([line("77.69", "19.81", quantity="50", rate="0.255")], "97.50"), rate="0.255")
    assert (found.predicted.net, found.predicted.vat, found.predicted.gross) == (D("77.69"), D("19.81"), D("97.50"))
    assert found.correction == 0
    assert (found.lines[0].quantity, found.lines[0].text) == (1, "50 × Vare 1")


def test_three_german_lines() -> None:
    # 7.6
    lines = [
        line("325.21", "61.79", quantity="3", rate="0.19"),
        line("83.95", "15.95", quantity="2", rate="0.19", number=2),
        line("10.48", "1.99", rate="0.19", number=3),
    ]
    found = plan(order(lines, "499.37"), rate="0.19")
    assert (found.predicted.net, found.predicted.vat, found.predicted.gross) == (D("419.64"), D("79.73"), D("499.37"))
    assert found.correction == 0
