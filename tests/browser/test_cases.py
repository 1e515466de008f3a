"""A case that is held, stuck, talked about, or none of one's business."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenAs
from tests.browser.hands import choose, claim_from_inbox, complete, pick, row_of
from tests.browser.live import LiveServer
from tests.browser.watching import Watch

_STUCK = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
             xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
             xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
             xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
             xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"
             id="D" targetNamespace="http://example.org/stuck">
  <process id="share_out" name="Share out" isExecutable="true">
    <extensionElements>
      <spiffworkflow:properties>
        <spiffworkflow:property name="starters" value="admin"/>
        <spiffworkflow:property name="title" value="Shares for everybody"/>
      </spiffworkflow:properties>
    </extensionElements>
    <startEvent id="E_start"><outgoing>f1</outgoing></startEvent>
    <scriptTask id="X_people" name="Count people"><incoming>f1</incoming><outgoing>f2</outgoing>
      <script>people = 0</script>
    </scriptTask>
    <scriptTask id="X_share" name="Work out a share"><incoming>f2</incoming><outgoing>f3</outgoing>
      <script>share = 100 // people</script>
    </scriptTask>
    <userTask id="U_pay" name="Pay it">
      <extensionElements>
        <spiffworkflow:properties>
          <spiffworkflow:property name="role" value="admin"/>
        </spiffworkflow:properties>
      </extensionElements>
      <incoming>f3</incoming><outgoing>f4</outgoing>
    </userTask>
    <endEvent id="E_end"><incoming>f4</incoming></endEvent>
    <sequenceFlow id="f1" sourceRef="E_start" targetRef="X_people"/>
    <sequenceFlow id="f2" sourceRef="X_people" targetRef="X_share"/>
    <sequenceFlow id="f3" sourceRef="X_share" targetRef="U_pay"/>
    <sequenceFlow id="f4" sourceRef="U_pay" targetRef="E_end"/>
  </process>
  <bpmndi:BPMNDiagram id="Drawing">
    <bpmndi:BPMNPlane id="Plane" bpmnElement="share_out">
      <bpmndi:BPMNShape id="s1" bpmnElement="E_start">
        <dc:Bounds x="100" y="122" width="36" height="36"/></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="s2" bpmnElement="X_people">
        <dc:Bounds x="180" y="100" width="100" height="80"/></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="s3" bpmnElement="X_share">
        <dc:Bounds x="330" y="100" width="100" height="80"/></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="s4" bpmnElement="U_pay">
        <dc:Bounds x="480" y="100" width="100" height="80"/></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="s5" bpmnElement="E_end">
        <dc:Bounds x="630" y="122" width="36" height="36"/></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="e1" bpmnElement="f1">
        <di:waypoint x="136" y="140"/><di:waypoint x="180" y="140"/></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="e2" bpmnElement="f2">
        <di:waypoint x="280" y="140"/><di:waypoint x="330" y="140"/></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="e3" bpmnElement="f3">
        <di:waypoint x="430" y="140"/><di:waypoint x="480" y="140"/></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="e4" bpmnElement="f4">
        <di:waypoint x="580" y="140"/><di:waypoint x="630" y="140"/></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</definitions>
"""


@pytest.fixture(scope="session")
def stuck_process(live: LiveServer) -> str:
    """A process that always comes to a script that cannot run."""
    live.deploy({"share_out.bpmn": _STUCK})
    return "share_out"


def test_an_administrator_brings_a_stuck_case_on_its_way(
    open_as: OpenAs, stuck_process: str
) -> None:
    page = open_as("admin")
    page.goto(f"/start/{stuck_process}")
    page.get_by_role("button", name="Start the case").click()
    expect(page.get_by_text("Stuck at “Work out a share”.")).to_be_visible()
    stuck = page.locator('.djs-element[data-element-id="X_share"]')
    expect(stuck).to_contain_class("mark-trouble")
    page.get_by_role("link", name="See the incident").click()
    expect(page.get_by_text("share = 100 // people").first).to_be_visible()

    page.get_by_role("link", name="Bring it back on its way").click()
    page.get_by_role("textbox", name="People people").fill("4")
    page.get_by_label("Why?", exact=True).last.fill("Four came.")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("It worked: the case goes on.")).to_be_visible()
    expect(page.get_by_role("link", name="Pay it").first).to_be_visible()


def test_a_stuck_case_is_found_under_operations(open_as: OpenAs, stuck_process: str) -> None:
    page = open_as("admin")
    page.goto(f"/start/{stuck_process}")
    page.get_by_role("button", name="Start the case").click()
    expect(page.get_by_text("Stuck at “Work out a share”.")).to_be_visible()

    page.get_by_role("link", name="Operations").click()
    page.get_by_role("link", name="Incidents").first.click()

    expect(page.get_by_text("Work out a share").first).to_be_visible()
    page.get_by_role("link", name="Shares for everybody").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shares for everybody")


