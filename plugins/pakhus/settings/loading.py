"""Read shop files and mappings. Everything that is wrong is told at once, in a SettingsError."""

from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from pakhus.rules.mappings import Mapping
from pakhus.rules.settlement_columns import ColumnMapping
from pakhus.settings.contradictions import contradictions, outline_of
from pakhus.settings.documents import Document, KeyPath, read_document
from pakhus.settings.models import NOT_IN_FILES
from pakhus.settings.problems import Problem, SettingsError, nearest, problem_at, problems_of
from pakhus.settings.rule_problems import rule_problems, sides_missing
from pakhus.settings.shop import MappingName, ShopSettings

INCLUDE_VARIABLE = "PAKHUS_INCLUDE"
SHOPS, MAPPINGS, COLUMNS, SUFFIX = "shops", "mappings", "settlements", ".yaml"
_PROJECT = Path(__file__).resolve().parents[3]


class MappingFile(Mapping):
    """A mapping file. What it leaves out comes whole from the mapping that it extends, if any."""

    extends: MappingName | None = Field(
        None, description="Another mapping; each part that this file has replaces the whole part there"
    )


def include_folder() -> Path:
    """Return the folder of settings: PAKHUS_INCLUDE, or include/ of the project that this package lies in."""
    named = os.environ.get(INCLUDE_VARIABLE)
    return Path(named) if named else _PROJECT / "include"


def shop_names(folder: Path | None = None) -> tuple[str, ...]:
    """Return the shops that have a file, by name. Opens none of them."""
    return tuple(file.stem for file in _shop_files(folder or include_folder()))


def shop_path(name: str, folder: Path | None = None) -> Path:
    """Return the path of a shop's file."""
    return (folder or include_folder()) / SHOPS / f"{name}{SUFFIX}"


def load_shop(shop: str | Path, folder: Path | None = None) -> ShopSettings:
    """Return one shop, by its name or the path of its file; opens that file and its mapping only.

    SettingsError lists all that is wrong with them.
    """
    file = shop if isinstance(shop, Path) else shop_path(shop, folder)
    loader = _Loader(file.parent.parent)
    settings = loader.shop(file)
    if settings is None:
        raise SettingsError(loader.problems)
    return settings


def may_use_rackbeat(shop: str, agreement: str, folder: Path | None = None) -> bool:
    """Tell whether a shop whose settings cannot be loaded may be one of a Rackbeat agreement: in doubt it is."""
    document = read_document(shop_path(shop, folder), shop)
    return bool(document.values.get("rackbeat", agreement) == agreement)


def load_all(folder: Path | None = None) -> tuple[ShopSettings, ...]:
    """Return all shops by name. SettingsError lists all that is wrong with any file, mappings that no shop uses too."""
    root = folder or include_folder()
    loader = _Loader(root)
    files = _shop_files(root)
    found = [loader.shop(file) for file in files]
    for file in sorted((root / MAPPINGS).glob(f"*{SUFFIX}")):
        loader.mapping(file.stem)
    for file in sorted((root / COLUMNS).glob(f"*{SUFFIX}")):
        loader.columns(file)
    shops = tuple(settings for settings in found if settings is not None)
    loader.problems += _strays(root)
    loader.problems += _same_shop(loader.documents, files, root)
    loader.problems += _disagreeing(shops, loader)
    if loader.problems:
        raise SettingsError(loader.problems)
    return shops


def load_columns(name: str, folder: Path | None = None) -> ColumnMapping:
    """Return a column mapping of settlements by its name; SettingsError lists all that is wrong with it."""
    root = folder or include_folder()
    loader = _Loader(root)
    mapping = loader.columns(root / COLUMNS / f"{name}{SUFFIX}")
    if mapping is None:
        raise SettingsError(loader.problems)
    return mapping


