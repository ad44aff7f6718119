"""What `pakhus check` says of an agreement's shipments."""

import pytest

from pakhus.probes.findings import Findings
from pakhus.probes.rackbeat import probe_rackbeat
from pakhus.rules.mappings import TrackingField
from pakhus.settings import ShopSettings
from tests.flows.shipped_orders import only, reservations
from tests.flows.world import World, world


def probed(at: World, settings: ShopSettings) -> Findings:
    findings = Findings("rackbeat__main")
    probe_rackbeat(at.warehouse, findings, [settings])
    return findings


def with_tracking(settings: ShopSettings, field: int) -> ShopSettings:
    assert settings.mapping.rackbeat is not None
    warehouse = settings.mapping.rackbeat.model_copy(update={"tracking": TrackingField(field=field)})
    return settings.model_copy(update={"mapping": settings.mapping.model_copy(update={"rackbeat": warehouse})})


def test_says_what_reading_shipments_costs_and_whether_the_tracking_field_is_there(
    fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(fresh_ledger_url, seed=only("61", "100")) as at:
        at.observe()
        at.reserve()
        for number in reservations(at).values():
            at.ship(number)
        before = probed(at, with_tracking(at.settings, 7))
        assert "shipments" not in " ".join(before.facts)
        assert "tracking" not in str(before.found)
        at.warehouse_server.configure({"shipment_order": "unnamed"})
        monkeypatch.setattr("standin.rackbeat.lists._sorted", lambda _call, _collection, rows: rows)
        found = probed(at, with_tracking(at.settings, 8))
        assert [fact for fact in found.facts if "shipments" in fact] == [
            "its list of shipments does not come newest first: it is read whole every time",
            "its shipments do not name their orders: every open order is asked every time",
        ]
        assert "tracking.field is 8, but Rackbeat has no such custom field (it has 7)" in str(found.found)


def test_asks_nothing_about_shipments_where_no_shop_is_told_of_them(fresh_ledger_url: str) -> None:
    with world(fresh_ledger_url, seed=only()) as at:
        fulfilment = at.settings.fulfilment.model_copy(update={"enabled": False})
        probed(at, at.settings.model_copy(update={"fulfilment": fulfilment}))
        assert not [row for row in at.warehouse_server.requests() if "shipments" in row["path"]]
