"""Whoever changes a decision table or a form sees the next case go by it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenAs
from tests.browser.drawing import open_editor, open_group, publish
from tests.browser.hands import claim_from_inbox, complete, pick, require_done, row_of, see_in_inbox
from tests.browser.live import SERVICE_CHANGE, LiveServer, Sample, live_server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, sample: Sample) -> Iterator[LiveServer]:
    """A running ssflow of its own: what is published here is met by no other test."""
    with live_server(tmp_path_factory.mktemp("drawing"), sample) as server:
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in at that server."""
    return {}


def test_a_changed_decision_table_decides_the_next_case(open_as: OpenAs, live: LiveServer) -> None:
    page = open_as("admin")
    open_editor(page, f"/processes/{SERVICE_CHANGE}/decisions/spm_approval_route")
    row = page.locator('tr:has(td:has-text(\'"new","major"\'))')
    cell = row.locator("td:has-text('\"it_director\"')")
    cell.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type('"portfolio_manager"')
    page.locator(".tjs-container h3, .decision-table-name").first.click()

    publish(page, "The portfolio manager decides.")

    expect(page.get_by_role("link", name="Published as version")).to_be_visible()
    live.case_waiting_at("U_customer_decision", "Decided lower")
    customer = open_as("customer")
    see_in_inbox(customer, "Decided lower", "Decide as customer")
    row_of(customer, "Decided lower").get_by_role("link", name="Decide as customer").click()
    pick(customer, {"Decision": "Approve"})
    complete(customer)
    require_done(customer, "Decide as customer")
    claim_from_inbox(open_as("portfolio_manager"), "Decided lower", "Decide as portfolio manager")


def test_a_changed_form_is_filled_in_by_the_next(open_as: OpenAs) -> None:
    page = open_as("admin")
    open_editor(page, f"/processes/{SERVICE_CHANGE}/forms/spm_propose")
    page.locator(".fjs-element", has_text="Summary").last.click()
    open_group(page, "General")
    label = page.locator(".fjs-properties-container").get_by_label("Field label")
    label.fill("What is it about?")
    expect(page.locator(".fjs-element", has_text="What is it about?").last).to_be_visible()

    publish(page, "Ask more plainly.")

    expect(page.get_by_role("link", name="Published as version")).to_be_visible()
    proposer = open_as("brm")
    proposer.goto(f"/start/{SERVICE_CHANGE}")
    proposer.get_by_role("button", name="Start the case").click()
    expect(proposer.get_by_label("What is it about?")).to_be_visible()
    expect(proposer.get_by_label("Summary")).to_have_count(0)
