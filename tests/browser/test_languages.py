"""Dutch and Swedish readers meet no English sentence."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import row_of
from tests.browser.live import LiveServer

LANGUAGES = {"nl": "Nederlands", "sv": "Svenska"}
SUMMARY = "Workers report faults at the machine and see the answer there."
"""What somebody typed in the shipped walk."""
_TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const {parentElement} = walker.currentNode;
    const isChrome = !parentElement.closest('script, noscript, time, option, [data-diagram-url]');
    if (isChrome && parentElement.checkVisibility()) found.push(walker.currentNode.textContent);
  }
  for (const {placeholder, ariaLabel, title} of document.querySelectorAll('body *:not(time)'))
    found.push(placeholder, ariaLabel, title);
  return found.filter(Boolean).map((text) => text.replace(/\\s+/g, ' ').trim());
}"""
_WORD = re.compile(r"[A-Za-z]{2,}")
_NUMBER = re.compile(r"(AMD|BUD|CMP|PRP|SRV|STR)-\d{4}-\d{4}|: (design|test)$")
_ALIKE = {
    "nl": {
        *("Dashboards", "Details", "Diagram", "live", "Portfolio", "Registers"),
        *("Service", "Services", "Status", "Type"),
    },
    "sv": {"Data", "Diagram", "Process", "Status", "System", "version 1"},
}
"""What reads alike in both languages, beside the names of things."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_speak_the_language_of_the_reader(
    language: str, open_as: OpenAs, live: LiveServer
) -> None:
    title = f"Xyzzy {language}"
    case = live.case_waiting_at("U_financials", title)
    name = f"reader_{language}"
    live.add_person(name, "finance_manager")
    page = open_as(name)
    page.goto(f"/tasks?q=Xyzzy+{language}")
    task = row_of(page, title).get_by_role("link").get_attribute("href") or ""
    paths = ["/tasks", f"/tasks?q=Xyzzy+{language}", task, "/start", "/instances", "/portfolio"]
    paths += [f"/instances/{case}?view={view}" for view in ("diagram", "history", "tasks", "talk")]
    paths += ["/processes", "/profile", "/registers", "/demo/people"]
    english = {path: _texts(page, path) for path in paths}
    page.goto("/profile")
    page.get_by_label("Language", exact=True).select_option(label=LANGUAGES[language])
    page.get_by_role("button", name="Save").click()
    expect(page.locator(f"html[lang^={language}]")).to_have_count(1)

    alike = {path: english[path] & _texts(page, path) for path in paths}

    names = live.names() | _ALIKE[language] | {name, SUMMARY, "ssflow", "EUR", "Europe/Amsterdam"}
    left = {path: sorted(t for t in texts if _is_left(t, names)) for path, texts in alike.items()}
    assert {path: texts for path, texts in left.items() if texts} == {}


def _texts(page: Page, path: str) -> set[str]:
    page.goto(path)
    return {text for text in page.evaluate(_TEXTS) if _WORD.search(text)}


def _is_left(text: str, names: set[str]) -> bool:
    """Tell whether a text that did not change is more than the name of something."""
    return text.rstrip(",:") not in names and not _NUMBER.search(text)
