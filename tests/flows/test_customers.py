"""Customers in the accounts: each buyer once, whoever asks and whatever happens between."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text

from pakhus.clients.economic import create_customer
from pakhus.clients.http import Call
from pakhus.ledger.schema import attempts, customer_identities
from pakhus.rules.mappings import AccountingMapping
from tests.flows.test_people_and_races import in_mode, place, row, ship
from tests.flows.world import World, beside, world

DKK = {"currency": "DKK"}
EAN, OTHER_EAN, CVR = "5790000000012", "5790000000029", "13585628"
COMPANY = {"company": "Firma A/S", "email": "indkob@firma.example.dk"}
PUBLIC = {
    "company": "Eksempel Kommune",
    "first_name": "Kirsten",
    "last_name": "Rekvirent",
    "email": "kr@kommune.example",
}


def meta(**fields: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in fields.items()]


def bought(world: World, shop: World | None = None, **more: Any) -> str:
    """Somebody buys one thing, which is shipped at once; the order's id."""
    where = shop or world
    order = place(where, **more)
    ship(where, order)
    return order


def public(world: World, ean: str = EAN, **more: Any) -> str:
    fields = meta(_billing_ean=ean, _billing_cvr=CVR, _billing_rekvisition=more.pop("requisition", ""))
    return bought(world, billing={**PUBLIC, **more.pop("billing", {})}, meta_data=fields, **more)


def economic(world: World, **changes: Any) -> None:
    """Change the accounting part of the mapping, as if its file said so."""
    mapping = world.settings.mapping
    assert mapping.economic is not None
    values = {**json.loads(mapping.economic.model_dump_json()), **changes}
    part = AccountingMapping.model_validate(values)
    world.settings = world.settings.model_copy(update={"mapping": mapping.model_copy(update={"economic": part})})


def each(world: World, key: str, **changes: Any) -> None:
    """Change the rule of one class of buyers."""
    part = world.settings.mapping.economic
    assert part is not None
    economic(world, **{key: {**json.loads(getattr(part, key).model_dump_json()), **changes}})


def customers(world: World) -> Mapping[str, Any]:
    """The customers that were made since the seed, by number."""
    found: Mapping[str, Any] = world.accounts_server.dump()["customers"]
    return {number: each for number, each in found.items() if int(number) > 500000}


def invoices(world: World) -> list[Any]:
    return list(world.accounts_server.dump()["booked"].values())


def reason(world: World, order: str, shop: str = "nordlys") -> str:
    return str(row(world, f"{shop}-{order}-invoice").reason)


@pytest.fixture
def auto(fresh_ledger_url: str) -> Iterator[World]:
    """The recorded shop without its orders, but with a customer of its own; invoices book themselves."""
    seed = [("orders", []), ("refunds", []), ("notes", {}), ("customers", [{"id": 2}])]
    with world(fresh_ledger_url, seed=seed) as running:
        in_mode(running, "auto")
        yield running


def test_company_gets_a_customer_by_its_number_and_the_next_order_finds_it(auto: World) -> None:
    first = bought(auto, billing=COMPANY, meta_data=meta(_billing_cvr=f"DK {CVR}"))
    second = bought(auto, billing={**COMPANY, "email": "chef@firma.example.dk"}, meta_data=meta(_billing_cvr=CVR))
    auto.run()
    assert (reason(auto, first), reason(auto, second)) == ("transferred", "transferred")
    (customer,) = customers(auto).values()
    assert (customer["name"], customer["corporateIdentificationNumber"]) == ("Firma A/S", CVR)
    assert customer["customerGroup"] == 2
    assert {invoice["customer"] for invoice in invoices(auto)} == {customer["customerNumber"]}


def test_company_is_found_however_its_number_stands_on_the_card(auto: World) -> None:
    card = {"customerNumber": 777, "name": "Firma", "corporateIdentificationNumber": f"DK{CVR}", **DKK}
    add_customer(auto, card)
    order = bought(auto, billing=COMPANY, meta_data=meta(_billing_cvr=CVR))
    auto.run()
    assert reason(auto, order) == "transferred"
    assert [invoice["customer"] for invoice in invoices(auto)] == [777]


def add_customer(world: World, card: Mapping[str, Any]) -> None:
    """A person makes a customer in the accounts."""
    references = {
        "customerGroup": {"customerGroupNumber": 1},
        "paymentTerms": {"paymentTermsNumber": 1},
        "vatZone": {"vatZoneNumber": 1},
    }
    world.accounts.send(create_customer({**card, **references}))


