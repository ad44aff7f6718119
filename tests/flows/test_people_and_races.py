"""What people and other runs do between two steps of ours: nothing is lost, doubled, or told wrongly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.economic import EconomicClient
from pakhus.clients.http import Answer, Call
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.flows.observation import Observer
from pakhus.flows.outcomes import stop
from pakhus.flows.report import RunReport
from pakhus.flows.work import Chunk, Treated
from pakhus.ledger import documents
from pakhus.ledger.claims import Claim
from pakhus.ledger.documents import Document
from pakhus.ledger.schema import documents as document_rows
from pakhus.reasons import Verdict
from pakhus.settings import InvoiceMode
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.world import World

Wrapped = type[RackbeatClient] | type[EconomicClient]


def place(world: World, **more: Any) -> str:
    """Somebody buys one thing; the order's id."""
    order = world.act(
        action="place_order", items=[{"sku": "NH-1018", "quantity": 2}], **{"payment_method": "cod", **more}
    )
    world.forward(minutes=1)
    return str(order["order"])


def ship(world: World, order: str) -> None:
    world.act(action="set_status", order=int(order), status="completed")
    world.forward(minutes=2)


def row(world: World, key: str) -> Any:
    with world.ledger.begin() as tx:
        return tx.connection.execute(select(document_rows).where(document_rows.c.key == key)).one_or_none()


def in_mode(world: World, mode: str) -> None:
    invoices = world.settings.invoices.model_copy(update={"mode": InvoiceMode(mode)})
    world.settings = world.settings.model_copy(update={"invoices": invoices})


@contextmanager
def after_call(monkeypatch: pytest.MonkeyPatch, client: Wrapped, path: str, then: Callable[[], None]) -> Iterator[None]:
    """Do something right after the first write to `path` was answered."""
    original, done = client.send, list[Call]()

    def send(self: Any, call: Call) -> Answer:
        answer = original(self, call)
        if call.path == path and not done:
            done.append(call)
            then()
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(client, "send", send)
        yield
    assert done, f"nobody wrote to {path}"


