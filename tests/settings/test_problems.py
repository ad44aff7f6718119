"""What is wrong is told all at once: file, line, key, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pakhus.settings import SettingsError, load_all, load_shop
from tests.settings.folders import MAPPING, SHOP, shop_text, write_folder


def problems(include: Path, shop: str = "nordlys") -> list[str]:
    """The problems of one shop, as lines without the folder."""
    with pytest.raises(SettingsError) as caught:
        load_shop(shop, include)
    return _lines(caught.value)


def all_problems(include: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_all(include)
    return _lines(caught.value)


def _lines(error: SettingsError) -> list[str]:
    lines = str(error).splitlines()
    assert lines == [str(problem) for problem in error.problems]
    return [line.removeprefix("include/") for line in lines]


def test_tells_many_problems_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    shop = """\
        # a comment keeps its line
        shop: nordlys
        platform: woocomerce
        mapping: standard
        rackbeat: main
        start_from: 2026-11-01
        timezone: Europe/Kopenhagen

        orders:
          schedul: "*/5 * * * *"
          reserve_states: processing
        invoices:
          mode: autom
          schedule: "61 * * * *"
        """
    found = problems(write_folder(tmp_path, {"nordlys": shop}))
    assert found == [
        "shops/nordlys.yaml:3: platform: must be 'woocommerce', not 'woocomerce'; did you mean woocommerce?",
        "shops/nordlys.yaml:6: start_from: '2026-11-01' is no time; write it like 2026-11-01T00:00:00+01:00",
        "shops/nordlys.yaml:7: timezone: 'Europe/Kopenhagen' is no time zone; write it like Europe/Copenhagen",
        "shops/nordlys.yaml:10: orders.schedul: is no setting; did you mean schedule?",
        "shops/nordlys.yaml:11: orders.reserve_states: must be a list like [a, b], not 'processing'",
        (
            "shops/nordlys.yaml:13: invoices.mode: must be 'off', 'dry_run', 'draft' or 'auto', not 'autom'; "
            "did you mean auto?"
        ),
        "shops/nordlys.yaml:14: invoices.schedule: '61' is no minute (0 to 59)",
    ]


def test_tells_the_problems_of_the_mapping_with_those_of_the_shop(tmp_path: Path) -> None:
    mapping = """\
        version: 2
        rackbeat:
          customers: {mode: collectiv, number: 1}
        economic:
          customers:
            mode: each
            group: nul
          layout: 0
          products:
            roundin: diff
            fee: et-varenummer-der-er-laengere
            by_rate: {25: vare, 0.250: a, 0.25: b}
          payments:
            bacs: {term: 1}
            cod: 5
          vat_zones: {domestic: 1, eu: 1, domestic_countries: [DK, XX]}
          currencies: []
          lock_date: 31.10.2026
        """
    found = problems(write_folder(tmp_path, {"nordlys": shop_text(shop="nordlys", zone="1")}, {"standard": mapping}))
    assert found == [
        "mappings/standard.yaml:1: version: must be 1, not 2",
        (
            "mappings/standard.yaml:3: rackbeat.customers.mode: must be 'collective', 'each', not 'collectiv'; did you "
            "mean collective?"
        ),
        (
            "mappings/standard.yaml:5: economic.customers.payment_terms: is missing; add it (Payment terms of "
            "customers we create)"
        ),
        "mappings/standard.yaml:7: economic.customers.group: must be a whole number, not 'nul'",
        "mappings/standard.yaml:8: economic.layout: must be greater than 0, not '0'",
        "mappings/standard.yaml:10: economic.products.roundin: is no setting; did you mean rounding?",
        (
            "mappings/standard.yaml:11: economic.products.fee: has more than 25 characters: "
            "'et-varenummer-der-er-laengere'; shorten it"
        ),
        (
            "mappings/standard.yaml:12: economic.products.by_rate.25: '25' is no VAT rate; write it as a fraction, "
            "0.25 for 25 %"
        ),
        "mappings/standard.yaml:14: economic.payments.bacs.term: is no setting; did you mean terms?",
        "mappings/standard.yaml:14: economic.payments.bacs.terms: is missing; add it (Payment terms number)",
        "mappings/standard.yaml:15: economic.payments.cod: must be a table of keys and values, not '5'",
        (
            "mappings/standard.yaml:16: economic.vat_zones.domestic_countries.1: 'XX' is no country; write its two "
            "letters (ISO 3166) like DK"
        ),
        "mappings/standard.yaml:17: economic.currencies: must not be empty; name at least one",
        "mappings/standard.yaml:18: economic.lock_date: '31.10.2026' is no day; write it like 2026-12-31",
        "shops/nordlys.yaml:7: zone: is no setting; did you mean timezone?",
    ]


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("shop: nordlys\nplatform: [woocommerce\nmapping: standard\n", 3, "is not YAML: expected ',' or ']'"),
        ("shop: nordlys\n\tplatform: woocommerce\n", 2, "indent with spaces, not tabs"),
        ("shop: nordlys\n  platform: woocommerce\n", 2, "is not YAML: mapping values are not allowed here"),
        ("shop: nordlys\n---\nshop: other\n", 2, "is not YAML: but found another document"),
        ("- nordlys\n", 1, "must hold keys and values, like shop: nordlys"),
        ("", 1, "must hold keys and values, like shop: nordlys"),
        ("shop: nord\x07lys\n", 1, "is not YAML"),
    ],
)
def test_tells_where_a_file_is_not_yaml(tmp_path: Path, text: str, line: int, expected: str) -> None:
    include = write_folder(tmp_path)
    (include / "shops" / "nordlys.yaml").write_text(text, encoding="utf-8")
    (found,) = problems(include)
    assert found.startswith(f"shops/nordlys.yaml:{line}: ")
    assert expected in found


def test_tells_that_a_file_is_not_utf8(tmp_path: Path) -> None:
    include = write_folder(tmp_path)
    (include / "shops" / "nordlys.yaml").write_bytes("# værdi\n".encode("latin-1") + SHOP.encode())
    assert problems(include) == ["shops/nordlys.yaml:1: is not UTF-8 (byte 3); save it as UTF-8"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("shop: nordlys\n", "shops/nordlys.yaml:7: shop: stands on line 1 already; keep one of them"),
        ("orders: {enabled: true, enabled: false}\n", "orders.enabled: stands on line 7 already; keep one of them"),
        ("timezone:\n", "timezone: has no value; give it one, or remove the line"),
        ("orders:\n  # schedule: x\n", "orders: has no value; give it one, or remove the line"),
        ("timezone: !!python/object:os.system x\n", "timezone: has the tag"),
        ("orders: &o {enabled: true}\ninvoices: *o\n", "invoices: refers to an anchor, which is not taken here"),
        ("orders: &o {<<: *o}\n", "orders.<<: refers to an anchor"),
        ("? [a, b]\n: 1\n", "a key must be a single word"),
        ("loaded_mapping: {version: 1}\n", "loaded_mapping: is no setting; remove it"),
        ("rackbeat2: main\n", "rackbeat2: is no setting; did you mean rackbeat?"),
        ("qqq: main\n", "qqq: is no setting; known here: alerts, audit, decisions, economic, fulfilment,"),
        ("orders: {enabled: maybe}\n", "orders.enabled: must be true or false, not 'maybe'"),
        ("orders: [enabled]\n", "orders: must be a table of keys and values, not a list"),
        ("orders: {reserve_states: [[a]]}\n", "orders.reserve_states.0: must be a text, not a list"),
    ],
)
def test_refuses_what_hides_what_is_meant(tmp_path: Path, lines: str, expected: str) -> None:
    found = problems(write_folder(tmp_path, {"nordlys": SHOP + lines}))
    assert any(expected in line for line in found), found


def test_a_key_twice_is_one_problem_not_two(tmp_path: Path) -> None:
    found = problems(write_folder(tmp_path, {"nordlys": SHOP + "timezone:\ntimezone: UTC\n"}))
    assert found == [
        "shops/nordlys.yaml:7: timezone: has no value; give it one, or remove the line",
        "shops/nordlys.yaml:8: timezone: stands on line 7 already; keep one of them",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"shop": "fjordliv"}, "1: shop: is 'fjordliv', but the file is called nordlys.yaml; give them the same name"),
        ({"rackbeat": None, "economic": None}, "1: rackbeat: is missing, and so is economic; name an agreement"),
        ({"mapping": "standart"}, "3: mapping: there is no mappings/standart.yaml; did you mean standard?"),
        ({"mapping": "zzz"}, "3: mapping: there is no mappings/zzz.yaml; there are: standard"),
        ({"mapping": "../etc/passwd"}, "3: mapping: must be lower-case letters, digits and _"),
        ({"mapping": None}, "1: mapping: is missing; add it (The mapping: include/mappings/<name>.yaml)"),
        ({"rackbeat": "Main 2"}, "4: rackbeat: must be lower-case letters, digits and _, beginning with a letter"),
        ({"start_from": "20261101"}, "6: start_from: '20261101' is no time"),
        ({"start_from": "2026-11-01T00:00:00"}, "6: start_from: '2026-11-01T00:00:00' has no time zone"),
        ({"start_from": "2026-13-01T00:00:00+01:00"}, "6: start_from: '2026-13-01T00:00:00+01:00' is no time"),
        (
            {"invoice_source": "rackbeat"},
            "7: invoice_source: Rackbeat invoices (its own e-conomic app) is not supported",
        ),
        ({"orders": '{schedule: "@hourly"}'}, "7: orders.schedule: '@hourly' has 1 fields; write five"),
        ({"timezone": "Europe"}, "7: timezone: 'Europe' is no time zone"),
        ({"timezone": "../../etc/passwd"}, "7: timezone: '../../etc/passwd' is no time zone"),
    ],
)
def test_refuses_a_shop_file(tmp_path: Path, changes: dict[str, str | None], expected: str) -> None:
    include = write_folder(tmp_path, {"nordlys": shop_text(**{"shop": "nordlys", **changes})})  # type: ignore[arg-type]
    found = problems(include)
    assert any(line.startswith(f"shops/nordlys.yaml:{expected}") for line in found), found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"economic": None, "invoices": "{mode: auto}"},
            "invoices.mode: is auto, but the file names no economic agreement; name one, or remove this",
        ),
        (
            {"rackbeat": None, "invoices": "{when: shipped}"},
            "invoices.when: is shipped, but the file names no Rackbeat agreement, so nobody reads shipments",
        ),
        (
            {"fulfilment": "{enabled: false}", "invoices": "{when: shipped}"},
            "invoices.when: is shipped, but fulfilment.enabled is false, so nobody reads shipments",
        ),
        ({"invoices": "{when: state, states: []}"}, "invoices.states: is empty, so no order would ever be invoiced"),
        (
            {"orders": "{reserve_states: [processing, on-hold], ignore_states: [on-hold]}"},
            "orders.reserve_states: on-hold stands in orders.ignore_states too; keep it in one of them",
        ),
        (
            {"orders": "{reserve_states: [wc-processing]}"},
            "WooCommerce's API names states without wc-; write processing",
        ),
        ({"invoices": "{states: [cancelled]}"}, "invoices.states: cancelled is a state in which goods are never sent"),
        (
            {"rackbeat": None, "stock": "{enabled: true}"},
            "stock.enabled: is true, but the file names no Rackbeat agreement to read stock from",
        ),
        (
            {"rackbeat": None, "products": "{master: rackbeat}"},
            "products.master: is rackbeat, but the file names no Rackbeat agreement; name one, or write shop or none",
        ),
        (
            {"rackbeat": None, "products": "{master: shop}"},
            "products.master: is shop, but products go nowhere: add rackbeat.new_products or economic.new_products",
        ),
        ({"webhooks": "{enabled: true}"}, "webhooks.address: is missing; write where the shop reaches this Airflow"),
        ({"webhooks": "{enabled: true, address: 'http://pakhus.example.dk'}"}, "webhooks.address: is not https"),
        ({"webhooks": "{address: 'https://pakhus.example.dk:8443'}"}, "has port 8443, which WordPress never calls"),
        ({"webhooks": "{address: 'https://pakhus.example.dk:a'}"}, "webhooks.address: is no address"),
        ({"webhooks": "{address: 'https://a:b@pakhus.example.dk'}"}, "webhooks.address: holds a user or password"),
        (
            {
                "orders": "{enabled: no}",
                "invoices": '{mode: "off"}',
                "webhooks": "{enabled: yes, address: 'https://pakhus.example.dk'}",
            },
            "webhooks.enabled: is true, but orders.enabled is false",
        ),
        (
            {"orders": "{enabled: no}"},
            "orders.enabled: is false, so nobody would read the orders that are to be invoiced",
        ),
    ],
)
def test_refuses_keys_that_contradict_each_other(tmp_path: Path, changes: dict[str, str | None], expected: str) -> None:
    found = problems(write_folder(tmp_path, {"nordlys": shop_text(**changes)}))
    assert len(found) == 1, found
    assert expected in found[0]


@pytest.mark.parametrize(
    "address",
    [
        "https://pakhus.example.dk",
        "https://pakhus.example.dk:8080/airflow",
        "http://127.0.0.1:18080",
        "http://10.1.2.3:8080",
        "http://api-server:8080",
        "http://[::1]:8080",
    ],
)
def test_takes_https_and_on_ones_own_network_http(tmp_path: Path, address: str) -> None:
    text = shop_text(webhooks=f"{{enabled: true, address: '{address}'}}")
    assert load_shop("nordlys", write_folder(tmp_path, {"nordlys": text})).webhooks.address == address


def test_tells_contradictions_although_other_keys_are_wrong(tmp_path: Path) -> None:
    found = problems(
        write_folder(tmp_path, {"nordlys": shop_text(economic=None, platform="x", invoices="{mode: auto}")})
    )
    assert len(found) == 2
    assert "platform" in found[0]
    assert "names no economic agreement" in found[1]


@pytest.mark.parametrize("part", ["rackbeat", "economic"])
def test_refuses_a_shop_whose_mapping_lacks_a_part(tmp_path: Path, part: str) -> None:
    other = {"rackbeat": "economic", "economic": "rackbeat"}[part]
    texts = {
        "rackbeat": "rackbeat:\n  customers: {mode: collective, number: 1}\n",
        "economic": "economic:\n  customers: {mode: collective, number: 1}\n  layout: 1\n",
    }
    include = write_folder(tmp_path, None, {"standard": f"version: 1\n{texts[other]}"})
    line = {"rackbeat": 4, "economic": 5}[part]
    assert problems(include) == [
        f"shops/nordlys.yaml:{line}: {part}: the mapping standard has no part '{part}'; add it there, or leave this out"
    ]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("version: 1\nextends: nothing\n", "mappings/own.yaml:2: extends: there is no mappings/nothing.yaml"),
        ("version: 1\nextends: own\n", "mappings/own.yaml:2: extends: own extends another mapping itself"),
        ("version: 1\nextends: middle\n", "mappings/own.yaml:2: extends: middle extends another mapping itself"),
        ("version: 1\nextends: broken\n", "mappings/broken.yaml:2: rackbeat: must be a table"),
    ],
)
def test_refuses_a_mapping_that_extends_what_it_cannot(tmp_path: Path, own: str, expected: str) -> None:
    mappings = {
        "standard": MAPPING,
        "middle": "version: 1\nextends: standard\n",
        "broken": "version: 1\nrackbeat: 1\n",
        "own": own,
    }
    found = problems(write_folder(tmp_path, {"nordlys": shop_text(mapping="own")}, mappings))
    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_tells_the_problems_of_all_files_and_of_mappings_that_no_shop_uses(tmp_path: Path) -> None:
    include = write_folder(
        tmp_path,
        {"nordlys": shop_text(timezone="x"), "fjordliv": shop_text("fjordliv", platform="y")},
        {"standard": MAPPING, "unused": "version: 7\n"},
    )
    found = all_problems(include)
    assert [line.split(":")[0] for line in found] == [
        "mappings/unused.yaml",
        "shops/fjordliv.yaml",
        "shops/nordlys.yaml",
    ]


def test_a_mapping_of_two_shops_is_wrong_once(tmp_path: Path) -> None:
    include = write_folder(
        tmp_path, {"nordlys": SHOP, "fjordliv": shop_text("fjordliv")}, {"standard": MAPPING + "  layot: 1\n"}
    )
    assert all_problems(include) == ["mappings/standard.yaml:9: economic.layot: is no setting; did you mean layout?"]


def test_refuses_two_shops_with_one_id_and_so_one_connection(tmp_path: Path) -> None:
    found = all_problems(write_folder(tmp_path, {"nordlys": SHOP, "zebra": SHOP}))
    assert found == [
        (
            "shops/zebra.yaml:1: shop: is 'nordlys' in include/shops/nordlys.yaml too; two shops cannot share an id "
            "and its connection"
        ),
        "shops/zebra.yaml:1: shop: is 'nordlys', but the file is called zebra.yaml; give them the same name",
    ]


def test_refuses_two_roundings_for_one_agreement(tmp_path: Path) -> None:
    include = write_folder(
        tmp_path,
        {"nordlys": SHOP, "fjordliv": shop_text("fjordliv", mapping="other")},
        {"standard": MAPPING, "other": MAPPING + "  rounding_mode: line\n"},
    )
    assert all_problems(include) == [
        (
            "shops/nordlys.yaml:5: economic: main rounds VAT by document in mapping standard, but by line in mapping "
            "other of shop fjordliv; an agreement has one economic.rounding_mode"
        )
    ]


def test_refuses_files_that_would_not_be_read(tmp_path: Path) -> None:
    include = write_folder(tmp_path)
    (include / "shops" / "fjordliv.yml").write_text(SHOP)
    assert all_problems(include) == ["shops/fjordliv.yml:1: is not read; call it fjordliv.yaml"]


def test_refuses_nesting_without_end(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("shop: " + "[" * 5000)
    with pytest.raises(SettingsError, match="nested deeper"):
        load_shop(path)
