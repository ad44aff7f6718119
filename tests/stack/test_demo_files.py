"""The demo's own settings and stand-ins: valid, pointed at each other, and faster once a visitor takes over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pakhus.settings import load_all, load_shop
from pakhus.settings.accounts import load_accounts
from stack.demo_files import (
    AIRFLOW_PAGES,
    CLEARING,
    EVERY_MINUTE,
    FILED_ACCOUNT,
    FILED_CLEARING,
    INCLUDE,
    LATE_BY_DAYS,
    LATE_SHOP,
    PAYMENTS,
    POLLED_ACCOUNT,
    DemoFiles,
)
from stack.play.payouts import IN_KRONER
from standin.configuration import read_configuration, read_page

AIRFLOW = "http://127.0.0.1:43210"


@pytest.fixture
def files(tmp_path: Path) -> DemoFiles:
    made = DemoFiles(tmp_path / "demo-files")
    made.write(AIRFLOW)
    return made


def test_settings_are_those_of_include_with_webhooks_stock_and_alerts_on(files: DemoFiles) -> None:
    for shop, original in zip(load_all(files.include), load_all(INCLUDE), strict=True):
        assert (shop.webhooks.enabled, shop.webhooks.address) == (True, AIRFLOW)
        assert shop.stock.enabled
        assert shop.alerts.mail_to
        assert (shop.orders, shop.invoices, shop.fulfilment) == (
            original.orders,
            original.invoices,
            original.fulfilment,
        )


def test_orders_of_the_week_before_today_are_the_shops_own_unless_it_began_late(files: DemoFiles) -> None:
    week_ago = datetime.now(UTC) - timedelta(days=8)
    assert {shop.shop: shop.is_ours(week_ago) for shop in load_all(files.include)} == {
        "fjordliv": True,
        LATE_SHOP: False,
    }


def test_the_late_shop_has_a_day_of_orders_to_import(files: DemoFiles) -> None:
    shop = next(shop for shop in load_all(files.include) if shop.shop == LATE_SHOP)
    first_day = datetime.now(UTC) - timedelta(days=LATE_BY_DAYS + 1)
    assert not shop.is_ours(first_day)
    assert shop.is_ours(first_day + timedelta(days=1))


def test_buyers_pay_onto_the_clearing_accounts_that_the_providers_pay_out(files: DemoFiles) -> None:
    polled, filed = load_accounts(files.include)
    assert (polled.account, polled.folder, polled.api_connection) == (POLLED_ACCOUNT, None, f"stripe__{POLLED_ACCOUNT}")
    assert (filed.account, filed.folder, filed.api) == (FILED_ACCOUNT, files.settlements.as_uri(), None)
    assert files.settlements.is_dir()
    assert [account.accounts["DKK"].clearing for account in (polled, filed)] == [CLEARING, FILED_CLEARING]
    ways = {shop: _ways(files, shop) for shop in (LATE_SHOP, "fjordliv")}
    assert ways == {
        LATE_SHOP: {"bacs": ("auto", CLEARING), "cod": ("journal", CLEARING)},
        "fjordliv": dict.fromkeys(PAYMENTS, ("journal", FILED_CLEARING)),
    }


def _ways(files: DemoFiles, shop: str) -> dict[str, tuple[str, int | None]]:
    mapping = load_shop(shop, files.include).mapping.economic
    assert mapping is not None
    return {name: (mapping.payments[name].way, mapping.payments[name].clearing_account) for name in PAYMENTS}


def test_the_polled_provider_converts_as_the_play_expects(files: DemoFiles) -> None:
    (stripe,) = [entry for entry in read_configuration(files.stand_ins) if entry.system == "stripe"]
    assert {"DKK": Decimal(1), **{code.upper(): Decimal(rate) for code, rate in stripe.settings["rates"].items()}} == (
        IN_KRONER
    )


def test_hurries_when_told_and_stays_valid(files: DemoFiles) -> None:
    files.hurry()
    for shop in load_all(files.include):
        flows = (shop.orders, shop.fulfilment, shop.stock, shop.invoices, shop.decisions)
        assert {flow.schedule for flow in flows} == {EVERY_MINUTE}
    assert {account.schedule for account in load_accounts(files.include)} == {EVERY_MINUTE}
    assert sorted(path.name for path in (files.include / "shops").iterdir()) == ["fjordliv.yaml", "nordlys.yaml"]


def test_the_stand_ins_are_those_of_the_demo_with_a_page_that_leads_to_airflow(files: DemoFiles) -> None:
    names = [entry.name for entry in read_configuration(files.stand_ins)]
    assert names == ["nordlys", "fjordliv", "rackbeat", "economic", "stripe", "mail"]
    page = read_page(files.stand_ins)
    assert page is not None
    assert [link["href"] for link in page.links] == [f"{AIRFLOW}{path}" for _, path in AIRFLOW_PAGES]


def test_leaves_nothing_behind(files: DemoFiles) -> None:
    files.remove()
    assert not files.directory.exists()
