"""`python -m pakhus reference`: docs/settings.md, made from the models and the connections' forms."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pakhus.clients.economic import DEFAULT_URL as ECONOMIC_URL
from pakhus.clients.rackbeat import DEFAULT_URL as RACKBEAT_URL
from pakhus.commands import COMMANDS, Exit, Say
from pakhus.connection_forms import provider_info
from pakhus.settings import include_folder
from pakhus.settings.pools import AGREEMENT_SLOTS, SHOP_SLOTS
from pakhus.settings.reference import reference_of_files

_INTRODUCTION = """\
# Settings

Made by `python -m pakhus reference`; a test says when it is out of date.

Settings are data, in `include/` (or the folder that `PAKHUS_INCLUDE` names):

* `shops/<shop>.yaml`: one file per shop, called after the shop's id;
* `mappings/<name>.yaml`: payment terms, layouts, product numbers and so on, shared by the shops that name it. A mapping
  may extend another one: a part that it has (`rackbeat`, `economic`, …) replaces the whole part there;
* `settlements/<name>.yaml`: how to read a payment provider's table that no reader knows;
  see [settlements](settlements.md).

Adding a shop is one file, its Airflow connections, and `python -m pakhus apply`. Then `python -m pakhus check` compares
the files with the live systems and says what is wrong, who must act and what to do.

Files are YAML, but every value is read as text and taken for what the key needs: `mode: off`, the country `NO`, the
product number `0012` and the rate `0.25` need no quotes. A key twice, a key without value, an anchor or an unknown key
is a problem, and all problems of all files are told at once, each as `file:line: key: what is wrong, what to do`.

Editors that know the YAML language server complete and check while you type: the first line of a file names its schema
(`include/shops.schema.json`, `include/mappings.schema.json`, made by `python -m pakhus schema`).
"""

_ENVIRONMENT = """\
## Environment

| variable | meaning |
| --- | --- |
| `PAKHUS_INCLUDE` | the folder of settings; default: `include/` beside the folder `plugins/` |
| `PAKHUS_LEDGER_URL` | the ledger's SQLAlchemy URL for the command line; default: the connection `pakhus_ledger` |
| `AIRFLOW_CONN_<ID>` | a connection as JSON or URI, as Airflow reads it; the command line reads the same |
"""

# The standard fields of a connection that ours use: (Airflow's name, Airflow's label).
_FIELDS = (("host", "Host"), ("schema", "Schema"), ("port", "Port"), ("login", "Login"), ("password", "Password"))
_MEANINGS = {
    ("woocommerce", "host"): "the shop's address; `/wp-json/wc/v3` is added here",
    ("woocommerce", "login"): "the REST API's consumer key (`ck_…`); its user must be a shop manager or administrator",
    ("woocommerce", "password"): "the consumer secret (`cs_…`)",
    ("rackbeat", "host"): f"only for another server than Rackbeat's own, `{RACKBEAT_URL}`",
    ("rackbeat", "password"): "the API key",
    ("economic", "host"): f"only for another server than e-conomic's own, `{ECONOMIC_URL}`",
    ("economic", "password"): "the agreement's grant token",
    (
        "stripe",
        "password",
    ): "a restricted key (Developers → API keys) with read access to *Balance* and *Payouts*, no more",
    ("klarna", "login"): "API username (merchant portal → Settings → Klarna API keys)",
    ("klarna", "password"): "API password",
    ("vipps_mobilepay", "login"): "`client_id` of the sales unit, or of an accounting partner",
    ("vipps_mobilepay", "password"): "`client_secret` of the same",
    ("paypal", "login"): "client id of an app (developer.paypal.com) that may search transactions",
    ("paypal", "password"): "its secret",
    ("epay", "password"): "an API key of the ePay administration",
}
_COMMON = {
    "host": "only for another server than the provider's own",
    "login": "as in the form",
    "password": "as in the form",
    "schema": "`http` or `https` where the host does not say it; default `https`",
    "port": "where the host does not say it",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, help="file to write; default: docs/settings.md of the project")


def run(options: argparse.Namespace, say: Say) -> int:
    file: Path = options.to or include_folder().parent / "docs" / "settings.md"
    file.write_text(reference(), encoding="utf-8")
    say(f"wrote {file}")
    return Exit.WELL


def reference() -> str:
    """Return docs/settings.md."""
    return "\n".join((_INTRODUCTION, reference_of_files(), *_connections(), *_pools(), _ENVIRONMENT, *_commands()))


def _connections() -> Iterator[str]:
    yield "## Connections\n"
    yield (
        "Ids are `<platform>__<shop>`, `rackbeat__<agreement>`, `economic__<agreement>` and, for an account whose "
        "provider is polled, `<provider>__<account>`; the ledger is `pakhus_ledger` (type postgres).\n"
    )
    for form in provider_info()["connection-types"]:
        kind = form["connection-type"]
        yield f"### Type `{kind}` ({form['hook-name']})\n"
        yield "| field | in Airflow's form | meaning |"
        yield "| --- | --- | --- |"
        yield from _standard_fields(kind, form["ui-field-behaviour"])
        for name, own in form["conn-fields"].items():
            yield f"| `extra.{name}` | {own['label']} | {own['description']} |"
        yield ""
    yield (
        "Alerts go out by connections of Airflow's own types (`smtp`, `slackwebhook`, `http`), named in the shop "
        "files; `pakhus_alive` (type http) is the address of an outside check that Airflow lives. See "
        "[alerts](runbooks/alerts.md).\n"
    )


def _standard_fields(kind: str, behaviour: Mapping[str, Any]) -> Iterator[str]:
    for name, label in _FIELDS:
        if name not in behaviour["hidden-fields"]:
            meaning = _MEANINGS.get((kind, name)) or _COMMON[name]
            yield f"| `{name}` | {behaviour['relabeling'].get(name, label)} | {meaning} |"


def _pools() -> Iterator[str]:
    yield "## Pools\n"
    yield (
        f"One Airflow pool per agreement ({AGREEMENT_SLOTS} slots) and per shop ({SHOP_SLOTS} slots), called like the "
        "connection. `python -m pakhus apply` makes those that are missing and leaves the size of the others alone; "
        "`python -m pakhus pools` prints them for `airflow pools import`.\n"
    )


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "Exit code 0: all is well; 1: something was found; 2: the settings are wrong.\n"
    yield "| `python -m pakhus …` | what it does |"
    yield "| --- | --- |"
    for name, meaning in COMMANDS.items():
        yield f"| `{name}` | {meaning} |"
    yield ""
