"""The systems of a shop as the command line reaches them: by the same Airflow connections as its DAGs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from pakhus.clients.economic import BUCKET_CALLS, REFILL_PER_S, EconomicClient
from pakhus.clients.rackbeat import CALLS_PER_MINUTE, RackbeatClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.commands.airflow_command import airflow_here
from pakhus.commands.ledger_here import ledger_among, used
from pakhus.connections import (
    LEDGER_CONNECTION,
    ConnectionFacts,
    connections_from_environment,
    connections_from_file,
    economic_settings,
    rackbeat_settings,
    woocommerce_settings,
)
from pakhus.errors import ConfigurationError
from pakhus.ledger.budgets import Bucket, LedgerBudget
from pakhus.ledger.connection import Ledger
from pakhus.probes.systems import Connections
from pakhus.settings import ShopSettings

CONNECTIONS_HELP = (
    "JSON as `airflow connections export` writes it; default: AIRFLOW_CONN_* and this installation's Airflow"
)


def connections_for(shop: ShopSettings, file: Path | None) -> Connections:
    """Return the connections of a file, else of the environment, filled up from this Airflow where some are missing."""
    if file is not None:
        return connections_from_file(file)
    connections, airflow = connections_from_environment(), airflow_here()
    targets = {target for target in (shop.economic_target, shop.rackbeat_target) if target}
    wanted = {shop.connection, *targets, LEDGER_CONNECTION}
    if wanted <= connections.keys() or airflow is None:
        return connections
    return {**airflow.connections(), **connections}


@contextmanager
def opened(shop: ShopSettings, file: Path | None) -> Iterator[tuple[Connections, Ledger]]:
    """The connections of a shop's systems, and the ledger, which is closed at the end."""
    connections = connections_for(shop, file)
    with used(ledger_among(connections)) as ledger:
        yield connections, ledger


def webshop_of(shop: ShopSettings, connections: Connections) -> WooCommerceClient:
    """Return the client of a shop; ConfigurationError when its connection is missing."""
    return WooCommerceClient.from_settings(woocommerce_settings(_connection(connections, shop.connection), shop))


def accounts_of(target: str, connections: Connections, ledger: Ledger) -> EconomicClient:
    """Return the client of an e-conomic agreement; its calls count on the budget that the flows share."""
    budget = LedgerBudget(ledger, Bucket(target, BUCKET_CALLS, Decimal(REFILL_PER_S)))
    return EconomicClient.from_settings(economic_settings(_connection(connections, target)), budget)


def warehouse_of(target: str, connections: Connections, ledger: Ledger) -> RackbeatClient:
    """Return the client of a Rackbeat agreement; its calls count on the budget that the flows share."""
    bucket = Bucket(target, CALLS_PER_MINUTE // 4, Decimal(CALLS_PER_MINUTE) / 60)
    return RackbeatClient.from_settings(
        rackbeat_settings(_connection(connections, target)), LedgerBudget(ledger, bucket)
    )


def _connection(connections: Connections, name: str) -> ConnectionFacts:
    try:
        return connections[name]
    except KeyError:
        raise ConfigurationError(
            f"there is no Airflow connection {name}: create it, or set AIRFLOW_CONN_{name.upper()}"
        ) from None
