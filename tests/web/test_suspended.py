"""A suspended case waits with all that it waits for, and says so; then all of it happens."""

from datetime import timedelta
from uuid import UUID

import pytest

from ssflow.domain.identity import Actor
from ssflow.services.messages import send_message
from tests.engine.diagrams import (
    after,
    catch,
    diagram,
    end,
    flows,
    message,
    on_message,
    parallel,
    process,
    start,
    user,
)
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


@pytest.fixture
def case(office: Office, admin: Actor) -> UUID:
    """A case that waits for a task, an hour and a message at once."""
    parts = (
        start(),
        parallel("split"),
        user("U_now", role="admin"),
        catch("T_hour", after("'PT1H'")),
        user("U_late", role="admin"),
        catch("M_told", on_message("M")),
        user("U_told", role="admin"),
        parallel("join"),
        end(),
        flows("start split U_now join end", "split T_hour U_late join", "split M_told U_told join"),
    )
    office.deploy({"p.bpmn": diagram(message("M", "told"), process("p", *parts))})
    return office.start(admin, business_key="K-1")


def test_a_suspended_case_holds_its_task_its_timer_and_its_message(
    sign_in: SignIn, office: Office, admin: Actor, case: UUID
) -> None:
    task = office.task(case, "U_now")
    sign_in(admin).send(f"/instances/{case}/suspend", reason="An audit")

    office.act(admin, send_message, "told", "K-1", {})
    office.run_jobs(after=timedelta(hours=2))
    browser = sign_in(admin)
    page = browser.open(f"/instances/{case}")
    refused = browser.send(f"/tasks/{task.id}")

    assert "its tasks, timers and messages wait until it is resumed" in text_of(page)
    assert "Resume" in text_of(page)
    assert refused.status_code == 409
    assert office.open(case) == ["U_now"]


def test_what_was_held_happens_once_the_case_is_resumed(
    sign_in: SignIn, office: Office, admin: Actor, case: UUID
) -> None:
    browser = sign_in(admin)
    browser.send(f"/instances/{case}/suspend", reason="An audit")
    office.act(admin, send_message, "told", "K-1", {})
    office.run_jobs(after=timedelta(hours=2))

    browser = sign_in(admin)
    browser.send(f"/instances/{case}/resume", reason="It is over")
    office.run_jobs()

    assert "This case is suspended" not in text_of(browser.open(f"/instances/{case}"))
    assert office.open(case) == ["U_late", "U_now", "U_told"]
    assert office.incidents(case) == []
