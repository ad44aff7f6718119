"""What happened to each document, why, and what was sent: SQLAlchemy on PostgreSQL.

`Ledger.begin()` opens a transaction; the modules beside it hold functions that take it. A transaction is never open
across HTTP (design, decision 10).
"""
