"""The first start of a shop, step by step: what holds, what is missing, who must do it, what to run next.

Connected, mapped, initial sync, dry run, draft, auto (domain guide 3.7). Where a shop stands is read from its settings,
the systems and the ledger each time and kept nowhere else: what somebody undoes is missing again. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from pakhus.errors import ConfigurationError
from pakhus.flows.trial_posting import Tried, trial
from pakhus.ledger import approved_postings, comparisons, documents, runs
from pakhus.ledger.connection import Ledger
from pakhus.ledger.products import INITIAL_SYNC
from pakhus.probes.ean_fields import probe_ean_fields
from pakhus.probes.findings import Findings
from pakhus.probes.installation import needed_connections, note_missing
from pakhus.probes.methods import probe_methods
from pakhus.probes.products import probe_products
from pakhus.probes.systems import Connections, economic_client, probe_systems, rackbeat_client, shop_client
from pakhus.reasons import Actor, Status, reason
from pakhus.rules.sku_report import Trouble
from pakhus.settings import InvoiceMode, ShopSettings

ORDERS_TRIED = 50
_METHODS_SPAN = timedelta(days=90)
_APPROVE = "Show the list that `trial` prints to the bookkeeper; --approve records that it is right."
_TRIED = "dry_run"  # the reason of an order whose invoice could be planned


class Standing(StrEnum):
    """Where a step stands."""

    HOLDS = "holds"
    NOT_NEEDED = "not needed"
    MISSING = "missing"
    LATER = "later"  # not looked at: an earlier step is missing


@dataclass(slots=True)
class Step:
    """A step: what was found, and the commands that come next where it is missing. Findings need not hold it up."""

    name: str
    standing: Standing
    found: list[Findings] = field(default_factory=list)
    commands: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        return self.standing in (Standing.HOLDS, Standing.NOT_NEEDED)


NAMES = ("connected", "mapped", "initial sync", "dry run", "draft", "auto")
CONNECTED, MAPPED, SYNCED, TRIED, DRAFTING, BOOKING = NAMES


def connected(needed: Sequence[str], connections: Connections, ledger: Ledger | None) -> Step:
    """Whether each system answers to its connection, and the ledger is there."""
    found = [_asked(conn_id, connections) for conn_id in needed] + [_ledger(ledger)]
    missing = any(findings.found for findings in found)
    standing = Standing.MISSING if missing else Standing.HOLDS
    return Step(CONNECTED, standing, found, ("python -m pakhus apply",) if missing else ())


def _asked(conn_id: str, connections: Connections) -> Findings:
    findings = Findings(conn_id)
    connection = connections.get(conn_id)
    if connection is None:
        note_missing(findings, conn_id)
        return findings
    if conn_id.startswith("rackbeat__"):
        account = findings.ask(lambda: rackbeat_client(connection).account()["user_account"])
        findings.facts += [f"Rackbeat account {account.get('id')}, {account.get('company_name')}"] if account else []
    elif conn_id.startswith("economic__"):
        agreement = findings.ask(lambda: economic_client(connection).agreement())
        findings.facts += [f"e-conomic agreement {agreement.get('agreementNumber')}"] if agreement else []
    else:
        facts = findings.ask(lambda: shop_client(connection, None).probe())
        findings.facts += [f"{facts.platform} {facts.version} at {facts.identity}"] if facts else []
        for problem in facts.problems if facts else ():
            findings.operator(problem, "Mend what is named in the shop, or its key's rights.")
    return findings


def _ledger(ledger: Ledger | None) -> Findings:
    findings = Findings("pakhus_ledger")
    if ledger is None:
        problem = "nothing says where the ledger is"
        findings.operator(problem, "Create the Airflow connection pakhus_ledger (type postgres).")
        return findings
    try:
        with ledger.begin() as tx:
            runs.flows_that_ran(tx, "")
        findings.facts.append("the ledger answers")
    except SQLAlchemyError as error:
        problem = f"the ledger's database cannot be read ({type(error).__name__})"
        findings.operator(problem, "See whether it runs; `python -m pakhus apply` brings its tables up to date.")
    return findings


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The first start of one shop that has its file. `ledger` may be None: then the first step says so."""

    shop: ShopSettings
    connections: Connections
    ledger: Ledger | None
    orders: int = ORDERS_TRIED

    def steps(self) -> list[Step]:
        """Return all steps; what comes after a missing one is not looked at."""
        found: list[Step] = []
        for name in NAMES:
            found.append(self.look(name) if all(step.passes for step in found) else Step(name, Standing.LATER))
        return found

    def look(self, name: str) -> Step:
        """Look at one step, whatever became of those before it."""
        looks: dict[str, Callable[[], Step]] = {
            CONNECTED: lambda: connected(needed_connections([self.shop]), self.connections, self.ledger),
            MAPPED: self._mapped,
            SYNCED: self._synced,
            TRIED: self._tried,
            DRAFTING: self._drafting,
            BOOKING: self._booking,
        }
        return looks[name]()

    @property
    def _there(self) -> Ledger:
        if self.ledger is None:
            raise ConfigurationError("nothing says where the ledger is")
        return self.ledger

    def _mapped(self) -> Step:
        """Whether settings and systems fit, and all that buyers pay with has its terms."""
        since = datetime.now(UTC) - _METHODS_SPAN
        found = probe_systems([self.shop], self.connections)
        found += probe_methods([self.shop], self.connections, self.ledger, since)
        found += probe_ean_fields([self.shop], self.ledger)
        if not any(findings.found for findings in found):
            return Step(MAPPED, Standing.HOLDS, found)
        again = f"python -m pakhus start {self.shop.shop}"
        return Step(MAPPED, Standing.MISSING, found, (f"mend {self.shop.mapping_name}.yaml, then {again}",))

    def _synced(self) -> Step:
        """Whether the warehouse has what the shop sells: transferred once, or there already."""
        if self.shop.rackbeat_target is None:
            return Step(SYNCED, Standing.NOT_NEEDED)
        findings = Findings(self.shop.rackbeat_target, "first transfer")
        with self._there.begin() as tx:
            document = documents.find(tx, f"{self.shop.shop}-{INITIAL_SYNC}")
            is_early = self.shop.is_ours(tx.now) and "orders" not in runs.flows_that_ran(tx, self.shop.shop)
        if document is not None and document.status is Status.DONE:
            findings.facts.append(f"finished {document.since:%Y-%m-%d %H:%M} UTC")
            return Step(SYNCED, Standing.HOLDS, [findings])
        probe = probe_products([self.shop], self.connections)
        lacking = [one for one in probe.problems if one.trouble is Trouble.NOT_IN_WAREHOUSE]
        unread = not probe.found or any(not one.facts for one in probe.found)
        if not lacking and not unread:
            findings.facts.append("Rackbeat has every product number that the shop sells")
            return Step(SYNCED, Standing.HOLDS, [findings, *probe.found])
        if document is not None:
            findings.facts.append(f"begun, not finished: {document.verdict.text()}")
        warehouse = self.shop.mapping.rackbeat
        if warehouse is None or warehouse.new_products is None:
            problem = f"{self.shop.mapping_name}.yaml does not say how new products look in Rackbeat"
            findings.operator(problem, "Add rackbeat.new_products (docs/runbooks/products.md).")
        if is_early:
            problem = "start_from is past: what is sold from then until it is counted will be taken off twice"
            findings.operator(
                problem, f"Move it to when you will unpause {self.shop.shop}__orders, after the transfer."
            )
        command = f"python -m pakhus initial_sync --shop {self.shop.shop}"
        check = f"python -m pakhus check --shop {self.shop.shop} --products --csv skus.csv"
        return Step(SYNCED, Standing.MISSING, [findings, *probe.found], (check, f"{command} --preview", command))

    def _tried(self) -> Step:
        """Plan the invoices of the newest due orders: none is held for its settings, every account is approved."""
        target, shop = self.shop.economic_target, self.shop.shop
        if target is None:
            return Step(TRIED, Standing.NOT_NEEDED)
        findings = Findings(target, f"the newest orders of {shop}")
        webshop = shop_client(self.connections[self.shop.connection], self.shop)
        tries = trial(webshop, economic_client(self.connections[target]), self._there, self.shop)
        tried = findings.ask(partial(tries.newest, self.orders, self._there.now()))
        if tried is None:
            return Step(TRIED, Standing.MISSING, [findings], (f"python -m pakhus start {shop}",))
        if not tried.looked_at:
            findings.facts.append("the shop has no earlier order to try")
            return Step(TRIED, Standing.NOT_NEEDED, [findings])
        self._judge(findings, tried)
        self._approved(findings, tried)
        ready = all(finding.actor is Actor.MERCHANT and finding.action != _APPROVE for finding in findings.found)
        commands = tuple(f"python -m pakhus trial {shop} {month}, then with --approve" for month in tried.months)
        return Step(TRIED, Standing.HOLDS if ready else Standing.MISSING, [findings], () if ready else commands)

    def _judge(self, findings: Findings, tried: Tried) -> None:
        """Tell what became of each order. What the merchant must mend on single orders does not hold the shop up."""
        due = sum(one.count for one in tried.outcomes.values())
        planned = tried.outcomes[_TRIED].count if _TRIED in tried.outcomes else 0
        findings.facts.append(f"{planned} of {due} that are due could be invoiced, {tried.looked_at} looked at")
        for code, one in sorted(tried.outcomes.items()):
            known = reason(code)
            if known.status in (Status.HELD, Status.FAILED):
                text = f"{one.count} {code}: {known.meaning} Orders {' '.join(one.numbers)}"
                findings.add(known.actor, text, known.action)
            elif code != _TRIED:
                findings.facts.append(f"{one.count} {code}")
        if not planned:
            problem = "none of them could be invoiced, so nothing is shown"
            action = (
                f"See invoices.states in {self.shop.shop}.yaml (which states say that goods went?), and the reasons."
            )
            findings.operator(problem, action)

    def _approved(self, findings: Findings, tried: Tried) -> None:
        with self._there.begin() as tx:
            known = approved_postings.approved(tx, self.shop.shop)
        new = [place for place in tried.posting.all_postings() if place not in known]
        if new:
            findings.merchant(f"{len(new)} pairs of account and VAT code are not approved by the bookkeeper", _APPROVE)

    def _drafting(self) -> Step:
        """Whether drafts are made, and enough of them in a row equalled what was computed."""
        if self.shop.economic_target is None:
            return Step(DRAFTING, Standing.NOT_NEEDED)
        findings = Findings(self.shop.economic_target, "drafts")
        invoices, shop = self.shop.invoices, self.shop.shop
        with self._there.begin() as tx:
            ran = runs.flows_that_ran(tx, shop)
            equal = comparisons.equal_in_a_row(tx, shop, self.shop.economic_target, "invoice")
            is_open = comparisons.is_open(tx, shop, self.shop.economic_target)
        if invoices.mode not in (InvoiceMode.DRAFT, InvoiceMode.AUTO):
            problem = f"invoices.mode is {invoices.mode.value}: no draft is made"
            findings.operator(problem, f"Write `mode: draft` in {shop}.yaml.")
        for flow in self._flows():
            if flow not in ran:
                findings.operator(f"{shop}__{flow} has not run yet", f"Unpause the DAG {shop}__{flow} in Airflow.")
        findings.facts.append(f"{equal} drafts in a row equalled what was computed")
        if not (is_open or invoices.approve or equal >= invoices.auto_after):
            problem = f"auto opens after {invoices.auto_after} in a row"
            findings.add(
                Actor.WAIT, problem, "Look at the drafts with the bookkeeper meanwhile, and book those that are right."
            )
        standing = Standing.MISSING if findings.found else Standing.HOLDS
        return Step(DRAFTING, standing, [findings], (f"python -m pakhus start {shop}",) if findings.found else ())

    def _flows(self) -> tuple[str, ...]:
        """The flows that must run before drafts mean anything."""
        told = ("fulfilment",) if self.shop.tells_shipments else ()
        return ("orders", *told, "invoices", *(("audit",) if self.shop.audit.enabled else ()))

    def _booking(self) -> Step:
        """Whether invoices are booked by themselves."""
        target, shop = self.shop.economic_target, self.shop.shop
        if target is None:
            return Step(BOOKING, Standing.NOT_NEEDED)
        findings = Findings(target, "booking")
        with self._there.begin() as tx:
            booked = comparisons.has_booked(tx, shop, target)
        findings.facts.append("an invoice is booked" if booked else "no invoice is booked yet")
        if self.shop.invoices.mode is not InvoiceMode.AUTO:
            problem = f"invoices.mode is {self.shop.invoices.mode.value}: a person books each draft"
            findings.operator(problem, f"Write `mode: auto` in {shop}.yaml, or leave it so.")
        standing = Standing.MISSING if findings.found else Standing.HOLDS
        return Step(BOOKING, standing, [findings], (f"python -m pakhus start {shop}",) if findings.found else ())