@dataclass(slots=True)
class _Loader:
    """Reads files of one include folder, each once."""

    root: Path
    problems: list[Problem] = field(default_factory=list)
    documents: dict[Path, Document] = field(default_factory=dict)
    _mappings: dict[str, Mapping | None] = field(default_factory=dict)

    def shop(self, file: Path) -> ShopSettings | None:
        """Return a shop, or None with its problems noted."""
        document = self._read(file)
        if not document.readable:
            return None
        before = len(self.problems)
        name = document.values.get("mapping")
        mapping = self._mapping_of(document, name) if isinstance(name, str) else None
        settings = self._validated_shop(document, mapping)
        if document.values.get("shop") not in (None, file.stem):
            text = f"is {document.values['shop']!r}, but the file is called {file.name}; give them the same name"
            self._note(document, ("shop",), text)
        parts = None if mapping is None else frozenset(part for part in _PARTS if getattr(mapping, part) is not None)
        targets = None if mapping is None else mapping.new_products_in
        for path, text in contradictions(outline_of(document.values, parts, targets)):
            self._note(document, path, text)
        if settings is not None:
            self._check_rules(document, settings)
        clean = settings is not None and mapping is not None and len(self.problems) == before
        return settings if clean and not document.problems else None

    def mapping(self, name: str) -> Mapping | None:
        """Return a mapping, whole, or None with its problems noted."""
        if name not in self._mappings:
            self._mappings[name] = None  # a mapping that extends itself ends here
            self._mappings[name] = self._read_mapping(name)
        return self._mappings[name]

    def columns(self, file: Path) -> ColumnMapping | None:
        """Return a column mapping, or None with its problems noted."""
        document = self._read(file)
        if not document.readable:
            return None
        try:
            mapping = ColumnMapping.model_validate(document.values)
        except ValidationError as error:
            self._take(error, ColumnMapping, document)
            return None
        return None if document.problems else mapping

    def _read(self, file: Path) -> Document:
        if file not in self.documents:
            document = read_document(file, _shown(file, self.root))
            self.documents[file] = document
            self.problems += [Problem(document.name, each.line, each.path, each.text) for each in document.problems]
        return self.documents[file]

    def _note(self, document: Document, path: KeyPath, text: str) -> None:
        problem = problem_at(document, path, text)
        if not any((each.file, each.path) == (problem.file, problem.path) for each in self.problems):
            self.problems.append(problem)

    def _mapping_of(self, document: Document, name: str) -> Mapping | None:
        if not (self.root / MAPPINGS / f"{name}{SUFFIX}").is_file():
            self._note(document, ("mapping",), self._no_mapping(name))
            return None
        return self.mapping(name)

    def _no_mapping(self, name: str) -> str:
        known = sorted(file.stem for file in (self.root / MAPPINGS).glob(f"*{SUFFIX}"))
        meant = nearest(name, known)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(known) or 'none'}"
        return f"there is no {MAPPINGS}/{name}{SUFFIX}; {hint}"

    def _validated_shop(self, document: Document, mapping: Mapping | None) -> ShopSettings | None:
        values = {key: value for key, value in document.values.items() if key not in NOT_IN_FILES}
        for key in NOT_IN_FILES & document.values.keys():
            self._note(document, (key,), "is no setting; remove it")
        if mapping is not None:
            values["loaded_mapping"] = mapping
        try:
            return ShopSettings.model_validate(values)
        except ValidationError as error:
            self._take(error, ShopSettings, document)
            return None

    def _read_mapping(self, name: str) -> Mapping | None:
        document = self._read(self.root / MAPPINGS / f"{name}{SUFFIX}")
        if not document.readable:
            return None
        try:
            file = MappingFile.model_validate(document.values)
        except ValidationError as error:
            self._take(error, MappingFile, document)
            return None
        found = list(rule_problems(file.rules, {}))
        for path, text in found:
            self._note(document, path, text)
        return None if document.problems or found else self._extended(file, document)

    def _extended(self, file: MappingFile, document: Document) -> Mapping | None:
        parts = {part: getattr(file, part) for part in file.model_fields_set - {"extends"}}
        if file.extends is None:
            return Mapping(**parts)
        base_file = self.root / MAPPINGS / f"{file.extends}{SUFFIX}"
        if not base_file.is_file():
            self._note(document, ("extends",), self._no_mapping(file.extends))
            return None
        if "extends" in self._read(base_file).values:
            text = f"{file.extends} extends another mapping itself; name that one, or write the parts out here"
            self._note(document, ("extends",), text)
            return None
        base = self.mapping(file.extends)
        return None if base is None else base.model_copy(update=parts)

    def _check_rules(self, document: Document, settings: ShopSettings) -> None:
        """A shop's own rules, after those of its mapping."""
        mapping_file = f"mapping {settings.mapping_name}"
        before = {rule.id: mapping_file for rule in settings.mapping.rules}
        sides = sides_missing(
            settings.rules, rackbeat=settings.rackbeat is not None, economic=settings.economic is not None
        )
        for path, text in (*rule_problems(settings.rules, before), *sides):
            self._note(document, path, text)

    def _take(self, error: ValidationError, model: type[BaseModel], document: Document) -> None:
        for problem in problems_of(error, model, document):
            hidden = problem.path in NOT_IN_FILES or (model is ShopSettings and problem.path == "")
            if not hidden:
                self.problems.append(problem)


