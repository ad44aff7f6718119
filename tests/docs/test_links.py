"""Pages name nothing that is not there: links, their anchors, paths in backticks, make targets, table columns."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pakhus.commands import COMMANDS
from stack import ROOT

# Made by running something, or by the reader; not in the repository.
MADE = (".venv", ".state", ".env", "deploy/tls", "deploy/acme")
TOP = {entry.name for entry in ROOT.iterdir()} | {"bench"}
SUFFIXES = (".py", ".md", ".yaml", ".json", ".sh", ".toml", ".txt", ".in", ".mako", ".cfg")
# Paths inside plugins/pakhus are named without their beginning where the text is about the package.
BEGINNINGS = ("", "plugins/pakhus/", "plugins/", "docs/", "docs/decisions/", "docs/runbooks/")


def pages() -> list[Path]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "standin").glob("*.md")]
    return sorted(page for page in found if page.name != "0003-webshop-protocol.md")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not target.startswith(("http://", "https://", "mailto:")):
            yield target


def paths(page: Path) -> Iterator[str]:
    """What in backticks looks like a path of the repository; placeholders and patterns are left out."""
    for text in re.findall(r"`([^`\n]+)`", prose(page)):
        if re.fullmatch(r"\.?[\w.\-/]+", text) and _looks_like_a_path(text) and not text.startswith(MADE):
            yield text


def _looks_like_a_path(text: str) -> bool:
    named_file = text.endswith(SUFFIXES) and not text.startswith(SUFFIXES)
    return named_file or ("/" in text.strip("/") and text.split("/")[0] in TOP) or text.rstrip("/") in TOP


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def exists(text: str, page: Path) -> bool:
    near = page.parent / text
    return near.exists() or any((ROOT / f"{beginning}{text}").exists() for beginning in BEGINNINGS)


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        file, _, anchor = target.partition("#")
        aim = (page.parent / file).resolve() if file else page
        assert aim.exists(), f"{named(page)} links to {target}"
        if anchor and aim.suffix == ".md":
            assert anchor in anchors(aim), f"{named(page)} links to {target}; {named(aim)} has no such heading"


@pytest.mark.parametrize("page", pages(), ids=named)
def test_paths_in_backticks_are_there(page: Path) -> None:
    missing = [text for text in paths(page) if not exists(text, page)]
    assert missing == []


@pytest.mark.parametrize("page", pages(), ids=named)
def test_make_targets_and_commands_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(re.findall(r"`make ([a-z-]+)", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert asked <= targets, f"{named(page)} names make targets that are not there"
    assert set(re.findall(r"python -m pakhus ([a-z_]+)", text)) <= set(COMMANDS)


def test_checks_see_what_they_are_meant_to_see() -> None:
    readme = ROOT / "README.md"
    assert "docs/settings.md" in set(links(readme))
    assert "standin/" in set(paths(readme))
    assert not exists("plugins/pakhus/nowhere.py", readme)
