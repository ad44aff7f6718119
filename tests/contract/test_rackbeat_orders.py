"""Orders, shipments, stock and adjustments of the Rackbeat stand-in under every switch (contract 5, 7, 8, 11, 15)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.contract.example_bodies import example, read
from tests.contract.rackbeat_account import Account


@pytest.fixture
def account() -> Iterator[Account]:
    running = Account()
    yield running
    running.close()


def shipped(account: Account, order: int) -> int:
    shipment = account.do(f"/orders/{order}/create-shipment")["order_shipment"]["id"]
    account.do(f"/orders/shipments/{shipment}/mark-shipped", {"pick": True})
    return int(shipment)


# --- life of an order ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/orders", "/orders/drafts"])
def test_order_starts_unbooked_from_both_paths(account, path):
    body = example("rackbeat", "order_create_request")
    order = account.do(path, body)["order"]
    assert (order["is_booked"], order["booked_at"]) == (False, None)
    assert (order["total_subtotal"], order["total_vat"], order["total_total"]) == (
        Decimal("183.2"),
        Decimal("45.8"),
        229,
    )
    assert account.quantities() == (42, 0, 42)


def test_price_vat_and_location_come_from_the_item(account):
    number = account.order(vat_zone="eu")
    cup, freight = account.get(f"/orders/{number}")["order"]["lines"]
    assert (cup["line_price"], cup["vat_percentage"], cup["location"]["number"]) == (80, 0, 110)
    assert (freight["line_price"], freight["location"]) == (Decimal("39.2"), None)


def test_numeric_strings_are_accepted_as_numbers(account):
    number = account.order(customer_id="20018", lines=[{"item_id": "CUP-BLUE", "quantity": "1.5"}])
    assert account.get(f"/orders/{number}")["order"]["lines"][0]["quantity"] == Decimal("1.5")


def test_lines_change_until_the_order_is_booked(account):
    number = account.order()
    added = account.do(f"/orders/{number}/lines", {"item_id": "CUP-RED", "quantity": 1})["order_line"]["id"]
    account.do(f"/orders/{number}/lines/{added}", {"quantity": 3}, "PUT")
    assert [row["quantity"] for row in account.get(f"/orders/{number}/lines")["order_lines"]] == [2, 1, 3]
    assert account.call("DELETE", f"/orders/{number}/lines/{added}").status_code == 200
    account.do(f"/orders/{number}/book")
    for method, path in (("POST", "/lines"), ("PUT", "/lines/7001"), ("DELETE", "/lines/7001")):
        assert account.errors(method, f"/orders/{number}{path}", {}) == {
            "order": ["The order is booked; its lines are locked."]
        }
    account.do(f"/orders/{number}/reopen")
    assert account.quantities() == (42, 0, 42)
    assert account.call("DELETE", f"/orders/{number}/lines/7001").status_code == 200


def test_refuses_to_book_twice_or_without_lines(account):
    number = account.booked_order()
    assert "order" in account.errors("POST", f"/orders/{number}/book")
    empty = account.do("/orders/drafts", {"customer_id": 20017, "lines": []})["order"]["number"]
    assert "order" in account.errors("POST", f"/orders/{empty}/book")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": [{"item_id": "CUP-BLUE", "quantity": 1}]}, "customer_id"),
        ({"customer_id": 4711, "lines": [{"item_id": "CUP-BLUE", "quantity": 1}]}, "customer_id"),
        ({"customer_id": 20017}, "lines"),
        ({"customer_id": 20017, "lines": []}, "lines"),
        ({"customer_id": 20017, "lines": [{"item_id": "CUP-BLUE", "quantity": 1}, {"quantity": 1}]}, "lines.1.item_id"),
        ({"customer_id": 20017, "lines": [{"item_id": "GONE", "quantity": 1}]}, "lines.0.item_id"),
        ({"customer_id": 20017, "lines": [{"item_id": "CUP-BLUE"}]}, "lines.0.quantity"),
        ({"customer_id": 20017, "lines": [{"item_id": "CUP-BLUE", "quantity": "two"}]}, "lines.0.quantity"),
        ({"customer_id": 20017, "heading": "x" * 256, "lines": []}, "heading"),
        ({"customer_id": 20017, "order_date": "02-03-2026", "lines": []}, "order_date"),
        ({"customer_id": 20017, "other_reference": "x", "lines": []}, "other_reference"),
        ({"customer_id": 20017, "vat_zone": "mars", "lines": []}, "vat_zone"),
        ({"customer_id": 20017, "delivery_address": {"telephone": "1"}, "lines": []}, "delivery_address.telephone"),
    ],
)
def test_refuses_an_order_naming_the_field(account, body, field):
    assert field in account.errors("POST", "/orders", body)
    assert account.server.counters()["records"]["orders"] == 0


def test_unknown_members_can_be_let_through(account):
    account.server.configure({"unknown_members": "ignored"})
    assert account.order(other_reference="x") == 1021


def test_barred_items_and_customers_are_refused(account):
    account.server.act({"action": "bar", "item": "CUP-BLUE"})
    account.server.act({"action": "bar", "customer": 20018})
    lines = [{"item_id": "CUP-BLUE", "quantity": 1}]
    assert "lines.0.item_id" in account.errors("POST", "/orders", {"customer_id": 20017, "lines": lines})
    account.server.act({"action": "bar", "item": "CUP-BLUE", "barred": False})
    assert "customer_id" in account.errors("POST", "/orders", {"customer_id": 20018, "lines": lines})


def test_order_is_deleted_only_without_shipment_and_invoice(account):
    plain, with_shipment, with_invoice = account.order("a"), account.booked_order("b"), account.booked_order("c")
    account.do(f"/orders/{with_shipment}/create-shipment")
    account.do(f"/orders/{with_invoice}/convert-to-invoice")
    assert account.call("DELETE", f"/orders/{plain}").status_code == 200
    assert account.call("GET", f"/orders/{plain}").status_code == 404
    for number in (with_shipment, with_invoice):
        assert "order" in account.errors("DELETE", f"/orders/{number}")


def test_addresses_come_from_flat_fields_and_contact_data_from_objects(account):
    body = {
        "delivery_address_name": "Kiosken",
        "delivery_address_city": "Aalborg",
        "delivery_address": {"email": "k@example.test", "phone": "1"},
        "address_street": "Ny vej 1",
    }
    order = account.get(f"/orders/{account.order(**body)}")["order"]
    delivery, billing = order["delivery_address"], order["billing_address"]
    assert (delivery["name"], delivery["city"], delivery["email"]) == ("Kiosken", "Aalborg", "k@example.test")
    assert (billing["name"], billing["street"], billing["email"]) == ("Mette Prøve", "Ny vej 1", "mette@example.test")


def test_header_is_changed_also_after_booking(account):
    number = account.booked_order()
    assert account.do(f"/orders/{number}", {"note": "Ring først"}, "PUT")["order"]["note"] == "Ring først"
    assert "lines" in account.errors("PUT", f"/orders/{number}", {"lines": []})


# --- stock and shipments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reserve_at", "deduct_at"), list(itertools.product(["booking", "creation"], ["shipping", "invoice_booking"]))
)
def test_quantities_follow_the_switches(account, reserve_at, deduct_at):
    account.server.configure({"reserve_at": reserve_at, "deduct_at": deduct_at})
    number = account.order()
    assert account.quantities() == ((42, 2, 40) if reserve_at == "creation" else (42, 0, 42))
    account.do(f"/orders/{number}/book")
    assert account.quantities() == (42, 2, 40)
    shipped(account, number)
    assert account.quantities() == ((40, 0, 40) if deduct_at == "shipping" else (42, 0, 42))
    account.do(f"/orders/{number}/convert-to-invoice?book=true")
    assert account.quantities() == (40, 0, 40)


def test_only_stock_lines_are_shipped_and_others_do_not_block(account):
    number = account.booked_order()
    shipment = account.do(f"/orders/{number}/create-shipment")["order_shipment"]
    assert [line["child_id"] for line in shipment["lines"]] == ["CUP-BLUE"]
    unpicked = account.errors("POST", f"/orders/shipments/{shipment['id']}/mark-shipped", {"pick": False})
    assert unpicked == {"shipment": ["The shipment is not picked."]}
    account.do(f"/orders/shipments/{shipment['id']}/mark-shipped", {"pick": True})
    order = account.get(f"/orders/{number}")["order"]
    assert (order["is_shipped"], order["is_partly_shipped"], order["is_ready_for_invoicing"]) == (True, False, True)
    assert [line["quantity_shipped"] for line in order["lines"]] == [2, 0]
    assert "shipment" in account.errors("POST", f"/orders/shipments/{shipment['id']}/mark-shipped", {"pick": True})
    assert "order" in account.errors("POST", f"/orders/{number}/create-shipment")


def test_shipment_needs_a_booked_order(account):
    assert "order" in account.errors("POST", f"/orders/{account.order()}/create-shipment")


def test_picks_what_is_there_and_leaves_the_rest_on_the_order(account):
    number = account.booked_order(lines=[{"item_id": "CUP-BLUE", "quantity": 50}])
    assert account.quantities() == (42, 50, -8)
    shipped(account, number)
    order = account.get(f"/orders/{number}")["order"]
    assert (order["is_shipped"], order["is_partly_shipped"]) == (False, True)
    assert account.quantities() == (0, 8, -8)
    second = account.do(f"/orders/{number}/create-shipment")["order_shipment"]
    assert second["lines"][0]["quantity"] == 8
    nothing = account.errors("POST", f"/orders/shipments/{second['id']}/mark-shipped", {"pick": True})
    assert nothing == {"shipment": ["Nothing of the shipment is in stock."]}
    account.server.act({"action": "set_stock", "item": "CUP-BLUE", "location": 110, "quantity": 10})
    account.do(f"/orders/shipments/{second['id']}/mark-shipped", {"pick": True})
    assert account.get(f"/orders/{number}")["order"]["is_shipped"] is True
    assert account.quantities() == (2, 0, 2)


def test_people_ship_in_parts_and_cancel(account):
    number = account.booked_order(
        lines=[{"item_id": "CUP-BLUE", "quantity": 3}, {"item_id": "CUP-BLUE", "quantity": 1}]
    )
    account.server.act({"action": "ship", "order": number, "lines": {"CUP-BLUE": "2"}})
    order = account.get(f"/orders/{number}")["order"]
    assert [line["quantity_shipped"] for line in order["lines"]] == [2, 1]
    assert len(account.get(f"/orders/{number}/shipments")["order_shipments"]) == 1
    account.server.act({"action": "cancel", "order": number})
    order = account.get(f"/orders/{number}")["order"]
    assert (order["is_cancelled"], order["is_archived"]) == (True, True)
    assert account.quantities() == (39, 0, 39)
    with pytest.raises(ValueError, match="not booked"):
        account.server.act({"action": "ship", "order": number})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/orders/1021/cancel", None),
        ("POST", "/orders/1021/create-shipment", {"lines": []}),
        ("POST", "/customer-invoices/5501/create-creditnote", None),
        ("POST", "/inventory/checking-drafts", {}),
    ],
)
def test_refuses_to_invent_what_no_source_tells(account, method, path, body):
    account.booked_order()
    assert account.call(method, path, body or ({"x": 1} if "create-shipment" in path else None)).status_code == 501


# --- adjustments -----------------------------------------------------------------------------------------------------

ADJUSTMENT = {"item_id": "CUP-RED", "adjustment_type": "quantity", "quantity": 7, "location": 110}


def test_adjustment_is_absolute_and_moves_nothing_until_booked(account):
    number = account.do("/inventory-adjustments", ADJUSTMENT)["inventory_regulation"]["id"]
    assert account.quantities("CUP-RED") == (0, 0, 0)
    account.do(f"/inventory-adjustments/{number}/book")
    assert account.quantities("CUP-RED") == (7, 0, 7)
    assert "adjustment" in account.errors("POST", f"/inventory-adjustments/{number}/book")
    account.do("/inventory-adjustments", ADJUSTMENT | {"location": 100, "quantity": 3})
    assert "quantity" in account.errors("POST", "/inventory-adjustments", ADJUSTMENT)
    assert len(account.get("/inventory-adjustments")["inventory_regulations"]) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"item_id": "GONE"}, "item_id"),
        ({"item_id": "SHIPPING"}, "item_id"),
        ({"location": 999}, "location"),
        ({"adjustment_type": "delta"}, "adjustment_type"),
        ({"quantity": None}, "quantity"),
    ],
)
def test_refuses_an_adjustment_naming_the_field(account, changes, field):
    assert field in account.errors("POST", "/inventory-adjustments", ADJUSTMENT | changes)


# --- products and customers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "x" * 26}, "number"),
        ({"number": "CUP-BLUE"}, "number"),
        ({"group": 99}, "group"),
        ({"name": ""}, "name"),
        ({"sales_price": "cheap"}, "sales_price"),
    ],
)
def test_refuses_a_product_naming_the_field(account, changes, field):
    body = {"number": "NEW", "name": "New", "group": 1, "sales_price": 10} | changes
    assert field in account.errors("POST", "/products", body)


def test_initial_stock_of_a_new_product_has_no_effect(account):
    account.do("/products", {"number": "NEW", "name": "New", "group": 1, "sales_price": 10, "stock_quantity": 50})
    assert account.quantities("NEW") == (0, 0, 0)


def test_product_is_found_encoded_once_or_twice_or_by_its_friendly_number(account):
    friendly = account.get("/products/A%2FB%20%231")["product"]["urlfriendly_number"]
    for written in ("A%2FB%20%231", "A%252FB%2520%25231", friendly):
        assert account.get(f"/products/{written}")["product"]["number"] == "A/B #1"
    assert account.call("GET", "/products/A/B").status_code == 404


def test_renamed_product_keeps_its_stock_and_its_place_on_orders(account):
    number = account.booked_order()
    account.do("/products/CUP-BLUE", {"number": "CUP-NAVY"}, "PUT")
    assert account.quantities("CUP-NAVY") == (42, 2, 40)
    assert account.get(f"/orders/{number}")["order"]["lines"][0]["child_id"] == "CUP-NAVY"
    assert account.call("DELETE", "/products/CUP-NAVY").status_code == 403


@pytest.mark.parametrize("missing", ["customer_group_id", "payment_terms_id", "layout_id", "vat_zone"])
def test_refuses_a_customer_without(account, missing):
    body = example("rackbeat", "customer_create_request")
    del body[missing]
    assert list(account.errors("POST", "/customers", body)) == [missing]


def test_deleted_customer_is_gone_from_lists_and_new_orders(account):
    assert account.call("DELETE", "/customers/20018").status_code == 200
    assert account.call("GET", "/customers/20018").status_code == 404
    assert account.get("/customers")["total"] == 1
    lines = [{"item_id": "CUP-BLUE", "quantity": 1}]
    assert "customer_id" in account.errors("POST", "/orders", {"customer_id": 20018, "lines": lines})


def test_orders_with_one_heading_and_customers_with_one_address_are_doubles(account):
    account.order("same")
    account.order("same")
    account.order("other")
    account.do("/customers", example("rackbeat", "customer_create_request"))
    assert account.server.counters()["doubles"] == [
        {"kind": "order", "key": "same", "numbers": [1021, 1022]},
        {"kind": "customer", "key": "mette@example.test", "numbers": [20017, 20019]},
    ]


def test_every_object_carries_members_that_no_contract_knows(account):
    number = account.booked_order()
    order = account.get(f"/orders/{number}")["order"]
    assert "unlisted" in order
    assert "unlisted" in order["lines"][0]
    account.server.configure({"extra_fields": False})
    assert "unlisted" not in read(account.call("GET", f"/orders/{number}").text)["order"]
