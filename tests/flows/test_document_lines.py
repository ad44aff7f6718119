"""What the ledger keeps of a booked invoice's lines: as drafted, or as a person changed them before booking."""

from decimal import Decimal

from pakhus.ledger import document_lines, documents
from pakhus.rules.document_lines import DocumentLine
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_people_and_races import drafted, in_mode, place, row, ship
from tests.flows.world import World


def lines_of(world: World, key: str) -> tuple[DocumentLine, ...]:
    with world.ledger.begin() as tx:
        document = documents.find(tx, key)
        assert document is not None
        return document_lines.of_document(tx, document.id)


def test_booked_invoice_keeps_its_lines_with_their_vat(nordlys: World) -> None:
    in_mode(nordlys, "auto")
    order = place(nordlys)
    ship(nordlys, order)
    nordlys.run()
    key = f"nordlys-{order}-invoice"
    found, lines = row(nordlys, key), lines_of(nordlys, key)
    assert found.remote_number is not None
    assert sum((line.net + line.vat for line in lines), Decimal(0)) == found.gross
    assert sum((line.vat for line in lines), Decimal(0)) == found.vat
    first = lines[0]
    assert (first.product_number, first.quantity, first.country, first.scheme) == ("NH-1018", 2, "DK", "domestic")
    assert first.order_line_id is not None
    assert found.document_date is not None
    assert (found.exchange_rate, found.exchange_rate_source) == (None, "")


def test_lines_follow_what_a_person_booked(nordlys: World) -> None:
    order, draft = drafted(nordlys)
    key = f"nordlys-{order}-invoice"
    before = lines_of(nordlys, key)
    nordlys.accounts_server.act(
        {"action": "edit_draft", "draft": draft, "lines": [{"lineNumber": 1, "unitNetPrice": "1.00"}]}
    )
    nordlys.accounts_server.act({"action": "book_draft", "draft": draft})
    nordlys.forward(hours=25)
    nordlys.book()
    after = lines_of(nordlys, key)
    assert before[0].net != after[0].net == before[0].quantity
    assert after[0].order_line_id == before[0].order_line_id
    assert sum((line.net + line.vat for line in after), Decimal(0)) == row(nordlys, key).gross
