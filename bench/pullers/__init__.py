"""Programs that pull a shop's orders, each in a process of its own that says how long it took and what it needed."""
