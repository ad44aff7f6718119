"""The sections of a shop file that stand for a flow or for how people are reached; docs/settings.md is made from here.

Sources: domain guide section 4; design, decisions 4, 5, 8 and 9.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from pakhus.rules.mapping_fields import Strict, as_number
from pakhus.rules.mappings import CommentPlace
from pakhus.settings.schedules import checked_cron

State = Annotated[str, Field(min_length=1)]
PaymentMethodId = Annotated[str, Field(min_length=1)]
ShippingMethodId = Annotated[str, Field(min_length=1)]
LocationName = Annotated[str, Field(min_length=1)]
Cron = Annotated[str, AfterValidator(checked_cron)]
_HOUR = r"([01]\d|2[0-3]):[0-5]\d"
Hour = Annotated[str, Field(pattern=rf"^{_HOUR}$")]
Hours = Annotated[str, Field(pattern=rf"^{_HOUR}-{_HOUR}$")]
WeekHour = Annotated[str, Field(pattern=rf"^(mon|tue|wed|thu|fri|sat|sun) {_HOUR}$")]
MailAddress = Annotated[str, Field(pattern=r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+$")]
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?")
Count = Annotated[int, BeforeValidator(as_number), Field(ge=0)]
ConnectionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,250}$")]
ImportReference = Annotated[str, Field(pattern=r"\{(number|id)\}")]
ProductsField = Literal["name", "price", "description", "barcode"]
PublicAddress = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")]


def _amount(text: str) -> str:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no amount; write it like 10.00")
    return text


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, a folder of zones
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Copenhagen") from None
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


class EditPolicy(StrEnum):
    """What is written by itself when the shop changes an order that Rackbeat has (domain guide 3.4, 4.2)."""

    AUTO = "auto"
    HEADER = "header"
    ASK = "ask"


class CancelPolicy(StrEnum):
    """Whether an order that nobody has begun to pick is taken back by itself (domain guide 4.2)."""

    AUTO = "auto"
    ASK = "ask"


class Pickup(StrEnum):
    """What the warehouse does with orders that buyers fetch in the store."""

    RESERVE = "reserve"
    SKIP = "skip"


class OrdersSettings(Strict):
    """The flow shop -> Rackbeat."""

    enabled: bool = Field(True, description="Whether orders are read and reserved")
    schedule: Cron = Field("*/5 * * * *", description="Cron in the shop's time zone")
    reserve_states: frozenset[State] = Field(frozenset({"processing"}), description="Native states that reserve")
    ignore_states: frozenset[State] = Field(
        frozenset(), description="States of plugins that are to start nothing; an unknown state is skipped and named"
    )
    prepay_later: frozenset[PaymentMethodId] = Field(
        frozenset(),
        description="Payment methods (ids) whose orders are reserved before they are paid: bank transfer, EAN, invoice",
    )
    prepay_states: frozenset[State] = Field(
        frozenset({"on-hold"}), description="Native states in which orders of these methods are reserved"
    )
    pickup_methods: frozenset[ShippingMethodId] = Field(
        frozenset({"local_pickup", "pickup_location"}), description="Shipping methods by which buyers fetch the goods"
    )
    pickup: Pickup = Field(
        Pickup.RESERVE,
        description="What Rackbeat does with them: reserve (the order says that it is fetched), or skip",
    )
    reserve: bool = Field(
        True, description="Whether orders are booked in Rackbeat, which reserves; false: they are made, a person books"
    )
    comment: CommentPlace = Field(
        CommentPlace.NOTE, description="The buyer's comment in Rackbeat's order: its note, or none"
    )
    edit_policy: EditPolicy = Field(
        EditPolicy.AUTO,
        description="What an edit in the shop, or a refund of pieces, changes in Rackbeat before picking: auto (all; "
        "lines by reopening the order), header (address and comment, lines are asked about), ask (nothing)",
    )
    cancel_policy: CancelPolicy = Field(
        CancelPolicy.AUTO,
        description="Whether a cancelled, failed or binned order is deleted in Rackbeat before picking: auto, or ask",
    )
    refund_policy: CancelPolicy = Field(
        CancelPolicy.ASK,
        description="The same for an order whose money went back whole before it was shipped, by an amount that names "
        "no goods; where refunds name all its pieces, edit_policy decides",
    )


class FulfilmentSettings(Strict):
    """The flow Rackbeat -> shop: shipments and tracking."""

    enabled: bool = Field(True, description="Whether shipments are told to the shop; needs a Rackbeat agreement")
    schedule: Cron = Field("*/10 * * * *", description="Cron in the shop's time zone")
    notify_customer: bool = Field(
        False, description="Whether the shop mails the note about a shipment to the buyer; its other mails are its own"
    )


class StockSettings(Strict):
    """The flow Rackbeat -> shop: stock. Shops of one agreement share one DAG, which runs at each one's schedule."""

    enabled: bool = Field(
        False, description="Whether the shop is given Rackbeat's available quantities; see rackbeat.stock_falls_at"
    )
    schedule: Cron = Field("*/10 * * * *", description="Cron in the time zone of the agreement's first shop by name")
    safety: Count = Field(0, description="Pieces of each product that this shop is never offered")
    last_pieces: Count = Field(
        0,
        description="When no more than so many pieces are left for this shop, it shows none: set it in all shops of a "
        "warehouse but the one that may sell the last ones",
    )
    locations: frozenset[LocationName] = Field(
        frozenset(),
        description="Names or numbers of the locations in Rackbeat whose goods the shop may sell; none: all of them",
    )


