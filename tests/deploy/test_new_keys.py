"""deploy/new-keys.sh: secrets for a new installation, and never a change to those of an old one."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from stack import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "new-keys.sh", tmp_path / "deploy")
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(checkout / "deploy" / "new-keys.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def values(checkout: Path) -> dict[str, str]:
    lines = (checkout / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_writes_what_airflow_can_use_for_its_owner_only(checkout: Path) -> None:
    assert run(checkout, "pakhus.example.dk").returncode == 0
    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600
    found = values(checkout)
    assert Fernet(found["PAKHUS_FERNET_KEY"])
    assert json.loads(found["PAKHUS_PASSWORDS"].strip("'")).keys() == {"admin"}
    assert len(found["PAKHUS_JWT_SECRET"]) >= 32
    secrets = [value for name, value in found.items() if name not in ("PAKHUS_HOST", "PAKHUS_USERS")]
    assert len(set(secrets)) == len(secrets) == 8


def test_prints_no_secret(checkout: Path) -> None:
    done = run(checkout, "pakhus.example.dk")
    for name, value in values(checkout).items():
        if name not in ("PAKHUS_HOST", "PAKHUS_USERS"):
            assert value not in done.stdout + done.stderr


def test_adds_what_is_missing_and_changes_nothing_else(checkout: Path) -> None:
    run(checkout, "pakhus.example.dk")
    file = checkout / ".env"
    before = values(checkout)
    file.write_text(
        "\n".join(f"{name}={value}" for name, value in before.items() if name != "PAKHUS_API_SECRET") + "\n"
    )
    assert run(checkout).returncode == 0
    after = values(checkout)
    assert after.pop("PAKHUS_API_SECRET") not in ("", before.pop("PAKHUS_API_SECRET"))
    assert after == before


@pytest.mark.parametrize("host", ["", "pakhus example", "https://pakhus.example.dk", "a;b"])
def test_refuses_a_name_that_is_none(checkout: Path, host: str) -> None:
    done = run(checkout, host)
    assert done.returncode == 2
    assert "pakhus.example.dk" in done.stderr
    assert not (checkout / ".env").exists()


def test_is_kept_out_of_git_and_of_the_image() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", "deploy/tls/"} <= set(ignored)
    copied = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert not {".env", "deploy", "deploy/tls", "include"} & set(copied)
