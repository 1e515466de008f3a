"""Do what is due: each job once, as a step of its own, again when it fails, and never lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.job import DEFAULT_ATTEMPTS, Job, JobKind, JobState, WorkerHeartbeat
from ssflow.errors import ConflictError, ForbiddenError
from ssflow.services import effects
from ssflow.services.audit import record
from ssflow.services.housekeeping import clean_up
from ssflow.services.incidents import carry_out_retry
from ssflow.services.job_kinds import Handler, OutsideWork
from ssflow.services.job_runs import LEASE, run_claimed
from ssflow.services.job_runs import OpenWork as OpenWork
from ssflow.services.mails import MAILS
from ssflow.services.notices import send_notice
from ssflow.services.outside import OPERATION_CALLS
from ssflow.services.reminders import mark_overdue, remind
from ssflow.services.schedules import do_scheduled
from ssflow.services.timers import fire_timer
from ssflow.store import jobs as job_rows
from ssflow.store.jobs import EVERYTHING, ClaimedJob
from ssflow.store.jobs import Share as Share
from ssflow.store.unit_of_work import UnitOfWork

ALIVE_FOR = timedelta(seconds=30)
"""A worker that was seen within this time lives."""

Told = Callable[[timedelta], None]
"""Hears how late each job is begun."""


# --- the handlers: one line a kind ----------------------------------------------------------------


HANDLERS: Mapping[JobKind, Handler] = {
    JobKind.TIMER: fire_timer,
    JobKind.START_PROCESS: effects.start_process,
    JobKind.SEND_MESSAGE: effects.send_message,
    JobKind.DELIVER_MESSAGE: effects.deliver_message,
    JobKind.NOTICE: send_notice,
    JobKind.OPERATION: OPERATION_CALLS,
    JobKind.MAIL: MAILS,
    JobKind.SCHEDULE: do_scheduled,
    JobKind.REMINDER: remind,
    JobKind.OVERDUE: mark_overdue,
    JobKind.CLEAN_UP: clean_up,
    JobKind.RETRY_INCIDENT: carry_out_retry,
}


# --- doing them -----------------------------------------------------------------------------------


def run_due_jobs(open_work: OpenWork, *, most: int = 10_000, share: Share = EVERYTHING) -> int:
    """Do everything that is due, oldest first; gives how many were done."""
    done = 0
    while done < most and run_next_job(open_work, share):
        done += 1
    return done


def run_next_job(open_work: OpenWork, share: Share = EVERYTHING, told: Told | None = None) -> bool:
    """Do the job that has been due longest; says whether there was one.

    A job that fails is tried again later, twice as long after each attempt. After the last one a
    waiting point of a case becomes an incident; anything else stays on the list with its error.
    """
    with open_work() as work:
        claimed = job_rows.claim_due_job(work.session, work.now, LEASE, share)
        now = work.now
    return _run(open_work, claimed, now, told)


def run_job(open_work: OpenWork, job_id: UUID, told: Told | None = None) -> bool:
    """Do one job as `run_next_job` does, if it is due and nobody has it; says whether it was."""
    with open_work() as work:
        claimed = job_rows.claim_job(work.session, job_id, work.now, LEASE)
        now = work.now
    return _run(open_work, claimed, now, told)


def outside_kinds() -> frozenset[JobKind]:
    """Tell which kinds of jobs reach outside, and may take long."""
    return frozenset(kind for kind, how in HANDLERS.items() if isinstance(how, OutsideWork))


def next_due(work: UnitOfWork, *, within: timedelta) -> tuple[timedelta | None, timedelta | None]:
    """Tell in how long the next job that reaches outside is due, and the next other one.

    None: not `within` that time. Costs one query that reads only what is due by then.
    """
    by = work.now + within
    outside, inside = job_rows.next_due_by(work.session, by, outside_kinds())
    return outside - work.now if outside else None, inside - work.now if inside else None


def _run(
    open_work: OpenWork,
    claimed: ClaimedJob | None,
    now: datetime,
    told: Told | None,
) -> bool:
    if claimed is None:
        return False
    if told is not None and claimed.was_due_at is not None:
        told(now - claimed.was_due_at)
    run_claimed(open_work, claimed, HANDLERS.get(claimed.kind))
    return True


# --- looking at them ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overview:
    """How the jobs stand and who does them."""

    counts: Mapping[JobKind, Mapping[JobState, int]]
    """Kinds and states of which there are none are left out."""
    overdue_for: timedelta | None
    """How long the oldest job has been due that nobody has begun; None: nothing is due."""
    workers: Sequence[WorkerHeartbeat]
    """Those that live."""
    median_lateness: timedelta | None
    """How late jobs were begun lately."""
    worst_lateness: timedelta | None

    @property
    def has_worker(self) -> bool:
        """Whether anybody does jobs; without, timers do not fire and nothing is sent."""
        return bool(self.workers)


def overview(work: UnitOfWork) -> Overview:
    """Tell how the jobs stand, how late they are begun, and which workers live."""
    counts: dict[JobKind, dict[JobState, int]] = {}
    for (kind, state), count in job_rows.count_jobs(work.session, work.now).items():
        counts.setdefault(kind, {})[state] = count
    next_due_at = job_rows.next_due_at(work.session)
    is_due = next_due_at is not None and next_due_at <= work.now
    workers = job_rows.list_heartbeats(work.session, seen_since=work.now - ALIVE_FOR)
    medians = [w.median_lateness_ms for w in workers if w.median_lateness_ms is not None]
    worst = [w.worst_lateness_ms for w in workers if w.worst_lateness_ms is not None]
    return Overview(
        counts=counts,
        overdue_for=work.now - next_due_at if next_due_at is not None and is_due else None,
        workers=workers,
        median_lateness=timedelta(milliseconds=median(medians)) if medians else None,
        worst_lateness=timedelta(milliseconds=max(worst)) if worst else None,
    )


def retry_failed_job(work: UnitOfWork, job_id: UUID) -> Job:
    """Have a job that was given up tried again, as often as at first.

    Raises:
        ForbiddenError: the actor does not administer.
        NotFoundError: there is no such job.
        ConflictError: it was not given up.
    """
    if not work.actor.is_admin:
        raise ForbiddenError("Only an administrator may run a job again.")
    job = job_rows.get_job(work.session, job_id)
    if not job_rows.revive_job(work.session, job_id, work.now, DEFAULT_ATTEMPTS):
        raise ConflictError("This job has not failed; it is done when it is due.")
    record(work, AuditAction.JOB_RETRIED, job=str(job.id), kind=str(job.kind), error=job.error)
    return job_rows.get_job(work.session, job_id)


def give_sign_of_life(work: UnitOfWork, beat: WorkerHeartbeat) -> None:
    """Write down that a worker lives."""
    job_rows.save_heartbeat(work.session, beat)


def sign_off(work: UnitOfWork, worker_id: UUID) -> None:
    """Forget a worker that ends in good order."""
    job_rows.delete_heartbeat(work.session, worker_id)
