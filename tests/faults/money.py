"""The money of the scene: payments of both invoices by journal, and a settlement that pays the first of them out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import create_engine, select

from pakhus.clients.economic import EconomicClient
from pakhus.clients.webshop import Webshop
from pakhus.flows.payments import cashier
from pakhus.flows.payouts import SettlementFile, settler
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import clearing_items
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay
from pakhus.rules.payout_accounts import Booking, EntriesForm, PayoutAccounts
from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.settings import ShopSettings
from pakhus.settings.accounts import AccountSettings

CLEARING = 5825
METHOD = PaymentMethod(terms=11, way=PaymentWay.JOURNAL, clearing_account=CLEARING, journal=5)
PAYOUT = "kort-PO-1-DKK-payout"
_ACCOUNT = AccountSettings(
    account="kort",
    provider="Kortselskabet",
    reader="column_mapping",
    folder="file:///srv/kort",
    economic="main",
    journal=5,
    accounts={
        "DKK": PayoutAccounts(
            clearing=CLEARING, bank=5829, fee=7220, reserve=5827, dispute=5828, difference=7225, exchange=7230
        )
    },
    start_from=date(2026, 1, 1),
    columns="kort",
)
_COLUMNS = ColumnMapping.model_validate(
    {
        "version": "1",
        "provider": "kort",
        "currency": "DKK",
        "columns": {
            "type": "Type",
            "id": "Id",
            "date": "Date",
            "gross": "Amount",
            "fee": "Fee",
            "order": "Order",
            "batch": "Batch",
            "payout_date": "Payout date",
        },
        "types": {name: name for name in ("capture", "payout", "refund")},
        "dates": "%Y-%m-%d",
    }
)


def paid_by_journal(settings: ShopSettings) -> ShopSettings:
    """The shop with every payment entered in the journal."""
    economic = settings.mapping.economic
    assert economic is not None
    payments = dict.fromkeys(economic.payments, METHOD)
    mapping = settings.mapping.model_copy(update={"economic": economic.model_copy(update={"payments": payments})})
    return settings.model_copy(update={"mapping": mapping})


def register_payments(shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings) -> None:
    """Register what was booked."""
    cashier(shop, accounts, ledger, settings).run(workers=1)


def settle(accounts: EconomicClient, ledger: Ledger, order: str) -> None:
    """Journal the payout of this order."""
    paid = TOTAL - FEE
    rows = [f"capture;t1;2026-11-22;{TOTAL};-{FEE};{order};PO-1;2026-11-25"]
    settler(accounts, ledger, _ACCOUNT, _COLUMNS).run([_settlement(*rows, _payout(paid))])


def settle_by_rule(accounts: EconomicClient, ledger: Ledger, order: str) -> None:
    """Journal and book the payout of this order, less what was given back in the provider's portal alone."""
    rules = {"book": Booking.WHEN_MATCHED, "book_entries_body": EntriesForm.ARRAY, "refunds_only_here": "credit_note"}
    rows = [
        f"capture;t1;2026-11-22;{TOTAL};-{FEE};{order};PO-1;2026-11-25",
        f"refund;r1;2026-11-22;-{GIVEN_BACK};0.00;{order};PO-1;2026-11-25",
    ]
    found = [_settlement(*rows, _payout(TOTAL - FEE - GIVEN_BACK))]
    settler(accounts, ledger, _ACCOUNT.model_copy(update=rules), _COLUMNS).run(found)


def settle_refunded(accounts: EconomicClient, ledger: Ledger, order: str, amount: Decimal) -> None:
    """Journal the payout in which the charge of an order stands with its refund: the provider kept a fee."""
    rows = [
        f"capture;t1;2026-11-22;{amount};-{FEE};{order};PO-1;2026-11-25",
        f"refund;r1;2026-11-22;-{amount};0.00;{order};PO-1;2026-11-25",
    ]
    taken = f"payout;p1;2026-11-22;{FEE};0.00;;PO-1;2026-11-25"
    settler(accounts, ledger, _ACCOUNT, _COLUMNS).run([_settlement(*rows, taken)])


def _payout(amount: Decimal) -> str:
    return f"payout;p1;2026-11-22;-{amount};0.00;;PO-1;2026-11-25"


def _settlement(*rows: str) -> SettlementFile:
    header = "Type;Id;Date;Amount;Fee;Order;Batch;Payout date"
    return SettlementFile("kort.csv", "\n".join([header, *rows]).encode())


FEE, GIVEN_BACK = Decimal("3.12"), Decimal("40.00")
TOTAL = Decimal("215.47")
"""What the order that is paid out was charged."""


def settled_amounts(ledger_url: str) -> dict[str, Decimal]:
    """What the ledger says was paid out of each captured order, by its number."""
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        rows = connection.execute(select(clearing_items)).all()
    engine.dispose()
    return {row.order_number: row.settled_amount for row in rows if row.amount > 0}
