"""A malformed file of one shop: `check` says what is wrong, and the other shop is transferred as ever."""

import shutil
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.settings import SettingsError, load_shop
from stack import ROOT
from tests.failures.test_wrong_keys import INVOICED, RESERVED
from tests.failures.trouble import booked_references, reserved_headings
from tests.flows.world import world


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's settings, with a mistake in one shop's file."""
    folder = tmp_path / "include"
    shutil.copytree(ROOT / "include", folder)
    file = folder / "shops" / "fjordliv.yaml"
    file.write_text(file.read_text().replace("rackbeat: main", "rackbeet: main").replace("mode: draft", "mode: drafts"))
    monkeypatch.setenv("PAKHUS_INCLUDE", str(folder))
    return folder


@pytest.mark.usefixtures("include")
def test_check_tells_every_mistake_with_its_line_and_the_word_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "--offline"]) != 0
    text = "".join(capsys.readouterr())
    assert "include/shops/fjordliv.yaml:7: rackbeet: is no setting; did you mean rackbeat?" in text
    assert "invoices.mode: must be 'off', 'dry_run', 'draft' or 'auto', not 'drafts'; did you mean draft?" in text
    assert "nordlys" not in text


@pytest.mark.usefixtures("include")
def test_the_other_shop_is_transferred_as_ever(fresh_ledger_url: str) -> None:
    with pytest.raises(SettingsError):
        load_shop("fjordliv")
    with world(fresh_ledger_url) as nordlys:
        nordlys.run()
        assert (len(reserved_headings(nordlys)), len(booked_references(nordlys))) == (RESERVED, INVOICED)
