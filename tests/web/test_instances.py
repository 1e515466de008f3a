"""The list of cases, and one case."""

import io
import json
import re
from uuid import UUID

import pytest

from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.services.process_links import started_by_case
from tests.engine.diagrams import end, flows, service, start, user
from tests.services.bundles import bundle, one_task, two_tasks, with_script
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn

_VIEWS = ["diagram", "history", "data", "tasks", "incidents", "talk"]


@pytest.fixture
def boss(office: Office) -> Actor:
    return office.hire("admin", name="boss")


@pytest.fixture
def customer(office: Office) -> Actor:
    return office.hire("customer", name="customer")


@pytest.fixture
def case(office: Office, customer: Actor) -> UUID:
    """A case in which a customer has asked something."""
    office.deploy(two_tasks())
    case = office.start(customer, business_key="CASE-7")
    office.complete(customer, office.task(case, "U_ask").id, wish="a faster mill")
    return case


def test_an_empty_list_says_how_to_begin(sign_in: SignIn, customer: Actor) -> None:
    assert "No cases yet" in text_of(sign_in(customer).open("/instances"))


def test_the_list_shows_what_one_may_see(
    sign_in: SignIn, office: Office, customer: Actor, case: UUID
) -> None:
    seen = text_of(sign_in(customer).open("/instances"))
    hidden = text_of(sign_in(office.hire("accountant")).open("/instances"))

    assert "CASE-7" in seen
    assert "CASE-7" not in hidden


@pytest.mark.parametrize(
    "query", ["q=case-7", "status=running", "key=p", "mine=1", "status=nonsense"]
)
def test_the_list_shows_a_case_that_is_asked_for(
    sign_in: SignIn, customer: Actor, case: UUID, query: str
) -> None:
    assert "CASE-7" in text_of(sign_in(customer).open(f"/instances?{query}"))


@pytest.mark.parametrize("query", ["q=other", "status=completed", "key=q"])
def test_the_list_leaves_out_what_is_not_asked_for(
    sign_in: SignIn, customer: Actor, case: UUID, query: str
) -> None:
    assert "CASE-7" not in text_of(sign_in(customer).open(f"/instances?{query}"))


@pytest.mark.parametrize("view", _VIEWS)
def test_a_stranger_sees_no_part_of_a_case(
    sign_in: SignIn, office: Office, case: UUID, view: str
) -> None:
    browser = sign_in(office.hire("accountant"))

    assert browser.open(f"/instances/{case}?view={view}").status_code == 404


@pytest.mark.parametrize("part", ["diagram.bpmn", "trace.json"])
def test_a_stranger_gets_no_data_of_a_case(
    sign_in: SignIn, office: Office, case: UUID, part: str
) -> None:
    browser = sign_in(office.hire("accountant"))

    assert browser.open(f"/instances/{case}/{part}").status_code == 404


@pytest.mark.parametrize("action", ["comments", "files", "verify"])
def test_a_stranger_does_nothing_to_a_case(
    sign_in: SignIn, office: Office, case: UUID, action: str
) -> None:
    browser = sign_in(office.hire("accountant"))

    answer = browser.send(f"/instances/{case}/{action}", text="x", file=(io.BytesIO(b"x"), "x"))

    assert answer.status_code == 404


def test_a_case_says_what_it_waits_for_and_what_was_done(
    sign_in: SignIn, customer: Actor, case: UUID
) -> None:
    page = text_of(sign_in(customer).open(f"/instances/{case}"))

    assert "U_answer waits for Portfolio manager" in page
    assert "Done so far U_ask Customer" in page


def test_a_diagram_follows_its_case_until_that_has_ended(
    sign_in: SignIn, office: Office, customer: Actor
) -> None:
    office.deploy(one_task(role="customer"))
    case = office.start(customer)
    browser = sign_in(customer)

    running = browser.open(f"/instances/{case}").text
    [task] = office.open_tasks(case)
    office.complete(customer, task.id)
    ended = browser.open(f"/instances/{case}").text

    assert "data-follow" in running
    assert "data-follow" not in ended


def test_the_trace_tells_the_way_and_where_it_waits(
    sign_in: SignIn, customer: Actor, case: UUID
) -> None:
    trace = sign_in(customer).open(f"/instances/{case}/trace.json").get_json()

    assert {"start", "U_ask", "f_start_U_ask"} <= set(trace["path"])
    assert trace["active"] == [
        {"element_id": "U_answer", "kind": "user_task", "label": "Portfolio manager"}
    ]


