"""Files of provider accounts: what they say, and how what is wrong is told."""

from datetime import date
from pathlib import Path

import pytest

from pakhus.settings import SettingsError
from pakhus.settings.accounts import account_names, load_account, load_accounts

KORT = """\
account: kort
provider: Stripe
reader: stripe_csv
folder: file:///srv/kort
economic: main
journal: 5
start_from: 2026-11-01
order_prefix: N-
accounts:
  DKK: {clearing: 5825, bank: 5829, fee: 7220, reserve: 5827, dispute: 5828, difference: 7225, exchange: 7230}
"""


@pytest.fixture
def include(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    return tmp_path


def write(include: Path, text: str = KORT, name: str = "kort") -> None:
    (include / "accounts" / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_reads_an_account(include):
    write(include)
    (account,) = load_accounts(include)
    assert (account.account, account.economic_target, account.accounts["DKK"].clearing) == (
        "kort",
        "economic__main",
        5825,
    )
    assert account.order_number(" N-1042 ") == "1042"
    assert (account.is_ours(date(2026, 10, 31)), account.is_ours(date(2026, 11, 1))) == (False, True)


def test_without_a_folder_there_is_no_account(tmp_path):
    assert account_names(tmp_path) == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("account: kort", "account: card"), "account: is 'card', but the file is called kort.yaml"),
        (("file:///srv/kort", "/srv/kort"), "folder: '/srv/kort' is no folder"),
        (("journal: 5\n", ""), "journal: is missing"),
        (("fee: 7220, ", ""), "accounts.DKK.fee: is missing"),
        (("reader: stripe_csv", "reader: column_mapping"), "columns: goes with reader column_mapping"),
        (("provider: Stripe", "provider: Stripe\nsecret: x"), "secret: is no setting"),
        (("economic: main", "economic: main\nschedule: often"), "schedule: 'often' has 1 fields"),
    ],
)
def test_says_what_is_wrong_and_where(include, change, problem):
    write(include, KORT.replace(*change))
    with pytest.raises(SettingsError) as error:
        load_account("kort", include)
    assert problem in str(error.value)
    assert "accounts/kort.yaml:" in str(error.value)


POLLED = KORT.replace("reader: stripe_csv\nfolder: file:///srv/kort\n", "api: {provider: stripe}\n")


def test_an_account_may_be_polled_instead_of_getting_files(include):
    write(include, POLLED)
    account = load_account("kort", include)
    assert (account.folder, account.api_connection) == (None, "stripe__kort")
    assert account.api is not None
    assert account.api.again_days == 14


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (POLLED.replace("api: {provider: stripe}\n", ""), "folder: is missing; say where files arrive, or with api"),
        (POLLED.replace("economic:", "reader: stripe_csv\neconomic:"), "reader: goes with folder"),
        (KORT.replace("reader: stripe_csv\n", ""), "reader: goes with folder"),
        (POLLED.replace("stripe}", "nets}"), "api.provider: "),
        (POLLED.replace("stripe}", "woopayments}"), "api.connection: must be the shop's, like woocommerce__nordlys"),
    ],
)
def test_says_what_is_wrong_with_where_settlements_come_from(include, text, problem):
    write(include, text)
    with pytest.raises(SettingsError) as error:
        load_account("kort", include)
    assert problem in str(error.value)


def test_tells_the_problems_of_all_files_at_once(include):
    write(include, KORT.replace("journal: 5\n", ""))
    write(include, KORT.replace("account: kort", "account: klarna").replace("DKK:", "dkk:"), "klarna")
    with pytest.raises(SettingsError) as error:
        load_accounts(include)
    assert {problem.file for problem in error.value.problems} == {"accounts/kort.yaml", "accounts/klarna.yaml"}
