"""What all readers share: what is read, and how lines become a batch with identities that do not depend on a file."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError
from pakhus.model import Window
from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.settlements import Batch, BatchLine, BatchLineKind, StatedTotal


@dataclass(frozen=True, slots=True)
class Source:
    """A settlement as it came, and what it does not say itself.

    `also` are files without which it cannot be understood (Stripe's payouts beside its activity); `payouts_apart` says
    that payouts stand there alone, and that one which is not there yet comes later. `time_zone` is where
    times without a zone are at home, `day_first` says how 02/11/2026 is meant where a file does not show it. `columns`
    is the merchant's own column mapping.
    """

    content: bytes
    account: str
    time_zone: str = "UTC"
    also: tuple[bytes, ...] = ()
    columns: ColumnMapping | None = None
    day_first: bool | None = None
    payouts_apart: bool = False

    @property
    def sha256(self) -> str:
        """The hash of all bytes that are read."""
        found = hashlib.sha256(self.content)
        for more in self.also:
            found.update(more)
        return found.hexdigest()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, loaded."""
        return ZoneInfo(self.time_zone)


Reader = Callable[[Source], tuple[Batch, ...]]
"""Reads one format; SettlementFormatError refuses all of it."""


def document(reader: str, content: bytes) -> Record:
    """Return a JSON document's object, fractions as Decimals."""
    try:
        value: Any = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise SettlementFormatError(reader, "", "", "is not JSON") from None
    if not isinstance(value, dict):
        raise SettlementFormatError(reader, "", "", "should be a JSON object")
    return Record(reader, "", 1, value)


def line(
    record: Record,
    kind: BatchLineKind,
    provider_id: str,
    gross: Decimal,
    currency: str,
    at: datetime,
    *,
    fee: Decimal = ZERO,
    fee_vat: Decimal = ZERO,
    net: Decimal | None = None,
    **facts: Any,
) -> BatchLine:
    """Return a line; its net is what the provider says, where it says it: then the balance holds the two together."""
    total = gross + fee + fee_vat if net is None else net
    return BatchLine(
        record.number,
        1,
        kind,
        provider_id,
        gross=gross,
        fee=fee,
        fee_vat=fee_vat,
        net=total,
        settled_currency=currency,
        occurred_at=at,
        **facts,
    )


def identified(lines: Iterable[BatchLine]) -> tuple[BatchLine, ...]:
    """Give lines of one id and kind their ordinals by what they say, so that a file in another order gives the same.

    Lines that say exactly the same keep one identity: the balance tells that one is the other again.
    """
    found = list(lines)
    places: dict[tuple[str, BatchLineKind], list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        places[one.provider_id, one.kind].append(place)
    for same in places.values():
        if len(same) > 1:
            contents = sorted({_said(found[place]) for place in same})
            ordinals = {said: ordinal for ordinal, said in enumerate(contents, 1)}
            for place in same:
                found[place] = replace(found[place], ordinal=ordinals[_said(found[place])])
    return tuple(found)


def period_of(lines: Sequence[BatchLine]) -> Window | None:
    """The span of the lines' own times; None without lines."""
    times = [one.occurred_at for one in lines]
    return Window(min(times), max(times) + timedelta(microseconds=1)) if times else None


def batch(
    source: Source,
    provider: str,
    batch_id: str,
    currency: str,
    lines: Iterable[BatchLine],
    *,
    opening: Decimal = ZERO,
    closing: Decimal = ZERO,
    payout_on: date | None = None,
    payout_reference: str = "",
    totals: Iterable[StatedTotal] = (),
) -> Batch:
    """Return a batch with identified lines and the hash of what was read."""
    found = identified(lines)
    return Batch(
        provider=provider,
        account=source.account,
        id=batch_id,
        currency=currency,
        opening=opening,
        closing=closing,
        lines=found,
        period=period_of([one for one in found if one.kind is not BatchLineKind.PAYOUT]),
        payout_on=payout_on,
        payout_reference=payout_reference,
        file_sha256=source.sha256,
        totals=tuple(totals),
    )


def _said(one: BatchLine) -> tuple[str, ...]:
    """What makes a line another one than its sister of the same id."""
    amounts = (str(one.gross), str(one.fee), str(one.fee_vat), str(one.net))
    return (one.occurred_at.isoformat(), *amounts, one.order_reference, one.parent_id, one.text)
