"""Data in memory: only where there is room, and what the dead have left is forgotten."""

import os
import time
from pathlib import Path

import pytest

from stack import memory
from stack.memory import forget_dead, room_in_memory


def test_a_folder_with_room_is_taken_and_one_without_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ENOUGH_BYTES", 1)
    assert room_in_memory(tmp_path) == tmp_path
    assert room_in_memory(tmp_path / "none") is None
    monkeypatch.setattr(memory, "ENOUGH_BYTES", 1024**6)
    assert room_in_memory(tmp_path) is None


def test_only_what_is_old_and_dead_is_forgotten(tmp_path: Path) -> None:
    for name in ("ours-new", "ours-alive", "ours-dead", "other-dead"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_text("1")
    two_days_ago = time.time() - 2 * 24 * 3600
    for name in ("ours-alive", "ours-dead", "other-dead"):
        os.utime(tmp_path / name, (two_days_ago, two_days_ago))
    forget_dead(tmp_path, "ours-*", lambda folder: folder.name == "ours-alive")
    assert {folder.name for folder in tmp_path.iterdir()} == {"ours-new", "ours-alive", "other-dead"}
