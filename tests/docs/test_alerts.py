"""The runbook of alerts has a part for each cause that is no document's reason, and says who acts as the mail does."""

import re

from pakhus.flows.alerts import RUN_CAUSES
from pakhus.reasons import REASONS
from stack import ROOT

PARTS = re.findall(
    r"^### `(\w+)`\n\*Acts: (\w+)\.\*", (ROOT / "docs" / "runbooks" / "alerts.md").read_text(), re.MULTILINE
)
SOURCES = [*(ROOT / "plugins").rglob("*.py")]


def test_each_cause_has_a_part_that_says_who_acts() -> None:
    assert dict(PARTS) == {code: actor.value for code, actor in RUN_CAUSES.items()}


def test_no_cause_is_also_a_reason() -> None:
    assert not RUN_CAUSES.keys() & REASONS.keys()


def test_every_code_that_the_source_gives_an_alert_is_documented() -> None:
    given = {code for file in SOURCES for code in re.findall(r"Cause\(\s*\"(\w+)\"", file.read_text())}
    assert given >= {"alert_unsent", "ledger_unavailable", "ping_failed"}
    assert given <= RUN_CAUSES.keys() | REASONS.keys()
