"""What the Rackbeat stand-in remembers, and its switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

_ONE_OF = {
    "reserve_at": {"booking", "creation"},
    "deduct_at": {"shipping", "invoice_booking"},
    "stock_setting": {"hidden", "shown"},
    "plain_flags": {"honoured", "ignored"},
    "date_filters": {"invoices", "everywhere"},
    "unknown_members": {"refused", "ignored"},
    "default_order": {"oldest_first", "newest_first"},
    "shipment_order": {"named", "unnamed"},
    "reopen": {"allowed", "refused", "ignored"},
    "line_writes": {"allowed", "refused"},
    "delete_orders": {"allowed", "refused"},
    "delete_answer": {"message", "empty"},
    "backorder_heading": {"kept", "empty"},
}


@dataclass
class Switches:
    """What no source settles, with the conservative choice as default (contract sections 14 and 15)."""

    reserve_at: str = "booking"
    deduct_at: str = "shipping"
    stock_setting: str = "hidden"
    plain_flags: str = "honoured"
    date_filters: str = "invoices"
    unknown_members: str = "refused"
    default_order: str = "oldest_first"
    shipment_order: str = "named"
    reopen: str = "allowed"
    line_writes: str = "allowed"
    delete_orders: str = "allowed"
    delete_answer: str = "message"
    backorder_heading: str = "kept"
    text_length: int = 255
    retry_after: bool = True
    rate_limit: int = 480
    rate_window_s: float = 60.0
    list_lag_s: float = 0.0
    extra_fields: bool = True
    webhook_duplicates: int = 0
    webhook_delay_s: float = 0.0
    webhook_reversed: bool = False
    webhook_timeout_s: float = 15.0
    webhook_gaps_s: tuple[float, ...] = (0.5, 2.0, 10.0)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Set switches by name. Raises ValueError and changes nothing when one is unknown."""
        known = {item.name for item in fields(self)}
        for name, value in settings.items():
            if name not in known or (name in _ONE_OF and value not in _ONE_OF[name]):
                raise ValueError(f"no setting {name}={value!r}; known are {', '.join(sorted(known))}")
        for name, value in settings.items():
            kind = type(getattr(self, name))
            setattr(self, name, tuple(map(float, value)) if kind is tuple else kind(value))


@dataclass
class State:
    """All records by their key. Quantities and money are Decimal, times aware datetimes."""

    account: Record = field(default_factory=dict)
    token: str = ""
    groups: dict[int, Record] = field(default_factory=dict)
    locations: dict[int, Record] = field(default_factory=dict)
    payment_terms: dict[int, Record] = field(default_factory=dict)
    layouts: dict[int, Record] = field(default_factory=dict)
    units: dict[int, Record] = field(default_factory=dict)
    customer_groups: dict[int, Record] = field(default_factory=dict)
    employees: dict[int, Record] = field(default_factory=dict)
    currencies: dict[str, Decimal] = field(default_factory=dict)
    fields: dict[int, Record] = field(default_factory=dict)
    products: dict[str, Record] = field(default_factory=dict)
    stock: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    customers: dict[int, Record] = field(default_factory=dict)
    orders: dict[int, Record] = field(default_factory=dict)
    shipments: dict[int, Record] = field(default_factory=dict)
    invoices: dict[int, Record] = field(default_factory=dict)
    adjustments: dict[int, Record] = field(default_factory=dict)
    webhooks: dict[int, Record] = field(default_factory=dict)
    next_numbers: dict[str, int] = field(default_factory=dict)

    def next_number(self, kind: str) -> int:
        """The next number of a series; numbers of deleted records are not used again."""
        number = self.next_numbers.get(kind, 1)
        self.next_numbers[kind] = number + 1
        return number

    def keeps_stock(self, number: str) -> bool:
        """Whether the item's group has inventory."""
        return bool(self.groups[self.products[number]["group_id"]]["has_inventory"])

    def stock_of(self, number: str) -> Decimal:
        """The physical quantity over all locations."""
        return sum(self.stock.get(number, {}).values(), Decimal(0))