def test_the_trace_calls_roles_and_elements_as_the_reader_does(
    sign_in: SignIn, office: Office, customer: Actor, case: UUID
) -> None:
    labels = {"sv": {"U_answer": "Svara", "f_ask.wish": "Önskan"}}
    office.deploy({**two_tasks(), "p.i18n.json": json.dumps(labels).encode()})
    browser = sign_in(customer)
    browser.send("/profile/settings", language="sv", timezone="")

    trace = browser.open(f"/instances/{case}/trace.json").get_json()

    assert trace["names"] == {"U_answer": "Svara"}
    assert trace["roles"]["risk_officer"] == "Riskansvarig"


def test_cases_are_found_by_what_the_reader_calls_their_process(
    sign_in: SignIn, office: Office, customer: Actor, case: UUID
) -> None:
    labels = {"sv": {"p": "Fråga och svar"}}
    office.deploy({**two_tasks(), "p.i18n.json": json.dumps(labels).encode()})
    browser = sign_in(customer)

    assert str(case) not in browser.open("/instances?q=FRÅGA").text
    browser.send("/profile/settings", language="sv", timezone="")

    assert str(case) in browser.open("/instances?q=FRÅGA").text


def test_the_diagram_is_the_one_the_case_runs_on(
    sign_in: SignIn, office: Office, customer: Actor, case: UUID
) -> None:
    office.deploy(one_task())

    answer = sign_in(customer).open(f"/instances/{case}/diagram.bpmn")

    assert answer.mimetype == "application/xml"
    assert "U_answer" in answer.text


def test_the_history_tells_who_did_what(sign_in: SignIn, customer: Actor, case: UUID) -> None:
    page = text_of(sign_in(customer).open(f"/instances/{case}?view=history"))

    assert "Case started" in page
    assert "Task completed U_ask Customer" in page
    assert "Task opened U_answer Customer" not in page
    assert "Wish a faster mill" in page


def test_the_data_reads_without_braces(sign_in: SignIn, customer: Actor, case: UUID) -> None:
    page = text_of(sign_in(customer).open(f"/instances/{case}?view=data"))

    assert "Wish a faster mill" in page


def test_a_history_that_nobody_changed_is_confirmed(
    sign_in: SignIn, customer: Actor, case: UUID
) -> None:
    browser = sign_in(customer)

    browser.send(f"/instances/{case}/verify")

    page = text_of(browser.open(f"/instances/{case}?view=history"))
    assert "events are as they were written." in page


def test_comments_and_files_stay_with_the_case(
    sign_in: SignIn, customer: Actor, case: UUID
) -> None:
    browser = sign_in(customer)

    browser.send(f"/instances/{case}/comments", text="Is it soon?")
    browser.send(f"/instances/{case}/files", file=(io.BytesIO(b"abc"), "plan.txt"))

    page = text_of(browser.open(f"/instances/{case}?view=talk"))
    assert "Is it soon?" in page
    assert "plan.txt 3 bytes" in page


def test_an_empty_comment_is_refused(sign_in: SignIn, customer: Actor, case: UUID) -> None:
    assert sign_in(customer).send(f"/instances/{case}/comments", text=" ").status_code == 422


def test_only_administrators_hold_and_end_cases(
    sign_in: SignIn, office: Office, customer: Actor, case: UUID
) -> None:
    browser = sign_in(customer)

    statuses = {
        browser.send(f"/instances/{case}/{action}", reason="x").status_code
        for action in ("suspend", "resume", "cancel")
    }

    assert statuses == {403}
    assert "Administer" not in text_of(browser.open(f"/instances/{case}"))


def test_an_administrator_holds_a_case_and_lets_it_go_on(
    sign_in: SignIn, office: Office, boss: Actor, case: UUID
) -> None:
    browser = sign_in(boss)

    browser.send(f"/instances/{case}/suspend", reason="audit")
    held = office.instance(case).status
    browser.send(f"/instances/{case}/resume", reason="done")

    assert held is InstanceStatus.SUSPENDED
    assert office.instance(case).status is InstanceStatus.RUNNING


def test_a_case_is_not_cancelled_without_a_reason(
    sign_in: SignIn, office: Office, boss: Actor, case: UUID
) -> None:
    browser = sign_in(boss)

    without = browser.send(f"/instances/{case}/cancel", reason=" ").status_code
    cancelled = browser.send(f"/instances/{case}/cancel", reason="a duplicate").status_code

    assert (without, cancelled) == (422, 303)
    assert office.instance(case).status is InstanceStatus.CANCELLED
    assert "“a duplicate”" in text_of(browser.open(f"/instances/{case}?view=history"))


# --- incidents -----------------------------------------------------------------------------------


@pytest.fixture
def stuck(office: Office, boss: Actor) -> UUID:
    """A case that waits for somebody to mend its data."""
    office.deploy(with_script("result = 10 / days"))
    owner = office.hire("service_owner")
    case = office.start(boss, days=0)
    office.complete(owner, office.task(case, "U_first").id)
    return case


