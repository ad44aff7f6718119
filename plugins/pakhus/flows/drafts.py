"""The draft of an invoice as long as it is one: made, updated with its order, withdrawn, and perhaps made anew.

Each write is a step of its own in the ledger: the n-th draft of a document, its n-th update, its withdrawal. So what
stands in the accounts is told by the ledger, and no lost answer makes a second draft. Sources: economic.md 6.2, 9.4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pakhus.clients.economic import EconomicClient
from pakhus.flows.accounts_documents import AccountsDocuments
from pakhus.flows.exactly_once import Found, Step, Writer, Written
from pakhus.formats.economic import draft_number
from pakhus.formats.economic_drafts import is_as_asked
from pakhus.ledger.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Standing:
    """A draft that we have made and not withdrawn; `last` is our newest write to it, `updates` how many there were."""

    generation: int
    last: Written
    updates: int = 0

    @property
    def number(self) -> str:
        return self.last.remote_id


@dataclass(frozen=True, slots=True)
class Position:
    """How far a document is in drafts: the one that stands, or None; `generation` is its number, or the next one's."""

    generation: int
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Drafts:
    """Knows which draft of a document stands, and the steps by which it is changed."""

    accounts: EconomicClient

    @property
    def documents(self) -> AccountsDocuments:
        return AccountsDocuments(self.accounts)

    def position(self, writer: Writer, key: str) -> Position:
        """Return which draft stands. Raises StoppedError while the outcome of a write is unknown."""
        generation = 1
        while (made := writer.known(self.making(key, generation))) is not None:
            if writer.known(self.withdrawing(generation, made.remote_id)) is None:
                return Position(generation, self._updated(writer, Standing(generation, made)))
            generation += 1
        return Position(generation)

    def making(self, key: str, generation: int) -> Step:
        """The write that makes a draft; `generation` counts the drafts of a document."""
        return replace(self.documents.drafting(key), subject=_subject(generation))

    def updating(self, standing: Standing) -> Step:
        """The next write that replaces a draft's content."""
        number, count = standing.number, standing.updates + 1

        def search(attempt: Attempt) -> Found | None:
            draft = self.accounts.find_draft(number)
            done = draft is not None and is_as_asked(draft, attempt.request.body)
            return Found(number, draft) if done else None

        return Step("update_draft", draft_number, search, subject=f"{standing.generation}.{count}")

    def withdrawing(self, generation: int, number: str) -> Step:
        """The write that deletes a draft of ours."""

        def identify(answer: Any) -> str:
            return str(int(answer["deletedItems"][0]["draftInvoiceNumber"]))

        def search(_: Attempt) -> Found | None:
            gone = self.accounts.find_draft(number) is None
            return Found(number, {"deletedItems": [{"draftInvoiceNumber": int(number)}]}) if gone else None

        return Step("delete_draft", identify, search, subject=_subject(generation))

    def booking(self, key: str, standing: Standing) -> Step:
        """The write that books the draft that stands."""
        step = self.documents.booking("book_invoice", key, standing.number)
        return replace(step, subject=_subject(standing.generation))

    def _updated(self, writer: Writer, standing: Standing) -> Standing:
        while (updated := writer.known(self.updating(standing))) is not None:
            standing = Standing(standing.generation, updated, standing.updates + 1)
        return standing


def _subject(generation: int) -> str:
    return "" if generation == 1 else str(generation)
