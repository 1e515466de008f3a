"""Timers and effects: done when they are due, once, and as steps of their own."""

from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.job import JobKind
from ssflow.services import instances
from ssflow.services.jobs import LEASE, run_next_job
from ssflow.services.registers import add_record
from ssflow.store import jobs as rows
from ssflow.store.instances import list_instances
from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    diagram,
    end,
    every,
    flows,
    into,
    message,
    on_message,
    process,
    script,
    service,
    start,
    user,
)
from tests.services.bundles import Files, bundle, one_task
from tests.services.office import Office

DAY = timedelta(days=1)


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def with_timer(*, cancel: bool) -> Files:
    return bundle(
        start(),
        user("U_do", role="service_owner"),
        boundary("T_late", "U_do", after("'P2D'"), cancel=cancel),
        user("U_late", role="portfolio_manager"),
        end(),
        end("E_late"),
        flows("start U_do end", "T_late U_late E_late"),
    )


# --- timers ---------------------------------------------------------------------------------------


def test_nothing_happens_before_a_timer_is_due(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)

    done = office.run_jobs(after=2 * DAY - timedelta(seconds=1))

    assert done == 0
    assert office.open(instance_id) == ["U_do"]


def test_an_interrupting_timer_takes_the_task_away(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)
    due_at = office.now + 2 * DAY

    done = office.run_jobs(after=3 * DAY)

    assert (done, office.open(instance_id), office.jobs()) == (1, ["U_late"], [])
    told = office.details(instance_id, AuditAction.TIMER_FIRED)
    assert told["due_at"] == due_at.isoformat()
    assert told["path"][0] == "T_late"
    assert office.events(instance_id)[-1].actor == SYSTEM.key
    assert "task.cancelled" in office.actions(instance_id)


def test_a_timer_that_does_not_interrupt_leaves_the_task(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=False))
    instance_id = office.start(owner)

    office.run_jobs(after=3 * DAY)

    assert office.open(instance_id) == ["U_do", "U_late"]
    assert office.jobs() == []


def test_a_timer_goes_with_its_task(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=False))
    instance_id = office.start(owner)
    before = len(office.jobs())

    office.complete(owner, office.task(instance_id, "U_do").id)

    assert (before, office.jobs()) == (1, [])


def test_a_timer_between_two_tasks_lets_the_case_go_on(office: Office, owner: Actor) -> None:
    office.deploy(
        bundle(
            start(),
            catch("I_wait", after("'PT1H'")),
            user("U_do", role="service_owner"),
            end(),
            flows("start I_wait U_do end"),
        )
    )
    instance_id = office.start(owner)
    before = office.open(instance_id)

    office.run_jobs(after=timedelta(hours=1))

    assert (before, office.open(instance_id)) == ([], ["U_do"])


def test_a_repeating_timer_comes_again(office: Office, owner: Actor) -> None:
    office.deploy(
        bundle(
            start(),
            user("U_do", role="service_owner"),
            boundary("T_nag", "U_do", every("'R3/P1D'"), cancel=False),
            script("X_count", "count = count + 1"),
            end(),
            end("E_nagged"),
            flows("start U_do end", "T_nag X_count E_nagged"),
        )
    )
    instance_id = office.start(owner, count=0)

    for _ in range(6):
        office.run_jobs(after=DAY)

    assert office.actions(instance_id).count("timer.fired") == 3
    assert office.open(instance_id) == ["U_do"]
    assert office.jobs() == []


