"""The first transfer of a shop's products and stock to Rackbeat: once, resumable, and it only adds (domain guide 3.7).

It is one document of the ledger, `{shop}-initial_sync`; each product has a document under it, shared by the shops of
the agreement. A run that was broken off is run again: what is done is known, what is unknown is settled first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pakhus.clients.rackbeat import SYSTEM, RackbeatClient
from pakhus.clients.rackbeat_products import stocked
from pakhus.clients.webshop import Webshop
from pakhus.errors import ClaimLostError, ConfigurationError, DataError, TransientError
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.report import RunReport
from pakhus.flows.warehouse_products import BOOK, CREATE, WarehouseProducts
from pakhus.ledger import claims, documents, products, stops
from pakhus.ledger.claims import Claim, holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.ledger.products import INITIAL_SYNC, Made
from pakhus.reasons import Status, Verdict
from pakhus.rules.initial_sync import Transfer, plan_transfers, stock_of
from pakhus.rules.product_mapping import NewWarehouseProducts
from pakhus.rules.sku_report import Catalogue
from pakhus.rules.spelling import folded
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

_WAIT_S = 20.0
_TRANSFERRED = Verdict.of("transferred")
# What is left to people for good: the preview names it, and the merchant has decided to go on; or nobody but a person
# who counts the product can tell any more.
_LEFT_OUT = frozenset({"product_sku_wrong", "initial_stock_unclear"})


@dataclass(frozen=True, slots=True)
class InitialSync:
    """The first transfer of one shop. `workers` requests are in flight at Rackbeat (design, decision 2)."""

    shop: Webshop
    warehouse: RackbeatClient
    ledger: Ledger
    settings: ShopSettings
    workers: int = 4

    def preview(self, *, stock: bool = True) -> tuple[Transfer, ...]:
        """What a run would make, count and leave alone now. Writes nothing anywhere."""
        with self.ledger.begin() as tx:
            document = documents.find(tx, self._key)
        return self._plan(document, stock=stock)

    def run(self, *, stock: bool = True) -> RunReport:
        """Transfer what is not transferred yet. ConfigurationError when a system cannot be used; run it again then."""
        report = RunReport(INITIAL_SYNC, self.settings.shop)
        self._new()
        document = self._document()
        with holding(self.ledger, documents.claim_name(document.key)) as claim:
            if claim is None:
                report.add(Verdict.of("claimed_elsewhere"))
                return report
            document = self.ledger.persist(lambda tx: documents.load(tx, document.id))
            if document.verdict.code == _TRANSFERRED.code:
                report.add(Verdict.of("initial_sync_done", at=f"{document.since:%Y-%m-%d %H:%M} UTC"))
                return report
            self._transfer_all(document, claim, self._plan(document, stock=stock), report)
        return report

    def made(self) -> list[Made]:
        """What the transfer has made and counted so far, in the order of its writing."""
        with self.ledger.begin() as tx:
            document = documents.find(tx, self._key)
            return [] if document is None else products.made(tx, document.id, (CREATE, BOOK))

    @property
    def _key(self) -> str:
        return f"{self.settings.shop}-{INITIAL_SYNC}"

    @property
    def _target(self) -> str:
        if self.settings.rackbeat_target is None:
            raise ConfigurationError(f"{self.settings.shop} names no Rackbeat agreement: there is no warehouse to fill")
        return self.settings.rackbeat_target

    def _new(self) -> NewWarehouseProducts:
        mapping = self.settings.mapping.rackbeat
        if mapping is None or mapping.new_products is None:
            name = self.settings.mapping_name
            raise ConfigurationError(
                f"{name}.yaml does not say how new products look in Rackbeat: add rackbeat.new_products with the "
                "number of a product group and of a location"
            )
        return mapping.new_products

    def _document(self) -> Document:
        new = NewDocument(self._key, self.settings.shop, INITIAL_SYNC, INITIAL_SYNC, self._target)
        return self.ledger.persist(lambda tx: documents.ensure(tx, new, Verdict.of("due")))

    def _plan(self, document: Document | None, *, stock: bool) -> tuple[Transfer, ...]:
        """Read the warehouse first: what is sold and reserved in between is taken off twice, never counted twice."""
        mapping, new, target = self.settings.mapping, self._new(), self._target
        with self.ledger.begin() as tx:
            ours = products.begun(tx, document.id) if document else set()
            in_use = products.sold_by_others(tx, target, self.settings.shop)
        there = stock_of(stocked(self.warehouse))
        catalogue = Catalogue(
            self.settings.shop,
            list(self.shop.catalogue()),
            mapping.product_numbers,
            together=frozenset({target}),
            not_goods=mapping.rackbeat.not_goods if mapping.rackbeat else (),
        )
        planned = plan_transfers(catalogue, there, new, stock=stock, ours=ours, in_use=in_use)
        gone = ours - {one.number for one in planned}  # the shop no longer sells it: what was begun is settled
        return (*planned, *(Transfer(number, number, begun=True) for number in sorted(gone)))

    def _transfer_all(self, document: Document, claim: Claim, transfers: Sequence[Transfer], report: RunReport) -> None:
        broken = threading.Event()
        errors: list[ConfigurationError | ClaimLostError] = []

        def one(transfer: Transfer) -> list[Verdict]:
            if broken.is_set():
                return [Verdict.of("not_reached")]
            try:
                return self._transfer(document, claim, transfer)
            except (ConfigurationError, ClaimLostError) as error:
                broken.set()
                errors.append(error)
                return [Verdict.of("not_reached")]

        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix=INITIAL_SYNC) as pool:
            found = list(pool.map(one, transfers))
        for verdicts in found:
            report.seen += 1
            for verdict in verdicts:
                report.add(verdict)
        for error in errors:
            raise error
        report.remark = self._conclude(document, claim, [verdict for verdicts in found for verdict in verdicts])

    def _transfer(self, sync: Document, claim: Claim, transfer: Transfer) -> list[Verdict]:
        """Transfer one product, and say what became of it. ConfigurationError and ClaimLostError end the run."""
        if not transfer.is_work:
            return list(transfer.left)
        stopped = self._go_on(claim)
        if stopped is not None:
            return [Verdict.of("stopped_by_person", cause=stopped)]
        document = self._product(sync, transfer)
        if document.parent_id != sync.id:
            return [Verdict.of("product_there", number=transfer.number)]
        writer = WarehouseProducts(self.warehouse, self.ledger, self._new())
        with holding(self.ledger, documents.claim_name(document.key), wait_s=_WAIT_S) as held:
            if held is None:
                return [Verdict.of("claimed_elsewhere")]
            try:
                self._name(document, held, transfer.number)
                verdicts = writer.transfer(document, held, transfer)
            except StoppedError as error:
                verdicts = [error.verdict]
            except ConfigurationError:
                raise
            except DataError as error:
                verdicts = [Verdict.of("refused", system=SYSTEM, step=f"product {transfer.number}", problem=error)]
            except TransientError as error:
                problem = str(error).rstrip(". ")
                verdicts = [Verdict.of("remote_unavailable", system=error.system or SYSTEM, problem=problem)]
            self._note(document, held, verdicts)
        return [*transfer.left, *verdicts]

    def _go_on(self, claim: Claim) -> str | None:
        """Lengthen the run's claim; returns why a person has stopped it, if one has."""
        with self.ledger.begin() as tx:
            claims.renew(tx, claim)
            stopped = stops.find(tx, self.settings.shop, INITIAL_SYNC)
        return None if stopped is None else stopped.cause

    def _product(self, sync: Document, transfer: Transfer) -> Document:
        key = folded(transfer.number)
        return self.ledger.persist(lambda tx: products.product_document(tx, self._target, key, sync.id))

    def _name(self, document: Document, claim: Claim, number: str) -> None:
        self.ledger.persist(lambda tx: documents.note_remote(tx, document.id, claim, remote_number=number))

    def _note(self, document: Document, claim: Claim, verdicts: Sequence[Verdict]) -> None:
        open_ones = [verdict for verdict in verdicts if not is_settled(verdict)]
        verdict = open_ones[0] if open_ones else _TRANSFERRED
        self._record(document, claim, verdict)
        logger.info("%s: %s", document.key, "; ".join(one.text() for one in verdicts))

    def _conclude(self, document: Document, claim: Claim, found: Sequence[Verdict]) -> str:
        """Finish it when nothing is left that another run could finish; returns what is to be told otherwise.

        A shop of which nothing can be transferred, since it has no products yet, has not had its one transfer.
        """
        if all(verdict.code in _LEFT_OUT for verdict in found):
            self._record(document, claim, Verdict.of("due"))
            return "nothing to transfer yet: run it again when there is"
        open_ones = [verdict for verdict in found if not is_settled(verdict)]
        self._record(document, claim, open_ones[0] if open_ones else _TRANSFERRED)
        return "not finished: run it again" if open_ones else ""

    def _record(self, document: Document, claim: Claim, verdict: Verdict) -> None:
        def record(tx: Transaction) -> None:
            claims.require(tx, claim)
            documents.give_verdict(tx, document.id, verdict)

        self.ledger.persist(record)


def is_settled(verdict: Verdict) -> bool:
    """Whether no further run could do anything about a product."""
    return verdict.status in (Status.DONE, Status.SKIPPED) or verdict.code in _LEFT_OUT
