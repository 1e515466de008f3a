"""The inbox: find, sort, and see what is late."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import row_of
from tests.browser.live import LiveServer


def test_a_search_finds_a_task_by_its_case(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_screen", "Needle in the hay")
    page = open_as("portfolio_manager")
    page.goto("/tasks")

    page.get_by_role("searchbox").fill("needle")
    page.keyboard.press("Enter")

    expect(page.locator("[data-row]")).to_have_count(1)
    expect(row_of(page, "Needle in the hay")).to_be_visible()


def test_a_search_without_a_find_offers_a_way_back(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks?q=nowhere")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()

    page.get_by_role("link", name="Show all").click()

    expect(page.locator("[data-row]").first).to_be_visible()


def test_the_oldest_task_comes_first_when_asked_for(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")
    expect(page.get_by_role("link", name="Due date")).to_have_attribute("aria-current", "true")

    page.get_by_role("link", name="Oldest").click()

    expect(page.get_by_role("link", name="Oldest")).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-row]").first).to_contain_text("PRP-")


def test_late_tasks_are_marked_in_words(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")

    late = page.locator("[data-row]").filter(has_text="Overdue")

    expect(late.first).to_be_visible()
    expect(page.get_by_text("overdue").first).to_be_visible()


def test_what_is_done_is_listed_under_done(open_as: OpenAs) -> None:
    page = open_as("risk_officer")
    page.goto("/tasks")

    page.get_by_role("link", name="Done", exact=True).click()

    expect(row_of(page, "Assess risks", "Fault reports in the hall")).to_contain_text("completed")


def test_one_person_becomes_another_in_the_demonstration(open_as: OpenAs, live: LiveServer) -> None:
    live.add_person("guest")
    page = open_as("guest")
    page.goto("/tasks")
    page.locator("header summary").click()
    page.get_by_role("link", name="Be somebody else").click()

    page.get_by_role("button", name="Go on as Auditor").click()

    expect(page.get_by_role("link", name="Audit")).to_be_visible()
