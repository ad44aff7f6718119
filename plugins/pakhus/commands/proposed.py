"""Settings of a shop as `start` proposes them: shown with their reasons, tried as the real ones are, and written.

Nothing that a person has written is overwritten: a file that is there only gets lines added, as the difference shows.
"""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pakhus.commands import Exit, Say
from pakhus.errors import ConfigurationError
from pakhus.ledger.connection import Ledger
from pakhus.probes.findings import Findings
from pakhus.probes.first_start import CONNECTED, Standing, Step, connected
from pakhus.probes.proposing import ShopUse, propose_accounts, propose_warehouse, read_shop
from pakhus.probes.systems import Connections, economic_client, rackbeat_client, shop_client
from pakhus.rules.proposals import TO_DO, Proposal
from pakhus.rules.proposed_payments import JOURNAL, key_of
from pakhus.rules.proposed_settings import buyer_fields
from pakhus.settings import ShopSettings, include_folder, load_shop, shop_path
from pakhus.settings.problems import nearest
from pakhus.settings.proposed_files import ShopOutline, mapping_text, payment_lines, shop_text

_SPAN = timedelta(days=90)
_NONE = "-"
_SYSTEMS = ("rackbeat", "economic")


@dataclass(frozen=True, slots=True)
class Proposer:
    """Proposes the settings of one shop."""

    shop: str
    connections: Connections
    ledger: Ledger | None
    answers: Mapping[str, str]
    findings: Findings = field(default_factory=lambda: Findings("proposal"))

    def new(self, rackbeat: str | None, economic: str | None, mapping: str | None, write: Path | None, say: Say) -> int:
        """Propose the files of a shop that has none; the exit code."""
        named = {"rackbeat": rackbeat, "economic": economic}
        agreements = {system: self._agreement(system, named[system]) for system in _SYSTEMS}
        platform = f"woocommerce__{self.shop}"
        needed = [platform, *(f"{system}__{name}" for system, name in agreements.items() if name)]
        step = connected(needed, self.connections, self.ledger)
        self._say_connected(step, say)
        reached = {findings.connection for findings in step.found if not findings.found}
        if not set(needed) <= reached or not any(agreements.values()):
            say("\nMake the connections first; then run this again.")
            return Exit.FOUND
        use = self._use(platform)
        name, proposals = mapping or self.shop, self._proposals(agreements, use)
        if self.findings.found:  # a list that could not be read must not look like one without the row
            for finding in self.findings.found:
                say(f"  - {finding}")
            say("\nNothing is proposed: not all could be read. Mend what is named, then run this again.")
            return Exit.FOUND
        self._refuse_unknown_answers(proposals)
        outline = self._outline(agreements, name, use)
        root = include_folder()
        files = {shop_path(self.shop): shop_text(outline)}
        if not (file := root / "mappings" / f"{name}.yaml").is_file():
            files[file] = mapping_text(self.shop, proposals)
        else:
            proposals = ()
        return self._offer(files, proposals, write, say)

    def additions(self, shop: ShopSettings, write: Path | None, say: Say) -> None:
        """Propose the payment methods that the shop's orders use and its mapping lacks, as lines to add."""
        if shop.economic_target is None or shop.mapping.economic is None:
            return
        use = self._use(shop.connection)
        client = economic_client(self.connections[shop.economic_target])
        wanted = {key_of(method.id) for method in use.payment_methods()} - {
            key_of(one) for one in shop.mapping.economic.payments
        }
        proposals = propose_accounts(client, self.findings, use, self.answers)
        lacking = [one for one in proposals if one.key in wanted]
        if not lacking:
            return
        file = include_folder() / "mappings" / f"{shop.mapping_name}.yaml"
        before = file.read_text(encoding="utf-8")
        after = payment_lines(before, lacking)
        say(f"\nProposed for {file.name}:")
        for one in lacking:
            say(f"  {_shown(one)}")
        if after is None or after == before or all(one.is_question for one in lacking):
            return
        changed = f"a/{file.name}", f"b/{file.name}"
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), *changed, lineterm=""):
            say(f"  {line}")
        _tried({file: after}, self.shop)
        if write is None:
            say("Nothing is written; --write adds these lines.")
        else:
            _written(write, {file: after}, "w", say)

    def _refuse_unknown_answers(self, proposals: Sequence[Proposal]) -> None:
        keys = {one.key for one in proposals} | {JOURNAL}
        unknown = sorted(set(self.answers) - keys)
        if unknown:
            meant = nearest(unknown[0], keys)
            hint = f"; did you mean {meant}?" if meant else f"; keys that can be answered: {', '.join(sorted(keys))}"
            raise ConfigurationError(f"--answer {unknown[0]}: nothing of this name is proposed{hint}")

    def _agreement(self, system: str, named: str | None) -> str | None:
        """The agreement's name: as a person says, or the only one that there is a connection to."""
        if named is not None:
            return None if named == _NONE else named
        there = sorted(name.partition("__")[2] for name in self.connections if name.startswith(f"{system}__"))
        if len(there) > 1:
            raise ConfigurationError(
                f"there are connections to several agreements of {system}: {', '.join(there)}. Say which is this "
                f"shop's with --{system} NAME, or --{system} - for none"
            )
        return there[0] if there else None

    def _use(self, conn_id: str) -> ShopUse:
        now = datetime.now(UTC)
        return read_shop(shop_client(self.connections[conn_id], None), self.findings, now - _SPAN, now)

    def _proposals(self, agreements: Mapping[str, str | None], use: ShopUse) -> tuple[Proposal, ...]:
        found: tuple[Proposal, ...] = ()
        if (name := agreements["rackbeat"]) is not None:
            client = rackbeat_client(self.connections[f"rackbeat__{name}"])
            found += propose_warehouse(client, self.findings, self.answers)
        if (name := agreements["economic"]) is not None:
            accounts = economic_client(self.connections[f"economic__{name}"])
            found += propose_accounts(accounts, self.findings, use, self.answers)
        return found + buyer_fields(use.fields, use.ean_fields)

    def _outline(self, agreements: Mapping[str, str | None], mapping: str, use: ShopUse) -> ShopOutline:
        told = use.facts.timezone if use.facts else ""
        zone = told if _is_zone(told) else "Europe/Copenhagen"
        remarks = (
            [] if zone == told else [f"QUESTION: the shop says that its zone is {told or 'none'}: is {zone} right?"]
        )
        usual = {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft"}
        own = sorted({*(use.facts.states if use.facts else ()), *use.states} - usual - {"trash", "auto-draft"})
        if own:
            remarks.append(
                f"QUESTION: what do the shop's own states mean? {', '.join(own)}: name each in orders.reserve_states, "
                "invoices.states or orders.ignore_states; until then its orders are skipped"
            )
        now = datetime.now(ZoneInfo(zone)).replace(microsecond=0)
        return ShopOutline(
            self.shop, "woocommerce", mapping, agreements["rackbeat"], agreements["economic"], now, zone, remarks
        )

    def _say_connected(self, step: Step, say: Say) -> None:
        say(f"{self.shop} has no file yet.\n\n1 {CONNECTED}: {step.standing.value.upper()}")
        for findings in step.found:
            if findings.facts:
                say(f"    {'; '.join(findings.facts)}")
            for finding in findings.found:
                say(f"  - {finding}")
        if step.standing is not Standing.MISSING:
            say(f"\n2 mapped: {Standing.MISSING.value.upper()}; proposed from what the systems have; open are:")

    def _offer(self, files: Mapping[Path, str], proposals: Sequence[Proposal], write: Path | None, say: Say) -> int:
        for one in proposals:
            if one.is_question or one.reason.startswith(TO_DO):
                say(f"  {_shown(one)}")
        needed = [one for one in proposals if one.is_question and one.needed]
        if needed:
            say("\nNot written: answer these first, then run this again with")
            for one in needed:
                say(f"  --answer {one.key}={one.choices[0].value if one.choices else 'NUMBER'}")
            return Exit.FOUND
        _tried(files, self.shop)
        if write is None:
            for file, text in files.items():
                say(f"\n--- {file}\n{text}")
            say("Nothing is written; --write writes these files.")
            return Exit.FOUND
        _written(write, files, "x", say)
        say(f"\nRead them, answer what is marked QUESTION or TO DO, then: python -m pakhus start {self.shop}")
        return Exit.FOUND


def _shown(one: Proposal) -> str:
    if one.is_question:
        among = f" One of: {', '.join(map(str, one.choices))}" if one.choices else ""
        return f"? {one.key}: {one.reason}.{among}"
    return f"  {one.key}: {one.value}  ({one.reason})"


def _written(folder: Path, files: Mapping[Path, str], mode: str, say: Say) -> None:
    """Write files of the settings, there or below another folder; mode x writes none that is there."""
    for file, text in files.items():
        there = folder / file.relative_to(include_folder())
        try:
            there.parent.mkdir(parents=True, exist_ok=True)
            with there.open(mode, encoding="utf-8") as new:
                new.write(text)
        except OSError as error:
            problem = f"{there} cannot be written: {error.strerror}. Name a folder that can: --write FOLDER"
            raise ConfigurationError(problem) from None
        say(f"Written: {there}")


def _tried(files: Mapping[Path, str], shop: str) -> None:
    """Load the shop as it would be with these files; SettingsError says what is wrong with an answer."""
    root = include_folder()
    with tempfile.TemporaryDirectory(prefix="pakhus-") as folder:
        copy = Path(folder) / root.name
        if root.is_dir():
            shutil.copytree(root, copy)
        for file, text in files.items():
            there = copy / file.relative_to(root)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_text(text, encoding="utf-8")
        load_shop(shop, copy)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return bool(name)
