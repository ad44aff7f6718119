"""Column mappings: the examples read what they say, and a wrong one is told with file, line and what to do."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.readers import read
from pakhus.formats.settlements.records import SettlementFormatError
from pakhus.rules.settlement_balance import balance_problems
from pakhus.settings import SettingsError, load_all, load_columns
from pakhus.settlements import Batch
from stack import ROOT
from tests.settings.folders import write_folder

INCLUDE = ROOT / "include"
FIXTURE = ROOT / "tests/fixtures/settlements/column_mapping.csv"
GOOD = """\
version: 1
provider: nets
columns: {type: T, id: I, date: D, gross: G, batch: B}
types: {Salg: capture, Udbetalt: payout}
currency: DKK
"""
WORLDLINE = """\
Transaction type;Transaction ID;Transaction date;Debit;Credit;Fee;Settlement currency;Merchant reference;\
Original transaction ID;Payout date;Payout amount
Sale;t1;2026-11-02;;499.00;7.24;DKK;1001;;2026-11-05;420.80
Refund;t2;2026-11-03;70.96;;;DKK;1001;t1;2026-11-05;420.80
Sale;t3;2026-11-04;;100.00;;EUR;1002;;2026-11-05;100.00
"""
BANK = """\
Konto 1234
Udskrevet 05-11-2026
Art;Arkivnummer;Bogføringsdato;Beløb i DKK;Tekst;Afregningsnummer
Kortbetaling;a1;02-11-2026;1.499,00;Ordre 1001;77
Tilbageførsel;a2;03-11-2026;71,96;Ordre 1001;77
Kortgebyr;a3;04-11-2026;7,04;;77
Afregning;a4;05-11-2026;1.420,00;;77
"""


def told(batch: Batch) -> list[tuple[str, str, Decimal]]:
    return [(line.kind.value, line.provider_id, line.net) for line in batch.lines]


def test_example_for_nets_reads_the_composed_export() -> None:
    [batch] = read("column_mapping", Source(FIXTURE.read_bytes(), "nets", columns=load_columns("nets", INCLUDE)))
    assert balance_problems(batch) == []
    assert batch.lines[-1].net == Decimal("-1901.86")


def test_example_with_debit_credit_and_a_stated_payout() -> None:
    source = Source(WORLDLINE.encode(), "worldline", columns=load_columns("worldline", INCLUDE))
    kroner, euros = read("column_mapping", source)
    assert [balance_problems(batch) for batch in (kroner, euros)] == [[], []]
    assert told(kroner) == [
        ("capture", "t1", Decimal("491.76")),
        ("refund", "t2", Decimal("-70.96")),
        ("payout", "2026-11-05", Decimal("-420.80")),
    ]
    assert (kroner.id, str(kroner.payout_on), kroner.lines[1].parent_id) == ("2026-11-05-DKK", "2026-11-05", "t1")
    assert euros.id == "2026-11-05-EUR"


def test_example_with_amounts_whose_type_says_the_sign() -> None:
    source = Source(BANK.encode("cp1252"), "bank", columns=load_columns("bank", INCLUDE))
    [batch] = read("column_mapping", source)
    assert balance_problems(batch) == []
    assert [line.net for line in batch.lines] == [Decimal(x) for x in ("1499.00", "-71.96", "-7.04", "-1420.00")]
    assert batch.lines[0].text == "Ordre 1001"


def test_row_without_a_payout_or_with_two_payouts_amounts_is_refused() -> None:
    columns = load_columns("worldline", INCLUDE)
    for old, new, text in (
        ("1001;;2026-11-05", "1001;;", "is empty, so the row belongs to no payout"),
        ("t1;2026-11-05;420.80", "t1;2026-11-05;420.81", "must be one amount for the whole payout"),
    ):
        with pytest.raises(SettlementFormatError, match=text):
            read("column_mapping", Source(WORLDLINE.replace(old, new).encode(), "w", columns=columns))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("gross: G, ", ""), "name either gross, or both debit and credit"),
        ((", batch: B", ""), "name batch or payout_date"),
        ((", Udbetalt: payout", ""), "nothing would prove that a file is whole"),
        (("currency: DKK\n", ""), "name either currency, or the column that says it"),
        (("Salg: capture", "Salg: sale"), "types.Salg"),
        (("type: T", "typ: T"), "did you mean type?"),
        (("currency: DKK", "currency: DKK\ndates: '%H'"), "must have day, month and year"),
        (
            ("currency: DKK", "currency: DKK\namounts: by_type\nnumbers: {decimal: ',', thousands: ','}"),
            "two different",
        ),
        (("currency: DKK", "currency: DKK\ndelimiter: ;;"), "must be one character"),
        (("Salg: capture", "Salg: capture, Ret: adjustment\namounts: by_type"), "is not YAML"),
    ],
)
def test_wrong_mapping_is_told_with_its_file(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    include = write_folder(tmp_path)
    (include / "settlements").mkdir()
    (include / "settlements" / "nets.yaml").write_text(GOOD.replace(*change), encoding="utf-8")
    for load in (lambda: load_columns("nets", include), lambda: load_all(include)):
        with pytest.raises(SettingsError) as error:
            load()
        assert "include/settlements/nets.yaml:" in str(error.value)
        assert problem in str(error.value)


def test_kind_without_a_sign_needs_signed_amounts(tmp_path: Path) -> None:
    include = write_folder(tmp_path)
    (include / "settlements").mkdir()
    text = GOOD.replace("Salg: capture", "Salg: capture, Rettelse: adjustment") + "amounts: by_type\n"
    (include / "settlements" / "nets.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="Rettelse: these kinds have no sign of their own"):
        load_columns("nets", include)


def test_missing_mapping_is_a_problem() -> None:
    with pytest.raises(SettingsError, match=r"include/settlements/none\.yaml"):
        load_columns("none", INCLUDE)
