"""What a shop file says (include/shops/<shop>.yaml); see docs/settings.md for the reference.

Sources: domain guide section 4; design, decisions 8, 10, 12 and 13.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from pakhus.rules.mappings import Mapping, Strict

ShopId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Agreement = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


class Platform(StrEnum):
    """Webshop platforms with an adapter."""

    WOOCOMMERCE = "woocommerce"


class OrdersSettings(Strict):
    """The flow shop -> Rackbeat."""

    enabled: bool = True
    schedule: str = Field("*/5 * * * *", description="Cron in the shop's time zone")
    reserve_states: frozenset[str] = Field(frozenset({"processing"}), description="Native states that reserve")
    ignore_states: frozenset[str] = Field(
        frozenset(), description="States of plugins that are to start nothing; an unknown state is skipped and named"
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

    mode: InvoiceMode = InvoiceMode.DRY_RUN
    schedule: str = Field("*/10 * * * *", description="Cron in the shop's time zone")
    when: InvoiceWhen = InvoiceWhen.SHIPPED_OR_STATE
    states: frozenset[str] = Field(frozenset({"completed"}), description="Native states that say that the goods went")


class ShopSettings(Strict):
    """A shop file. `mapping` is the loaded mapping that the file names."""

    shop: ShopId
    platform: Platform
    mapping_name: str = Field(alias="mapping")
    mapping: Mapping = Field(alias="loaded_mapping", exclude=True)
    rackbeat: Agreement | None = Field(None, description="Rackbeat agreement; connection rackbeat__<agreement>")
    economic: Agreement | None = Field(None, description="e-conomic agreement; connection economic__<agreement>")
    start_from: AwareDatetime = Field(description="Orders placed before are not ours")
    timezone: str = "Europe/Copenhagen"
    orders: OrdersSettings = OrdersSettings()
    invoices: InvoicesSettings = InvoicesSettings()

    @property
    def connection(self) -> str:
        """The Airflow connection of the shop itself."""
        return f"{self.platform.value}__{self.shop}"

    @property
    def rackbeat_target(self) -> str | None:
        return f"rackbeat__{self.rackbeat}" if self.rackbeat else None

    @property
    def economic_target(self) -> str | None:
        return f"economic__{self.economic}" if self.economic else None

    @model_validator(mode="after")
    def _topology(self) -> ShopSettings:
        if self.rackbeat is None and self.economic is None:
            raise ValueError("name a rackbeat agreement, an economic agreement, or both")
        if self.rackbeat is not None and self.mapping.rackbeat is None:
            raise ValueError(f"the mapping {self.mapping_name} has no part 'rackbeat'")
        if self.economic is not None and self.mapping.economic is None:
            raise ValueError(f"the mapping {self.mapping_name} has no part 'economic'")
        return self

    def is_ours(self, placed_at: datetime) -> bool:
        """Whether an order placed then is to be transferred by the live flows."""
        return placed_at >= self.start_from
