"""What buyers paid stands on the clearing account until the payment provider's settlement takes it off, to 0.00."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from pakhus.settings import ShopSettings
from stack.demo_files import CLEARING, JOURNAL, LATE_SHOP, PAYMENTS
from stack.play.evidence import belongs, order_of
from stack.play.rows import Row
from stack.play.scene import Scene

FEE_SHARE = Decimal("0.0145")
HEADER = "Transaktionstype;Reference;Udbetaling;Dato;Valuta;Beløb;Gebyr;Netto;Ordrenr."
PAYOUT = "DEMO1"


def settle(scene: Scene) -> list[Row]:
    """The bookkeeper books the journal; the provider pays out what it owes; the bookkeeper books that, too."""
    scene.say("the bookkeeper books the payments; the payment provider settles them, and the payout is entered")
    shop = next(shop for shop in scene.shops if shop.shop == LATE_SHOP)
    scene.run("invoices")  # what the import booked is paid, too
    scene.act("economic", "book_journal", journal=JOURNAL)
    moved = list(_moved(scene, shop))
    owed = sum((amount for _, amount in moved), Decimal(0))
    stands = _balance(scene, CLEARING)
    rows = [Row(shop.shop, f"paid by buyers = on clearing account {CLEARING}", f"{owed:.2f}", f"{stands:.2f}")]
    (scene.settlements / f"{PAYOUT}.csv").write_text(_settlement(moved), encoding="utf-8")
    scene.run("payouts")
    vouchers = {row["voucher"] for row in scene.state("economic")["journal_entries"].values()}
    scene.act("economic", "book_journal", journal=JOURNAL)
    return [
        *rows,
        Row(shop.shop, "payouts entered, one voucher each", "1", str(len(vouchers))),
        Row(shop.shop, f"clearing account {CLEARING} after the payout", "0.00", f"{_balance(scene, CLEARING):.2f}"),
    ]


def _moved(scene: Scene, shop: ShopSettings) -> Iterator[tuple[str, Decimal]]:
    """Order number and amount of each booked invoice, and of each credit note, that the provider took money for."""
    orders = scene.orders(shop)
    for row in scene.accounts().invoices("booked"):
        key = row["references"]["other"]
        if belongs(key, shop) and orders[order_of(key)]["payment_method"] in PAYMENTS:
            yield order_of(key), Decimal(row["grossAmount"])


def _balance(scene: Scene, account: int) -> Decimal:
    return Decimal(str(scene.state("economic")["accounts"][str(account)]["balance"]))


def _settlement(moved: list[tuple[str, Decimal]]) -> str:
    """A table as include/settlements/nets.yaml says: a line per payment with its fee, and the payout."""
    day = f"{datetime.now(UTC):%d.%m.%Y %H:%M:%S}"
    lines, paid = [HEADER], Decimal(0)
    for place, (order, amount) in enumerate(moved, 1):
        fee = -(amount * FEE_SHARE).quantize(Decimal("0.01")) if amount > 0 else Decimal(0)
        kind = "Salg" if amount > 0 else "Retur"
        lines.append(
            f"{kind};demo{place};{PAYOUT};{day};DKK;{_danish(amount)};{_danish(fee)};{_danish(amount + fee)};{order}"
        )
        paid += amount + fee
    lines.append(f"Udbetalt;demo-payout;{PAYOUT};{day};DKK;{_danish(-paid)};0,00;{_danish(-paid)};")
    return "\n".join(lines) + "\n"


def _danish(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
