"""Feedback without an account, in a real browser: readable everywhere, with or without scripts."""

from playwright.sync_api import Page, expect

from tests.browser.axe import overflow_px, require_readable
from tests.browser.conftest import PHONE, OpenAs
from tests.browser.hands import write
from tests.browser.watching import Watch

PAGE = "/public/feedback"
WORDS = {
    "Subject": "Wrong bill",
    "What happened?": "The bill counts forty mailboxes, but we have thirty.",
    "Your name": "Nadia",
    "E-mail address": "nadia@acme.example",
}


def fill_in(page: Page) -> None:
    page.goto(PAGE)
    page.get_by_role("radio", name="Complaint").check(force=True)
    write(page, WORDS)
    page.get_by_role("checkbox").check(force=True)


def test_feedback_is_given_and_followed_on_a_phone_without_javascript(
    open_as: OpenAs, watch: Watch
) -> None:
    page = open_as(None, width=PHONE, java_script_enabled=False)
    fill_in(page)
    write(page, {"E-mail address": "nadia"})
    watch.expect(422)
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("E-mail address")
    expect(page.get_by_label("What happened?")).to_have_value(WORDS["What happened?"])
    assert overflow_px(page) == 0
    write(page, {"E-mail address": "nadia@acme.example"})
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("link", name="See how it stands").click()
    expect(page.get_by_text("Received. Somebody reads it within one working day.")).to_be_visible()
    write(page, {"Your words to us": "It is the bill of February."})
    page.get_by_role("button", name="Add this").click()
    expect(page.get_by_text("Thank you, we have added it.")).to_be_visible()
    expect(page.get_by_text("It is the bill of February.")).to_be_visible()
    assert overflow_px(page) == 0


def test_the_pages_suit_everybody(open_as: OpenAs, watch: Watch) -> None:
    page = open_as(None)
    page.goto(PAGE)
    require_readable(page)
    watch.expect(422)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    require_readable(page)
    page.goto(f"{PAGE}/status?reference=CMP-2026-0001")
    require_readable(page)
    fill_in(page)
    page.get_by_role("button", name="Send", exact=True).click()
    require_readable(page)
    page.get_by_role("link", name="See how it stands").click()
    require_readable(page)


def test_the_language_is_switched_on_the_page(open_as: OpenAs) -> None:
    page = open_as(None)
    page.goto(PAGE)
    page.get_by_role("link", name="Svenska").click()

    expect(page.get_by_role("heading", name="Berätta vad du tycker")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "sv-SE")
