"""What is stuck, and what brings it back on its way."""

import re
from typing import Any
from uuid import UUID

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.services import instances
from tests.services.bundles import with_script
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def boss(office: Office) -> Actor:
    return office.hire("admin", name="boss")


@pytest.fixture
def stuck(office: Office, boss: Actor) -> UUID:
    """A case that waits for somebody to mend its data."""
    office.deploy(with_script("first = 1\nresult = 10 / days + len(name) + surprise"))
    return _get_stuck(office, boss, days=0, name="Ann", rush=True, other="unnamed")


def _get_stuck(office: Office, boss: Actor, **variables: Any) -> UUID:
    owner = office.hire("service_owner")
    case = office.start(boss, **variables)
    office.complete(owner, office.task(case, "U_first").id)
    return case


def _path(office: Office, case: UUID, deed: str = "") -> str:
    return f"/operations/incidents/{office.incident(case).id}{deed}"


EDITED = {
    "name-0": "days",
    "kind-0": "number",
    "value-0": "2",
    "name-1": "name",
    "kind-1": "text",
    "value-1": "Ann",
    "name-2": "surprise",
    "kind-2": "number",
    "missing-2": "1",
    "value-2": "4",
}


def test_an_incident_shows_its_code_and_only_the_data_that_the_code_names_to_edit(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    page = sign_in(boss).open(_path(office, stuck))

    told = text_of(page)
    assert "ZeroDivisionError" in told or "division" in told
    assert "1 first = 1" in told
    assert re.search(r"<mark>result = 10 / days", page.text)
    names = re.findall(r'name="name-\d+"\s+value="(\w+)"', page.text)
    assert names == ["days", "name", "surprise"]
    assert "unnamed" in told


def test_an_administrator_mends_the_data_and_the_case_goes_on(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    browser = sign_in(boss)

    answer = browser.send(_path(office, stuck, "/retry"), EDITED, reason="a typing error")

    assert answer.headers["Location"] == f"/instances/{stuck}"
    assert office.variables(stuck)["result"] == 12
    told = office.details(stuck, AuditAction.INCIDENT_RETRIED)
    assert told["before"] == {"days": 0, "surprise": None}
    assert told["after"] == {"days": 2, "surprise": 4}
    history = text_of(browser.open(f"/instances/{stuck}?view=history"))
    assert "a typing error" in history


def test_a_second_failure_leads_back_to_the_incident(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    browser = sign_in(boss)

    answer = browser.send(_path(office, stuck, "/retry"), {**EDITED, "value-0": "0"})

    assert answer.headers["Location"] == _path(office, stuck)
    told = text_of(browser.open(answer.headers["Location"]))
    assert "It failed again" in told
    assert "2 attempts" in told
    assert "What each attempt said" in told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"value-0": "two"}, "Write a number"),
        ({"value-0": "true"}, "Write a number"),
        ({"kind-2": "yes_no", "value-2": "maybe"}, "Choose yes or no."),
        ({"kind-2": "json", "value-2": "{"}, "Write JSON"),
        ({"more": "[1]"}, "Write a JSON object"),
        ({"more": "[" * 100_000}, "Write a JSON object"),
        ({"more": '{"now": 1}'}, "This name is reserved."),
        ({"reason": "x" * 1001}, "At most 1000 characters."),
    ],
)
def test_data_that_cannot_be_read_comes_back_as_it_was_typed(
    sign_in: SignIn,
    office: Office,
    boss: Actor,
    stuck: UUID,
    wrong: dict[str, str],
    told: str,
) -> None:
    answer = sign_in(boss).send(_path(office, stuck, "/retry"), {**EDITED, **wrong})

    assert answer.status_code == 422
    assert told in text_of(answer)
    assert 'value="Ann"' in answer.text
    assert office.incident(stuck).attempts == 1


