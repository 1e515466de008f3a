from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from ssflow.domain.audit import AuditEvent
from ssflow.domain.identity import (
    SYSTEM,
    IdempotentAnswer,
    OneTimeLink,
    SignInThrottle,
    WebSession,
)
from ssflow.domain.job import Job, JobKind
from ssflow.domain.note import Attachment
from ssflow.domain.schedule import ScheduleRun
from ssflow.services.housekeeping import CLEAN_UP_ID, ensure_standing_jobs
from ssflow.services.messages import send_message
from ssflow.store import jobs as job_rows
from tests.services.bundles import one_task
from tests.services.office import Office

DAY = timedelta(days=1)


def tidy(office: Office) -> None:
    """Let the standing job do its work now."""
    office.act(SYSTEM, ensure_standing_jobs)
    with office.work() as work:
        job = job_rows.get_job(work.session, CLEAN_UP_ID)
        job.due_at = office.now
    office.run_jobs()


def keep(office: Office, *things: Any) -> None:
    with office.work() as work:
        work.session.add_all(things)


def left(office: Office, kind: Any, column: Any) -> list[Any]:
    with office.look() as work:
        return sorted(work.session.scalars(select(column).select_from(kind)))


def upload(office: Office, name: str, age: timedelta, **told: Any) -> Attachment:
    return Attachment(
        name=name,
        media_type="text/plain",
        size_bytes=1,
        sha256="0" * 64,
        uploaded_by=uuid4(),
        uploaded_at=office.now - age,
        content=b"x",
        **told,
    )


def clean_ups(office: Office) -> list[Job]:
    return [job for job in office.jobs() if job.kind is JobKind.CLEAN_UP]


def test_start_up_plans_one_job_for_the_night_however_often_it_comes(office: Office) -> None:
    office.act(SYSTEM, ensure_standing_jobs)
    office.act(SYSTEM, ensure_standing_jobs)

    [job] = clean_ups(office)
    assert job.due_at == datetime(2026, 3, 3, 2, 30, tzinfo=UTC)


def test_it_comes_back_every_night(office: Office) -> None:
    office.act(SYSTEM, ensure_standing_jobs)

    office.run_jobs(DAY)

    [job] = clean_ups(office)
    assert job.due_at == datetime(2026, 3, 4, 2, 30, tzinfo=UTC)


def test_start_up_brings_back_what_was_given_up(office: Office) -> None:
    office.act(SYSTEM, ensure_standing_jobs)
    with office.work() as work:
        job_rows.get_job(work.session, CLEAN_UP_ID).due_at = None

    office.act(SYSTEM, ensure_standing_jobs)

    [job] = clean_ups(office)
    assert job.due_at is not None


def test_files_that_nobody_handed_in_go_after_a_week(office: Office) -> None:
    owner = office.hire("service_owner")
    office.deploy(one_task())
    case = office.start(owner)
    task_id = office.task(case, "U_do").id
    keep(
        office,
        upload(office, "bound", 30 * DAY, instance_id=case),
        upload(office, "fresh", 6 * DAY),
        upload(office, "in a draft", 30 * DAY, task_id=task_id),
        upload(office, "loose", 8 * DAY),
        upload(office, "of a task that is gone", 8 * DAY, task_id=uuid4()),
    )

    tidy(office)

    assert left(office, Attachment, Attachment.name) == ["bound", "fresh", "in a draft"]


def test_answers_links_sessions_and_failed_sign_ins_of_the_past_go(office: Office) -> None:
    for name, age in (("new", timedelta(hours=2)), ("old", 3 * DAY)):
        at = office.now - age
        keep(
            office,
            IdempotentAnswer(
                user_id=uuid4(), key=name, request_hash="", status=200, body="", created_at=at
            ),
            OneTimeLink(secret_hash=name, created_at=at, expires_at=at),
            WebSession(token_hash=name, data={}, created_at=at, seen_at=at),
            SignInThrottle(subject=name, failures=1, blocked_until=at, last_at=at),
        )

    tidy(office)

    assert left(office, IdempotentAnswer, IdempotentAnswer.key) == ["new"]
    assert left(office, OneTimeLink, OneTimeLink.secret_hash) == ["new"]
    assert left(office, WebSession, WebSession.token_hash) == ["new"]
    assert left(office, SignInThrottle, SignInThrottle.subject) == ["new"]


def test_messages_whose_time_is_over_go(office: Office) -> None:
    office.act(SYSTEM, send_message, "nobody_waits", "k", {}, time_to_live="P1D")
    office.now += 2 * DAY

    tidy(office)

    assert "message.expired" in office.actions(f"sys-{office.now.date()}")


def test_jobs_that_can_do_nothing_any_more_go(office: Office) -> None:
    owner = office.hire("service_owner")
    office.deploy(one_task())
    ended, running = office.start(owner), office.start(owner)
    office.complete(owner, office.task(ended, "U_do").id)

    def job(case: UUID | None, name: str, age: timedelta = DAY, **told: Any) -> Job:
        return Job(
            kind=JobKind.NOTICE,
            payload={},
            created_at=office.now - age,
            instance_id=case,
            activity_id=name,
            **{"due_at": office.now + DAY, **told},
        )

    keep(
        office,
        job(ended, "of an ended case", task_id=uuid4()),
        job(ended, "effect of an ended case"),
        job(running, "of a running case", task_id=uuid4()),
        job(None, "given up long ago", 100 * DAY, due_at=None),
        job(None, "given up lately", due_at=None),
    )

    tidy(office)

    names = [job.activity_id for job in office.jobs() if job.kind is JobKind.NOTICE]
    assert sorted(map(str, names)) == [
        "effect of an ended case",
        "given up lately",
        "of a running case",
    ]


def test_runs_of_schedules_go_after_more_than_a_year(office: Office) -> None:
    for days in (300, 500):
        at = office.now - days * DAY
        keep(office, ScheduleRun(key=f"{days}", tick_at=at, created_at=at))

    tidy(office)

    assert left(office, ScheduleRun, ScheduleRun.key) == ["300"]


def test_the_trail_stays_whole(office: Office) -> None:
    owner = office.hire("service_owner")
    office.deploy(one_task())
    office.start(owner)
    with office.look() as work:
        before = work.session.scalar(select(func.count()).select_from(AuditEvent))

    office.now += 1_000 * DAY
    tidy(office)

    with office.look() as work:
        assert work.session.scalar(select(func.count()).select_from(AuditEvent)) == before
