"""Messages that came before the process that they start was deployed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.message import Message
from ssflow.services import instances
from ssflow.services.jobs import run_due_jobs
from ssflow.services.messages import list_buffered, send_message
from tests.engine.diagrams import (
    diagram,
    end,
    flows,
    into,
    message,
    on_message,
    process,
    start,
    user,
)
from tests.services.bundles import Files, form, text_field
from tests.services.office import Office
from tests.services.test_messages_kept import asking_first
from tests.services.test_races import at_once, split


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def properties(**given: str) -> str:
    told = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in given.items()
    )
    return (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f"{told}</spiffworkflow:properties></bpmn:extensionElements>"
    )


def started(key: str = "q", *, form_id: str = "", **told: str) -> Files:
    own = properties(form=form_id) if form_id else ""
    begin = start(inner=own + on_message("m", into("answer")))
    return {
        f"{key}.bpmn": diagram(
            message("m", "answer"),
            process(
                key,
                properties(**told) if told else "",
                begin,
                user("U_read", role="service_owner"),
                end(),
                flows("start U_read end"),
            ),
        )
    }


def send(office: Office, actor: Actor, key: str | None = None, /, **told: Any) -> Any:
    message_id = told.pop("message_id", None)
    return office.act(actor, send_message, "answer", key, told, message_id=message_id)


def cases(office: Office, key: str = "q") -> Sequence[UUID]:
    with office.look() as work:
        query = select(ProcessInstance.id).where(ProcessInstance.key == key)
        return work.session.scalars(query.order_by(ProcessInstance.started_at)).all()


def kept(office: Office) -> Sequence[Message]:
    with office.look() as work:
        return list_buffered(work).items


def test_messages_that_were_kept_start_the_process_once_it_is_there(
    office: Office, owner: Actor
) -> None:
    sent = [send(office, owner, f"K{n}", n=n, message_id=f"x{n}") for n in range(3)]

    office.deploy(started())
    office.run_jobs()

    found = cases(office)
    told = sorted(office.variables(one)["answer"]["n"] for one in found)
    assert ([one.status for one in sent], told) == (["buffered"] * 3, [0, 1, 2])
    assert {office.instance(one).started_by for one in found} == {owner.key}
    assert (kept(office), office.jobs()) == ([], [])


def test_a_message_that_started_a_process_later_is_a_duplicate_when_it_comes_again(
    office: Office, owner: Actor
) -> None:
    send(office, owner, message_id="x")
    office.deploy(started())
    office.run_jobs()

    again = send(office, owner, message_id="x")

    assert (again.status, [again.instance_id]) == ("duplicate", cases(office))


def test_a_new_version_that_begins_with_the_message_takes_it_too(
    office: Office, owner: Actor
) -> None:
    office.deploy({"q.bpmn": started()["q.bpmn"].replace(b'name="answer"', b'name="other"')})
    send(office, owner)

    office.deploy(started())
    office.run_jobs()

    assert len(cases(office)) == 1


def test_who_may_not_start_the_process_does_not_do_so_later(office: Office, owner: Actor) -> None:
    send(office, owner, n=1)
    send(office, office.hire("service_desk"), n=2)

    office.deploy(started(starters="service_desk"))
    office.run_jobs()

    [case] = cases(office)
    assert office.variables(case) == {"answer": {"n": 2}}
    assert [one.payload for one in kept(office)] == [{"n": 1}]


def test_what_the_start_form_does_not_let_pass_stays(office: Office, owner: Actor) -> None:
    send(office, owner, text="")
    send(office, owner, text="Slow")
    needed = form("F", text_field("text", required=True))

    office.deploy({**started(form_id="F"), "F.form.json": needed})
    office.run_jobs()

    assert [office.variables(one) for one in cases(office)] == [{"answer": {"text": "Slow"}}]
    assert [one.payload for one in kept(office)] == [{"text": ""}]


def test_what_a_suspended_case_waits_for_starts_nothing(office: Office, owner: Actor) -> None:
    office.deploy(asking_first())
    waiting = office.start(owner, business_key="K1")
    office.complete(owner, office.task(waiting, "U_ask").id)
    admin = office.hire("admin")
    office.act(admin, instances.suspend_instance, waiting, "Audit")
    send(office, owner, "K1")

    office.deploy(started())
    office.run_jobs()
    office.act(admin, instances.resume_instance, waiting, "Done")
    office.run_jobs()

    assert (cases(office), office.open(waiting)) == ([], ["U_read"])


@pytest.mark.parametrize("attempt", range(5))
def test_a_message_that_comes_while_its_process_is_deployed_is_not_left_lying(
    office: Office, owner: Actor, attempt: int
) -> None:
    _, lost = split(
        at_once(
            lambda: office.deploy(started()),
            lambda: send(office, owner, n=attempt),
        )
    )
    at_once(*[lambda: run_due_jobs(lambda: office.work(SYSTEM))] * 2)
    office.run_jobs()

    assert lost == []
    assert (len(cases(office)), kept(office)) == (1, [])
