"""Rows that store tests begin with."""

from collections.abc import Callable
from itertools import count
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ssflow.domain.definition import DeployedFile, Deployment, ProcessDefinition
from ssflow.domain.incident import Incident
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.user_task import UserTask
from tests.conftest import NOW

T = TypeVar("T")


class Given:
    """Puts rows into the database; what a test does not name has some value."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._numbers = count(1)

    def deployment(self, files: dict[str, bytes] | None = None, **values: Any) -> Deployment:
        fields: dict[str, Any] = {
            "sha256": f"hash {next(self._numbers)}",
            "area": "",
            "deployed_by": "operator",
        }
        deployment = self._add(Deployment(**fields | {"deployed_at": NOW} | values))
        for name, content in (files or {}).items():
            self._add(DeployedFile(deployment_id=deployment.id, name=name, content=content))
        return deployment

    def definition(self, key: str = "propose", **values: Any) -> ProcessDefinition:
        fields: dict[str, Any] = {
            "version": 1,
            "name": f"Process {key}",
            "file": f"{key}.bpmn",
            "closure_sha256": "",
            "deployed_at": NOW,
            "facts": {},
            "called": {},
            "starters": frozenset(),
            "viewers": frozenset(),
        }
        if "deployment_id" not in values:
            values["deployment_id"] = self.deployment().id
        return self._add(ProcessDefinition(key=key, **fields | values))

    def instance(
        self, definition: ProcessDefinition | None = None, **values: Any
    ) -> ProcessInstance:
        of = definition or self.definition(f"process{next(self._numbers)}")
        fields: dict[str, Any] = {
            "version": of.version,
            "started_by": "operator",
            "started_at": NOW,
        }
        return self._add(ProcessInstance(definition_id=of.id, key=of.key, **fields | values))

    def task(self, instance: ProcessInstance | None = None, **values: Any) -> UserTask:
        of = instance or self.instance()
        fields: dict[str, Any] = {
            "id": uuid4(),
            "activity_id": "U_screen",
            "name": "Screen",
            "created_at": NOW,
        }
        return self._add(UserTask(instance_id=of.id, key=of.key, **fields | values))

    def incident(self, instance: ProcessInstance | None = None, **values: Any) -> Incident:
        of = instance or self.instance()
        fields: dict[str, Any] = {
            "task_id": uuid4(),
            "activity_id": "S_compute",
            "kind": "script",
            "message": "The script divided by zero.",
            "created_at": NOW,
        }
        return self._add(Incident(instance_id=of.id, **fields | values))

    def _add(self, row: T) -> T:
        self.session.add(row)
        self.session.flush()
        return row


@pytest.fixture
def given(session: Session) -> Given:
    return Given(session)


class StatementsOf(Protocol):
    def __call__(self, session: Session, act: Callable[[], object]) -> list[tuple[str, Any]]: ...


@pytest.fixture
def statements_of() -> StatementsOf:
    """Gives the queries that `act` runs, with their parameters."""

    def run(session: Session, act: Callable[[], object]) -> list[tuple[str, Any]]:
        seen: list[tuple[str, Any]] = []

        def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            if statement.startswith("SELECT"):
                seen.append((statement, given))

        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        act()
        event.remove(engine, "before_cursor_execute", note)
        return seen

    return run
