"""The local stack: PostgreSQL, Airflow and stand-ins as plain processes of this machine, for demo and tests.

Nothing here runs in production; there systemd or compose keeps the processes (docs/operations). Nothing in
plugins/ or dags/ imports this package.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
