"""Settlements as they come in: a file or an API's answer -> kept by its hash, read whole or not at all, stored once.

The same settlement again is no news, in whatever file, order of rows or state it comes. One that says something else of
the money is an alarm, and nothing of it is entered before a person has said which of the two counts. Sources: domain
guide 11; docs/settlements.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pakhus.clients.settlement_api import PaidApart
from pakhus.errors import ConfigurationError
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.vouchers import STEP
from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.bundles import bundled
from pakhus.formats.settlements.readers import READERS, read
from pakhus.formats.settlements.records import SettlementFormatError
from pakhus.ledger import attempts, bodies, decisions, documents, settlements, wanted_documents
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.ledger.settlements import NewSettlement, Settlement
from pakhus.reasons import Answer, Status, Verdict
from pakhus.rules.settlement_channels import same_money
from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.rules.settlement_issues import compare
from pakhus.settings.accounts import AccountSettings
from pakhus.settlements import Batch, BatchLineKind

PAYOUTS = "payouts"
PAYOUT, FILE = "payout", "settlement_file"
_PAID = (BatchLineKind.PAYOUT, BatchLineKind.PAYOUT_FAILED)
_SHOWN_PROBLEMS = 3
_BY_HAND = "ignored_by_person"


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """A file as it was found, or what a provider's API answered, under a name that people recognise.

    `reader` is what reads an answer; empty: as the account says for its files.
    """

    name: str
    content: bytes
    reader: str = ""


def beside(file: SettlementFile, others: Mapping[str, bytes]) -> SettlementFile:
    """Return a file as one with those that tell its payouts, which a provider keeps apart."""
    return replace(file, content=bundled(file.content, others))


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes in the settlements of one provider account."""

    ledger: Ledger
    settings: AccountSettings
    columns: ColumnMapping | None = None

    def take(self, file: SettlementFile) -> Verdict | None:
        """Keep a file and the settlements in it; None when this very file is known. What it says is told once."""
        key = f"{self._origin(file.reader)}-{hashlib.sha256(file.content).hexdigest()}"
        with self.ledger.begin() as tx:
            known = documents.find(tx, key)
            if known is not None and known.status is not Status.DUE:
                return None
            digest = bodies.store(tx, file.content)
            document = documents.ensure(tx, self._new(key, FILE), Verdict.of("due"))
        verdict = self._taken(file, digest, self._counts(document))
        self.ledger.persist(lambda tx: documents.give_verdict(tx, document.id, verdict))
        return verdict

    def take_again(self, document: Document) -> Verdict:
        """A held file is tried once a day and when a person says so: the reader or its settings may be mended."""
        digest = document.key.rpartition("-")[2]
        content = self.ledger.persist(lambda tx: bodies.load(tx, digest))
        name = dict(document.verdict.parameters).get("file", digest[:12])
        origin = document.key.removeprefix(f"{self.settings.account}-").rpartition("-")[0]
        file = SettlementFile(name, content, reader=origin.partition("_")[2])
        return self._taken(file, digest, self._counts(document))

    def set_apart(self, paid: PaidApart) -> Verdict | None:
        """Note a payout that the provider does not itemise, for a person; None when it is known, or not ours."""
        if not self.settings.is_ours(paid.day):
            return None
        told = {"batch": paid.id, "amount": f"{paid.amount:.2f} {paid.currency}", "date": paid.day}
        verdict = Verdict.of("payout_not_itemised", **told)
        new = self._new(settlements.payout_key(self.settings.account, paid.id), PAYOUT)
        return verdict if self.ledger.persist(lambda tx: documents.create(tx, new, verdict)) else None

    def batch(self, settlement: Settlement) -> Batch:
        """Return a stored settlement, read anew from its file.

        StoppedError when that does not give it any more, since the reader or its settings were changed: one payout's
        trouble, the account's others may well be read.
        """
        content = self.ledger.persist(lambda tx: bodies.load(tx, settlement.file))
        try:
            batches = self._read(content, settlement.reader)
        except (SettlementFormatError, ConfigurationError) as error:
            raise _not_read_anew(settlement, str(error).rstrip(". ")) from None
        found = next((batch for batch in batches if batch.id == settlement.batch), None)
        if found is None:
            read = ", ".join(batch.id for batch in batches[:_SHOWN_PROBLEMS])
            raise _not_read_anew(settlement, f"{read or 'nothing'} is read from it now")
        return found

    def contradicted(self, settlement: Settlement) -> Document | None:
        """Return a file that says otherwise of a settlement, and about which nobody has decided yet."""
        with self.ledger.begin() as tx:
            found = wanted_documents.held_with(tx, self.settings.account, "settlement_contradicted")
        key = settlements.payout_key(settlement.account, settlement.batch)
        return next((document for document in found if key in _payouts_of(document)), None)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _taken(self, file: SettlementFile, digest: str, counts: bool) -> Verdict:
        """`counts`: a person has said that this file is right where it contradicts another."""
        try:
            batches = self._read(file.content, file.reader)
        except SettlementFormatError as error:
            return Verdict.of("settlement_unreadable", file=file.name, problem=error)
        fresh, against = 0, dict[Settlement, str]()
        for batch in batches:
            with self.ledger.begin() as tx:
                known = settlements.find(tx, self.settings.account, batch.id)
                if known is None:
                    self._store(tx, batch, file, digest)
            problem = "" if known is None else self._difference(known, batch)
            newer = counts or (known is not None and _answers_again(known, file))
            if known is None or (problem and newer and self._replaced(known, batch, file, digest)):
                fresh += 1
            elif problem:
                against[known] = problem
        if against:
            return self._contradiction(file, against)
        return Verdict.of("settlement_read", count=len(batches), fresh=fresh)

    def _read(self, content: bytes, reader: str) -> tuple[Batch, ...]:
        settings, reader = self.settings, reader or self.settings.reader or ""
        if reader not in READERS:
            raise ConfigurationError(f"reader {reader!r} is unknown; there are {', '.join(sorted(READERS))}")
        source = Source(
            content,
            settings.account,
            time_zone=settings.file_timezone,
            columns=self.columns,
            day_first=settings.day_first,
        )
        return read(reader, source)

    def _store(self, tx: Transaction, batch: Batch, file: SettlementFile, digest: str) -> None:
        key, due = settlements.payout_key(self.settings.account, batch.id), Verdict.of("due")
        document = documents.ensure(tx, self._new(key, PAYOUT), due)
        if document.verdict != due and document.verdict.code != _BY_HAND:
            # It was set apart, and has its lines now. What a person has entered by hand is not entered again.
            documents.give_verdict(tx, document.id, due)
        settlements.store(tx, _read_from(file, digest, batch), document.id)

    def _origin(self, reader: str) -> str:
        """How the key of a file or an answer begins: it tells what reads it, should that have to be done again."""
        return f"{self.settings.account}-{f'answer_{reader}' if reader else 'file'}"

    def _new(self, key: str, kind: str) -> NewDocument:
        return NewDocument(key, self.settings.account, PAYOUTS, kind, self.settings.economic_target)

    # --- the same settlement with other content ----------------------------------------------------------------------

    def _difference(self, known: Settlement, batch: Batch) -> str:
        """How a settlement says something else of the money than the stored one; empty: it does not."""
        if known.content == content_of(batch):
            return ""
        try:
            before = self.batch(known)
            reissue = compare(before, batch)
        except StoppedError as error:
            problem = dict(error.verdict.parameters)["problem"]
            return f"what was imported cannot be read any more ({problem})"
        if reissue.is_same or same_money(before, batch):
            return ""
        net = paid_out(batch)
        paid = f"it pays out {net:.2f} instead of {known.net:.2f}; " if net != known.net else ""
        return f"{paid}{reissue.text()}"

    def _contradiction(self, file: SettlementFile, against: dict[Settlement, str]) -> Verdict:
        with self.ledger.begin() as tx:
            entered = [one for one in against if is_entered(tx, one)]
        of = entered or list(against)
        told = "; ".join(against[one] for one in of[:_SHOWN_PROBLEMS])
        keys = " ".join(settlements.payout_key(one.account, one.batch) for one in of)
        batches = ", ".join(one.batch for one in of[:_SHOWN_PROBLEMS])
        return Verdict.of(
            "settlement_reissued" if entered else "settlement_contradicted",
            file=file.name,
            batch=batches,
            problem=told,
            payouts=keys,
        )

    def _replaced(self, known: Settlement, batch: Batch, file: SettlementFile, digest: str) -> bool:
        """Put the settlement of this file in the place of the stored one, unless that is entered."""

        def replaced(tx: Transaction) -> bool:
            documents.lock(tx, known.document_id)
            if is_entered(tx, known):
                return False
            settlements.replace(tx, known.id, _read_from(file, digest, batch))
            documents.give_verdict(tx, known.document_id, Verdict.of("due"))
            return True

        return self.ledger.persist(replaced)

    def _counts(self, document: Document) -> bool:
        return self.ledger.persist(lambda tx: decisions.was_answered(tx, document.id, Answer.TAKE.value))


