"""What browser tests share: one browser, one live server, and people who have signed in."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

from tests.browser.live import LiveServer, Sample, live_server, make_sample
from tests.browser.watching import Watch

DESKTOP = 1280
PHONE = 390
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_MS = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder, and keep it on one worker: it shares server and browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, sample: Sample) -> Iterator[LiveServer]:
    """A running ssflow with the sample organisation."""
    with live_server(tmp_path_factory.mktemp("live"), sample) as server:
        server.add_money()
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser: SSFLOW_BROWSER, else one on the PATH, else Playwright's own."""
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        yield browser
        browser.close()


def _launch(playwright: Playwright) -> Browser:
    found = os.environ.get("SSFLOW_BROWSER") or next(
        filter(None, map(shutil.which, _PROGRAMS)), None
    )
    try:
        return playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
    except BrowserError as error:
        reason = f"No browser: set SSFLOW_BROWSER, or run `playwright install chromium`. {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


class OpenAs(Protocol):
    def __call__(
        self, name: str | None, *, width: int = ..., is_dark: bool = ..., **options: Any
    ) -> Page: ...


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in, by name."""
    return {}


@pytest.fixture
def watch() -> Watch:
    """What the browser complained about; a test that expects an error says so here."""
    return Watch()


@pytest.fixture
def open_as(
    live: LiveServer, browser: Browser, sessions: dict[str, Any], watch: Watch
) -> Iterator[OpenAs]:
    """Give a page on which somebody has signed in; None is a stranger. Complaints fail the test."""
    opened: list[BrowserContext] = []

    def open_page(
        name: str | None, *, width: int = DESKTOP, is_dark: bool = False, **options: Any
    ) -> Page:
        if name is not None and name not in sessions:
            sessions[name] = _sign_in(browser, live.sign_in_link(name))
        context = browser.new_context(
            base_url=live.url,
            viewport={"width": width, "height": 900},
            locale="en-GB",
            timezone_id="Europe/Amsterdam",
            color_scheme="dark" if is_dark else "light",
            storage_state=sessions.get(name or ""),
            **options,
        )
        context.set_default_timeout(_PATIENCE_MS)
        opened.append(context)
        watch.over(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()
    watch.require_silence()


def _sign_in(browser: Browser, link: str) -> Any:
    """Follow a sign-in link, whose code fills itself in; gives the cookies."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(link)
        page.wait_for_url(re.compile("/(tasks|profile)"))
        return context.storage_state()
