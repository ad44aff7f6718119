"""What buyers paid stands on the clearing accounts until the payment providers pay it out: then they stand at 0.00.

One provider is polled over its API, the other one's settlement is a file. The polled one has also taken money for
orders that are held here: no invoice explains that, and it stands on the difference account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pakhus.settings import ShopSettings
from stack.demo_files import BANK, CLEARING, DIFFERENCE, FEE, FILED_CLEARING, JOURNAL, LATE_SHOP, PAYMENTS
from stack.play.evidence import belongs, left_of, order_of
from stack.play.rows import Row
from stack.play.scene import Scene

FEE_SHARE = Decimal("0.0145")
HEADER = "Transaktionstype;Reference;Udbetaling;Dato;Valuta;Beløb;Gebyr;Netto;Ordrenr."
PAYOUT = "DEMO1"
IN_KRONER = {"DKK": Decimal(1), "EUR": Decimal("7.46")}
"""What the polled provider converts by, as stack/demo.yaml says."""
TAKEN = ("completed", "refunded")
"""The states in which its gateway has taken the money."""
_CENT = Decimal("0.01")


def settle(scene: Scene) -> list[Row]:
    """The bookkeeper books drafts and journal; the providers pay out what they owe; the bookkeeper books that, too."""
    polled = next(shop for shop in scene.shops if shop.shop == LATE_SHOP)
    filed = next(shop for shop in scene.shops if shop.shop != LATE_SHOP)
    _book_all(scene, filed)
    rows = [*_on_clearing(scene, polled, CLEARING), *_on_clearing(scene, filed, FILED_CLEARING)]
    scene.say("the providers pay out: one is asked over its API, the other one's settlement is a file")
    before = {account: _balance(scene, account) for account in (BANK, FEE, DIFFERENCE)}
    paid, fees = _pay_out(scene, polled)
    moved = list(_moved(scene, filed))
    (scene.settlements / f"{PAYOUT}.csv").write_text(_settlement(moved), encoding="utf-8")
    scene.run("payouts")
    vouchers = {row["voucher"] for row in scene.state("economic")["journal_entries"].values()}
    scene.act("economic", "book_journal", journal=JOURNAL)
    got = {account: _balance(scene, account) - stood for account, stood in before.items()}
    fees += sum((_fee(amount) for _, amount in moved), Decimal(0))
    paid += sum((amount - _fee(amount) for _, amount in moved), Decimal(0))
    held = _taken_for_held(scene, polled)
    return [
        *rows,
        Row("both shops", "payouts entered, one voucher each", "2", str(len(vouchers))),
        Row(polled.shop, f"clearing account {CLEARING} after the payout", "0.00", f"{_balance(scene, CLEARING):.2f}"),
        Row(
            filed.shop,
            f"clearing account {FILED_CLEARING} after the payout",
            "0.00",
            f"{_balance(scene, FILED_CLEARING):.2f}",
        ),
        Row("both shops", f"paid out = on its way to the bank, {BANK}", f"{paid:.2f}", f"{got[BANK]:.2f}"),
        Row("both shops", f"the providers' fees = on {FEE}", f"{fees:.2f}", f"{got[FEE]:.2f}"),
        Row(polled.shop, f"taken for orders that are held = on {DIFFERENCE}", f"{held:.2f}", f"{-got[DIFFERENCE]:.2f}"),
    ]


def _book_all(scene: Scene, shop: ShopSettings) -> None:
    """The bookkeeper books the drafts of a shop that leaves this to people, then the payments in the journal."""
    scene.say("the bookkeeper books the drafts and the payments")
    drafts = [row for row in scene.accounts().invoices("drafts") if belongs(row["references"]["other"], shop)]
    for row in drafts:
        scene.act("economic", "book_draft", draft=int(row["draftInvoiceNumber"]))
    dag, keys = f"{shop.shop}__invoices", [row["references"]["other"] for row in drafts]
    scene.wake(dag)
    scene.api.wait_for_run(dag, scene.api.trigger(dag, {"orders": keys}), scene.run_within_s)
    scene.run("invoices")  # what was booked by hand, and what the import booked, is paid, too
    scene.act("economic", "book_journal", journal=JOURNAL)


def _on_clearing(scene: Scene, shop: ShopSettings, account: int) -> Iterator[Row]:
    owed = sum((amount for _, amount in _moved(scene, shop)), Decimal(0))
    yield Row(
        shop.shop, f"paid by buyers = on clearing account {account}", f"{owed:.2f}", f"{_balance(scene, account):.2f}"
    )


def _pay_out(scene: Scene, shop: ShopSettings) -> tuple[Decimal, Decimal]:
    """The gateway tells the provider what the shop took and gave back; the provider pays out. Amount and fees."""
    scene.act("stripe", "connect_shop", shop=shop.shop, url=scene.urls[shop.shop], methods=list(PAYMENTS))
    scene.act("stripe", "collect")
    payout = scene.act("stripe", "pay_out")
    fees = sum(int(row["fee"]) for row in scene.state("stripe")["transactions"].values())
    return Decimal(payout["amount"]) / 100, Decimal(fees) / 100


def _taken_for_held(scene: Scene, shop: ShopSettings) -> Decimal:
    """What the shop's buyers have paid for orders that have no invoice, less what they got back, in kroner."""
    invoiced = {number for number, _ in _moved(scene, shop)}
    found = [order for number, order in scene.orders(shop).items() if number not in invoiced]
    return sum((_kroner(order) for order in found if _is_taken(order)), Decimal(0))


def _is_taken(order: Mapping[str, Any]) -> bool:
    return order["payment_method"] in PAYMENTS and order["status"] in TAKEN


def _kroner(order: Mapping[str, Any]) -> Decimal:
    return (left_of(order) * IN_KRONER[order["currency"]]).quantize(_CENT)


def _moved(scene: Scene, shop: ShopSettings) -> Iterator[tuple[str, Decimal]]:
    """Order number and amount of each booked invoice, and of each credit note, that a provider took money for."""
    orders = scene.orders(shop)
    for row in scene.accounts().invoices("booked"):
        key = row["references"]["other"]
        if belongs(key, shop) and orders[order_of(key)]["payment_method"] in PAYMENTS:
            yield order_of(key), Decimal(row["grossAmount"])


def _balance(scene: Scene, account: int) -> Decimal:
    return Decimal(str(scene.state("economic")["accounts"][str(account)]["balance"]))


def _fee(amount: Decimal) -> Decimal:
    return (amount * FEE_SHARE).quantize(_CENT) if amount > 0 else Decimal(0)


def _settlement(moved: list[tuple[str, Decimal]]) -> str:
    """A table as include/settlements/nets.yaml says: a line per payment with its fee, and the payout."""
    day = f"{datetime.now(UTC):%d.%m.%Y %H:%M:%S}"
    lines, paid = [HEADER], Decimal(0)
    for place, (order, amount) in enumerate(moved, 1):
        fee = -_fee(amount)
        kind = "Salg" if amount > 0 else "Retur"
        lines.append(
            f"{kind};demo{place};{PAYOUT};{day};DKK;{_danish(amount)};{_danish(fee)};{_danish(amount + fee)};{order}"
        )
        paid += amount + fee
    lines.append(f"Udbetalt;demo-payout;{PAYOUT};{day};DKK;{_danish(-paid)};0,00;{_danish(-paid)};")
    return "\n".join(lines) + "\n"


def _danish(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
