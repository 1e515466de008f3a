import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.identity import SYSTEM
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.job import JobKind
from ssflow.errors import NotFoundError
from ssflow.store.database import Database
from ssflow.store.jobs import (
    ClaimedJob,
    Share,
    add_jobs,
    claim_due_job,
    claim_job,
    delete_jobs_of_instance,
    delete_jobs_of_tasks,
    find_job,
    finish_job,
    get_job,
    list_jobs,
    next_due_at,
    next_due_by,
    postpone_job,
    renew_lease,
)
from ssflow.store.unit_of_work import open_work
from tests.conftest import NOW, TIMEZONE
from tests.store.conftest import Given

LEASE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def add(session: Session, due_at: datetime | None = NOW, **values: Any) -> UUID:
    row: dict[str, Any] = {
        "kind": JobKind.TIMER,
        "due_at": due_at,
        "payload": {},
        "created_at": NOW,
    }
    [job_id] = add_jobs(session, [{**row, **values}])
    return job_id


def claim(session: Session, now: datetime = NOW) -> ClaimedJob:
    job = claim_due_job(session, now, LEASE)
    assert job is not None
    return job


def test_a_job_comes_back_as_it_was_added(session: Session) -> None:
    job_id = add(session, payload={"a": ["å", 1, None]}, activity_id="T")

    job = get_job(session, job_id)

    assert (job.kind, job.due_at, job.attempts) == (JobKind.TIMER, NOW, 0)
    assert (job.payload, job.activity_id) == ({"a": ["å", 1, None]}, "T")


def test_a_job_that_is_done_cannot_be_got(session: Session) -> None:
    assert find_job(session, uuid4()) is None
    with pytest.raises(NotFoundError):
        get_job(session, uuid4())


def test_the_job_that_has_been_due_longest_is_claimed_first(session: Session) -> None:
    add(session, NOW)
    oldest = add(session, NOW - SECOND)
    add(session, NOW + SECOND)

    job = claim(session)

    assert (job.id, job.attempts) == (oldest, 1)
    assert get_job(session, oldest).due_at == NOW + LEASE


@pytest.mark.parametrize("due_at", [NOW + SECOND, None])
def test_jobs_that_are_not_due_or_were_given_up_stay(
    session: Session, due_at: datetime | None
) -> None:
    add(session, due_at)

    assert claim_due_job(session, NOW, LEASE) is None


def test_a_claimed_job_is_nobody_elses_until_its_lease_ends(session: Session) -> None:
    add(session)
    claim(session)

    early = claim_due_job(session, NOW + LEASE - SECOND, LEASE)
    again = claim(session, NOW + LEASE)

    assert early is None
    assert again.attempts == 2


@pytest.mark.parametrize("status", [InstanceStatus.SUSPENDED, InstanceStatus.RUNNING])
def test_waiting_points_of_suspended_instances_wait(
    session: Session, given: Given, status: InstanceStatus
) -> None:
    case = given.instance(status=status).id
    job_id = add(session, instance_id=case, task_id=uuid4())
    waits = status is InstanceStatus.SUSPENDED

    assert (claim_job(session, job_id, NOW, LEASE) is None) is waits
    assert (claim_due_job(session, NOW + LEASE, LEASE) is None) is waits


def test_one_job_can_be_claimed_by_its_id(session: Session) -> None:
    add(session, NOW - SECOND)
    wanted = add(session)

    job = claim_job(session, wanted, NOW, LEASE)

    assert job is not None
    assert job.id == wanted
    assert claim_job(session, wanted, NOW, LEASE) is None


def test_a_job_that_was_due_when_it_was_added_is_due_by_whatever_clock(session: Session) -> None:
    handed = add(session, NOW + SECOND, created_at=NOW + SECOND)
    later = add(session, NOW + SECOND, created_at=NOW)

    job = claim_job(session, handed, NOW, LEASE)

    assert job is not None
    assert claim_job(session, handed, NOW, LEASE) is None
    assert claim_job(session, later, NOW, LEASE) is None


def test_a_worker_takes_its_share_of_kinds(session: Session) -> None:
    timer, notice = add(session), add(session, NOW + SECOND, kind=JobKind.NOTICE)

    def take(share: Share) -> UUID | None:
        job = claim_due_job(session, NOW + 2 * SECOND, LEASE, share)
        return job.id if job else None

    kinds = frozenset({JobKind.NOTICE})
    assert take(Share(only=kinds)) == notice
    assert take(Share(only=kinds)) is None
    assert take(Share(without=kinds)) == timer


def test_what_was_handed_over_is_left_to_others_for_a_while(session: Session) -> None:
    handed, timer = add(session, NOW), add(session, NOW + SECOND, created_at=NOW)
    share = Share(patience=5 * SECOND)

    taken = [claim_due_job(session, NOW + after, LEASE, share) for after in (SECOND, 5 * SECOND)]

    assert [job.id if job else None for job in taken] == [timer, handed]


