"""What the Transfers page reads: orders by filter and page, counts, timelines, the flows' state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, insert, text, update
from sqlalchemy.exc import DBAPIError

from pakhus.ledger import decisions, documents, sources
from pakhus.ledger import stops as own_stops
from pakhus.ledger.attempts import Reply
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import alerts, proven_days, runs, stops
from pakhus.ledger.schema import documents as documents_table
from pakhus.ledger.stops import Refusal
from pakhus.ledger.transfers import listing, timeline
from pakhus.ledger.transfers.listing import Filters
from pakhus.ledger.transfers.overview import overview
from pakhus.ledger.transfers.reading import reading_engine
from pakhus.reasons import Verdict
from tests.ledger.clocks import MovableClock
from tests.ledger.transferred import NOON, document, order, showing, write


@pytest.fixture
def reading(fresh_ledger_url: str) -> Iterator[Engine]:
    engine = reading_engine(fresh_ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(ledger: Ledger) -> Ledger:
    """Four orders: one transferred, one held, one waiting, one that cannot be read; a customer; a shipment."""
    with ledger.begin() as tx:
        done = order(tx, "1001", number="NH-1001")
        document(tx, done, "1001", "reservation")
        shipped = sources.record(tx, showing("77", kind="shipment", parent_id=done))
        document(tx, shipped.id, "1001-s77", "shipment", "transferred")
        invoice = document(tx, done, "1001")
        document(tx, order(tx, "1002", minutes=1), "1002", "invoice", "sku_missing", line="3")
        document(tx, order(tx, "1003", minutes=2), "1003", "invoice", "not_shipped")
        order(tx, "1004", minutes=3, placed_at=None, problem="no total")
        document(tx, None, "buyer", "customer", "transferred")
    reply = Reply(b'{"number": 501}', 201, "req-1")
    write(ledger, invoice, "nordlys-1001-invoice", reply, remote_id="30001", number="40001")
    return ledger


def numbers(engine: Engine, filters: Filters) -> list[str]:
    with engine.connect() as connection:
        return [row.number for row in listing.orders(connection, filters).rows]


def test_orders_come_newest_first_those_without_a_time_before_all(shop: Ledger, reading: Engine) -> None:
    assert numbers(reading, Filters()) == ["1004", "1003", "1002", "NH-1001"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(status="held"), ["1002"]),
        (Filters(status="person"), ["1002"]),
        (Filters(status="waiting"), ["1003"]),
        (Filters(status="failed"), []),
        (Filters(reason="sku_missing"), ["1002"]),
        (Filters(kind="shipment"), ["NH-1001"]),
        (Filters(kind="reservation", status="done"), []),  # the invoice is done, the reservation is due
        (Filters(scope="fjordliv"), []),
        (Filters(search="NH-1001"), ["NH-1001"]),
        (Filters(search=" #NH-1001 "), ["NH-1001"]),
        (Filters(search="40001"), ["NH-1001"]),
        (Filters(search="30001"), ["NH-1001"]),
        (Filters(search="1001"), ["NH-1001"]),
        (Filters(search="nordlys-1001"), ["NH-1001"]),
        (Filters(search="nordlys-1002-invoice"), ["1002"]),
        (Filters(search="100"), []),
        (Filters(search="%"), []),
        (Filters(search="1002", status="waiting"), []),
        (Filters(placed_from=NOON + timedelta(minutes=1), placed_before=NOON + timedelta(minutes=2)), ["1002"]),
        (Filters(run_id="run_1"), ["NH-1001"]),
        (Filters(run_id="run_1", dag_id="nordlys__orders"), ["NH-1001"]),
        (Filters(run_id="run_1", dag_id="nordlys__invoices"), []),
    ],
)
def test_finds_orders_by_filter(shop: Ledger, reading: Engine, filters: Filters, expected: list[str]) -> None:
    assert numbers(reading, filters) == expected


def test_an_order_lists_all_its_documents_those_of_its_shipments_too(shop: Ledger, reading: Engine) -> None:
    with reading.connect() as connection:
        [row] = listing.orders(connection, Filters(search="NH-1001")).rows
        [held] = listing.orders(connection, Filters(status="held")).rows
    assert [(one.kind, one.status) for one in row.documents] == [
        ("reservation", "due"),
        ("shipment", "done"),
        ("invoice", "done"),
    ]
    assert (row.gross, row.currency, row.documents[2].remote_number) == (Decimal("250.00"), "DKK", "40001")
    assert (held.documents[0].meaning, held.documents[0].actor) == ("Line 3 has no SKU.", "merchant")
    assert held.documents[0].action.startswith("Give the product a SKU")


def test_counts_orders_per_status_under_the_other_filters(shop: Ledger, reading: Engine) -> None:
    with reading.connect() as connection:
        found = listing.counts(connection, Filters(status="held"))  # its own status does not narrow the counts
        assert {name: number for name, number in found.items() if number} == {
            "all": 4, "done": 1, "due": 1, "held": 1, "person": 1, "waiting": 1,
        }  # fmt: skip
        late = listing.counts(connection, Filters(placed_from=NOON + timedelta(minutes=1)))
        assert (late["all"], late["done"], late["held"], late["waiting"]) == (2, 0, 1, 1)
        assert listing.counts(connection, Filters(kind="shipment"))["all"] == 1
        assert listing.counts(connection, Filters(search="1002"))["held"] == 1


def test_counts_are_the_lengths_of_the_lists(shop: Ledger, reading: Engine) -> None:
    with reading.connect() as connection:
        for status, number in listing.counts(connection, Filters()).items():
            wanted = Filters(status="" if status == "all" else status)
            assert len(listing.orders(connection, wanted).rows) == number, status


def test_documents_without_an_order_are_found_apart(shop: Ledger, reading: Engine) -> None:
    with reading.connect() as connection:
        assert [row.key for row in listing.lone_documents(connection, Filters()).rows] == ["nordlys-buyer-customer"]
        found = listing.lone_documents(connection, Filters(search="nordlys-buyer-customer"))
        assert [row.kind for row in found.rows] == ["customer"]
        assert listing.lone_documents(connection, Filters(search="nordlys-1002-invoice")).rows == ()
        assert listing.lone_documents(connection, Filters(kind="invoice")).rows == ()
        assert listing.shops(connection) == ["nordlys"]
        assert listing.kinds(connection) == ["customer", "invoice", "reservation", "shipment"]


def test_pages_hold_every_order_once_whatever_their_times(ledger: Ledger, reading: Engine) -> None:
    total = 2 * listing.PAGE_SIZE + 7
    with ledger.begin() as tx:
        for number in range(total):  # every third at the same moment, every tenth without one
            placed = None if number % 10 == 0 else NOON + timedelta(minutes=number // 3)
            order(tx, str(number), placed_at=placed)
        for number in range(total):
            document(tx, None, f"buyer{number}", "customer")
    seen, sizes, after = [], [], None
    with reading.connect() as connection:
        while not sizes or after is not None:
            page = listing.orders(connection, Filters(), after)
            seen += [row.source_id for row in page.rows]
            sizes.append(len(page.rows))
            after = page.after
        first = listing.lone_documents(connection, Filters())
        rest = listing.lone_documents(connection, Filters(), first.after)
    assert sizes == [50, 50, 7]
    assert sorted(seen, key=int) == [str(number) for number in range(total)]
    assert len({row.id for row in (*first.rows, *rest.rows)}) == 2 * listing.PAGE_SIZE


def test_a_timeline_tells_versions_writes_questions_and_alerts(
    ledger: Ledger, clock: MovableClock, reading: Engine
) -> None:
    with ledger.begin() as tx:
        row = order(tx, "1002")
        refund = sources.record(tx, showing("9", kind="refund", parent_id=row, gross=Decimal("-50")))
        held = document(tx, row, "1002", "invoice", "sku_missing", line="3")
        document(tx, refund.id, "1002-r9", "credit_note", "credit_not_treated", refunded="50.00")
        raised = {"raised_at": tx.now, "last_seen_at": tx.now}
        told = insert(alerts).values(scope="nordlys", flow="orders", code="access_denied", text="No key.", **raised)
        alert = tx.connection.execute(told.returning(alerts.c.id)).scalar_one()
        own = {"dag_id": "nordlys__orders", "run_id": "run_1", "scope": "nordlys", "flow": "orders"}
        tx.connection.execute(insert(runs).values(**own, note="", codes={}, reported_at=tx.now, alert_id=alert))
    write(ledger, held, "nordlys-1002-invoice", Reply(b"no", 400, "req-9", "E04300"))
    clock.forward(minutes=5)
    with ledger.begin() as tx:
        decisions.note_asked(tx, documents.load(tx, held), "manual__9")
        changed = showing(
            "1002", gross=Decimal("150.00"), native_state="completed", read_at=NOON + timedelta(minutes=5)
        )
        sources.record(tx, changed)
    with reading.connect() as connection:
        found = timeline.of_order(connection, row)
    assert found is not None
    assert [(one.kind, one.source_id) for one in found.objects] == [("order", "1002"), ("refund", "9")]
    seen = [(one.version, one.native_state, one.gross) for one in found.objects[0].versions]
    assert seen == [(1, "processing", Decimal(250)), (2, "completed", Decimal(150))]
    assert [one.kind for one in found.documents] == ["invoice", "credit_note"]
    [asked] = found.documents[0].questions
    assert (asked.run_id, asked.answer, asked.reason) == ("manual__9", None, "sku_missing")
    assert found.documents[0].open_question is asked
    [one] = found.writes
    assert (one.step, one.status, one.problem, one.method, one.path) == ("book", "refused", "E04300", "POST", "/orders")
    [call] = one.calls
    assert (call.http_status, call.request_id, call.dag_id, call.run_id) == (400, "req-9", "nordlys__orders", "run_1")
    assert (call.task_id, call.map_index, call.try_number, call.response_size) == ("reserve", 0, 1, 2)
    assert [one.text for one in found.alerts] == ["No key."]
    assert timeline_of_nothing(reading, row) == (None, None)


def test_a_question_about_an_earlier_hold_is_not_open(ledger: Ledger, clock: MovableClock, reading: Engine) -> None:
    with ledger.begin() as tx:
        held = document(tx, order(tx, "1002"), "1002", "invoice", "sku_missing")
        decisions.note_asked(tx, documents.load(tx, held), "manual__9")
    clock.forward(minutes=5)
    for code in ("due", "sku_missing"):
        with ledger.begin() as tx:
            documents.give_verdict(tx, held, Verdict.of(code))
    with reading.connect() as connection:
        [row] = listing.orders(connection, Filters(status="held")).rows
    assert len(row.documents[0].questions) == 1
    assert row.documents[0].open_question is None


def timeline_of_nothing(engine: Engine, row: int) -> tuple[object, object]:
    with engine.connect() as connection:
        return timeline.of_order(connection, row + 1), timeline.of_document(connection, 10**9)  # row + 1: the refund


def test_a_document_without_an_order_has_a_timeline_too(shop: Ledger, reading: Engine) -> None:
    with reading.connect() as connection:
        [customer] = listing.lone_documents(connection, Filters()).rows
        found = timeline.of_document(connection, customer.id)
    assert found is not None
    assert ([one.key for one in found.documents], found.objects) == (["nordlys-buyer-customer"], ())


def test_a_reason_of_a_newer_version_is_shown_as_it_is(shop: Ledger, reading: Engine) -> None:
    with shop.begin() as tx:
        unknown = update(documents_table).where(documents_table.c.status == "held").values(reason="from_tomorrow")
        tx.connection.execute(unknown)
    with reading.connect() as connection:
        [row] = listing.orders(connection, Filters(status="held")).rows
    assert "from_tomorrow" in row.documents[0].meaning
    assert row.documents[0].action == "Update Pakhus."


def test_an_order_whose_flow_is_stopped_says_since_when_why_and_what_to_do(
    shop: Ledger, clock: MovableClock, reading: Engine
) -> None:
    clock.forward(hours=1)
    with shop.begin() as tx:
        refusal = Refusal("access_denied", "e-conomic refused our key", "access_denied", "economic__main", "invoices")
        own_stops.record(tx, "nordlys", "invoices", refusal)
    clock.forward(minutes=1)
    with shop.begin() as tx:
        own_stops.stop(tx, "nordlys", "all", stopped_by="anna", cause="stocktaking")
        own_stops.stop(tx, "fjordliv", "invoices", stopped_by="bo", cause="another shop's")
        [waiting] = listing.orders(tx.connection, Filters(search="1003")).rows
        [done] = listing.orders(tx.connection, Filters(search="NH-1001")).rows
    with reading.connect() as connection:
        found = timeline.of_order(connection, waiting.id)
        of_done = timeline.of_order(connection, done.id)
    assert found is not None
    assert of_done is not None
    itself, person = found.stops
    assert (itself.flow, itself.by_person, itself.cause) == ("invoices", False, "e-conomic refused our key")
    assert (person.since, person.since - itself.since) == (clock.moment, timedelta(minutes=1))
    assert itself.action == (
        "Renew the key in the Airflow connection economic__main. It is tried again by itself and then goes on."
    )
    assert (person.flow, person.by_person, person.stopped_by) == ("all", True, "anna")
    assert person.action.startswith("Let it go on when that is over: `python -m pakhus resume nordlys all`")
    assert itself.documents == person.documents == (found.documents[0].id,)
    assert [(one.flow, one.event, one.who) for one in found.stop_events] == [
        ("invoices", "stopped", ""),
        ("all", "stopped", "anna"),
    ]
    [open_one] = [one.id for one in of_done.documents if one.kind == "reservation"]  # the rest of it is done
    assert [stop.documents for stop in of_done.stops] == [(open_one,)]


def test_what_stopped_itself_for_credit_notes_holds_up_no_invoice(shop: Ledger, reading: Engine) -> None:
    with shop.begin() as tx:
        own_stops.record(tx, "nordlys", "invoices", Refusal("configuration", "no", "c", "", "credit_notes"))
        [waiting] = listing.orders(tx.connection, Filters(search="1003")).rows
    with reading.connect() as connection:
        found = timeline.of_order(connection, waiting.id)
    assert found is not None
    assert found.stops == ()
    assert [one.event for one in found.stop_events] == ["stopped"]  # it stands in the history of the flow all the same


def test_the_overview_tells_alerts_stops_questions_days_and_each_flows_last_run(
    ledger: Ledger, reading: Engine
) -> None:
    with ledger.begin() as tx:
        held = document(tx, order(tx, "1002"), "1002", "invoice", "sku_missing")
        decisions.note_asked(tx, documents.load(tx, held), "manual__9")
        raised = {"raised_at": tx.now, "last_seen_at": tx.now, "scope": "nordlys", "flow": "orders", "text": "No key."}
        tx.connection.execute(insert(alerts).values(code="access_denied", **raised))
        tx.connection.execute(insert(alerts).values(code="access_denied", resolved_at=tx.now, subject="old", **raised))
        stop = {"scope": "nordlys", "flow": "stock", "code": "stopped_by_person", "cause": "count", "by_person": True}
        tx.connection.execute(insert(stops).values(**stop, since=tx.now))
        own_stops.stop(tx, "nordlys", "orders", stopped_by="anna", cause="stocktaking")
        own_stops.resume(tx, "nordlys", "orders", who="bo")
        for shop in ("fjordliv", "nordlys"):
            for flow in ("invoices", "orders"):
                for number in range(3):
                    values = {"dag_id": f"{shop}__{flow}", "run_id": str(number), "scope": shop, "flow": flow}
                    at = tx.now + timedelta(minutes=number)
                    tx.connection.execute(insert(runs).values(**values, note=str(number), codes={}, reported_at=at))
        today = tx.connection.execute(text("select current_date")).scalar_one()
        for days, differing in ((1, {"nordlys-1-invoice": "missing"}), (40, {})):
            day = {"scope": "nordlys", "day": today - timedelta(days=days), "figures": {}, "differences": differing}
            tx.connection.execute(insert(proven_days).values(**day, status="differs", proved_at=tx.now))
    with reading.connect() as connection:
        found = overview(connection)
    assert (found.open_alerts, found.open_questions) == (1, 1)
    assert [(one.code, one.text) for one in found.alerts] == [("access_denied", "No key.")]
    assert [(one.flow, one.cause, one.by_person) for one in found.stops] == [("stock", "count", True)]
    assert [(one.flow, one.event, one.who) for one in found.stop_events] == [
        ("orders", "lifted", "bo"),
        ("orders", "stopped", "anna"),
    ]
    last = [(one.scope, one.flow) for one in found.runs if one.note == "2"]
    assert last == [(shop, flow) for shop in ("fjordliv", "nordlys") for flow in ("invoices", "orders")]
    assert [(one.day, one.differences) for one in found.days] == [(today - timedelta(days=1), 1)]
    assert isinstance(found.days[0].day, date)


def test_the_engine_of_the_page_cannot_write(shop: Ledger, reading: Engine) -> None:
    with reading.connect() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
        connection.execute(text("update documents set reason = 'due'"))


MANY = """
insert into bodies (sha256, size, created_at) values ('none', 1, now());
insert into sources (scope, kind, source_id, number, currency, gross, placed_at, read_at, version, body_sha256,
                     first_seen_at, changed_at)
