"""Stand-in of Stripe: what a shop's gateway charged, its fees, and the payouts that an API key may read.

Written from Stripe's public API reference: payouts, balance transactions, errors, pagination, expansion. The API's base
is ``{server.url}``; ``standin.stripe.people`` has what a shop's gateway and Stripe's own pages do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.seeds import load_seed
from standin.stripe.system import StripeStandin


def create(name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> StripeStandin:
    """A Stripe account with the data of ``seed`` (``standin/data/stripe_dk.json`` shows its form)."""
    return StripeStandin(name, seed, settings, clock)


def default_seed() -> dict[str, Any]:
    """A Danish account that is paid out in kroner, nothing charged yet."""
    return load_seed("stripe_dk")
