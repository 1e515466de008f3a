"""Inbox and forms need no JavaScript: from the sign-in link to a completed task."""

from playwright.sync_api import expect

from tests.browser.axe import overflow_px
from tests.browser.conftest import PHONE, OpenAs
from tests.browser.hands import choose, claim_from_inbox, complete, group, require_done, write
from tests.browser.live import LiveServer
from tests.browser.watching import Watch

CASE = "Costs of paper only"


def test_a_task_with_a_table_is_done_without_javascript(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_financials", CASE)
    live.add_person("noor", "finance_manager")
    address, _, code = live.sign_in_link("noor").partition("#")
    page = open_as(None, width=PHONE, java_script_enabled=False)
    page.goto(address)
    page.get_by_label("Code from the link").fill(code)
    page.get_by_role("button", name="Sign in").click()
    claim_from_inbox(page, CASE, "Work out the finances")
    costs = group(page, "Costs")
    choose(costs, {"Category, row 1": "Hardware", "Budget class, row 1": "Capital expenditure"})
    write(costs, {"Year 1, row 1": "60000"})
    page.get_by_role("button", name="Add a row to Costs").click()
    choose(costs, {"Category, row 2": "Personnel", "Budget class, row 2": "Operational costs"})
    write(costs, {"Year 1, row 2": "a lot"})
    watch.expect(422)

    complete(page)

    expect(page.get_by_role("alert")).to_contain_text("Funded from")
    expect(costs.get_by_label("Year 1, row 1")).to_have_value("60000.00")
    expect(costs.get_by_label("Year 1, row 2")).to_have_value("a lot")
    assert overflow_px(page) == 0
    write(costs, {"Year 1, row 2": "30000"})
    write(costs, dict.fromkeys(("Year 2, row 1", "Year 3, row 1"), "0"))
    write(costs, dict.fromkeys(("Year 2, row 2", "Year 3, row 2"), "0"))
    choose(page, {"Funded from": "IT budget", "Charging": "None"})
    complete(page)
    require_done(page, "Work out the finances")


def test_a_draft_is_kept_without_javascript(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_resources", "A draft without a script")
    page = open_as("capacity_manager", java_script_enabled=False)
    claim_from_inbox(page, "A draft without a script", "Plan resources")
    write(page, {"Lead time in weeks": "16"})

    page.get_by_role("button", name="Save draft").click()

    expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    expect(page.get_by_label("Lead time in weeks")).to_have_value("16")


def test_a_condition_is_shown_without_javascript(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_screen", "A condition without a script")
    page = open_as("portfolio_manager", java_script_enabled=False)
    claim_from_inbox(page, "A condition without a script", "Screen proposal")
    page.get_by_role("radio", name="It is a duplicate").check(force=True)

    page.get_by_role("button", name="Show what my answers change").click()

    expect(page.get_by_label("Duplicate of")).to_be_visible()
    expect(page.get_by_role("radio", name="It is a duplicate")).to_be_checked()


def test_search_and_sort_work_without_javascript(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager", java_script_enabled=False)
    page.goto("/tasks")

    page.get_by_role("searchbox").fill("Visitor registration")
    page.keyboard.press("Enter")

    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_role("link", name="Priority").click()
    expect(page.locator("[data-row]")).to_have_count(1)