select 'nordlys', 'order', n, n, 'DKK', 100, now() - n * interval '1 minute', now(), 1, 'none', now(), now()
from generate_series(1, 40000) n;
insert into documents (key, source_id, order_id, scope, flow, kind, target, status, reason, since, remote_number,
                       created_at, updated_at)
select 'nordlys-' || source_id || '-invoice', id, id, scope, 'invoices', 'invoice', 'economic__main',
       case when id % 400 = 0 then 'held' else 'done' end,
       case when id % 400 = 0 then 'sku_missing' else 'transferred' end, now(), 'F' || id, now(), now()
from sources;
"""


@pytest.fixture(scope="module")
def many(ledger_url: str) -> Iterator[Engine]:
    """40,000 orders with an invoice each, and statistics of them."""
    ledger = Ledger(ledger_url)
    with ledger.begin() as tx:
        tx.connection.execute(text(MANY))
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    ledger.close()
    engine = reading_engine(ledger_url)
    yield engine
    engine.dispose()


@contextmanager
def plans(connection: Connection) -> Iterator[list[str]]:
    """Explain whatever is executed meanwhile."""
    found: list[str] = []
    connection.execute(text("load 'auto_explain'"))
    for setting in ("auto_explain.log_min_duration = 0", "client_min_messages = log", "auto_explain.log_analyze = off"):
        connection.execute(text(f"set {setting}"))
    raw = connection.connection.driver_connection
    assert raw is not None

    def keep(notice: object) -> None:
        found.append(str(getattr(notice, "message_primary", "")))

    raw.add_notice_handler(keep)
    yield found
    raw.remove_notice_handler(keep)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(scope="nordlys"),
        Filters(status="held"),
        Filters(status="done"),
        Filters(reason="sku_missing", status="held"),
        Filters(search="F77"),
        Filters(search="nordlys-39999"),
        Filters(placed_from=NOON),
    ],
)
def test_a_page_of_many_orders_is_read_by_indexes_alone(many: Engine, filters: Filters) -> None:
    with many.connect() as connection, plans(connection) as found:
        page = listing.orders(connection, filters)
        if page.after is not None:
            assert len(page.rows) == listing.PAGE_SIZE
            further = listing.orders(connection, filters, page.after)
            assert {row.id for row in page.rows}.isdisjoint(row.id for row in further.rows)
    explained = "\n".join(found)
    assert "Index" in explained
    for table in ("sources", "documents"):
        assert f"Seq Scan on {table}" not in explained, explained


def test_counts_of_many_orders_are_right(many: Engine) -> None:
    with many.connect() as connection:
        found = listing.counts(connection, Filters())
    assert (found["all"], found["held"], found["done"], found["person"]) == (40_000, 100, 39_900, 100)
