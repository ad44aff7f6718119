"""Webhooks and the queue of their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Webhook:
    """A registration. ``failures`` is WooCommerce's counter, which its API does not show."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created: datetime
    user_id: int
    status: str = "active"
    modified: datetime | None = None
    failures: int = 0
    ping_pending: bool = True

    @property
    def resource(self) -> str:
        """The part before the dot."""
        return self.topic.partition(".")[0]

    @property
    def event(self) -> str:
        """The part after the dot."""
        return self.topic.partition(".")[2]


@dataclass
class Queued:
    """One delivery that waits for the queue to run."""

    webhook_id: int
    topic: str
    resource_id: int
    since: datetime

    def same_as(self, other: Queued) -> bool:
        """The same webhook and object: merged into one delivery."""
        return (self.webhook_id, self.resource_id) == (other.webhook_id, other.resource_id)
