"""`python -m pakhus apply`: make what is missing. Run in the Airflow installation, after each change of the settings.

Creates the pools that are not there (sizes that somebody has changed are left alone), brings the ledger's tables up to
date, says which connections are missing, and registers the webhooks of shops that want them, or repairs them. Doing it
again changes nothing. It prints no secret: where one is missing, it says how to make one and where to put it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from pakhus.clients.webshop import WebhookState
from pakhus.commands import Exit, Say
from pakhus.commands.airflow_command import AirflowCommand, airflow_here
from pakhus.connections import (
    LEDGER_CONNECTION,
    LEDGER_URL_VARIABLE,
    ConnectionFacts,
    connections_from_environment,
    find_ledger_url,
)
from pakhus.flows.webhooks import described, ensure
from pakhus.ledger.connection import Ledger
from pakhus.ledger.migrate import migrate
from pakhus.probes.findings import Findings
from pakhus.probes.installation import (
    account_connections,
    check_account_connections,
    check_connections,
    needed_connections,
)
from pakhus.probes.systems import Connections, shop_client
from pakhus.probes.webhooks import secret_of
from pakhus.settings import ShopSettings, load_all
from pakhus.settings.accounts import load_accounts
from pakhus.settings.pools import Pool, pools_of


def configure(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace, say: Say) -> int:
    del options
    shops, accounts = load_all(), load_accounts()
    findings = Findings("apply")
    airflow, wanted = airflow_here(), {*needed_connections(shops), *account_connections(accounts)}
    connections: Connections = connections_from_environment()
    if airflow is None:
        findings.operator(
            "there is no Airflow here: no pool was made", "Run this where Airflow runs, with its AIRFLOW_HOME set."
        )
    else:
        make_pools(airflow, shops, findings, say)
        if find_ledger_url(connections) is None or not connections.keys() >= wanted:
            connections = {**(findings.ask(airflow.connections) or {}), **connections}
    url = find_ledger_url(connections)
    ready = migrate_ledger(url, findings, say)
    check_connections(findings, shops, connections)
    check_account_connections(findings, accounts, connections)
    if url is not None and ready:
        register_webhooks(url, shops, connections, findings, say)
    for finding in findings.found:
        say(f"  - {finding}")
    say("\nSomething is left to do." if findings.found else "\nEverything is there.")
    return Exit.FOUND if findings.found else Exit.WELL


def make_pools(airflow: AirflowCommand, shops: Sequence[ShopSettings], findings: Findings, say: Say) -> None:
    """Create the pools that are missing; one that is there keeps its size."""
    slots = findings.ask(airflow.pools)
    if slots is None:
        return
    wanted = pools_of(shops)
    missing = [pool for pool in wanted if pool.name not in slots]
    if missing:
        slots = findings.ask(partial(_made, airflow, missing)) or slots
    made = [pool.name for pool in missing if pool.name in slots]
    done = f"made {', '.join(made)}" if made else "nothing to make"
    say(f"Pools: {done}; {len(wanted)} are needed.")
    for pool in missing:
        if pool.name not in slots:
            findings.operator(f"pool {pool.name} could not be made", "See what Airflow says of it; apply again.")
    for pool in wanted:
        if pool.name in slots and slots[pool.name] != pool.slots:
            say(f"  pool {pool.name} has {slots[pool.name]} slots; {pool.slots} is usual. Left as it is.")


def _made(airflow: AirflowCommand, missing: Sequence[Pool]) -> dict[str, int]:
    airflow.import_pools(missing)
    return airflow.pools()


def migrate_ledger(url: str | None, findings: Findings, say: Say) -> bool:
    """Bring the ledger's tables up to date; false when that could not be done."""
    if url is None:
        findings.operator(
            "nothing says where the ledger is",
            f"Create the Airflow connection {LEDGER_CONNECTION} (type postgres, schema is the database), or set "
            f"{LEDGER_URL_VARIABLE}.",
        )
        return False
    try:
        before = _revision(url)
        migrate(url)
        after = _revision(url)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        findings.operator(
            f"the ledger's database cannot be used: {cause[0] if cause else type(error).__name__}",
            f"See whether the database runs and the connection {LEDGER_CONNECTION} is right; apply again.",
        )
        return False
    change = "nothing to change" if before == after else f"brought from {before or 'an empty database'} to {after}"
    say(f"Ledger: {change}; it is at revision {after}.")
    return True


def register_webhooks(
    url: str, shops: Sequence[ShopSettings], connections: Connections, findings: Findings, say: Say
) -> None:
    """Register or repair the webhooks of each shop that wants them and has a connection."""
    with closing(Ledger(url)) as ledger:
        for shop in shops:
            connection = connections.get(shop.connection)
            if not shop.webhooks.enabled or connection is None:
                continue
            secret = secret_of(connection, findings)
            if secret is None:
                continue
            work = partial(_registered, connection, ledger, shop, secret)
            states = findings.ask(work)
            if states is not None:
                say(f"Webhooks of {shop.shop}: {described(states)}.")


def _registered(connection: ConnectionFacts, ledger: Ledger, shop: ShopSettings, secret: str) -> Sequence[WebhookState]:
    return ensure(shop_client(connection, shop), ledger, shop, secret)


def _revision(url: str) -> str | None:
    """Return the revision of the ledger's schema, or None before its first migration."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
