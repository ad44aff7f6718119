"""What a shop's settings could say, found in the systems' own lists: proposed with its reason, or asked; pure.

A list's only row, or the only one that is called what such rows are called, is proposed. Where several fit, a person is
asked: a guess about accounts would be found at the year's end. Sources: domain guide 3.7, 4.10; rackbeat.md 3, 5.1;
economic.md 4, 7.1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# How rows for webshop sales, and others, are usually called; each tuple is asked before the next.
Names = Sequence[Sequence[str]]
TO_DO = "TO DO"  # begins the reason of a value that somebody must make true in a system
OF_WEBSHOP: Names = (("webshop", "web shop", "netbutik", "webbutik", "online"),)
OF_PRIVATE_BUYERS: Names = (("privat", "b2c", "consumer"), *OF_WEBSHOP, ("diverse",))
OF_COMPANIES: Names = (("firma", "erhverv", "virksomhed", "b2b", "compan", "business"),)


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of a list that a system has; `value` is what the settings would say."""

    value: str
    name: str

    def __str__(self) -> str:
        return f"{self.value} ({self.name})" if self.name else self.value


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a key of the settings is proposed to say, and why; without a value it is a question with these choices.

    Without an answer to a question that is `needed` there can be no file; other keys are left out of it until then.
    """

    key: str
    value: str
    reason: str
    choices: tuple[Choice, ...] = ()
    needed: bool = False

    @property
    def is_question(self) -> bool:
        return not self.value


@dataclass(frozen=True, slots=True)
class Asked:
    """A key whose value is one row of a list: what the rows are, whose they are, how a fitting one may be called."""

    key: str
    what: str
    system: str
    names: Names = OF_WEBSHOP
    needed: bool = False


def chosen(asked: Asked, rows: Sequence[Choice], answers: Mapping[str, str]) -> Proposal:
    """Propose the row that a person named, the only one, or the only one that is called so; else ask."""
    if (answer := answers.get(asked.key)) is not None:
        return _answered(asked, rows, answer)
    if len(rows) == 1:
        return Proposal(asked.key, rows[0].value, f"{asked.system}'s only {asked.what}: {rows[0].name}")
    for words in asked.names:
        called = [row for row in rows if is_called(row.name, words)]
        if len(called) == 1:
            return Proposal(asked.key, called[0].value, f"the {asked.what} that {asked.system} calls {called[0].name}")
        if called:
            return _question(asked, called, f"{asked.system} has several a {asked.what} could be")
    why = f"no name says which {asked.what} of {asked.system}" if rows else f"{asked.system} has no {asked.what}"
    return _question(asked, rows, why)


def _answered(asked: Asked, rows: Sequence[Choice], answer: str) -> Proposal:
    named = {row.value: row.name for row in rows}
    if answer not in named:
        return _question(asked, rows, f"{asked.system} has no {asked.what} {answer}")
    return Proposal(asked.key, answer, f"as you say: {asked.what} {named[answer] or answer}")


def _question(asked: Asked, rows: Sequence[Choice], why: str) -> Proposal:
    return Proposal(asked.key, "", why, tuple(rows), asked.needed)


def is_called(name: str, words: Collection[str]) -> bool:
    """Whether one of these words, or its beginning, stands in a name."""
    folded = name.casefold()
    return any(word in folded for word in words)
