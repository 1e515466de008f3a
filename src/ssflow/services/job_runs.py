"""How one claimed job is done: in its transaction, again when it fails, and never lost."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import JsonValue
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import Job, JobKind
from ssflow.engine.commands import FailOperation, FireTimer, Park
from ssflow.engine.execution import TaskGoneError
from ssflow.errors import AwayError, SsflowError
from ssflow.sentences import Sentence
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry, record
from ssflow.services.job_kinds import Call, GiveUpError, Handler, OutsideWork, WorkerLostError
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store.jobs import ClaimedJob
from ssflow.store.unit_of_work import LostRaceError, UnitOfWork

_LOG = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
"""How long a claimed job belongs to its worker, who renews it while it calls outside."""
LONGEST_WAIT = timedelta(hours=1)
RACES = 3
"""So often a job is done again at once that lost a race to write."""

OpenWork = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a piece of work of the system itself, with the clock's present moment."""


def run_claimed(open_work: OpenWork, claimed: ClaimedJob, handler: Handler | None) -> None:
    """Do a claimed job, or see to it that it is tried again or given up.

    Raises:
        AwayError, LostRaceError: not even that could be written; the lease brings the job back.
    """
    try:
        _do(open_work, claimed, handler)
    except SsflowError as error:
        _put_off(open_work, claimed, handler, error)
    except Exception as error:  # noqa: BLE001 - the job loop's top: one bad job must not end it
        _LOG.exception("A job failed in a way nobody foresaw (%s).", claimed.id)
        reason = str(error).partition("\n")[0]  # SQLAlchemy would go on with its statement
        told = SsflowError(
            Sentence(
                "It failed unforeseen, with %(fault)s: %(reason)s",
                fault=type(error).__name__,
                reason=reason,
            )
        )
        _put_off(open_work, claimed, handler, told)


def _do(open_work: OpenWork, claimed: ClaimedJob, handler: Handler | None) -> None:
    if claimed.attempts > claimed.max_attempts:
        raise WorkerLostError("Each worker that did it was lost.")
    if handler is None:
        raise GiveUpError(
            Sentence("This ssflow cannot do jobs of the kind %(kind)s.", kind=claimed.kind)
        )
    if isinstance(handler, OutsideWork):
        _do_outside(open_work, claimed, handler)
    else:
        _finish(open_work, claimed, handler)


def _do_outside(open_work: OpenWork, claimed: ClaimedJob, outside: OutsideWork) -> None:
    """Prepare, call, keep the answer and take it; go on from an answer that was kept before."""
    with open_work() as work:
        job = _lock(work, claimed)
        if job is None:
            return
        call = _repeat(job.answer) if job.answer else outside.prepare(work, job)
        if call is None:
            job_rows.finish_job(work.session, claimed)
            return
        is_new = job.answer is None
    with _lease_renewed(open_work, claimed):
        answer = call()
    if is_new:
        with open_work() as work:
            job_rows.keep_answer(work.session, claimed, answer)
    _finish(open_work, claimed, lambda work, job: outside.finish(work, job, answer))


def _repeat(kept: Mapping[str, JsonValue]) -> Call:
    return lambda: kept["answer"]


def _finish(
    open_work: OpenWork, claimed: ClaimedJob, do: Callable[[UnitOfWork, Job], None]
) -> None:
    """Do what belongs to the database and remove the job, in one work."""
    for chance in range(RACES):
        try:
            with open_work() as work:
                if _lock_case(work, claimed) and (
                    job := job_rows.finish_job(work.session, claimed)
                ):
                    do(work, job)
        except LostRaceError:
            if chance == RACES - 1:
                raise
        else:
            return


def _lock(work: UnitOfWork, claimed: ClaimedJob) -> Job | None:
    """Give the job with its case locked; None when there is nothing to do."""
    return job_rows.find_claimed(work.session, claimed) if _lock_case(work, claimed) else None


def _lock_case(work: UnitOfWork, claimed: ClaimedJob) -> bool:
    """Lock the case of a waiting point, as everywhere first.

    False when it was suspended since the claim: the job waits until it goes on.
    """
    if claimed.task_id is None or claimed.instance_id is None:
        return True
    instance = instance_rows.lock_instance(work.session, claimed.instance_id)
    if instance.status is InstanceStatus.SUSPENDED:
        _put_back(work, claimed)
        return False
    return True


