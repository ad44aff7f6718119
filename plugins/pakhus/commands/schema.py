"""`python -m pakhus schema`: the JSON Schemas beside the files that they describe."""

from __future__ import annotations

import argparse
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.settings import include_folder
from pakhus.settings.schema import account_schema, as_text, columns_schema, mapping_schema, shop_schema

SHOPS_FILE, MAPPINGS_FILE = "shops.schema.json", "mappings.schema.json"
ACCOUNTS_FILE, COLUMNS_FILE = "accounts.schema.json", "settlements.schema.json"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, help="folder to write to; default: the folder of settings")


def run(options: argparse.Namespace, say: Say) -> int:
    folder: Path = options.to or include_folder()
    schemas = {
        SHOPS_FILE: shop_schema(),
        MAPPINGS_FILE: mapping_schema(),
        ACCOUNTS_FILE: account_schema(),
        COLUMNS_FILE: columns_schema(),
    }
    for name, schema in schemas.items():
        (folder / name).write_text(as_text(schema), encoding="utf-8")
        say(f"wrote {folder / name}")
    return Exit.WELL
