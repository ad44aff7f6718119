"""Accounts at payment providers: include/accounts/<account>.yaml says whose payouts are reconciled, and where to.

A column mapping for tables that no reader knows is a file of its own, include/settlements/<name>.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from pakhus.rules.mapping_fields import Currency, Day, Strict
from pakhus.rules.payment_methods import PaymentSign
from pakhus.rules.payout_accounts import Booking, EntriesForm, PayoutAccounts
from pakhus.settings.documents import Document, read_document
from pakhus.settings.flows import FLOWS, PAYOUTS
from pakhus.settings.loading import SUFFIX, include_folder, load_columns, shop_names
from pakhus.settings.problems import Problem, SettingsError, problem_at, problems_of
from pakhus.settings.schedules import checked_cron
from pakhus.settings.sections import TimeZone
from pakhus.settings.shop import Agreement, ShopId

ACCOUNTS = "accounts"
ProviderName = Literal["epay", "klarna", "paypal", "stripe", "vipps_mobilepay", "woopayments"]
"""The providers whose API can be polled; `pakhus.provider_connections` has a client for each."""

Model = TypeVar("Model", bound=BaseModel)
_FOLDER = re.compile(r"(file|s3|gs|abfs|adls|sftp|ftp)://\S+")


def _folder(text: str) -> str:
    if not _FOLDER.fullmatch(text):
        raise ValueError(f"{text!r} is no folder; write it like file:///srv/card or s3://aws_default@bucket/card")
    return text.rstrip("/")


class ProviderApiSettings(Strict):
    """The provider's API, where settlements are read from."""

    provider: ProviderName = Field(
        description="Whose API it is: the type of the Airflow connection, too; WooPayments is reached through the shop"
    )
    connection: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")] | None = Field(
        None,
        description="Airflow connection; default <provider>__<account>. For woopayments the shop's, "
        "woocommerce__<shop>",
    )
    again_days: int = Field(
        14,
        ge=1,
        le=90,
        description="Payouts of so many days are read again by each run: late changes of what was imported are seen",
    )


class PayoutDecisionsSettings(Strict):
    """Questions to people about lines of payouts that no document is sure of."""

    enabled: bool = Field(True, description="Whether they are asked in Airflow's Required Actions, too")
    schedule: Annotated[str, AfterValidator(checked_cron)] = Field(
        "*/30 * * * *", description="Cron in the account's time zone: when new questions are looked for"
    )


class AccountSettings(Strict):
    """An account file."""

    account: ShopId = Field(description="The account's id; the file is called after it")
    provider: str = Field(min_length=1, description="The provider, as people call it")
    api: ProviderApiSettings | None = Field(
        None, description="The provider's API, which is polled; with it, a folder may be left out"
    )
    reader: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = Field(
        None,
        description="Format of the files: stripe_csv, klarna_csv, vipps_mobilepay_xml, adyen, column_mapping …; goes "
        "with folder",
    )
    folder: Annotated[str, AfterValidator(_folder)] | None = Field(
        None,
        description="Where settlement files arrive: file:///folder, or what Airflow's object storage knows, such as "
        "s3://<connection>@bucket/folder; files stay there",
    )
    files: str = Field("*", min_length=1, description="Which files of the folder, as a pattern: *.csv")
    beside: str | None = Field(
        None,
        min_length=1,
        description="Files of the folder that tell the payouts of the others, as a pattern: payouts*.csv (reader "
        "stripe_csv: the payouts report); an activity waits for its own",
    )
    economic: Agreement = Field(description="e-conomic agreement; connection economic__<agreement>")
    journal: int = Field(gt=0, description="Journal that takes the vouchers of payouts")
    accounts: dict[Currency, PayoutAccounts] = Field(
        min_length=1, description="Currency of a payout -> accounts; a payout in another currency is held"
    )
    start_from: Day = Field(description="Payouts of earlier days are not ours")
    lock_date: Day | None = Field(None, description="Nothing is entered on this day or before it")
    timezone: TimeZone = Field("Europe/Copenhagen", description="The account's days and schedule are in this zone")
    file_timezone: TimeZone = Field("UTC", description="Zone of times in files that do not say theirs")
    columns: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] | None = Field(
        None, description="Column mapping: include/settlements/<name>.yaml (reader column_mapping)"
    )
    day_first: bool | None = Field(None, description="How 02/11/2026 is meant where a file does not show it")
    order_prefix: str = Field("", description="What the provider's references have before the order number")
    order_suffix: str = Field("", description="What they have after it")
    unmatched: Literal["hold", "post"] = Field(
        "hold",
        description="A payout with lines that no document is sure of: hold it for a person, or post those lines on the "
        "difference account",
    )
    refunds_only_here: Literal["hold", "credit_note"] = Field(
        "hold",
        description="A refund that only the provider knows, since it was made in its portal: hold the payout for a "
        "person, or make its credit note like any other, two days after it, and go on when that is booked",
    )
    book: Booking = Field(
        Booking.NEVER,
        description="Who books a payout's voucher: never, the bookkeeper does; when_matched, Pakhus does at once where "
        "every payment and refund has a sure document and nothing differs. Needs book_entries_body",
    )
    book_entries_body: EntriesForm | None = Field(
        None,
        description="Form of e-conomic's bookdraftentries: array or object. Book one entry of a test journal to see "
        "which one this agreement takes (docs/to-confirm.md)",
    )
    customer_payment_sign: PaymentSign = Field(
        PaymentSign.NEGATIVE, description="As in the mapping: how money received is signed on a customer payment"
    )
    schedule: Annotated[str, AfterValidator(checked_cron)] = Field(
        "15 6 * * *", description="When files are looked for and the API is asked"
    )
    decisions: PayoutDecisionsSettings = PayoutDecisionsSettings()

    @property
    def economic_target(self) -> str:
        """The Airflow connection, pool and budget of the e-conomic agreement."""
        return f"economic__{self.economic}"

    @property
    def api_connection(self) -> str | None:
        """The Airflow connection of the provider's API; None where no API is polled."""
        return None if self.api is None else self.api.connection or f"{self.api.provider}__{self.account}"

    @property
    def first_moment(self) -> datetime:
        """The beginning of the first day that is ours."""
        return datetime.combine(self.start_from, time(), ZoneInfo(self.timezone))

    def order_number(self, reference: str) -> str:
        """The shop's order number in a provider's reference."""
        return reference.strip().removeprefix(self.order_prefix).removesuffix(self.order_suffix).strip()

    def is_ours(self, day: date) -> bool:
        """Whether a payout of that day is to be journaled."""
        return day >= self.start_from


