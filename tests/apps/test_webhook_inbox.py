"""The inbox for webhooks: what it takes, what it refuses, and that a slow database slows down nobody else."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from http.client import HTTPConnection

import psycopg
import pytest
from sqlalchemy import text

from apps import webhook_inbox
from apps.webhook_inbox import ANSWER_WITHIN_S, MOST_BYTES, webhook_app
from pakhus.flows.webhooks import INBOX_PATH, ensure
from pakhus_plugin import WEBHOOK_INBOX
from stack.waiting import loopback_session, wait_until
from tests.apps.conftest import Hooked
from tests.apps.hooked import BEFORE, FOREIGN, SECRET, StallingProxy, order, serving, signed, timed, waiting
from tests.failures.people import personal_texts
from tests.flows.world import World
from tests.operators.test_shop_operators import connections_of

pytestmark = pytest.mark.airflow
MARGIN_S = 1.5  # of a busy machine


def test_keeps_of_a_delivery_only_which_order_it_was_about(hooked: Hooked) -> None:
    assert hooked.send(order(1042, billing={"email": "lise@example.dk"})) == 200
    assert waiting(hooked.ledger) == {"1042": 1}
    with hooked.ledger.begin() as tx:
        rows = tx.connection.execute(text("select inbox::text from inbox")).scalars().all()
    assert not any("lise" in row for row in rows)


def test_counts_the_same_hint_while_it_waits(hooked: Hooked) -> None:
    assert [hooked.send(order(1042)) for _ in range(5)] == [200] * 5
    assert waiting(hooked.ledger) == {"1042": 5}


def test_takes_the_secret_before_while_the_shop_changes_to_the_new_one(hooked: Hooked) -> None:
    assert hooked.send(order(7), signed(order(7), BEFORE, hooked.source)) == 200
    assert waiting(hooked.ledger) == {"7": 1}


def test_answers_a_ping_for_every_shop_alike(hooked: Hooked) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert [hooked.send(b"webhook_id=1", form, shop) for shop in ("nordlys", "fjordliv", "nobody")] == [200] * 3
    assert waiting(hooked.ledger) == {}


@pytest.mark.parametrize("wrong", ["secret", "body", "no signature", "source", "no source", "unknown shop", "off"])
def test_refuses_what_is_not_the_shops_and_never_says_why(hooked: Hooked, wrong: str) -> None:
    body = order(1042)
    headers = signed(body, "x" * 32 if wrong == "secret" else SECRET, FOREIGN if wrong == "source" else hooked.source)
    if wrong == "no signature":
        del headers["X-WC-Webhook-Signature"]
    if wrong == "no source":
        del headers["X-WC-Webhook-Source"]
    shop = {"unknown shop": "bornholm", "off": "fjordliv"}.get(wrong, "nordlys")
    assert hooked.send(order(1043) if wrong == "body" else body, headers, shop) == 403
    assert waiting(hooked.ledger) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'"1042"',
        b'{"id": null}',
        b'{"id": {}}',
        b'{"code": "gone"}',
        b"\xff\x00",
        b"[" * 100000,
    ],
)
def test_signed_garbage_asks_for_nothing(hooked: Hooked, body: bytes) -> None:
    assert hooked.send(body, signed(body, SECRET, hooked.source)) == 200
    assert waiting(hooked.ledger) == {}


def test_leaves_out_what_no_flow_reads(hooked: Hooked) -> None:
    body = order(55)
    assert hooked.send(body, signed(body, SECRET, hooked.source, resource="product")) == 200
    with hooked.ledger.begin() as tx:
        assert tx.connection.execute(text("select count(*) from inbox")).scalar_one() == 0


def test_takes_an_order_as_large_as_it_may_be(hooked: Hooked) -> None:
    frame = len(order(1, text=""))
    assert hooked.send(order(1, text="x" * (MOST_BYTES - frame))) == 200
    assert waiting(hooked.ledger) == {"1": 1}


def test_refuses_a_larger_one_by_its_header_before_it_is_sent(hooked: Hooked) -> None:
    host, _, port = hooked.url.removeprefix("http://").partition(":")
    with closing(HTTPConnection(host, int(port), timeout=15)) as connection:
        connection.putrequest("POST", "/pakhus/hooks/nordlys")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_refuses_a_larger_one_that_does_not_say_how_large_it_is(hooked: Hooked) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50 * MOST_BYTES:
            sent += 65536
            yield b"x" * 65536

    with suppress(OSError):  # it hangs up on us before we have sent it all
        assert hooked.send(endless(), signed(b"", SECRET, hooked.source)) == 413
    assert sent < 20 * MOST_BYTES
    assert waiting(hooked.ledger) == {}
    assert hooked.send(order(1)) == 200


def test_has_one_route_and_no_page_that_describes_it(hooked: Hooked) -> None:
    for path in ("/pakhus/hooks", "/pakhus/hooks/docs", "/pakhus/hooks/openapi.json", "/pakhus/hooks/nordlys"):
        assert hooked.session.get(hooked.url + path, timeout=5).status_code in (404, 405)
    assert hooked.session.post(f"{hooked.url}/pakhus/hooks/nordlys/x", timeout=5).status_code == 404


def test_a_new_secret_is_taken_without_a_restart(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.hooked_shops._YOUNG_S", 0.0)
    assert hooked.send(order(1)) == 200
    newest = "another0secret1of2letters3and4digits"
    fields = connections_of(hooked.world)["woocommerce__nordlys"]
    fields["extra"] = {"webhook_secret": newest, "webhook_secret_before": SECRET}
    monkeypatch.setenv("AIRFLOW_CONN_WOOCOMMERCE__NORDLYS", json.dumps(fields))
    assert hooked.send(order(2), signed(order(2), newest, hooked.source)) == 200
    assert hooked.send(order(3)) == 200
    assert hooked.send(order(4), signed(order(4), BEFORE, hooked.source)) == 403
    assert sorted(waiting(hooked.ledger)) == ["1", "2", "3"]


def test_a_connection_that_is_away_for_a_moment_changes_nothing(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.hooked_shops._OLD_S", 0.0)
    assert hooked.send(order(1)) == 200
    monkeypatch.delenv("AIRFLOW_CONN_WOOCOMMERCE__NORDLYS")
    assert hooked.send(order(2)) == 200


def test_strangers_cause_one_log_line_a_minute_and_nothing_of_theirs_breaks_it(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(30):
            hooked.send(b"{}", {}, "nord%09lys")
    [line] = [record.getMessage() for record in caplog.records if record.name == "apps.webhook_inbox"]
    assert (
        line == r"a webhook was answered with 403: to 'nord\tlys': WooCommerce: a webhook's signature does not "
        "match our secret"
    )


# --- the shop itself ----------------------------------------------------------------------------------------------


def test_an_order_placed_in_the_shop_is_hinted_at_and_read_without_the_list(nordlys: World) -> None:
    with serving(webhook_app()) as url:
        webhooks = nordlys.settings.webhooks.model_copy(update={"address": url})
        nordlys.settings = nordlys.settings.model_copy(update={"webhooks": webhooks})
        states = ensure(nordlys.shop, nordlys.ledger, nordlys.settings, SECRET)
        assert all(state.active for state in states)
        placed = nordlys.act(action="place_order", items=[{"sku": "NH-1000", "quantity": 1}], payment_method="cod")
        nordlys.act(action="run_webhooks")
        number = str(placed["order"])
        wait_until(lambda: number in waiting(nordlys.ledger), "the hint", 10)
    dump = nordlys.shop_server.dump()
    texts = personal_texts(nordlys)
    with nordlys.ledger.begin() as tx:
        rows = " ".join(tx.connection.execute(text("select inbox::text from inbox")).scalars())
    assert dump
    assert not any(person in rows for person in texts)
    nordlys.observe()
    assert number not in waiting(nordlys.ledger)


# --- slow and dead databases --------------------------------------------------------------------------------------


@pytest.fixture
def proxy(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[StallingProxy]:
    """What stands between the inbox and the ledger's database."""
    fields = connections_of(nordlys)["pakhus_ledger"]
    proxy = StallingProxy(fields["host"], fields["port"])
    monkeypatch.setenv("AIRFLOW_CONN_PAKHUS_LEDGER", json.dumps({**fields, "port": proxy.port}))
    yield proxy
    proxy.hang_up()


