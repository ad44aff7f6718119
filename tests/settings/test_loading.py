"""Loading shop files and mappings: what is read, what is opened, what is refused."""

from __future__ import annotations

import builtins
import io
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pakhus.errors import ConfigurationError
from pakhus.rules.mappings import CollectiveCustomer, RackbeatCustomerEach
from pakhus.settings import (
    InvoiceMode,
    InvoiceWhen,
    SettingsError,
    include_folder,
    load_all,
    load_shop,
    shop_names,
    shop_path,
)
from stack import ROOT
from tests.settings.folders import MAPPING, SHOP, shop_text, write_folder


def test_reads_a_shop_by_name_and_by_path(tmp_path: Path) -> None:
    include = write_folder(tmp_path)
    by_name = load_shop("nordlys", include)
    assert by_name == load_shop(include / "shops" / "nordlys.yaml")
    assert by_name.connection == "woocommerce__nordlys"
    assert by_name.rackbeat_target == "rackbeat__main"
    assert by_name.economic_target == "economic__main"
    assert by_name.start_from == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert by_name.mapping_name == "standard"
    assert by_name.mapping.economic is not None
    assert by_name.mapping.economic.payments["bacs"].terms == 11


def test_what_a_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    shop = load_shop("nordlys", write_folder(tmp_path))
    assert shop.timezone == "Europe/Copenhagen"
    assert shop.orders.reserve_states == {"processing"}
    assert shop.invoices.mode is InvoiceMode.DRY_RUN
    assert shop.invoices.when is InvoiceWhen.SHIPPED_OR_STATE


def test_takes_words_that_yaml_itself_would_read_as_something_else(tmp_path: Path) -> None:
    mapping = """\
        version: 1
        rackbeat:
          customers: {mode: collective, number: 1}
        economic:
          customers: {mode: each, create: no, group: 1, payment_terms: 11}
          layout: 21
          products:
            fee: 0012
            by_rate: {0.25: vare, 0: vareum}
          country_names: {NO: Norge}
          lock_date: 2026-10-31
        product_numbers:
          1e3: 1_000
        """
    include = write_folder(tmp_path, {"nordlys": SHOP + "invoices: {mode: off}\n"}, {"standard": mapping})
    shop = load_shop("nordlys", include)
    assert shop.invoices.mode is InvoiceMode.OFF
    part = shop.mapping.economic
    assert part is not None
    assert part.products.fee == "0012"
    assert part.country_names == {"NO": "Norge"}
    assert part.lock_date == date(2026, 10, 31)
    assert part.generic_product(Decimal("0.250")) == "vare"
    assert part.generic_product(Decimal(0)) == "vareum"
    assert shop.mapping.product_numbers == {"1e3": "1_000"}
    assert not isinstance(part.customers, CollectiveCustomer)
    assert part.customers.create is False


def test_keeps_the_offset_of_the_start_as_a_moment(tmp_path: Path) -> None:
    include = write_folder(tmp_path, {"nordlys": shop_text(start_from='"2026-11-01 00:00+01:00"')})
    shop = load_shop("nordlys", include)
    assert shop.is_ours(datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert not shop.is_ours(datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC))


def test_a_mapping_takes_from_the_one_it_extends_what_it_leaves_out(tmp_path: Path) -> None:
    own = """\
        version: 1
        extends: standard
        rackbeat:
          customers: {mode: each, group: 2, payment_terms: 5}
        """
    include = write_folder(tmp_path, {"nordlys": shop_text(mapping="own")}, {"standard": MAPPING, "own": own})
    mapping = load_shop("nordlys", include).mapping
    assert mapping.rackbeat is not None
    assert isinstance(mapping.rackbeat.customers, RackbeatCustomerEach)
    assert mapping.economic is not None
    assert mapping.economic.layout == 21


def test_opens_only_the_files_of_its_own_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in one shop's file must not stop the DAGs of another (design, decision 13)."""
    include = write_folder(
        tmp_path,
        {"nordlys": SHOP, "broken": "shop: [", "fjordliv": shop_text("fjordliv", mapping="other")},
        {"standard": MAPPING, "other": "version: ["},
    )
    opened: list[str] = []
    real = io.open

    def watched(file: object, *arguments: object, **options: object) -> object:
        opened.append(Path(str(file)).name)
        return real(file, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(io, "open", watched)
    monkeypatch.setattr(builtins, "open", watched)
    load_shop("nordlys", include)
    assert set(opened) == {"nordlys.yaml", "standard.yaml"}


def test_names_the_shops_without_opening_a_file(tmp_path: Path) -> None:
    include = write_folder(tmp_path, {"nordlys": "shop: [", "fjordliv": "\x00"})
    assert shop_names(include) == ("fjordliv", "nordlys")


def test_finds_the_folder_beside_the_package_or_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAKHUS_INCLUDE", raising=False)
    assert include_folder() == ROOT / "include"
    monkeypatch.setenv("PAKHUS_INCLUDE", str(write_folder(tmp_path)))
    assert shop_path("nordlys") == tmp_path / "include" / "shops" / "nordlys.yaml"
    assert load_shop("nordlys").shop == "nordlys"


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such folder; set PAKHUS_INCLUDE"):
        load_all(tmp_path / "nowhere")


def test_refuses_a_shop_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"include/shops/fjordliv.yaml:1: cannot be read: No such file"):
        load_shop("fjordliv", write_folder(tmp_path))


def test_a_settings_error_tells_the_operator_to_act(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        load_shop("fjordliv", write_folder(tmp_path))


def test_importing_settings_takes_no_longer_than_a_dag_file_may_wait() -> None:
    code = "import time; t = time.process_time(); import pakhus.settings; print(time.process_time() - t)"
    spent = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "plugins"
            ).stdout
        )
        for _ in range(3)
    ]
    assert min(spent) <= 0.3, f"seconds of processor time: {spent}"


def test_importing_settings_loads_no_airflow_and_no_database() -> None:
    code = "import sys, pakhus.settings; print([m for m in ('airflow', 'sqlalchemy', 'requests') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "plugins"
    )
    assert done.stdout.strip() == "[]"
