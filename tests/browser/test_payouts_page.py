"""A person at the payouts: sees what is not paid out, says what a line is, and what was said stays to be read.

The page stands alone here, without Airflow around it: what it shares with the Transfers page is tested there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.transfers_page.access import require_reader, require_sender
from apps.transfers_page.app import transfers_app
from apps.transfers_page.ledger_reader import LedgerReader
from pakhus.ledger.connection import Ledger
from stack.browser import new_page
from tests.apps.hooked import serving
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, balance, pay, paying
from tests.flows.test_payout_decisions import GIFT_CARDS, KEY, STRANGE, include_with_account
from tests.flows.test_payouts import PAID, file, reason, settling
from tests.flows.world import World, world


@pytest.fixture
def at(fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A payout with a payment that nobody knows."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_account(tmp_path)))
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        settling(changed).run([file(*STRANGE)])
        yield changed


@pytest.fixture
def page(at: World, browser: Browser) -> Iterator[Page]:
    app = transfers_app(LedgerReader(lambda: at.ledger.url), lambda: Ledger(at.ledger.url))
    app.dependency_overrides[require_reader] = lambda: None
    app.dependency_overrides[require_sender] = lambda: "anna"
    with serving(app, "/pakhus/transfers") as url:
        opened = new_page(browser)
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.goto(f"{url}/pakhus/transfers/payouts")
        opened.locator("body[data-ready]").wait_for()
        yield opened
        assert problems == []
        opened.context.close()


def test_says_what_a_line_is_and_reads_it_afterwards(page: Page, at: World) -> None:
    expect(page.get_by_role("table", name="What is captured and not paid out")).to_contain_text("966")
    payout = page.get_by_role("article", name=KEY)
    expect(payout).to_contain_text("Line 4: Payment")
    expect(payout).to_contain_text("No document was found")

    form = payout.get_by_role("form", name="What line 4 is")
    form.get_by_label("What it is").select_option("post")
    form.get_by_label("Account", exact=True).fill(str(GIFT_CARDS))
    form.get_by_label("Note").fill("gift card of the old shop")
    form.get_by_role("button", name="Note this").click()
    expect(form.get_by_role("status")).to_have_text("The next run posts it there.")

    page.reload()
    expect(page.get_by_role("article", name=KEY)).to_contain_text("anna: post")
    settling(at).run([])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (reason(at), balance(at, 5825), balance(at, GIFT_CARDS)) == ("payout_journaled", 0, -100)
    page.reload()
    expect(page.get_by_role("table", name="The newest payouts")).to_contain_text("2026-50001")
    expect(page.get_by_text("every payment that was captured is paid out")).to_be_visible()


def test_a_link_without_its_document_is_refused_by_the_page_and_a_wrong_one_by_the_ledger(page: Page) -> None:
    form = page.get_by_role("form", name="What line 4 is")
    form.get_by_label("Key of the document").fill("nordlys-1-payment1")
    form.get_by_role("button", name="Note this").click()
    expect(form.get_by_role("status")).to_contain_text("stands on the clearing account")
