"""What a run of `<shop>__products` would do now, for every product; writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pakhus.flows.product_targets import ProductTarget, Shown, TargetRules
from pakhus.flows.products import ProductReader, Reading
from pakhus.ledger import product_facts
from pakhus.ledger.connection import Ledger
from pakhus.ledger.product_facts import Known
from pakhus.model import Product
from pakhus.reasons import Verdict
from pakhus.rules.product_sync import Decision, Facts, Values, decide
from pakhus.rules.spelling import folded, spelt_otherwise


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One product in one system. `what`: make, change, keep (a person's values stay), in step, or a reason's code.

    `master` and `there` are the values of the fields that differ, or of all of a new product.
    """

    number: str
    system: str
    what: str
    master: Values
    there: Values
    text: str = ""


def foreseen(
    reader: ProductReader, ledger: Ledger, targets: Mapping[str, ProductTarget]
) -> tuple[list[Foreseen], list[Verdict]]:
    """Read the master and every target whole; returns each product in each, and what has no usable number."""
    reading = reader.foreseen()
    found: list[Foreseen] = []
    for rules in reader.rules:
        with ledger.begin() as tx:
            known = product_facts.known(tx, rules.target)
        found += _in_target(rules, targets[rules.target], reading, known)
    return found, [verdict for _, verdict in reading.troubled]


def _in_target(
    rules: TargetRules, target: ProductTarget, reading: Reading, known: Mapping[str, Known]
) -> Iterator[Foreseen]:
    listing = target.listing()
    spelt = {folded(number): number for number in listing}
    for product, known_as in reading.products:
        number = product.sku if rules.by_sku else known_as
        one = _one(rules, target.system, (product, number), listing.get(number), known.get(folded(number)))
        other = spelt_otherwise(number, spelt) if one.what == "make" else None
        if other is not None:
            text = f"{target.system} has it as {other}"
            one = Foreseen(number, target.system, "product_sku_wrong", {}, {}, text)
        yield one


def _one(
    rules: TargetRules, system: str, named: tuple[Product, str], shown: Shown | None, known: Known | None
) -> Foreseen:
    product, number = named
    wanted = rules.wanted(product, number)
    if isinstance(wanted, Verdict):
        return Foreseen(number, system, wanted.code, {}, {}, wanted.text())
    if known is not None and known.master != rules.master and not known.is_gone:
        return Foreseen(number, system, "of another shop", {}, {}, f"{known.master} writes it")
    if shown is None:
        gone = known is not None and bool(known.facts.written)
        what = "product_removed" if gone else "make" if rules.create_missing else "product_not_made"
        return Foreseen(number, system, what, wanted, {})
    facts = Facts(wanted) if known is None else Facts(wanted, known.facts.applied, known.facts.written)
    return _compared(number, system, wanted, shown, decide(facts, shown.values, rules.manners))


def _compared(number: str, system: str, wanted: Values, shown: Shown, decision: Decision) -> Foreseen:
    names = [*decision.write, *decision.kept]
    what = "change" if decision.write else "keep" if decision.kept else "in step"
    text = f"stays: {', '.join(decision.kept)}" if decision.kept else ""
    there = {name: shown.values.get(name, "") for name in names}
    return Foreseen(number, system, what, {name: wanted[name] for name in names}, there, text)
