"""One piece of work: a session with its transaction, who acts, and when."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from ssflow.config import DEFAULT_MESSAGE_TTL, Outside
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.errors import ConflictError, InvalidInputError
from ssflow.sentences import Sentence
from ssflow.store.database import Database, DatabaseAwayError, away
from ssflow.store.failures import is_away, is_lost_race, is_read_only
from ssflow.store.jobs import take_added_jobs

DbSession: TypeAlias = Session
"""The database session, for floors that hand it on without knowing what it is made of."""
Submit = Callable[[Session, Sequence[UUID]], None]
"""Hands over ids of jobs that are due now, within the transaction and right before its commit."""

_AFTER_COMMIT = "ssflow_after_commit"
NOTHING_LEAVES = Outside()
"""For pieces of work that call nothing and send nothing."""


class LostRaceError(ConflictError):
    """Somebody else wrote at the same moment; doing the whole work again may succeed."""


@dataclass(frozen=True)
class Refusal:
    """An attempt that was refused and that the trail must tell, though the work is undone."""

    action: AuditAction
    details: dict[str, Any]
    instance_id: UUID | None = None
    activity_id: str | None = None


@dataclass
class UnitOfWork:
    """What services work with: the session, the actor, and the moment that counts as now."""

    session: Session
    actor: Actor
    now: datetime
    timezone: ZoneInfo
    submit: Submit
    request_id: str | None = None
    translate: Callable[[str], str] = str
    """Turns a message for people into the actor's language."""
    outside: Outside = NOTHING_LEAVES
    """What may leave this installation: mail, calls to other systems."""
    message_ttl: timedelta = DEFAULT_MESSAGE_TTL
    """How long a message that no case waits for is kept when its sender does not say."""
    refusals: list[Refusal] = field(default_factory=list)
    """What the edge writes to the trail in a work of its own after this one was undone."""

    def remember_refusal(self, refusal: Refusal) -> None:
        """Have a refused attempt told in the trail."""
        self.refusals.append(refusal)


def no_submit(_session: Session, _job_ids: Sequence[UUID]) -> None:
    """Leave jobs to whoever looks for due ones next."""


@contextmanager
def open_work(
    database: Database,
    *,
    actor: Actor,
    now: datetime,
    timezone: ZoneInfo,
    submit: Submit = no_submit,
    read_only: bool = False,
    request_id: str | None = None,
    translate: Callable[[str], str] = str,
    outside: Outside = NOTHING_LEAVES,
    message_ttl: timedelta = DEFAULT_MESSAGE_TTL,
) -> Iterator[UnitOfWork]:
    """Do one piece of work: commits at the end, rolls back on any exception.

    Raises:
        LostRaceError: another writer was quicker; nothing was changed.
        DatabaseAwayError: the database cannot be reached or written.
        InvalidInputError: a value does not fit into the database.
    """
    with (
        _told_by_what_to_do(read_only=read_only),
        _open_session(database, read_only=read_only) as session,
    ):
        work = UnitOfWork(
            session, actor, now, timezone, submit, request_id, translate, outside, message_ttl
        )
        yield work
        if not read_only:
            _commit(work)
    for callback in session.info.pop(_AFTER_COMMIT, ()):
        callback()


def call_after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Have something done once what this session wrote is safe; not at all if it is undone."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


@contextmanager
def _open_session(database: Database, *, read_only: bool) -> Iterator[Session]:
    if read_only:
        with Session(database.reader, expire_on_commit=False) as session:
            yield session
    else:
        with database.writing(), Session(database.engine, expire_on_commit=False) as session:
            yield session


def _commit(work: UnitOfWork) -> None:
    work.session.flush()
    if due := take_added_jobs(work.session, due_by=work.now):
        work.submit(work.session, due)
    work.session.commit()


@contextmanager
def unfit_data_refused() -> Iterator[None]:
    """Turn what a database says about values that do not fit into wrong input; races stay races.

    Raises:
        InvalidInputError: a value has the wrong type or size, or refers to what is not there.
    """
    try:
        yield
    except StatementError as error:
        if isinstance(error, DBAPIError) and any(
            tells(error) for tells in (is_lost_race, is_away, is_read_only)
        ):
            raise
        reason = str(error.orig).partition("\n")[0]
        raise InvalidInputError(
            Sentence("A value cannot be stored: %(reason)s.", reason=reason)
        ) from error


@contextmanager
def _told_by_what_to_do(*, read_only: bool) -> Iterator[None]:
    """Turn what drivers raise into the errors that callers know how to answer."""
    try:
        yield
    except StaleDataError as error:
        raise _lost_race() from error
    except PoolTimeoutError as error:
        raise DatabaseAwayError(reason="every connection is in use") from error
    except (DataError, OverflowError) as error:  # SQLite's driver knows 64 bits
        message = "A value is too large, or holds a sign that cannot be stored."
        raise InvalidInputError(message) from error
    except DBAPIError as error:
        if is_lost_race(error):
            raise _lost_race() from error
        # Who writes in a work that only reads made a mistake; else it is the database's fault.
        if is_away(error) or (is_read_only(error) and not read_only):
            raise away(error) from error
        raise


def _lost_race() -> LostRaceError:
    return LostRaceError("Somebody else changed this at the same moment. Please try again.")