_PARTS = ("rackbeat", "economic")


def _shop_files(root: Path) -> list[Path]:
    folder = root / SHOPS
    if not folder.is_dir():
        text = f"there is no such folder; set {INCLUDE_VARIABLE} to the folder that holds {SHOPS}/ and {MAPPINGS}/"
        raise SettingsError([Problem(str(folder), 1, "", text)])
    return sorted(folder.glob(f"*{SUFFIX}"))


def _strays(root: Path) -> Iterable[Problem]:
    """Files that look like settings but are not read: silence would be a shop that never runs."""
    for folder in (SHOPS, MAPPINGS, COLUMNS):
        for file in sorted((root / folder).glob("*.yml")):
            yield Problem(_shown(file, root), 1, "", f"is not read; call it {file.stem}{SUFFIX}")


def _same_shop(documents: Table[Path, Document], files: Iterable[Path], root: Path) -> Iterable[Problem]:
    first: dict[Any, Path] = {}
    for file in files:
        document = documents[file]
        shop = document.values.get("shop")
        if not isinstance(shop, str):
            continue
        if shop in first:
            text = f"is {shop!r} in {_shown(first[shop], root)} too; two shops cannot share an id and its connection"
            yield problem_at(document, ("shop",), text)
        first.setdefault(shop, file)


# What is a fact of an agreement, in which part of the mappings it stands, and how a disagreement is told.
_FACTS = (("economic", "rounding_mode", "rounds VAT by"), ("rackbeat", "stock_falls_at", "lowers stock at"))


def _disagreeing(shops: Iterable[ShopSettings], loader: _Loader) -> Iterable[Problem]:
    """What is a fact of the agreement must be the same in every mapping that is used with it."""
    first: dict[tuple[str, str], tuple[ShopSettings, str]] = {}
    for shop in shops:
        for system, key, does in _FACTS:
            agreement, part = getattr(shop, system), getattr(shop.mapping, system)
            value = getattr(part, key, None)
            if agreement is None or value is None:
                continue
            other, agreed = first.setdefault((system, agreement), (shop, str(value)))
            if agreed == str(value):
                continue
            text = (
                f"{agreement} {does} {value} in mapping {shop.mapping_name}, but {does.split()[-1]} {agreed} in "
                f"mapping {other.mapping_name} of shop {other.shop}; an agreement has one {system}.{key}"
            )
            yield problem_at(loader.documents[loader.root / SHOPS / f"{shop.shop}{SUFFIX}"], (system,), text)


def _shown(file: Path, root: Path) -> str:
    """The file as people know it: include/shops/nordlys.yaml."""
    try:
        return (Path(root.name) / file.relative_to(root)).as_posix()
    except ValueError:
        return file.as_posix()
