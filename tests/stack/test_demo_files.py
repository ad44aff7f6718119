"""The demo's own settings and stand-ins: valid, pointed at each other, and faster once a visitor takes over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pakhus.settings import load_all
from stack.demo_files import AIRFLOW_PAGES, EVERY_MINUTE, INCLUDE, DemoFiles
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


def test_orders_of_the_week_before_today_are_the_shops_own(files: DemoFiles) -> None:
    week_ago = datetime.now(UTC) - timedelta(days=8)
    assert all(shop.is_ours(week_ago) for shop in load_all(files.include))


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
