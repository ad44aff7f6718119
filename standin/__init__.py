"""Stateful stand-in servers for webshops, Rackbeat and e-conomic: for tests, demo and benchmark.

They are written from the contracts and share no code with ``pakhus``, so that a misunderstanding in the code under
test is not repeated here. ``standin.server`` is the core; each system is a package with
``create(name, seed, settings, clock) -> Standin``.
"""
