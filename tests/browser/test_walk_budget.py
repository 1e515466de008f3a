"""A budget from the finance manager's start to the approved year, through everybody's inbox."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import (
    choose,
    claim_from_inbox,
    complete,
    fact,
    group,
    pick,
    require_done,
    retry,
    row_of,
    see_in_inbox,
    write,
)
from tests.browser.live import LiveServer, MovedClock
from tests.browser.walks import read_walk, walk_server
from tests.browser.watching import Watch

CASE = "Budget 2027"
NUMBER = "BUD-2027-0001"


@pytest.fixture(scope="module")
def clock() -> MovedClock:
    """The server's clock: the day of the walk, and days go by when the test says so."""
    return MovedClock()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, clock: MovedClock) -> Iterator[LiveServer]:
    """A server of its own, with the people and records of the walk."""
    walk = read_walk("finance/fin_budget_cycle.scenarios.json", "W3.1 ")
    with walk_server(tmp_path_factory.mktemp("budget"), walk, clock) as server:
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in to this server."""
    return {}


def test_a_budget_is_planned_approved_and_paid_for_by_hand(
    open_as: OpenAs, clock: MovedClock, sessions: dict[str, Any], watch: Watch
) -> None:
    manager = open_as("fia")
    _start(manager)
    _set_guidelines(manager, watch)
    watch.expect(401)  # nobody stays signed in for so long, and inboxes still open ask for news
    clock.let_pass(timedelta(days=23, hours=6))  # the holders are reminded
    sessions.clear()
    _submit_month_by_month(open_as("hanna"), watch)
    _submit(open_as("hugo"), "personnel of Hugo", "206000")
    _submit(open_as("hilde"), "infrastructure of Hilde", "48000")
    _submit(open_as("hans"), "software of Hans", "102000", case="BC-2026-0001")
    _verify(open_as("anna"))
    _approve(open_as("dirk"))
    _agree_to_pay(open_as("kim"), "Acme Production")
    _agree_to_pay(open_as("karl"), "Acme Sales")
    manager = open_as("fia")
    _see_it_approved(manager)
    _see_the_records(manager)
    _see_who_did_what(manager)


def _start(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start something").click()
    page.get_by_role("link", name="Annual budget").click()
    write(page, {"Fiscal year": "2027"})
    page.get_by_role("button", name="Start the case").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set guidelines")


def _set_guidelines(page: Page, watch: Watch) -> None:
    expect(page.get_by_text("Spent in the last twelve months")).to_contain_text("466,000")
    write(
        page,
        {
            "Inflation in %": "2",
            "Growth in %": "1",
            "Most capital expenditure": "50000",
            "Most operational costs": "330000",
            "Most strategic investments": "109800",
            "Contingency in %": "3",
            "Lines are due on": "2026-08-10",
            "What holders must know": "Say what grows.",
        },
    )
    watch.expect(422)
    complete(page)
    expect(page.get_by_role("alert")).to_contain_text("at least ten working days")
    write(page, {"Lines are due on": "2026-09-01"})
    complete(page)
    require_done(page, "Set guidelines")


def _submit_month_by_month(page: Page, watch: Watch) -> None:
    _open_own(page, "Submit budget lines")
    expect(page.get_by_text("Say what grows.")).to_be_visible()
    lines = group(page, "Lines")
    write(lines, {"What for": "software of Hanna", "Amount": "124000"})
    choose(lines, {"Spread over the year": "Month by month"})
    write(lines, {"January": "62000", "July": "61000"})
    page.get_by_role("checkbox", name="These lines are complete.").check(force=True)
    watch.expect(422)
    complete(page)
    expect(page.get_by_role("alert")).to_contain_text("The twelve months must sum to the amount.")
    write(lines, {"July": "62000"})
    complete(page)
    require_done(page, "Submit budget lines")


def _submit(page: Page, name: str, amount: str, case: str | None = None) -> None:
    _open_own(page, "Submit budget lines")
    lines = group(page, "Lines")
    write(lines, {"What for": name, "Amount": amount})
    if case:
        choose(lines, {"Business case": case})
    page.get_by_role("checkbox", name="These lines are complete.").check(force=True)
    complete(page)
    require_done(page, "Submit budget lines")


def _verify(page: Page) -> None:
    claim_from_inbox(page, CASE, "Verify the lines")
    expect(page.get_by_role("heading", name=f"{NUMBER}: budget 2027")).to_be_visible()
    expect(page.get_by_text("All lines: 480,000.00")).to_be_visible()
    pick(page, {"Are category and class of all other lines right?": "Yes"})
    complete(page)
    require_done(page, "Verify the lines")


def _approve(page: Page) -> None:
    claim_from_inbox(page, CASE, "Decide as IT director")
    pick(page, {"Decision": "Approve"})
    complete(page)
    require_done(page, "Decide as IT director")


def _agree_to_pay(page: Page, customer: str) -> None:
    _open_own(page, "Confirm your share")
    expect(page.get_by_text(customer)).to_be_visible()
    pick(page, {"Do you confirm your share?": "Yes, we pay it"})
    complete(page)
    require_done(page, "Confirm your share")


def _see_it_approved(page: Page) -> None:
    def look() -> None:
        page.goto("/instances")
        page.get_by_role("link", name=CASE).first.click()
        expect(page.get_by_text(re.compile(r"ended .*: Approved"))).to_be_visible(timeout=300)

    retry(look)
    _require_way(
        page,
        passed=("S_open", "SP_lines", "U_director", "SP_fund", "E_approved"),
        not_passed=("C_itsg", "S_continue", "E_rejected"),
    )
    page.locator('[data-container-id="SP_lines"] .bjs-drilldown').click()
    _require_way(
        page,
        passed=("SP_submit", "U_consolidate"),
        not_passed=("SP_fix", "U_challenge", "U_prioritise"),
    )


def _require_way(page: Page, passed: Sequence[str], not_passed: Sequence[str]) -> None:
    for element in passed:
        expect(_drawn(page, element)).to_contain_class("mark-done")
    for element in not_passed:
        expect(_drawn(page, element)).to_be_visible()
        expect(_drawn(page, element)).not_to_contain_class("mark-done")


def _drawn(page: Page, element: str) -> Locator:
    return page.locator(f'.djs-element[data-element-id="{element}"]')


def _see_the_records(page: Page) -> None:
    written = page.get_by_role("region", name="Records that it wrote")
    for name in ("personnel of Hugo", "infrastructure of Hilde", "software of Hans"):
        expect(written.get_by_role("link", name=name)).to_be_visible()
    written.get_by_role("link", name="software of Hanna").click()
    facts = {"Holder": "Hanna", "Amount": "EUR 124,000", "Approved last": "EUR 120,000"}
    for label, value in facts.items():
        expect(fact(page, label)).to_have_text(value)
    page.goto("/registers/Budget")
    page.get_by_role("link", name=NUMBER).click()
    expect(fact(page, "State")).to_have_text("approved")
    expect(fact(page, "Fiscal year")).to_have_text("2027")


def _see_who_did_what(page: Page) -> None:
    page.goto("/instances")
    page.get_by_role("link", name=CASE).first.click()
    page.get_by_role("link", name="History").click()
    timer = page.get_by_role("listitem").filter(has_text="Time was up Five working days left")
    expect(timer).to_have_count(4)
    for task, people in {
        "Set guidelines": ["Fia"],
        "Submit budget lines": ["Hanna", "Hugo", "Hilde", "Hans"],
        "Verify the lines": ["Anna"],
        "Decide as IT director": ["Dirk"],
        "Confirm your share": ["Kim", "Karl"],
    }.items():
        for person in people:
            event = page.get_by_role("listitem")
            expect(event.filter(has_text=f"Task completed {task} {person},")).to_be_visible()


def _open_own(page: Page, task: str) -> None:
    """Open a task that came to this person without a claim."""
    see_in_inbox(page, CASE, task)
    row_of(page, CASE, task).get_by_role("link", name=task).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(task)
