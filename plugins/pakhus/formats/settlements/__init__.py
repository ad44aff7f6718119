"""Settlements of payment providers, in whatever form they come, to batches; one small file per form, pure.

`readers.read(name, source)` is the way in; docs/settlements.md says where each provider keeps what is read.
"""