def account_names(folder: Path | None = None) -> tuple[str, ...]:
    """Return the provider accounts that have a file, by name. Opens none of them; there may be none."""
    return tuple(file.stem for file in sorted(((folder or include_folder()) / ACCOUNTS).glob(f"*{SUFFIX}")))


def flows_to_switch(scope: str, folder: Path | None = None) -> tuple[str, ...]:
    """Return the flows that people may stop of a shop or of an account; empty where there is neither."""
    shop = FLOWS if scope in shop_names(folder) else ()
    return (*shop, *((PAYOUTS,) if scope in account_names(folder) else ()))


def load_account(name: str, folder: Path | None = None) -> AccountSettings:
    """Return one account; SettingsError lists all that is wrong with its file."""
    root = folder or include_folder()
    document = read_document(root / ACCOUNTS / f"{name}{SUFFIX}", f"{ACCOUNTS}/{name}{SUFFIX}")
    settings = _validated(document, AccountSettings)
    problems = []
    if settings.account != name:
        text = f"is {settings.account!r}, but the file is called {name}{SUFFIX}"
        problems.append(problem_at(document, ("account",), text))
    problems += [problem_at(document, path, text) for path, text in _sources(settings)]
    if (settings.reader == "column_mapping") != (settings.columns is not None):
        problems.append(problem_at(document, ("columns",), "goes with reader column_mapping, and that needs it"))
    if settings.book is not Booking.NEVER and settings.book_entries_body is None:
        text = f"is {settings.book.value}: that needs book_entries_body, as this agreement was seen to take it"
        problems.append(problem_at(document, ("book",), text))
    if problems:
        raise SettingsError(problems)
    if settings.columns is not None:
        load_columns(settings.columns, root)
    return settings


def _sources(settings: AccountSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with where settlements come from: the key and the text."""
    if settings.folder is None and settings.api is None:
        yield ("folder",), "is missing; say where files arrive, or with api which API is polled"
    if (settings.reader is None) != (settings.folder is None):
        yield ("reader",), "goes with folder, and that needs it"
    if settings.beside is not None and settings.reader != "stripe_csv":
        yield ("beside",), "goes with reader stripe_csv: no other provider keeps its payouts in files of their own"
    api = settings.api
    if api is not None and api.provider == "woopayments" and not (api.connection or "").startswith("woocommerce__"):
        yield ("api", "connection"), "must be the shop's, like woocommerce__nordlys"


def load_accounts(folder: Path | None = None) -> tuple[AccountSettings, ...]:
    """Return all accounts; SettingsError lists all that is wrong with any file."""
    found, problems = [], list[Problem]()
    for name in account_names(folder):
        try:
            found.append(load_account(name, folder))
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return tuple(found)


def _validated(document: Document, model: type[Model]) -> Model:
    noted = [Problem(document.name, each.line, each.path, each.text) for each in document.problems]
    if document.readable:
        try:
            settings = model.model_validate(document.values)
        except ValidationError as error:
            noted += problems_of(error, model, document)
        else:
            if not noted:
                return settings
    raise SettingsError(noted)
