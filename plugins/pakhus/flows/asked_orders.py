"""One order, or many, sent again because somebody asked for them: by name, or by what they have in common.

Sending again writes nothing by itself: it makes documents due, whatever they waited for, and has their orders read
anew. Sources: domain guide 17.3; docs/runbooks/reasons.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pakhus.errors import PakhusError
from pakhus.flows.chunks import WorkChunk, chunks_of
from pakhus.flows.decisions import documents_to_send, send_again, sendable
from pakhus.flows.observation import Observer
from pakhus.flows.report import RunReport
from pakhus.ledger import documents, sources, wanted_documents
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.ledger.wanted_documents import Wanted
from pakhus.reasons import Status

MOST_AT_ONCE = 2_000
# Asked for by what they have in common, these go only when their reason is named: a person has said something of each.
_NAMED_ONLY = frozenset({"held_by_rule", "ignored_by_person"})


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of what was asked for: documents that are due now, and why others are not, by name or key."""

    due: tuple[Document, ...]
    left: dict[str, str]

    def note(self, asked: int) -> str:
        """For the run note: "asked for 3 orders · 2 taken · 99999: there is no such order"."""
        parts = [f"asked for {asked} order{'' if asked == 1 else 's'}", f"{len(self.due)} taken"]
        return " · ".join([*parts, *(f"{name}: {why}" for name, why in self.left.items())])


def send_named(ledger: Ledger, shop: str, names: Iterable[str], by: str, flow: str | None = None) -> Sent:
    """Send the orders of these names again (numbers as people see them, ids, or documents' keys)."""
    found: list[Document] = []
    left: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            named = documents_to_send(ledger, shop, name, flow)
        except PakhusError as error:  # several orders have the number
            left[name] = str(error)
            continue
        if not named:
            left[name] = "there is no such order" if flow is None else f"no such order, or nothing of it is for {flow}"
        found += named
    return _sent(ledger, shop, found, by, left)


def send_matching(ledger: Ledger, shop: str, wanted: Wanted, by: str) -> Sent:
    """Send again what fits; what a person has left out, or a rule holds, only when its reason is named."""
    return _sent(ledger, shop, matching(ledger, shop, wanted), by, {})


def matching(ledger: Ledger, shop: str, wanted: Wanted) -> list[Document]:
    """Return the documents that fit and can be sent again, oldest first."""
    with ledger.begin() as tx:
        found = wanted_documents.matching(tx, shop, wanted, limit=MOST_AT_ONCE)
    named = {wanted.reason} & _NAMED_ONLY
    return [one for one in found if sendable(one) and (one.verdict.code not in _NAMED_ONLY or named)]


def days(first: date | None, last: date | None, timezone: str) -> tuple[datetime | None, datetime | None]:
    """Return the moments at which days of the shop begin and end, both days included."""
    zone = ZoneInfo(timezone)
    begin = None if first is None else datetime.combine(first, time(), zone)
    end = None if last is None else datetime.combine(last + timedelta(days=1), time(), zone)
    return begin, end


def read_named(observer: Observer, names: Sequence[str]) -> RunReport:
    """Read the orders of these names in the shop, those that the ledger has never seen, too (by their ids)."""
    shop = observer.settings.shop
    with observer.ledger.begin() as tx:
        known = {name: ids for name in names if (ids := sources.named(tx, shop, "order", name))}
        for key in (name for name in names if name not in known):
            document = documents.find(tx, key)
            if document is not None and document.order_id is not None:
                known[key] = [sources.name(tx, document.order_id)]
    unknown = [name for name in names if name not in known and name.isascii() and name.isdigit()]
    there = [seen.id for seen in observer.shop.orders(unknown) if not seen.gone]
    ids = [order_id for found in known.values() for order_id in found]
    return observer.look_again(list(dict.fromkeys([*ids, *there])))


def asked_chunks(ledger: Ledger, sent: Sent) -> list[WorkChunk]:
    """Return what was asked for in chunks for tasks."""
    with ledger.begin() as tx:
        due = documents.named_due(tx, [document.id for document in sent.due])
    return chunks_of(due)


def _sent(ledger: Ledger, shop: str, found: Sequence[Document], by: str, left: dict[str, str]) -> Sent:
    due: list[Document] = []
    for document in found:
        if not sendable(document):
            left[document.key] = f"left as it is. {document.verdict.text()}"
            continue
        try:
            send_again(ledger, shop, document.key, by)
        except PakhusError as error:  # the others are sent all the same
            left[document.key] = str(error).removeprefix(f"{document.key}: ")
            continue
        due.append(document)
    return Sent(tuple(due), left)


def statuses() -> Iterator[str]:
    """Yield the statuses that can be asked for."""
    yield from (status.value for status in Status if status not in (Status.DONE, Status.NOT_OURS))
