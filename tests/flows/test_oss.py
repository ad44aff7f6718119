"""A sale under OSS, from the shop to the records of the quarter."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pakhus.commands.export import as_csv
from pakhus.ledger.oss_records import oss_records
from pakhus.rules.mappings import AccountingMapping
from tests.flows.test_people_and_races import in_mode, row
from tests.flows.world import World, world

GERMAN_ORDER = "72"  # recorded: Germany at 19 %


@pytest.fixture
def under_oss(fresh_ledger_url: str) -> Iterator[World]:
    """The recorded shop under OSS in Germany; invoices book themselves."""
    with world(fresh_ledger_url) as running:
        in_mode(running, "auto")
        mapping = running.settings.mapping
        assert mapping.economic is not None
        values: dict[str, Any] = json.loads(mapping.economic.model_dump_json())
        values["vat"]["oss"] = {"products": {"DE": {"0.19": "oss-de-19"}, "SE": {"0.25": "oss-se-25"}}}
        part = AccountingMapping.model_validate(values)
        update = {"mapping": mapping.model_copy(update={"economic": part})}
        running.settings = running.settings.model_copy(update=update)
        yield running


def test_german_order_is_booked_at_19_percent_and_stands_in_the_records(under_oss: World) -> None:
    under_oss.act(action="set_status", order=int(GERMAN_ORDER), status="completed")
    under_oss.forward(minutes=2)
    under_oss.run()
    found = row(under_oss, f"nordlys-{GERMAN_ORDER}-invoice")
    assert found.reason == "transferred"
    booked = under_oss.accounts_server.dump()["booked"][found.remote_number]
    assert {line["product"] for line in booked["lines"]} <= {"oss-de-19", "diff"}
    day: date = found.document_date
    with under_oss.ledger.begin() as tx:
        (record,) = oss_records(tx, day, date(day.year + 1, 1, 1))
        assert oss_records(tx, date(day.year + 1, 1, 1), date(day.year + 1, 4, 1)) == []
        assert oss_records(tx, day, date(day.year + 1, 1, 1), "fjordliv") == []
    assert (record.country, record.rate, record.vat) == ("DE", Decimal("0.19"), found.vat)
    assert (record.shop, record.kind, record.document_number) == ("nordlys", "invoice", found.remote_number)
    assert record.taxable + record.vat + (found.correction or 0) == found.gross
    header, text = as_csv([record]).splitlines()
    assert header.startswith("country,rate,shop,order_number,kind,document_number,document_date,credits_number")
    assert text.startswith(f"DE,0.1900,nordlys,{GERMAN_ORDER},invoice,{found.remote_number},{day}")
