"""What a measurement found: medians with their spread, beside a peer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds of one thing (or another `unit`), measured several times; `peer` is what it is compared with."""

    name: str
    seconds: tuple[float, ...]
    peer: Figure | None = None
    unit: str = "s"

    @property
    def median_s(self) -> float:
        return median(self.seconds)

    @property
    def ratio(self) -> float | None:
        """How many times the peer's median this one is."""
        return self.median_s / self.peer.median_s if self.peer else None

    def as_dict(self) -> dict[str, object]:
        told: dict[str, object] = {
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
    width = max(len(figure.name) for figure in figures)
    yield f"{'':{width}}  {'median':>8}  {'least':>8}  {'most':>8}  {'tries':>5}  ratio"
    for figure in figures:
        spread = f"{min(figure.seconds):6.2f} {figure.unit:2} {max(figure.seconds):6.2f} {figure.unit:2}"
        against = f"{figure.ratio:.2f} x {figure.peer.name}" if figure.peer and figure.ratio else ""
        median_of = f"{figure.median_s:6.2f} {figure.unit:2}"
        yield f"{figure.name:{width}}  {median_of} {spread} {len(figure.seconds):5}  {against}".rstrip()
