"""Tokens, pages, filters, idempotency, budget, lag and faults of the e-conomic stand-in (contract 2)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from standin.economic.identifiers import escaped, unescaped
from tests.contract.economic_agreement import Agreement, line
from tests.contract.example_bodies import example_bytes, read

DRAFT = example_bytes("economic", "draft-invoice.create.request")


@pytest.fixture
def agreement() -> Iterator[Agreement]:
    running = Agreement()
    yield running
    running.close()


def post_draft(agreement: Agreement, key: str, body: bytes = DRAFT, **options: Any) -> requests.Response:
    return agreement.call("POST", "/invoices/drafts", body, key=key, **options)


def drafts(agreement: Agreement) -> int:
    return int(agreement.server.counters()["records"]["drafts"])


# --- access ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{"X-AppSecretToken": "wrong"}, {"X-AgreementGrantToken": None}, {"X-AppSecretToken": None}],
)
def test_refuses_without_both_tokens(agreement, headers):
    assert agreement.call("GET", "/self", headers=headers).status_code == 401


def test_demo_tokens_read_only(agreement):
    demo = {"X-AppSecretToken": "demo", "X-AgreementGrantToken": "demo"}
    assert agreement.call("GET", "/customers", headers=demo).status_code == 200
    assert agreement.call("POST", "/invoices/drafts", DRAFT, headers=demo).status_code == 403
    assert drafts(agreement) == 0


def test_refuses_roles_methods_types_and_broken_json(agreement):
    agreement.server.configure({"forbidden_paths": ["/products"]})
    assert agreement.call("GET", "/products").status_code == 403
    assert agreement.call("PATCH", "/invoices/drafts/1").status_code == 405
    assert agreement.call("GET", "/invoices/nothing/here").status_code == 404
    assert agreement.call("POST", "/orders/drafts", {}).status_code == 501
    assert agreement.call("POST", "/invoices/drafts", DRAFT, headers={"Content-Type": "text/plain"}).status_code == 415
    assert agreement.call("POST", "/invoices/drafts", b'{"date": ').status_code == 400


@pytest.mark.parametrize("identifier", ["A.B/1", "2025/2026", "_", "50% + 1 <*>", "blå:kop?#&\\"])
def test_escape_of_ids_is_reversible(identifier):
    assert unescaped(requests.utils.unquote(escaped(identifier))) == identifier


def test_reference_collections_answer(agreement):
    collections = ("vat-zones", "layouts", "units", "payment-terms", "product-groups", "customer-groups", "currencies")
    others = ("accounts", "employees", "departments", "vat-accounts", "accounting-years", "products", "customers")
    for name in (*collections, *others):
        page = agreement.get(f"/{name}", pagesize=1000)
        assert page["pagination"]["results"] == len(page["collection"])
        for row in page["collection"]:
            assert agreement.get(row["self"].removeprefix(agreement.server.url))["self"] == row["self"]
    assert len(agreement.get("/accounting-years/2026/periods")["collection"]) == 12
    assert agreement.get("/accounting-years", sort="-year")["collection"][0]["year"] == "2027"


# --- pages, filters, sorting -----------------------------------------------------------------------------------------


def test_pages_run_to_the_end_and_beyond_is_empty(agreement):
    for number in range(5):
        agreement.draft(f"ref-{number}")
    pages = [agreement.get("/invoices/drafts", pagesize=2, skippages=page) for page in range(4)]
    assert [len(page["collection"]) for page in pages] == [2, 2, 1, 0]
    assert ["nextPage" in page["pagination"] for page in pages] == [True, True, False, False]
    assert ["previousPage" in page["pagination"] for page in pages] == [False, True, True, True]
    followed = agreement.get(pages[0]["pagination"]["nextPage"].removeprefix(agreement.server.url))
    assert followed == pages[1]
    assert agreement.call("GET", "/invoices/drafts?pagesize=1001").status_code == 400
    assert "lines" not in pages[0]["collection"][0]


def test_unencoded_ampersand_in_a_filter_pollutes_the_links(agreement):
    page = read(agreement.call("GET", "/customers?filter=name$eq:Hans&Grete").text)
    assert page["pagination"]["results"] == 0
    assert page["self"].endswith("?skippages=0&pagesize=20&filter=name$eq:Hans&Grete")


@pytest.fixture(scope="module")
def filled() -> Iterator[Agreement]:
    running = Agreement()
    for reference, net, day in (
        ("shop-1-invoice", "8", "02-01"),
        ("shop-2-invoice", "16", "02-03"),
        ("a,b(c)*$", "24", "02-05"),
    ):
        notes = {"textLine1": reference.upper()}
        running.draft(reference, date=f"2026-{day}", notes=notes, lines=[line("SKU-1001", net)])
    running.draft("elsewhere", customer={"customerNumber": 500200}, date="2026-02-07", references={})
    yield running
    running.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("references.other$eq:shop-1-invoice", [1]),
        ("references.other$eq:SHOP-1-INVOICE", [1]),
        ("references.other$eq:shop-1", []),
        ("notes.textLine1$eq:shop-2-invoice", [2]),
        ("references.other$like:invoice", [1, 2]),
        ("references.other$like:shop-*-invoice", [1, 2]),
        ("references.other$like:*invoice", [1, 2]),
        ("references.other$like:invoice*", []),
        ("references.other$eq:a$,b$(c$)$*$$", [3]),
        ("references.other$eq:$null:", [4]),
        ("references.other$ne:$null:", [1, 2, 3]),
        ("references.other$ne:shop-1-invoice", [2, 3, 4]),
        ("date$gte:2026-02-03$and:date$lt:2026-02-07", [2, 3]),
        ("date$gt:2026-02-03$and:(customer.customerNumber$eq:500200$or:references.other$like:a)", [3, 4]),
        ("date$eq:2026-02-01$or:date$gt:2026-02-05$and:customer.customerNumber$eq:500123", [1]),
        ("draftInvoiceNumber$in:[30881,30883]", [1, 3]),
        ("draftInvoiceNumber$nin:[30881,30883]", [2, 4]),
        ("draftInvoiceNumber$lte:30882", [1, 2]),
        ("lastUpdated$gte:2026-02-01T00:00:00Z", [1, 2, 3, 4]),
    ],
)
def test_filter_finds(filled, text, expected):
    page = filled.get("/invoices/drafts", filter=text)
    assert [row["draftInvoiceNumber"] - 30880 for row in page["collection"]] == expected
    assert page["pagination"]["resultsWithoutFilter"] == 4


@pytest.mark.parametrize(
    "text",
    [
        "grossAmount$eq:10",
        "references.other",
        "references.other$eq:a$and:",
        "references.other$is:a",
        "(references.other$eq:a",
        "references.other$eq:a)",
        "references.other$eq:a(b",
        "references.other$eq:a,b",
        "references.other$eq:a*b",
        "references.other$eq:a$b",
        "references.other$in:[a,b]",
        "draftInvoiceNumber$eq:abc",
        "draftInvoiceNumber$like:30",
        "references.other$gt:$null:",
        f"draftInvoiceNumber$in:[{','.join('1' for _ in range(201))}]",
    ],
)
def test_refuses_a_filter_that_makes_no_sense(filled, text):
    reply = filled.call("GET", "/invoices/drafts", params={"filter": text})
    assert reply.status_code == 400, reply.text
    assert read(reply.text)["developerHint"]


def test_refusal_lists_the_filterable_properties(filled):
    for path, name in (("/invoices/booked", "orderNumber"), ("/invoices/booked", "lastUpdated"), ("/layouts", "name")):
        reply = filled.call("GET", path, params={"filter": f"{name}$eq:1"})
        assert reply.status_code == 400
        assert ("references.other" in read(reply.text)["developerHint"]) == (path == "/invoices/booked")


def test_sorts_by_several_properties_and_refuses_others(filled):
    def numbers(sort: str) -> list[int]:
        rows = filled.get("/invoices/drafts", sort=sort)["collection"]
        return [row["draftInvoiceNumber"] - 30880 for row in rows]

    assert numbers("-draftInvoiceNumber") == [4, 3, 2, 1]
    assert numbers("customer.customerNumber,-date") == [3, 2, 1, 4]
    assert numbers("~references.other") == [4, 3, 1, 2]
    for unsortable in ("lastUpdated", "grossAmount"):
        assert filled.call("GET", "/invoices/drafts", params={"sort": unsortable}).status_code == 400


# --- idempotency -----------------------------------------------------------------------------------------------------


def test_repeat_with_the_same_key_answers_from_the_cache(agreement):
    first, second = post_draft(agreement, "k1"), post_draft(agreement, "k1")
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert "X-ResultFromCache" not in first.headers
    assert second.headers["X-ResultFromCache"] == "true"
    counters = agreement.server.counters()
    assert (counters["records"]["drafts"], counters["writes"], counters["effects"]) == (1, 2, 1)


def test_refuses_another_body_or_another_address_under_a_used_key(agreement):
    post_draft(agreement, "k1")
    changed = post_draft(agreement, "k1", DRAFT.replace(b"159.20", b"159.30"))
    moved = agreement.call("POST", "/customers", DRAFT, key="k1")
    assert (changed.status_code, read(changed.text)["errorCode"]) == (400, "PayloadChanged")
    assert (moved.status_code, read(moved.text)["errorCode"]) == (400, "URLChanged")
    assert drafts(agreement) == 1


def test_key_is_forgotten_after_an_hour_by_the_clock(agreement):
    post_draft(agreement, "k1")
    agreement.server.advance(3599)
    assert post_draft(agreement, "k1").headers.get("X-ResultFromCache") == "true"
    agreement.server.advance(1)
    assert "X-ResultFromCache" not in post_draft(agreement, "k1").headers
    assert drafts(agreement) == 2
    assert agreement.server.counters()["doubles"][0]["drafts"] == [30881, 30882]


def test_replays_the_number_of_a_draft_that_is_gone(agreement):
    post_draft(agreement, "k1")
    agreement.call("DELETE", "/invoices/drafts/30881")
    assert read(post_draft(agreement, "k1").text)["draftInvoiceNumber"] == 30881
    assert drafts(agreement) == 0


def test_refusal_is_replayed_too(agreement):
    body = DRAFT.replace(b'"layoutNumber": 19', b'"layoutNumber": 77')
    assert post_draft(agreement, "k1", body).status_code == 400
    agreement.server.standin.state.layouts[77] = {"layoutNumber": 77, "name": "Ny"}
    assert post_draft(agreement, "k1", body).status_code == 400
    assert post_draft(agreement, "k2", body).status_code == 201


@pytest.mark.parametrize(("when", "mode", "made"), [
    ("pause_before", "repeats", 2),
    ("pause_after", "repeats", 2),
    ("pause_before", "deduplicated", 1),
    ("pause_after", "deduplicated", 1),
])  # fmt: skip
def test_repeat_while_the_first_still_runs_is_recognised_by_switch_only(agreement, when, mode, made):
    agreement.server.configure({"concurrent_key": mode})
    agreement.server.faults.set([{"kind": when, "number": 1}])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(requests.post, f"{agreement.server.url}/invoices/drafts", data=DRAFT, timeout=5,
                            headers={**agreement.session.headers, "Content-Type": "application/json",
                                     "Idempotency-Key": "k1"})  # fmt: skip
        agreement.server.wait_until_paused()
        assert post_draft(agreement, "k1").status_code == 201
        agreement.server.resume(1)
        assert first.result(5).status_code == 201
    assert drafts(agreement) == made
    assert post_draft(agreement, "k1").headers["X-ResultFromCache"] == "true"


# --- budget, lag, status ---------------------------------------------------------------------------------------------


def test_calls_cost_tokens_and_an_empty_bucket_refuses(agreement):
    booked = agreement.book(agreement.draft()["draftInvoiceNumber"])["bookedInvoiceNumber"]
    agreement.server.configure({"bucket_size": 15, "bucket_refill_per_s": 0.001})
    first = agreement.call("GET", f"/invoices/booked/{booked}")
    assert (first.headers["X-CallCost"], first.headers["X-RateLimiting"]) == ("13", "limit-15-per-60-seconds: 2/15")
    refused = agreement.call("GET", f"/invoices/booked/{booked}")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 10000
    assert agreement.call("GET", "/self").headers["X-CallCost"] == "1"
    agreement.server.configure({"retry_after": False})
    assert "Retry-After" not in agreement.call("GET", f"/invoices/booked/{booked}").headers
    agreement.server.advance(20000)
    assert agreement.call("GET", f"/invoices/booked/{booked}").status_code == 200


def test_collections_lag_while_single_reads_do_not(agreement):
    agreement.server.configure({"lag_s": 5})
    number = agreement.draft("late")["draftInvoiceNumber"]
    query = {"filter": "references.other$eq:late"}
    assert agreement.get("/invoices/drafts", **query)["collection"] == []
    assert agreement.get(f"/invoices/drafts/{number}")["draftInvoiceNumber"] == number
    agreement.server.advance(5)
    assert len(agreement.get("/invoices/drafts", **query)["collection"]) == 1
    agreement.book(number)
    seen = [agreement.get(f"/invoices/{kind}", **query)["collection"] for kind in ("drafts", "booked")]
    assert seen == [[], []]
    agreement.server.advance(5)
    assert len(agreement.get("/invoices/booked", **query)["collection"]) == 1


def test_creation_can_answer_200(agreement):
    agreement.server.configure({"created_status": 200})
    assert post_draft(agreement, "k").status_code == 200


@pytest.mark.parametrize("settings", [{"colour": 1}, {"rounding": "up"}])
def test_refuses_an_unknown_setting(agreement, settings):
    with pytest.raises(ValueError, match="no setting"):
        agreement.server.configure(settings)


# --- faults and snapshots --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ({"kind": "request_lost"}, 0),
        ({"kind": "answer_lost"}, 1),
        ({"kind": "error_500"}, 0),
        ({"kind": "error_500", "effect": True}, 1),
        ({"kind": "error_502_html", "effect": True}, 1),
        ({"kind": "reset_mid_body"}, 1),
        ({"kind": "cut_json"}, 1),
        ({"kind": "rate_limited_seconds"}, 0),
        ({"kind": "timeout", "hold_s": 0}, 0),
        ({"kind": "late_commit", "hold_s": 0, "delay_s": 60}, 0),
    ],
)
def test_repeat_after_a_fault_makes_one_draft(agreement, fault, made):
    agreement.server.faults.set([{**fault, "number": 1}])
    try:
        post_draft(agreement, "k1", timeout=2)
    except requests.RequestException:
        assert fault["kind"] in {"request_lost", "answer_lost", "reset_mid_body", "timeout", "late_commit"}
    assert drafts(agreement) == made
    agreement.server.advance(180)
    assert read(post_draft(agreement, "k1").text)["draftInvoiceNumber"] == 30881
    assert drafts(agreement) == 1
    assert agreement.server.counters()["doubles"] == []


def test_repeat_before_a_late_commit_makes_two_drafts(agreement):
    agreement.server.faults.set([{"kind": "late_commit", "number": 1, "hold_s": 0, "delay_s": 60}])
    with pytest.raises(requests.ConnectionError):
        post_draft(agreement, "k1")
    assert post_draft(agreement, "k1").status_code == 201
    agreement.server.advance(60)
    assert drafts(agreement) == 2
    assert agreement.server.counters()["doubles"] != []


def test_snapshot_takes_the_cached_answers_along(agreement):
    post_draft(agreement, "k1")
    state = agreement.server.snapshot()
    post_draft(agreement, "k2")
    agreement.server.restore(state)
    assert drafts(agreement) == 1
    assert post_draft(agreement, "k1").headers["X-ResultFromCache"] == "true"
    assert "X-ResultFromCache" not in post_draft(agreement, "k2").headers
    agreement.server.reset()
    assert read(post_draft(agreement, "k1").text)["draftInvoiceNumber"] == 30881


def test_state_is_readable_over_http(agreement):
    agreement.draft()
    state = requests.get(f"{agreement.server.url}/_standin/state", timeout=5).json()
    assert state["drafts"]["30881"]["references"] == {"other": "SHOP1-10000457"}