def test_two_customers_with_one_number_hold_the_order_with_their_list(auto: World) -> None:
    for number in (777, 778):
        add_customer(auto, {"customerNumber": number, "name": "F", **DKK, "corporateIdentificationNumber": CVR})
    order = bought(auto, billing=COMPANY, meta_data=meta(_billing_cvr=CVR))
    auto.run()
    found = row(auto, f"nordlys-{order}-invoice")
    assert found.reason == "customer_ambiguous"
    assert found.reason_parameters == {"count": "2", "numbers": "777, 778", "by": "CVR or VAT number"}


def test_private_buyer_is_found_by_phone_however_it_is_written(auto: World) -> None:
    each(auto, "customers", identify="phone")
    add_customer(auto, {"customerNumber": 779, "name": "Bo", **DKK, "telephoneAndFaxNumber": "20 12 34 56"})
    order = bought(auto, billing={"phone": "+4520123456"})
    auto.run()
    assert reason(auto, order) == "transferred"
    assert [invoice["customer"] for invoice in invoices(auto)] == [779]


@pytest.mark.edge(15)
def test_order_without_email_is_held_and_goes_to_a_collective_customer_where_there_is_one(auto: World) -> None:
    order = bought(auto, billing={"email": ""})
    auto.run()
    assert reason(auto, order) == "customer_not_identified"
    economic(auto, customers={"mode": "collective", "number": 1000})
    auto.forward(hours=25)
    auto.run()
    assert reason(auto, order) == "transferred"
    (invoice,) = invoices(auto)
    assert (invoice["customer"], invoice["recipient"]["name"]) == (1000, "Lise Øst")


def test_changed_email_of_a_shops_customer_makes_no_second_customer(auto: World) -> None:
    person = {"first_name": "Anne", "last_name": "Ny"}
    bought(auto, customer_id=2, billing={**person, "email": "old@example.dk"})
    auto.run()
    bought(auto, customer_id=2, billing={**person, "email": "new@example.dk"})
    auto.run()
    bought(auto, billing={**person, "email": "NEW@example.dk"})  # as a guest, by an address that is known by now
    auto.run()
    assert len(customers(auto)) == 1
    assert len({invoice["customer"] for invoice in invoices(auto)}) == 1
    # Another name on the same account of the shop (sales by telephone) is another buyer.
    bought(auto, customer_id=2, billing={"first_name": "Bo", "last_name": "To", "email": "bo@example.dk"})
    auto.run()
    assert len(customers(auto)) == 2


@pytest.mark.edge(16)
def test_guests_are_told_apart_by_their_email_and_never_by_the_id_0(auto: World) -> None:
    bought(auto, customer_id=0, billing={"first_name": "A", "last_name": "B", "email": "a@example.dk"})
    bought(auto, customer_id=0, billing={"first_name": "A", "last_name": "B", "email": "b@example.dk"})
    auto.run()
    assert len(customers(auto)) == 2


def test_customer_deleted_in_the_accounts_is_made_again_at_once(auto: World) -> None:
    in_mode(auto, "draft")
    order = bought(auto)
    auto.run()
    draft = int(row(auto, f"nordlys-{order}-invoice").remote_id)
    auto.accounts_server.act({"action": "delete_draft", "draft": draft})
    (number,) = customers(auto)
    auto.accounts.send(Call("DELETE", f"/customers/{number}"))
    in_mode(auto, "auto")
    next_one = bought(auto)
    auto.run()
    assert reason(auto, next_one) == "customer_gone"
    auto.run()
    assert reason(auto, next_one) == "transferred"
    assert set(customers(auto)) != {number}
    assert len(customers(auto)) == 1


def test_two_shops_that_create_one_customer_at_the_same_second_make_one(auto: World) -> None:
    with beside(auto) as fjordliv:
        in_mode(fjordliv, "auto")
        at_once = fjordliv.settings.invoices.model_copy(update={"auto_after": 0})
        fjordliv.settings = fjordliv.settings.model_copy(update={"invoices": at_once})
        buyer = {"email": "fælles@example.dk", "first_name": "Fælles", "last_name": "Køber"}
        bought(auto, billing=buyer)
        order = fjordliv.act(
            action="place_order", items=[{"sku": any_sku(fjordliv), "quantity": 1}], billing=buyer, payment_method="cod"
        )
        ship(fjordliv, str(order["order"]))
        for shop in (auto, fjordliv):
            shop.observe()
        with ThreadPoolExecutor() as pool:
            for report in pool.map(lambda shop: shop.book(), (auto, fjordliv)):
                assert report.seen
        assert reason(fjordliv, str(order["order"]), "fjordliv") == "transferred"
    assert len(invoices(auto)) == 2
    assert len(customers(auto)) == 1
    assert not auto.accounts_server.counters()["doubles"]


