"""What of a draft invoice people may have changed, and what a request asked for (economic.md 6.1, 6.2); pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import simplejson

_TEXTS = ("name", "address", "zip", "city", "country", "ean", "publicEntryNumber", "deliveryTerms", "deliveryDate")
_NUMBERS = ("quantity", "unitNetPrice", "discountPercentage")


def content(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a draft that are somebody's choice, in one form however it was asked for."""
    references = draft.get("references") or {}
    return {
        "date": draft.get("date"),
        "currency": draft.get("currency"),
        "layout": _number(draft.get("layout"), "layoutNumber"),
        "terms": _number(draft.get("paymentTerms"), "paymentTermsNumber"),
        "customer": _number(draft.get("customer"), "customerNumber"),
        "zone": _number((draft.get("recipient") or {}).get("vatZone"), "vatZoneNumber"),
        "recipient": _texts(draft.get("recipient"), _TEXTS),
        "delivery": _texts(draft.get("delivery"), _TEXTS),
        "notes": _texts(draft.get("notes"), ("heading", "textLine1", "textLine2")),
        "other": references.get("other") or "",
        "employee": _number(references.get("salesPerson"), "employeeNumber"),
        "lines": [_line(line) for line in draft.get("lines") or []],
    }


def changed_by_people(draft: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether a draft is another one than we last saw it as: by what it says, or by its time of change."""
    stamps = draft.get("lastUpdated"), ours.get("lastUpdated")
    return content(draft) != content(ours) or (None not in stamps and stamps[0] != stamps[1])


def asked_lines(body: bytes) -> list[tuple[str, Decimal, Decimal]]:
    """Product, quantity and price of each line that a request for a draft asked for."""
    lines = simplejson.loads(body, use_decimal=True).get("lines") or []
    return [_goods(line) for line in lines]


def lines_of(draft: Mapping[str, Any]) -> list[tuple[str, Decimal, Decimal]]:
    """Product, quantity and price of each line of a draft."""
    return [_goods(line) for line in draft.get("lines") or []]


def asked_exchange_rate(body: bytes) -> Decimal | None:
    """The exchange rate that a request for a draft stated; None: it left that to the accounts."""
    rate = simplejson.loads(body, use_decimal=True).get("exchangeRate") if body else None
    return None if rate is None else Decimal(rate)


def has_exchange_rate(document: Mapping[str, Any], stated: Decimal | None) -> bool:
    """Whether a draft or booked invoice carries the rate that was stated, if one was."""
    return stated is None or Decimal(document.get("exchangeRate") or 0) == stated


def is_as_asked(draft: Mapping[str, Any], body: bytes) -> bool:
    """Whether a draft has the date, the currency, the lines and the exchange rate that a request asked for."""
    wanted = simplejson.loads(body, use_decimal=True)
    same = all(draft.get(name) == wanted.get(name) for name in ("date", "currency"))
    same = same and has_exchange_rate(draft, asked_exchange_rate(body))
    return same and lines_of(draft) == asked_lines(body)


def pdf_link(booked: Mapping[str, Any]) -> str:
    """Where the accounts keep a booked invoice as a PDF; asking needs the connection's tokens (section 9.2)."""
    link = (booked.get("pdf") or {}).get("download")
    return link if isinstance(link, str) else ""


def _goods(line: Mapping[str, Any]) -> tuple[str, Decimal, Decimal]:
    product = (line.get("product") or {}).get("productNumber") or ""
    return str(product), Decimal(line.get("quantity") or 0), Decimal(line.get("unitNetPrice") or 0)


def _line(line: Mapping[str, Any]) -> tuple[Any, ...]:
    numbers = tuple(Decimal(line.get(name) or 0) for name in _NUMBERS)
    return ((line.get("product") or {}).get("productNumber"), line.get("description"), *numbers)


def _number(reference: Any, name: str) -> int | None:
    value = (reference or {}).get(name)
    return None if value is None else int(value)


def _texts(members: Any, names: tuple[str, ...]) -> dict[str, str]:
    return {name: str(members[name]) for name in names if (members or {}).get(name)}
