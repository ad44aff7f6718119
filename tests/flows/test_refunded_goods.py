"""What was refunded in the shop before it is sent is not sent: Rackbeat's order follows the refunds."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from pakhus.flows import refunded_goods
from pakhus.flows.decisions import ask
from pakhus.flows.observation import Observer
from pakhus.flows.proof import Prover
from pakhus.model import Credit, Order
from pakhus.reasons import Answer, Verdict
from pakhus.rules.mappings import BundleMode
from pakhus.settings import CancelPolicy, EditPolicy, InvoiceMode
from standin.woocommerce.recordings import recorded_shop
from tests.flows.reserved_orders import answered, document, goods, in_shop, settle, there, with_orders
from tests.flows.world import World, world


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    """The recorded shop's goods and settings, without its orders."""
    nothing: dict[str, Any] = {**recorded_shop(), "orders": [], "refunds": [], "notes": {}}
    with world(fresh_ledger_url, seed=tuple(nothing.items())) as running:
        yield running


def place(world: World, *items: tuple[str, Any]) -> str:
    """Somebody buys; the order's id."""
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in items or (("NH-1018", 3), ("NH-1001", 1))]
    return str(world.act(action="place_order", items=wanted, payment_method="cod")["order"])


def reserved(world: World, *items: tuple[str, Any]) -> str:
    order = place(world, *items)
    settle(world)
    return order


def refund(world: World, order: str, *pieces: int, **more: Any) -> int:
    """Staff give so many pieces of each line back, at their price; the refund's id."""
    lines = []
    for line, quantity in zip(in_shop(world, order)["line_items"], pieces, strict=False):
        if quantity:
            share = f"{Decimal(line['total']) * quantity / line['quantity']:.2f}"
            lines.append({"id": line["id"], "quantity": quantity, "refund_total": share})
    given = {"line_items": lines, **more} if lines else more
    return int(world.act(action="refund", order=int(order), **given)["refund"])


def delete_refund(world: World, number: int) -> None:
    """A deleted refund leaves no trace in the order's date of change: the audit reads such orders again."""
    world.act(action="delete_refund", refund=number)
    world.forward(minutes=2)
    prover_of(world).look_at_refunds()
    world.reserve()


def prover_of(world: World) -> Prover:
    return Prover(Observer(world.shop, world.ledger, world.settings), None)


@pytest.mark.edge(44)
def test_pieces_refunded_before_they_go_are_taken_off_the_booked_order(nordlys: World) -> None:
    order = reserved(nordlys)
    refund(nordlys, order, 1)
    settle(nordlys)
    [row] = there(nordlys, order)
    assert (goods(nordlys, order), row["is_booked"]) == ({"NH-1018": 2, "NH-1001": 1}, True)
    assert nordlys.warehouse_server.dump()["reserved"]["NH-1018"] == 2
    assert document(nordlys, order).reason == "transferred"
    nordlys.reset_counters()
    settle(nordlys)
    assert nordlys.writes() == 0


def test_several_refunds_of_lines_are_each_taken_off(nordlys: World) -> None:
    order = reserved(nordlys)
    refund(nordlys, order, 1)
    refund(nordlys, order, 1, 1)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 1}


def test_refund_before_the_order_is_transferred_is_never_reserved(nordlys: World) -> None:
    order = place(nordlys)
    refund(nordlys, order, 1, 1)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 2}
    [line] = there(nordlys, order)[0]["lines"]
    assert line["line_price"] == there_price(nordlys, reserved(nordlys))


def there_price(world: World, order: str) -> Any:
    """The price of one piece of an order's first line in the warehouse."""
    return there(world, order)[0]["lines"][0]["line_price"]


def test_amount_without_goods_changes_nothing_in_the_warehouse(nordlys: World) -> None:
    order = reserved(nordlys)
    refund(nordlys, order, amount="20.00")
    nordlys.warehouse_server.reset_counters()
    settle(nordlys)
    assert nordlys.warehouse_server.counters()["writes"] == 0
    assert (goods(nordlys, order), document(nordlys, order).reason) == ({"NH-1018": 3, "NH-1001": 1}, "transferred")


