"""`python -m pakhus check`: settings, then live systems; prints everything at once and changes nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from pakhus.commands import Exit, Say
from pakhus.commands.airflow_command import airflow_here
from pakhus.commands.ledger_here import ledger_of
from pakhus.commands.tables import write_csv
from pakhus.connections import connections_from_environment, connections_from_file
from pakhus.errors import ConfigurationError
from pakhus.flows.stopping import stopped
from pakhus.probes.ean_fields import probe_ean_fields
from pakhus.probes.findings import Findings
from pakhus.probes.installation import (
    account_connections,
    alert_connections,
    check_alert_channels,
    check_pools,
    needed_connections,
)
from pakhus.probes.methods import probe_methods
from pakhus.probes.products import probe_products
from pakhus.probes.providers import probe_providers
from pakhus.probes.systems import Connections, probe_accounts, probe_systems
from pakhus.rules.sku_report import SkuProblem
from pakhus.settings import ShopSettings, include_folder, load_all, load_shop
from pakhus.settings.accounts import AccountSettings, load_accounts
from pakhus.settings.pools import pools_of

# Payment methods that nobody used for so long are told by nobody.
_METHODS_SPAN = timedelta(days=90)
_PRODUCT_COLUMNS = tuple(field.name for field in fields(SkuProblem))


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shop", help="this shop only")
    parser.add_argument("--offline", action="store_true", help="settings only; asks no system")
    parser.add_argument("--products", action="store_true", help="compare the SKUs that the shops sell, too")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="with --products: every product that was found, as a table"
    )
    parser.add_argument(
        "--connections",
        type=Path,
        metavar="FILE",
        help="JSON as `airflow connections export` writes it; default: AIRFLOW_CONN_* and this installation's Airflow",
    )


def run(options: argparse.Namespace, say: Say) -> int:
    if options.csv is not None and not options.products:
        raise ConfigurationError("--csv is the table of products: add --products")
    shops = (load_shop(options.shop),) if options.shop else load_all()
    if not shops:
        say(f"There is no shop file in {include_folder() / 'shops'}; see docs/settings.md.")
        return Exit.SETTINGS_WRONG
    say(f"The settings are well formed: {', '.join(shop.shop for shop in shops)}.")
    accounts = load_accounts()
    if accounts:
        say(f"Provider accounts: {', '.join(account.account for account in accounts)}.")
    if options.offline:
        return Exit.WELL
    found: list[Findings] = []
    if options.connections:
        connections: Connections = connections_from_file(options.connections)
    else:
        connections = installation(shops, found, accounts)
    systems = probe_systems(shops, connections)
    reached = {findings.connection for findings in systems if findings.facts}
    systems += _methods([shop for shop in shops if shop.connection in reached], connections)
    systems += probe_accounts(_accounts_of(accounts, shops, options.shop), shops, connections)
    if options.products:
        whole = [shop for shop in shops if reached >= set(needed_connections([shop]))]
        products = probe_products(whole, connections)
        systems += products.found
        if options.csv is not None:
            write_csv(options.csv, _PRODUCT_COLUMNS, [astuple(problem) for problem in products.problems])
    systems += probe_providers(accounts, connections)
    return _told([*found, *_stops(connections), _channels(shops, connections), *systems], say)


def _accounts_of(
    accounts: Sequence[AccountSettings], shops: Sequence[ShopSettings], shop: str | None
) -> list[AccountSettings]:
    """Of one shop those whose payouts go where its payments do."""
    targets = {one.economic_target for one in shops}
    return [account for account in accounts if shop is None or account.economic_target in targets]


def _methods(shops: Sequence[ShopSettings], connections: Connections) -> list[Findings]:
    """Say which payment methods and fields with an EAN the shops' orders used, and which of them are not mapped."""
    ledger = ledger_of(connections)
    try:
        methods = probe_methods(shops, connections, ledger, datetime.now(UTC) - _METHODS_SPAN)
        return methods + probe_ean_fields(shops, ledger)
    finally:
        if ledger is not None:
            ledger.close()


def _channels(shops: Sequence[ShopSettings], connections: Connections) -> Findings:
    findings = Findings("Alerts")
    check_alert_channels(findings, shops, connections)
    return findings


def _stops(connections: Connections) -> list[Findings]:
    """Say which flows are stopped, where the ledger can be asked: they are quiet, not well."""
    ledger = ledger_of(connections)
    if ledger is None:
        return []
    findings = Findings("Stop switch")
    try:
        with ledger.begin() as tx:
            lines = stopped(tx)
    except SQLAlchemyError as error:
        problem = f"the ledger's database cannot be read ({type(error).__name__})"
        findings.operator(problem, "See whether it runs; `python -m pakhus apply` brings its tables up to date.")
        return [findings]
    finally:
        ledger.close()
    findings.facts += [f"{line}. `python -m pakhus resume` lifts it" for line in lines] or ["no flow is stopped"]
    return [findings]


def installation(
    shops: Sequence[ShopSettings], found: list[Findings], accounts: Sequence[AccountSettings] = ()
) -> Connections:
    """Return the connections that this installation has; note what its Airflow lacks."""
    connections = connections_from_environment()
    airflow = airflow_here()
    if airflow is None:
        return connections
    findings = Findings("Airflow")
    found.append(findings)
    slots = findings.ask(airflow.pools)
    if slots is None:
        return connections
    findings.facts.append(f"{len(slots)} pools")
    check_pools(findings, pools_of(shops), slots)
    wanted = {*needed_connections(shops), *alert_connections(shops), *account_connections(accounts)}
    if wanted <= connections.keys():
        return connections
    return {**(findings.ask(airflow.connections) or {}), **connections}


def _told(found: Sequence[Findings], say: Say) -> int:
    for findings in found:
        say(f"\n{findings.title}: {'; '.join(findings.facts) or 'could not be read'}")
        for finding in findings.found:
            say(f"  - {finding}")
        if not findings.found:
            say("  fits")
    problems = sum(len(findings.found) for findings in found)
    say(f"\n{problems} problem{'' if problems == 1 else 's'} found." if problems else "\nNo problem found.")
    return Exit.FOUND if problems else Exit.WELL
