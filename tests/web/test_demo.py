"""Being another person, in the demonstration only."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from ssflow.config import Config
from ssflow.domain.identity import SYSTEM, Actor, User
from ssflow.domain.registers.portfolio import Service
from ssflow.services import credentials, people
from ssflow.services.demo import stage_late_task
from ssflow.store.demo import mark_all_as_demo
from ssflow.web.app import create_app
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def ada(office: Office) -> User:
    """A person of the sample organisation."""
    with office.work() as work:
        return people.create_user(work, "ada", "Ada Demo", roles=["auditor"], is_demo=True)


@pytest.fixture
def demo_browser(config: Config, office: Office) -> Browser:
    """Somebody real who looks at the demonstration."""
    app = create_app(replace(config, is_demo=True), office.database, clock=lambda: office.now)
    somebody = office.hire("brm", name="real")
    secret = office.act(Actor(None, "operator"), credentials.create_sign_in_link, somebody.user_id)
    browser = Browser(app)
    browser.send("/sign-in-link", token=secret)
    return browser


def test_in_the_demonstration_one_goes_on_as_another_person(
    demo_browser: Browser, ada: User
) -> None:
    assert "Ada Demo" in text_of(demo_browser.open("/demo/people"))

    answer = demo_browser.send(f"/demo/people/{ada.id}")

    assert answer.headers["Location"] == "/tasks"
    assert demo_browser.open("/audit").status_code == 200


def test_nobody_becomes_a_person_who_is_not_of_the_sample(
    demo_browser: Browser, office: Office
) -> None:
    boss = office.hire("admin")

    assert demo_browser.send(f"/demo/people/{boss.user_id}").status_code == 404
    assert demo_browser.open("/admin/users").status_code == 403


def test_a_visitor_of_the_demonstration_becomes_nobody(demo_browser: Browser, ada: User) -> None:
    demo_browser.send("/logout")

    answer = demo_browser.send(f"/demo/people/{ada.id}")

    assert answer.headers["Location"].startswith("/login")


def test_outside_the_demonstration_there_is_no_such_page(
    app: Flask, sign_in: SignIn, office: Office, ada: User
) -> None:
    browser = sign_in(office.hire("admin"))

    assert browser.open("/demo/people").status_code == 404
    assert not any(rule.endpoint.startswith("demo.") for rule in app.url_map.iter_rules())


def test_the_page_tells_of_a_task_to_watch(demo_browser: Browser, office: Office) -> None:
    owner = office.hire("service_owner")
    office.deploy(one_task(due="P9D", esc="it_director"))
    office.start(owner)
    office.act(SYSTEM, stage_late_task)

    before = text_of(demo_browser.open("/demo/people"))
    office.run_jobs(timedelta(minutes=3))
    after = text_of(demo_browser.open("/demo/people"))
    office.now += timedelta(minutes=20)
    later = text_of(demo_browser.open("/demo/people"))

    assert "from then on IT director may do it, too" in before
    assert "It is late now." not in before
    assert "It is late now." in after
    assert "is late at" not in later


def test_a_visitor_who_came_too_late_has_another_task_become_late(
    demo_browser: Browser, office: Office
) -> None:
    owner = office.hire("service_owner")
    office.deploy(one_task(due="P9D", esc="it_director"))
    first, second = office.start(owner), office.start(owner)
    before = demo_browser.open("/demo/people")

    begun = [demo_browser.send("/demo/late-task").status_code]
    waiting = text_of(demo_browser.open("/demo/people"))
    office.run_jobs(timedelta(minutes=3))
    begun.append(demo_browser.send("/demo/late-task").status_code)
    office.run_jobs(timedelta(minutes=3))
    begun.append(demo_browser.send("/demo/late-task").status_code)

    assert "Watch a task become late" in text_of(before)
    assert "become late" not in waiting
    assert begun == [303, 303, 303]
    assert {office.task(case, "U_do").escalated_to for case in (first, second)} == {"it_director"}
    assert "There is no open task left" in text_of(demo_browser.open("/demo/people"))


def test_a_case_and_a_record_of_the_sample_say_so(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("auditor"))
    office.deploy(one_task())
    case = office.start(office.hire("service_owner"))
    with office.work() as work:
        service = Service(number="SRV-1", name="Mail", created_at=work.now, created_by="operator")
        work.session.add(service)
    pages = [f"/instances/{case}", "/registers/Service/SRV-1"]

    real = [text_of(browser.open(page)) for page in pages]
    with office.work() as work:
        mark_all_as_demo(work.session)
    marked = [text_of(browser.open(page)) for page in pages]

    assert not any("Sample data" in text for text in real)
    assert all("Sample data" in text for text in marked)
