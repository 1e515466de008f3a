"""Let a timer go off when it is due."""

from ssflow.domain.audit import AuditAction
from ssflow.domain.job import Job
from ssflow.engine.commands import FireTimer
from ssflow.engine.execution import TaskGoneError
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry
from ssflow.store import instances as instance_rows
from ssflow.store.unit_of_work import UnitOfWork


def fire_timer(work: UnitOfWork, job: Job) -> None:
    """Move the case on from its timer; one that is gone by now changes nothing.

    Raises:
        InstanceNotRunningError: the case is suspended; the timer stays.
    """
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
