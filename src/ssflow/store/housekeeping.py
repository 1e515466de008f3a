"""Queries that drop what nobody can use any more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Insert, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ssflow.domain.identity import OneTimeLink
from ssflow.domain.instance import ENDED, ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.note import Attachment
from ssflow.domain.user_task import TaskStatus, UserTask


def add_job_once(session: Session, row: Mapping[str, Any]) -> None:
    """Store a job, unless there is one with its id."""
    query: Insert
    if session.get_bind().dialect.name == "sqlite":
        query = sqlite.insert(Job).values(**row).on_conflict_do_nothing()
    else:
        query = postgresql.insert(Job).values(**row).on_conflict_do_nothing()
    session.execute(query)


def delete_loose_files(session: Session, moment: datetime) -> None:
    """Drop files from before a moment that belong to no case, but those of tasks still open."""
    open_tasks = select(UserTask.id).where(UserTask.status == TaskStatus.OPEN)
    _delete(
        session,
        delete(Attachment).where(
            Attachment.instance_id.is_(None),
            Attachment.uploaded_at < moment,
            or_(Attachment.task_id.is_(None), Attachment.task_id.not_in(open_tasks)),
        ),
    )


def delete_links_before(session: Session, moment: datetime) -> None:
    """Drop sign-in links that ended before a moment, used or not."""
    _delete(session, delete(OneTimeLink).where(OneTimeLink.expires_at < moment))


def delete_ended_jobs(session: Session, moment: datetime) -> None:
    """Drop waiting points' jobs of cases that have ended, and jobs from before that were given up.

    That a job was given up stays in the trail.
    """
    ended = select(ProcessInstance.id).where(ProcessInstance.status.in_(ENDED))
    _delete(
        session,
        delete(Job).where(
            or_(
                Job.task_id.is_not(None) & Job.instance_id.in_(ended),
                Job.due_at.is_(None) & (Job.created_at < moment),
            )
        ),
    )


def _delete(session: Session, query: Delete) -> None:
    session.execute(query, execution_options={"synchronize_session": False})
