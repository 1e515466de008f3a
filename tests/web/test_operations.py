"""What is stuck, and what brings it back on its way."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.job import JobKind, WorkerHeartbeat
from ssflow.domain.mail import Mail, MailState
from ssflow.domain.message import Message
from ssflow.services import instances, jobs
from ssflow.store import jobs as job_rows
from tests.engine.diagrams import end, flows, service, start
from tests.services.bundles import bundle, with_script
from tests.services.office import Office
from tests.services.test_schedules import scheduled
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


def test_a_text_that_should_be_a_number_becomes_one(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    office.deploy(with_script("result = 10 / days"))
    case = _get_stuck(office, boss, days="5")
    browser = sign_in(boss)
    assert re.search(r'<select[^>]*name="kind-0"', browser.open(_path(office, case)).text)

    changed = {"name-0": "days", "kind-0": "number", "value-0": "5"}
    browser.send(_path(office, case, "/retry"), changed, reason="It came as a text")

    assert office.variables(case)["result"] == 2
    assert office.details(case, AuditAction.INCIDENT_RETRIED)["after"] == {"days": 5}


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


def test_what_a_worker_does_again_is_not_called_done_before_it_is(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    call = service("S_ask", "http.request", {"url": "'http://nowhere.example.org/'"}, "told")
    office.deploy(bundle(start(), call, end(), flows("start S_ask end")))
    case, browser = office.start(boss), sign_in(boss)
    office.run_jobs()

    answer = browser.send(_path(office, case, "/retry"), reason="The list was mended")
    begun = browser.open(answer.headers["Location"])
    office.run_jobs()
    ended = browser.open(answer.headers["Location"])

    assert "It worked" not in text_of(begun)
    assert "Being tried again" in text_of(begun)
    refreshed = begun.text[begun.text.index('id="incident"') :]
    assert "It is being tried again." in refreshed
    assert "It is being tried again." not in ended.text
    assert 'hx-trigger="every 2s"' in begun.text
    assert "2 attempts" in text_of(ended)
    assert "Bring the case back on its way" in text_of(ended)
    assert "hx-trigger" not in ended.text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"value-0": "two"}, "Write a number"),
        ({"value-0": "true"}, "Write a number"),
        ({"kind-2": "yes_no", "value-2": "maybe"}, "Choose yes or no."),
        ({"kind-2": "json", "value-2": "{"}, "Write JSON"),
        ({"kind-2": "json", "value-2": "[" * 100_000}, "Write JSON"),
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


# --- what is still to be done --------------------------------------------------------------------


@pytest.fixture
def broken_job(office: Office) -> UUID:
    """A job that failed in every attempt and was given up."""
    payload = {"key": "nowhere", "variables": {}}
    rows = [{"kind": JobKind.SEND_MESSAGE, "payload": payload, "created_at": office.now}]
    with office.work() as work:
        [job_id] = job_rows.add_jobs(work.session, [{**row, "due_at": office.now} for row in rows])
    for _ in range(5):
        office.run_jobs(timedelta(minutes=10))
    return job_id


def test_a_job_that_was_given_up_is_shown_and_tried_again(
    sign_in: SignIn, office: Office, boss: Actor, broken_job: UUID
) -> None:
    browser = sign_in(boss)
    assert "See what was given up" in text_of(browser.open("/operations"))
    page = browser.open("/operations/jobs?state=failed")
    assert "Messages to send" in text_of(page)
    assert str(broken_job) in page.text

    answer = browser.send(f"/operations/jobs/{broken_job}/retry")

    assert answer.headers["Location"] == "/operations/jobs?state=failed"
    [job] = office.jobs()
    assert job.due_at == office.now
    assert "No job is like that." in text_of(browser.open("/operations/jobs?state=failed"))


def test_only_an_administrator_tries_jobs_again(
    sign_in: SignIn, office: Office, broken_job: UUID
) -> None:
    auditor = sign_in(office.hire("auditor"))

    assert auditor.open("/operations/jobs").status_code == 200
    assert auditor.send(f"/operations/jobs/{broken_job}/retry").status_code == 403
    assert sign_in(office.hire("customer")).open("/operations/jobs").status_code == 403


def _give_sign_of_life(office: Office) -> None:
    beat = WorkerHeartbeat(
        name="a machine",
        carrier="embedded",
        started_at=office.now,
        seen_at=office.now,
        median_lateness_ms=120,
        worst_lateness_ms=2_500,
    )
    with office.work() as work:
        jobs.give_sign_of_life(work, beat)


def test_the_overview_tells_whether_jobs_are_done_and_how_late(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    browser = sign_in(boss)
    assert "No worker is alive." in text_of(browser.open("/operations"))

    _give_sign_of_life(office)

    page = browser.open("/operations")
    told = text_of(page)
    assert "No worker is alive." not in told
    assert "0.12 s in the middle, 2.50 s at worst" in told
    assert "a machine (embedded)" in told
    assert 'hx-trigger="every 5s"' in page.text


def test_a_schedule_is_switched_off_with_a_reason_and_run_by_hand(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    office.deploy(scheduled())
    browser = sign_in(boss)
    assert "0 6 * * *" in text_of(browser.open("/operations/schedules"))

    unsaid = browser.send("/operations/schedules/p/switch", on="0", reason="")
    browser.send("/operations/schedules/p/switch", on="0", reason="Holidays")
    off = browser.open("/operations/schedules")
    browser.send("/operations/schedules/p/run", reason="The auditor asked")
    office.run_jobs()

    assert unsaid.status_code == 422
    assert "Say why." in text_of(unsaid)
    assert "Off" in text_of(off)
    assert "Holidays" in text_of(off)
    assert "Switch on" in text_of(off)
    assert "a case" in text_of(browser.open("/operations/schedules"))
    assert sign_in(office.hire("auditor")).send("/operations/schedules/p/run").status_code == 403


@pytest.mark.parametrize("value", ["x", "", "2", "on"])
@pytest.mark.parametrize("path", ["/operations/schedules/p/switch", "/processes/p/schedule"])
def test_what_is_neither_on_nor_off_switches_nothing(
    sign_in: SignIn, office: Office, boss: Actor, path: str, value: str
) -> None:
    office.deploy(scheduled())
    browser = sign_in(boss)

    answer = browser.send(path, on=value, reason="Holidays")

    assert answer.status_code == 422
    assert "Say whether it is to be on or off." in text_of(answer)
    assert "Switch off" in text_of(browser.open("/operations/schedules"))


def test_mails_are_listed_without_their_texts_and_addresses(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    mail: dict[str, Any] = {
        "id": uuid4(),
        "source_id": uuid4(),
        "template": "t",
        "address": "ann@secret.example",
        "name": "Ann",
        "language": "en",
        "subject": "Your proposal",
        "text": "the canary",
        "html": "the canary",
        "created_at": office.now,
        "state": MailState.FAILED,
        "error": "The server hangs.",
    }
    with office.work() as work:
        work.session.add(Mail(**mail))
    browser = sign_in(boss)

    page = browser.open("/operations/mail?state=failed")

    assert "Your proposal" in text_of(page)
    assert "The server hangs." in text_of(page)
    assert "canary" not in page.text
    assert "secret.example" not in page.text
    assert "No mails" in text_of(browser.open("/operations/mail?state=sent"))


def test_a_mail_to_somebody_without_an_account_tells_whom_it_is_for_to_those_who_know(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    mail: dict[str, Any] = {
        "id": uuid4(),
        "source_id": uuid4(),
        "template": "t",
        "address": "zoe@acme.example",
        "name": "",
        "language": "en",
        "subject": "Your complaint",
        "text": "t",
        "html": "t",
        "created_at": office.now,
        "state": MailState.SENT,
    }
    with office.work() as work:
        work.session.add(Mail(**mail))

    page = sign_in(boss).open("/operations/mail")

    assert "z…@acme.example" in text_of(page)
    assert "zoe@acme.example" not in page.text


def test_jobs_are_listed_by_pages_and_without_empty_cells_on_a_phone(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    job = {"kind": JobKind.TIMER, "payload": {}, "created_at": office.now}
    with office.work() as work:
        due_at = office.now + timedelta(days=1)
        job_rows.add_jobs(work.session, [{**job, "due_at": due_at} for _ in range(26)])
    browser = sign_in(boss)

    page = browser.open("/operations/jobs")

    assert page.text.count('data-label="Job"') == 25
    assert len(re.findall(r'class="only-wide"\s+data-label="Last error"', page.text)) == 25
    assert "cursor=" in page.text


def test_messages_that_nobody_took_are_listed_without_what_they_say(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    with office.work() as work:
        work.session.add(
            Message(
                name="parcel_came",
                sender=boss.key,
                payload={"what": "the canary"},
                created_at=office.now,
                expires_at=office.now + timedelta(days=1),
                correlation_key="PRP-1",
            )
        )
    browser = sign_in(boss)

    page = browser.open("/operations/messages")

    assert "parcel_came PRP-1 Boss" in text_of(page)
    assert "canary" not in page.text


# --- whether it can work -------------------------------------------------------------------------


def test_it_is_ready_while_a_worker_lives(browser: Browser, office: Office) -> None:
    before = browser.open("/readyz")
    _give_sign_of_life(office)

    after = browser.open("/readyz")
    office.now += timedelta(minutes=1)
    later = browser.open("/readyz")

    assert before.status_code == 503
    assert before.headers["Retry-After"] == "5"
    assert before.get_json() == {
        "status": "not ready",
        "checks": {"database": "ok", "schema": "ok", "worker": "none is alive"},
    }
    assert (after.status_code, after.get_json()["status"]) == (200, "ok")
    assert later.status_code == 503


def test_it_is_not_ready_with_tables_of_another_version(browser: Browser, office: Office) -> None:
    _give_sign_of_life(office)
    with office.work() as work:
        work.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    answer = browser.open("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {
        "database": "ok",
        "schema": "of another version",
        "worker": "unknown",
    }
