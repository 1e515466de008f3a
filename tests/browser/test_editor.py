"""Whoever draws: a task is inserted into a diagram, published, and met in the next case."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.drawing import (
    choose_without_mouse,
    drop_user_task_on,
    open_editor,
    open_group,
    panel,
    publish,
    status,
)
from tests.browser.hands import choose, claim_from_inbox, complete, pick, require_done, write
from tests.browser.live import SERVICE_CHANGE, LiveServer, Sample, live_server
from tests.browser.watching import Watch

NEW_TASK = "Take a second look"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, sample: Sample) -> Iterator[LiveServer]:
    """A running ssflow of its own: what is published here is met by no other test."""
    with live_server(tmp_path_factory.mktemp("drawing"), sample) as server:
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in at that server."""
    return {}


def test_an_inserted_task_is_met_in_the_next_case(open_as: OpenAs, live: LiveServer) -> None:
    older = live.case_waiting_at("U_screen", "An older case")
    designer = open_as("process_designer")
    open_editor(designer, f"/processes/{SERVICE_CHANGE}/edit")
    drop_user_task_on(designer, "F_U_propose_S_register")
    designer.keyboard.type(NEW_TASK)
    _describe_task(designer)
    designer.get_by_role("button", name="Check", exact=True).click()
    expect(status(designer)).to_have_text("No problems found")
    designer.get_by_role("button", name="Save draft").click()
    expect(status(designer)).to_contain_text("Draft saved at")
    expect(designer.get_by_role("button", name="Publish …")).to_have_count(0)

    admin = open_as("admin")
    open_editor(admin, f"/processes/{SERVICE_CHANGE}/edit")
    publish(admin, "Two look before it is registered.")

    expect(admin.get_by_role("link", name="Published as version 2")).to_be_visible()
    _propose(open_as("brm"), "A newer case")
    desk = open_as("service_desk")
    claim_from_inbox(desk, "A newer case", NEW_TASK)
    expect(desk.get_by_label("Title")).to_have_value("A newer case")
    complete(desk)
    require_done(desk, NEW_TASK)
    manager = open_as("portfolio_manager")
    claim_from_inbox(manager, "A newer case", "Screen proposal")
    manager.goto(f"/instances/{older}")
    expect(manager.get_by_text("version 1", exact=True)).to_be_visible()
    expect(manager.locator(".djs-element").first).to_be_visible()
    expect(manager.get_by_text(NEW_TASK)).to_have_count(0)


def test_a_task_is_inserted_without_a_mouse(open_as: OpenAs) -> None:
    page = open_as("process_designer")
    open_editor(page, f"/processes/{SERVICE_CHANGE}/edit")
    page.get_by_text("Without a mouse").press("Enter")

    choose_without_mouse(page, "Element", "Charter the service · U_charter")
    choose_without_mouse(page, "Add after it", "User task")
    choose_without_mouse(page, "Connect it to", "Issue charter · S_charter")
    open_group(page, "General")
    panel(page).get_by_label("Name").fill(NEW_TASK)
    choose_without_mouse(page, "Element", "F_U_charter_S_charter")
    page.get_by_role("button", name="Remove it").press("Enter")
    page.get_by_role("button", name="Check", exact=True).press("Enter")

    expect(status(page)).to_have_text("No problems found")
    expect(page.get_by_role("combobox", name="Element")).to_contain_text(NEW_TASK)


def test_a_faulty_diagram_is_told_where_it_fails(open_as: OpenAs) -> None:
    page = open_as("admin")
    open_editor(page, f"/processes/{SERVICE_CHANGE}/edit")
    page.locator('[data-element-id="U_screen"]').first.click()
    open_group(page, "Due date")
    panel(page).get_by_label("Due", exact=True).fill("=wd(")

    page.get_by_role("button", name="Check", exact=True).click()

    expect(status(page)).to_contain_text("Errors: 1")
    page.locator('[data-element-id="S_live"]').first.click()
    page.get_by_role("region", name="Problems").get_by_role("button").first.click()
    expect(panel(page)).to_contain_text("Screen proposal")
    publish(page, "It will not go.")
    expect(page.get_by_role("region", name="Problems")).to_be_visible()
    expect(page.get_by_role("link", name="Published as")).to_have_count(0)


def test_two_designers_do_not_overwrite_each_other(open_as: OpenAs, watch: Watch) -> None:
    first, second = open_as("process_designer"), open_as("admin")
    for page in (first, second):
        # A draft stays: this diagram is edited by no other test.
        open_editor(page, "/processes/spm_portfolio_review/edit")
        page.locator('[data-element-id="U_board"]').first.click()
        open_group(page, "General")
    panel(first).get_by_label("Name").fill("Ready or not")
    panel(second).get_by_label("Name").fill("Is all ready?")
    first.get_by_role("button", name="Save draft").click()
    expect(status(first)).to_contain_text("Draft saved at")
    watch.expect(409)

    second.get_by_role("button", name="Save draft").click()

    second.get_by_role("button", name="Load what is saved instead").click()
    expect(status(second)).to_have_text("The saved draft is loaded")
    expect(second.locator('[data-element-id="U_board"]').first).to_contain_text("Ready or not")


def _describe_task(page: Page) -> None:
    open_group(page, "Who does what")
    fields = panel(page)
    choose(fields, {"Form": "spm_propose", "Role": "Service desk (service_desk)"})
    fields.get_by_label("Its answers become the variable").fill("second_look")
    open_group(page, "Due date")
    fields.get_by_label("Due", exact=True).fill("wd(3)")
    fields.get_by_label("Due", exact=True).blur()


def _propose(page: Page, title: str) -> None:
    page.goto(f"/start/{SERVICE_CHANGE}")
    page.get_by_role("button", name="Start the case").click()
    pick(
        page, {"What kind of change is it?": "New service", "Who will use it?": "Internal service"}
    )
    write(page, {"Title": title, "Summary": "More of the same."})
    choose(page, {"Customer": "Sales", "Where does the need come from?": "Strategy"})
    complete(page)
    require_done(page, "Propose a service")
