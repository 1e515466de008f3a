"""Everything that a mouse can do in the inbox, keys can do too."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import require_done, row_of
from tests.browser.live import LiveServer
from tests.browser.watching import Watch

_FOCUS = """() => {
  const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(document.activeElement);
  const outlined = outlineStyle !== 'none' && outlineWidth !== '0px';
  const name = document.activeElement.outerHTML.slice(0, 120);
  const {width, height} = document.activeElement.getBoundingClientRect();
  return {name, isVisible: (outlined || boxShadow !== 'none') && width > 1 && height > 1};
}"""
_MANY = 60


def test_a_task_is_found_claimed_and_completed_by_keys(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_approve_dir", "Done by keys")
    page = open_as("it_director")
    page.goto("/tasks")

    page.keyboard.press("/")
    page.keyboard.type("Done by keys")
    page.keyboard.press("Enter")
    expect(row_of(page, "Done by keys")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Decide as IT director")
    _tab_to(page, "input[name=decision]")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Approve", exact=True)).to_be_checked()
    _tab_to(page, "button.btn-primary:has-text('Complete')")
    page.keyboard.press("Enter")

    require_done(page, "Decide as IT director")


def test_j_and_k_move_through_the_rows_and_enter_opens_one(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")
    titles = page.locator("[data-open]")

    page.keyboard.press("j")
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(titles.nth(0)).to_be_focused()
    task = titles.nth(0).inner_text()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(task)


def test_typing_is_no_shortcut_and_shortcuts_can_be_switched_off(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")
    page.keyboard.press("/")
    page.keyboard.type("jck?")
    expect(page.get_by_role("searchbox")).to_have_value("jck?")
    page.keyboard.press("Tab")

    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Use single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")

    expect(page.locator("[data-open]").nth(0)).not_to_be_focused()


def test_the_first_key_leads_past_the_navigation(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")

    page.keyboard.press("Tab")

    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_focus_can_be_seen_wherever_it_goes(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_screen", "Focus everywhere")
    page = open_as("portfolio_manager")
    page.goto("/tasks?q=Focus")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Screen proposal")

    hidden = [stop["name"] for stop in _stops(page) if not stop["isVisible"]]

    assert hidden == []


def test_a_wrong_form_leads_the_focus_to_its_errors(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_screen", "Wrong at first")
    page = open_as("portfolio_manager")
    page.goto("/tasks?q=Wrong")
    page.get_by_role("button", name="Claim").click()
    watch.expect(422)

    page.get_by_role("button", name="Complete").press("Enter")

    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#f-screen")).to_be_focused()


def test_the_menu_opens_and_closes_by_keys(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")
    page.locator("header summary").press("Enter")
    expect(page.get_by_role("link", name="My profile")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="My profile")).to_be_hidden()
    expect(page.locator("header summary")).to_be_focused()


def _tab_to(page: Page, selector: str) -> None:
    wanted = page.locator(selector).first
    for _ in range(_MANY):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => wanted === document.activeElement", wanted.element_handle()):
            return
        if page.locator(f":focus:is({selector})").count():
            return
    raise AssertionError(f"Tab never came to {selector}.")


def _stops(page: Page) -> list[dict[str, Any]]:
    """Go through a page by Tab until it begins anew."""
    found: list[dict[str, Any]] = []
    for _ in range(_MANY):
        page.keyboard.press("Tab")
        stop = page.evaluate(_FOCUS)
        if found and stop["name"] == found[0]["name"]:
            return found
        if not stop["name"].startswith("<body"):
            found.append(stop)
    return found
