"""`python -m pakhus <command>`: check, apply, and what else needs no running Airflow.

Exit code 0: all is well; 1: something was found or failed; 2: the settings, or the command itself, are wrong.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from pakhus.commands import COMMANDS, Exit
from pakhus.errors import PakhusError
from pakhus.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="python -m pakhus",
        description="Webshops, the Rackbeat warehouse and the e-conomic accounts.",
        epilog="\n".join(f"  {name:<10} {meaning}" for name, meaning in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command", help="one of those below")
    name = parser.parse_args(given[:1]).command
    command = importlib.import_module(f"pakhus.commands.{name}")
    own = argparse.ArgumentParser(prog=f"python -m pakhus {name}", description=COMMANDS[name])
    command.configure(own)
    try:
        code: int = command.run(own.parse_args(given[1:]), print)
    except SettingsError as error:
        print(error)
        print(f"\nThe settings are wrong: {len(error.problems)} problem{'s' if len(error.problems) > 1 else ''}.")
        return Exit.SETTINGS_WRONG
    except PakhusError as error:
        print(f"{error}")
        return Exit.FOUND
    return code


if __name__ == "__main__":
    raise SystemExit(main())
