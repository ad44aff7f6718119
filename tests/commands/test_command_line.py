"""The command line as a whole: commands, help, exit codes, and how soon it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.commands import COMMANDS
from pakhus.settings import load_all
from pakhus.settings.pools import pools_json, pools_of
from stack import ROOT
from tests.settings.folders import shop_text, write_folder

SHARED = {
    "__init__",
    "airflow_command",
    "ledger_here",
    "live_systems",
    "month_picture",
    "proposed",
    "report_picture",
    "tables",
}
MODULES = {file.stem for file in (ROOT / "plugins/pakhus/commands").glob("*.py")} - SHARED


def test_every_command_has_a_module_and_every_module_a_command() -> None:
    assert set(COMMANDS) == MODULES


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: python -m pakhus {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["chek"], ["check", "--shpo", "x"]])
def test_ends_with_2_for_what_is_no_command(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_prints_the_pools_as_airflow_imports_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
    assert main(["pools"]) == 0
    assert json.loads(capsys.readouterr().out) == pools_json(pools_of(load_all(ROOT / "include")))


def test_writes_what_the_tests_of_the_examples_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
    assert main(["schema", "--to", str(tmp_path)]) == 0
    assert main(["reference", "--to", str(tmp_path / "settings.md")]) == 0
    for written, committed in (
        ("shops.schema.json", "include/shops.schema.json"),
        ("mappings.schema.json", "include/mappings.schema.json"),
        ("settings.md", "docs/settings.md"),
    ):
        assert (tmp_path / written).read_text(encoding="utf-8") == (ROOT / committed).read_text(encoding="utf-8")


def test_a_connections_file_that_cannot_be_read_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
    assert main(["check", "--connections", str(tmp_path / "nowhere.json")]) == 1
    assert "nowhere.json cannot be read as JSON" in capsys.readouterr().out


def test_runs_as_a_module_with_exit_code_and_without_airflow(tmp_path: Path) -> None:
    include = write_folder(tmp_path, {"nordlys": shop_text(platform="shopify")})
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pakhus", "check", "--offline"],
        cwd=ROOT / "plugins",
        env={"PAKHUS_INCLUDE": str(include), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stdout.startswith("include/shops/nordlys.yaml:2: platform: must be 'woocommerce', not 'shopify'")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "pakhus" in imported
    assert "airflow" not in imported