def test_a_step_that_was_done_by_hand_is_passed(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    browser = sign_in(boss)
    path = _path(office, stuck, "/resolve")

    refused = browser.send(path, more='{"result": 7}', reason="")
    answer = browser.send(path, more='{"result": 7}', reason="Worked out by hand")

    assert refused.status_code == 422
    assert answer.headers["Location"] == f"/instances/{stuck}"
    assert office.variables(stuck)["result"] == 7
    assert office.open(stuck) == ["U_last"]


def test_a_hopeless_case_is_cancelled_from_its_incident(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    browser = sign_in(boss)
    page = browser.open(_path(office, stuck))
    assert f'formaction="/instances/{stuck}/cancel"' in page.text

    browser.send(f"/instances/{stuck}/cancel", EDITED, reason="Hopeless")

    assert office.instance(stuck).status is InstanceStatus.CANCELLED


def test_a_suspended_case_must_be_resumed_first(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    office.act(boss, instances.suspend_instance, stuck, "Wait")
    browser = sign_in(boss)

    page = browser.open(_path(office, stuck))
    answer = browser.send(_path(office, stuck, "/retry"), EDITED)

    assert "Resume it first" in text_of(page)
    assert "Try again" not in text_of(page)
    assert answer.status_code == 409


# --- the list ------------------------------------------------------------------------------------


def _listed(browser: Browser, **asked: str) -> int:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return browser.open(f"/operations/incidents?{query}").text.count("<tr data-row>")


def test_incidents_are_found_by_what_they_are(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    office.deploy(with_script("x = 1 / 0"))
    office.now = office.now.replace(day=office.now.day + 2)
    _get_stuck(office, boss)
    browser = sign_in(boss)

    assert _listed(browser) == 2
    assert _listed(browser, key="p") == 2
    assert _listed(browser, key="q") == 0
    assert _listed(browser, activity="X_compute") == 2
    assert _listed(browser, kind="script") == 2
    assert _listed(browser, kind="operation") == 0
    assert _listed(browser, age="day") == 1
    assert _listed(browser, age="week") == 0
    assert _listed(browser, q="division") == 2
    assert _listed(browser, q="100%25") == 0
    assert _listed(browser, status="resolved") == 0
    assert _listed(browser, kind="nonsense", status="nonsense", age="nonsense") == 2


def test_what_is_stuck_is_counted_by_place(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    _get_stuck(office, boss, days=0, name="")

    page = sign_in(boss).open("/operations")

    assert "X_compute" in text_of(page)
    assert "Script 2" in text_of(page)
    assert "key=p&amp;activity=X_compute&amp;kind=script" in page.text


def test_an_auditor_looks_and_changes_nothing(sign_in: SignIn, office: Office, stuck: UUID) -> None:
    browser = sign_in(office.hire("auditor"))

    page = browser.open(_path(office, stuck))

    assert page.status_code == 200
    assert "Try again" not in text_of(page)
    for deed in ("/retry", "/resolve"):
        assert browser.send(_path(office, stuck, deed), EDITED, reason="why").status_code == 403
    assert browser.send("/operations/incidents/retry", reason="why").status_code == 403


def test_nobody_else_sees_what_is_stuck(sign_in: SignIn, office: Office, stuck: UUID) -> None:
    browser = sign_in(office.hire("customer"))

    for path in ("/operations", "/operations/incidents", _path(office, stuck)):
        assert browser.open(path).status_code == 403
    assert browser.open(f"/instances/{stuck}?view=incidents").status_code == 404


# --- many at once --------------------------------------------------------------------------------


def test_many_are_counted_first_then_tried_again_and_told_of(
    sign_in: SignIn, office: Office, boss: Actor, stuck: UUID
) -> None:
    other = _get_stuck(office, boss, days=1, name="")
    browser = sign_in(boss)
    preview = browser.open("/operations/incidents/retry?key=p&kind=script")
    assert "2 open incidents will be tried again." in text_of(preview)

    asked = {"key": "p", "kind": "script"}
    refused = browser.send("/operations/incidents/retry", asked, reason=" ")
    begun = browser.send("/operations/incidents/retry", asked, reason="All at once")
    waiting = browser.open(begun.headers["Location"])
    office.run_jobs()
    done = browser.open(begun.headers["Location"])

    assert refused.status_code == 422
    assert "0 of 2 are done" in text_of(waiting)
    assert 'hx-trigger="every 2s"' in waiting.text
    assert "2 incidents were tried again" in text_of(done)
    assert "hx-trigger" not in done.text
    assert "Failed again 2" in text_of(done)
    assert [office.incident(case).attempts for case in (stuck, other)] == [2, 2]
    skipped = browser.open(f"{begun.headers['Location']}?outcome=skipped")
    assert "Nothing like that" in text_of(skipped)


def test_nothing_to_try_again_is_said_plainly(sign_in: SignIn, boss: Actor) -> None:
    browser = sign_in(boss)

    page = browser.open("/operations/incidents/retry?key=nowhere")
    answer = browser.send("/operations/incidents/retry", key="nowhere", reason="why")

    assert "No open incident is like that." in text_of(page)
    assert answer.status_code == 422
