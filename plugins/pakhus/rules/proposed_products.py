"""Which products of the accounts could carry the lines that are no products of the shop; pure.

A product that has the usual number and the VAT that its line needs is proposed; else the only one that is called so.
Where there is none, the usual number is written and the merchant makes it. Sources: domain guide 4.3; settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.rules.proposals import TO_DO, Asked, Choice, Proposal, chosen, is_called

SYSTEM = "e-conomic"


@dataclass(frozen=True, slots=True)
class LineProduct:
    """A key of economic.products: the usual number, what such products are called, whether they carry VAT at home.

    `taxed` None: either.
    """

    key: str
    number: str
    names: tuple[str, ...]
    taxed: bool | None


_FREIGHT = ("fragt", "freight", "forsendelse", "porto", "levering", "shipping")
LINE_PRODUCTS = (
    LineProduct("shipping_taxed", "fragtmm", _FREIGHT, taxed=True),
    LineProduct("shipping_untaxed", "fragtum", _FREIGHT, taxed=False),
    LineProduct("fee", "gebyr", ("gebyr", "fee"), taxed=None),
    LineProduct("discount", "rabat", ("rabat", "discount"), taxed=None),
    LineProduct("rounding", "diff", ("afrunding", "rounding", "øredif", "difference"), taxed=False),
)


def candidates(names: Mapping[str, str]) -> dict[str, list[str]]:
    """Key -> the numbers whose VAT must be known: that of the usual number, and of what is called so.

    `names` are the accounts' products: number -> name.
    """
    return {
        line.key: sorted({number for number, name in names.items() if number == line.number or _fits(line, name)})[:10]
        for line in LINE_PRODUCTS
    }


def products_proposed(
    names: Mapping[str, str], rates: Mapping[str, Decimal], answers: Mapping[str, str]
) -> tuple[Proposal, ...]:
    """Propose a number for each line. `rates` are the VAT rates at home of the candidates that can be sold."""
    return tuple(_proposals(names, rates, answers))


def _proposals(
    names: Mapping[str, str], rates: Mapping[str, Decimal], answers: Mapping[str, str]
) -> Iterator[Proposal]:
    taken: set[str] = set()
    for line in LINE_PRODUCTS:
        key = f"economic.products.{line.key}"
        fitting = [number for number in candidates(names)[line.key] if _carries(line, rates.get(number))]
        rows = [Choice(number, names[number]) for number in fitting if number not in taken]
        if key not in answers and line.number in fitting:
            found = Proposal(key, line.number, f"{SYSTEM} has it: {names[line.number]}")
        elif rows or key in answers:
            every = [Choice(number, name) for number, name in names.items()] if key in answers else rows
            found = chosen(Asked(key, "product", SYSTEM, (line.names,)), every, answers)
        else:
            found = Proposal(key, line.number, f"{TO_DO}: {SYSTEM} has none that fits; make it there, {_wanted(line)}")
        taken.add(found.value)
        yield found


def _fits(line: LineProduct, name: str) -> bool:
    return is_called(name, line.names)


def _carries(line: LineProduct, rate: Decimal | None) -> bool:
    return rate is not None and line.taxed in (None, rate > 0)


def _wanted(line: LineProduct) -> str:
    return {True: "in a product group with VAT", False: "in a product group without VAT", None: "in any group"}[
        line.taxed
    ]


def generic_products(names: Mapping[str, str], rates: Mapping[str, Decimal]) -> Sequence[tuple[Decimal, str]]:
    """The generic products by rate that an agreement has under their usual numbers; see economic.products.by_rate."""
    return [(rates[number], number) for number in GENERIC_NUMBERS if number in names and number in rates]


GENERIC_NUMBERS = ("vare", "vareum")
