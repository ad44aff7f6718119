"""Compare the mapping's payment methods with a live agreement: terms, accounts, journals, and the sign of payments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_errors import SYSTEM
from pakhus.clients.economic_journals import EconomicJournals
from pakhus.errors import NotFoundError
from pakhus.formats.economic_journals import signs_shown
from pakhus.probes.findings import Findings
from pakhus.probes.mapped import Mapped, key_in
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay

_POSTABLE = ("profitAndLoss", "status")
# Terms that count an invoice as paid when it is booked (economic.md 7.1).
_PAID_TYPES = ("paidInCash", "prepaid")
_MOVING_TYPES = (*_PAID_TYPES, "creditcard", "factoring")
_READ_FOR_SIGN = 20

Parts = Sequence[tuple[str, AccountingMapping]]


def check_payments(client: EconomicClient, findings: Findings, parts: Parts) -> None:
    """Note what does not fit of the methods that are registered in any way; a mapping without such asks nothing."""
    for name, part in parts:
        debt = part.gift_cards.debt_account if part.gift_cards is not None else None
        _check_account(client, findings, key_in(name, "economic", "gift_cards", "debt_account"), debt)
    methods = [(f"{name}.yaml: economic.payments.{key}", method) for name, key, method in _registered(parts)]
    if not methods:
        return
    terms = findings.ask(lambda: {int(row["paymentTermsNumber"]): row for row in client.rows(*_TERMS)})
    journals = findings.ask(lambda: {int(row["journalNumber"]): row for row in EconomicJournals(client).journals()})
    for key, method in methods:
        _check_account(client, findings, f"{key}.clearing_account", method.clearing_account)
        if terms is not None:
            _check_terms(findings, key, method, terms)
        if journals is not None and method.journal is not None:
            check_journal(findings, f"{key}.journal", method.journal, journals, restricted_to="customerPayment")
    for name, part in parts:
        numbers = sorted({method.journal for method in part.payments.values() if method.journal is not None})
        findings.ask(partial(_check_sign, client, findings, name, part, numbers))


_TERMS = ("/payment-terms", "paymentTermsNumber")


def terms_named(name: str, part: AccountingMapping) -> Iterator[Mapped]:
    """Yield the payment terms that methods name besides `terms`."""
    for key, method in sorted(part.payments.items()):
        if method.open_terms is not None:
            yield Mapped(key_in(name, "economic", "payments", key, "open_terms"), method.open_terms)


def _registered(parts: Parts) -> Iterator[tuple[str, str, PaymentMethod]]:
    for name, part in parts:
        for key, method in sorted(part.payments.items()):
            if method.way is not PaymentWay.OPEN:
                yield name, key, method


def _check_account(client: EconomicClient, findings: Findings, key: str, number: int | None) -> None:
    """Note when entries of payments cannot be posted to an account, or would count as profit."""
    if number is None:
        return
    account = findings.ask(lambda: account_of(client, number))
    if account is None:
        return
    problem = account_problem(account)
    if problem:
        findings.operator(
            f"{key} is {number}, {problem}", f"Write a balance account that takes entries, or open it in {SYSTEM}."
        )
    elif account.get("accountType") != "status":
        findings.operator(
            f"{key} is {number}, which is no balance account: what is owed would count as profit",
            "Write the number of a balance account.",
        )


def account_of(client: EconomicClient, number: int) -> Any:
    """Return an account, or an empty one where there is none."""
    try:
        return client.account(number)
    except NotFoundError:
        return {}


def account_problem(account: Mapping[str, Any]) -> str:
    """Say why entries cannot be posted to an account; an empty text: they can."""
    if not account:
        return f"but {SYSTEM} has no such account"
    if account.get("accountType") not in _POSTABLE:
        return f"which is a heading or a sum ({account.get('accountType')})"
    if account.get("barred"):
        return "which is barred"
    return "which takes no direct entries" if account.get("blockDirectEntries") else ""


def _check_terms(findings: Findings, key: str, method: PaymentMethod, terms: Mapping[int, Any]) -> None:
    used = {"terms": method.terms} | ({"open_terms": method.open_terms} if method.open_terms is not None else {})
    types = {name: str((terms.get(number) or {}).get("paymentTermsType") or "") for name, number in used.items()}
    paid = "terms" if method.way in (PaymentWay.TERM, PaymentWay.AUTO) else ""
    for name, number in used.items():
        if name == paid and types[name] and types[name] not in _PAID_TYPES:
            findings.operator(
                f"{key}.{name} is {number}, whose type is {types[name]}: the invoice would not count as paid",
                f"Write terms of the type paid in cash, with {method.clearing_account} as contra account.",
            )
        elif name == paid and types[name]:
            _check_contra(findings, f"{key}.{name}", method, terms[number])
        elif types[name] in _MOVING_TYPES:
            findings.operator(
                f"{key}.{name} is {number}, whose type is {types[name]}: the invoice would be paid twice",
                "Write net terms: the journal settles these invoices.",
            )


def _check_contra(findings: Findings, key: str, method: PaymentMethod, terms: Mapping[str, Any]) -> None:
    contra = (terms.get("contraAccountForRemainderAmount") or {}).get("accountNumber")
    if contra is not None and int(contra) != method.clearing_account:
        findings.operator(
            f"{key} is {terms['paymentTermsNumber']}, whose contra account is {contra}, not clearing_account "
            f"{method.clearing_account}",
            f"Write terms whose contra account is {method.clearing_account}, or the account of the terms.",
        )


def check_journal(
    findings: Findings, key: str, number: int, journals: Mapping[int, Any], *, restricted_to: str = "", more: str = ""
) -> None:
    """Find out whether a journal takes our vouchers; it may be restricted to one type. `more` says why no other."""
    journal = journals.get(number)
    if journal is None:
        known = ", ".join(map(str, sorted(journals))) or "none"
        findings.operator(
            f"{key} is {number}, but {SYSTEM} has no such journal (it has {known})",
            f"Write a number that exists, or create the journal in {SYSTEM}.",
        )
        return
    only = (journal.get("settings") or {}).get("entryTypeRestrictedTo")
    if only and only != restricted_to:
        findings.operator(
            f"{key} is {number}, which takes entries of the type {only} only{more}",
            f"Write another journal, or lift the restriction in {SYSTEM}.",
        )


def _check_sign(
    client: EconomicClient, findings: Findings, name: str, part: AccountingMapping, journals: Sequence[int]
) -> None:
    """Tell the sign of customer payments by those that wait in the journals and name an invoice (economic.md 8.3)."""
    entries = [entry for number in journals for entry in EconomicJournals(client).customer_payments(number)]
    named = [entry for entry in entries if entry.get("customerInvoice")][:_READ_FOR_SIGN]
    gross: dict[int, Decimal] = {}
    for entry in named:
        number = int(entry["customerInvoice"])
        if number not in gross:
            gross[number] = _gross_of(client, number)
    shown = signs_shown(named, gross)
    wanted = part.customer_payment_sign
    if shown == {wanted}:
        findings.facts.append(f"customer payments are signed {wanted}, as {name}.yaml says")
    elif shown:
        findings.operator(
            f"{key_in(name, 'economic', 'customer_payment_sign')} is {wanted}, but customer payments that wait in "
            f"{SYSTEM} are {' and '.join(sorted(shown))}",
            "Look at one with the bookkeeper before the journal is booked; correct the setting or the entries.",
        )


def _gross_of(client: EconomicClient, number: int) -> Decimal:
    try:
        return Decimal(client.get_booked(str(number))["grossAmount"])
    except NotFoundError:
        return Decimal(0)
