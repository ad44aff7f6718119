"""`python -m pakhus pools`: the pools as JSON, for those who import them by their own means."""

from __future__ import annotations

import argparse
import json

from pakhus.commands import Exit, Say
from pakhus.settings import load_all
from pakhus.settings.pools import pools_json, pools_of


def configure(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace, say: Say) -> int:
    del options
    say(json.dumps(pools_json(pools_of(load_all())), indent=2))
    return Exit.WELL
