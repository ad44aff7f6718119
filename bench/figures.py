"""What a measurement found: medians with their spread, beside a peer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds of one thing (or another `unit`), measured several times; `peer` is what it is compared with.

    `facts` are what was counted beside it. Without seconds it is a remark.
    """

    name: str
    seconds: tuple[float, ...]
    peer: Figure | None = None
    unit: str = "s"
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def median_s(self) -> float:
        return median(self.seconds)

    @property
    def ratio(self) -> float | None:
        """How many times the peer's median this one is."""
        return self.median_s / self.peer.median_s if self.peer else None

    def as_dict(self) -> dict[str, object]:
        if not self.seconds:
            return {}
        told: dict[str, object] = {
            **self.facts,
            f"median_{self.unit}": round(self.median_s, 3),
            f"least_{self.unit}": round(min(self.seconds), 3),
            f"most_{self.unit}": round(max(self.seconds), 3),
            "tries": len(self.seconds),
        }
        if self.peer is not None and self.ratio is not None:
            told |= {"peer": self.peer.name, "ratio": round(self.ratio, 2)}
        return told


def shown(figures: Sequence[Figure]) -> Iterator[str]:
    """The lines of a table."""
    width = max(len(figure.name) for figure in figures if figure.seconds)
    yield f"{'':{width}}  {'median':>8}  {'least':>8}  {'most':>8}  {'tries':>5}  ratio"
    for figure in figures:
        if not figure.seconds:
            yield figure.name
            continue
        spread = f"{min(figure.seconds):6.2f} {figure.unit:2} {max(figure.seconds):6.2f} {figure.unit:2}"
        against = f"{figure.ratio:.2f} x {figure.peer.name}" if figure.peer and figure.ratio else ""
        counted = ", ".join(f"{name} {count}" for name, count in figure.facts.items())
        told = "  ".join(text for text in (against, counted) if text)
        median_of = f"{figure.median_s:6.2f} {figure.unit:2}"
        yield f"{figure.name:{width}}  {median_of} {spread} {len(figure.seconds):5}  {told}".rstrip()
