"""What people do on pages, found the way they find it: by labels, names and links."""

import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

_PATIENCE_SECONDS = 40


def retry(look: Callable[[], None]) -> None:
    """Do something again until it finds what it looks for; what jobs bring may take a while."""
    patient_until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < patient_until:
        try:
            return look()
        except AssertionError:
            time.sleep(0.2)
    return look()


def row_of(page: Page, *texts: str) -> Locator:
    """Find the row of a list that holds all of these texts."""
    row = page.locator("[data-row]")
    for text in texts:
        row = row.filter(has_text=text)
    return row


def see_in_inbox(page: Page, case: str, task: str) -> None:
    """Search the inbox until a task is there; the worker may take a moment before it opens."""

    def look() -> None:
        page.goto(f"/tasks?q={quote(case)}")
        expect(row_of(page, case, task)).to_be_visible(timeout=200)

    retry(look)


def claim_from_inbox(page: Page, case: str, task: str) -> None:
    """Wait for a task in the inbox and claim it there; its page opens."""
    see_in_inbox(page, case, task)
    row_of(page, case, task).get_by_role("button", name="Claim").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(task)


def group(page: Page, label: str) -> Locator:
    """Find what belongs to one question or table of a form."""
    return page.get_by_role("group", name=re.compile(f"^{re.escape(label)}"))


def field(page: Page | Locator, label: str) -> Locator:
    """Find a field by its whole label; a cell of a table also by it without the table's name."""
    if ", row " in label:
        return page.get_by_label(re.compile(f": {re.escape(label)}$"))
    return page.get_by_label(label, exact=True)


def fact(page: Page, label: str) -> Locator:
    """Find what a page tells of a record under this label."""
    return page.locator(f'dt:text-is("{label}") + dd')


def see_at_rest(page: Page) -> None:
    """Wait until no part of the page is being drawn again, so that nothing moves under a click."""
    expect(page.locator(".htmx-request")).to_have_count(0)


def write(page: Page | Locator, texts: Mapping[str, str]) -> None:
    """Type into fields by their labels."""
    for label, text in texts.items():
        field(page, label).fill(text)


def choose(page: Page | Locator, choices: Mapping[str, str]) -> None:
    """Choose from lists by their labels."""
    for label, option in choices.items():
        field(page, label).select_option(label=option)


def pick(page: Page, answers: Mapping[str, str]) -> None:
    """Pick one of several buttons by the question above them."""
    for question, answer in answers.items():
        option = group(page, question).get_by_role("radio", name=answer, exact=True)
        see_at_rest(page)
        option.check(force=True)  # a card covers its own button
        expect(option).to_be_checked()


def tick(page: Page, question: str, *answers: str) -> None:
    """Tick some of several boxes by the question above them."""
    for answer in answers:
        see_at_rest(page)
        group(page, question).get_by_role("checkbox", name=answer).check()


def add_row(page: Page, label: str, number: int) -> None:
    """Add a row to a table and wait until it can be typed into."""
    see_at_rest(page)
    page.get_by_role("button", name=f"Add a row to {label}").click()
    expect(page.get_by_role("button", name=f"Remove row {number} of {label}")).to_be_visible()


def complete(page: Page) -> None:
    """Hand the form in."""
    see_at_rest(page)
    page.get_by_role("button", name="Complete", exact=True).click()


def require_done(page: Page, task: str) -> None:
    """See that a task was completed."""
    expect(page.get_by_role("status").filter(has_text=f"“{task}” is completed.")).to_be_visible()
