"""A complaint from the public page to the end: handled, answered, accepted, put right, checked."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import (
    add_row,
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

NUMBER = "CMP-2026-0001"
SUBJECT = "Wrong bill for February"
ADDRESS = "nadia@acme.example"
REPLY = (
    "You are right: ten mailboxes were counted that you had closed. We correct the bill. "
    "If you do not agree you may ask for a review."
)


@pytest.fixture(scope="module")
def clock() -> MovedClock:
    """The server's clock: the day of the walk, and days go by when the test says so."""
    return MovedClock()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, clock: MovedClock) -> Iterator[LiveServer]:
    """A server of its own, with the people and records of the walk."""
    walk = read_walk("relationships/brm_complaint.scenarios.json", "W2.1 ")
    roles = ("admin", "brm", "customer", "finance_manager", "service_owner")
    with walk_server(tmp_path_factory.mktemp("complaint"), walk, clock, *roles) as server:
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in to this server."""
    return {}


def test_a_wrong_bill_is_complained_about_put_right_and_closed(
    open_as: OpenAs, clock: MovedClock, sessions: dict[str, Any], watch: Watch
) -> None:
    _complain(open_as(None))
    _triage(open_as("tom"), watch)
    handler = open_as("finance_manager")
    _contact(handler)
    _investigate(handler)
    _reply(handler)
    _read_the_mail(open_as("admin"))
    _agree(open_as(None))
    _put_right(handler)
    watch.expect(401)  # nobody stays signed in for so long, and inboxes still open ask for news
    clock.let_pass(timedelta(days=14))
    sessions.clear()
    _check(open_as("brm"))
    manager = open_as("mia")
    _see_it_closed(manager)
    _see_the_record(manager)
    _see_who_did_what(manager)
    _see_it_closed_outside(open_as(None))


def _complain(page: Page) -> None:
    page.goto("/public/feedback")
    page.get_by_role("radio", name="Complaint").check(force=True)
    write(
        page,
        {
            "Subject": SUBJECT,
            "What happened?": "The bill for February counts forty mailboxes, "
            "but we only have thirty of them.",
            "When did it happen?": "2026-02-27",
            "What would put it right for you?": "A corrected bill.",
            "Your name": "Nadia Jansen",
            "E-mail address": ADDRESS,
            "Organisation": "Acme",
        },
    )
    choose(
        page,
        {"Which service is it about?": "SRV-2024-0001 Mail", "Language of our answers": "Dutch"},
    )
    page.get_by_role("checkbox").check(force=True)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Your reference is")).to_contain_text(NUMBER)
    page.get_by_role("link", name="See how it stands").click()
    expect(page.get_by_text("Received. Somebody reads it within one working day.")).to_be_visible()


def _triage(page: Page, watch: Watch) -> None:
    claim_from_inbox(page, SUBJECT, "Triage feedback")
    expect(page.get_by_text("The bill for February counts forty mailboxes")).to_be_visible()
    complaint = group(page, "What is it?").get_by_role("radio", name="Complaint")
    expect(complaint).to_be_checked()
    watch.expect(422)
    complete(page)
    expect(page.get_by_role("alert")).to_contain_text("Category")
    choose(page, {"Customer": "Acme Production", "Category": "Billing"})
    pick(page, {"Severity": "Moderate: work is hindered"})
    complete(page)
    require_done(page, "Triage feedback")


def _contact(page: Page) -> None:
    claim_from_inbox(page, SUBJECT, "Contact customer")
    expect(page.get_by_text("Priority P3")).to_be_visible()
    write(
        page,
        {
            "Contacted on": "2026-03-02",
            "The complaint in the customer's own terms": "Ten mailboxes too many were charged.",
        },
    )
    pick(page, {"How?": "Phone", "Can it be settled at once?": "No"})
    complete(page)
    require_done(page, "Contact customer")


def _investigate(page: Page) -> None:
    _open_own(page, "Investigate")
    write(page, {"Findings": "Ten closed mailboxes were still counted."})
    pick(page, {"Do you need something from the customer?": "No"})
    complete(page)
    require_done(page, "Investigate")


def _reply(page: Page) -> None:
    _open_own(page, "Write reasoned reply")
    pick(page, {"Decision": "Upheld: the customer is right"})
    choose(page, {"Root cause": "Process", "Remedy": "Credit"})
    write(page, {"Cost of the remedy": "180", "Reply to the customer": REPLY})
    add_row(page, "Promised actions", 1)
    actions = group(page, "Promised actions")
    write(actions, {"What, row 1": "Correct the bill", "Due, row 1": "2026-03-20"})
    choose(actions, {"Who, row 1": "Finance manager", "Kind, row 1": "Puts it right"})
    complete(page)
    require_done(page, "Write reasoned reply")


def _read_the_mail(page: Page) -> None:
    def look() -> None:
        page.goto("/operations/mail")
        row = page.get_by_role("row").filter(has_text=NUMBER).filter(has_text="Nadia")
        expect(row.first).to_be_visible(timeout=200)
        expect(row.filter(has_not_text="Sent")).to_have_count(0, timeout=200)

    retry(look)


def _agree(page: Page) -> None:
    """Come back with the number and the address, as from another machine."""
    _ask_how_it_stands(page)
    expect(page.get_by_text("We have replied. Tell us whether you agree.")).to_be_visible()
    expect(page.get_by_text(REPLY)).to_be_visible()
    expect(page.get_by_text("Finance manager")).to_be_visible()
    write(page, {"Your words to us": "Thank you."})
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_text("Thank you. We close this soon.")).to_be_visible()


def _put_right(page: Page) -> None:
    _open_own(page, "Carry out action")
    expect(page.get_by_role("heading", name="Correct the bill")).to_be_visible()
    pick(page, {"Is it done?": "Done"})
    write(page, {"Result": "The bill of February is corrected."})
    complete(page)
    require_done(page, "Carry out action")


def _check(page: Page) -> None:
    claim_from_inbox(page, SUBJECT, "Check with customer")
    expect(page.get_by_text(REPLY)).to_be_visible()
    pick(page, {"Contacted by": "Phone", "What does the customer say?": "Settled"})
    pick(page, {"How content is the customer?": "4"})
    complete(page)
    require_done(page, "Check with customer")


def _see_it_closed(page: Page) -> None:
    def look() -> None:
        page.goto("/instances")
        page.get_by_role("link", name=SUBJECT).first.click()
        expect(page.get_by_text(re.compile(r"ended .*: Closed"))).to_be_visible(timeout=300)

    retry(look)
    for passed in ("U_triage", "SP_handle", "I_accept", "I_settle", "U_verify", "E_closed"):
        expect(_drawn(page, passed)).to_contain_class("mark-done")
    for not_passed in ("E_invalid", "C_itsg", "I_tacit", "U_takeover"):
        expect(_drawn(page, not_passed)).not_to_contain_class("mark-done")
    written = page.get_by_role("region", name="Records that it wrote")
    expect(written.get_by_role("link", name="Correct the bill")).to_be_visible()


def _drawn(page: Page, element: str) -> Any:
    return page.locator(f'.djs-element[data-element-id="{element}"]')


def _see_the_record(page: Page) -> None:
    page.goto("/registers/Feedback")
    page.get_by_role("link", name=NUMBER).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NUMBER)
    facts = {
        "State": "closed",
        "Priority": "P3",
        "Category": "billing",
        "Customer": "Acme Production",
        "Handler": "Finance manager",
        "Upheld": "upheld",
        "Remedy": "credit",
        "Cost of the remedy": "EUR 180",
        "First contact too late": "No",
        "Reply too late": "No",
        "Satisfaction": "4",
    }
    for label, value in facts.items():
        expect(fact(page, label)).to_have_text(value)


def _see_who_did_what(page: Page) -> None:
    page.goto("/instances")
    page.get_by_role("link", name=SUBJECT).first.click()
    page.get_by_role("link", name="History").click()
    done = {
        "Triage feedback": "Tom",
        "Contact customer": "Finance manager",
        "Investigate": "Finance manager",
        "Write reasoned reply": "Finance manager",
        "Carry out action": "Finance manager",
        "Check with customer": "Brm",
    }
    for task, person in done.items():
        event = page.get_by_role("listitem").filter(has_text=f"Task completed {task}")
        expect(event).to_contain_text(person)


def _see_it_closed_outside(page: Page) -> None:
    _ask_how_it_stands(page)
    expect(page.get_by_text("Closed.", exact=True)).to_be_visible()


def _ask_how_it_stands(page: Page) -> None:
    page.goto("/public/feedback/status")
    write(page, {"Reference": NUMBER, "E-mail address": ADDRESS})
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SUBJECT)


def _open_own(page: Page, task: str) -> None:
    """Open a task that came to this person without a claim."""
    see_in_inbox(page, SUBJECT, task)
    row_of(page, SUBJECT, task).get_by_role("link", name=task).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(task)
