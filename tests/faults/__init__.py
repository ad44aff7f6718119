"""`python -m tests.faults`: every HTTP boundary and every ledger commit of the flows, met by every fault, then healed.

The claim that is tested: whatever goes wrong, wherever, nothing is lost, nothing is doubled, money is equal and the
ledger tells the truth once the trouble is over.
"""
