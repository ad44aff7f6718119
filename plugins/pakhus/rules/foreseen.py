"""What would become of an order under some settings, as far as the shop and the ledger alone tell. Pure.

What the accounts charge on a product is not asked: the VAT that the shop charged is taken for it. For previews of a
change of settings; what is really sent is decided by the flows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pakhus.model import Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.charged_lines import charged_lines, stated_rate
from pakhus.rules.goods import goods_of
from pakhus.rules.invoices import AccountsFacts, VatOfProduct, line_number, plan_invoice
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.mappings import Mapping as Tables
from pakhus.rules.order_members import LINE, MEMBERS, PERSONAL, text_at
from pakhus.rules.states import Shipped, StateRules, invoice_verdict, reservation_verdict
from pakhus.rules.vat import VatDecision, decide_vat

_PLANNED = (Status.DUE, Status.WAITING)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A verdict, and what would be sent: texts by name."""

    verdict: Verdict
    planned: Mapping[str, str] = field(default_factory=dict)


def foreseen_reservation(order: Order, rules: StateRules, tables: Tables) -> Foreseen:
    """What would become of an order in the warehouse."""
    verdict = reservation_verdict(order, rules)
    if verdict.status not in _PLANNED:
        return Foreseen(verdict)
    goods = goods_of(order, tables.product_numbers)
    if isinstance(goods, Verdict):
        return Foreseen(goods)
    return Foreseen(verdict, {"goods": ", ".join(f"{good.line.quantity:f} × {good.number}" for good in goods)})


def foreseen_invoice(order: Order, rules: StateRules, shipped: Shipped, tables: Tables) -> Foreseen:
    """What would become of an order in the accounts. A plan that fails is told also while the goods have not gone."""
    verdict = invoice_verdict(order, rules, shipped)
    mapping = tables.economic
    if verdict.status not in _PLANNED or mapping is None:
        return Foreseen(verdict)
    planned = _planned(order, mapping, tables.product_numbers)
    return Foreseen(planned) if isinstance(planned, Verdict) else Foreseen(verdict, planned)


def members_of(order: Order) -> dict[str, str]:
    """Return the members of an order that settings can change, as texts by name."""
    found = {name: text_at(order, name) for name in MEMBERS if not name.startswith(LINE)}
    found |= {f"attributes.{name}": text for name, text in order.attributes.items()}
    found["is_test"] = "yes" if order.is_test else ""
    for number, line in enumerate(order.lines, start=1):
        found[f"line.sku ({number})"] = line.sku or ""
        found[f"line.name ({number})"] = line.name
    return found


def is_personal(member: str) -> bool:
    """Whether a member may identify a person. What merchants name themselves (attributes) may hold anything."""
    return member in PERSONAL or member.startswith("attributes.")


def _planned(order: Order, mapping: AccountingMapping, renamed: Mapping[str, str]) -> dict[str, str] | Verdict:
    vat = decide_vat(order, mapping)
    if isinstance(vat, Verdict):
        return vat
    facts = _assumed_facts(order, mapping, renamed, vat)
    if isinstance(facts, Verdict):
        return facts
    plan = plan_invoice(order, mapping, renamed, vat, facts)
    if isinstance(plan, Verdict):
        return plan
    method = order.payments[0].method if order.payments else ""
    payment = mapping.payments.get(method)
    if payment is None:
        return Verdict.of("payment_method_unmapped", method=method or "(none)")
    rate = plan.exchange_rate
    return {
        "payment terms": str(payment.terms),
        "layout": str(payment.layout or mapping.layout),
        "VAT zone": str(vat.zone),
        "products": ", ".join(f"{line.quantity:f} × {line.product_number}" for line in plan.lines),
        "total": f"{plan.predicted.gross:.2f} {order.currency}",
        "VAT": f"{plan.predicted.vat:.2f} {order.currency}",
        "rounding line": f"{plan.correction:.2f} {order.currency}",
        **({} if rate is None else {"exchange rate": f"{rate:f} for 100 {order.currency}"}),
        **({"refunded, to be taken off": f"{order.refunded:.2f} {order.currency}"} if order.refunded else {}),
    }


def _assumed_facts(
    order: Order, mapping: AccountingMapping, renamed: Mapping[str, str], vat: VatDecision
) -> AccountsFacts | Verdict:
    """The products with the VAT that the shop charged on them, for want of the accounts' own."""
    charged = charged_lines(order, mapping)
    if isinstance(charged, Verdict):
        return charged
    found = {mapping.products.rounding: VatOfProduct(Decimal(0), "")}
    for line in charged.lines:
        number = line_number(line, mapping, renamed)
        if isinstance(number, Verdict):
            return number
        rate = stated_rate(line)
        found.setdefault(vat.product_for(rate) or number, VatOfProduct(rate, f"{rate}"))
    return AccountsFacts(found, {})
