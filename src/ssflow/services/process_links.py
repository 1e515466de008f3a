"""Which case started which other one."""

from collections.abc import Sequence
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.process_link import ProcessLink
from ssflow.sentences import Sentence
from ssflow.services.audit import record
from ssflow.services.instances import get_visible_instance
from ssflow.services.job_kinds import GiveUpError
from ssflow.store import process_links as rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_DEPTH = 1_000
"""A process that starts itself over and over stops here."""


class EndlessChainError(GiveUpError):
    """So many cases started each other that it looks like a circle."""


def link_cases(
    work: UnitOfWork,
    origin: ProcessInstance,
    started: ProcessInstance,
    *,
    why: str,
    activity_id: str | None = None,
) -> None:
    """Keep that a case, locked by the caller, started another one; both trails tell.

    Raises:
        EndlessChainError: `MAX_DEPTH` cases started each other already.
    """
    former = work.session.get(ProcessLink, origin.id)
    depth = former.depth + 1 if former else 1
    if depth > MAX_DEPTH:
        message = Sentence(
            "%(most)s cases started each other; %(key)s is not started once more.",
            most=MAX_DEPTH,
            key=started.key,
        )
        raise EndlessChainError(message)
    link = ProcessLink(
        instance_id=started.id,
        started_from=origin.id,
        created_at=work.now,
        why=why,
        depth=depth,
        activity_id=activity_id,
    )
    work.session.add(link)
    told = {"key": started.key, "instance": str(started.id), "why": why}
    record(work, AuditAction.PROCESS_STARTED, origin, activity_id=activity_id, **told)
    told = {"key": origin.key, "instance": str(origin.id), "why": why}
    record(work, AuditAction.INSTANCE_LINKED, started, **told)


def origin_of(work: UnitOfWork, instance_id: UUID) -> ProcessInstance | None:
    """Give the case that started this one; None if none did, or none that the actor may see.

    Raises:
        NotFoundError: there is no such case, or none that the actor may see.
    """
    get_visible_instance(work, instance_id)
    return rows.find_origin(work.session, work.actor, instance_id)


def started_by_case(work: UnitOfWork, instance_id: UUID) -> Sequence[ProcessInstance]:
    """List the cases that this one started and that the actor may see, oldest first.

    Raises:
        NotFoundError: there is no such case, or none that the actor may see.
    """
    get_visible_instance(work, instance_id)
    return rows.list_started(work.session, work.actor, instance_id)
