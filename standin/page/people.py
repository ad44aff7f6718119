"""What a person can do on the page. Each act goes to a stand-in as the same act of its own pages.

Buyers are made up; the page takes none from the visitor, so that nobody types a real person's name into a demo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from standin.server import StandinServer

Act = Mapping[str, Any]

BUYERS: tuple[Mapping[str, str], ...] = (
    {"first_name": "Lise", "last_name": "Øst", "address_1": "Havnegade 7", "city": "Odense C", "postcode": "5000"},
    {"first_name": "Åge", "last_name": "Å", "address_1": "Vej 1", "city": "Ribe", "postcode": "6760"},
    {"first_name": "Bodil", "last_name": "Prøve", "address_1": "Strandvej 12", "city": "Aarhus C", "postcode": "8000"},
    {"first_name": "Søren", "last_name": "Eksempel", "address_1": "Torvet 3", "city": "Thisted", "postcode": "7700"},
)
# How the buyer pays: the shop's payment method, and what follows. `card` is a method that no mapping knows.
PAYMENTS: Mapping[str, str] = {
    "transfer": "Bank transfer, arrived",
    "waiting": "Bank transfer, not arrived yet",
    "cod": "Cash on delivery",
    "unpaid": "Leaves without paying",
    "card": "By a card that the mapping does not know (will be held)",
}
MOST_PIECES = 99

# What goes through as it is, by system.
_PLAIN: Mapping[str, frozenset[str]] = {
    "woocommerce": frozenset({"pay_order", "set_status", "refund", "edit_product", "bin_order"}),
    "rackbeat": frozenset({"ship", "receive", "set_stock", "add_item", "edit_item", "cancel"}),
    "economic": frozenset({"book_draft", "delete_draft"}),
    "stripe": frozenset({"fail_payout"}),
}


def act(system: str, server: StandinServer, action: Act) -> object:
    """Do one thing in a system. Raises ValueError, LookupError, or KeyError for a member that is missing."""
    name = str(action["action"])
    own = _OWN.get((system, name))
    if own is not None:
        return own(server, action)
    if name not in _PLAIN.get(system, ()):
        raise ValueError(f"the page has no act {name!r} for {system}")
    told = server.act(action)
    return {name: value for name, value in told.items() if name != "body"} if isinstance(told, dict) else told


def _place_order(server: StandinServer, action: Act) -> object:
    """A buyer sends a cart: ``items`` [{sku, quantity}], ``buyer`` by position in `BUYERS`, ``payment``."""
    buyer, payment = BUYERS[int(action.get("buyer", 0)) % len(BUYERS)], str(action.get("payment", "transfer"))
    if payment not in PAYMENTS:
        raise ValueError(f"no way to pay {payment!r}")
    items = [{"sku": str(item["sku"]), "quantity": _pieces(item["quantity"])} for item in action["items"]]
    if not items:
        raise ValueError("put something into the cart first")
    mail = f"{buyer['postcode']}-{buyer['first_name']}@example.dk".lower().replace("å", "aa").replace("ø", "oe")
    gateway = {"cod": "cod", "card": "kort"}.get(payment, "bacs")
    order: dict[str, Any] = {"action": "place_order", "items": items, "payment_method": gateway}
    order["billing"] = {**buyer, "address_2": "", "country": "DK", "email": mail, "phone": ""}
    if payment == "unpaid":
        order["paid"] = False
    placed = _told(server.act(order))
    if payment == "transfer":
        placed = _told(server.act({"action": "pay_order", "order": placed["order"]}))
    return {"order": placed["order"], "status": placed["status"], "total": placed["total"]}


def _pieces(value: Any) -> int:
    pieces = int(value)
    if not 1 <= pieces <= MOST_PIECES:
        raise ValueError(f"a quantity is between 1 and {MOST_PIECES}")
    return pieces


def _told(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise TypeError(f"the shop told nothing of its order: {answer!r}")
    return answer


def _pay_out(server: StandinServer, action: Act) -> object:
    """The gateways tell the provider what their shops took and gave back; it pays out what it owes."""
    del action
    server.act({"action": "collect"})
    return server.act({"action": "pay_out"})


_OWN: Mapping[tuple[str, str], Callable[[StandinServer, Act], object]] = {
    ("stripe", "pay_out"): _pay_out,
    ("woocommerce", "place_order"): _place_order,
}
