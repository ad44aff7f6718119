"""The ledger of this installation, as the command line finds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from pakhus.commands.airflow_command import airflow_here
from pakhus.connections import (
    LEDGER_CONNECTION,
    LEDGER_URL_VARIABLE,
    ConnectionFacts,
    connections_from_environment,
    find_ledger_url,
)
from pakhus.errors import ConfigurationError
from pakhus.ledger.connection import Bounds, Ledger

# A person waits for the answer.
_BOUNDS = Bounds(connections=1, connect_s=5, statement_s=10)


def ledger_of(connections: Mapping[str, ConnectionFacts]) -> Ledger | None:
    """Return the ledger that these connections, or the environment, name; None where neither does."""
    url = find_ledger_url(connections)
    return None if url is None else Ledger(url, bounds=_BOUNDS)


def ledger_here() -> Ledger:
    """Return the ledger from the environment, else from this Airflow's connections; ConfigurationError without any."""
    ledger, airflow = ledger_of(connections_from_environment()), airflow_here()
    if ledger is None and airflow is not None:
        ledger = ledger_of(airflow.connections())
    if ledger is None:
        raise ConfigurationError(
            f"nothing says where the ledger is. Run this where Airflow runs, with the Airflow connection "
            f"{LEDGER_CONNECTION} (type postgres, schema is the database), or set {LEDGER_URL_VARIABLE}."
        )
    return ledger


@contextmanager
def used(ledger: Ledger, otherwise: str = "") -> Iterator[Ledger]:
    """Use a ledger and close it; ConfigurationError with what to do when its database cannot be used.

    `otherwise` says what has not happened then.
    """
    try:
        yield ledger
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"the ledger's database cannot be used ({type(error).__name__}){': ' if otherwise else ''}{otherwise}. "
            "See whether it runs; `python -m pakhus apply` brings its tables up to date."
        ) from None
    finally:
        ledger.close()


def ledger_among(connections: Mapping[str, ConnectionFacts]) -> Ledger:
    """Return the ledger that these connections, or the environment, name; ConfigurationError where neither does."""
    ledger = ledger_of(connections)
    if ledger is None:
        raise ConfigurationError(
            f"nothing says where the ledger is. Create the Airflow connection {LEDGER_CONNECTION} (type postgres), or "
            f"set {LEDGER_URL_VARIABLE}."
        )
    return ledger
