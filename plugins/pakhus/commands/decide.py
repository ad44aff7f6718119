"""`python -m pakhus decide card`: what waits for a person's word at a provider account, and the answers.

`decide card card-po_1-payout 4 link nordlys-1042-payment1`, `… 4 post 2990`, `… 4 ignore "a test of the gateway"`,
`… 4 wait`; `decide card <key of a file> take`, or `ignore`.
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator, Sequence

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.errors import ConfigurationError
from pakhus.flows import payout_decisions
from pakhus.flows.payout_decisions import OpenLine, OpenMatter, Said, decide_file, decide_line, open_matters
from pakhus.ledger.connection import Ledger
from pakhus.reasons import Answer
from pakhus.settings.accounts import account_names, load_account

_WAYS = ", ".join(say.value for say in payout_decisions.Say)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", help="the provider account's id; alone: list what waits for a person")
    parser.add_argument("key", nargs="?", help="the payout's or the file's key, as the list has it")
    parser.add_argument(
        "words",
        nargs="*",
        metavar="answer",
        help="a line's number, then link, post, ignore or wait; of a file take or ignore",
    )
    parser.add_argument(
        "--rest", type=int, metavar="ACCOUNT", help="with link: where what the document does not explain goes"
    )
    parser.add_argument("--note", default="", help="for whoever reads the log; no names")


def run(options: argparse.Namespace, say: Say) -> int:
    if options.account not in account_names():
        known = ", ".join(account_names()) or "none"
        raise ConfigurationError(f"there is no provider account {options.account}; there are: {known}")
    with used(ledger_here()) as ledger:
        return _listed(ledger, options.account, say) if options.key is None else _decided(ledger, options, say)


def _decided(ledger: Ledger, options: argparse.Namespace, say: Say) -> int:
    words: Sequence[str] = options.words
    who = getpass.getuser()
    if words and not words[0].isdigit():
        say(decide_file(ledger, options.account, options.key, _answer(words), who).text())
    else:
        number, said = _said(words, options.rest, options.note)
        say(decide_line(ledger, load_account(options.account), options.key, number, said, who))
    say(f"Trigger {options.account}__payouts to have it at once.")
    return Exit.WELL


def _answer(words: Sequence[str]) -> Answer:
    if len(words) != 1 or words[0] not in (Answer.TAKE, Answer.IGNORE):
        raise ConfigurationError("of a file say take or ignore; of a payout its line's number first")
    return Answer(words[0])


def _said(words: Sequence[str], rest: int | None, note: str) -> tuple[int, Said]:
    """What is said about which line. ConfigurationError with the form of the words."""
    if len(words) not in (2, 3) or words[1] not in set(payout_decisions.Say):
        raise ConfigurationError(
            f"say the line's number and one of {_WAYS}; link with a document's key, post with an account"
        )
    number, say, told = words[0], payout_decisions.Say(words[1]), "".join(words[2:])
    match say:
        case payout_decisions.Say.LINK:
            return int(number), Said(say, document=told, account=rest, note=note)
        case payout_decisions.Say.POST:
            if not told.isdigit():
                raise ConfigurationError(f"post needs the number of an account, not {told!r}")
            return int(number), Said(say, account=int(told), note=note)
        case _:
            return int(number), Said(say, note=told or note)


def _listed(ledger: Ledger, account: str, say: Say) -> int:
    with ledger.begin() as tx:
        found = open_matters(tx, account)
    for matter in found:
        for line in _told(matter):
            say(line)
    if not found:
        say(f"Nothing of {account} waits for a person.")
    return Exit.FOUND if found else Exit.WELL


def _told(matter: OpenMatter) -> Iterator[str]:
    document = matter.document
    yield f"{document.key}: {document.verdict.text()}"
    if matter.answers:
        yield f"  answers: {', '.join(matter.answers)}"
    for line in matter.lines:
        yield from _line_told(line)


def _line_told(open_line: OpenLine) -> Iterator[str]:
    line = open_line.line
    kind, provider_id, _ = line.line
    yield f"  line {line.number}: {kind} {line.gross:.2f} {provider_id}: {line.outcome}"
    for one in open_line.candidates:
        yield f"    may pay {one.key}: order {one.order_number}, {one.open:.2f} {one.currency} open"
    for said in open_line.said[-1:]:
        yield f"    {said.by} said {said.action} on {said.at:%Y-%m-%d}{f': {said.note}' if said.note else ''}"
