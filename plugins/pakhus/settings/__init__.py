"""Settings are data: shop files and mappings in include/, read and validated here (design, decision 13)."""

from pakhus.settings.loading import (
    INCLUDE_VARIABLE,
    MappingFile,
    include_folder,
    load_all,
    load_shop,
    shop_names,
    shop_path,
)
from pakhus.settings.problems import Problem, SettingsError
from pakhus.settings.shop import (
    Agreement,
    InvoiceMode,
    InvoiceSource,
    InvoicesSettings,
    InvoiceWhen,
    OrdersSettings,
    Platform,
    ShopId,
    ShopSettings,
)

__all__ = [
    "INCLUDE_VARIABLE",
    "Agreement",
    "InvoiceMode",
    "InvoiceSource",
    "InvoiceWhen",
    "InvoicesSettings",
    "MappingFile",
    "OrdersSettings",
    "Platform",
    "Problem",
    "SettingsError",
    "ShopId",
    "ShopSettings",
    "include_folder",
    "load_all",
    "load_shop",
    "shop_names",
    "shop_path",
]
