"""The registry of reason codes: why a document is where it is, who must act, and what to do.

Each code in the ledger, a run note, an alert or a page comes from here; the runbook has a part per code
(docs/runbooks/reasons.md, checked by a test). Texts take the parameters stored with the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pakhus.reasons.amounts import AMOUNTS
from pakhus.reasons.counterparts import COUNTERPARTS
from pakhus.reasons.course import COURSE
from pakhus.reasons.credits import CREDITS
from pakhus.reasons.kinds import NOTHING, Actor, Answer, Reason, Status
from pakhus.reasons.orders import ORDERS
from pakhus.reasons.ours import OURS
from pakhus.reasons.payments import PAYMENTS
from pakhus.reasons.payouts import PAYOUTS
from pakhus.reasons.products import PRODUCTS
from pakhus.reasons.proof import PROOF
from pakhus.reasons.stock import STOCK
from pakhus.reasons.vat import VAT

__all__ = ["REASONS", "Actor", "Answer", "Reason", "Status", "Verdict", "reason"]


def _registry(*reasons: Reason) -> dict[str, Reason]:
    table = {reason.code: reason for reason in reasons}
    if len(table) != len(reasons):
        raise ValueError("a reason code stands twice in the registry")
    return table


REASONS: dict[str, Reason] = _registry(
    *COURSE, *ORDERS, *AMOUNTS, *COUNTERPARTS, *CREDITS, *PAYMENTS, *PAYOUTS, *PRODUCTS, *PROOF, *STOCK, *VAT, *OURS
)


def reason(code: str) -> Reason:
    """Return the reason of `code`; an unknown code is our own mistake."""
    try:
        return REASONS[code]
    except KeyError:
        raise ValueError(f"reason code {code!r} is not in the registry (pakhus/reasons/)") from None


_PARAMETER_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a document is where it is: a code of the registry and the parameters of its text.

    Parameters go to run notes and alerts: numbers, codes and amounts, never names or addresses.
    """

    code: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        reason(self.code)

    @classmethod
    def of(cls, code: str, **parameters: object) -> Verdict:
        return cls(code, tuple((name, str(value)[:_PARAMETER_LENGTH]) for name, value in parameters.items()))

    @property
    def status(self) -> Status:
        return reason(self.code).status

    @property
    def actor(self) -> Actor:
        return reason(self.code).actor

    def text(self) -> str:
        """The meaning with the parameters filled in, for logs, pages and alerts."""
        return reason(self.code).meaning.format_map(_spoken(self.parameters))

    def action(self) -> str:
        """What the actor does to get the document moving."""
        return reason(self.code).action.format_map(_spoken(self.parameters))

    def message(self) -> str:
        """The meaning and what to do, for those who must act: the text of an alert."""
        action = self.action()
        return self.text() if action == NOTHING else f"{self.text()} {action}"


def _spoken(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters for a sentence: what a remote said may end in a full stop, and so does the sentence."""
    return _Blanks({name: value if value.endswith("..") else value.removesuffix(".") for name, value in parameters})


class _Blanks(dict[str, str]):
    """Leaves a parameter that was not given visible as its name instead of failing an alert."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"
