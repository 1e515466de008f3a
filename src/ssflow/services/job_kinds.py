"""How work of one kind is done: the two forms of handlers that `services/jobs` has a table of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ssflow.domain.base import JsonValue
from ssflow.domain.job import Job
from ssflow.errors import SsflowError
from ssflow.store.unit_of_work import UnitOfWork

Inside: TypeAlias = Callable[[UnitOfWork, Job], None]
"""Does the work in the transaction that also removes the job; it happens once or not at all.

If the job has a `task_id`, its instance is locked already. Whatever it raises takes all of it back,
and the job is tried again later.
"""

Call: TypeAlias = Callable[[], JsonValue]
"""Reaches outside, without database; what it gives is plain data. It may be made more than once:
after a crash, or when two workers hold one job. Use the job's id as idempotency key."""


class GiveUpError(SsflowError):
    """The job cannot succeed; trying it again would not help."""


class WorkerLostError(SsflowError):
    """Each worker that did the job was lost."""


@dataclass(frozen=True)
class OutsideWork:
    """Work that reaches outside: a call between two transactions, with its lease renewed meanwhile.

    `prepare` reads what the call needs, and should change nothing; None: there is nothing to do any
    more, and the job goes. `finish` takes the answer in the transaction that removes the job; the
    answer is kept with the job until then, so that a `finish` that fails is not a second call.

    `fail` is called after each failed attempt: with `is_last`, a job with a `task_id` is gone with
    the transaction (advance its instance, as a BPMN error or an incident), and one without stays on
    the list of jobs as failed.
    """

    prepare: Callable[[UnitOfWork, Job], Call | None]
    finish: Callable[[UnitOfWork, Job, JsonValue], None]
    fail: Callable[[UnitOfWork, Job, SsflowError, bool], None]


Handler: TypeAlias = Inside | OutsideWork
