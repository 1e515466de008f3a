"""Timers and effects: done when they are due, once, and as steps of their own."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.job import Job, JobKind, JobState, WorkerHeartbeat
from ssflow.errors import ConflictError, ForbiddenError, NotFoundError
from ssflow.services import instances, jobs
from ssflow.services.incidents import retry_incident
from ssflow.services.job_runs import LEASE
from ssflow.services.jobs import run_next_job
from ssflow.services.registers import add_record
from ssflow.store import jobs as rows
from ssflow.store.instances import list_instances, lock_instance
from ssflow.store.unit_of_work import UnitOfWork, open_work
from tests.conftest import TIMEZONE
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
    assert [(job.kind, job.due_at) for job in waiting] == [(JobKind.NOTICE, office.now)]
    assert office.actions(instance_id).count("notice.sent") == 1
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

    told = office.details(instance_id, AuditAction.NOTICE_SENT)
    assert told == {"template": "hello", "to": [], "without_address": [owner.key]}


def test_what_a_case_asked_for_is_done_though_the_case_is_cancelled(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id, admin = office.start(owner), office.hire("admin")
    row = {"kind": JobKind.START_PROCESS, "due_at": office.now, "payload": {"key": "p"}}
    with office.work() as work:
        row |= {"created_at": office.now, "instance_id": instance_id}
        rows.add_jobs(work.session, [row])

    office.act(admin, instances.cancel_instance, instance_id, "Not wanted")
    left = [job.kind for job in office.jobs(instance_id)]
    done = office.run_jobs()

    assert (left, done) == ([JobKind.START_PROCESS], 1)
    with office.look() as work:
        assert len(list_instances(work.session, work.actor).items) == 2


def test_a_case_that_is_cancelled_after_all_keeps_its_jobs(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id, admin = office.start(owner), office.hire("admin")

    def cancel_and_fail(work: UnitOfWork) -> None:
        instances.cancel_instance(work, instance_id, "Not wanted")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        office.act(admin, cancel_and_fail)

    assert [job.kind for job in office.jobs(instance_id)] == [JobKind.TIMER]


def test_a_case_that_ended_keeps_no_timers(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_do").id)

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.next_due_at() is None


# --- given up: an incident at a waiting point, else a failed job ----------------------------------


def spoil(office: Office, instance_id: UUID) -> Job:
    """Make the case's timer a job that nobody can do."""
    [job] = office.jobs(instance_id)
    with office.work() as work:
        rows.get_job(work.session, job.id).payload = {}
    return job


def lose_workers(office: Office, times: int) -> None:
    """Let workers claim what is due, and never be seen again."""
    for _ in range(times):
        with office.work() as work:
            assert rows.claim_due_job(work.session, work.now, LEASE) is not None
        office.now += LEASE


@pytest.mark.parametrize("cancel", [True, False])
def test_a_timer_whose_step_keeps_failing_becomes_an_incident_and_goes_on_by_retry(
    office: Office, owner: Actor, *, cancel: bool
) -> None:
    office.deploy(with_timer(cancel=cancel))
    instance_id, admin = office.start(owner), office.hire("admin")
    job = spoil(office, instance_id)
    office.now += 3 * DAY

    for _ in range(4):
        office.run_jobs(after=timedelta(minutes=1))
    incident = office.incident(instance_id)
    waiting = office.open(instance_id)
    office.act(admin, retry_incident, incident.id)

    assert (incident.activity_id, incident.kind, incident.attempts) == ("T_late", "engine", 3)
    assert "due_at" in incident.message
    assert office.jobs() == []
    told = office.details(instance_id, AuditAction.JOB_FAILED)
    assert (told["job"], told["kind"], told["attempts"]) == (str(job.id), "timer", 3)
    assert waiting == ([] if cancel else ["U_do"])
    assert office.open(instance_id) == (["U_late"] if cancel else ["U_do", "U_late"])


def test_a_timer_that_loses_each_of_its_workers_becomes_an_incident(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)
    office.now += 3 * DAY
    lose_workers(office, 3)

    office.run_jobs()

    assert office.incident(instance_id).message == "Each worker that did it was lost."
    assert office.jobs() == []


def test_a_timer_that_cannot_even_be_parked_stays_as_a_failed_job(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_timer(cancel=True))
    instance_id = office.start(owner)
    spoil(office, instance_id)
    with office.work() as work:
        lock_instance(work.session, instance_id).state = b"no state"
    office.now += 3 * DAY

    for _ in range(4):
        office.run_jobs(after=timedelta(minutes=1))

    [job] = office.jobs(instance_id)
    assert job.state(office.now) is JobState.FAILED
    assert "due_at" in (job.error or "")


def test_a_job_may_be_tried_more_often_and_later_each_time(office: Office) -> None:
    row = {"kind": JobKind.START_PROCESS, "due_at": office.now, "payload": {}}
    row |= {"created_at": office.now, "max_attempts": 5, "wait_seconds": 60}
    with office.work() as work:
        rows.add_jobs(work.session, [row])
    waits = []

    for _ in range(5):
        office.run_jobs()
        [job] = office.jobs()
        if job.due_at is not None:
            waits.append((job.due_at - office.now).total_seconds())
            office.now = job.due_at

    assert waits == [60, 120, 240, 480]
    assert office.jobs()[0].state(office.now) is JobState.FAILED