def test_a_stuck_case_says_so_everywhere(sign_in: SignIn, boss: Actor, stuck: UUID) -> None:
    browser = sign_in(boss)

    assert "Stuck" in text_of(browser.open("/instances"))
    assert "Stuck at “X_compute”" in text_of(browser.open(f"/instances/{stuck}"))
    assert "X_compute" in text_of(browser.open("/operations"))


_WAITING = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  id="D" targetNamespace="http://ssflow.example/tests">
  <bpmn:message id="M_stop" name="stop_it" />
  <bpmn:process id="waiting" name="Waiting" isExecutable="true">
    <bpmn:startEvent id="S"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="S" targetRef="I_stop" />
    <bpmn:intermediateCatchEvent id="I_stop" name="Withdraw">
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
      <bpmn:messageEventDefinition id="e1" messageRef="M_stop" />
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="I_stop" targetRef="E" />
    <bpmn:endEvent id="E"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"""
_SEND = re.compile(r"/instances/[0-9a-f-]+/messages/[0-9a-f-]+")


@pytest.fixture
def waiting(office: Office, customer: Actor) -> UUID:
    """A case of the customer that waits for a message."""
    office.deploy({"waiting.bpmn": _WAITING})
    return office.start(customer, "waiting")


def _way_of(browser: Browser, case: UUID) -> str:
    """Give the address to which the case's page sends the message."""
    found = _SEND.search(browser.open(f"/instances/{case}").text)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("who", ["customer", "boss"])
def test_who_started_a_case_or_administers_sends_it_another_way(
    sign_in: SignIn, office: Office, waiting: UUID, who: str, request: pytest.FixtureRequest
) -> None:
    browser = sign_in(request.getfixturevalue(who))

    answer = browser.send(_way_of(browser, waiting), reason="no need any more")

    assert answer.status_code == 303
    assert "The case took the other way." in text_of(browser.open(answer.headers["Location"]))
    assert office.instance(waiting).end_event == "E"


def test_the_other_way_is_named_as_the_diagram_names_it(
    sign_in: SignIn, customer: Actor, waiting: UUID
) -> None:
    page = text_of(sign_in(customer).open(f"/instances/{waiting}"))

    assert "This case can also take another way" in page
    assert "Reason for “Withdraw”" in page


def test_the_history_calls_the_process_by_its_name(
    sign_in: SignIn, customer: Actor, waiting: UUID
) -> None:
    page = text_of(sign_in(customer).open(f"/instances/{waiting}?view=history"))

    assert "Case started Waiting" in page


def test_others_are_not_offered_the_other_way_and_may_not_take_it(
    sign_in: SignIn, office: Office, customer: Actor, waiting: UUID
) -> None:
    way = _way_of(sign_in(customer), waiting)
    auditor = sign_in(office.hire("auditor"))

    page = text_of(auditor.open(f"/instances/{waiting}"))
    answer = auditor.send(way, reason="x")

    assert "another way" not in page
    assert answer.status_code == 403
    assert office.instance(waiting).status is InstanceStatus.RUNNING


def test_the_other_way_is_not_taken_without_a_reason(
    sign_in: SignIn, customer: Actor, waiting: UUID
) -> None:
    browser = sign_in(customer)

    assert browser.send(_way_of(browser, waiting), reason=" ").status_code == 422


def test_the_other_way_is_not_taken_without_a_token(
    sign_in: SignIn, office: Office, customer: Actor, waiting: UUID
) -> None:
    browser = sign_in(customer)

    answer = browser.send(_way_of(browser, waiting), csrf_token="", reason="x")

    assert answer.status_code in (400, 403)
    assert office.instance(waiting).status is InstanceStatus.RUNNING


def test_cases_that_started_each_other_lead_to_each_other(
    sign_in: SignIn, office: Office, boss: Actor, customer: Actor
) -> None:
    office.deploy(one_task())
    calling = service("S_call", "process.start", {"key": "'p'"})
    wait = user("U_then", role="customer")
    office.deploy(
        bundle(start(), calling, wait, end(), flows("start S_call U_then end"), key="caller")
    )
    origin = office.start(customer, "caller")
    office.run_jobs()
    with office.look() as work:
        [started] = started_by_case(work, origin)

    from_above = sign_in(boss).open(f"/instances/{origin}")
    from_below = sign_in(boss).open(f"/instances/{started.id}")
    as_customer = sign_in(customer).open(f"/instances/{origin}")

    assert f"/instances/{started.id}" in from_above.get_data(as_text=True)
    assert "Started the case" in text_of(from_above)
    assert f"/instances/{origin}" in from_below.get_data(as_text=True)
    assert "Started by the case" in text_of(from_below)
    assert "Started the case" not in text_of(as_customer)
