"""The read model of the Transfers page: where each order's documents stand, and why; nothing here writes.

`listing` finds orders and documents, `timeline` tells one of them whole, `overview` says how the flows do. All take an
open connection of `reading_engine`, so that a page can neither change the ledger nor keep it busy for long.
"""
