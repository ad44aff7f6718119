"""A file at a voucher: what proves the entry (domain guide 12.2). Looked for before it is sent, and sent once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pakhus.clients.economic_journals import EconomicJournals, attach_pdf
from pakhus.errors import NotFoundError
from pakhus.flows.recorded_calls import RecordedCalls
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document

STEP = "attach_file"
# A voucher that was just made may not be visible for a moment (economic.md 2.8).
_VISIBLE_AFTER_S = (0.2, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class VoucherFile:
    """The file of one voucher, whose path is `address`."""

    ledger: Ledger
    claim: Claim
    document: Document
    journals: EconomicJournals
    address: str
    waits_s: Sequence[float] = _VISIBLE_AFTER_S

    def attach(self, name: str, content: Callable[[], bytes]) -> bool:
        """Attach `content` unless there is a file; False when there is no such voucher: it was booked or moved.

        A file that an earlier call put there, and nobody answered, is found by looking.
        """
        calls = RecordedCalls(
            self.ledger, self.claim, self.document, STEP, self.journals.accounts.send, understood=lambda _: None
        )
        calls.wait_for_late_effects()
        has_file = self._has_file()
        if has_file is None:
            calls.supersede()
            return False
        if has_file:
            calls.adopt(self.address, b"{}")
            return True
        calls.had_no_effect()  # a file that is made anew need not be the same bytes
        calls.send(attach_pdf(self.address, name, content()))
        return True

    def _has_file(self) -> bool | None:
        for wait_s in (*self.waits_s, None):
            try:
                return self.journals.has_file(self.address)
            except NotFoundError:
                if wait_s is not None:
                    time.sleep(wait_s)
        return None
