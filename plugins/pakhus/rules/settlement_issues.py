"""Whether a settlement that was read before came again as it was, or says something else now (domain guide 11).

Pure. The same file again is no news, and neither is another file that says the same of the money (a status that moved
on, rows in another order). A batch whose money changed after it was journaled is an alarm, never a second journal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from pakhus.settlements import Batch, BatchLine, BatchLineKind

_SHOWN = 5
Identity = tuple[str, BatchLineKind, int]


@dataclass(frozen=True, slots=True)
class Reissue:
    """How a batch differs from the one of the same id that was read before; nothing of it: it is the same."""

    added: tuple[BatchLine, ...] = ()
    removed: tuple[BatchLine, ...] = ()
    changed: tuple[tuple[BatchLine, BatchLine], ...] = ()
    headers: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether no money changed."""
        return not (self.added or self.removed or self.changed or self.headers)

    def text(self) -> str:
        """What changed, with amounts and lines but without anybody's data; of many lines only the first."""
        parts = list(self.headers)
        parts += [f"line {line.number} ({line.kind} {line.net}) is new" for line in self.added]
        parts += [f"line {line.number} ({line.kind} {line.net}) is gone" for line in self.removed]
        parts += [f"line {now.number} ({now.kind}) was {was.net}, is {now.net}" for was, now in self.changed]
        more = [f"and {len(parts) - _SHOWN} more"] if len(parts) > _SHOWN else []
        return "; ".join([*parts[:_SHOWN], *more]) or "nothing"


def compare(before: Batch, now: Batch) -> Reissue:
    """Compare two readings of one batch; ValueError when they are not of one batch."""
    if (before.provider, before.account, before.id) != (now.provider, now.account, now.id):
        raise ValueError(f"{now.provider} {now.account} {now.id} is no other issue of {before.id}")
    if before.file_sha256 and before.file_sha256 == now.file_sha256:
        return Reissue()
    was, lines = {_identity(line): line for line in before.lines}, {_identity(line): line for line in now.lines}
    return Reissue(
        added=tuple(line for identity, line in lines.items() if identity not in was),
        removed=tuple(line for identity, line in was.items() if identity not in lines),
        changed=tuple(
            (was[identity], line)
            for identity, line in lines.items()
            if identity in was and _money(was[identity]) != _money(line)
        ),
        headers=tuple(_headers(before, now)),
    )


def _identity(line: BatchLine) -> Identity:
    return line.provider_id, line.kind, line.ordinal


def _money(line: BatchLine) -> BatchLine:
    """The line without what may change and moves no money: place in the file, text."""
    return replace(line, number=0, text="", fee_apart=Decimal(0))


def _headers(before: Batch, now: Batch) -> list[str]:
    names = ("currency", "opening", "closing")
    return [
        f"{name} was {getattr(before, name)}, is {getattr(now, name)}"
        for name in names
        if getattr(before, name) != getattr(now, name)
    ]