def _put_back(work: UnitOfWork, claimed: ClaimedJob) -> None:
    job_rows.postpone_job(work.session, claimed, due_at=work.now, error=None, is_counted=False)


@contextmanager
def _lease_renewed(open_work: OpenWork, claimed: ClaimedJob) -> Iterator[None]:
    """Keep the job while its worker lives, however long its call takes."""
    is_over = threading.Event()

    def renew() -> None:
        while not is_over.wait(LEASE.total_seconds() / 3):
            try:
                with open_work() as work:
                    until = work.now + LEASE
                    is_kept = job_rows.renew_lease(work.session, claimed, until)
            except (AwayError, LostRaceError) as error:
                _LOG.warning("A lease could not be renewed: %s", error)
            else:
                if not is_kept:
                    return

    thread = threading.Thread(target=renew, name="ssflow-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


# --- when they fail -------------------------------------------------------------------------------


def _put_off(
    open_work: OpenWork, claimed: ClaimedJob, handler: Handler | None, error: SsflowError
) -> None:
    """Have a job tried again later, or give it up."""
    is_away = isinstance(error, AwayError)
    is_last = isinstance(error, GiveUpError | WorkerLostError)
    is_last = is_last or (claimed.attempts >= claimed.max_attempts and not is_away)
    try:
        with open_work() as work:
            job = _lock(work, claimed)
            if job is None:
                return
            if isinstance(handler, OutsideWork):
                handler.fail(work, job, error, is_last)
            if is_last:
                _give_up(work, claimed, handler, job, error.message)
            else:
                due_at = work.now + _wait(job)
                job_rows.postpone_job(
                    work.session,
                    claimed,
                    due_at=due_at,
                    error=error.message,
                    is_counted=not is_away,
                )
    except (AwayError, LostRaceError):
        raise
    except Exception:  # noqa: BLE001 - the job loop's top: even what cannot be given up is told
        _LOG.exception("A job could not be given up in good order (%s).", claimed.id)
        with open_work() as work:
            _leave(work, claimed, error.message)


def _wait(job: Job) -> timedelta:
    """Tell how long to wait after an attempt that failed."""
    doubled: int = 2 ** min(job.attempts - 1, 20)
    return min(timedelta(seconds=job.wait_seconds * doubled), LONGEST_WAIT)


def _give_up(
    work: UnitOfWork, claimed: ClaimedJob, handler: Handler | None, job: Job, error: str
) -> None:
    """Turn a waiting point into an incident; leave anything else on the list of failed jobs."""
    if job.task_id is not None and isinstance(handler, OutsideWork):
        job_rows.finish_job(work.session, claimed)
    elif job.kind in _PARKED and job.task_id is not None and job.instance_id is not None:
        instance = instance_rows.get_instance(work.session, job.instance_id)
        job_rows.finish_job(work.session, claimed)
        _park(work, instance, job, error)
    else:
        _leave(work, claimed, error)


def _park(work: UnitOfWork, instance: ProcessInstance, job: Job, error: str) -> None:
    if instance.has_ended or job.task_id is None:
        return
    because = Entry(AuditAction.JOB_FAILED, job.activity_id, _details(job, error))
    command = Park(_PARKED[job.kind](job.task_id, error), error)
    try:
        result = advance_instance(work, instance, command, because)
    except TaskGoneError:
        return
    parked = result.after.incidents.keys() - result.before.incidents.keys()
    incident_rows.note_attempts(work.session, parked, job.attempts)


def _leave(work: UnitOfWork, claimed: ClaimedJob, error: str) -> None:
    if job_rows.postpone_job(work.session, claimed, due_at=None, error=error):
        job = job_rows.get_job(work.session, claimed.id)
        record(work, AuditAction.JOB_FAILED, **_details(job, error))


def _details(job: Job, error: str) -> dict[str, Any]:
    return {
        "job": str(job.id),
        "kind": str(job.kind),
        "attempts": job.attempts,
        "error": error,
        **({"instance": str(job.instance_id)} if job.instance_id else {}),
    }


_PARKED: Mapping[JobKind, Callable[[UUID, str], FireTimer | FailOperation]] = {
    JobKind.TIMER: lambda task_id, _error: FireTimer(task_id),
    JobKind.OPERATION: FailOperation,
}
"""Waiting points at whose element a case stops when their job was given up."""
