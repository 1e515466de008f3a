"""Do what is due: fire timers, carry out effects, as steps of their own."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.job import Job, JobKind
from ssflow.engine.commands import FireTimer, Start
from ssflow.engine.execution import TaskGoneError
from ssflow.errors import NotFoundError, SsflowError
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry, record
from ssflow.services.instances import begin_instance
from ssflow.services.messages import send_message
from ssflow.store import definitions as definition_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store.unit_of_work import UnitOfWork

_LOG = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""How long a claimed job belongs to the worker that claimed it."""
MAX_ATTEMPTS = 3
FIRST_BACK_OFF = timedelta(seconds=2)

OpenWork = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a piece of work of the system itself, with the clock's present moment."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this worker may do until its lease ends."""

    id: UUID
    attempts: int


def run_next_job(open_work: OpenWork) -> bool:
    """Do the job that has been due longest; says whether there was one.

    A job that fails is tried again after 2, 4 … seconds, and given up after three attempts: it
    stays on the list of jobs with its error.
    """
    with open_work() as work:
        job = job_rows.claim_due_job(work.session, work.now, LEASE)
        claimed = ClaimedJob(job.id, job.attempts) if job else None
    if claimed is None:
        return False
    if claimed.attempts > MAX_ATTEMPTS:
        _put_off(open_work, claimed, "Each worker that did it was lost.")
        return True
    try:
        _do(open_work, claimed)
    except SsflowError as error:
        _put_off(open_work, claimed, error.message)
    except Exception as error:  # noqa: BLE001 - the job loop's top: one bad job must not end it
        _LOG.exception("A job failed in a way nobody foresaw (%s).", claimed.id)
        _put_off(open_work, claimed, f"{type(error).__name__}: {error}")
    return True


def run_due_jobs(open_work: OpenWork, *, most: int = 10_000) -> int:
    """Do everything that is due, oldest first; gives how many were done."""
    done = 0
    while done < most and run_next_job(open_work):
        done += 1
    return done


def _do(open_work: OpenWork, claimed: ClaimedJob) -> None:
    """Do a job and remove it in one work; its instance is locked first, as everywhere."""
    with open_work() as work:
        job = job_rows.find_job(work.session, claimed.id)
        if job is None:
            return
        if job.instance_id is not None:
            instance_rows.lock_instance(work.session, job.instance_id)
        if job.attempts == claimed.attempts and job_rows.finish_job(work.session, job):
            _HANDLERS[job.kind](work, job)


def _put_off(open_work: OpenWork, claimed: ClaimedJob, error: str) -> None:
    with open_work() as work:
        job = job_rows.find_job(work.session, claimed.id)
        if job is None or job.attempts != claimed.attempts:
            return
        last = claimed.attempts >= MAX_ATTEMPTS
        due_at = None if last else work.now + FIRST_BACK_OFF * 2 ** (claimed.attempts - 1)
        job_rows.postpone_job(work.session, job, due_at=due_at, error=error)
        if last:
            record(work, AuditAction.JOB_FAILED, job=str(job.id), kind=str(job.kind), error=error)


def _fire_timer(work: UnitOfWork, job: Job) -> None:
    if job.instance_id is None or job.task_id is None:
        return
    instance = instance_rows.lock_instance(work.session, job.instance_id)
    if instance.has_ended:
        return
    instance.require_running()
    because = Entry(AuditAction.TIMER_FIRED, job.activity_id, {"due_at": job.payload["due_at"]})
    try:
        advance_instance(work, instance, FireTimer(job.task_id), because)
    except TaskGoneError:
        return


def _start_process(work: UnitOfWork, job: Job) -> None:
    payload = job.payload
    definition = definition_rows.find_latest(work.session, payload["key"])
    if definition is None:
        raise NotFoundError(f"There is no process {payload['key']} to start.")
    variables: dict[str, Any] = payload.get("variables", {})
    begin_instance(work, definition, Start(variables), variables, payload.get("business_key"))


def _send_message(work: UnitOfWork, job: Job) -> None:
    """Bring a message as the system itself: to the case that waits, or to start a process."""
    payload = job.payload
    send_message(work, payload["name"], payload.get("correlation_key"), payload.get("payload", {}))


def _send_notice(work: UnitOfWork, job: Job) -> None:
    """Tell the trail that somebody was notified; the person sees it in the case."""
    if job.instance_id is None:
        return
    instance = instance_rows.lock_instance(work.session, job.instance_id)
    record(work, AuditAction.NOTICE_SENT, instance, **job.payload)


_HANDLERS = {
    JobKind.TIMER: _fire_timer,
    JobKind.START_PROCESS: _start_process,
    JobKind.SEND_MESSAGE: _send_message,
    JobKind.NOTICE: _send_notice,
}
