"""Compare a shop's file with the live shop; reads only."""

from __future__ import annotations

from pakhus.clients.http import Call
from pakhus.clients.webshop import ShopFacts
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.clients.woocommerce_api import V3
from pakhus.probes.findings import Findings
from pakhus.settings import ShopSettings

_BIN = "trash"
_INDEX = Call("GET", "/", (("_fields", "namespaces"),))
_ONE_ORDER = Call("GET", V3 + "/orders", (("per_page", "1"), ("_fields", "id")))


def probe_shop(client: WooCommerceClient, findings: Findings, shop: ShopSettings) -> str:
    """Note all that does not fit the shop; return what identifies it, or an empty text when it cannot be had.

    Address and key are tried alone first: a dead server or a wrong key is one finding, not nine.
    """
    if findings.ask(lambda: client.send(_INDEX).json()["namespaces"]) is None:
        return ""
    if findings.ask(lambda: client.send(_ONE_ORDER)) is None:
        return ""
    facts = findings.ask(client.probe)
    if facts is None:
        return ""
    findings.facts.append(_described(facts))
    for problem in facts.problems:
        findings.operator(problem, "Mend what is named in the shop, its key's rights or the shop's file.")
    _check_states(findings, shop, facts)
    if shop.mapping.economic is not None and shop.economic is not None:
        _check_payment_methods(findings, shop, facts)
        if facts.currency and facts.currency not in shop.mapping.economic.currencies:
            findings.operator(
                f"the shop sells in {facts.currency}, which is not in {shop.mapping_name}.yaml: economic.currencies",
                f"Add {facts.currency} there.",
            )
    return facts.identity


def _described(facts: ShopFacts) -> str:
    prices = "prices with VAT" if facts.prices_include_vat else "prices without VAT"
    rounding = {True: ", VAT rounded at subtotal", False: ", VAT rounded per line", None: ""}
    return (
        f"{facts.platform} {facts.version} at {facts.identity}, {facts.currency}, {facts.timezone}, "
        f"{prices}{rounding[facts.vat_rounded_at_subtotal]}"
    )


def _check_states(findings: Findings, shop: ShopSettings, facts: ShopFacts) -> None:
    if not facts.states:
        return
    for state in sorted(shop.known_states - {_BIN} - facts.states.keys()):
        known = ", ".join(sorted(facts.states))
        findings.operator(
            f"the shop has no order state {state}, which {shop.shop}.yaml names (it has {known})",
            "Correct the name, or take it out.",
        )


def _check_payment_methods(findings: Findings, shop: ShopSettings, facts: ShopFacts) -> None:
    mapped = shop.mapping.economic.payments if shop.mapping.economic else {}
    for method, title in sorted(facts.payment_methods.items()):
        if method not in mapped:
            findings.operator(
                f"payment method {method} ({title}) is on in the shop, but is not mapped: its orders will be held",
                f"Add it to {shop.mapping_name}.yaml: economic.payments.",
            )
