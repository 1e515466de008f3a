"""What people and programs are told when something does not work."""

import logging
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from ssflow.services import access_tokens
from ssflow.web.access import public
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.api.calling import Caller, problem
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


def _take_database_away(office: Office) -> None:
    """Put a folder where the database file was."""
    office.database.engine.dispose()
    file = Path(str(office.database.url.database))
    file.rename(file.with_suffix(".away"))
    file.mkdir()


def test_what_does_not_exist_and_what_one_may_not_see_get_the_same_page(
    sign_in: SignIn, office: Office
) -> None:
    office.deploy(one_task())
    case = office.start(office.hire("admin"))
    browser = sign_in(office.hire("customer"))

    hidden = browser.open(f"/instances/{case}")
    missing = browser.open(f"/instances/{uuid4()}")

    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert text_of(hidden) == text_of(missing)


def test_who_lacks_a_role_is_told_its_title(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("customer"))

    answer = browser.open("/admin/users")

    assert answer.status_code == 403
    assert "may do this: Administrator." in text_of(answer)


def test_the_loser_of_a_race_is_told_who_was_first_and_what_to_do(
    sign_in: SignIn, office: Office
) -> None:
    office.deploy(one_task())
    case = office.start(office.hire("admin"))
    winner, loser = office.hire("service_owner", name="winner"), office.hire("service_owner")
    task = office.task(case, "U_do")
    office.claim(winner, task.id)

    answer = sign_in(loser).send(f"/tasks/{task.id}/claim")

    assert answer.status_code == 409
    assert "Somebody was faster" in text_of(answer)
    assert "It was Winner." in text_of(answer)
    assert "Reload the page" in text_of(answer)


def test_who_did_it_already_is_not_told_of_somebody_else(sign_in: SignIn, office: Office) -> None:
    office.deploy(one_task())
    owner = office.hire("service_owner")
    task = office.task(office.start(office.hire("admin")), "U_do")
    browser = sign_in(owner)
    browser.send(f"/tasks/{task.id}", idempotency_key="first window")

    again = browser.send(f"/tasks/{task.id}", idempotency_key="second window")

    assert again.status_code == 409
    assert "It was you, maybe in another window." in text_of(again)
    assert "Somebody was faster" not in text_of(again)


def test_a_program_that_lost_is_told_who_won(app: Flask, office: Office) -> None:
    office.deploy(one_task())
    case = office.start(office.hire("admin"))
    winner, loser = office.hire("service_owner", name="winner"), office.hire("service_owner")
    task = office.task(case, "U_do")
    office.claim(winner, task.id)
    token = office.act(loser, access_tokens.create_token, loser.user_id, "t").text

    answer = app.test_client().post(
        f"/api/v1/user-tasks/{task.id}/claim", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 409
    assert answer.get_json()["winner"] == {"id": str(winner.user_id), "name": "Winner"}


def test_what_is_too_large_is_refused(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("customer"))

    answer = browser.send("/profile/settings", language="x" * 13_000_000)

    assert answer.status_code == 413
    assert "10 MB" in text_of(answer)


def test_a_form_with_thousands_of_fields_is_refused(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("customer"))
    part = '--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n\r\n'

    answer = browser.client.post(
        "/profile/settings",
        data=part * 5_100 + "--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )

    assert answer.status_code == 413


@pytest.mark.adds_endpoints
def test_a_mistake_of_ours_shows_no_trace_but_a_number_that_the_log_has(
    app: Flask, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/broken")
    @public
    def broken() -> str:
        raise RuntimeError("the canary in the mine")

    with caplog.at_level(logging.ERROR):
        answer = browser.open("/broken")

    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert answer.headers["X-Request-Id"] in caplog.text


def test_while_the_database_is_away_pages_say_when_to_come_back(
    sign_in: SignIn, office: Office
) -> None:
    browser = sign_in(office.hire("customer"))
    _take_database_away(office)

    answer = browser.open("/tasks")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Nothing was lost" in text_of(answer)
    assert browser.cookie("ssflow") is not None


def test_while_the_database_is_away_programs_are_told_so(app: Flask, office: Office) -> None:
    _take_database_away(office)

    answer = app.test_client().get(
        "/api/v1/user-tasks",
        headers={"Authorization": f"Bearer ssf_0123456789abcdef.{'a' * 43}"},
    )

    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Retry-After"] == "5"


def test_the_process_lives_but_is_not_ready_while_the_database_is_away(
    browser: Browser, office: Office
) -> None:
    _take_database_away(office)

    alive, ready = browser.open("/healthz"), browser.open("/readyz")

    assert (alive.status_code, ready.status_code) == (200, 503)
    assert ready.get_json()["checks"]["database"] == "away"


def test_a_name_that_is_not_ours_is_not_served(browser: Browser) -> None:
    answer = browser.open("/login", Host="evil.example")

    assert answer.status_code == 400
    assert "evil.example" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "[::1", "localhost:99999"])
def test_a_program_is_told_of_a_wrong_name_as_of_any_refusal(app: Flask, host: str) -> None:
    told = Caller(app).send("GET", "openapi.json", headers={"Host": host})

    assert problem(told, 400)["detail"] == "ssflow is not served under this name."


def test_a_script_of_a_page_gets_its_errors_as_json(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("process_designer"))

    answer = browser.send_json("PUT", "/processes/nope/files/nope.bpmn/draft", {"content": ""})

    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "There is no process nope."


def test_a_method_that_an_address_does_not_know_is_told_which_it_does(
    sign_in: SignIn, office: Office
) -> None:
    browser = sign_in(office.hire("customer"))

    answer = browser.client.delete("/tasks", headers={"X-CSRFToken": browser.token})

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