def test_refund_that_is_deleted_again_brings_the_goods_back(nordlys: World) -> None:
    order = reserved(nordlys)
    number = refund(nordlys, order, 2, 1)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 1}
    delete_refund(nordlys, number)
    assert goods(nordlys, order) == {"NH-1018": 3, "NH-1001": 1}
    assert there(nordlys, order)[0]["is_booked"]


def test_order_of_which_all_goods_are_refunded_is_taken_back_and_comes_again_with_them(nordlys: World) -> None:
    order = reserved(nordlys)
    number = refund(nordlys, order, 3, 1)
    settle(nordlys)
    assert in_shop(nordlys, order)["status"] == "processing"  # its freight is not refunded
    assert (there(nordlys, order), document(nordlys, order).reason) == ([], "reservation_cancelled")
    nordlys.reset_counters()
    settle(nordlys)
    assert nordlys.writes() == 0
    delete_refund(nordlys, number)
    assert (goods(nordlys, order), document(nordlys, order).reason) == ({"NH-1018": 3, "NH-1001": 1}, "transferred")


def test_order_refunded_whole_by_its_lines_is_taken_back_without_a_question(nordlys: World) -> None:
    order = reserved(nordlys)
    refund(nordlys, order)
    settle(nordlys)
    assert in_shop(nordlys, order)["status"] == "refunded"
    assert (there(nordlys, order), document(nordlys, order).reason) == ([], "reservation_cancelled")


def test_order_whose_goods_were_all_refunded_is_not_reserved_at_all(nordlys: World) -> None:
    order = place(nordlys)
    number = refund(nordlys, order, 3, 1)
    settle(nordlys)
    assert (there(nordlys, order), document(nordlys, order).reason) == ([], "goods_refunded")
    delete_refund(nordlys, number)
    assert goods(nordlys, order) == {"NH-1018": 3, "NH-1001": 1}


def test_all_money_back_on_an_order_that_the_shop_leaves_open_is_asked_about(nordlys: World) -> None:
    order = reserved(nordlys)
    refund(nordlys, order, amount=in_shop(nordlys, order)["total"])
    nordlys.act(action="set_status", order=int(order), status="processing")  # as with a free line on it
    settle(nordlys)
    assert document(nordlys, order).reason == "cancellation_undecided"


@pytest.mark.parametrize("policy", [EditPolicy.ASK, EditPolicy.HEADER])
def test_refund_waits_for_a_word_where_the_settings_leave_edits_to_people(nordlys: World, policy: EditPolicy) -> None:
    with_orders(nordlys, edit_policy=policy, cancel_policy=CancelPolicy.AUTO, refund_policy=CancelPolicy.AUTO)
    part, whole = reserved(nordlys), reserved(nordlys)
    refund(nordlys, part, 1)
    refund(nordlys, whole, 3, 1)
    settle(nordlys)
    assert document(nordlys, part).reason == "change_undecided"
    assert document(nordlys, part).reason_parameters["what"] == "NH-1018 3 → 2"
    answered(nordlys, part, Answer.AGAIN)
    answered(nordlys, whole, Answer.AGAIN)
    settle(nordlys)
    assert (goods(nordlys, part)["NH-1018"], there(nordlys, whole)) == (2, [])


