"""Messages and cases that meet at the same moment: each message goes to one case, none is lost."""

from datetime import timedelta

import pytest

from ssflow.domain.identity import SYSTEM
from ssflow.services.jobs import run_due_jobs
from ssflow.services.messages import Delivery, list_buffered, send_message
from tests.engine.diagrams import (
    catch,
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
from tests.services.bundles import Files
from tests.services.office import Office
from tests.services.test_races import at_once, split


def waits() -> Files:
    return {
        "p.bpmn": diagram(
            message("m", "answer"),
            process(
                "p",
                start(),
                user("U_ask", role="service_owner"),
                catch("I", on_message("m", into("answer"))),
                user("U_read", role="service_owner"),
                end(),
                flows("start U_ask I U_read end"),
            ),
        )
    }


@pytest.mark.parametrize("attempt", range(10))
def test_a_message_that_comes_while_a_case_begins_to_wait_is_not_lost(
    office: Office, attempt: int
) -> None:
    office.deploy(waits())
    owner = office.hire("service_owner")
    instance_id = office.start(owner, business_key="K1")
    task_id = office.task(instance_id, "U_ask").id

    _, lost = split(
        at_once(
            lambda: office.complete(owner, task_id),
            lambda: office.act(owner, send_message, "answer", "K1", {"n": attempt}),
        )
    )
    office.run_jobs()

    assert lost == []
    assert office.open(instance_id) == ["U_read"]
    assert office.variables(instance_id) == {"answer": {"n": attempt}}
    assert office.actions(instance_id).count("message.caught") == 1


@pytest.mark.parametrize("attempt", range(3))
def test_of_cases_that_begin_to_wait_at_once_one_gets_the_message(
    office: Office, attempt: int
) -> None:
    office.deploy(waits())
    owner = office.hire("service_owner")
    cases = [office.start(owner, business_key="K1") for _ in range(3)]
    tasks = [office.task(case, "U_ask").id for case in cases]
    office.act(owner, send_message, "answer", "K1", {"n": attempt})

    at_once(*(lambda task=task: office.complete(owner, task) for task in tasks))
    at_once(*[lambda: run_due_jobs(lambda: office.work(SYSTEM))] * 3)

    served = [case for case in cases if office.open(case) == ["U_read"]]
    assert len(served) == 1
    with office.look() as work:
        assert list_buffered(work).items == []
    assert office.jobs() == []


@pytest.mark.parametrize("attempt", range(3))
def test_the_same_message_twice_at_once_is_taken_once(office: Office, attempt: int) -> None:
    office.deploy(waits())
    owner = office.hire("service_owner")
    cases = [office.start(owner, business_key="K1") for _ in range(2)]
    for case in cases:
        office.complete(owner, office.task(case, "U_ask").id)

    def bring() -> object:
        return office.act(owner, send_message, "answer", "K1", {}, message_id=f"x{attempt}")

    won, lost = split(at_once(bring, bring))

    assert sorted(each.status for each in won) == [Delivery.DELIVERED, Delivery.DUPLICATE]
    assert lost == []
    assert sum(office.open(case) == ["U_read"] for case in cases) == 1


def test_messages_and_cases_in_a_crowd_come_together_one_by_one(office: Office) -> None:
    office.deploy(waits())
    owner = office.hire("service_owner")
    cases = [office.start(owner, business_key="K1") for _ in range(6)]
    tasks = [office.task(case, "U_ask").id for case in cases]

    deeds = [lambda task=task: office.complete(owner, task) for task in tasks]
    deeds += [
        lambda n=n: office.act(owner, send_message, "answer", "K1", {"n": n}) for n in range(6)
    ]
    _, lost = split(at_once(*deeds))
    at_once(*[lambda: run_due_jobs(lambda: office.work(SYSTEM))] * 2)
    office.run_jobs(after=timedelta(minutes=1))  # one that lost a race is tried again a bit later

    assert lost == []
    assert [office.open(case) for case in cases] == [["U_read"]] * 6
    assert sorted(office.variables(case)["answer"]["n"] for case in cases) == list(range(6))
