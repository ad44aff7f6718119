"""Take in a provider account's settlements and journal its payouts in e-conomic."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.definitions.context import Context

from hooks.economic_hook import EconomicHook
from hooks.provider_hook import ProviderHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError, RemoteError
from pakhus.flows.payouts import settler
from pakhus.flows.settlement_intake import SettlementFile, beside
from pakhus.flows.settlement_polling import Found, Poller
from pakhus.ledger.connection import Ledger
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
        problems: list[RemoteError] = []
        found = (one for source in (files_of(settings), polled(ledger, settings)) for one in guarded(source, problems))
        report = settler(accounts, ledger, settings, columns).run(found)
        self.log.info("%s: %s", self.account, report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())
        for problem in problems[1:]:
            self.log.error("%s: %s", self.account, problem)
        if problems:
            raise problems[0]
        return report.as_dict()


def guarded(source: Iterator[Found], problems: list[RemoteError]) -> Iterator[Found]:
    """Yield what a source has. What ends it is told when the other sources, and all that is due, are done."""
    try:
        yield from source
    except RemoteError as problem:
        problems.append(problem)


def polled(ledger: Ledger, settings: AccountSettings) -> Iterator[Found]:
    """Yield what the account's provider has paid out; nothing where no API is polled."""
    if settings.api is not None and settings.api_connection is not None:
        hook = ProviderHook(settings.api_connection, settings.api.provider)
        yield from Poller(ledger, settings, hook.client).found()


def files_of(settings: AccountSettings) -> Iterator[Found]:
    """Yield the account's settlement files by name. ConfigurationError when the folder cannot be read."""
    if settings.folder is None:
        return
    folder = ObjectStoragePath(settings.folder)
    try:
        found = {path.name: path for path in folder.iterdir() if path.is_file()}
        apart = [name for name in found if settings.beside is not None and fnmatch(name, settings.beside)]
        others = {name: found[name].read_bytes() for name in apart}
        for name in sorted(found):
            if name not in others and fnmatch(name, settings.files):
                file = SettlementFile(name, found[name].read_bytes())
                yield file if settings.beside is None else beside(file, others)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {settings.folder} of {settings.account} cannot be read: {error}"
        ) from None