def test_a_locked_inbox_is_answered_in_time_and_others_do_not_wait(hooked: Hooked) -> None:
    assert hooked.send(order(1)) == 200
    with psycopg.connect(hooked.ledger.url.replace("+psycopg", "")) as locking:
        locking.execute("lock table inbox in access exclusive mode")
        assert_bounded(hooked)
    assert hooked.send(order(99)) == 200


def test_a_database_that_does_not_answer_is_answered_in_time_and_others_do_not_wait(
    hooked: Hooked, proxy: StallingProxy
) -> None:
    assert hooked.send(order(1)) == 200
    proxy.stall()
    assert_bounded(hooked)
    proxy.flow()
    wait_until(lambda: hooked.send(order(99)) == 200, "the inbox to take hints again", 20)
    late = {str(number) for number in range(10, 14)}
    wait_until(lambda: late <= waiting(hooked.ledger).keys(), "what was answered with 503 to be written", 20)


def test_a_dead_database_is_answered_with_try_later(hooked: Hooked, proxy: StallingProxy) -> None:
    proxy.hang_up()
    status, took_s = timed(lambda: hooked.send(order(1)))
    assert status == 503
    assert took_s < ANSWER_WITHIN_S + MARGIN_S


def assert_bounded(hooked: Hooked) -> None:
    """Deliveries are answered with 503 in time; while they wait, other requests are answered at once."""
    with ThreadPoolExecutor(4) as senders:
        sending = [senders.submit(timed, lambda number=number: hooked.send(order(number))) for number in range(10, 14)]
        other = loopback_session()
        slowest = max(timed(lambda: other.get(f"{hooked.url}/other", timeout=5))[1] for _ in range(50))
        answers = [future.result() for future in sending]
    assert slowest < 0.5
    assert [status for status, _ in answers] == [503] * 4
    assert max(took_s for _, took_s in answers) < ANSWER_WITHIN_S + MARGIN_S


def test_more_at_once_than_it_holds_are_sent_away_at_once(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_inbox, "_MOST_AT_ONCE", 2)
    half_sent, release = threading.Semaphore(0), threading.Event()

    def slow() -> Iterator[bytes]:
        yield b"{"
        half_sent.release()
        release.wait(10)
        yield b"}"

    def send_slowly() -> int:
        return replace(hooked, session=loopback_session()).send(slow(), {})

    with ThreadPoolExecutor(2) as senders:
        held = [senders.submit(send_slowly) for _ in range(2)]
        assert all(half_sent.acquire(timeout=10) for _ in held)
        time.sleep(0.3)  # what was sent has arrived
        assert hooked.send(order(1)) == 503
        release.set()
        assert [future.result() for future in held] == [403] * 2
    assert hooked.send(order(1)) == 200


def test_the_plugin_serves_the_inbox_where_the_shop_is_told_it_is(nordlys: World) -> None:
    assert WEBHOOK_INBOX["url_prefix"] == INBOX_PATH
    with serving(WEBHOOK_INBOX["app"]) as url:
        hooked = Hooked(url, nordlys, loopback_session())
        assert hooked.send(order(3)) == 200
    assert waiting(nordlys.ledger) == {"3": 1}
