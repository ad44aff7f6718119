"""The registry of reason codes: why a document is where it is, who must act, and what to do.

Each code in the ledger, a run note, an alert or a page comes from here; the runbook has a part per code
(docs/runbooks/reasons.md, checked by a test). Texts take the parameters stored with the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Actor(StrEnum):
    """Who must act (design, decision 9)."""

    NOBODY = "nobody"
    WAIT = "wait"
    MERCHANT = "merchant"
    OPERATOR = "operator"
    US = "us"


class Status(StrEnum):
    """Where a document stands. Each document is in exactly one of these, with a reason code."""

    DUE = "due"  # to be worked on at the next run
    WAITING = "waiting"  # for a time or an event; see the reason
    SKIPPED = "skipped"  # the shop's state is not one that starts this step; re-evaluated on each change
    FILTERED = "filtered"  # a rule of the merchant says no
    NOT_OURS = "not_ours"  # placed before the start date, or a test order
    HELD = "held"  # the merchant or operator must act on this document
    FAILED = "failed"  # something that should not happen; us
    DONE = "done"


class Answer(StrEnum):
    """What a person may decide about a held document (<shop>__decisions)."""

    AGAIN = "again"  # judge it anew, and send it if it is right now
    ACCEPT = "accept"  # what stands in the other system stays as it is; only after something was written there
    IGNORE = "ignore"  # leave it out for good; only where nothing of ours stands in the other system


@dataclass(frozen=True, slots=True)
class Reason:
    """A code's status, actor and texts. `action` is what that actor does to get the document moving.

    `answers` is what a person may decide about a document that is held with this code; empty: nobody is asked.
    """

    code: str
    status: Status
    actor: Actor
    meaning: str
    action: str
    answers: tuple[Answer, ...] = ()


def _registry(*reasons: Reason) -> dict[str, Reason]:
    table = {reason.code: reason for reason in reasons}
    if len(table) != len(reasons):
        raise ValueError("a reason code stands twice in the registry")
    return table


_NOTHING = "Nothing."
_EITHER = (Answer.AGAIN, Answer.IGNORE)
_EDIT_ORDER = "Correct the order in the shop; it is read again by itself."

REASONS: dict[str, Reason] = _registry(
    # work in its ordinary course
    Reason("due", Status.DUE, Actor.NOBODY, "Ready for the next run.", _NOTHING),
    Reason("transferred", Status.DONE, Actor.NOBODY, "Transferred and confirmed.", _NOTHING),
    Reason(
        "adopted",
        Status.DONE,
        Actor.NOBODY,
        "Found in the remote system under our key and taken over; not written again.",
        _NOTHING,
    ),
    Reason(
        "partly_shipped",
        Status.DONE,
        Actor.NOBODY,
        "The shop was told of this shipment; more of the order is still to be shipped.",
        _NOTHING,
    ),
    Reason(
        "closed_in_shop",
        Status.DONE,
        Actor.NOBODY,
        "The order was completed or closed in the shop already; nothing was written.",
        _NOTHING,
    ),
    Reason(
        "state_not_listed",
        Status.SKIPPED,
        Actor.NOBODY,
        "The order's state {state} does not start this step.",
        "None, or add the state to the shop's settings.",
    ),
    Reason(
        "before_start",
        Status.NOT_OURS,
        Actor.NOBODY,
        "Placed before the shop's start_from.",
        "None; earlier orders come in by the audit's backfill.",
    ),
    Reason("test_order", Status.NOT_OURS, Actor.NOBODY, "The shop marks the order as a test.", _NOTHING),
    Reason(
        "filtered_by_rule", Status.FILTERED, Actor.NOBODY, "Filter rule {rule} says no.", "None, or change the rule."
    ),
    Reason(
        "flow_off",
        Status.SKIPPED,
        Actor.NOBODY,
        "This flow is switched off for the shop.",
        "None, or switch it on in the shop's settings.",
    ),
    Reason(
        "dry_run",
        Status.WAITING,
        Actor.NOBODY,
        "Planned and compared only: the mode is dry_run.",
        "Change the mode when the plans look right.",
    ),
    Reason(
        "drafted",
        Status.WAITING,
        Actor.MERCHANT,
        "The draft is in the accounts and equal; the mode is draft.",
        "Book it in e-conomic, or change the mode to auto.",
    ),
    # waiting
    Reason("not_shipped", Status.WAITING, Actor.WAIT, "The goods have not gone yet.", _NOTHING),
    Reason("claimed_elsewhere", Status.WAITING, Actor.WAIT, "Another run is working on this document.", _NOTHING),
    Reason(
        "outcome_unknown",
        Status.WAITING,
        Actor.WAIT,
        "The answer to {step} was lost; it is looked up when a late effect must have shown.",
        _NOTHING,
    ),
    Reason("rate_limited", Status.WAITING, Actor.WAIT, "The remote system asked us to wait.", _NOTHING),
    Reason(
        "remote_unavailable",
        Status.WAITING,
        Actor.NOBODY,
        "{system} did not answer ({problem}); tried again.",
        "None at first; if it stays, see whether the system is down.",
    ),
    Reason(
        "stopped",
        Status.WAITING,
        Actor.OPERATOR,
        "The flow is stopped for this shop: {cause}.",
        "Mend the cause; the flow goes on by itself.",
    ),
    Reason("not_reached", Status.WAITING, Actor.NOBODY, "The run stopped before it came to this document.", _NOTHING),
    Reason(
        "stopped_by_person",
        Status.WAITING,
        Actor.OPERATOR,
        "The flow was switched off for this shop: {cause}.",
        "Switch it on again.",
    ),
    # held: the order itself
    Reason("order_gone", Status.SKIPPED, Actor.NOBODY, "The shop no longer has the order.", _NOTHING),
    Reason(
        "order_unreadable",
        Status.HELD,
        Actor.US,
        "The shop's answer for this order could not be understood: {problem}.",
        "Send the transfer log of this order to whoever maintains Pakhus.",
        _EITHER,
    ),
    Reason(
        "state_unknown",
        Status.SKIPPED,
        Actor.OPERATOR,
        "The state {state} is in no list of the shop's settings.",
        "Add the state to the lists in which it belongs, or to ignore_states.",
    ),
    Reason(
        "sku_missing",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} has no SKU.",
        "Give the product a SKU in the shop; the order is read again within a day.",
        _EITHER,
    ),
    Reason(
        "sku_too_long",
        Status.HELD,
        Actor.MERCHANT,
        "The SKU of line {line} has more than 25 characters.",
        "Shorten the SKU, or map it in the shop's mapping.",
        _EITHER,
    ),
    Reason(
        "product_deleted",
        Status.HELD,
        Actor.MERCHANT,
        "The product of line {line} no longer exists in the shop.",
        "Map the line's name to a product number, or edit the order.",
        _EITHER,
    ),
    Reason("refund_withdrawn", Status.SKIPPED, Actor.NOBODY, "The refund was deleted in the shop.", _NOTHING),
    Reason("order_empty", Status.SKIPPED, Actor.NOBODY, "The order has no lines.", _NOTHING),
    Reason("nothing_to_reserve", Status.SKIPPED, Actor.NOBODY, "No line of the order is a stocked product.", _NOTHING),
    Reason(
        "ignored_by_person",
        Status.FILTERED,
        Actor.NOBODY,
        "A person decided on {on} to leave this out; it was held with {was}.",
        "None; to take it in after all, send the order again.",
    ),
    Reason(
        "accepted_by_person",
        Status.DONE,
        Actor.NOBODY,
        "A person decided on {on} that it stays as it stands; it was held with {was}.",
        _NOTHING,
    ),
    Reason(
        "order_changed_after_ignored",
        Status.HELD,
        Actor.MERCHANT,
        "The order was changed in the shop after a person had decided to leave this out.",
        "Decide again: send the order again, or leave it out as it is now.",
        _EITHER,
    ),
    Reason(
        "order_changed_after_transfer",
        Status.HELD,
        Actor.MERCHANT,
        "The order was changed in the shop after it was transferred.",
        "Compare both versions and mend the document by hand.",
        (Answer.ACCEPT,),
    ),
    Reason(
        "cancelled_after_transfer",
        Status.HELD,
        Actor.MERCHANT,
        "The order was cancelled in the shop after it was transferred.",
        "Cancel it in the warehouse, or credit the invoice.",
        (Answer.ACCEPT,),
    ),
    # held: shipments
    Reason(
        "shipped_but_closed",
        Status.HELD,
        Actor.MERCHANT,
        "Goods went, but the order is {state} in the shop.",
        "If the sale stands, set the order to processing or completed in the shop; it is looked at again within a day.",
        _EITHER,
    ),
    Reason(
        "warehouse_order_closed",
        Status.HELD,
        Actor.MERCHANT,
        "Rackbeat's order {number} is {state} there, but not all of it was shipped.",
        "Complete, cancel or refund the order in the shop when it is clear what became of the rest.",
        _EITHER,
    ),
    Reason(
        "shipment_unreadable",
        Status.HELD,
        Actor.US,
        "Rackbeat's shipment or its order could not be understood: {problem}.",
        "Send the transfer log of this order to whoever maintains Pakhus.",
    ),
    # held: amounts
    Reason(
        "lines_do_not_sum",
        Status.HELD,
        Actor.MERCHANT,
        "The lines sum to {lines_total}, the customer was charged {total}.",
        "Find the cause (gift card, store credit, changed settings); see the runbook.",
        _EITHER,
    ),
    Reason(
        "vat_not_explained",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} states VAT {stated}, {rate} of its net is {expected}.",
        "Compare the shop's tax table with the VAT zones of the mapping.",
        _EITHER,
    ),
    Reason(
        "vat_rate_conflict",
        Status.HELD,
        Actor.MERCHANT,
        "The shop charged {charged} on {line}, the accounts would charge {expected}.",
        "Correct the product's group in e-conomic, or the tax class in the shop.",
        _EITHER,
    ),
    Reason(
        "vat_zone_undecided",
        Status.HELD,
        Actor.MERCHANT,
        "No VAT zone is settled for delivery to {country} with VAT {charged}.",
        "Add the country to the mapping, or set up OSS.",
        _EITHER,
    ),
    Reason(
        "mixed_rates_on_line",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} carries more VAT rates than one.",
        "Split the line, or invoice this order by hand.",
        _EITHER,
    ),
    Reason(
        "currency_not_mapped",
        Status.HELD,
        Actor.MERCHANT,
        "The currency {currency} is not in the mapping.",
        "Add the currency to the mapping.",
        _EITHER,
    ),
    Reason(
        "refunded_before_invoice",
        Status.HELD,
        Actor.MERCHANT,
        "{refunded} was refunded before the order was invoiced.",
        "Invoice what is left by hand; this is treated by a later version.",
        _EITHER,
    ),
    Reason(
        "fraction_not_sendable",
        Status.HELD,
        Actor.MERCHANT,
        "The amount {amount} has more decimals than the accounts take.",
        _EDIT_ORDER,
        _EITHER,
    ),
    Reason(
        "document_differs",
        Status.HELD,
        Actor.MERCHANT,
        "The accounts answered {answered}, we predicted {predicted}.",
        "See the cause named in the transfer log; mend the set-up, then send the order again.",
        (Answer.AGAIN,),
    ),
    Reason(
        "gift_card_not_treated",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} is a gift card.",
        "Invoice this order by hand; gift cards are treated by a later version.",
        _EITHER,
    ),
    Reason(
        "credit_not_treated",
        Status.HELD,
        Actor.MERCHANT,
        "{refunded} was refunded after the order was invoiced.",
        "Make the credit note by hand; this is treated by a later version.",
        (Answer.IGNORE,),
    ),
    Reason(
        "rounding_product_taxed",
        Status.HELD,
        Actor.OPERATOR,
        "The rounding product {number} is in a product group with VAT.",
        "Put it into a product group without VAT, or name another in the mapping.",
        _EITHER,
    ),
    # held: mappings and counterparts
    Reason(
        "payment_method_unmapped",
        Status.HELD,
        Actor.OPERATOR,
        "The payment method {method} has no payment term in the mapping.",
        "Add the method to the mapping's payments.",
        _EITHER,
    ),
    Reason(
        "customer_class_unsupported",
        Status.HELD,
        Actor.MERCHANT,
        "The buyer is a company or public body; only private buyers are invoiced by this version.",
        "Invoice this order by hand.",
        _EITHER,
    ),
    Reason(
        "customer_not_identified",
        Status.HELD,
        Actor.MERCHANT,
        "The order has no e-mail to find a customer by.",
        "Add the e-mail to the order, or set one collective customer.",
        _EITHER,
    ),
    Reason(
        "customer_missing",
        Status.HELD,
        Actor.MERCHANT,
        "The buyer is no customer yet, and none may be created.",
        "Create the customer with the buyer's e-mail, or allow creation in the mapping.",
        _EITHER,
    ),
    Reason(
        "booked_differently",
        Status.DONE,
        Actor.MERCHANT,
        "Booked by hand {difference} away from what the customer was charged.",
        "Look at the invoice; credit it if it is wrong.",
    ),
    Reason(
        "customer_ambiguous",
        Status.HELD,
        Actor.MERCHANT,
        "{count} customers have the same e-mail: {numbers}.",
        "Merge or bar all but one, then send the order again.",
        _EITHER,
    ),
    Reason(
        "customer_refused",
        Status.HELD,
        Actor.MERCHANT,
        "The {system} refused the customer: {problem}.",
        "Correct what is named; the order is tried again when it changes or is sent again.",
        _EITHER,
    ),
    Reason(
        "customer_barred",
        Status.HELD,
        Actor.MERCHANT,
        "Customer {number} is barred.",
        "Open the customer, then send the order again.",
        _EITHER,
    ),
    Reason(
        "product_missing",
        Status.HELD,
        Actor.MERCHANT,
        "{sku} does not exist in {system}.",
        "Create the product there, or map the SKU.",
        _EITHER,
    ),
    Reason(
        "product_barred",
        Status.HELD,
        Actor.MERCHANT,
        "{sku} is barred in {system}.",
        "Open the product there.",
        _EITHER,
    ),
    Reason(
        "product_group_without_account",
        Status.HELD,
        Actor.OPERATOR,
        "Product group {group} has no sales account for VAT zone {zone}.",
        "Give the group an account for the zone in e-conomic.",
        _EITHER,
    ),
    Reason(
        "refused",
        Status.HELD,
        Actor.MERCHANT,
        "{system} refused {step}: {problem}.",
        "Correct what is named, then send the order again.",
        _EITHER,
    ),
    Reason(
        "duplicate_found",
        Status.HELD,
        Actor.OPERATOR,
        "{count} documents in {system} carry our key {key}: {numbers}.",
        "Delete or credit all but one, then send the order again.",
        (Answer.AGAIN,),
    ),
    Reason(
        "draft_gone",
        Status.HELD,
        Actor.MERCHANT,
        "The draft {number} was deleted by hand.",
        "None if the order is not to be invoiced; else invoice it by hand. No second draft is made.",
        (Answer.IGNORE,),
    ),
    Reason(
        "draft_changed",
        Status.WAITING,
        Actor.MERCHANT,
        "The draft {number} was changed by hand.",
        "Book it in e-conomic when it is right; it is then taken over with its difference shown.",
    ),
    Reason(
        "period_closed",
        Status.HELD,
        Actor.MERCHANT,
        "{date} lies in a closed or missing accounting period.",
        "Open the period, or move accounting.lock_date.",
        _EITHER,
    ),
    # what the audit's proof names; a day's differences, never a document's own state
    Reason(
        "order_not_recorded",
        Status.FAILED,
        Actor.US,
        "The shop lists order {number}, the ledger does not have it on that day.",
        "Run the audit of that day again; if it stays, report it with the number.",
    ),
    Reason(
        "order_recorded_differently",
        Status.FAILED,
        Actor.US,
        "The shop says {shop} of order {number}, the ledger {ledger}.",
        "Run the audit of that day again; if it stays, report it with the number.",
    ),
    Reason(
        "order_not_listed",
        Status.FAILED,
        Actor.OPERATOR,
        "The shop has order {number}, but does not list it on that day.",
        "Look for a plugin in the shop that hides orders from lists.",
    ),
    Reason(
        "document_missing",
        Status.FAILED,
        Actor.US,
        "Order {number} is in the ledger without a {kind}.",
        "Run the audit of that day again; if it stays, report it with the number.",
    ),
    Reason(
        "invoice_missing",
        Status.FAILED,
        Actor.MERCHANT,
        "The ledger has invoice {number}, the accounts have none under its key.",
        "Look for invoice {number} in e-conomic; its other reference must be the key.",
    ),
    Reason(
        "invoice_doubled",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have {count} booked invoices under one key: {numbers}.",
        "Credit all but the one that the ledger names.",
    ),
    Reason(
        "invoice_unknown",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have invoice {number} under our key, the ledger does not know it.",
        "Find out who booked it; credit it, or take our key out of a copy before it is booked.",
    ),
    Reason(
        "invoice_differs",
        Status.FAILED,
        Actor.MERCHANT,
        "Invoice {number}: the ledger has {ledger}, the accounts {accounts}.",
        "Look at the invoice in e-conomic and at what was answered when it was booked.",
    ),
    Reason(
        "invoice_not_as_charged",
        Status.FAILED,
        Actor.US,
        "Invoice {number} is {invoiced}, the customer was charged {charged}.",
        "Report it with the transfer log; credit the invoice if it is wrong.",
    ),
    Reason(
        "draft_beside_invoice",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have drafts under one key beside what the ledger knows: {numbers}.",
        "Delete the drafts, else the order is invoiced twice.",
    ),
    Reason(
        "draft_unknown",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have draft {number} under our key, the ledger does not know it.",
        "Find out who made it; delete it, or take our key out of it.",
    ),
    # stock of a SKU
    Reason(
        "available_negative",
        Status.DONE,
        Actor.MERCHANT,
        "{sku}: {available} available in the warehouse; the shop shows 0.",
        "More was sold than there is: buy, count, or tell a buyer.",
    ),
    Reason(
        "stock_differed",
        Status.DONE,
        Actor.MERCHANT,
        "{sku}: the shop showed {shown} where it had confirmed {confirmed}.",
        "None if it was sold just then; else find who changes stock in the shop.",
    ),
    Reason(
        "stock_reading_old",
        Status.WAITING,
        Actor.NOBODY,
        "The newest reading of the warehouse's stock is too old to be pushed.",
        _NOTHING,
    ),
    Reason(
        "stock_not_compared",
        Status.WAITING,
        Actor.MERCHANT,
        "The shop's whole catalogue could not be compared: {problem}.",
        "Correct what is named, if it names a product; changed quantities are pushed all the same.",
    ),
    Reason("sku_not_in_shop", Status.SKIPPED, Actor.NOBODY, "{sku}: the shop has no such product.", _NOTHING),
    Reason(
        "sku_not_in_warehouse",
        Status.SKIPPED,
        Actor.NOBODY,
        "{sku}: the warehouse no longer lists it as a stocked product; the shop keeps its quantity.",
        "None, or set the quantity in the shop by hand.",
    ),
    Reason(
        "stock_not_managed",
        Status.SKIPPED,
        Actor.NOBODY,
        "{sku}: the shop does not manage stock for this product.",
        "None, or switch on stock management for it in the shop.",
    ),
    Reason(
        "stock_at_parent",
        Status.SKIPPED,
        Actor.NOBODY,
        "{sku}: the shop keeps the stock of this variation at its parent.",
        "None, or let the variation manage its own stock in the shop.",
    ),
    Reason(
        "sku_ambiguous",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: several products of the shop carry it: {ids}.",
        "Leave the SKU on one of them.",
    ),
    Reason(
        "number_ambiguous",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: several products of the warehouse lead to it: {numbers}.",
        "Give each its own number (letter case and blanks around do not tell them apart), or mend product_numbers.",
    ),
    Reason(
        "available_unreadable",
        Status.HELD,
        Actor.US,
        "{sku}: the warehouse's available quantity could not be understood.",
        "Look at the product in Rackbeat; if it is in order there, report it.",
    ),
    Reason(
        "stock_refused",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: the shop did not take the quantity: {problem}.",
        "Correct the product in the shop; it is tried when its quantity changes, and each night.",
    ),
    # configuration and our own mistakes
    Reason(
        "configuration",
        Status.WAITING,
        Actor.OPERATOR,
        "The flow stopped: {problem}.",
        "Mend what is named; the flow goes on at its next run.",
    ),
    Reason(
        "access_denied",
        Status.WAITING,
        Actor.OPERATOR,
        "{system} refused our key: {problem}.",
        "Renew the key in the Airflow connection {connection}.",
    ),
    Reason(
        "internal_error",
        Status.FAILED,
        Actor.US,
        "Pakhus failed on this document: {problem}.",
        "Report it with the transfer log; send the order again when it is mended.",
    ),
)


def reason(code: str) -> Reason:
    """Return the reason of `code`; an unknown code is our own mistake."""
    try:
        return REASONS[code]
    except KeyError:
        raise ValueError(f"reason code {code!r} is not in the registry (pakhus/reasons.py)") from None


_PARAMETER_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a document is where it is: a code of the registry and the parameters of its text.

    Parameters go to run notes and alerts: numbers, codes and amounts, never names or addresses.
    """

    code: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        reason(self.code)

    @classmethod
    def of(cls, code: str, **parameters: object) -> Verdict:
        return cls(code, tuple((name, str(value)[:_PARAMETER_LENGTH]) for name, value in parameters.items()))

    @property
    def status(self) -> Status:
        return reason(self.code).status

    @property
    def actor(self) -> Actor:
        return reason(self.code).actor

    def text(self) -> str:
        """The meaning with the parameters filled in, for logs, pages and alerts."""
        return reason(self.code).meaning.format_map(_spoken(self.parameters))

    def action(self) -> str:
        """What the actor does to get the document moving."""
        return reason(self.code).action.format_map(_spoken(self.parameters))

    def message(self) -> str:
        """The meaning and what to do, for those who must act: the text of an alert."""
        action = self.action()
        return self.text() if action == _NOTHING else f"{self.text()} {action}"


def _spoken(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters for a sentence: what a remote said may end in a full stop, and so does the sentence."""
    return _Blanks({name: value if value.endswith("..") else value.removesuffix(".") for name, value in parameters})


class _Blanks(dict[str, str]):
    """Leaves a parameter that was not given visible as its name instead of failing an alert."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"
