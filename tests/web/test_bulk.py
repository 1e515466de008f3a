"""Decide many cases of the same kind at once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from lxml import html
from werkzeug.test import TestResponse

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.user_task import TaskStatus
from ssflow.store import user_tasks as rows
from tests.services.bundles import number_field, text_field, with_form
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

ALIKE = "/tasks/alike/p/U_fill"
CHOICES = [{"value": "approve", "label": "Approve"}, {"value": "reject", "label": "Reject"}]
DECISION = {
    "type": "radio",
    "key": "decision",
    "label": "Decision",
    "validate": {"required": True},
    "values": CHOICES,
}
COMMENT = text_field(
    "comment", properties={"requiredWhen": '=decision != null and decision != "approve"'}
)


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner", name="owner")


@pytest.fixture
def cases(office: Office) -> list[UUID]:
    """The open decisions of three cases."""
    office.deploy(with_form(DECISION, COMMENT))
    boss = office.hire("admin", name="boss")
    started = [office.start(boss, business_key=f"CASE-{number}") for number in range(3)]
    return [office.task(instance, "U_fill").id for instance in started]


def _statuses(office: Office, task_ids: list[UUID]) -> list[TaskStatus]:
    with office.look() as work:
        return [rows.get_user_task(work.session, task_id).status for task_id in task_ids]


def test_the_inbox_offers_to_decide_alike_tasks_together(
    sign_in: SignIn, owner: Actor, cases: list[UUID]
) -> None:
    page = sign_in(owner).open("/tasks")

    assert f"({len(cases)})" in text_of(page)
    assert ALIKE in page.text


def test_tasks_that_ask_for_more_than_a_decision_are_not_offered(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    office.deploy(with_form(DECISION, number_field("amount")))
    boss = office.hire("admin")
    for _ in range(2):
        office.start(boss)

    page = sign_in(owner).open("/tasks")

    assert "Decide together" not in text_of(page)


def test_each_case_gets_its_own_answer_and_its_own_event(
    sign_in: SignIn, office: Office, owner: Actor, cases: list[UUID]
) -> None:
    browser = sign_in(owner)
    typed = {
        f"{cases[0]}:decision": "approve",
        f"{cases[1]}:decision": "reject",
        f"{cases[1]}:comment": "No money.",
    }

    answer = browser.send(ALIKE, _filled_in(browser.open(ALIKE), typed))

    assert answer.status_code == 303
    assert _statuses(office, cases) == [
        TaskStatus.COMPLETED,
        TaskStatus.COMPLETED,
        TaskStatus.OPEN,
    ]
    assert [_told(office, task_id) for task_id in cases[:2]] == [
        {"decision": "approve", "comment": ""},
        {"decision": "reject", "comment": "No money."},
    ]


def _filled_in(page: TestResponse, typed: Mapping[str, str]) -> dict[str, list[str]]:
    """Give all that a browser sends once this is typed: hidden fields stand beside the visible."""
    fields: Any = html.document_fromstring(page.text).xpath("//form[.//*[@type='radio']]//input")
    sent: dict[str, list[str]] = {}
    for field in fields:
        name, kind, value = field.get("name"), field.get("type"), field.get("value", "")
        wanted = typed.get(name, "")
        if kind == "hidden" or (kind == "radio" and value == wanted):
            sent.setdefault(name, []).append(value)
        elif kind != "radio":
            sent[name] = [wanted]
    return sent


def _told(office: Office, task_id: UUID) -> object:
    with office.look() as work:
        instance_id = rows.get_user_task(work.session, task_id).instance_id
    return office.details(instance_id, AuditAction.TASK_COMPLETED)["fields"]


def test_a_decision_without_its_reason_stays_and_the_others_are_taken(
    sign_in: SignIn, office: Office, owner: Actor, cases: list[UUID]
) -> None:
    browser = sign_in(owner)
    browser.open(ALIKE)

    answer = browser.send(
        ALIKE, {f"{cases[0]}:decision": "approve", f"{cases[1]}:decision": "reject"}
    )

    assert answer.status_code == 422
    assert "1 decision is taken." in text_of(answer)
    assert _statuses(office, cases) == [TaskStatus.COMPLETED, TaskStatus.OPEN, TaskStatus.OPEN]
    assert f'id="{cases[1]}:' in answer.text


def test_a_case_that_somebody_else_decided_is_told_and_nothing_is_lost(
    sign_in: SignIn, office: Office, owner: Actor, cases: list[UUID]
) -> None:
    other = office.hire("service_owner", name="other")
    browser = sign_in(owner)
    browser.open(ALIKE)
    office.complete(other, cases[0], decision="approve")

    answer = browser.send(
        ALIKE, {f"{cases[0]}:decision": "approve", f"{cases[1]}:decision": "approve"}
    )

    assert answer.status_code == 422
    assert "1 decision is taken." in text_of(answer)
    assert _statuses(office, cases)[1] is TaskStatus.COMPLETED


def test_pressing_twice_is_no_mistake(sign_in: SignIn, owner: Actor, cases: list[UUID]) -> None:
    browser = sign_in(owner)
    browser.open(ALIKE)
    fields = {f"{cases[0]}:decision": "approve"}
    browser.send(ALIKE, fields)

    again = browser.send(ALIKE, fields)

    assert again.status_code == 303


def test_deciding_nothing_says_so(sign_in: SignIn, owner: Actor, cases: list[UUID]) -> None:
    browser = sign_in(owner)
    browser.open(ALIKE)

    browser.send(ALIKE, {f"{cases[0]}:decision": ""})

    assert "Nothing was decided" in text_of(browser.open(ALIKE))


def test_an_empty_page_says_that_all_is_decided(sign_in: SignIn, owner: Actor) -> None:
    assert "Nothing left to decide" in text_of(sign_in(owner).open(ALIKE))
