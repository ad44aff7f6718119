"""Compare provider accounts with the live agreements that take their payouts, with the shops, and with each other.

What is wrong here shows as a clearing account that never comes to 0.00. Reads only (economic.md 4.3, 8.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_errors import SYSTEM
from pakhus.clients.economic_journals import EconomicJournals
from pakhus.probes.economic_lists import rows_of
from pakhus.probes.economic_payments import account_of, account_problem, check_journal
from pakhus.probes.findings import Findings
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payout_accounts import PayoutAccounts
from pakhus.settings import ShopSettings
from pakhus.settings.accounts import AccountSettings

_PARTS = ("clearing", "bank", "fee", "fee_vat", "reserve", "dispute", "difference", "exchange")
# What a provider owes, holds or has sent stands in the balance sheet.
_BALANCES = ("clearing", "bank", "reserve", "dispute")
_COSTS = ("fee", "exchange")
Mapped = tuple[str, AccountingMapping, str]
"""An agreement, what a shop's mapping says of it, and the mapping's name."""


def check_together(findings: Findings, accounts: Sequence[AccountSettings], shops: Iterable[ShopSettings]) -> None:
    """Note what account files say against each other and the shops' mappings. Asks nobody."""
    methods = list(_methods(shops))
    clearing: dict[tuple[str, int], str] = {}
    folders: dict[tuple[str, str], str] = {}
    for account in accounts:
        for currency, numbers in sorted(account.accounts.items()):
            key, at = (
                f"{account.account}.yaml: accounts.{currency}.clearing",
                (account.economic_target, numbers.clearing),
            )
            if clearing.setdefault(at, account.account) != account.account:
                findings.operator(
                    f"{key} {numbers.clearing} is that of {clearing[at]}, too: lines of one could be matched with "
                    "payments of the other",
                    "Give each provider account a clearing account of its own.",
                )
            _check_methods(findings, key, at, methods)
        files = (str(account.folder), account.files)
        if account.folder and folders.setdefault(files, account.account) != account.account:
            findings.operator(
                f"{account.account}.yaml: folder {account.folder} is that of {folders[files]}, too: each payout would "
                "be entered twice",
                "Give each account a folder, or a pattern of files, of its own.",
            )
        _check_sign(findings, account, methods)


def _check_sign(findings: Findings, account: AccountSettings, methods: Sequence[Mapped]) -> None:
    for target, mapping, name in methods:
        sign = mapping.customer_payment_sign
        if target == account.economic_target and sign is not account.customer_payment_sign:
            findings.operator(
                f"{account.account}.yaml: customer_payment_sign is {account.customer_payment_sign}, but {name}.yaml "
                f"says {sign}",
                "Both are about the same agreement: write the same.",
            )


def check_account(client: EconomicClient, findings: Findings, account: AccountSettings) -> None:
    """Note all that does not fit between a provider account and its agreement."""
    name = f"{account.account}.yaml"
    journals = findings.ask(lambda: {int(row["journalNumber"]): row for row in EconomicJournals(client).journals()})
    if journals is not None:
        check_journal(findings, f"{name}: journal", account.journal, journals, more=": a payout has several")
    base = findings.ask(lambda: str(client.agreement()["settings"]["baseCurrency"]))
    currencies = findings.ask(lambda: {str(row["code"]) for row in rows_of(client, "currencies", "code")})
    for currency, numbers in sorted(account.accounts.items()):
        key = f"{name}: accounts.{currency}"
        if currencies is not None and currency not in currencies | {base}:
            findings.operator(
                f"{key}: {SYSTEM} has no currency {currency}", f"Take it out, or create the currency in {SYSTEM}."
            )
        if base is not None and numbers.base_currency != base:
            findings.operator(
                f"{key}.base_currency is {numbers.base_currency}, but the agreement's is {base}",
                f"Write {base}: amounts would be entered in the wrong currency.",
            )
        for part in _PARTS:
            findings.ask(partial(_check_part, client, findings, key, part, numbers))
        findings.ask(partial(_check_code, client, findings, f"{key}.fee_vat_code", numbers.fee_vat_code))
    findings.facts.append(f"{account.account}: payouts of {account.provider} into journal {account.journal}")


def _check_part(client: EconomicClient, findings: Findings, key: str, part: str, numbers: PayoutAccounts) -> None:
    number: int | None = getattr(numbers, part)
    if number is None:
        return
    account = account_of(client, number)
    problem = account_problem(account)
    if problem:
        action = f"Write an account that takes entries, or open it in {SYSTEM}."
        findings.operator(f"{key}.{part} is {number}, {problem}", action)
        return
    kind = account.get("accountType")
    if part in _BALANCES and kind != "status":
        text = f"{key}.{part} is {number}, which is no balance account: money would count as profit or loss"
        findings.operator(text, "Write the number of a balance account.")
    if part in _COSTS and kind == "status":
        text = f"{key}.{part} is {number}, which is a balance account: what it cost would not show in the result"
        findings.operator(text, "Write the number of an account of the profit and loss statement.")
    code = (account.get("vatAccount") or {}).get("vatCode")
    if code and not (part == "fee" and numbers.fee_vat_code):
        findings.operator(
            f"{key}.{part} is {number}, which has the VAT code {code} of its own: VAT could be lifted out of what has "
            "none",
            f"Take the code off the account in {SYSTEM}, or write another account.",
        )


def _check_code(client: EconomicClient, findings: Findings, key: str, code: str | None) -> None:
    if code is None:
        return
    found = {str(row["vatCode"]): row for row in client.vat_accounts()}
    if code not in found or found[code].get("barred"):
        how = "is barred" if code in found else f"does not exist (there are {', '.join(sorted(found))})"
        findings.operator(f"{key} is {code}, which {how}", f"Write a VAT code for purchases that {SYSTEM} has.")


def _check_methods(findings: Findings, key: str, clearing: tuple[str, int], methods: Sequence[Mapped]) -> None:
    """A clearing account on which no shop puts payments is a wrong number: nothing could ever be matched."""
    target, number = clearing
    used = {
        method.clearing_account
        for mapped, mapping, _ in methods
        if mapped == target
        for method in mapping.payments.values()
    }
    if number not in used:
        known = ", ".join(str(one) for one in sorted(one for one in used if one is not None)) or "none"
        findings.operator(
            f"{key} is {number}, on which no payment method of a shop puts its payments (they use {known})",
            "Write the clearing_account of the methods that this provider pays out.",
        )


def _methods(shops: Iterable[ShopSettings]) -> Iterator[Mapped]:
    """Yield agreement, mapping and mapping's name of each shop that has accounts."""
    for shop in shops:
        if shop.economic_target is not None and shop.mapping.economic is not None:
            yield shop.economic_target, shop.mapping.economic, shop.mapping_name
