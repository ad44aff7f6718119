"""The acts, in their order."""

from __future__ import annotations

from collections.abc import Callable

from stack.play.alerts import alert_once
from stack.play.audit import audit_a_week
from stack.play.decisions import decide
from stack.play.edits import follow_an_edit
from stack.play.imports import import_a_day
from stack.play.invoices import complete_and_invoice
from stack.play.payouts import settle
from stack.play.refunds import refund
from stack.play.reservations import reserve
from stack.play.rows import Row
from stack.play.scene import Scene
from stack.play.second_pass import second_pass
from stack.play.shipments import ship_and_complete
from stack.play.stock import push_stock

Act = Callable[[Scene], list[Row]]

ACTS: tuple[Act, ...] = (
    reserve,
    decide,
    follow_an_edit,
    ship_and_complete,
    complete_and_invoice,
    refund,
    push_stock,
    import_a_day,
    settle,
    audit_a_week,
    alert_once,
    second_pass,
)
