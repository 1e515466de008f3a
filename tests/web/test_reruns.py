"""A request whose work another one overtook is done again, before anybody is told of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, flash, g, get_flashed_messages, request
from sqlalchemy import select

from ssflow.domain.identity import User
from ssflow.engine.faults import SandboxBusyError
from ssflow.services.access_tokens import create_token
from ssflow.store.database import Database
from ssflow.web.access import bearer, signed_in
from ssflow.web.request_work import request_work
from tests.conftest import NOW
from tests.services.office import Office
from tests.web.api.calling import Caller
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

pytestmark = pytest.mark.adds_endpoints


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


class Race:
    """A view that adds a user whose name somebody else takes, as often as it is told."""

    def __init__(self, office: Office, *, lost: int) -> None:
        office.hire(name="taken")
        self.lost = lost
        self.runs = 0
        self.uploads: list[bytes] = []
        self.leftovers: list[Any] = []

    def __call__(self) -> str:
        self.runs += 1
        self.leftovers.append(g.get("left_by_view"))
        g.left_by_view = True
        if "file" in request.files:
            self.uploads.append(request.files["file"].read())
        with request_work() as work:
            flash("Done.")
            name = "taken" if self.runs <= self.lost else "free"
            work.session.add(User(name=name, full_name=name, created_at=NOW))
        return "done"


def _add(app: Flask, race: Race) -> None:
    @app.post("/race")
    @signed_in
    def view() -> str:
        return race()

    @app.post("/api/v1/race")
    @bearer("work")
    def rest_view() -> str:
        return race()

    @app.get("/flashes")
    @signed_in
    def flashes() -> list[str]:
        return [str(message) for message in get_flashed_messages()]


def test_work_that_lost_a_race_is_done_again_with_the_same_upload(
    app: Flask, sign_in: SignIn, office: Office
) -> None:
    race = Race(office, lost=2)
    _add(app, race)
    browser = sign_in(office.hire("customer"))

    answer = browser.send("/race", file=(BytesIO(b"x" * 400_000), "large.txt"))

    assert (answer.status_code, answer.text) == (200, "done")
    assert race.runs == 3
    assert race.uploads == [b"x" * 400_000] * 3


def test_what_lost_runs_said_and_kept_is_forgotten(
    app: Flask, sign_in: SignIn, office: Office
) -> None:
    race = Race(office, lost=2)
    _add(app, race)
    browser = sign_in(office.hire("customer"))

    browser.send("/race")

    assert browser.open("/flashes").get_json() == ["Done."]
    assert race.leftovers == [None, None, None]


def test_after_three_lost_races_the_person_is_told(
    app: Flask, sign_in: SignIn, office: Office
) -> None:
    race = Race(office, lost=99)
    _add(app, race)

    answer = sign_in(office.hire("customer")).send("/race")

    assert (answer.status_code, race.runs) == (409, 3)
    assert "at the same moment" in text_of(answer)


def test_after_three_lost_races_the_program_is_told(app: Flask, office: Office) -> None:
    race = Race(office, lost=99)
    _add(app, race)

    answer = _caller(app, office).post("race", {})

    assert (answer.status_code, race.runs) == (409, 3)
    assert answer.mimetype == "application/problem+json"


def test_of_two_who_add_the_same_account_one_is_told_that_the_name_is_taken(
    sign_in: SignIn, office: Office
) -> None:
    browsers = [sign_in(office.hire("admin")) for _ in range(2)]
    barrier = threading.Barrier(2)

    def add(browser: Any) -> Any:
        token = browser.token
        barrier.wait(timeout=20)
        fields = {"csrf_token": token, "name": "zoe", "full_name": "Zoe", "email": ""}
        return browser.client.post("/admin/users", data=fields)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(add, browsers))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [lost] = [answer for answer in answers if answer.status_code != 200]
    assert "zoe" in text_of(lost)


def test_two_requests_that_wait_for_each_other_are_both_done(
    app: Flask, sign_in: SignIn, office: Office
) -> None:
    names = [office.hire(name=name).name for name in ("one", "two")]
    met, runs = threading.Barrier(2), []

    @app.post("/crossing/<first>/<second>")
    @signed_in
    def cross(first: str, second: str) -> str:
        runs.append(first)
        with request_work() as work:
            _lock_and_mark(work.session, first)
            with suppress(threading.BrokenBarrierError):  # it waits for its turn, or runs again
                met.wait(timeout=1)
            _lock_and_mark(work.session, second)
        return "done"

    browsers = [sign_in(office.hire("customer")) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        paths = ("/crossing/one/two", "/crossing/two/one")
        sent = [pool.submit(each.send, path) for each, path in zip(browsers, paths, strict=True)]
        answers = [future.result() for future in sent]

    assert [answer.text for answer in answers] == ["done", "done"]
    assert len(runs) == (2 if office.database.is_sqlite else 3)
    with office.look() as work:
        marks = select(User.full_name).where(User.name.in_(names))
        assert all(mark.endswith("xx") for mark in work.session.scalars(marks))


def test_a_script_that_finds_no_worker_is_to_be_asked_again_later(
    app: Flask, office: Office
) -> None:
    @app.post("/api/v1/busy")
    @bearer("work")
    def busy() -> str:
        raise SandboxBusyError

    answer = _caller(app, office).post("busy", {})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.get_json()["detail"].startswith("All script workers are busy.")


def _lock_and_mark(session: Any, name: str) -> None:
    query = select(User).where(User.name == name).with_for_update()
    user = session.scalars(query).one()
    user.full_name += "x"
    session.flush()


def _caller(app: Flask, office: Office) -> Caller:
    person = office.hire("customer")
    return Caller(app, office.act(person, create_token, person.user_id, "t").text)
