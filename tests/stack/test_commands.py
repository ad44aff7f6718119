"""`python -m stack`: what it answers when something is wrong. The good ending is `make demo-check` itself."""

from pathlib import Path

import pytest

from stack import __main__ as commands
from stack import runner

pytestmark = pytest.mark.airflow


def test_demo_check_fails_with_the_reason_and_leaves_nothing_but_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "STATE", tmp_path)
    odd = tmp_path / "odd.yaml"
    odd.write_text("stand_ins: [{system: no-such, name: odd}]")
    monkeypatch.setattr(commands, "STAND_INS", odd)
    monkeypatch.setattr(runner, "FIRST_PAUSE_S", 0.01)
    assert commands.main(["demo-check"]) == 1
    said = capsys.readouterr().out
    assert "FAILED: stand-ins ended 5 times" in said
    assert "not {'system': 'no-such'" in said
    assert sorted(path.name for path in (tmp_path / "demo-check").iterdir()) == ["airflow", "run"]
    assert not (tmp_path / "demo-check-files").exists()
    assert "no-such" in (tmp_path / "demo-check" / "run" / "logs" / "stand-ins.log").read_text()


def test_refuses_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["demo-chek"])
    assert ended.value.code == 2
    assert "demo-check" in capsys.readouterr().err
