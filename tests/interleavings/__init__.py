"""A shop that is never quiet: its orders are accounted for once, whatever happens in between (hypothesis, stateful)."""