@pytest.mark.parametrize("begun", ["pack", "part"])
def test_refund_of_goods_that_are_on_their_way_is_told_before_they_go(nordlys: World, begun: str) -> None:
    order = reserved(nordlys)
    number = str(there(nordlys, order)[0]["number"])
    shipment = nordlys.pack(number) if begun == "pack" else nordlys.ship(number, NH_1018=1)
    refund(nordlys, order, 2)
    nordlys.reset_counters()
    settle(nordlys)
    held = document(nordlys, order)
    assert (held.status, held.reason) == ("held", "refunded_goods_to_go")
    assert held.reason_parameters["what"] == "NH-1018 3 → 1"
    assert nordlys.writes() == 0
    if begun == "pack":  # a person undoes the packing: the refund is written
        nordlys.warehouse_server.act({"action": "delete_shipment", "shipment": shipment})
        answered(nordlys, order, Answer.AGAIN)
    else:  # a person takes off what was refunded: what is to go is right
        for item, quantity in (("NH-1018", 1), ("NH-1001", 1)):
            nordlys.warehouse_server.act({"action": "edit_line", "order": number, "item": item, "quantity": quantity})
        nordlys.forward(days=1)
    settle(nordlys)
    assert (document(nordlys, order).reason, goods(nordlys, order)["NH-1018"]) == ("transferred", 1)


def test_goods_that_were_sent_and_come_back_change_nothing_in_the_warehouse(nordlys: World) -> None:
    order = reserved(nordlys)
    nordlys.ship(str(there(nordlys, order)[0]["number"]))
    number = refund(nordlys, order, 1)
    nordlys.warehouse_server.reset_counters()
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"
    delete_refund(nordlys, number)
    assert document(nordlys, order).reason == "transferred"
    refund(nordlys, order, 3, 1)
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"
    assert nordlys.warehouse_server.counters()["writes"] == 0


def test_refund_of_a_backorder_is_told_until_it_is_taken_off_there(nordlys: World) -> None:
    order = reserved(nordlys)
    nordlys.ship(str(there(nordlys, order)[0]["number"]), NH_1018=1, NH_1001=1)
    rest = nordlys.warehouse_server.act({"action": "backorder", "order": str(there(nordlys, order)[0]["number"])})
    nordlys.fulfil(compare=True)
    assert document(nordlys, order).remote_id == str(rest["order"])
    refund(nordlys, order, 1)
    settle(nordlys)
    assert document(nordlys, order).reason == "refunded_goods_to_go"
    edit = {"action": "edit_line", "order": str(rest["order"]), "item": "NH-1018", "quantity": 1}
    nordlys.warehouse_server.act(edit)
    nordlys.forward(days=1)
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"


def test_edit_and_refund_together_end_as_both_say(nordlys: World) -> None:
    order = reserved(nordlys)
    line = in_shop(nordlys, order)["line_items"][0]["id"]
    nordlys.act(action="edit_line", order=int(order), line=line, quantity=6)
    refund(nordlys, order, 2)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 4, "NH-1001": 1}


def test_refund_that_is_deleted_while_it_is_read_costs_one_look_more(nordlys: World) -> None:
    order = reserved(nordlys)
    number = refund(nordlys, order, 1)
    nordlys.forward(minutes=2)
    nordlys.observe()
    nordlys.act(action="delete_refund", refund=number)
    nordlys.reserve()
    assert goods(nordlys, order)["NH-1018"] == 3
    settle(nordlys)
    assert (document(nordlys, order).reason, goods(nordlys, order)["NH-1018"]) == ("transferred", 3)


def test_refund_is_read_once_and_with_the_order_only_when_there_is_one(nordlys: World) -> None:
    order, other = reserved(nordlys), reserved(nordlys)
    number = refund(nordlys, order, 1)
    nordlys.act(action="edit_order", order=int(other), changes={"customer_note": "Ring først"})
    nordlys.reset_counters()
    settle(nordlys)
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Ring først"})
    settle(nordlys)
    asked = [call["path"] for call in nordlys.shop_server.requests() if "/refunds" in call["path"]]
    assert (len(asked), number > 0) == (1, True)


def test_shop_without_accounts_follows_its_refunds_too(nordlys: World) -> None:
    invoices = nordlys.settings.invoices.model_copy(update={"mode": InvoiceMode.OFF})
    nordlys.settings = nordlys.settings.model_copy(update={"invoices": invoices})
    order = reserved(nordlys)
    number = refund(nordlys, order, 1)
    settle(nordlys)
    assert goods(nordlys, order)["NH-1018"] == 2
    delete_refund(nordlys, number)
    assert goods(nordlys, order)["NH-1018"] == 3


