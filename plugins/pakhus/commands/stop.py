"""`python -m pakhus stop nordlys orders --because "stocktaking"`: stop a flow of a shop, or all, within a document."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.errors import ConfigurationError
from pakhus.flows.stopping import stop_flow
from pakhus.ledger.connection import Transaction
from pakhus.settings import ALL_FLOWS, FLOWS, shop_names
from pakhus.settings.accounts import account_names, flows_to_switch
from pakhus.settings.flows import PAYOUTS


def configure(parser: argparse.ArgumentParser) -> None:
    choose_flow(parser)
    parser.add_argument("--because", required=True, metavar="WHY", help="for whoever finds the flow stopped; no names")


def run(options: argparse.Namespace, say: Say) -> int:
    shop, flow, cause = options.shop, options.flow, options.because.strip()
    if not cause:
        raise ConfigurationError("--because is empty: whoever finds the flow stopped wants to know why")
    who = getpass.getuser()
    return switch(shop, flow, lambda tx: stop_flow(tx, shop, flow, stopped_by=who, cause=cause), say)


def choose_flow(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a shop and one or all of its flows."""
    parser.add_argument("shop", help="the shop's id, or that of an account at a payment provider")
    choices = (*FLOWS, PAYOUTS, ALL_FLOWS)
    parser.add_argument("flow", choices=choices, help="the flow; payouts: of an account; all: every flow of the shop")


def switch(shop: str, flow: str, change: Callable[[Transaction], str], say: Say) -> int:
    """Make a change to the stops of a shop or account and say what it did."""
    flows = flows_to_switch(shop)
    if not flows:
        known = ", ".join([*shop_names(), *account_names()])
        raise ConfigurationError(f"there is no shop {shop}; there are: {known or 'none'}")
    if flow not in (*flows, ALL_FLOWS):
        raise ConfigurationError(f"{shop} has no flow {flow}; it has: {', '.join(flows)}")
    with used(ledger_here(), "nothing was switched") as ledger, ledger.begin() as tx:
        told = change(tx)
    say(told)
    return Exit.WELL
