"""What everybody must be able to read: every page, wide and narrow, light and dark."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.axe import find_violations, require_readable
from tests.browser.conftest import OpenAs
from tests.browser.hands import claim_from_inbox, complete
from tests.browser.live import SERVICE_CHANGE, LiveServer
from tests.browser.watching import Watch

CASE = "Read by everybody"


@pytest.fixture(scope="session")
def case_id(live: LiveServer) -> UUID:
    """A case in the middle of its analyses."""
    return live.case_waiting_at("U_financials", CASE)


@dataclass(frozen=True)
class Shown:
    """A page that somebody looks at, and what tells that all of it is there."""

    person: str | None
    path: str
    there: str = "h1"
    status: int = 200


PAGES = {
    "sign in": Shown(None, "/login"),
    "sign-in link": Shown(None, "/sign-in-link"),
    "inbox, all": Shown("portfolio_manager", "/tasks?view=all"),
    "inbox, mine": Shown("service_owner", "/tasks?view=mine"),
    "inbox, group": Shown("portfolio_manager", "/tasks?view=group"),
    "inbox, done": Shown("portfolio_manager", "/tasks?view=done"),
    "inbox, empty": Shown("slm", "/tasks"),
    "inbox, nothing found": Shown("portfolio_manager", "/tasks?q=nowhere"),
    "start": Shown("brm", "/start"),
    "start form": Shown("brm", f"/start/{SERVICE_CHANGE}"),
    "cases": Shown("portfolio_manager", "/instances"),
    "case, diagram": Shown("portfolio_manager", "/instances/{case}", ".djs-element.mark-done"),
    "case, history": Shown("portfolio_manager", "/instances/{case}?view=history"),
    "case, data": Shown("portfolio_manager", "/instances/{case}?view=data"),
    "case, tasks": Shown("portfolio_manager", "/instances/{case}?view=tasks"),
    "case, incidents": Shown("portfolio_manager", "/instances/{case}?view=incidents"),
    "case, talk": Shown("portfolio_manager", "/instances/{case}?view=talk"),
    "portfolio": Shown("portfolio_manager", "/portfolio"),
    "registers": Shown("portfolio_manager", "/registers"),
    "services": Shown("portfolio_manager", "/registers/Service"),
    "a customer is added": Shown("admin", "/registers/Customer/add"),
    "audit": Shown("auditor", "/audit"),
    "profile": Shown("portfolio_manager", "/profile"),
    "be somebody else": Shown("portfolio_manager", "/demo/people"),
    "users": Shown("admin", "/admin/users"),
    "roles": Shown("admin", "/admin/roles"),
    "operations": Shown("admin", "/operations"),
    "processes": Shown("admin", "/processes"),
    "a process": Shown("admin", f"/processes/{SERVICE_CHANGE}", ".djs-element"),
    "forbidden": Shown("portfolio_manager", "/audit", status=403),
    "not found": Shown(
        "portfolio_manager", "/tasks/3c1f5f6e-0000-4000-8000-000000000000", status=404
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read(name: str, open_as: OpenAs, case_id: UUID, watch: Watch) -> None:
    shown = PAGES[name]
    watch.expect(shown.status)
    page = open_as(shown.person)

    answer = page.goto(shown.path.format(case=case_id))

    assert answer is not None
    assert answer.status == shown.status
    expect(page.locator(shown.there).first).to_be_visible()
    require_readable(page)


def test_everybody_can_read_a_task_with_tables_and_its_errors(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_charter", "Charter for everybody")
    page = open_as("portfolio_manager")
    claim_from_inbox(page, "Charter for everybody", "Charter the service")
    require_readable(page)
    watch.expect(422)

    complete(page)

    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_text("Where this stands in the process").click()
    expect(page.locator(".djs-element").first).to_be_visible()
    require_readable(page)


def test_everybody_can_read_what_opens_on_a_page(open_as: OpenAs) -> None:
    page = open_as("portfolio_manager")
    page.goto("/tasks")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Escape")

    page.locator("header summary").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    require_readable(page)
