"""Products in an e-conomic agreement: read, made, changed (economic.md 4.1)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pakhus.clients import economic_products
from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_errors import SYSTEM
from pakhus.flows.exactly_once import ECONOMIC, Found, Policy, Step, Writer
from pakhus.flows.product_targets import CREATE, SET_PRICE, UPDATE, Hand, Shown
from pakhus.formats import economic_products as formats
from pakhus.ledger.attempts import Attempt
from pakhus.rules.product_mapping import NewAccountsProducts
from pakhus.rules.product_sync import Values, currency_of, same

# A change replaces the whole product: a lost one is looked up, never repeated, for somebody may have changed it since.
_LOOKED_UP = Policy()


@dataclass(frozen=True, slots=True)
class ProductsInEconomic:
    """The products of one agreement. An update is made from the product as it was read just before."""

    accounts: EconomicClient
    new: NewAccountsProducts
    system: str = SYSTEM
    list_holds_s: float = 0.0  # a change replaces the whole product

    def listing(self) -> dict[str, Shown]:
        rows = map(_shown, economic_products.products(self.accounts))
        return {row.number: row for row in rows}

    def numbers(self) -> Collection[str]:
        return ()  # strings are compared without regard to case (section 4.1): a second one is refused

    def find(self, number: str, fields: Collection[str] = ()) -> Shown | None:
        row = self.accounts.find_product(number)
        # Strings are compared without regard to case by the accounts: another product is not this one (section 4.1).
        if row is None or str(row.get("productNumber")) != number:
            return None
        shown = _shown(row)
        currencies = {name: code for name in fields if (code := currency_of(name)) is not None}
        prices = {name: self._price_text(number, code) for name, code in currencies.items()}
        return replace(shown, values={**shown.values, **prices}) if prices else shown

    def settle(self, hand: Hand, number: str) -> bool:
        changes = self._writer(hand, _LOOKED_UP)
        for subject in hand.unsettled_subjects():
            changes.known(self._update_step(number, subject))
        for subject in hand.unsettled_subjects(SET_PRICE):
            changes.known(self._price_step(number, subject))
        return self._writer(hand, ECONOMIC).known(self._create_step(number)) is not None

    def create(self, hand: Hand, number: str, values: Values) -> Shown:
        call = economic_products.create_product(formats.product_to_economic(number, values, self.new))
        made = _shown(self._writer(hand, ECONOMIC).make(self._create_step(number), call).value)
        return self._priced(hand, made, values)

    def update(self, hand: Hand, shown: Shown, changes: Values) -> Shown:
        own = {name: value for name, value in changes.items() if currency_of(name) is None}
        changed = shown
        if own:
            call = economic_products.replace_product(shown.number, formats.replaced_product(shown.row, own))
            step = self._update_step(shown.number, hand.subject())
            changed = _shown(self._writer(hand, _LOOKED_UP).make(step, call).value)
            changed = replace(changed, values={**shown.values, **changed.values})
        return self._priced(hand, changed, changes)

    def _priced(self, hand: Hand, shown: Shown, values: Values) -> Shown:
        """Write the prices in other currencies that are among the values; an empty one is left to people."""
        prices: dict[str, str] = {}
        for name, value in values.items():
            code = currency_of(name)
            if code is None or not value:
                continue
            make = economic_products.replace_price if shown.values.get(name) else economic_products.create_price
            step = self._price_step(shown.number, hand.subject(SET_PRICE))
            call = make(shown.number, code, Decimal(value))
            self._writer(hand, _LOOKED_UP).make(step, call)
            prices[name] = value
        return replace(shown, values={**shown.values, **prices})

    def _price_text(self, number: str, currency: str) -> str:
        price = economic_products.price_in(self.accounts, number, currency)
        return "" if price is None else f"{price:f}"

    def _price_step(self, number: str, subject: str) -> Step:
        """Told by its effect: the price is what was sent."""

        def search(attempt: Attempt) -> Found | None:
            sent = json.loads(attempt.request.body, parse_float=Decimal)
            currency = str(sent["currency"]["code"])
            price = economic_products.price_in(self.accounts, number, currency)
            found = {"price": price, "currency": {"code": currency}}
            return Found(currency, found) if price == Decimal(sent["price"]) else None

        return Step(SET_PRICE, lambda answer: str(answer["currency"]["code"]), search, subject=subject)

    def _writer(self, hand: Hand, policy: Policy) -> Writer:
        return Writer(hand.ledger, hand.claim, hand.document, policy, self.accounts.send)

    def _create_step(self, number: str) -> Step:
        def search(_: Attempt) -> Found | None:
            found = self.find(number)
            return None if found is None else Found(number, dict(found.row))

        return Step(CREATE, formats.product_number, search)

    def _update_step(self, number: str, subject: str) -> Step:
        """Told by its effect: the product shows all that was sent."""

        def search(attempt: Attempt) -> Found | None:
            found = self.find(number)
            sent = json.loads(attempt.request.body, parse_float=Decimal)
            return Found(number, dict(found.row)) if found is not None and _shows(found, sent) else None

        return Step(UPDATE, formats.product_number, search, subject=subject)


def _shown(row: Mapping[str, Any]) -> Shown:
    number, values = formats.values_from_economic(row)
    return Shown(number, values, row)


def _shows(found: Shown, sent: Mapping[str, Any]) -> bool:
    wanted = formats.values_from_economic(sent)[1]
    return all(same(name, value, found.values[name]) for name, value in wanted.items())