def test_jobs_of_a_suspended_case_wait_until_it_goes_on(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id, admin = office.start(owner), office.hire("admin")
    office.act(admin, instances.suspend_instance, instance_id, "Audit")

    held = office.run_jobs(after=3 * DAY)
    office.act(admin, instances.resume_instance, instance_id)
    done = office.run_jobs()

    assert (held, done) == (0, 1)
    assert office.open(instance_id) == ["U_late"]


def test_a_fault_behind_a_timer_is_an_incident_not_a_failed_job(
    office: Office, owner: Actor
) -> None:
    office.deploy(
        bundle(
            start(),
            catch("I_wait", after("'PT1H'")),
            script("X_bad", "x = 1 / 0"),
            end(),
            flows("start I_wait X_bad end"),
        )
    )
    instance_id = office.start(owner)

    done = office.run_jobs(after=timedelta(hours=1))

    assert (done, office.jobs()) == (1, [])
    assert office.incident(instance_id).activity_id == "X_bad"


def test_a_timer_that_lost_to_a_completion_changes_nothing(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)
    with office.look() as work:
        [timer] = rows.list_jobs(work.session).items
    office.complete(owner, office.task(instance_id, "U_do").id)
    again = {"id": timer.id, "kind": timer.kind, "due_at": office.now, "payload": timer.payload}
    told = {"created_at": office.now, "activity_id": timer.activity_id, "task_id": timer.task_id}
    with office.work() as work:
        rows.add_jobs(work.session, [{**again, **told, "instance_id": instance_id}])
    before = office.actions(instance_id)

    done = office.run_jobs()

    assert (done, office.jobs()) == (1, [])
    assert office.actions(instance_id) == before


# --- effects --------------------------------------------------------------------------------------


BAD = {"key": "nowhere", "business_key": "x" * 201}
"""What no process can be started with."""


def give(office: Office, kind: JobKind, /, **payload: Any) -> None:
    row = {"kind": kind, "due_at": office.now, "payload": payload, "created_at": office.now}
    with office.work() as work:
        rows.add_jobs(work.session, [row])


def test_what_an_operation_asks_for_is_done_right_after_its_step(
    office: Office, owner: Actor
) -> None:
    holder = office.hire("customer")
    with office.work() as work:
        acme = add_record(work, "Customer", {"name": "Acme", "mandate_holder": holder.key})
    given = {"title": "'Mail'", "change_type": "'new'", "customer": "customer"}
    given |= {"summary": "'For all'", "need_source": "'strategy'", "audience": "'internal'"}
    office.deploy(
        bundle(
            start(),
            service("S_register", "proposal.register", given, result="proposal"),
            service(
                "S_tell", "proposal.communicate", {"proposal": "proposal['id']"}, result="told"
            ),
            user("U_do", role="service_owner"),
            end(),
            flows("start S_register S_tell U_do end"),
        )
    )

    instance_id = office.start(owner, customer=str(acme.id))
    waiting = office.jobs(instance_id)
    office.run_jobs()

    notified = office.variables(instance_id)["told"]["notified"]
    assert notified == [owner.key, holder.key]
    assert [(job.kind, job.due_at) for job in waiting] == [(JobKind.NOTICE, office.now)] * 2
    assert office.actions(instance_id).count("notice.sent") == 2
    assert office.jobs() == []
    started = office.details(instance_id, AuditAction.INSTANCE_STARTED)
    [registered, told] = started["operations"]
    assert (registered["activity"], registered["name"]) == ("S_register", "proposal.register")
    assert registered["result"] == office.variables(instance_id)["proposal"]
    assert told["result"] == {"notified": notified}
    assert office.actions(instance_id).count("record.created") == 2


def test_an_effect_starts_a_process(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    give(office, JobKind.START_PROCESS, key="p", variables={"a": 1}, business_key="K1")

    office.run_jobs()

    with office.look() as work:
        [case] = list_instances(work.session, work.actor).items
    assert (case.business_key, case.started_by) == ("K1", SYSTEM.key)
    assert office.variables(case.id) == {"a": 1}


def test_an_effect_sends_a_message(office: Office, owner: Actor) -> None:
    files = {
        "p.bpmn": diagram(
            message("m", "answer"),
            process(
                "p",
                start(),
                catch("I", on_message("m", into("told"))),
                user("U_do", role="service_owner"),
                end(),
                flows("start I U_do end"),
            ),
        )
    }
    office.deploy(files)
    instance_id = office.start(owner, business_key="K1")
    give(office, JobKind.SEND_MESSAGE, name="answer", correlation_key="K1", payload={"text": "Yes"})

    office.run_jobs()

    assert office.open(instance_id) == ["U_do"]
    assert office.variables(instance_id) == {"told": {"text": "Yes"}}


def test_a_job_that_fails_is_tried_again_later_and_then_given_up(office: Office) -> None:
    give(office, JobKind.START_PROCESS, **BAD)
    seen: list[tuple[int, bool]] = []

    for _ in range(5):
        office.run_jobs()
        [job] = office.jobs()
        seen.append((job.attempts, job.due_at is None))
        office.now = job.due_at or office.now

    assert seen == [(1, False), (2, False), (3, True), (3, True), (3, True)]
    assert "cannot be kept" in (office.jobs()[0].error or "")
    stream = f"sys-{office.now.date().isoformat()}"
    assert office.actions(stream).count("job.failed") == 1


def test_a_job_that_fails_does_not_keep_the_others(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    give(office, JobKind.START_PROCESS, **BAD)
    office.now += timedelta(seconds=1)
    give(office, JobKind.START_PROCESS, key="p")

    done = office.run_jobs()

    assert done == 2
    assert [job.payload["key"] for job in office.jobs()] == ["nowhere"]


@pytest.mark.parametrize("kind", [JobKind.START_PROCESS, JobKind.SEND_MESSAGE])
def test_a_job_that_makes_no_sense_is_given_up_too(office: Office, kind: JobKind) -> None:
    give(office, kind)

    for _ in range(4):
        office.run_jobs(after=timedelta(minutes=10))

    [job] = office.jobs()
    assert (job.due_at, job.attempts) == (None, 3)
    assert job.error


def test_a_job_in_somebodys_hands_is_left_alone_until_the_lease_ends(office: Office) -> None:
    give(office, JobKind.START_PROCESS, **BAD)
    with office.work() as work:
        assert rows.claim_due_job(work.session, work.now, LEASE) is not None

    during = office.run_jobs(after=LEASE - timedelta(seconds=1))
    afterwards = office.run_jobs(after=timedelta(seconds=1))

    assert (during, afterwards) == (0, 1)


def test_a_job_that_loses_each_of_its_workers_is_given_up(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    give(office, JobKind.START_PROCESS, key="p")
    for _ in range(3):
        with office.work() as work:
            assert rows.claim_due_job(work.session, work.now, LEASE) is not None
        office.now += LEASE

    office.run_jobs()

    [job] = office.jobs()
    assert (job.due_at, job.error) == (None, "Each worker that did it was lost.")
    with office.look() as work:
        assert list_instances(work.session, work.actor).items == []


def test_there_may_be_nothing_to_do(office: Office) -> None:
    assert run_next_job(lambda: office.work(SYSTEM)) is False


def test_a_notice_is_in_the_trail_of_the_case(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    payload = {"template": "hello", "to": owner.key}
    row = {"kind": JobKind.NOTICE, "due_at": office.now, "payload": payload}
    with office.work() as work:
        row |= {"created_at": office.now, "instance_id": instance_id}
        rows.add_jobs(work.session, [row])

    office.run_jobs()

    assert office.details(instance_id, AuditAction.NOTICE_SENT) == payload


def test_a_case_that_ended_keeps_no_timers(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_do").id)

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.next_due_at() is None
