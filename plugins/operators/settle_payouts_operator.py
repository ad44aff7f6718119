"""Take in a provider account's settlements and journal its payouts in e-conomic."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.definitions.context import Context

from hooks.economic_hook import EconomicHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.payouts import SettlementFile, settler
from pakhus.settings import load_columns
from pakhus.settings.accounts import AccountSettings, load_account


class SettlePayoutsOperator(ShopOperator):
    """Pushes the counts as `report`. To the operators of a shop an account is a scope like a shop's."""

    def __init__(self, *, account: str, **kwargs: Any) -> None:
        super().__init__(shop=account, **kwargs)
        self.account = account

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = load_account(self.account), self.ledger(context)
        columns = None if settings.columns is None else load_columns(settings.columns)
        accounts = EconomicHook(settings.economic_target).client(ledger)
        report = settler(accounts, ledger, settings, columns).run(files_of(settings))
        self.log.info("%s: %s", self.account, report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())
        return report.as_dict()


def files_of(settings: AccountSettings) -> Iterator[SettlementFile]:
    """Yield the account's settlement files by name. ConfigurationError when the folder cannot be read."""
    folder = ObjectStoragePath(settings.folder)
    try:
        found = {path.name: path for path in folder.iterdir() if fnmatch(path.name, settings.files)}
        for _, path in sorted(found.items()):
            if path.is_file():
                yield SettlementFile(path.name, path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"the folder {settings.folder} of {settings.account} cannot be read: {error}"
        ) from None