class ProductsMaster(StrEnum):
    """Whose products, texts and prices are the ones that count (domain guide 2.1, 4.7)."""

    NONE = "none"
    SHOP = "shop"
    RACKBEAT = "rackbeat"


class Unpublished(StrEnum):
    """What becomes of a product that its master sells no more."""

    KEEP = "keep"
    BAR = "bar"


class ProductsSettings(Strict):
    """The flow of products: from their master to the shop, Rackbeat and e-conomic. One direction per shop."""

    master: ProductsMaster = Field(
        ProductsMaster.NONE,
        description="Whose products count: shop (they go on to Rackbeat and e-conomic), rackbeat (to the shop and "
        "e-conomic; not for a shop with variations, which Rackbeat cannot make), or none. A system takes part where "
        "the mapping says how new products look there: rackbeat.new_products, economic.new_products",
    )
    schedule: Cron = Field("*/30 * * * *", description="Cron in the shop's time zone")
    fields: frozenset[ProductsField] = Field(
        frozenset({"name", "price", "description", "barcode"}),
        description="What follows the master in products that are there: name, price, description, barcode. A new "
        "product gets all four",
    )
    create_missing: bool = Field(True, description="Whether products that a system does not have are made there")
    take_over: bool = Field(
        False,
        description="Whether products that were there before are brought in step at once; false: what differs stays "
        "and is told, and only what the master changes later is written",
    )
    unpublished: Unpublished = Field(
        Unpublished.KEEP,
        description="What becomes of products that the master deletes, hides or bars: keep, or bar (in Rackbeat only "
        "without stock and open orders; orders that are not invoiced yet are held by a barred product)",
    )
    publish: bool = Field(
        False, description="Master rackbeat: whether new products are published in the shop; false: they are drafts"
    )


class InvoiceMode(StrEnum):
    """How far the flow goes by itself (domain guide 3.7)."""

    OFF = "off"
    DRY_RUN = "dry_run"
    DRAFT = "draft"
    AUTO = "auto"


class InvoiceWhen(StrEnum):
    """When an order is due to be invoiced (design, decision 8)."""

    STATE = "state"
    SHIPPED = "shipped"
    SHIPPED_OR_STATE = "shipped_or_state"


