"""`python -m pakhus resume nordlys orders`: let a stopped flow of a shop go on."""

from __future__ import annotations

import argparse
import getpass

from pakhus.commands import Say
from pakhus.commands.stop import choose_flow, switch
from pakhus.flows.stopping import resume_flow


def configure(parser: argparse.ArgumentParser) -> None:
    choose_flow(parser)


def run(options: argparse.Namespace, say: Say) -> int:
    shop, flow, who = options.shop, options.flow, getpass.getuser()
    return switch(shop, flow, lambda tx: resume_flow(tx, shop, flow, who=who), say)
