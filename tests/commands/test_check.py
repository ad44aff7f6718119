"""`python -m pakhus check` against running stand-ins: what it finds, who must act, and that it changes nothing."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pakhus.__main__ import main
from stack import ROOT
from standin.registry import create, default_seed
from standin.server import StandinServer
from standin.woocommerce import with_gateway
from tests.commands.systems import Change, Systems, another_server, running
from tests.settings.folders import SHOP, shop_text, write_folder
from tests.settings.test_accounts import POLLED, write

Check = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def untouched() -> Iterator[Systems]:
    """Stand-ins that fit the example settings; nobody may change them."""
    with running() as systems:
        yield systems


@pytest.fixture(autouse=True)
def no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Airflow to ask, and the project's own settings."""
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command; return its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["check", *arguments])
        return code, capsys.readouterr().out

    return run


def test_finds_nothing_wrong_with_the_examples(check: Check, untouched: Systems, tmp_path: Path) -> None:
    code, text = check("--connections", untouched.file(tmp_path))
    assert code == 0, text
    assert "woocommerce 11.0.1 at http://127.0.0.1:" in text
    assert "Rackbeat account 12345, Vestbjerg Lager ApS" in text
    assert "e-conomic agreement 1234567, Vestbjerg Handel ApS, base currency DKK" in text
    assert text.rstrip().endswith("No problem found.")


def test_asks_each_system_and_changes_none(check: Check, tmp_path: Path) -> None:
    with running() as systems:
        check("--products", "--connections", systems.file(tmp_path))
        before = {name: server.dump() for name, server in systems.servers.items()}
        check("--products", "--connections", systems.file(tmp_path))
        # WooCommerce tells a key's right to write only when asked to: an empty batch writes nothing.
        writes = [one for one in systems.requests() if one[0] != "GET" and not one[1].endswith("/orders/batch")]
        assert not writes
        assert all(server.counters()["requests"] for server in systems.servers.values())
        assert {name: server.dump() for name, server in systems.servers.items()} == before


