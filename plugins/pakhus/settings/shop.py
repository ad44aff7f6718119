"""What a shop file says (include/shops/<shop>.yaml); docs/settings.md is made from here.

Sources: domain guide section 4; design, decisions 8, 10, 12 and 13.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pakhus.rules.field_rules import FieldRule
from pakhus.rules.mapping_fields import Strict
from pakhus.rules.mappings import Mapping
from pakhus.settings.contradictions import Outline, contradictions
from pakhus.settings.sections import (
    AlertsSettings,
    AuditSettings,
    DecisionsSettings,
    FulfilmentSettings,
    ImportsSettings,
    InvoicesSettings,
    OrdersSettings,
    ProductsMaster,
    ProductsSettings,
    StockSettings,
    TimeZone,
    WebhooksSettings,
)

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,30}$"
CONTRADICTION = "contradiction"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")


def _moment(value: Any) -> Any:
    if isinstance(value, str) and not _MOMENT.fullmatch(value):
        raise ValueError(f"{value!r} is no time; write it like 2026-11-01T00:00:00+01:00")
    return value


ShopId = Annotated[str, Field(pattern=NAME_PATTERN)]
Agreement = Annotated[str, Field(pattern=NAME_PATTERN)]
MappingName = Annotated[str, Field(pattern=NAME_PATTERN)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


class Platform(StrEnum):
    """Webshop platforms with an adapter."""

    WOOCOMMERCE = "woocommerce"


class InvoiceSource(StrEnum):
    """Which document the invoice is made from."""

    WEBSHOP = "webshop"


def _invoice_source(value: Any) -> Any:
    if value == "rackbeat":
        raise ValueError(
            "Rackbeat invoices (its own e-conomic app) is not supported: every sale would be posted twice. Switch the "
            "app off in Rackbeat and write webshop, or leave 'economic' out of this file and invoice in Rackbeat"
        )
    return value


class ShopSettings(Strict):
    """A shop file. In code, `mapping` is the loaded mapping that the file names."""

    shop: ShopId = Field(description="The shop's id; the file is called after it")
    platform: Platform = Field(description="The shop's platform; its connection is <platform>__<shop>")
    mapping_name: MappingName = Field(alias="mapping", description="The mapping: include/mappings/<name>.yaml")
    mapping: Mapping = Field(alias="loaded_mapping", exclude=True)
    rackbeat: Agreement | None = Field(None, description="Rackbeat agreement; connection rackbeat__<agreement>")
    economic: Agreement | None = Field(None, description="e-conomic agreement; connection economic__<agreement>")
    invoice_source: Annotated[InvoiceSource, BeforeValidator(_invoice_source)] = Field(
        InvoiceSource.WEBSHOP, description="Which document invoices are made from: the shop's order"
    )
    start_from: Moment = Field(description="Orders placed before are not ours; with time zone")
    timezone: TimeZone = Field("Europe/Copenhagen", description="The shop's days and schedules are in this zone")
    orders: OrdersSettings = Field(OrdersSettings(), description="The flow shop -> Rackbeat")
    fulfilment: FulfilmentSettings = Field(FulfilmentSettings(), description="The flow Rackbeat -> shop: shipments")
    stock: StockSettings = Field(StockSettings(), description="The flow Rackbeat -> shop: stock")
    products: ProductsSettings = Field(ProductsSettings(), description="The flow of products from their master")
    invoices: InvoicesSettings = Field(InvoicesSettings(), description="The flow shop -> e-conomic")
    imports: ImportsSettings = Field(ImportsSettings(), description="The import of earlier orders")
    audit: AuditSettings = Field(AuditSettings(), description="The nightly sweep and proof of each day")
    decisions: DecisionsSettings = Field(DecisionsSettings(), description="Questions about held documents")
    webhooks: WebhooksSettings = Field(WebhooksSettings(), description="Hints from the shop")
    alerts: AlertsSettings = Field(AlertsSettings(), description="Who is told when a run is red")
    rules: tuple[FieldRule, ...] = Field(
        (), description="Rules about fields of the order, in their order, after the mapping's; docs/mapping.md"
    )

    @property
    def field_rules(self) -> tuple[FieldRule, ...]:
        """The rules about fields of orders: the mapping's, then the shop's own."""
        return (*self.mapping.rules, *self.rules)

    @property
    def connection(self) -> str:
        """The Airflow connection of the shop itself; its pool has the same name."""
        return f"{self.platform.value}__{self.shop}"

    @property
    def rackbeat_target(self) -> str | None:
        """The Airflow connection, pool and budget of the Rackbeat agreement."""
        return f"rackbeat__{self.rackbeat}" if self.rackbeat else None

    @property
    def economic_target(self) -> str | None:
        """The Airflow connection, pool and budget of the e-conomic agreement."""
        return f"economic__{self.economic}" if self.economic else None

    @property
    def tells_shipments(self) -> bool:
        """Whether the shop's shipments are read and told to it."""
        return self.rackbeat is not None and self.fulfilment.enabled

    @property
    def known_states(self) -> frozenset[str]:
        """The native states that this file names."""
        orders = self.orders
        prepaid = orders.prepay_states if orders.prepay_later else frozenset()
        return orders.reserve_states | prepaid | orders.ignore_states | self.invoices.states

    @property
    def sends_products(self) -> bool:
        """Whether products are kept in step anywhere."""
        return self.products.master is not ProductsMaster.NONE

    @property
    def products_source(self) -> str | None:
        """The connection and pool of the system whose products count."""
        return self.rackbeat_target if self.products.master is ProductsMaster.RACKBEAT else self.connection

    @property
    def product_targets(self) -> tuple[str, ...]:
        """The connections of the systems that products go to: where the mapping says how new ones look there."""
        master, parts = self.products.master, self.mapping.new_products_in
        if master is ProductsMaster.NONE:
            return ()
        first = self.connection if master is ProductsMaster.RACKBEAT else self.rackbeat_target
        found = (first if "rackbeat" in parts else None, self.economic_target if "economic" in parts else None)
        return tuple(target for target in found if target is not None)

    @model_validator(mode="after")
    def _consistent(self) -> ShopSettings:
        problems = contradictions(self.outline())
        if problems:
            text = "; ".join(f"{'.'.join(path)}: {text}" for path, text in problems)
            raise PydanticCustomError(CONTRADICTION, "{text}", {"text": text})
        return self

    def outline(self) -> Outline:
        """What the rules that concern several keys look at."""
        return Outline(
            platform=self.platform.value,
            rackbeat=self.rackbeat is not None,
            economic=self.economic is not None,
            mapping_name=self.mapping_name,
            mapping_parts=frozenset(
                part for part in ("rackbeat", "economic") if getattr(self.mapping, part) is not None
            ),
            invoice_mode=self.invoices.mode.value if "mode" in self.invoices.model_fields_set else None,
            invoice_when=self.invoices.when.value,
            invoice_states=self.invoices.states,
            reserve_states=self.orders.reserve_states,
            ignore_states=self.orders.ignore_states,
            fulfilment=self.fulfilment.enabled,
            stock=self.stock.enabled,
            products=self.products.master.value,
            product_targets=self.mapping.new_products_in,
            webhooks=self.webhooks.enabled,
            webhooks_address=self.webhooks.address or "",
            orders=self.orders.enabled,
        )

    def is_ours(self, placed_at: datetime) -> bool:
        """Whether an order placed then is to be transferred by the live flows."""
        return placed_at >= self.start_from
