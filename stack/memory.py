"""Room in memory for servers' data that nobody misses: on a disk a copy of a database takes twenty times as long."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, on every Debian; in a container it may be tiny
ENOUGH_BYTES = 2 * 1024**3
FORGOTTEN_AFTER_S = 24 * 3600


def room_in_memory(memory: Path = MEMORY) -> Path | None:
    """A folder that is kept in memory, where there is one with room for a test's servers."""
    if not memory.is_dir() or not os.access(memory, os.W_OK):
        return None
    return memory if shutil.disk_usage(memory).free >= ENOUGH_BYTES else None


def forget_dead(memory: Path, pattern: str, is_alive: Callable[[Path], bool]) -> None:
    """Delete what our clients that were killed have left there a day ago or longer: it takes memory until then."""
    for folder in memory.glob(pattern):
        facts = folder.stat()
        ours = facts.st_uid == os.geteuid()
        if ours and time.time() - facts.st_mtime > FORGOTTEN_AFTER_S and not is_alive(folder):
            shutil.rmtree(folder, ignore_errors=True)
