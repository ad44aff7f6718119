"""Settings are data: shop files and mappings in include/, read and validated here (design, decision 13)."""

from pakhus.settings.flows import ALL_FLOWS, FLOWS
from pakhus.settings.loading import (
    INCLUDE_VARIABLE,
    MappingFile,
    include_folder,
    load_all,
    load_columns,
    load_shop,
    shop_names,
    shop_path,
)
from pakhus.settings.problems import Problem, SettingsError
from pakhus.settings.recipients import INSTALLATION, alerts_settings
from pakhus.settings.sections import (
    AlertsSettings,
    AuditSettings,
    CancelPolicy,
    DecisionsSettings,
    EditPolicy,
    FulfilmentSettings,
    InvoiceMode,
    InvoicesSettings,
    InvoiceWhen,
    OrdersSettings,
    Pickup,
    StockSettings,
    WebhooksSettings,
)
from pakhus.settings.shop import Agreement, InvoiceSource, Platform, ShopId, ShopSettings

__all__ = [
    "ALL_FLOWS",
    "FLOWS",
    "INCLUDE_VARIABLE",
    "INSTALLATION",
    "Agreement",
    "AlertsSettings",
    "AuditSettings",
    "CancelPolicy",
    "DecisionsSettings",
    "EditPolicy",
    "FulfilmentSettings",
    "InvoiceMode",
    "InvoiceSource",
    "InvoiceWhen",
    "InvoicesSettings",
    "MappingFile",
    "OrdersSettings",
    "Pickup",
    "Platform",
    "Problem",
    "SettingsError",
    "ShopId",
    "ShopSettings",
    "StockSettings",
    "WebhooksSettings",
    "alerts_settings",
    "include_folder",
    "load_all",
    "load_columns",
    "load_shop",
    "shop_names",
    "shop_path",
]
