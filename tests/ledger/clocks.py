"""A ledger clock that tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection


@dataclass(slots=True)
class MovableClock:
    """A `pakhus.ledger.connection.Clock` that stands still until it is moved."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))

    def __call__(self, connection: Connection) -> datetime:
        del connection
        return self.moment

    def forward(self, **span: float) -> None:
        """Move on, for instance `minutes=3`."""
        self.moment += timedelta(**span)
