"""`python -m pakhus resume nordlys orders`: let a stopped flow of a shop go on."""

from __future__ import annotations

import argparse

from pakhus.commands import Say
from pakhus.commands.stop import choose_flow, switch
from pakhus.flows.stopping import resume_flow


def configure(parser: argparse.ArgumentParser) -> None:
    choose_flow(parser)


def run(options: argparse.Namespace, say: Say) -> int:
    shop, flow = options.shop, options.flow
    return switch(shop, lambda tx: resume_flow(tx, shop, flow), say)
