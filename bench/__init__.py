"""Measurements against peers, in one run on one machine, so that ratios tell more than seconds do."""
