"""`python -m pakhus start nordlys`: the first start of a shop, step by step; says what is missing and what comes next.

A shop without a file gets one proposed, and a mapping, from what its systems have; `--write` writes them. To a mapping
that is there, the payment methods that it lacks are proposed as a difference.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.airflow_command import airflow_here
from pakhus.commands.check import installation
from pakhus.commands.ledger_here import ledger_of
from pakhus.commands.live_systems import CONNECTIONS_HELP
from pakhus.commands.proposed import Proposer
from pakhus.connections import connections_from_environment, connections_from_file
from pakhus.errors import ConfigurationError
from pakhus.probes.findings import Findings
from pakhus.probes.first_start import ORDERS_TRIED, FirstStart, Standing, Step
from pakhus.probes.systems import Connections
from pakhus.settings import include_folder, load_shop, shop_path
from pakhus.settings.shop import NAME_PATTERN

# What each step means, by its name (probes.first_start.NAMES).
_ABOUT = {
    "connected": "each system answers to its Airflow connection",
    "mapped": "the settings fit what the systems have",
    "initial sync": "the warehouse has what the shop sells",
    "dry run": "the newest orders can be invoiced, and the bookkeeper approves where to",
    "draft": "drafts are made and equal what was computed",
    "auto": "invoices are booked by themselves",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shop", help="the shop's id; a new one needs the connection woocommerce__<shop> only")
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FOLDER",
        help="write what is proposed into the settings, or into this folder where those cannot be written here",
    )
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="answer a question of the proposal, like economic.layout=21; once for each",
    )
    parser.add_argument("--rackbeat", metavar="NAME", help="a new shop's Rackbeat agreement; none: -")
    parser.add_argument("--economic", metavar="NAME", help="a new shop's e-conomic agreement; none: -")
    parser.add_argument("--mapping", metavar="NAME", help="a new shop's mapping; default: one called after the shop")
    parser.add_argument("--orders", type=int, default=ORDERS_TRIED, metavar="N", help="orders tried in the dry run")
    parser.add_argument("--connections", type=Path, metavar="FILE", help=CONNECTIONS_HELP)


def run(options: argparse.Namespace, say: Say) -> int:
    if not re.fullmatch(NAME_PATTERN, options.shop):
        raise ConfigurationError(f"{options.shop!r} is no id of a shop: write lower-case letters, digits and _")
    answers = _answers(options.answer)
    found: list[Findings] = []
    with ExitStack() as stack:
        connections = _connections(options, found)
        ledger = ledger_of(connections)
        if ledger is not None:
            stack.callback(ledger.close)
        proposer = Proposer(options.shop, connections, ledger, answers)
        if not shop_path(options.shop).is_file():
            return proposer.new(options.rackbeat, options.economic, options.mapping, _folder(options.write), say)
        shop = load_shop(options.shop)
        steps = FirstStart(shop, connections, ledger, options.orders).steps()
        _with_installation(steps[0], found)
        say(f"{shop.shop}: the first start, step by step\n")
        for number, step in enumerate(steps, 1):
            tell(number, step, say)
        if steps[1].standing is Standing.MISSING:
            proposer.additions(shop, _folder(options.write), say)
    missing = next((step for step in steps if not step.passes), None)
    say(f"\nNext comes: {missing.name}." if missing else "\nThe shop runs by itself.")
    return Exit.FOUND if missing else Exit.WELL


def tell(number: int, step: Step, say: Say) -> None:
    """Print a step: where it stands, what holds, what is missing, and the command that comes next."""
    say(f"{number} {step.name}: {step.standing.value.upper()} ({_ABOUT[step.name]})")
    for findings in step.found:
        if findings.facts:
            say(f"    {findings.title}: {'; '.join(findings.facts)}")
        elif findings.found:
            say(f"    {findings.title}:")
        for finding in findings.found:
            say("      - " + str(finding).replace("\n", "\n    "))
    for command in step.commands:
        say(f"    Next: {command}")


def _folder(given: Path | None) -> Path | None:
    return include_folder() if given == Path() else given


def _answers(given: Sequence[str]) -> dict[str, str]:
    wrong = [text for text in given if "=" not in text]
    if wrong:
        raise ConfigurationError(f"--answer {wrong[0]}: write it like economic.layout=21")
    return dict(text.split("=", 1) for text in given)


def _connections(options: argparse.Namespace, found: list[Findings]) -> Connections:
    if options.connections:
        return connections_from_file(options.connections)
    if shop_path(options.shop).is_file():
        return installation([load_shop(options.shop)], found)
    airflow = airflow_here()
    there = connections_from_environment()
    return there if airflow is None else {**airflow.connections(), **there}


def _with_installation(step: Step, found: Sequence[Findings]) -> None:
    """The pools that Airflow lacks belong to the first step: without them every task waits for ever."""
    step.found += found
    if any(findings.found for findings in found):
        step.standing, step.commands = Standing.MISSING, ("python -m pakhus apply",)
