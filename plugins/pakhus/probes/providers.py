"""Ask the payment providers whose API is polled whether it can be read, each by its account's connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from pakhus.connections import ConnectionFacts
from pakhus.probes.findings import LIMITS, Findings
from pakhus.probes.installation import note_missing
from pakhus.provider_connections import settlement_client
from pakhus.settings.accounts import AccountSettings


def probe_providers(accounts: Sequence[AccountSettings], connections: Mapping[str, ConnectionFacts]) -> list[Findings]:
    """Return what was found at each provider; accounts with files alone have none."""
    found: dict[str, Findings] = {}
    for account in accounts:
        conn_id = account.api_connection
        if account.api is None or conn_id is None:
            continue
        if conn_id in found:
            found[conn_id].operator(
                f"{account.account} and another account are polled by {conn_id}: payouts would be entered twice",
                "Give each its own, or keep one account.",
            )
            continue
        findings = found[conn_id] = Findings(conn_id, f"payouts of {account.account}")
        connection = connections.get(conn_id)
        if connection is None:
            note_missing(findings, conn_id)
            continue
        answer = findings.ask(partial(_ask, account.api.provider, connection))
        findings.facts += [answer] if answer else []
    return list(found.values())


def _ask(provider: str, connection: ConnectionFacts) -> str:
    return settlement_client(provider, connection, LIMITS).probe()
