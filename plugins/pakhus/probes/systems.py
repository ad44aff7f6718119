"""Ask every system that shops use, each once: the shops, then the agreements that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from pakhus.clients.economic import EconomicClient
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import ConnectionFacts, economic_settings, rackbeat_settings, woocommerce_settings
from pakhus.probes.economic import probe_economic
from pakhus.probes.findings import LIMITS, Findings
from pakhus.probes.installation import note_missing
from pakhus.probes.provider_accounts import check_account, check_together
from pakhus.probes.rackbeat import probe_rackbeat
from pakhus.probes.shop import probe_shop
from pakhus.probes.webhooks import probe_webhooks
from pakhus.settings import ShopSettings
from pakhus.settings.accounts import AccountSettings

Connections = Mapping[str, ConnectionFacts]
Probe = Callable[[ConnectionFacts, Findings], str]


def shop_client(connection: ConnectionFacts, shop: ShopSettings | None) -> WooCommerceClient:
    """Return a client with the probes' short limits."""
    return WooCommerceClient.from_settings(replace(woocommerce_settings(connection, shop), limits=LIMITS))


def rackbeat_client(connection: ConnectionFacts) -> RackbeatClient:
    """Return a client with the probes' short limits."""
    return RackbeatClient.from_settings(replace(rackbeat_settings(connection), limits=LIMITS))


def economic_client(connection: ConnectionFacts) -> EconomicClient:
    """Return a client with the probes' short limits."""
    return EconomicClient.from_settings(replace(economic_settings(connection), limits=LIMITS))


def probe_systems(shops: Sequence[ShopSettings], connections: Connections) -> list[Findings]:
    """Return what was found at each system, and whether two names lead to one place (design, decision 10)."""
    found: list[Findings] = []
    same: dict[tuple[str, str], str] = {}
    for conn_id, probe in _probes(shops).items():
        findings = Findings(conn_id)
        found.append(findings)
        connection = connections.get(conn_id)
        if connection is None:
            note_missing(findings, conn_id)
            continue
        identity = findings.ask(partial(probe, connection, findings)) or ""
        other = same.setdefault((conn_id.partition("__")[0], identity.rstrip("/").lower()), conn_id)
        if identity and other != conn_id:
            findings.operator(
                f"{conn_id} and {other} lead to the same place ({identity}): everything would be done twice",
                "Give each its own, or use one name for both.",
            )
    return found


def probe_accounts(
    accounts: Sequence[AccountSettings], shops: Sequence[ShopSettings], connections: Connections
) -> list[Findings]:
    """Return what was found of provider accounts: against each other, the shops, and their agreements."""
    if not accounts:
        return []
    together = Findings("Provider accounts")
    check_together(together, accounts, shops)
    found = [together]
    for account in accounts:
        findings = Findings(account.economic_target, account.account)
        found.append(findings)
        connection = connections.get(account.economic_target)
        if connection is None:
            note_missing(findings, account.economic_target)
            continue
        client = findings.ask(partial(economic_client, connection))
        if client is not None:
            check_account(client, findings, account)
    return found


def _probes(shops: Sequence[ShopSettings]) -> dict[str, Probe]:
    """Return how to ask each system, by connection."""
    probes: dict[str, Probe] = {shop.connection: _shop_probe(shop) for shop in shops}
    for target in sorted({shop.rackbeat_target for shop in shops if shop.rackbeat_target}):
        probes[target] = _rackbeat_probe([shop for shop in shops if shop.rackbeat_target == target])
    for target in sorted({shop.economic_target for shop in shops if shop.economic_target}):
        probes[target] = _economic_probe([shop for shop in shops if shop.economic_target == target])
    return probes


def _shop_probe(shop: ShopSettings) -> Probe:
    def probe(connection: ConnectionFacts, findings: Findings) -> str:
        client = shop_client(connection, shop)
        identity = probe_shop(client, findings, shop)
        if identity:
            probe_webhooks(client, findings, shop, connection, identity)
        return identity

    return probe


def _rackbeat_probe(shops: Sequence[ShopSettings]) -> Probe:
    return lambda connection, findings: probe_rackbeat(rackbeat_client(connection), findings, shops)


def _economic_probe(shops: Sequence[ShopSettings]) -> Probe:
    today = datetime.now(ZoneInfo(shops[0].timezone)).date()
    return lambda connection, findings: probe_economic(economic_client(connection), findings, shops, today)
