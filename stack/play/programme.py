"""The acts, in their order."""

from __future__ import annotations

from collections.abc import Callable

from stack.play.invoices import complete_and_invoice
from stack.play.reservations import reserve
from stack.play.rows import Row
from stack.play.scene import Scene
from stack.play.second_pass import second_pass

Act = Callable[[Scene], list[Row]]

ACTS: tuple[Act, ...] = (
    reserve,
    complete_and_invoice,
    second_pass,
)
