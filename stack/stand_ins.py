"""The stand-in servers as a component of the stack."""

import json
import sys
from pathlib import Path

from stack.runner import Component
from stack.waiting import answers


def stand_ins(config: Path, urls: Path) -> Component:
    """The stand-in servers as a component; ready when each URL of the file they write answers."""
    argv = [sys.executable, "-m", "standin", "--config", str(config), "--urls", str(urls)]

    def ready() -> bool:
        return urls.exists() and all(answers(url)() for url in json.loads(urls.read_text()).values())

    return Component("stand-ins", argv, ready=ready, ready_within_s=60)
