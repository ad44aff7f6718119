"""The stories that faults are met in: each is a small file with a `STORY`, found by being here."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.faults.story import Story


def every_story() -> dict[str, Story]:
    """Return the stories by name, in the order of their files."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.STORY.name: module.STORY for module in modules}
