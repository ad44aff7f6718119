"""Orders for tests of rules and flows, built from amounts as a shop states them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from pakhus.model import (
    Basis,
    FulfilmentState,
    Lifecycle,
    Line,
    LineKind,
    Money,
    Order,
    Party,
    Payment,
    PaymentState,
    VatShare,
)

PLACED = datetime(2026, 11, 21, 10, tzinfo=UTC)
DENMARK = Party(
    name="Anne Test", street="Algade 1", postcode="4000", city="Roskilde", country="DK", email="anne@example.dk"
)


def line(
    net: str,
    vat: str,
    *,
    quantity: str = "1",
    sku: str | None = "NH-1",
    kind: LineKind = LineKind.PRODUCT,
    rate: str | None = "0.25",
    number: int = 1,
) -> Line:
    """A line whose stated rate is `rate`; None: the shop charged no VAT on it."""
    shares = () if rate is None else (VatShare(Decimal(rate), Decimal(vat)),)
    return Line(
        id=str(number),
        kind=kind,
        name=f"Vare {number}",
        quantity=Decimal(quantity),
        net=Decimal(net),
        vat=Decimal(vat),
        sku=sku if kind is LineKind.PRODUCT else None,
        product_id="7",
        vat_shares=shares,
    )


def order(
    lines: Sequence[Line],
    total: str,
    *,
    vat_total: str | None = None,
    currency: str = "DKK",
    state: str = "completed",
    lifecycle: Lifecycle = Lifecycle.COMPLETED,
    shipping: Party = DENMARK,
    refunded: str = "0",
) -> Order:
    """An order charged `total`; its header's VAT is the lines' unless said otherwise."""
    vat = Decimal(vat_total) if vat_total is not None else sum((each.vat for each in lines), Decimal(0))
    return Order(
        shop="nordlys",
        id="1042",
        number="1042",
        native_state=state,
        lifecycle=lifecycle,
        payment_state=PaymentState.PAID,
        fulfilment_state=FulfilmentState.NONE,
        total=Money(Decimal(total), currency),
        total_basis=Basis.STATED,
        vat_total=vat,
        lines=tuple(lines),
        billing=DENMARK,
        shipping=shipping,
        placed_at=PLACED,
        completed_at=PLACED,
        payments=(Payment("bacs"),),
        refunded=Decimal(refunded),
    )
