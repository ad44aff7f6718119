"""Debian's Chromium without a screen, for browser tests and screenshots: found, started, and kept on this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Frame, FrameLocator, Page, sync_playwright

from stack.airflow import Stack
from stack.chromium import chromium

WIDTH, HEIGHT = 1440, 900
# Airflow's pages are made by its script: on a busy machine the first one takes many seconds.
PATIENCE_MS = 60_000
# Nothing outside this machine is asked for, by the browser itself neither.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run Chromium for the block."""
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium refuses root with its sandbox
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *sandbox])
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser: Browser, width: int = WIDTH, height: int = HEIGHT) -> Page:
    """Open a window of its own: no cookies, times in Danish order, Danish time."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-DK", timezone_id="Europe/Copenhagen"
    )
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


def sign_in(page: Page, stack: Stack, user: str | None = None, password: str | None = None) -> None:
    """Sign in on Airflow's own page, as `stack`'s user by default; nothing to do where everyone is an administrator."""
    page.goto(stack.url)
    if stack.user is None:
        return
    page.locator("input[name=username]").fill(user or stack.user)
    page.locator("input[name=password]").fill(password or stack.password or "")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Home").first.wait_for()


def open_transfers(page: Page, stack: Stack, path: str = "list") -> FrameLocator:
    """Open the Transfers page inside Airflow, with the filters in `path`, and return its frame once it is filled."""
    page.goto(f"{stack.url}/plugin/transfers/pakhus/transfers/{path}")
    return filled(page)


def filled(page: Page) -> FrameLocator:
    """Wait until the Transfers page in Airflow's frame shows what it was asked for, and return the frame."""
    frame = page.frame_locator("iframe[title=Transfers]")
    frame.locator("body[data-ready]").wait_for()
    return frame


def inner(page: Page) -> Frame:
    """The Transfers page's own frame, to ask its document about itself."""
    return next(frame for frame in page.frames if frame.parent_frame and "/pakhus/transfers/" in frame.url)
