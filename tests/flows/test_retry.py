"""What does not answer is tried again by itself; after a day somebody is told so, and it still goes on by itself."""

from __future__ import annotations

import pytest

from tests.flows.test_decisions import starting_now
from tests.flows.test_edge_cases import ALWAYS
from tests.flows.test_people_and_races import place, row
from tests.flows.world import World


@pytest.mark.edge(80)
def test_a_system_away_for_more_than_a_day_is_told_and_tried_on(nordlys: World) -> None:
    nordlys.settings = starting_now(nordlys)
    order = place(nordlys)
    key = f"nordlys-{order}-order"
    nordlys.observe()
    down = [{**ALWAYS, "kind": "error_502_html", "method": method} for method in ("GET", "POST")]
    nordlys.warehouse_server.set_faults(down)
    nordlys.reserve()  # whether it arrived is not known: it is looked up when a late effect must have shown
    nordlys.forward(minutes=5)
    assert nordlys.reserve().alarms()
    assert row(nordlys, key).reason == "remote_unavailable"
    nordlys.forward(hours=12)
    nordlys.reserve()
    assert row(nordlys, key).reason == "remote_unavailable"
    nordlys.forward(hours=13)
    report = nordlys.reserve()
    assert row(nordlys, key).reason == "unavailable_for_a_day"
    assert "has not answered for a day" in report.alarms()[0]
    nordlys.forward(hours=2)
    assert nordlys.reserve().alarms()
    nordlys.warehouse_server.clear_faults()
    nordlys.forward(hours=2)
    assert nordlys.reserve().alarms() == []
    assert row(nordlys, key).reason == "transferred"
