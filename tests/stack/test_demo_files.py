"""The demo's own settings and stand-ins: valid, pointed at each other, and faster once a visitor takes over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pakhus.settings import load_all, load_shop
from pakhus.settings.accounts import load_accounts
from stack.demo_files import (
    AIRFLOW_PAGES,
    CLEARING,
    EVERY_MINUTE,
    INCLUDE,
    LATE_BY_DAYS,
    LATE_SHOP,
    PAYMENTS,
    PROVIDER_ACCOUNT,
    DemoFiles,
)
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


def test_buyers_pay_onto_the_clearing_account_that_the_provider_pays_out(files: DemoFiles) -> None:
    (account,) = load_accounts(files.include)
    assert (account.account, account.folder) == (PROVIDER_ACCOUNT, files.settlements.as_uri())
    assert files.settlements.is_dir()
    mapping = load_shop(LATE_SHOP, files.include).mapping.economic
    assert mapping is not None
    ways = {name: (mapping.payments[name].way, mapping.payments[name].clearing_account) for name in PAYMENTS}
    assert ways == {"bacs": ("auto", CLEARING), "cod": ("journal", CLEARING)}
    assert account.accounts["DKK"].clearing == CLEARING


def test_hurries_when_told_and_stays_valid(files: DemoFiles) -> None:
    files.hurry()
    for shop in load_all(files.include):
        flows = (shop.orders, shop.fulfilment, shop.stock, shop.invoices, shop.decisions)
        assert {flow.schedule for flow in flows} == {EVERY_MINUTE}
    assert sorted(path.name for path in (files.include / "shops").iterdir()) == ["fjordliv.yaml", "nordlys.yaml"]


def test_the_stand_ins_are_those_of_the_demo_with_a_page_that_leads_to_airflow(files: DemoFiles) -> None:
    names = [entry.name for entry in read_configuration(files.stand_ins)]
    assert names == ["nordlys", "fjordliv", "rackbeat", "economic", "mail"]
    page = read_page(files.stand_ins)
    assert page is not None
    assert [link["href"] for link in page.links] == [f"{AIRFLOW}{path}" for _, path in AIRFLOW_PAGES]


def test_leaves_nothing_behind(files: DemoFiles) -> None:
    files.remove()
    assert not files.directory.exists()