def test_order_cancelled_while_it_is_being_reserved_is_taken_back(
    nordlys: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nordlys.run()
    order = place(nordlys)

    def cancel() -> None:
        nordlys.act(action="set_status", order=int(order), status="cancelled")
        nordlys.forward(minutes=1)
        nordlys.observe()

    nordlys.observe()
    with after_call(monkeypatch, RackbeatClient, "/orders", cancel):
        nordlys.reserve(workers=1)
    nordlys.forward(minutes=5)
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-order").reason == "reservation_cancelled"


def test_lost_reservation_is_found_although_the_order_was_cancelled_meanwhile(nordlys: World) -> None:
    nordlys.run()
    order = place(nordlys)
    nordlys.observe()
    nordlys.warehouse_server.set_faults([{"method": "POST", "path_regex": "/orders$", "kind": "answer_lost"}])
    nordlys.reserve()
    nordlys.warehouse_server.clear_faults()
    nordlys.act(action="edit_line", order=int(order), line=first_line(nordlys, order), quantity=0)
    nordlys.act(action="set_status", order=int(order), status="cancelled")
    nordlys.forward(minutes=5)
    nordlys.run()
    found = row(nordlys, f"nordlys-{order}-order")
    assert (found.reason, found.remote_id is not None) == ("reservation_cancelled", True)
    orders = nordlys.warehouse_server.dump()["orders"].values()
    assert f"nordlys-{order}-order" not in [row["heading"] for row in orders]


def first_line(world: World, order: str) -> int:
    orders = {str(row["id"]): row for row in world.shop_server.dump()["orders"]}
    return int(orders[order]["line_items"][0]["id"])


def test_orders_compared_in_a_dry_run_are_invoiced_when_the_mode_changes(nordlys: World) -> None:
    in_mode(nordlys, "dry_run")
    order = place(nordlys)
    nordlys.observe()
    ship(nordlys, order)
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "dry_run"
    in_mode(nordlys, "auto")
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "transferred"


def test_orders_seen_while_invoicing_was_off_get_their_invoices_when_it_is_switched_on(nordlys: World) -> None:
    in_mode(nordlys, "off")
    order = place(nordlys)
    ship(nordlys, order)
    nordlys.observe()
    in_mode(nordlys, "auto")
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "transferred"


def test_held_order_goes_on_by_itself_when_its_cause_is_mended_in_the_mapping(nordlys: World) -> None:
    order = place(nordlys, payment_method="quickpay")
    ship(nordlys, order)
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "payment_method_unmapped"
    mapping = nordlys.settings.mapping
    assert mapping.economic is not None
    payments = {**mapping.economic.payments, "quickpay": mapping.economic.payments["bacs"]}
    economic = mapping.economic.model_copy(update={"payments": payments})
    nordlys.settings = nordlys.settings.model_copy(
        update={"mapping": mapping.model_copy(update={"economic": economic})}
    )
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "transferred"


def test_held_order_goes_on_a_day_after_its_cause_was_mended_in_the_accounts(nordlys: World) -> None:
    order = place(nordlys)
    ship(nordlys, order)
    day = nordlys.accounts_server.clock.now().date().isoformat()
    nordlys.accounts_server.act({"action": "close", "date": day})
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "period_closed"
    nordlys.accounts_server.act({"action": "close", "date": day, "closed": False})
    nordlys.forward(hours=25)
    nordlys.book()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "transferred"


def test_document_that_stays_held_is_no_news_of_the_next_look(nordlys: World) -> None:
    order = place(nordlys, payment_method="quickpay")
    ship(nordlys, order)
    nordlys.run()
    nordlys.forward(hours=25)
    assert not nordlys.book().codes


def drafted(world: World) -> tuple[str, int]:
    """An order whose draft waits for a person; its id and the draft's number."""
    in_mode(world, "draft")
    order = place(world)
    ship(world, order)
    world.run()
    found = row(world, f"nordlys-{order}-invoice")
    assert found.reason == "drafted"
    return order, int(found.remote_id)


def test_invoice_booked_by_hand_is_taken_over_although_its_product_was_barred_since(nordlys: World) -> None:
    order, draft = drafted(nordlys)
    nordlys.accounts_server.act({"action": "book_draft", "draft": draft})
    bar(nordlys, "NH-1018")
    nordlys.forward(hours=25)
    nordlys.book()
    found = row(nordlys, f"nordlys-{order}-invoice")
    assert (found.reason, found.remote_number is not None) == ("transferred", True)


def bar(world: World, product: str) -> None:
    world.accounts_server.act({"action": "bar", "product": product})


def test_lost_booking_is_recorded_although_the_order_was_changed_meanwhile(nordlys: World) -> None:
    order, _ = drafted(nordlys)
    in_mode(nordlys, "auto")
    nordlys.observe()
    nordlys.accounts_server.set_faults([{"method": "POST", "path_regex": "/invoices/booked$", "kind": "answer_lost"}])
    nordlys.book()
    nordlys.accounts_server.clear_faults()
    nordlys.act(action="edit_line", order=int(order), line=first_line(nordlys, order), quantity=5, total="80.00")
    nordlys.forward(minutes=5)
    nordlys.run()
    found = row(nordlys, f"nordlys-{order}-invoice")
    assert (found.reason, found.remote_number is not None) == ("order_changed_after_transfer", True)


def test_draft_changed_and_booked_by_hand_is_taken_over_with_its_difference(nordlys: World) -> None:
    order, draft = drafted(nordlys)
    line = {"lineNumber": 1, "unitNetPrice": "1.00"}
    nordlys.accounts_server.act({"action": "edit_draft", "draft": draft, "lines": [line]})
    nordlys.forward(hours=25)
    nordlys.book()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "draft_changed"
    nordlys.accounts_server.act({"action": "book_draft", "draft": draft})
    nordlys.forward(hours=25)
    nordlys.book()
    found = row(nordlys, f"nordlys-{order}-invoice")
    assert found.reason == "booked_differently"
    assert found.reason_parameters["difference"].startswith("-")


def test_deleted_draft_is_not_made_again(nordlys: World) -> None:
    order, draft = drafted(nordlys)
    nordlys.accounts_server.act({"action": "delete_draft", "draft": draft})
    for _ in range(2):
        nordlys.forward(hours=25)
        nordlys.run()
    assert row(nordlys, f"nordlys-{order}-invoice").reason == "draft_gone"
    assert str(draft) not in nordlys.accounts_server.dump()["drafts"]
    assert not nordlys.accounts_server.counters()["doubles"]


def test_reserved_order_that_vanishes_from_the_shop_is_taken_back(nordlys: World) -> None:
    nordlys.run()
    order = place(nordlys)
    nordlys.run()
    nordlys.act(action="delete_order", order=int(order))
    Observer(nordlys.shop, nordlys.ledger, nordlys.settings).look_again([order])
    nordlys.reserve()
    assert row(nordlys, f"nordlys-{order}-order").reason == "reservation_cancelled"


def test_verdict_of_a_run_whose_claim_was_taken_over_does_not_replace_the_newer_one(nordlys: World) -> None:

    order = place(nordlys)
    nordlys.observe()
    key = f"nordlys-{order}-order"

    def slowly(document: Document, claim: Claim) -> Treated:
        del claim
        nordlys.forward(minutes=6)
        with nordlys.ledger.begin() as tx:
            documents.give_verdict(tx, document.id, Verdict.of("transferred"))
        return Treated(Verdict.of("nothing_to_reserve"), document.judged_version)

    Chunk(nordlys.ledger, RunReport("orders", "nordlys"), 1).work([row(nordlys, key).id], slowly)
    assert row(nordlys, key).reason == "transferred"


def test_verdict_on_an_older_version_makes_the_document_due_once_and_not_for_ever(nordlys: World) -> None:

    order = place(nordlys)
    nordlys.observe()
    key = f"nordlys-{order}-order"

    def race(document: Document, claim: Claim) -> Treated:
        del claim
        nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Ring first"})
        nordlys.forward(minutes=1)
        nordlys.observe()
        return Treated(Verdict.of("product_barred", sku="NH-1018", system="Rackbeat"), document.judged_version)

    def wait(document: Document, claim: Claim) -> Treated:
        del document, claim
        raise stop("outcome_unknown", due_at=nordlys.ledger.now() + timedelta(minutes=3), step="create_order")

    seen = []
    for treat in (race, wait):
        Chunk(nordlys.ledger, RunReport("orders", "nordlys"), 1).work([row(nordlys, key).id], treat)
        seen.append(row(nordlys, key).reason)
    assert seen == ["due", "outcome_unknown"]
