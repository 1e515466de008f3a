"""Keep the database tidy: drop what nobody can use any more; the audit trail stays whole."""

from datetime import timedelta
from uuid import UUID

from ssflow.domain.job import Job, JobKind
from ssflow.services.idempotency import KEEP as KEEP_ANSWERS
from ssflow.services.job_runs import RACES, OpenWork
from ssflow.services.messages import drop_expired
from ssflow.services.schedules import keep_schedules
from ssflow.services.working_days import calendar_of
from ssflow.store import housekeeping as rows
from ssflow.store import jobs as job_rows
from ssflow.store import mail as mail_rows
from ssflow.store import schedules as schedule_rows
from ssflow.store import sign_in as sign_in_rows
from ssflow.store.unit_of_work import LostRaceError, UnitOfWork
from ssflow.timetable import Timetable

CLEAN_UP_ID = UUID("5f5b6c1e-6f9a-5d0c-9a55-0c1ea9500000")
"""The one job that cleans up has always this id, so that there are never two."""
NIGHTLY = Timetable(cron="30 3 * * *")
KEEP_FILES = timedelta(days=7)
KEEP_SESSIONS, KEEP_THROTTLES, KEEP_LINKS = (timedelta(days=n) for n in (1, 1, 1))
"""After they stopped to count."""
KEEP_FAILED_JOBS = KEEP_MAILS = timedelta(days=90)
KEEP_RUNS = timedelta(days=400)
_NEVER_GIVEN_UP = 1_000_000


def begin(open_work: OpenWork) -> None:
    """See to the standing jobs at start-up; another process that starts meanwhile may be quicker.

    Raises:
        LostRaceError: others were, again and again.
    """
    for chance in range(RACES):
        try:
            with open_work() as work:
                ensure_standing_jobs(work)
        except LostRaceError:
            if chance == RACES - 1:
                raise
        else:
            return


def ensure_standing_jobs(work: UnitOfWork) -> None:
    """See to it at start-up that the jobs which come back by themselves are there."""
    keep_schedules(work)
    found = job_rows.find_job(work.session, CLEAN_UP_ID)
    if found is not None and found.due_at is None:
        schedule_rows.delete_job(work.session, CLEAN_UP_ID)
        found = None
    if found is None:
        _plan(work)


def clean_up(work: UnitOfWork, _job: Job) -> None:
    """Drop what is left over, and come back the next night.

    That is: files that were uploaded for forms nobody handed in, answers kept for repeated
    requests, sign-in links, sessions and failed sign-ins of the past, messages that nobody waited
    for, jobs that can do nothing any more, mails and runs of schedules that are long settled.
    """
    session, now = work.session, work.now
    rows.delete_loose_files(session, now - KEEP_FILES)
    sign_in_rows.delete_answers_before(session, now - KEEP_ANSWERS)
    sign_in_rows.delete_sessions_before(session, now - KEEP_SESSIONS, now - KEEP_SESSIONS)
    sign_in_rows.delete_throttles_before(session, now - KEEP_THROTTLES)
    rows.delete_links_before(session, now - KEEP_LINKS)
    rows.delete_ended_jobs(session, now - KEEP_FAILED_JOBS)
    mail_rows.delete_mails_before(session, now - KEEP_MAILS)
    schedule_rows.delete_runs_before(session, now - KEEP_RUNS)
    drop_expired(work)
    _plan(work)


def _plan(work: UnitOfWork) -> None:
    row = {
        "id": CLEAN_UP_ID,
        "kind": JobKind.CLEAN_UP,
        "due_at": NIGHTLY.first_after(work.now, calendar_of(work)),
        "payload": {},
        "created_at": work.now,
        "max_attempts": _NEVER_GIVEN_UP,
    }
    rows.add_job_once(work.session, row)
