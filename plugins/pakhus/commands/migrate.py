"""`python -m pakhus migrate`: bring the ledger's tables up to date and do nothing else.

A deployment runs it as a step before anything that uses the ledger. It needs the ledger's address only, no Airflow.
"""

from __future__ import annotations

import argparse

from pakhus.commands import Exit, Say
from pakhus.commands.apply import migrate_ledger
from pakhus.connections import connections_from_environment, find_ledger_url
from pakhus.probes.findings import Findings


def configure(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace, say: Say) -> int:
    del options
    findings = Findings("migrate")
    migrate_ledger(find_ledger_url(connections_from_environment()), findings, say)
    for finding in findings.found:
        say(f"  - {finding}")
    return Exit.FOUND if findings.found else Exit.WELL
