"""A page where a person works the stand-ins as buyers, shop staff, storekeeper and bookkeeper would, and watches.

It reaches the stand-ins of its own process by their control methods (`StandinServer.act`, `dump`, `set_faults`) and
nothing else: what Pakhus does is seen only by what it leaves in the systems.
"""