def test_a_timer_waits_for_earlier_ones_of_its_instance(session: Session, given: Given) -> None:
    case, other_case = given.instance().id, given.instance().id
    first = add(session, NOW - 2 * SECOND, instance_id=case, task_id=uuid4())
    second = add(session, NOW - SECOND, instance_id=case, task_id=uuid4())
    other = add(session, NOW, instance_id=other_case, task_id=uuid4())

    claimed = [claim(session), claim(session)]
    nothing = claim_due_job(session, NOW, LEASE)
    finish_job(session, claimed[0])
    claimed.append(claim(session))

    assert [job.id for job in claimed] == [first, other, second]
    assert nothing is None


def test_what_is_due_soon_is_told_by_kind_without_reading_what_is_not(
    session: Session, given: Given
) -> None:
    case = given.instance(status=InstanceStatus.SUSPENDED).id
    add(session, NOW - SECOND, instance_id=case, task_id=uuid4())
    add(session, NOW + SECOND)
    add(session, NOW + 2 * SECOND, kind=JobKind.MAIL)

    kinds = {JobKind.MAIL}
    assert next_due_by(session, NOW, kinds) == (None, None)
    assert next_due_by(session, NOW + SECOND, kinds) == (None, NOW + SECOND)
    assert next_due_by(session, NOW + 2 * SECOND, kinds) == (NOW + 2 * SECOND, NOW + SECOND)


def test_several_workers_never_claim_the_same_job(database: Database, session: Session) -> None:
    for _ in range(20):
        add(session)
    session.commit()
    claimed: list[UUID] = []

    def work_through() -> None:
        while True:
            with open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work:
                job = claim_due_job(work.session, NOW, LEASE)
            if job is None:
                return
            claimed.append(job.id)

    threads = [threading.Thread(target=work_through) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 20


def test_a_worker_does_not_wait_for_a_job_that_another_is_claiming(
    postgresql_database: Database,
) -> None:
    with (
        Session(postgresql_database.engine) as one,
        Session(postgresql_database.engine) as other,
    ):
        first = add(one, NOW - SECOND)
        second = add(one, NOW)
        one.commit()

        assert claim(one).id == first
        assert claim(other).id == second


def test_a_finished_job_is_gone(session: Session) -> None:
    job_id = add(session)

    done = finish_job(session, claim(session))

    assert done is not None
    assert (done.id, done.payload) == (job_id, {})
    assert find_job(session, job_id) is None


def test_a_worker_that_lost_its_lease_cannot_finish_postpone_or_keep_the_job(
    database: Database, session: Session
) -> None:
    add(session)
    session.commit()
    with open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work:
        lost = claim(work.session)
    with open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work:
        claim(work.session, NOW + LEASE)

    refused = [
        finish_job(session, lost),
        postpone_job(session, lost, due_at=None, error="slow"),
        renew_lease(session, lost, NOW + 2 * LEASE),
    ]

    assert refused == [None, False, False]
    assert get_job(session, lost.id).error is None


def test_a_failed_job_is_tried_again_later(session: Session) -> None:
    job_id = add(session)

    postpone_job(session, claim(session), due_at=NOW + SECOND, error="No route to host.")

    job = get_job(session, job_id)
    assert (job.due_at, job.error, job.attempts) == (NOW + SECOND, "No route to host.", 1)


def test_a_lease_can_be_made_longer(session: Session) -> None:
    job_id = add(session)

    is_kept = renew_lease(session, claim(session), NOW + 3 * LEASE)

    assert is_kept
    assert get_job(session, job_id).due_at == NOW + 3 * LEASE


def test_the_next_job_tells_when_to_look_again(session: Session) -> None:
    before = next_due_at(session)
    add(session, None)
    add(session, NOW + 2 * SECOND)
    add(session, NOW + SECOND)

    assert (before, next_due_at(session)) == (None, NOW + SECOND)


def test_jobs_go_with_their_waiting_points_and_effects_stay(session: Session, given: Given) -> None:
    case, task_id = given.instance().id, uuid4()
    add(session, instance_id=case, task_id=task_id)
    other_task = add(session, instance_id=case, task_id=uuid4())
    effect = add(session, instance_id=case)
    elsewhere = add(session)

    delete_jobs_of_tasks(session, [task_id])
    after_task = {job.id for job in list_jobs(session).items}
    delete_jobs_of_instance(session, case)
    after_instance = {job.id for job in list_jobs(session).items}

    assert after_task == {other_task, effect, elsewhere}
    assert after_instance == {effect, elsewhere}


def test_jobs_are_listed_newest_first_and_by_what_they_are(session: Session, given: Given) -> None:
    case = given.instance().id
    old = add(session, instance_id=case)
    new = add(session, kind=JobKind.NOTICE, created_at=NOW + SECOND)
    failed = add(session, None, created_at=NOW + 2 * SECOND)

    def ids(**options: Any) -> list[UUID]:
        return [job.id for job in list_jobs(session, **options).items]

    assert ids() == [failed, new, old]
    assert ids(kind=JobKind.NOTICE) == [new]
    assert ids(instance_id=case) == [old]
    assert ids(has_failed=True) == [failed]
    assert ids(has_failed=False) == [new, old]
