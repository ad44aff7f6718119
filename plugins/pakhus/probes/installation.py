"""What the shops need of the Airflow installation: pools, connections, the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pakhus.connections import ConnectionFacts, economic_settings, rackbeat_settings, woocommerce_settings
from pakhus.errors import ConfigurationError
from pakhus.probes.findings import Findings
from pakhus.provider_connections import settlement_client
from pakhus.settings import ShopSettings
from pakhus.settings.accounts import AccountSettings
from pakhus.settings.pools import Pool


def check_pools(findings: Findings, wanted: Iterable[Pool], slots: Mapping[str, int]) -> None:
    """Note the pools that Airflow lacks."""
    for pool in wanted:
        if pool.name not in slots:
            findings.operator(
                f"Airflow has no pool {pool.name}: tasks that run in it would wait for ever, without a word",
                "Run `python -m pakhus apply`.",
            )


def check_connections(
    findings: Findings, shops: Iterable[ShopSettings], connections: Mapping[str, ConnectionFacts]
) -> None:
    """Note the connections that are missing or from which no client can be made. Asks no system."""
    for conn_id in needed_connections(shops):
        connection = connections.get(conn_id)
        if connection is None:
            note_missing(findings, conn_id)
            continue
        try:
            _SETTINGS[conn_id.partition("__")[0]](connection)
        except ConfigurationError as error:
            findings.operator(str(error), "Mend the connection in Airflow, or where its variable is set.")


def needed_connections(shops: Iterable[ShopSettings]) -> list[str]:
    """Return the connections that these shops name, each once."""
    named = [name for shop in shops for name in (shop.connection, shop.rackbeat_target, shop.economic_target)]
    return sorted({name for name in named if name})


def check_account_connections(
    findings: Findings, accounts: Iterable[AccountSettings], connections: Mapping[str, ConnectionFacts]
) -> None:
    """Note the connections of polled providers that are missing or from which no client can be made. Asks nobody."""
    for account in accounts:
        if account.api is None or account.api_connection is None:
            continue
        connection = connections.get(account.api_connection)
        if connection is None:
            note_missing(findings, account.api_connection)
            continue
        try:
            settlement_client(account.api.provider, connection)
        except ConfigurationError as error:
            findings.operator(str(error), "Mend the connection in Airflow, or where its variable is set.")


def account_connections(accounts: Iterable[AccountSettings]) -> list[str]:
    """Return the connections by which these accounts' providers are polled, each once."""
    return sorted({name for account in accounts if (name := account.api_connection)})


def alert_connections(shops: Iterable[ShopSettings]) -> dict[str, str]:
    """Return the connections by which alerts of these shops go out, each with its type."""
    found: dict[str, str] = {}
    for section in (shop.alerts for shop in shops):
        if section.mail_to:
            found[section.mail_connection] = "smtp"
        if section.slack_connection:
            found[section.slack_connection] = "slackwebhook"
        if section.webhook_connection:
            found[section.webhook_connection] = "http"
    return found


def check_alert_channels(
    findings: Findings, shops: Sequence[ShopSettings], connections: Mapping[str, ConnectionFacts]
) -> None:
    """Note the channels of alerts that could not be used, and the shops that nobody is told of. Sends nothing."""
    for conn_id, kind in alert_connections(shops).items():
        if conn_id not in connections:
            findings.operator(
                f"there is no Airflow connection {conn_id}: alerts could not be sent by it",
                f"Create it (type {kind}; docs/runbooks/alerts.md), or take it out of the shop files.",
            )
    told = [shop.shop for shop in shops if alert_connections([shop])]
    untold = [shop.shop for shop in shops if shop.shop not in told]
    if told:
        findings.facts.append(f"somebody is told of red runs of {', '.join(told)}")
    if untold:
        findings.facts.append(f"nobody is told of red runs of {', '.join(untold)}")


def note_missing(findings: Findings, conn_id: str) -> None:
    """Note that there is no such connection."""
    kind = conn_id.partition("__")[0]
    findings.operator(
        f"there is no Airflow connection {conn_id}",
        f"Create it (type {kind}; docs/settings.md lists its fields), or set AIRFLOW_CONN_{conn_id.upper()}.",
    )


_SETTINGS: dict[str, Callable[[ConnectionFacts], object]] = {
    "woocommerce": woocommerce_settings,
    "rackbeat": rackbeat_settings,
    "economic": economic_settings,
}