def any_sku(world: World) -> str:
    for product in world.shop_server.dump()["products"]:
        if product.get("sku") and product.get("type") == "simple" and product.get("stock_status") == "instock":
            return str(product["sku"])
    raise LookupError("the shop sells nothing")


def test_public_body_is_invoiced_with_contact_and_requisition_and_found_by_the_text(auto: World) -> None:
    order = public(auto, requisition="REKV-7")
    again = public(auto, requisition="REKV-7")
    auto.run()
    assert (reason(auto, order), reason(auto, again)) == ("transferred", "transferred")
    (customer,) = customers(auto).values()
    assert (customer["ean"], customer["corporateIdentificationNumber"]) == (EAN, CVR)
    (contact,) = auto.accounts_server.dump()["contacts"].values()
    assert (contact["name"], contact["customer"]) == ("Kirsten Rekvirent", customer["customerNumber"])
    first, second = invoices(auto)
    assert {first["references"]["other"], second["references"]["other"]} == {"REKV-7"}
    assert {first["notes"]["textLine1"], second["notes"]["textLine1"]} == {
        f"nordlys-{order}-invoice",
        f"nordlys-{again}-invoice",
    }
    assert first["references"]["customerContact"] == contact["customerContactNumber"]
    assert (first["recipient"]["ean"], first["recipient"]["nemHandelType"]) == (EAN, "ean")
    assert not auto.accounts_server.counters()["doubles"]


def test_public_bodys_invoice_goes_out_by_ean_where_the_shop_wants_it(auto: World) -> None:
    asked = auto.settings.invoices.model_copy(update={"send_ean": True, "send_email": True})
    auto.settings = auto.settings.model_copy(update={"invoices": asked})
    to_public, to_private = public(auto), bought(auto)
    auto.run()
    assert (reason(auto, to_public), reason(auto, to_private)) == ("transferred", "transferred")
    keys = {one["bookedInvoiceNumber"]: one["references"]["other"] for one in invoices(auto)}
    sent = auto.accounts_server.dump()["sendings"]
    assert {keys[one["invoice"]]: one["sendBy"] for one in sent} == {
        f"nordlys-{to_public}-invoice": "ean",
        f"nordlys-{to_private}-invoice": "email",
    }


def test_public_body_gets_the_credit_note_by_ean_under_its_requisition_number(auto: World) -> None:
    asked = auto.settings.invoices.model_copy(update={"send_ean": True})
    auto.settings = auto.settings.model_copy(update={"invoices": asked})
    order = public(auto, requisition="REKV-7")
    auto.run()
    number = auto.act(action="refund", order=int(order), amount="50.00")["refund"]
    auto.forward(minutes=2)
    auto.run()
    auto.credit()
    key = f"nordlys-{order}-credit{number}"
    [note] = [one for one in invoices(auto) if one["grossAmount"] < 0]
    assert (note["references"]["other"], note["notes"]["textLine1"]) == ("REKV-7", key)
    assert "Vedrører faktura" in note["notes"]["textLine2"]
    [found] = auto.accounts.booked_with_reference(key)
    assert found["bookedInvoiceNumber"] == note["bookedInvoiceNumber"]
    sent = auto.accounts_server.dump()["sendings"]
    assert [one["sendBy"] for one in sent if one["invoice"] == note["bookedInvoiceNumber"]] == ["ean"]
    auto.run()
    auto.credit()
    assert row(auto, key).reason == "transferred"


def test_institutions_of_one_municipality_are_told_apart_by_their_ean(auto: World) -> None:
    public(auto)
    public(auto, OTHER_EAN)
    public(auto, billing={"first_name": "Jens", "email": "jens@kommune.example"})
    auto.run()
    assert {each["ean"] for each in customers(auto).values()} == {EAN, OTHER_EAN}
    assert len(auto.accounts_server.dump()["contacts"]) == 3


def test_wrong_ean_is_held_before_anything_is_written(auto: World) -> None:
    order = public(auto, "5790000000013")
    auto.observe()
    auto.reset_counters()
    auto.book()
    assert reason(auto, order) == "ean_invalid"
    assert auto.accounts_server.counters()["writes"] == 0