def test_reads_connections_from_the_environment(
    check: Check, untouched: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    for conn_id, connection in untouched.connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    code, text = check()
    assert code == 0, text


def test_asks_for_one_shop_only(check: Check, tmp_path: Path) -> None:
    with running() as systems:
        code, text = check("--shop", "nordlys", "--connections", systems.file(tmp_path))
        assert code == 0, text
        assert "fjordliv" not in text
        assert not systems.servers["fjordliv"].requests()


def test_asks_nobody_when_offline(check: Check, untouched: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    for conn_id in untouched.connections:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", '{"host": "http://127.0.0.1:1", "password": "x"}')
    assert check("--offline") == (0, "The settings are well formed: fjordliv, nordlys.\n")


def test_prints_all_problems_of_settings_and_ends_with_2(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = write_folder(tmp_path, {"nordlys": shop_text(timezone="x"), "fjordliv": "shop: ["})
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    code, text = check()
    assert code == 2
    assert text.splitlines()[0].startswith("include/shops/fjordliv.yaml:1: is not YAML")
    assert text.splitlines()[1].startswith("include/shops/nordlys.yaml:7: timezone: 'x' is no time zone")
    assert "2 problems" in text


def test_ends_with_2_where_no_shop_has_a_file(check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    include = write_folder(tmp_path)
    (include / "shops" / "nordlys.yaml").unlink()
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    code, text = check()
    assert code == 2
    assert f"no shop file in {include}/shops" in text


def test_ends_with_2_for_a_shop_that_has_no_file(check: Check) -> None:
    code, text = check("--shop", "sydlys", "--offline")
    assert code == 2
    assert "include/shops/sydlys.yaml:1: cannot be read" in text


def test_names_missing_connections_and_what_to_do(check: Check, untouched: Systems, tmp_path: Path) -> None:
    left = Systems(untouched.servers)
    del left.connections["rackbeat__main"]
    code, text = check("--connections", left.file(tmp_path))
    assert code == 1
    assert "there is no Airflow connection rackbeat__main" in text
    assert "the operator: Create it (type rackbeat" in text
    assert "1 problem found." in text


@pytest.mark.parametrize(
    ("conn_id", "fields", "expected"),
    [
        ("woocommerce__nordlys", {"password": "cs_wrong"}, "answered 401"),
        ("woocommerce__nordlys", {"login": "ck_wrong"}, "answered 401"),
        ("rackbeat__main", {"password": "wrong-token"}, "Renew the API key"),
        ("economic__main", {"password": "wrong-grant"}, "renew the grant token"),
        ("economic__main", {"extra": {"app_secret_token": "wrong-app"}}, "GET /self"),
        ("rackbeat__main", {"password": ""}, "password: is empty; put the API key there"),
        ("economic__main", {"extra": {}}, "extra app_secret_token: is missing"),
        ("woocommerce__nordlys", {"host": "shop.example?key=1"}, "host: must be like https://shop.example/path"),
        ("rackbeat__main", {"extra": {"verify": "/no/such.pem"}}, "extra verify: is '/no/such.pem'"),
    ],
)
def test_a_wrong_key_is_one_finding_for_the_operator(
    check: Check, untouched: Systems, tmp_path: Path, conn_id: str, fields: dict[str, Any], expected: str
) -> None:
    wrong = Systems(untouched.servers)
    wrong.connections[conn_id] |= fields
    code, text = check("--connections", wrong.file(tmp_path))
    assert code == 1
    assert "1 problem found." in text, text
    assert expected in text
    assert f"the operator: Mend what is named, or the Airflow connection {conn_id}" in text
    assert not any(str(value) in text for value in fields.values() if "wrong" in str(value))


@pytest.mark.parametrize("name", ["nordlys", "rackbeat", "economic"])
def test_a_dead_server_is_one_finding_and_costs_seconds(check: Check, tmp_path: Path, name: str) -> None:
    with running() as systems:
        systems.servers[name].stop()
        begun = time.monotonic()
        code, text = check("--connections", systems.file(tmp_path))
        assert time.monotonic() - begun < 15
        assert code == 1
        assert "1 problem found." in text, text
        assert "no answer to GET" in text
        assert "See whether the system is up" in text


@pytest.mark.parametrize("conn_id", ["woocommerce__nordlys", "rackbeat__main", "economic__main"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"<html>Velkommen</html>", "text/html"), (b"[]", "application/json"), (b"{}", "application/json")],
)
def test_another_server_at_the_address_is_found_out(
    check: Check, untouched: Systems, tmp_path: Path, conn_id: str, body: bytes, content_type: str
) -> None:
    with another_server(body, content_type) as url:
        wrong = Systems(untouched.servers)
        wrong.connections[conn_id]["host"] = url
        code, text = check("--connections", wrong.file(tmp_path))
    assert code == 1, text
    assert f"the Airflow connection {conn_id}" in text
    assert "1 problem found." in text, text


def test_two_names_for_one_place_are_found_out(
    check: Check, untouched: Systems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two shops, two agreements of each system by name, all leading to the same servers."""
    include = write_folder(
        tmp_path,
        {"nordlys": SHOP, "sydlys": shop_text("sydlys", rackbeat="second", economic="second")},
        {"standard": (ROOT / "include/mappings/standard.yaml").read_text(encoding="utf-8")},
    )
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    same = Systems(untouched.servers)
    for new, old in (
        ("woocommerce__sydlys", "woocommerce__nordlys"),
        ("rackbeat__second", "rackbeat__main"),
        ("economic__second", "economic__main"),
    ):
        same.connections[new] = same.connections[old]
    code, text = check("--connections", same.file(tmp_path))
    assert code == 1
    for pair in (
        "woocommerce__sydlys and woocommerce__nordlys",
        "rackbeat__second and rackbeat__main",
        "economic__second and economic__main",
    ):
        assert f"{pair} lead to the same place" in text
    assert "3 problems found." in text


def rows(seed: dict[str, Any], member: str, key: str, value: object) -> list[dict[str, Any]]:
    found = [row for row in seed[member] if row[key] == value]
    assert found
    return found


def change(member: str, key: str, value: object, **fields: object) -> Change:
    """Change the row of a seed's list whose `key` is `value`."""
    return lambda seed: [row.update(fields) for row in rows(seed, member, key, value)]


def remove(member: str, key: str, value: object) -> Change:
    """Take the row away."""
    return lambda seed: [seed[member].remove(row) for row in rows(seed, member, key, value)]


MERCHANT, OPERATOR = "the merchant", "the operator"


@pytest.mark.parametrize(
    ("alter", "actor", "expected"),
    [
        (
            remove("layouts", "layoutNumber", 21),
            OPERATOR,
            "standard.yaml: economic.layout is 21, but e-conomic has no such layout (it has 19)",
        ),
        (change("layouts", "layoutNumber", 21, deleted=True), OPERATOR, "economic.layout is 21, but e-conomic has no"),
        (
            remove("payment_terms", "paymentTermsNumber", 1),
            OPERATOR,
            "standard.yaml: economic.payments.cheque.terms is 1, but e-conomic has no such payment term",
        ),
        (
            remove("customer_groups", "customerGroupNumber", 1),
            OPERATOR,
            "standard.yaml: economic.customers.group is 1, but e-conomic has no such customer group",
        ),
        (
            change("vat_zones", "vatZoneNumber", 3, enabledForCustomer=False),
            OPERATOR,
            "standard.yaml: economic.vat_zones.abroad is 3, but e-conomic has no such VAT zone for customers",
        ),
        (
            remove("currencies", "code", "DKK"),
            OPERATOR,
            "standard.yaml: economic.currencies has DKK, which e-conomic does not have",
        ),
        (
            remove("products", "productNumber", "gebyr"),
            OPERATOR,
            "standard.yaml: economic.products.fee is gebyr, but e-conomic has no such product",
        ),
        (
            change("products", "productNumber", "rabat", barred=True),
            MERCHANT,
            "standard.yaml: economic.products.discount: rabat is barred in e-conomic.",
        ),
        (
            change("products", "productNumber", "diff", group=2),
            MERCHANT,
            "products.rounding: diff must carry no VAT in VAT zone 1, but e-conomic would charge 25 % (VAT code U25)",
        ),
        (
            change("products", "productNumber", "fragtmm", group=3),
            MERCHANT,
            "products.shipping_taxed: fragtmm must carry some VAT in VAT zone 1, but e-conomic would charge 0 %",
        ),
        (
            change("products", "productNumber", "vare", group=11),
            MERCHANT,
            "economic.products.by_rate.0.25: vare must carry 25 % VAT in VAT zone 1, but e-conomic would charge 19 %",
        ),
        (
            change("products", "productNumber", "diff", group=5),
            OPERATOR,
            "economic.products.rounding: Product group 5 has no sales account for VAT zone 2.",
        ),
        (
            lambda seed: seed.update(years=[{**year, "closed": True} for year in seed["years"]]),
            MERCHANT,
            "lies in no open accounting period: nothing of today could be booked",
        ),
    ],
)
def test_names_what_the_accounts_lack(check: Check, tmp_path: Path, alter: Change, actor: str, expected: str) -> None:
    with running({"economic": alter}) as systems:
        code, text = check("--connections", systems.file(tmp_path))
    assert code == 1
    assert expected in text
    after = text[text.index(expected) :].splitlines()[1]
    assert after.startswith(f"    {actor}: ")


@pytest.mark.parametrize(
    ("alter", "actor", "expected"),
    [
        (
            remove("layouts", "number", 1),
            OPERATOR,
            "own_customers.yaml: rackbeat.layout is 1, but Rackbeat has no such layout (it has none)",
        ),
        (
            lambda seed: seed.update(locations=[{"number": 7, "name": "Andet", "is_default": True}]),
            OPERATOR,
            "rackbeat.new_products.location is 100, but Rackbeat has no such location",
        ),
        (
            remove("payment_terms", "number", 5),
            OPERATOR,
            "standard.yaml: rackbeat.payment_terms is 5, but Rackbeat has no such payment term (it has 1)",
        ),
        (
            remove("customer_groups", "number", 1),
            OPERATOR,
            "own_customers.yaml: rackbeat.customers.group is 1, but Rackbeat has no such customer group (it has 2)",
        ),
        (
            change("customers", "number", 1, is_barred=True),
            MERCHANT,
            "customer 1 (standard.yaml: rackbeat.customers.number) is barred in Rackbeat",
        ),
        (
            lambda seed: seed.update(customers=[]),
            OPERATOR,
            "standard.yaml: rackbeat.customers.number is 1, but Rackbeat has no such customer",
        ),
    ],
)
def test_names_what_the_warehouse_lacks(check: Check, tmp_path: Path, alter: Change, actor: str, expected: str) -> None:
    with running({"rackbeat": alter}) as systems:
        code, text = check("--connections", systems.file(tmp_path))
    assert code == 1
    assert expected in text
    after = text[text.index(expected) :].splitlines()[1]
    assert after.startswith(f"    {actor}: ")


@pytest.mark.parametrize(
    ("says", "falls_at", "expected"),
    [
        ({}, "invoice", "standard.yaml: rackbeat.stock_falls_at: no stock is pushed: the account setting"),
        ({}, None, "standard.yaml: rackbeat.stock_falls_at: no stock is pushed: nobody has said"),
        ({"stock_setting": "shown", "deduct_at": "invoice_booking"}, "shipping", "what is shipped would be offered"),
    ],
)
def test_names_what_keeps_stock_from_being_pushed(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: Any, falls_at: str | None, expected: str
) -> None:
    text = (ROOT / "include/mappings/standard.yaml").read_text(encoding="utf-8")
    text = text.replace("stock_falls_at: shipping", f"stock_falls_at: {falls_at}" if falls_at else "")
    include = write_folder(tmp_path, {"nordlys": shop_text(stock="{enabled: true}")}, {"standard": text})
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    with running() as systems:
        systems.servers["rackbeat"].configure(says)
        code, out = check("--connections", systems.file(tmp_path))
    assert code == 1
    assert expected in out
    assert "the operator: " in out[out.index(expected) :].splitlines()[1]


def test_names_warehouse_products_that_do_not_fit(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freight in a group with stock would be picked; a mapped number that does not exist holds its orders."""
    text = (ROOT / "include/mappings/standard.yaml").read_text(encoding="utf-8")
    text = text.replace("  # shipping_item: fragtmm", "  shipping_item: LAGER-1 #")
    include = write_folder(tmp_path, None, {"standard": text + "product_numbers: {A: NO-SUCH, B: fragtmm}\n"})
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    stocked = {"number": "LAGER-1", "name": "Papkasse", "group": 1, "sales_price": 1, "unit_id": 1}
    with running({"rackbeat": lambda seed: seed["products"].append(stocked)}) as systems:
        code, out = check("--connections", systems.file(tmp_path))
    assert code == 1
    assert "product LAGER-1 (standard.yaml: rackbeat.shipping_item) is in product group 1, which keeps stock" in out
    assert "standard.yaml: product_numbers.A is NO-SUCH, but Rackbeat has no such product" in out
    assert "standard.yaml: product_numbers.A is NO-SUCH, but e-conomic has no such product" in out
    assert "product_numbers.B" not in out


def test_names_payment_methods_and_states_that_the_files_do_not_fit(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = (ROOT / "include/mappings/standard.yaml").read_text(encoding="utf-8")
    include = write_folder(
        tmp_path,
        {"nordlys": shop_text(orders="{ignore_states: [afhentes]}")},
        {"standard": mapping.replace("currencies: [DKK]", "currencies: [EUR]")},
    )
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    with running({"nordlys": lambda seed: seed.update(with_gateway(seed, "stripe", "Kort"))}) as systems:
        code, text = check("--connections", systems.file(tmp_path))
    assert code == 1
    assert "payment method stripe (Kort) is on in the shop, but is not mapped" in text
    assert "the operator: Add it to standard.yaml: economic.payments." in text
    assert "payment method bacs" not in text
    assert "the shop has no order state afhentes, which nordlys.yaml names (it has cancelled," in text
    assert "the shop sells in DKK, which is not in standard.yaml: economic.currencies" in text


def test_a_key_that_may_only_read_is_found_out(check: Check, tmp_path: Path) -> None:
    keys = [{"consumer_key": "ck_standin", "consumer_secret": "cs_standin", "permissions": "read"}]
    with running({"nordlys": lambda seed: seed.update(credentials={"keys": keys})}) as systems:
        code, text = check("--connections", systems.file(tmp_path))
    assert code == 1
    assert "writing: WooCommerce POST /wc/v3/orders/batch answered 401" in text
    assert "1 problem found." in text


def test_names_products_whose_orders_would_be_held(check: Check, untouched: Systems, tmp_path: Path) -> None:
    code, text = check("--products", "--shop", "nordlys", "--connections", untouched.file(tmp_path))
    assert code == 1
    assert "products without a SKU: 2 (Vare uden varenummer, Vare med tomt varenummer); their orders are held" in text
    assert "SKUs of more than 25 characters: 1 (LEVERANDOER-2026-EFTERAAR-KOLLEKTION-0001-BLAA)" in text
    assert "products that Rackbeat does not have: 38 (AB,12 3/4, NH-1000," in text
    assert "and 23 more); orders of them are refused" in text
    assert "products that e-conomic does not have" not in text  # the mapping has a generic product per rate


def test_writes_every_product_whose_sku_is_wrong_as_a_table(check: Check, untouched: Systems, tmp_path: Path) -> None:
    file = tmp_path / "skus.csv"
    check("--products", "--connections", untouched.file(tmp_path), "--csv", str(file))
    with file.open(encoding="utf-8", newline="") as rows:
        found = list(csv.DictReader(rows))
    counted = Counter((row["shop"], row["trouble"]) for row in found)
    assert counted["nordlys", "missing"] == 2
    assert counted["nordlys", "too_long"] == 1
    assert counted["nordlys", "not_in_rackbeat"] == 38
    assert {row["name"] for row in found if row["trouble"] == "missing"} == {
        "Vare uden varenummer",
        "Vare med tomt varenummer",
    }


def test_a_table_of_products_needs_the_products_to_be_asked_for(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "skus.csv"
    code, text = check("--csv", str(file))
    assert code == 1
    assert "add --products" in text
    assert not file.exists()


def test_asks_for_no_products_of_a_system_that_could_not_be_read(check: Check, tmp_path: Path) -> None:
    with running() as systems:
        systems.servers["rackbeat"].stop()
        code, text = check("--products", "--connections", systems.file(tmp_path))
    assert code == 1
    assert "1 problem found." in text, text


def test_names_a_channel_of_alerts_that_is_not_there(check: Check, untouched: Systems, tmp_path: Path) -> None:
    code, text = check("--connections", untouched.file(tmp_path))
    assert "somebody is told of red runs of nordlys; nobody is told of red runs of fjordliv" in text
    known = {name: fields for name, fields in untouched.connections.items() if name != "smtp_default"}
    file = tmp_path / "without_mail.json"
    file.write_text(json.dumps(known))
    code, text = check("--connections", str(file))
    assert code == 1
    assert "there is no Airflow connection smtp_default: alerts could not be sent by it" in text


@pytest.mark.parametrize(
    ("lacking", "asks"),
    [
        ("economic", {"nordlys", "rackbeat"}),
        ("rackbeat", {"nordlys", "economic"}),
        ("", {"nordlys", "rackbeat", "economic"}),
    ],
)
def test_asks_only_the_systems_that_the_shop_has(check: Check, tmp_path: Path, lacking: str, asks: set[str]) -> None:
    text = (ROOT / "include/mappings/standard.yaml").read_text(encoding="utf-8")
    changes: dict[str, str | None] = {lacking: None} if lacking else {}
    include = write_folder(tmp_path, {"nordlys": shop_text(**changes)}, {"standard": text})
    with running() as systems:
        systems.connections = {
            name: facts for name, facts in systems.connections.items() if not (lacking and name.startswith(lacking))
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PAKHUS_INCLUDE", str(include))
            code, said = check("--connections", systems.file(tmp_path))
        assert code == 0, said
        assert {name for name, server in systems.servers.items() if server.requests()} == asks


def test_asks_the_providers_that_are_polled(
    check: Check, untouched: Systems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = tmp_path / "include"
    shutil.copytree(ROOT / "include", include)
    (include / "accounts").mkdir(exist_ok=True)
    write(include, POLLED)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    with StandinServer(create("stripe", "stripe", default_seed("stripe"))) as stripe:
        key = str(default_seed("stripe")["credentials"]["api_key"])
        polled = {"stripe__kort": {"conn_type": "stripe", "host": stripe.url, "password": key}}
        file = tmp_path / "with-stripe.json"
        file.write_text(json.dumps(untouched.connections | polled))
        _, text = check("--connections", str(file))
        assert "stripe__kort, payouts of kort: Stripe, payouts and transactions can be read" in text
        stripe.act({"action": "roll_key", "key": "rk_test_another"})
        code, text = check("--connections", str(file))
    assert code == 1
    assert "Stripe GET /v1/payouts: 401; renew the key in the Airflow connection" in text
