"""A task's page when things go wrong: twice clicked, too late, half filled in, gone back."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import FloatRect, Locator, Page, Request, Route, expect

from tests.browser.axe import require_readable
from tests.browser.conftest import PHONE, OpenAs
from tests.browser.hands import (
    choose,
    claim_from_inbox,
    complete,
    pick,
    require_done,
    see_at_rest,
    write,
)
from tests.browser.live import SERVICE_CHANGE, LiveServer
from tests.browser.watching import Watch

SCREEN = "Screen proposal"
_CONNECTED = """(is) => {
  Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => is });
  dispatchEvent(new Event(is ? 'online' : 'offline'));
}"""


def _fill_in_screening(page: Page) -> None:
    pick(page, {"Screening result": "Accept: work it out"})
    choose(page, {"Proposal owner": "Service owner"})


def test_a_double_click_completes_once(open_as: OpenAs, live: LiveServer) -> None:
    case = live.case_waiting_at("U_screen", "Clicked twice")
    page = open_as("portfolio_manager")
    claim_from_inbox(page, "Clicked twice", SCREEN)
    _fill_in_screening(page)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if _is_completion(request) else None)

    page.get_by_role("button", name="Complete", exact=True).dblclick()

    require_done(page, SCREEN)
    assert len(sent) == 1
    page.goto(f"/instances/{case}?view=history")
    done = page.get_by_role("listitem").filter(has_text=f"Task completed {SCREEN}")
    expect(done).to_have_count(1)


def test_what_is_handed_in_without_a_connection_stays_on_its_page(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_screen", "No connection")
    page = open_as("portfolio_manager")
    claim_from_inbox(page, "No connection", SCREEN)
    _fill_in_screening(page)
    see_at_rest(page)
    page.evaluate(_CONNECTED, False)
    page.route("**/healthz", lambda route: route.fulfill(status=503))
    watch.expect(503)

    page.get_by_role("button", name="Complete", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("ssflow cannot be reached.")
    page.evaluate(_CONNECTED, True)
    expect(page.locator("#failure")).to_be_hidden()
    complete(page)
    require_done(page, SCREEN)


def test_a_machine_without_a_network_completes_on_itself(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_screen", "On a train")
    page = open_as("portfolio_manager")
    claim_from_inbox(page, "On a train", SCREEN)
    _fill_in_screening(page)
    see_at_rest(page)
    page.evaluate(_CONNECTED, False)

    page.get_by_role("button", name="Complete", exact=True).click()

    require_done(page, SCREEN)


def test_who_comes_too_late_hears_who_was_faster(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_risk", "A race")
    live.add_person("rita", "risk_officer")
    late, fast = open_as("rita"), open_as("risk_officer")
    late.goto("/tasks?q=race")
    late.get_by_role("link", name="Assess risks").click()
    _fill_in_risk(late)
    claim_from_inbox(fast, "A race", "Assess risks")
    _fill_in_risk(fast)
    complete(fast)
    require_done(fast, "Assess risks")
    watch.expect(409)

    complete(late)

    expect(late.get_by_role("heading", level=1)).to_have_text("Somebody was faster")
    expect(late.get_by_text("It was Risk officer.")).to_be_visible()
    require_readable(late)
    late.get_by_role("link", name="To my inbox").click()
    expect(late.get_by_role("heading", level=1)).to_have_text("Inbox")


def _fill_in_risk(page: Page) -> None:
    risk = page.get_by_role("group", name=re.compile(r"^Risks 1"))
    write(risk, {"Risk": "Dust", "Cause": "Sawing", "Mitigation": "Sealed"})
    choose(risk, {"Likelihood": "1", "Impact": "1", "Response": "Reduce", "Owner": "Sofie Jansen"})
    pick(page, {"Overall risk": "Low"})


def test_going_back_after_completion_shows_what_is_true_now(
    open_as: OpenAs, live: LiveServer
) -> None:
    live.case_waiting_at("U_screen", "Back again")
    page = open_as("portfolio_manager")
    claim_from_inbox(page, "Back again", SCREEN)
    _fill_in_screening(page)
    complete(page)
    require_done(page, SCREEN)

    page.go_back()

    expect(page.get_by_text("Completed by Portfolio manager")).to_be_visible()
    expect(page.get_by_role("button", name="Complete", exact=True)).to_have_count(0)


def test_a_wrong_form_keeps_the_text_and_the_chosen_file(
    open_as: OpenAs, tmp_path: Path, watch: Watch
) -> None:
    plan = tmp_path / "plan.txt"
    plan.write_text("Terminals, cables, people.")
    page = open_as("brm")
    page.goto(f"/start/{SERVICE_CHANGE}")
    page.get_by_role("button", name="Start the case").click()
    write(page, {"Title": "With a plan", "Summary": "See the plan."})
    page.get_by_label("Attachments").set_input_files(plan)
    watch.expect(422)

    complete(page)

    expect(page.get_by_role("alert")).to_contain_text("Customer")
    expect(page.get_by_label("Title")).to_have_value("With a plan")
    expect(page.get_by_label("Summary")).to_have_value("See the plan.")
    expect(page.get_by_role("checkbox", name="plan.txt")).to_be_checked()
    pick(
        page, {"What kind of change is it?": "New service", "Who will use it?": "Internal service"}
    )
    choose(page, {"Customer": "Sales", "Where does the need come from?": "Strategy"})
    complete(page)
    require_done(page, "Propose a service")
    page.goto("/instances?q=With+a+plan")
    page.get_by_role("link", name="With a plan").click()
    page.get_by_role("link", name="Comments and files").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="plan.txt").click()
    assert download.value.path().read_text() == "Terminals, cables, people."


def test_a_refused_form_holds_still_under_the_hand_and_keeps_what_is_wrong(
    open_as: OpenAs, watch: Watch
) -> None:
    page = open_as("brm", width=PHONE)
    page.goto(f"/start/{SERVICE_CHANGE}")
    page.get_by_role("button", name="Start the case").click()
    watch.expect(422)
    complete(page)
    summary = page.locator("#form-errors")
    expect(summary).to_contain_text("Title")
    card = page.locator(".form-selectgroup-item", has_text="New service").first
    page.get_by_label("Title").press_sequentially("A mill")
    card.evaluate("card => card.scrollIntoView({ block: 'center', behavior: 'instant' })")
    aimed_at = _box_of(card)

    page.mouse.move(aimed_at["x"] + 20, aimed_at["y"] + aimed_at["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(400)
    pressed = _box_of(card)
    page.mouse.up()

    expect(page.get_by_role("radio", name="New service", exact=True)).to_be_checked()
    expect(summary).not_to_contain_text("Title")
    expect(summary).to_contain_text("Summary: This field is required.")
    see_at_rest(page)
    assert pressed == aimed_at
    assert abs(_box_of(card)["y"] - aimed_at["y"]) < 2


def test_a_draft_survives_a_reload(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_resources", "Half done")
    page = open_as("capacity_manager")
    claim_from_inbox(page, "Half done", "Plan resources")
    write(page, {"What, row 1": "Crane", "Lead time in weeks": "7"})
    expect(page.get_by_text(re.compile("^Draft saved at"))).to_be_visible()

    page.reload()

    expect(page.get_by_label("What, row 1")).to_have_value("Crane")
    expect(page.get_by_label("Lead time in weeks")).to_have_value("7")
    expect(page.get_by_text("This is what you had typed before.")).to_be_visible()


def test_what_is_typed_after_the_session_ended_waits_for_its_writer(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_resources", "Signed out")
    live.add_person("patient", "capacity_manager")
    page = open_as("patient")
    claim_from_inbox(page, "Signed out", "Plan resources")
    page.context.clear_cookies()
    watch.expect(400, 401)
    write(page, {"What, row 1": "Crane"})
    expect(page.locator("[data-autosave-status]")).to_contain_text("You are signed out.")
    complete(page)
    expect(page.get_by_label("What, row 1")).to_have_value("Crane")
    other = page.context.new_page()
    other.goto(live.sign_in_link("patient"))
    other.wait_for_url(re.compile("/(tasks|profile)"))

    watch.expect(422)
    complete(page)

    expect(page.locator("#form-errors")).to_be_visible()
    expect(page.get_by_label("What, row 1")).to_have_value("Crane")


def test_what_is_typed_while_the_form_is_redrawn_stays(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_financials", "A slow line")
    page = open_as("finance_manager")
    claim_from_inbox(page, "A slow line", "Work out the finances")
    page.route("**/fields", _take_time)
    page.get_by_label("Year 1, row 1").first.fill("100")

    page.get_by_label("Benefits not in money").press_sequentially("Calm people", delay=60)

    expect(page.get_by_label("Total, row 1")).to_contain_text("100")
    expect(page.get_by_label("Benefits not in money")).to_have_value("Calm people")


def test_a_task_is_claimed_and_given_back(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_resources", "To and fro")
    page = open_as("capacity_manager")
    claim_from_inbox(page, "To and fro", "Plan resources")
    page.goto("/tasks?view=mine&q=To+and+fro")
    expect(page.locator("[data-row]")).to_have_count(1)

    page.get_by_role("button", name="Give back").click()

    expect(page.get_by_text("“Plan resources” is back with its group.")).to_be_visible()
    page.goto("/tasks?view=group&q=To+and+fro")
    expect(page.locator("[data-row]")).to_have_count(1)


def test_a_comment_beside_the_task_is_read_by_the_next(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_financials", "Talked about")
    page = open_as("finance_manager")
    page.goto("/tasks?q=Talked")
    page.get_by_role("link", name="Work out the finances").click()

    page.get_by_label("Say something to everybody in this case").fill("Prices <b>rise</b> in May.")
    page.get_by_role("button", name="Comment").click()

    expect(page.get_by_text("Prices <b>rise</b> in May.")).to_be_visible()
    other = open_as("risk_officer")
    other.goto("/tasks?q=Talked")
    other.get_by_role("link", name="Assess risks").click()
    expect(other.get_by_text("Prices <b>rise</b> in May.")).to_be_visible()


def test_the_diagram_beside_a_task_marks_it(open_as: OpenAs, live: LiveServer) -> None:
    live.case_waiting_at("U_financials", "Marked")
    page = open_as("finance_manager")
    page.goto("/tasks?q=Marked")
    page.get_by_role("link", name="Work out the finances").click()

    page.get_by_text("Where this stands in the process").click()

    task = page.locator('.djs-element[data-element-id="U_financials"]')
    expect(task).to_contain_class("mark-active")
    expect(page.get_by_role("listitem").filter(has_text="Plan resources")).to_be_visible()


def test_times_are_those_of_the_readers_zone(open_as: OpenAs, live: LiveServer) -> None:
    live.add_person("newton", "finance_manager", timezone="America/New_York")
    live.case_waiting_at("U_financials", "Across the sea")
    page = open_as("newton")
    page.goto("/tasks?q=Across")
    page.get_by_role("link", name="Work out the finances").click()
    since = page.locator("dt:has-text('Open since') + dd time")

    told = since.inner_text()

    at = datetime.fromisoformat(since.get_attribute("datetime") or "").astimezone(UTC)
    local = at.astimezone(ZoneInfo("America/New_York"))
    assert f"{local.day} " in told
    assert f"{local:%H:%M}" in told


def _box_of(element: Locator) -> FloatRect:
    box = element.bounding_box()
    assert box is not None
    return box


def _take_time(route: Route) -> None:
    time.sleep(0.7)
    route.continue_()


def _is_completion(request: Request) -> bool:
    return request.method == "POST" and re.search(r"/tasks/[0-9a-f-]{36}$", request.url) is not None
