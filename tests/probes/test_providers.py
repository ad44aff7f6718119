"""`check` asks the payment providers that are polled: what it leads to, and what is missing or refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pakhus.connections import ConnectionFacts
from pakhus.probes.findings import Findings
from pakhus.probes.installation import account_connections, check_account_connections
from pakhus.probes.providers import probe_providers
from pakhus.settings.accounts import ProviderApiSettings
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.clients.stripe_account import connection
from tests.flows.polled import KEY, SETTINGS
from tests.flows.test_payouts import KORT

FILES_ONLY = KORT


@pytest.fixture
def stripe() -> Iterator[StandinServer]:
    with StandinServer(create("stripe", "stripe", default_seed("stripe"))) as running:
        yield running


def told(findings: Findings) -> str:
    return " ".join(map(str, findings.found))


def test_each_polled_provider_is_asked_once_and_the_others_are_not(stripe):
    (found,) = probe_providers([FILES_ONLY, SETTINGS], {"stripe__kort": connection(stripe.url, KEY)})
    assert (found.connection, found.facts, found.found) == (
        "stripe__kort",
        ["Stripe, payouts and transactions can be read"],
        [],
    )
    assert {row["method"] for row in stripe.requests()} == {"GET"}


def test_a_missing_connection_is_told_with_its_type(stripe):
    del stripe
    (found,) = probe_providers([SETTINGS], {})
    assert "there is no Airflow connection stripe__kort" in told(found)
    assert "type stripe" in told(found)


def test_a_key_without_rights_is_told_and_never_shown(stripe):
    stripe.act({"action": "set_rights", "rights": []})
    (found,) = probe_providers([SETTINGS], {"stripe__kort": connection(stripe.url, KEY)})
    assert "Stripe GET /v1/payouts: 403" in told(found)
    assert KEY not in told(found)


def test_two_accounts_on_one_connection_are_told(stripe):
    same = ProviderApiSettings(provider="stripe", connection="stripe__kort")
    second = SETTINGS.model_copy(update={"account": "kort2", "api": same})
    (found,) = probe_providers([SETTINGS, second], {"stripe__kort": connection(stripe.url, KEY)})
    assert "kort2 and another account are polled by stripe__kort: payouts would be entered twice" in told(found)


def test_apply_names_connections_that_cannot_be_used_and_asks_nobody():
    assert account_connections([FILES_ONLY, SETTINGS]) == ["stripe__kort"]
    findings = Findings("apply")
    check_account_connections(findings, [FILES_ONLY, SETTINGS], {"stripe__kort": ConnectionFacts("stripe__kort")})
    assert "stripe__kort, password: is empty; put the restricted API key there" in told(findings)
    findings = Findings("apply")
    check_account_connections(findings, [SETTINGS], {})
    assert "there is no Airflow connection stripe__kort" in told(findings)