def is_entered(tx: Transaction, settlement: Settlement) -> bool:
    """Whether a voucher of the settlement is made, or may be: what has left us cannot be taken back here.

    So it is where a person entered it by hand before its lines came.
    """
    if documents.load(tx, settlement.document_id).verdict.code == _BY_HAND:
        return True
    attempt = attempts.current(tx, settlement.document_id, STEP)
    return settlement.is_posted or (attempt is not None and attempt.status != "planned")


def _not_read_anew(settlement: Settlement, problem: str) -> StoppedError:
    return stop("settlement_not_read_anew", batch=settlement.batch, file=settlement.file_name, problem=problem)


def _read_from(file: SettlementFile, digest: str, batch: Batch) -> NewSettlement:
    return NewSettlement(numbered(batch), paid_out(batch), digest, file.name, file.reader, content_of(batch))


def _answers_again(known: Settlement, file: SettlementFile) -> bool:
    """Whether a provider's API says itself what it said otherwise before: the later answer counts, without a person."""
    return bool(file.reader) and known.reader == file.reader


def _payouts_of(document: Document) -> list[str]:
    return dict(document.verdict.parameters).get("payouts", "").split(" ")


def numbered(batch: Batch) -> Batch:
    """The batch with its lines numbered 1, 2, …: several may come from one row."""
    lines = tuple(replace(line, number=number) for number, line in enumerate(batch.lines, 1))
    return replace(batch, lines=lines)


def paid_out(batch: Batch) -> Decimal:
    """What the bank gets of a settlement; negative: what it is charged."""
    return -sum((line.net for line in batch.lines if line.kind in _PAID), Decimal(0))


def content_of(batch: Batch) -> str:
    """A hash of what a settlement says, whatever file says it."""
    said = replace(batch, file_sha256="", lines=tuple(replace(line, number=0) for line in batch.lines))
    ordered = sorted(map(repr, said.lines))
    return hashlib.sha256(repr((replace(said, lines=()), ordered)).encode()).hexdigest()