class InvoicesSettings(Strict):
    """The flow shop -> e-conomic."""

    mode: InvoiceMode = Field(
        InvoiceMode.DRY_RUN,
        description="off; dry_run: plan and compare; draft: make drafts, a person books; auto: book what is equal",
    )
    schedule: Cron = Field("*/10 * * * *", description="Cron in the shop's time zone")
    when: InvoiceWhen = Field(
        InvoiceWhen.SHIPPED_OR_STATE,
        description="What makes an order due: its state, its shipment, or whichever is first",
    )
    states: frozenset[State] = Field(frozenset({"completed"}), description="Native states that say that the goods went")
    auto_after: Count = Field(
        50,
        description="auto books by itself only after so many drafts in a row equalled what was computed, after at most "
        "one correction line; until then it makes drafts, of credit notes too. Once open it stays open",
    )
    approve: bool = Field(
        False,
        description="auto: whether a person is asked before each invoice and credit note is booked; then auto_after is "
        "not needed",
    )
    update_draft: bool = Field(
        True,
        description="Whether a draft that nobody has touched follows its order: changed with it, deleted when it is "
        "cancelled. false: such orders are held",
    )
    send_email: bool = Field(
        False,
        description="Whether e-conomic mails booked invoices and credit notes to the customer's address; never those "
        "of a collective customer, whose address is not the buyer's",
    )
    send_ean: bool = Field(
        False, description="Whether e-conomic sends booked invoices and credit notes of public buyers to their EAN"
    )
    corrections_alarm: Annotated[str, AfterValidator(_amount)] = Field(
        "10.00",
        description="The run is red, once a month, when the correction lines of the month sum to more than this",
    )


class ImportsSettings(Strict):
    """The import of orders that were placed before start_from; begun by a person, never by itself."""

    references: tuple[ImportReference, ...] = Field(
        ("{number}",),
        description="What other tools wrote as other reference on an order's invoice: an order whose reference the "
        "accounts have is passed over. {number}, {id} and {shop} stand for the order's own",
    )


class AuditSettings(Strict):
    """The nightly sweep and proof of each day."""

    enabled: bool = Field(True, description="Whether each day is read again and proven, at midnight of the shop")


class DecisionsSettings(Strict):
    """Questions to people about held documents."""

    enabled: bool = Field(True, description="Whether held documents that a person can release are asked about")
    schedule: Cron = Field(
        "*/10 * * * *", description="Cron in the shop's time zone: when new questions are looked for"
    )


class WebhooksSettings(Strict):
    """Hints from the shop, so that an order need not wait for the schedule."""

    enabled: bool = Field(False, description="Whether webhooks are registered in the shop, and repaired")
    address: PublicAddress | None = Field(
        None, description="Where the shop reaches this Airflow from outside: https://pakhus.example.dk"
    )


class AlertsSettings(Strict):
    """Who is told when a run is red. Nobody by default: then alerts stand in the ledger and in Airflow only."""

    mail_to: tuple[MailAddress, ...] = Field((), description="Addresses that get a mail")
    mail_from: MailAddress | None = Field(None, description="The sender; none: the mail connection's own")
    mail_connection: ConnectionId = Field("smtp_default", description="Airflow connection of type smtp")
    slack_connection: ConnectionId | None = Field(None, description="Airflow connection of type slackwebhook")
    webhook_connection: ConnectionId | None = Field(
        None, description="Airflow connection of type http to which each alert is posted as JSON"
    )
    quiet_hours: Hours | None = Field(
        None,
        description="Hours, like 22:00-07:00, in which nothing is sent but what cannot wait: a flow that has stopped "
        "itself, the ledger, money that does not add up. The rest comes when they are over",
    )
    digest_at: Hour | None = Field(
        None, description="When a daily list of what waits for people is sent, like 07:30; none: never"
    )
    weekly_at: WeekHour | None = Field(
        None,
        description="When a report on the last whole week is sent, like `mon 07:30`: orders, what was booked and paid "
        "out, day by day; none: never",
    )
    silence_after: Count = Field(
        10,
        description="When no order came for as long as at least so many came in each of the last weeks, in the same "
        "hours, somebody is told. Needs four weeks to compare with; 0: never",
    )
    timezone: TimeZone = Field(
        "Europe/Copenhagen", description="The zone of quiet_hours, digest_at and weekly_at, and of a shop's usual hours"
    )
