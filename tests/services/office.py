"""An office in the hands of a test: each act of its people is a piece of work of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from ssflow.config import DEFAULT_MESSAGE_TTL, Outside
from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.identity import OPERATOR, SYSTEM, Actor, RoleGrant, User
from ssflow.domain.incident import Incident
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.user_task import UserTask
from ssflow.errors import SsflowError
from ssflow.services import instances, user_tasks
from ssflow.services.audit import record_refusals
from ssflow.services.deployment import DeploymentOutcome, deploy_files
from ssflow.services.jobs import run_due_jobs
from ssflow.services.shipped import install_roles
from ssflow.services.trail_path import details_of
from ssflow.store import audit as trail_rows
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.database import Database
from ssflow.store.unit_of_work import UnitOfWork, open_work
from tests.conftest import NOW, TIMEZONE

_numbers = count(1)


class Office:
    """One installation with the shipped roles; `now` is its clock, which a test moves on."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.outside = Outside()
        """What may leave; by default nothing does."""
        self.message_ttl = DEFAULT_MESSAGE_TTL
        with self.work() as work:
            install_roles(work)

    @contextmanager
    def work(self, actor: Actor = OPERATOR) -> Iterator[UnitOfWork]:
        """Open a piece of work as the edge does: refusals are told after it was undone."""
        opened: UnitOfWork | None = None
        try:
            with self._open(actor) as opened:
                yield opened
        except SsflowError:
            if opened is not None and opened.refusals:
                with self._open(actor) as after:
                    record_refusals(after, opened.refusals)
            raise

    def look(self, actor: Actor = OPERATOR) -> AbstractContextManager[UnitOfWork]:
        """Open a piece of work that changes nothing; it may stand beside another."""
        return self._open(actor, read_only=True)

    def _open(self, actor: Actor, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        return open_work(
            self.database,
            actor=actor,
            now=self.now,
            timezone=TIMEZONE,
            read_only=read_only,
            outside=self.outside,
            message_ttl=self.message_ttl,
        )

    # --- people and processes ---------------------------------------------------------------

    def hire(self, *roles: str, name: str | None = None) -> Actor:
        name = name or f"{'-'.join(roles) or 'person'}{next(_numbers)}"
        with self.work() as work:
            user = User(name=name, full_name=name.title(), created_at=self.now)
            work.session.add(user)
            work.session.flush()
            work.session.add_all(RoleGrant(user_id=user.id, role=role) for role in roles)
        return Actor(user_id=user.id, name=name, roles=frozenset(roles))

    def deploy(
        self, files: Mapping[str, bytes], actor: Actor = OPERATOR, **told: Any
    ) -> DeploymentOutcome:
        with self.work(actor) as work:
            return deploy_files(work, files, **told)

    # --- moving a case ----------------------------------------------------------------------

    def start(
        self, actor: Actor, key: str = "p", /, *, business_key: str | None = None, **variables: Any
    ) -> UUID:
        with self.work(actor) as work:
            return instances.start_instance(work, key, variables, business_key=business_key).id

    def claim(self, actor: Actor, task_id: UUID) -> UserTask:
        with self.work(actor) as work:
            return user_tasks.claim_task(work, task_id)

    def complete(self, actor: Actor, task_id: UUID, /, **fields: Any) -> UserTask:
        with self.work(actor) as work:
            return user_tasks.complete_task(work, task_id, fields)

    def act(self, actor: Actor, do: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Do one thing that a service offers."""
        with self.work(actor) as work:
            return do(work, *given, **named)

    def run_jobs(self, after: timedelta = timedelta(0)) -> int:
        """Let time pass, then do what is due; gives how many jobs that were."""
        self.now += after
        return run_due_jobs(lambda: self.work(SYSTEM))

    # --- looking at a case ------------------------------------------------------------------

    def instance(self, instance_id: UUID) -> ProcessInstance:
        with self.look() as work:
            found = instance_rows.get_instance(work.session, instance_id)
            work.session.refresh(found, ["state"])
            return found

    def open_tasks(self, instance_id: UUID) -> Sequence[UserTask]:
        with self.look() as work:
            return task_rows.find_open_tasks_of_instance(work.session, instance_id)

    def task(self, instance_id: UUID, activity_id: str) -> UserTask:
        [found] = [t for t in self.open_tasks(instance_id) if t.activity_id == activity_id]
        return found

    def open(self, instance_id: UUID) -> list[str]:
        return sorted(task.activity_id for task in self.open_tasks(instance_id))

    def variables(self, instance_id: UUID) -> dict[str, Any]:
        with self.look() as work:
            return instances.variables_of(work, instance_id)

    def incidents(self, instance_id: UUID) -> Sequence[Incident]:
        with self.look() as work:
            return incident_rows.open_incidents_of(work.session, instance_id)

    def incident(self, instance_id: UUID) -> Incident:
        [found] = self.incidents(instance_id)
        return found

    def jobs(self, instance_id: UUID | None = None) -> Sequence[Job]:
        with self.look() as work:
            return job_rows.list_jobs(work.session, instance_id=instance_id).items

    def next_due_at(self) -> datetime | None:
        with self.look() as work:
            return job_rows.next_due_at(work.session)

    def events(self, stream: UUID | str) -> list[AuditEvent]:
        with self.look() as work:
            return list(trail_rows.events_of_stream(work.session, str(stream)))

    def actions(self, stream: UUID | str) -> list[str]:
        return [str(event.action) for event in self.events(stream)]

    def details(self, stream: UUID | str, action: AuditAction) -> dict[str, Any]:
        """Give what the last event of this kind tells."""
        found = [event for event in self.events(stream) if event.action is action]
        return dict(details_of(found[-1]))
