"""A newcomer's walk: from an idea to a live service, by hand, through everybody's inbox."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import (
    add_row,
    choose,
    claim_from_inbox,
    complete,
    group,
    pick,
    require_done,
    row_of,
    see_in_inbox,
    tick,
    write,
)

CASE = "Shop floor terminals"
STAGES = ("Design", "Development", "Test", "Deployment")
TODAY = datetime.now(UTC).date()


def _in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def test_a_service_goes_from_proposal_to_live_by_hand(open_as: OpenAs) -> None:
    _propose(open_as("brm"))
    manager = open_as("portfolio_manager")
    _screen(manager)
    owner = open_as("service_owner")
    _define(owner)
    _assess_impact(open_as("sofie"))
    _plan_resources(open_as("capacity_manager"))
    _work_out_finances(open_as("finance_manager"))
    _assess_risks(open_as("risk_officer"))
    _write_case(owner)
    _decide_as_customer(open_as("customer"))
    _decide_as_director(open_as("it_director"))
    _charter(manager)
    for stage in STAGES:
        _report_on(stage, owner)
    _release(manager)
    _see_it_live(manager)
    _see_it_on_the_board(manager)
    _see_who_did_what(manager)


def _propose(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start something").click()
    page.get_by_role("link", name="New or changed service").click()
    page.get_by_role("button", name="Start the case").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Propose a service")
    write(page, {"Title": CASE})
    pick(page, {"What kind of change is it?": "New service"})
    write(page, {"Summary": "Workers report faults at the machine and see the answer there."})
    choose(page, {"Customer": "Production", "Where does the need come from?": "Customer need"})
    pick(page, {"Who will use it?": "Internal service"})
    write(page, {"Wanted by": _in_days(200)})
    complete(page)
    require_done(page, "Propose a service")


def _screen(page: Page) -> None:
    claim_from_inbox(page, CASE, "Screen proposal")
    pick(page, {"Screening result": "Accept: work it out"})
    choose(page, {"Proposal owner": "Service owner"})
    complete(page)
    require_done(page, "Screen proposal")
    expect(page.get_by_role("link", name="Go on with “")).to_be_visible()


def _define(page: Page) -> None:
    see_in_inbox(page, CASE, "Define outcomes and warranty")
    row_of(page, CASE).get_by_role("link", name="Define outcomes and warranty").click()
    outcomes = group(page, "Desired outcomes")
    write(
        outcomes,
        {
            "Outcome, row 1": "Faults are reported within a minute",
            "Measure, row 1": "minutes from fault to report",
            "Now, row 1": "25",
            "Target, row 1": "1",
            "By, row 1": _in_days(250),
        },
    )
    add_row(page, "Desired outcomes", 2)
    write(
        outcomes,
        {
            "Outcome, row 2": "Repairs begin sooner",
            "Measure, row 2": "minutes until somebody comes",
            "Now, row 2": "90",
            "Target, row 2": "20",
            "By, row 2": _in_days(280),
        },
    )
    tick(page, "Strategic objectives served", "No hall stands still for want of IT")
    write(
        page,
        {
            "Constraints the customer no longer bears": "Nobody walks to the office.",
            "Utility: what the service does": "Report a fault from a terminal at every machine.",
            "Availability": "99.5",
            "Continuity: restore within (h)": "4",
            "Capacity": "120 terminals, 400 reports a day.",
            "Investment ceiling": "200000",
        },
    )
    choose(page, {"Security class": "Internal"})
    complete(page)
    require_done(page, "Define outcomes and warranty")


def _assess_impact(page: Page) -> None:
    claim_from_inbox(page, CASE, "Assess impact on services")
    add_row(page, "Affected services", 1)
    affected = group(page, "Affected services")
    mail = affected.locator("option", has_text="Mail and calendar").first.inner_text()
    choose(affected, {"Service, row 1": mail, "Effect, row 1": "Positive"})
    choose(affected, {"Severity, row 1": "2"})
    write(affected, {"Note, row 1": "fewer mails"})
    pick(
        page,
        {
            "Must service level agreements change?": "No",
            "Overall impact": "Low",
            "Feasible beside the other services?": "Yes",
        },
    )
    complete(page)
    require_done(page, "Assess impact on services")


def _plan_resources(page: Page) -> None:
    claim_from_inbox(page, CASE, "Plan resources")
    needed = group(page, "Resources needed")
    choose(needed, {"Kind, row 1": "People"})
    write(needed, {"What, row 1": "Engineer", "Quantity, row 1": "2", "Unit, row 1": "fte"})
    pick(page, {"Feasible with these resources?": "Yes"})
    write(page, {"Lead time in weeks": "16"})
    complete(page)
    require_done(page, "Plan resources")


def _work_out_finances(page: Page) -> None:
    claim_from_inbox(page, CASE, "Work out the finances")
    costs = group(page, "Costs")
    choose(costs, {"Category, row 1": "Hardware", "Budget class, row 1": "Capital expenditure"})
    write(costs, {"Year 1, row 1": "60000", "Year 2, row 1": "30000", "Year 3, row 1": "30000"})
    page.keyboard.press("Tab")
    expect(costs.get_by_label("Total, row 1")).to_contain_text("120,000")
    add_row(page, "Benefits", 1)
    benefits = group(page, "Benefits")
    choose(benefits, {"Kind, row 1": "Saving"})
    write(
        benefits,
        {
            "What, row 1": "Less downtime",
            "Year 1, row 1": "0",
            "Year 2, row 1": "120000",
            "Year 3, row 1": "120000",
            "Confidence, row 1": "80",
        },
    )
    choose(page, {"Funded from": "IT budget", "Charging": "Showback: costs are shown"})
    complete(page)
    require_done(page, "Work out the finances")


def _assess_risks(page: Page) -> None:
    claim_from_inbox(page, CASE, "Assess risks")
    risk = page.get_by_role("group", name=re.compile(r"^Risks 1"))
    write(risk, {"Risk": "Terminals break in the dust", "Cause": "Shop floor"})
    choose(risk, {"Likelihood": "3", "Impact": "3", "Response": "Reduce"})
    write(risk, {"Mitigation": "Dust-proof model"})
    choose(risk, {"Owner": "Service owner"})
    pick(page, {"Overall risk": "Medium"})
    complete(page)
    require_done(page, "Assess risks")


def _write_case(page: Page) -> None:
    see_in_inbox(page, CASE, "Write business case")
    row_of(page, CASE).get_by_role("link", name="Write business case").click()
    write(
        page,
        {
            "1. Introduction": "Faults cost 20 hours a month.",
            "2. Methods and assumptions": "Counted in January; prices from two suppliers.",
            "3. Business impacts": "Downtime falls by a third.",
            "5. Recommendations": "Buy the terminals in two steps.",
            "Why do customers need it?": "Workers cannot leave the machine.",
            "What sets it apart from competitors?": "Answers come back to the same screen.",
            "Strengths": "Simple.",
            "Weaknesses": "Needs power.",
            "How are the risks controlled?": "Pilot in one hall.",
            "Best way to allocate resources": "Own engineers, bought hardware.",
        },
    )
    pick(page, {"Fit with the strategy": "4", "Value for the customer": "5"})
    pick(page, {"Financial result": "4", "Feasibility": "3"})
    risks = page.get_by_label("4. Risks and contingencies")
    expect(risks).to_have_value(re.compile("dust"))
    complete(page)
    require_done(page, "Write business case")


def _decide_as_customer(page: Page) -> None:
    see_in_inbox(page, CASE, "Decide as customer")
    row_of(page, CASE).get_by_role("link", name="Decide as customer").click()
    pick(page, {"Decision": "Approve"})
    complete(page)
    require_done(page, "Decide as customer")


def _decide_as_director(page: Page) -> None:
    claim_from_inbox(page, CASE, "Decide as IT director")
    pick(page, {"Decision": "Approve"})
    complete(page)
    require_done(page, "Decide as IT director")


def _charter(page: Page) -> None:
    claim_from_inbox(page, CASE, "Charter the service")
    choose(page, {"Who answers for the benefits?": "Customer"})
    write(page, {"Scope": "Two halls.", "Deliverables": "120 terminals, support, training."})
    expect(page.get_by_label("Budget", exact=True)).to_have_value(re.compile("120"))
    aside = group(page, "Resources set aside")
    write(aside, {"Resource, row 1": "Engineer"})
    choose(aside, {"Kind, row 1": "People", "Owner, row 1": "Sofie Jansen"})
    write(aside, {"From, row 1": _in_days(10), "Until, row 1": _in_days(180)})
    milestones = group(page, "Milestones")
    for number, stage in enumerate(STAGES, 1):
        choose(milestones, {f"Stage, row {number}": stage})
        write(milestones, {f"Due, row {number}": _in_days(30 * number)})
    complete(page)
    require_done(page, "Charter the service")


def _report_on(stage: str, page: Page) -> None:
    see_in_inbox(page, CASE, "Report on the stage")
    row_of(page, CASE).get_by_role("link", name="Report on the stage").click()
    write(page, {"What was done": f"{stage} is done.", "Spent to date": "24000"})
    write(page, {"Forecast of all costs": "120000", "Finished on": TODAY.isoformat()})
    pick(page, {"Do you advise to stop?": "No"})
    if stage == "Test":
        found: FilePayload = {
            "name": "results.txt",
            "mimeType": "text/plain",
            "buffer": b"All passed.",
        }
        page.get_by_label("Evidence").set_input_files(found)
    complete(page)
    require_done(page, "Report on the stage")


def _release(page: Page) -> None:
    claim_from_inbox(page, CASE, "Check readiness")
    for question in (
        "Are the service level agreements ready?",
        "Is the rate ready?",
        "Is support ready?",
        "Is the documentation ready?",
        "Ready to go live?",
    ):
        pick(page, {question: "Yes"})
    write(page, {"Text for the catalogue": "Report faults where they happen."})
    complete(page)
    require_done(page, "Check readiness")


def _see_it_live(page: Page) -> None:
    page.goto("/instances")
    page.get_by_role("link", name=CASE).click()
    expect(page.get_by_text(re.compile(r"ended .*: Live"))).to_be_visible()
    for passed in ("U_propose", "U_define", "U_financials", "SP_decide", "U_charter", "E_live"):
        expect(_drawn(page, passed)).to_contain_class("mark-done")
    for not_passed in ("E_rejected", "E_duplicate", "E_withdrawn"):
        expect(_drawn(page, not_passed)).not_to_contain_class("mark-done")


def _drawn(page: Page, element: str) -> Locator:
    return page.locator(f'.djs-element[data-element-id="{element}"]')


def _see_it_on_the_board(page: Page) -> None:
    page.goto("/portfolio")
    catalogue = page.get_by_role("region", name=re.compile("Service catalogue"))
    card = catalogue.get_by_role("article").filter(has_text=CASE)
    expect(card).to_have_count(1)
    expect(catalogue.get_by_text("live", exact=True)).to_be_visible()


def _see_who_did_what(page: Page) -> None:
    page.goto("/instances")
    page.get_by_role("link", name=CASE).click()
    page.get_by_role("link", name="History").click()
    done = {
        "Propose a service": "Business relationship manager",
        "Screen proposal": "Portfolio manager",
        "Define outcomes and warranty": "Service owner",
        "Assess impact on services": "Sofie",
        "Plan resources": "Capacity manager",
        "Work out the finances": "Finance manager",
        "Assess risks": "Risk officer",
        "Decide as customer": "Customer",
        "Decide as IT director": "IT director",
        "Check readiness": "Portfolio manager",
    }
    for task, person in done.items():
        event = page.get_by_role("listitem").filter(has_text=f"Task completed {task}")
        expect(event).to_contain_text(person)
    page.get_by_role("button", name="Check that nobody changed it").click()
    expect(page.get_by_text(re.compile(r"All \d+ events are as they were written"))).to_be_visible()
