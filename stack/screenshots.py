"""Pictures of Airflow with the demo played in it, for the README and the documentation: docs/screenshots/*.png.

Each is taken when what it shows is there, in a window of one size, light, in Danish time; a page that does not come
is loaded again. Nothing of them is made up: they show what the play left, and one question that is asked for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Error, Page

from pakhus.ledger.transfers import listing
from pakhus.ledger.transfers.listing import Filters, OrderRow
from pakhus.ledger.transfers.reading import reading_engine
from stack import ROOT
from stack.airflow import Stack
from stack.browser import filled, inner, new_page, open_browser, open_transfers, sign_in
from stack.rest import AirflowApi
from stack.waiting import Say, TimedOutError, wait_until

DIRECTORY = ROOT / "docs" / "screenshots"
MOST_BYTES = 250_000
TRIES = 3
SETTLED_MS = 1500  # after the last text: charts and icons of Airflow's pages come a little later
QUESTION_WITHIN_S = 120
SHOP = "nordlys"


@dataclass(frozen=True, slots=True)
class Picture:
    """A file's name, and what brings the page into the state that it shows."""

    name: str
    show: Callable[[Page], object]


def take_screenshots(stack: Stack, urls: Mapping[str, str], say: Say, directory: Path = DIRECTORY) -> list[Path]:
    """Take all pictures; raises `playwright.sync_api.Error` when one cannot be taken, ValueError when it is too big."""
    directory.mkdir(parents=True, exist_ok=True)
    _ask_somebody(stack.api, say)
    taken = []
    with open_browser() as browser:
        page = new_page(browser)
        sign_in(page, stack)
        for picture in _pictures(stack, urls):
            say(f"taking {picture.name}.png")
            file = directory / f"{picture.name}.png"
            _take(page, picture, file)
            taken.append(file)
    return taken


def _take(page: Page, picture: Picture, file: Path) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            picture.show(page)
            break
        except Error:
            if attempt == TRIES:
                raise
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=file, animations="disabled", caret="hide")
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{file} has {size} bytes, at most {MOST_BYTES} are wanted")


def _pictures(stack: Stack, urls: Mapping[str, str]) -> Iterator[Picture]:
    yield Picture("dags", lambda page: _airflow(page, f"{stack.url}/dags", f"{SHOP}__orders"))
    yield Picture("grid", lambda page: _airflow(page, f"{stack.url}/dags/{SHOP}__orders", "reserve"))
    yield Picture("transfers", lambda page: _transfers(page, stack, "list"))
    yield Picture("needs-a-person", lambda page: _transfers(page, stack, "list?status=person"))
    held = _orders(stack, "held")
    if held:
        path = f"order?id={_most_telling(held).id}"
        yield Picture("order", lambda page: _transfers(page, stack, path))
    question = next((asked for row in held for asked in _questions(row)), None)
    where = question or "/required_actions?response_received=false"
    yield Picture("decision", lambda page: _decision(page, f"{stack.url}{where}", asked=question is not None))
    if "page" in urls:
        yield Picture("systems", lambda page: _settled(page, urls["page"]))


def _airflow(page: Page, url: str, text: str) -> None:
    """Open one of Airflow's own pages, and wait for a text of it."""
    page.goto(url)
    page.get_by_text(text).first.wait_for()
    _quiet(page)


def _transfers(page: Page, stack: Stack, path: str) -> None:
    open_transfers(page, stack, path)
    filled(page)
    if inner(page).locator("[role=alert]:visible").count():
        raise Error(f"the Transfers page has a message instead of {path}")


def _decision(page: Page, url: str, *, asked: bool) -> None:
    """Open Required Actions; where somebody is asked, with the answers on offer in sight."""
    _airflow(page, url, "Required Actions")
    if asked:
        page.get_by_role("dialog").get_by_role("button").last.scroll_into_view_if_needed()


def _settled(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("h1").first.wait_for()


def _quiet(page: Page) -> None:
    """Wait until nothing is being loaded, as far as a page that polls ever is."""
    try:
        page.wait_for_load_state("networkidle", timeout=10_000)
    except Error:
        return


def _ask_somebody(api: AirflowApi, say: Say) -> None:
    """Let the shop's questions be asked now, so that there is one to see."""
    dag = f"{SHOP}__questions"
    if dag not in api.dag_ids():
        return
    say("asking about what is held")
    api.unpause(dag)
    api.wait_for_run(dag, api.trigger(dag), QUESTION_WITHIN_S)

    def asked() -> bool:
        return bool(api.request("GET", "/dags/~/dagRuns/~/hitlDetails", response_received="false")["hitl_details"])

    try:
        wait_until(asked, "a question", QUESTION_WITHIN_S)
    except TimedOutError:
        say("nobody is asked anything: the pictures show no question")


def _orders(stack: Stack, status: str) -> tuple[OrderRow, ...]:
    """The newest orders of the first shop with a document at a status."""
    engine = reading_engine(stack.ledger_url)
    with engine.connect() as connection:
        rows = listing.orders(connection, Filters(scope=SHOP, status=status)).rows
    engine.dispose()
    return rows


def _most_telling(rows: Sequence[OrderRow]) -> OrderRow:
    """The order with an open question, else the one for which most was done."""
    return max(rows, key=lambda row: (bool(list(_questions(row))), sum(one.status == "done" for one in row.documents)))


def _questions(row: OrderRow) -> Iterator[str]:
    """Where in Airflow the open questions about an order's documents are answered."""
    for document in row.documents:
        asked = document.open_question
        if asked is not None and asked.run_id:
            yield f"/dags/{document.scope}__decisions/runs/{quote(asked.run_id)}/required_actions"