def test_who_opens_a_task_of_a_held_case_is_told(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    case = live.case_waiting_at("U_financials", "On hold")
    manager = open_as("finance_manager")
    manager.goto("/tasks?q=On+hold")
    manager.get_by_role("link", name="Work out the finances").click()
    admin = open_as("admin")
    admin.goto(f"/instances/{case}")

    admin.get_by_text("Administer").click()
    admin.get_by_label("Why?", exact=True).fill("We wait for the budget.")
    admin.get_by_role("button", name="Suspend").click()

    expect(admin.get_by_text("The case is suspended.")).to_be_visible()
    manager.reload()
    expect(manager.get_by_text("This case is suspended.")).to_be_visible()
    expect(manager.get_by_role("button", name="Complete", exact=True)).to_have_count(0)
    admin.get_by_text("Administer").click()
    admin.get_by_label("Why?", exact=True).fill("Here it is.")
    admin.get_by_role("button", name="Resume").click()
    manager.reload()
    expect(manager.get_by_role("button", name="Complete", exact=True)).to_be_visible()


def test_a_file_of_a_case_comes_back_as_it_was(
    open_as: OpenAs, live: LiveServer, tmp_path: Path
) -> None:
    case = live.case_waiting_at("U_financials", "With an offer")
    offer = tmp_path / "offer é.pdf"
    offer.write_bytes(b"%PDF-1.4 \x00\xff offer")
    page = open_as("finance_manager")
    page.goto(f"/instances/{case}?view=talk")

    page.get_by_label("Attach a file (10 MB at most)").set_input_files(offer)
    page.get_by_role("button", name="Attach", exact=True).click()

    with page.expect_download() as download:
        page.get_by_role("link", name="offer é.pdf").click()
    assert download.value.suggested_filename == "offer é.pdf"
    assert download.value.path().read_bytes() == offer.read_bytes()


def test_a_strangers_case_is_not_there(open_as: OpenAs, live: LiveServer, watch: Watch) -> None:
    case = live.case_waiting_at("U_financials", "None of your business")
    live.add_person("stranger")
    page = open_as("stranger")
    watch.expect(404)

    page.goto(f"/instances/{case}")

    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    expect(page.get_by_text("None of your business")).to_have_count(0)
    page.get_by_role("link", name="To my inbox").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()


def test_a_form_without_its_token_is_refused_kindly(
    open_as: OpenAs, live: LiveServer, watch: Watch
) -> None:
    live.case_waiting_at("U_screen", "Sent by another site")
    page = open_as("portfolio_manager")
    page.goto("/tasks?q=another+site")
    page.eval_on_selector_all("input[name=csrf_token]", "all => all.forEach(one => one.remove())")
    watch.expect(400)

    row_of(page, "Screen proposal").get_by_role("button", name="Claim").click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "CSRF" not in page.locator("main").inner_text()
    expect(page.get_by_role("link", name="To my inbox")).to_be_visible()


def test_the_trail_is_filtered_by_person_and_leads_to_the_case(
    open_as: OpenAs, live: LiveServer
) -> None:
    live.case_waiting_at("U_financials", "In the trail")
    page = open_as("auditor")
    page.goto("/audit")
    page.get_by_label("Person").select_option(label="Capacity manager")
    page.get_by_label("What").select_option(label="Task completed")

    page.get_by_role("button", name="Show").click()

    events = page.get_by_role("listitem").filter(has_text="Task completed")
    expect(events.first).to_contain_text("Capacity manager")
    expect(page.get_by_role("listitem").filter(has_text="Finance manager")).to_have_count(0)
    events.first.get_by_role("link").first.click()
    expect(page.get_by_role("link", name="History")).to_be_visible()


def test_who_watches_a_case_sees_it_move_on_without_a_reload(
    open_as: OpenAs, live: LiveServer
) -> None:
    case = live.case_waiting_at("U_screen", "Watched")
    watching, working = open_as("portfolio_manager"), open_as("portfolio_manager")
    watching.goto(f"/instances/{case}")
    expect(watching.locator('[data-element-id="U_screen"].mark-active')).to_be_visible()
    claim_from_inbox(working, "Watched", "Screen proposal")
    pick(working, {"Screening result": "Accept: work it out"})
    choose(working, {"Proposal owner": "Service owner"})

    complete(working)

    expect(watching.locator('.djs-element[data-element-id="U_screen"]')).to_have_class(
        re.compile("mark-done")
    )
    expect(watching.locator(".wait").first).to_contain_text("Define outcomes and warranty")
    expect(watching.locator("#live")).to_have_text("The case has moved on.")
