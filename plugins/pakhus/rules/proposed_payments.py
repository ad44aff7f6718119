"""What the mapping could say of each payment method that a shop offers or its orders used; pure.

Bank transfer and its like stand open until the money is in the bank. Money that a provider holds goes by a clearing
account: where its name, or its paid term's contra account, says whose it is. Sources: domain guide 9.1,
9.2; economic.md 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pakhus.rules.proposals import OF_WEBSHOP, Asked, Choice, Names, Proposal, chosen, is_called

SYSTEM = "e-conomic"
JOURNAL = "journal"  # whose answer says it for all methods
_PAID = ("paidInCash", "prepaid")
NET = ("net", "invoiceMonth", "dueDate", "invoiceWeekStartingSunday", "invoiceWeekStartingMonday")
# WooCommerce's own methods, whose money no provider holds.
_OPEN = frozenset({"bacs", "cheque", "cod"})
_ON_ACCOUNT = ("ean", "invoice", "faktura", "on_account", "konto")
# What accounts and terms of cards are called (short-term debt, kortfristet, begins alike), and gateways of cards.
_CARD_NAMES: Names = (("kort", "card"), ("indløser", "acquirer"))
_GIFT = ("gavekort", "gift")
_NO_CARD = ("kortfrist", *_GIFT)
_CARD_GATEWAYS = (
    *("quickpay", "epay", "bambora", "onpay", "pensopay", "nets", "dibs", "worldline", "stripe", "reepay", "frisbii"),
    *("clearhaus", "worldpay", "adyen", "altapay", "scanpay", "card", "kort", "woocommerce_payments"),
)
# Providers that merchants keep an account of their own for; they come before the cards of a gateway that carries both.
_WALLETS = ("mobilepay", "vipps", "klarna", "paypal", "viabill", "swish", "anyday", "apple", "google")


@dataclass(frozen=True, slots=True)
class Term:
    """A row of the accounts' payment terms."""

    number: int
    name: str
    kind: str
    contra: int | None = None

    @property
    def choice(self) -> Choice:
        return Choice(str(self.number), self.name)


@dataclass(frozen=True, slots=True)
class Method:
    """A payment method of the shop: its id, what buyers read, and how many of the newest orders used it."""

    id: str
    title: str
    orders: int = 0

    def __str__(self) -> str:
        return f"{self.title or self.id}, {self.orders} orders" if self.orders else f"{self.title or self.id}"


@dataclass(frozen=True, slots=True)
class MoneyLists:
    """What the accounts have for money: terms, balance accounts that take entries, journals for customer payments."""

    terms: Sequence[Term]
    accounts: Sequence[Choice]
    journals: Sequence[Choice]


def key_of(method: str) -> str:
    """The key of a method in a mapping file."""
    return f"economic.payments.{method}"


def net_terms(lists: MoneyLists) -> list[Choice]:
    """Terms under which an invoice stands open."""
    return [term.choice for term in lists.terms if term.kind in NET]


def payments_proposed(methods: Iterable[Method], lists: MoneyLists, answers: Mapping[str, str]) -> tuple[Proposal, ...]:
    """Propose for each method what the mapping could say of it, as a table in YAML's short form; else ask."""
    asked = Asked("economic.customers.payment_terms", "payment term", SYSTEM, OF_WEBSHOP)
    usual = chosen(asked, net_terms(lists), answers)
    journal = chosen(Asked(JOURNAL, "journal", SYSTEM), lists.journals, answers)
    return tuple(_proposed(method, lists, usual.value, journal.value, answers) for method in methods)


def _proposed(method: Method, lists: MoneyLists, usual: str, journal: str, answers: Mapping[str, str]) -> Proposal:
    key = key_of(method.id)
    if (answer := answers.get(key)) is not None:
        return Proposal(key, answer, f"as you say; {method}")
    if method.id in _OPEN and usual:
        reason = f"{method}: no provider holds the money, so the invoice stands open until it is in the bank"
        return Proposal(key, f"{{terms: {usual}}}", reason)
    if is_called(f"{method.id} {method.title}", _GIFT):
        return Proposal(key, "", f"{method}: what gift cards are is said by economic.gift_cards (docs/mapping.md)")
    if method.id in _OPEN or is_called(method.id, _ON_ACCOUNT):
        return Proposal(key, "", f"{method}: which terms do its invoices have?", tuple(net_terms(lists)))
    return _of_provider(key, method, lists, usual, journal)


def _of_provider(key: str, method: Method, lists: MoneyLists, usual: str, journal: str) -> Proposal:
    paid = [term for term in lists.terms if term.kind in _PAID and term.contra is not None]
    named = _accounts(method, lists, paid)
    if len(named) != 1:
        why = "several accounts could be" if named else "no account's name says that it is"
        choices = tuple(row for row in lists.accounts if row.value in named) or tuple(lists.accounts)
        return Proposal(key, "", f"{method}: {why} where its provider's debt stands", choices)
    account = named.pop()
    name = next((row.name for row in lists.accounts if row.value == account), "")
    terms = [str(term.number) for term in paid if str(term.contra) == account]
    reason = f"{method}: its provider's debt stands on account {account} ({name})"
    if len(terms) == 1 and journal and usual:
        way = f"way: auto, clearing_account: {account}, journal: {journal}, open_terms: {usual}"
        return Proposal(key, f"{{terms: {terms[0]}, {way}}}", f"{reason}, which is the contra account of these terms")
    if len(terms) == 1:
        return Proposal(key, f"{{terms: {terms[0]}, way: term, clearing_account: {account}}}", reason)
    if journal and usual:
        way = f"way: journal, clearing_account: {account}, journal: {journal}"
        return Proposal(key, f"{{terms: {usual}, {way}}}", f"{reason}; each payment is entered in the journal")
    why = f"{method}: account {account} fits; which journal takes its payments is answered by {JOURNAL}=NUMBER"
    return Proposal(key, "", why, tuple(lists.journals))


def _accounts(method: Method, lists: MoneyLists, paid: Sequence[Term]) -> set[str]:
    """The accounts that are called after the provider, or are the contra account of terms that are."""
    for words in _names(method):
        called = {row.value for row in lists.accounts if _is_called(row.name, words)}
        called |= {str(term.contra) for term in paid if _is_called(term.name, words)}
        if called:
            return called
    return set()


def _is_called(name: str, words: Sequence[str]) -> bool:
    return is_called(name, words) and not is_called(name, _NO_CARD)


def _names(method: Method) -> Names:
    """What accounts of this method's provider may be called: after itself first, then after cards in general."""
    text = f"{method.id} {method.title}".casefold()
    wallets = tuple(word for word in _WALLETS if word in text)
    if wallets:
        return (wallets,)
    gateways = tuple(word for word in _CARD_GATEWAYS if word in text)
    if gateways:
        return (tuple(word for word in gateways if word not in ("card", "kort")), *_CARD_NAMES)
    return (tuple(word for word in (method.id.casefold(), method.title.casefold()) if word),)