def test_timers_of_a_case_fire_in_order_though_several_workers_do_them(
    office: Office, owner: Actor
) -> None:
    office.deploy(
        bundle(
            start(),
            user("U_do", role="service_owner"),
            boundary("T_first", "U_do", after("'PT1H'"), cancel=False),
            boundary("T_last", "U_do", after("'PT2H'"), cancel=True),
            end(),
            end("E_first"),
            end("E_last"),
            flows("start U_do end", "T_first E_first", "T_last E_last"),
        )
    )
    instance_id = office.start(owner)
    office.now += DAY
    with office.work() as work:
        first = rows.claim_due_job(work.session, work.now, LEASE)

    second = office.run_jobs()
    done = office.run_jobs(after=LEASE)

    assert first is not None
    assert (second, done) == (0, 2)
    fired = [e for e in office.events(instance_id) if e.action is AuditAction.TIMER_FIRED]
    assert [event.activity_id for event in fired] == ["T_first", "T_last"]


# --- run again, counted ---------------------------------------------------------------------------


def failed_job(office: Office) -> Job:
    give(office, JobKind.START_PROCESS)
    for _ in range(3):
        office.run_jobs(after=timedelta(minutes=1))
    [job] = office.jobs()
    return job


def test_an_administrator_has_a_failed_job_tried_again(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    job, admin = failed_job(office), office.hire("admin")
    with office.work() as work:
        rows.get_job(work.session, job.id).payload = {"key": "p"}

    office.act(admin, jobs.retry_failed_job, job.id)
    done = office.run_jobs()

    assert (done, office.jobs()) == (1, [])
    assert "job.retried" in office.actions(f"sys-{office.now.date().isoformat()}")


def test_a_failed_job_that_is_tried_again_has_all_its_attempts(office: Office) -> None:
    job, admin = failed_job(office), office.hire("admin")

    office.act(admin, jobs.retry_failed_job, job.id)
    for _ in range(4):
        office.run_jobs(after=timedelta(minutes=1))

    assert [(job.attempts, job.due_at) for job in office.jobs()] == [(6, None)]


def test_a_job_that_is_tried_again_is_handed_over_at_once(office: Office) -> None:
    job, admin = failed_job(office), office.hire("admin")
    handed: list[UUID] = []
    told = open_work(
        office.database,
        actor=admin,
        now=office.now,
        timezone=TIMEZONE,
        submit=lambda _session, ids: handed.extend(ids),
    )

    with told as work:
        jobs.retry_failed_job(work, job.id)

    assert handed == [job.id]


def test_only_an_administrator_tries_jobs_again_and_only_failed_ones(
    office: Office, owner: Actor
) -> None:
    job, admin = failed_job(office), office.hire("admin")
    give(office, JobKind.START_PROCESS, wrong="later")
    [waiting] = [other for other in office.jobs() if other.id != job.id]

    with pytest.raises(ForbiddenError):
        office.act(owner, jobs.retry_failed_job, job.id)
    with pytest.raises(ConflictError):
        office.act(admin, jobs.retry_failed_job, waiting.id)
    with pytest.raises(NotFoundError):
        office.act(admin, jobs.retry_failed_job, uuid4())


def test_the_overview_counts_jobs_by_kind_and_state(office: Office, owner: Actor) -> None:
    office.deploy(with_timer(cancel=True))
    failed_job(office)
    office.start(owner)
    give(office, JobKind.NOTICE)
    with office.work() as work:
        rows.claim_due_job(work.session, work.now, LEASE)
    give(office, JobKind.NOTICE)
    office.now += timedelta(seconds=5)

    with office.look() as work:
        seen = jobs.overview(work)

    assert seen.counts == {
        JobKind.START_PROCESS: {JobState.FAILED: 1},
        JobKind.TIMER: {JobState.WAITING: 1},
        JobKind.NOTICE: {JobState.RUNNING: 1, JobState.DUE: 1},
    }
    assert seen.overdue_for == timedelta(seconds=5)
    assert not seen.has_worker
    assert (seen.median_lateness, seen.worst_lateness) == (None, None)


def test_the_overview_tells_who_lives_and_how_late_jobs_are_begun(office: Office) -> None:
    def beat(name: str, ago: timedelta, median: int) -> WorkerHeartbeat:
        seen_at = office.now - ago
        told = WorkerHeartbeat(name=name, carrier="test", started_at=seen_at, seen_at=seen_at)
        told.median_lateness_ms, told.worst_lateness_ms = median, 2 * median
        return told

    alive = beat("alive:1", timedelta(seconds=20), 300)
    with office.work() as work:
        jobs.give_sign_of_life(work, alive)
        jobs.give_sign_of_life(work, beat("dead:2", timedelta(seconds=31), 9000))
        jobs.give_sign_of_life(work, beat("gone:3", timedelta(days=2), 9000))

    with office.look() as work:
        seen = jobs.overview(work)
    with office.work() as work:
        jobs.sign_off(work, alive.id)
        left = jobs.overview(work)

    assert [worker.name for worker in seen.workers] == ["alive:1"]
    assert seen.median_lateness == timedelta(milliseconds=300)
    assert seen.worst_lateness == timedelta(milliseconds=600)
    assert left.workers == []
