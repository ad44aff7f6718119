"""Zone, scheme and country of an order's VAT: each line of the table (domain guide 6.1), and what conflicts with it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Buyer, LineKind, Order, Party
from pakhus.reasons import Verdict
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, VatOfProduct, numbers_needed, plan_invoice
from pakhus.rules.mappings import AccountingMapping, ProductNumbers
from pakhus.rules.places import MEMBER_STATES, place_of
from pakhus.rules.vat import Scheme, VatDecision, charged_rates, decide_vat
from pakhus.rules.vat_numbers import NumberState, VatNumber, vat_number_of
from pakhus.rules.vat_rates import day_in, known_rates, rates_on
from tests.rules.orders import line, order

D = Decimal
OSS = {
    "products": {
        "DE": {"0.19": "oss-de-19", "0.07": "oss-de-7"},
        "FI": {"0.24": "oss-fi-24", "0.255": "oss-fi-255"},
        "SE": {"0.25": "oss-se-25"},
    }
}
GERMAN_NUMBER, DANISH_CVR = "DE136695976", "13585628"


def mapping(**vat: Any) -> AccountingMapping:
    return AccountingMapping.model_validate(
        {"customers": {"mode": "collective", "number": 1}, "layout": 19, "vat": vat}
    )


def sold_to(country: str, rate: str | None, *, postcode: str = "", city: str = "", **changes: Any) -> Order:
    """An order of 100.00 net, charged at one rate, or without VAT."""
    vat = D(0) if rate is None else D(100) * D(rate)
    address = Party(name="Test", street="1", postcode=postcode, city=city, country=country, email="a@example.dk")
    charged = order([line("100.00", f"{vat:.2f}", rate=rate)], f"{100 + vat:.2f}", shipping=address)
    return replace(charged, billing=address, **changes)


def company(number: str, said: str = "") -> dict[str, Any]:
    return {"buyer": Buyer(vat_number=number), "attributes": {"vat_number_valid": said} if said else {}}


def decided(charged: Order, **vat: Any) -> VatDecision:
    found = decide_vat(charged, mapping(**vat))
    assert isinstance(found, VatDecision), found
    return found


def held(charged: Order, **vat: Any) -> tuple[str, str]:
    """The code, and the line of the table that it names."""
    found = decide_vat(charged, mapping(**vat))
    assert isinstance(found, Verdict), found
    return found.code, dict(found.parameters).get("line", "")


# --- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.edge(28)
@pytest.mark.edge(29)
@pytest.mark.parametrize(
    ("country", "postcode", "city", "label", "inside"),
    [
        ("DK", "4000", "Roskilde", "DK", True),
        ("DK", "3900", "Nuuk", "GL", False),
        ("GL", "3900", "Nuuk", "GL", False),
        ("DK", "GL-3900", "Nuuk", "GL", False),
        ("FO", "100", "Tórshavn", "FO", False),
        ("DK", "FO-100", "Tórshavn", "FO", False),
        ("ES", "35001", "Las Palmas", "ES (Canary Islands)", False),
        ("ES", "38001", "Santa Cruz", "ES (Canary Islands)", False),
        ("ES", "51001", "Ceuta", "ES (Ceuta)", False),
        ("ES", "52001", "Melilla", "ES (Melilla)", False),
        ("ES", "28001", "Madrid", "ES", True),
        ("DE", "78266", "Büsingen", "DE (Büsingen)", False),
        ("DE", "27498", "Helgoland", "DE (Helgoland)", False),
        ("DE", "27499", "Neuwerk", "DE", True),
        ("IT", "23041", "Livigno", "IT (Livigno)", False),
        ("IT", "23030", "Livigno", "IT (Livigno)", False),
        ("IT", "23030", "Valdidentro", "IT", True),
        ("IT", "22061", "Campione d'Italia", "IT (Campione d'Italia)", False),
        ("FI", "22100", "Mariehamn", "FI (Åland)", False),
        ("AX", "22100", "Mariehamn", "AX", False),
        ("FI", "00100", "Helsinki", "FI", True),
        ("GR", "630 86", "Karyes", "GR (Mount Athos)", False),
        ("GR", "104 31", "Athens", "GR", True),
        ("FR", "97400", "Saint-Denis", "FR (French overseas)", False),
        ("FR", "98800", "Nouméa", "FR (French overseas)", False),
        ("FR", "98000", "Monaco", "FR (Monaco)", True),
        ("MC", "98000", "Monaco", "FR (Monaco)", True),
        ("FR", "20000", "Ajaccio", "FR", True),
        ("RE", "97400", "Saint-Denis", "RE", False),
        ("GB", "SW1A 1AA", "London", "GB", False),
        ("GB", "BT1 1AA", "Belfast", "XI", True),
        ("NO", "0150", "Oslo", "NO", False),
        ("CH", "8001", "Zürich", "CH", False),
    ],
)
def test_postcode_tells_what_the_country_code_hides(
    country: str, postcode: str, city: str, label: str, inside: bool
) -> None:
    place = place_of(Party(country=country, postcode=postcode, city=city))
    assert (place.label, place.in_vat_area) == (label, inside)


# --- each line of the table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charged", "expected"),
    [
        (sold_to("DK", "0.25"), (1, Scheme.DOMESTIC, "DK")),
        (sold_to("DK", "0.25", **company(DANISH_CVR)), (1, Scheme.DOMESTIC, "DK")),
        (sold_to("SE", "0.25"), (1, Scheme.DOMESTIC, "SE")),
        (sold_to("NO", None), (3, Scheme.EXPORT, "NO")),
        (sold_to("GB", None), (3, Scheme.EXPORT, "GB")),
        pytest.param(sold_to("DK", None, postcode="3905"), (3, Scheme.EXPORT, "GL"), marks=pytest.mark.edge(28)),
        pytest.param(sold_to("ES", None, postcode="35001"), (3, Scheme.EXPORT, "ES"), marks=pytest.mark.edge(29)),
        (sold_to("DE", None, **company(GERMAN_NUMBER, "valid")), (2, Scheme.REVERSE_CHARGE, "DE")),
        (sold_to("DE", None, **company("136 695 976", "1")), (2, Scheme.REVERSE_CHARGE, "DE")),
        (sold_to("DE", "0.25", **company(GERMAN_NUMBER, "invalid")), (1, Scheme.DOMESTIC, "DE")),
        (sold_to("DE", "0.25", **company("DE111111111", "valid")), (1, Scheme.DOMESTIC, "DE")),
        (sold_to("DE", "0.25", **company(DANISH_CVR)), (1, Scheme.DOMESTIC, "DE")),
    ],
)
def test_order_charged_as_its_line_says_is_decided(charged: Order, expected: tuple[int, Scheme, str]) -> None:
    found = decided(charged)
    assert (found.zone, found.scheme, found.country) == expected


@pytest.mark.parametrize(
    ("charged", "line_of_table"),
    [
        (sold_to("DE", None), "eu_private_domestic"),
        (sold_to("DE", "0.19"), "eu_private_domestic"),
        (sold_to("DE", None, **company(GERMAN_NUMBER, "invalid")), "eu_company_without_number"),
        (sold_to("DE", None, **company(DANISH_CVR)), "eu_company_without_number"),
        (sold_to("DE", "0.25", **company(GERMAN_NUMBER, "valid")), "eu_company"),
        (sold_to("NO", "0.25"), "outside_eu"),
        (sold_to("FO", "0.25"), "outside_eu"),
        pytest.param(sold_to("ES", "0.25", postcode="35001"), "outside_eu", marks=pytest.mark.edge(29)),
    ],
)
def test_conflict_with_what_was_charged_is_held_with_the_line(charged: Order, line_of_table: str) -> None:
    assert held(charged) == ("vat_conflict", line_of_table)


@pytest.mark.edge(23)
def test_order_without_country_is_undecided() -> None:
    assert held(sold_to("", "0.25"))[0] == "vat_zone_undecided"


def test_goods_fetched_at_home_are_sold_at_home() -> None:
    fetched = decided(replace(sold_to("DE", "0.25"), shipping_method="local_pickup:4"), oss=OSS)
    assert (fetched.scheme, fetched.country) == (Scheme.DOMESTIC, "DK")


def test_the_reason_says_what_was_charged_and_what_was_expected() -> None:
    found = decide_vat(sold_to("DE", "0.25"), mapping(oss=OSS))
    assert isinstance(found, Verdict)
    assert dict(found.parameters) == {
        "line": "eu_private_oss",
        "country": "DE",
        "charged": "25 %",
        "expected": "7 or 19 %",
    }


# --- OSS -------------------------------------------------------------------------------------------------------------


def test_private_buyer_in_the_eu_is_sold_to_under_oss_on_the_products_of_the_country() -> None:
    found = decided(sold_to("DE", "0.19"), oss=OSS)
    assert (found.zone, found.scheme, found.country) == (1, Scheme.OSS, "DE")
    assert (found.product_for(D("0.19")), found.product_for(D("0.07"))) == ("oss-de-19", "oss-de-7")
    assert found.product_for(D("0.25")) is None
    assert decided(sold_to("DE", "0.19"), oss={**OSS, "zone": 7}).zone == 7


def test_reduced_rate_counts_only_when_the_merchant_lists_it() -> None:
    assert decided(sold_to("DE", "0.07"), oss=OSS).scheme is Scheme.OSS
    only_standard = {"products": {"DE": {"0.19": "oss-de-19"}}}
    assert held(sold_to("DE", "0.07"), oss=only_standard) == ("vat_conflict", "eu_private_oss")


@pytest.mark.parametrize(("country", "rate"), [("DE", "0.25"), ("DE", None), ("DE", "0.21"), ("SE", "0.12")])
def test_rate_that_is_not_the_countrys_is_held(country: str, rate: str | None) -> None:
    assert held(sold_to(country, rate), oss=OSS) == ("vat_conflict", "eu_private_oss")


def test_country_without_products_is_held_as_a_matter_of_set_up() -> None:
    found = decide_vat(sold_to("IT", "0.22"), mapping(oss=OSS))
    assert isinstance(found, Verdict)
    assert (found.code, dict(found.parameters)) == ("oss_product_missing", {"country": "IT", "rate": "22 %"})


@pytest.mark.edge(4)
def test_order_of_which_nothing_is_charged_contradicts_no_rate() -> None:
    free = replace(sold_to("DE", None), lines=(line("0.00", "0.00", rate=None),))
    assert decided(free).scheme is Scheme.DOMESTIC
    assert decided(free, oss=OSS).scheme is Scheme.OSS


def test_sales_before_the_first_day_under_oss_carry_domestic_vat() -> None:
    later = {**OSS, "since": "2027-01-01"}
    assert decided(sold_to("DE", "0.25"), oss=later).scheme is Scheme.DOMESTIC
    assert held(sold_to("DE", "0.19"), oss=later) == ("vat_conflict", "eu_private_domestic")


@pytest.mark.edge(30)
@pytest.mark.parametrize(
    ("paid", "rate", "right"),
    [
        # Finland went from 24 to 25.5 % at its own midnight to 2024-09-01: 21:00 UTC.
        (datetime(2024, 8, 31, 20, 59, tzinfo=UTC), "0.24", True),
        (datetime(2024, 8, 31, 20, 59, tzinfo=UTC), "0.255", False),
        (datetime(2024, 8, 31, 21, 1, tzinfo=UTC), "0.255", True),
        (datetime(2024, 8, 31, 21, 1, tzinfo=UTC), "0.24", False),
    ],
)
def test_rate_of_the_day_of_payment_counts(paid: datetime, rate: str, right: bool) -> None:
    charged = replace(sold_to("FI", rate), paid_at=paid, placed_at=datetime(2024, 8, 1, tzinfo=UTC))
    found = decide_vat(charged, mapping(oss=OSS))
    assert isinstance(found, VatDecision) is right
    if isinstance(found, Verdict):
        assert dict(found.parameters)["expected"] == ("24 %" if rate == "0.255" else "25.5 %")


def test_mapping_may_mend_the_table_of_rates() -> None:
    added = {"country": "DE", "rate": "0.21", "standard": "true", "since": "2026-01-01"}
    changed = {"products": {"DE": {"0.21": "oss-de-21"}}, "rates": [added]}
    assert decided(sold_to("DE", "0.21"), oss=changed).product_for(D("0.21")) == "oss-de-21"
    assert held(sold_to("DE", "0.19"), oss=changed) == ("vat_conflict", "eu_private_oss")


@pytest.mark.edge(33)
def test_freight_over_goods_of_two_rates_is_compared_rate_by_rate() -> None:
    german = Party(country="DE", postcode="10115")
    goods = [line("100.00", "19.00", rate="0.19"), line("50.00", "3.50", rate="0.07", number=2)]
    freight = line("10.00", "1.90", rate="0.19", kind=LineKind.SHIPPING, number=3)
    charged = order([*goods, freight], "184.40", shipping=german)
    found = decided(charged, oss=OSS)
    facts = AccountsFacts(
        {
            "oss-de-19": VatOfProduct(D("0.19"), "DE19"),
            "oss-de-7": VatOfProduct(D("0.07"), "DE7"),
            "diff": VatOfProduct(D(0), ""),
        },
        {},
    )
    assert numbers_needed(charged, mapping(), {}, found) == ("diff", "oss-de-19", "oss-de-7")
    plan = plan_invoice(charged, mapping(), {}, found, facts)
    assert isinstance(plan, InvoicePlan), plan
    assert [each.product_number for each in plan.lines] == ["oss-de-19", "oss-de-7", "oss-de-19"]
    assert plan.predicted.vat == D("24.40")


# --- companies -------------------------------------------------------------------------------------------------------


def test_vat_free_invoice_carries_the_buyers_number() -> None:
    assert "DE136695976" in decided(sold_to("DE", None, **company("de 136.695.976", "yes"))).legal_text
    greek = decided(sold_to("GR", None, **company("GR 094259216", "yes")))
    assert "EL094259216" in greek.legal_text
    assert decided(sold_to("NO", None), export_text="Eksport").legal_text == "Eksport"


@pytest.mark.edge(26)
def test_number_that_is_found_invalid_before_the_invoice_is_no_longer_vat_free() -> None:
    assert decided(sold_to("DE", None, **company(GERMAN_NUMBER, "valid"))).scheme is Scheme.REVERSE_CHARGE
    later = sold_to("DE", None, **company(GERMAN_NUMBER, "not_valid"))
    assert held(later) == ("vat_conflict", "eu_company_without_number")


@pytest.mark.edge(27)
def test_number_that_nobody_could_check_holds_a_vat_free_order_only() -> None:
    assert held(sold_to("DE", None, **company(GERMAN_NUMBER)))[0] == "vat_number_unchecked"
    assert held(sold_to("DE", None, **company(GERMAN_NUMBER, "service unavailable")))[0] == "vat_number_unchecked"
    assert decided(sold_to("DE", "0.25", **company(GERMAN_NUMBER))).scheme is Scheme.DOMESTIC
    by_digits = {"number_check": "check_digits"}
    charged = sold_to("DE", None, **company(GERMAN_NUMBER))
    assert decided(charged, reverse_charge=by_digits).scheme is Scheme.REVERSE_CHARGE


def test_another_check_of_numbers_can_be_given() -> None:
    asked: list[str] = []

    def register(number: VatNumber, order: Order) -> NumberState:
        asked.append(number.text)
        return NumberState.VALID

    found = decide_vat(sold_to("DE", None, **company(GERMAN_NUMBER)), mapping(), register)
    assert isinstance(found, VatDecision)
    assert (found.scheme, asked) == (Scheme.REVERSE_CHARGE, [GERMAN_NUMBER])


def test_merchant_without_reverse_charge_sells_to_companies_as_to_anybody() -> None:
    charged = sold_to("DE", "0.19", **company(GERMAN_NUMBER, "valid"))
    assert decided(charged, oss=OSS, reverse_charge=None).scheme is Scheme.OSS


@pytest.mark.edge(32)
def test_buyer_whom_a_plugin_exempts_is_held_until_their_zone_is_named() -> None:
    exempt = sold_to("DK", None, attributes={"vat_exempt": "yes"})
    assert held(exempt)[0] == "vat_exempt_buyer"
    found = decided(exempt, exempt_zone=4)
    assert (found.zone, found.scheme) == (4, Scheme.EXEMPT)
    assert decided(sold_to("DK", "0.25", attributes={"vat_exempt": "yes"}), exempt_zone=4).zone == 1
    assert decided(sold_to("DK", "0.25", attributes={"vat_exempt": "no"})).zone == 1


@pytest.mark.edge(35)
def test_vat_of_nothing_by_wrong_settings_of_the_shop_is_never_invoiced_as_vat_free() -> None:
    facts = AccountsFacts({"NH-1": VatOfProduct(D("0.25"), "U25"), "diff": VatOfProduct(D(0), "")}, {})
    home = sold_to("DK", None)
    plan = plan_invoice(home, mapping(), {}, decided(home), facts)
    assert isinstance(plan, Verdict)
    assert plan.code == "vat_rate_conflict"
    assert held(sold_to("SE", None)) == ("vat_conflict", "eu_private_domestic")
    assert held(sold_to("SE", None), oss=OSS) == ("vat_conflict", "eu_private_oss")


@pytest.mark.parametrize("kind", [LineKind.PRODUCT, LineKind.SHIPPING])
@pytest.mark.parametrize("there", [{}, {"oss-se-25": VatOfProduct(D("0.20"), "SE")}])
def test_no_product_at_home_stands_in_for_one_of_another_country(
    kind: LineKind, there: dict[str, VatOfProduct]
) -> None:
    """Sweden's rate is Denmark's, too: on the generic product of 25 % the sale would carry Danish VAT."""
    sold = replace(sold_to("SE", "0.25"), lines=(line("100.00", "25.00", kind=kind),))
    generic = mapping(oss=OSS).model_copy(update={"products": ProductNumbers(by_rate={"0.25": "vare"})})
    facts = AccountsFacts(vat={"vare": VatOfProduct(D("0.25"), "U25"), **there}, unsellable={})
    found = plan_invoice(sold, generic, {}, decided(sold, oss=OSS), facts)
    assert isinstance(found, Verdict), found
    assert found.code == ("vat_rate_conflict" if there else "product_missing")


# --- tables and numbers ----------------------------------------------------------------------------------------------


def test_every_member_state_has_one_standard_rate_on_every_day_of_oss() -> None:
    changes = {rate.since for rate in known_rates()} | {date(2021, 7, 1), date(2026, 12, 31)}
    for country in MEMBER_STATES | {"XI"}:
        for day in changes:
            standards = [rate for rate in rates_on(country, day) if rate.standard]
            assert len(standards) == 1, (country, day)
            assert D("0.15") <= standards[0].rate <= D("0.27")


def test_rows_of_the_table_end_before_they_begin_nowhere() -> None:
    assert all(rate.until is None or rate.since <= rate.until for rate in known_rates())
    assert all(rate.standard or rate.rate < D("0.20") for rate in known_rates())


def test_a_day_is_that_of_the_country() -> None:
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert [day_in(country, late).day for country in ("FI", "DE", "IE")] == [1, 1, 30]


def test_gift_cards_and_free_lines_say_nothing_of_rates() -> None:
    card = line("100.00", "0.00", rate=None, kind=LineKind.GIFT_CARD_SALE, number=2)
    free = line("0.00", "0.00", rate=None, number=3)
    charged = order([line("100.00", "25.00"), card, free], "225.00")
    assert charged_rates(charged) == {D("0.25")}


@pytest.mark.parametrize(
    ("text", "home", "expected"),
    [
        ("13585628", "DK", ("DK", "13585628", True)),
        ("DK 13 58 56 28", "DK", ("DK", "13585628", True)),
        ("CVR-nr. 13585628", "DK", ("DK", "13585628", True)),
        ("CVR: DK13585628", "DK", ("DK", "13585628", True)),
        ("12345678", "DK", ("DK", "12345678", False)),
        ("DE136695976", "DK", ("DE", "136695976", True)),
        ("136695976", "DE", ("DE", "136695976", True)),
        ("EL 094259216", "GR", ("GR", "094259216", True)),
        ("SE556188840401", "SE", ("SE", "556188840401", True)),
        ("556188840401", "SE", ("SE", "556188840401", True)),
        ("NO 923 609 016 MVA", "NO", ("NO", "923609016MVA", None)),
        ("", "DK", None),
        ("ingen", "DK", None),
        ("-", "DK", None),
    ],
)
def test_numbers_are_read_however_they_are_written(
    text: str, home: str, expected: tuple[str, str, bool | None] | None
) -> None:
    number = vat_number_of(sold_to(home, "0.25", buyer=Buyer(vat_number=text)))
    assert (None if number is None else (number.country, number.digits, number.well_formed)) == expected


@given(st.integers(0, 9_999_999), st.sampled_from(["{}", "DK{}", "DK {}", "CVR {}", "cvr-nr.: {}", " {} "]))
def test_a_cvr_is_valid_by_its_check_digits_alone_whatever_stands_around_it(start: int, form: str) -> None:
    weighted = sum(int(digit) * weight for digit, weight in zip(f"{start:07}", (2, 7, 6, 5, 4, 3, 2), strict=True))
    check = -weighted % 11
    if check == 10 or start < 1_000_000:
        return
    numbers = [
        vat_number_of(sold_to("DK", "0.25", buyer=Buyer(vat_number=form.format(f"{start}{digit}"))))
        for digit in range(10)
    ]
    assert [number.well_formed for number in numbers if number] == [digit == check for digit in range(10)]
