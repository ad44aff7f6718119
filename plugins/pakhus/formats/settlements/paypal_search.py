"""PayPal, by its Transaction Search API: what moved a balance in a span of days.

Read is one JSON object, `{"account_number": …, "start_date": …, "end_date": …, "transaction_details": […]}`, the pages
of `GET /v1/reporting/transactions` put together. Amounts are signed decimal strings, the fee beside the amount. Each
transaction tells the balance after it (`ending_balance`): that is what proves that none is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.paypal_codes import OF_A_PAYMENT, PROVIDER, kind_of
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.model import Money
from pakhus.settlements import Batch, BatchLine, BatchLineKind

READER = "paypal_search"
# Done, and done but reversed later, moved money; pending and denied did not.
_STATUSES: Mapping[str, bool] = {"S": True, "V": True, "P": False, "D": False}
_AUTHORISATIONS = "T13"  # promise money, move none


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per currency; SettlementFormatError where a transaction does not tell the balance."""
    whole = document(READER, source.content)
    days = f"{whole.day('start_date')}_{whole.day('end_date')}"
    moved: dict[str, list[Record]] = {}
    for detail in whole.list("transaction_details"):
        info = detail.object("transaction_info")
        if info.known("transaction_status", _STATUSES) and not info.text("transaction_event_code").startswith(
            _AUTHORISATIONS
        ):
            moved.setdefault(info.object("transaction_amount").currency("currency_code"), []).append(info)
    account = whole.text("account_number")
    return tuple(
        _batch(source, "-".join(part for part in (account, days, currency) if part), currency, infos, whole)
        for currency, infos in moved.items()
    )


def _batch(source: Source, batch_id: str, currency: str, infos: Sequence[Record], whole: Record) -> Batch:
    lines = [_line(info, currency) for info in infos]
    opening = _money(infos[0], "ending_balance", currency) - lines[0].net
    return batch(
        source,
        PROVIDER,
        batch_id,
        currency,
        lines,
        opening=opening,
        closing=_money(infos[-1], "ending_balance", currency),
        payout_on=whole.day("end_date"),
        payout_reference=next((one.provider_id for one in lines if one.kind is BatchLineKind.PAYOUT), ""),
    )


def _line(info: Record, currency: str) -> BatchLine:
    gross = _money(info, "transaction_amount", currency)
    fee = _money(info, "fee_amount", currency) if info.object("fee_amount").values else ZERO
    kind = kind_of(info, "transaction_event_code", credit=gross >= ZERO)
    code = info.needed("transaction_event_code")
    return line(
        info,
        kind,
        info.needed("transaction_id"),
        gross,
        currency,
        info.moment("transaction_initiation_date"),
        fee=fee,
        parent_id="" if kind is BatchLineKind.CAPTURE else info.text("paypal_reference_id"),
        order_reference=info.text("invoice_id") if kind in OF_A_PAYMENT else "",
        transaction=Money(gross, currency) if kind in OF_A_PAYMENT else None,
        text=f"{code} {info.text('custom_field')}".strip(),
    )


def _money(info: Record, field: str, currency: str) -> Decimal:
    money = info.object(field)
    if not money.values:
        raise info.error(field, "is missing", "ask for fields=transaction_info, which tells the balance")
    if money.currency("currency_code") != currency:
        raise money.error("currency_code", f"is not the transaction's {currency}")
    return money.amount("value", currency)
