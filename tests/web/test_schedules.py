"""The schedule of a process on its page, and late tasks in the inbox."""

from datetime import timedelta

import pytest

from ssflow.domain.identity import Actor
from ssflow.store import people as people_rows
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.services.test_schedules import scheduled
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def admin(sign_in: SignIn, office: Office) -> Browser:
    office.deploy(scheduled("0 6 * * *", schedule_for="Customer[tier=key]"))
    return sign_in(office.hire("admin"))


@pytest.fixture
def reader(sign_in: SignIn, office: Office) -> Browser:
    office.deploy(scheduled("0 6 * * *"))
    return sign_in(office.hire("brm"))


def test_the_page_of_a_process_tells_when_it_starts(reader: Browser) -> None:
    page = reader.open("/processes/p")

    assert "Starts by itself" in text_of(page)
    assert "0 6 * * *" in page.text
    assert text_of(page).count("06:00") == 5
    assert "Switch off" not in page.text


def test_a_process_without_a_schedule_has_no_such_card(sign_in: SignIn, office: Office) -> None:
    office.deploy(scheduled(None))

    page = sign_in(office.hire("admin")).open("/processes/p")

    assert page.status_code == 200
    assert "Starts by itself" not in page.text


def test_an_administrator_switches_a_schedule_with_a_reason(admin: Browser) -> None:
    page = admin.send("/processes/p/schedule", {"on": "0", "reason": "Stocktaking"})

    assert page.status_code == 303
    told = text_of(admin.open("/processes/p"))
    assert "Off" in told
    assert "Stocktaking" in told
    assert "Switch on" in told


def test_without_a_reason_nothing_is_switched(admin: Browser) -> None:
    page = admin.send("/processes/p/schedule", {"on": "0", "reason": " "})

    assert page.status_code == 422
    assert "Say why." in text_of(page)
    assert "Switch off" in text_of(page)


def test_an_administrator_runs_a_schedule_at_once_and_sees_its_case(
    sign_in: SignIn, office: Office
) -> None:
    office.deploy(scheduled())
    admin = sign_in(office.hire("admin"))

    assert admin.send("/processes/p/schedule/run", {"reason": "Early"}).status_code == 303
    assert "on its way" in text_of(admin.open("/processes/p"))
    office.run_jobs()

    assert "a case" in text_of(admin.open("/processes/p"))


def test_others_may_neither_switch_nor_run(reader: Browser) -> None:
    for path in ("/processes/p/schedule", "/processes/p/schedule/run"):
        assert reader.send(path, {"on": "0", "reason": "No"}).status_code == 403


def test_what_has_no_schedule_cannot_be_switched(admin: Browser) -> None:
    assert admin.send("/processes/q/schedule", {"on": "0", "reason": "No"}).status_code == 404


# --- late tasks -----------------------------------------------------------------------------------


@pytest.fixture
def late(office: Office) -> Actor:
    """Who holds a task that is late; the IT director may do it, too."""
    owner = office.hire("service_owner")
    office.deploy(one_task(due="PT1H", esc="it_director"))
    case = office.start(owner)
    office.claim(owner, office.task(case, "U_do").id)
    office.run_jobs(timedelta(hours=2))
    return owner


def test_a_late_task_is_marked_and_can_be_taken_over(
    sign_in: SignIn, office: Office, late: Actor
) -> None:
    director = sign_in(office.hire("it_director"))

    inbox = text_of(director.open("/tasks?view=group"))

    assert "Also for IT director" in inbox
    assert "Take over" in inbox
    assert "Give back" not in inbox


def test_who_holds_a_late_task_sees_that_another_may_do_it(sign_in: SignIn, late: Actor) -> None:
    inbox = text_of(sign_in(late).open("/tasks?view=mine"))

    assert "Also for IT director" in inbox
    assert "Give back" in inbox


# --- notices --------------------------------------------------------------------------------------


def test_a_person_chooses_how_notices_come(sign_in: SignIn, office: Office) -> None:
    person = office.hire("brm")
    browser = sign_in(person)

    settings = {"language": "en", "timezone": "", "notices": "daily"}
    assert browser.send("/profile/settings", settings).status_code == 303

    assert '<option value="daily" selected>' in browser.open("/profile").text
    with office.look() as work:
        assert person.user_id is not None
        assert people_rows.get_user(work.session, person.user_id).notices == "daily"


def test_notices_come_only_in_a_known_way(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("brm"))

    settings = {"language": "en", "timezone": "", "notices": "by pigeon"}
    page = browser.send("/profile/settings", settings)

    assert page.status_code == 422
    assert "Choose one of the list." in text_of(page)