@pytest.mark.parametrize(("transferred", "answers"), [(False, "again ignore"), (True, "again accept")])
def test_refund_that_names_no_line_is_for_a_person(nordlys: World, transferred: bool, answers: str) -> None:
    order = place(nordlys)
    if transferred:
        settle(nordlys)
    number = refund(nordlys, order, 1)
    nordlys.shop_server.act({"action": "forget_refunded_items", "refund": number})
    settle(nordlys)
    held = document(nordlys, order)
    assert (held.status, held.reason) == ("held", "refund_line_unknown")
    question = ask(nordlys.ledger, "nordlys", held.key)
    assert question is not None
    assert " ".join(one.value for one in question.answers) == answers


@pytest.mark.parametrize("ended", ["cancel", "delete"])
def test_rest_that_people_ended_in_the_warehouse_and_paid_back_asks_nobody(nordlys: World, ended: str) -> None:
    order = reserved(nordlys)
    number = str(there(nordlys, order)[0]["number"])
    nordlys.ship(number, NH_1018=1, NH_1001=1)
    nordlys.warehouse_server.act({"action": ended, "order": number})
    refund(nordlys, order, 2)
    nordlys.warehouse_server.reset_counters()
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"
    assert nordlys.warehouse_server.counters()["writes"] == 0


def test_backorder_that_nobody_has_followed_yet_is_not_taken_for_an_end(nordlys: World) -> None:
    order = reserved(nordlys)
    number = str(there(nordlys, order)[0]["number"])
    nordlys.ship(number, NH_1018=1, NH_1001=1)
    nordlys.warehouse_server.act({"action": "backorder", "order": number})
    refund(nordlys, order, 2)
    settle(nordlys)
    assert document(nordlys, order).reason == "warehouse_order_gone"
    nordlys.fulfil(compare=True)
    nordlys.forward(days=1)
    settle(nordlys)
    assert document(nordlys, order).reason == "refunded_goods_to_go"


def broken(order: Order, refunds: Iterable[Credit], bundles: BundleMode) -> Order | Verdict:
    """As if each refund were of a part of a bundle: the shop's stand-in sells none."""
    del bundles
    return Verdict.of("bundle_partly_refunded", line="1") if [*refunds] else order


@pytest.mark.parametrize("sent", ["nothing", "packed", "part", "all"])
def test_parts_refunded_of_a_bundle_that_is_sent_whole_ask_a_person_until_all_has_gone(
    nordlys: World, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    monkeypatch.setattr(refunded_goods, "less_refunded", broken)
    order = reserved(nordlys)
    number = str(there(nordlys, order)[0]["number"])
    if sent == "packed":
        nordlys.pack(number)
    elif sent != "nothing":
        nordlys.ship(number, **({"NH_1018": 1} if sent == "part" else {}))
    refund(nordlys, order, 1)
    nordlys.warehouse_server.reset_counters()
    settle(nordlys)
    held = document(nordlys, order)
    question = ask(nordlys.ledger, "nordlys", held.key)
    if sent == "all":
        assert (held.reason, question) == ("transferred", None)
    else:
        assert (held.status, held.reason) == ("held", "bundle_partly_refunded")
        assert question is not None
        assert [one.value for one in question.answers] == ["again", "accept"]
    assert nordlys.warehouse_server.counters()["writes"] == 0


def test_refund_that_names_no_line_asks_nobody_when_the_goods_have_gone(nordlys: World) -> None:
    order = reserved(nordlys)
    nordlys.ship(str(there(nordlys, order)[0]["number"]))
    number = refund(nordlys, order, 1)
    nordlys.shop_server.act({"action": "forget_refunded_items", "refund": number})
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"
    nordlys.reset_counters()
    settle(nordlys)
    assert nordlys.writes() == 0