@pytest.mark.parametrize("lost", ["/customers$", "/contacts$", "/invoices/drafts$", "/invoices/booked$"])
def test_lost_answer_of_a_public_bodys_invoice_doubles_nothing(auto: World, lost: str) -> None:
    order = public(auto, requisition="REKV-8")
    auto.observe()
    auto.accounts_server.set_faults([{"method": "POST", "path_regex": lost, "kind": "answer_lost"}])
    auto.book()
    auto.accounts_server.clear_faults()
    # The key is forgotten by then: only the search can find what has happened.
    auto.forward(hours=2)
    auto.run()
    auto.forward(hours=2)
    auto.run()
    assert reason(auto, order) in ("transferred", "adopted")
    assert (len(customers(auto)), len(auto.accounts_server.dump()["contacts"]), len(invoices(auto))) == (1, 1, 1)


def test_proof_finds_the_invoice_whose_reference_is_a_requisition(auto: World) -> None:
    order = public(auto, requisition="REKV-9")
    auto.run()
    assert reason(auto, order) == "transferred"
    key = f"nordlys-{order}-invoice"
    found = auto.accounts.booked_with_references([key])
    assert [each["notes"]["textLine1"] for each in found] == [key]
    day = found[0]["date"]
    of_day = auto.accounts.booked_on(date.fromisoformat(day), "nordlys-")
    assert [each["notes"]["textLine1"] for each in of_day] == [key]


def test_only_listed_fields_of_an_existing_customer_follow_the_newest_order(auto: World) -> None:
    each(auto, "customers", update=["address", "phone"])
    person = {"email": "flyt@example.dk", "first_name": "Flytte", "last_name": "Mand"}
    bought(auto, billing={**person, "address_1": "Gamle Vej 1"})
    auto.run()
    (number,) = customers(auto)
    before = customers(auto)[number]
    auto.forward(minutes=5)
    bought(auto, billing={**person, "first_name": "Andet", "address_1": "Nye Vej 2", "phone": "+4520202020"})
    auto.run()
    after = customers(auto)[number]
    assert (after["address"], after["mobilePhone"], after["name"]) == (
        "Nye Vej 2\n2. tv",
        "+4520202020",
        before["name"],
    )
    kept = ("vatZone", "currency", "customerGroup", "paymentTerms", "email")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    auto.reset_counters()
    bought(auto, billing={**person, "address_1": "Nye Vej 2", "phone": "+4520202020"})
    auto.run()
    assert update_attempts(auto) == 1


def update_attempts(world: World) -> int:
    with world.ledger.begin() as tx:
        query = select(func.count()).where(attempts.c.step == "update_customer", attempts.c.status == "ok")
        found: int = tx.connection.execute(query).scalar_one()
    return found


def test_known_customers_cost_no_request(auto: World) -> None:
    public(auto, requisition="1")
    bought(auto, billing=COMPANY, meta_data=meta(_billing_cvr=CVR))
    bought(auto)
    auto.run()
    for number in range(4):
        public(auto, requisition=str(number))
        bought(auto, billing=COMPANY, meta_data=meta(_billing_cvr=CVR))
        bought(auto)
    auto.observe()
    auto.reset_counters()
    auto.book()
    routes = auto.accounts_server.counters()["by_route"]
    orders = 12
    assert (routes["POST /invoices/drafts"], routes["POST /invoices/booked"]) == (orders, orders)
    # Products, accounts and periods are read once for the run; nothing is asked for an order or a customer.
    of_run = ("/products/", "/product-groups/", "/vat-accounts", "/accounting-years")
    others = {route: count for route, count in routes.items() if not any(part in route for part in of_run)}
    assert set(others) == {"POST /invoices/drafts", "POST /invoices/booked"}


def test_no_personal_datum_stands_in_the_table_of_identities(auto: World) -> None:
    public(auto, requisition="1")
    bought(auto, billing={"email": "hemmelig@example.dk"}, customer_id=2)
    auto.run()
    with auto.ledger.begin() as tx:
        rows = tx.connection.execute(select(customer_identities)).all()
        keys = tx.connection.execute(text("select string_agg(key, ' ') from documents")).scalar_one()
    assert {each.kind for each in rows} == {"ean", "contact", "email", "shop_customer"}
    assert not [each for each in rows if any(word in str(each) for word in ("hemmelig", EAN, "irsten"))]
    assert "hemmelig" not in keys
