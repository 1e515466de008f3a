from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.store.user_tasks import lock_task, save_step
from tests.conftest import NOW, MakeActor
from tests.store.conftest import Given


@pytest.fixture
def worker(make_actor: MakeActor) -> Actor:
    return make_actor("worker", "brm")


def test_what_a_step_changes_is_read_back_as_it_was_set(
    session: Session, given: Given, worker: Actor
) -> None:
    task, instance = lock_task(session, given.task(role="brm").id)
    task.complete(worker, at=NOW)
    instance.title, instance.business_key, instance.end_event = "Terminals", "PRP-1", "E_live"
    instance.status, instance.ended_at = InstanceStatus.COMPLETED, NOW
    instance.done_by, instance.state = {"U_a": worker.key}, b"{}"
    instance.audit_seq, instance.audit_hash = 7, b"7" * 32
    instance.final_variables, instance.open_incidents = {"a": [1]}, 2
    wanted = _columns_of(instance), _columns_of(task)

    save_step(session, task, instance)

    session.expire_all()
    after_task, after_instance = lock_task(session, task.id)
    assert _columns_of(after_task) == {**wanted[1], "draft": None}
    assert _columns_of(after_instance) == {**wanted[0], "revision": instance.revision + 1}
    assert after_task.status is TaskStatus.COMPLETED


def test_a_step_writes_in_two_statements_and_leaves_nothing_to_flush(
    session: Session, given: Given, worker: Actor, count_statements: Any
) -> None:
    task, instance = lock_task(session, given.task(role="brm").id)
    task.complete(worker, at=NOW)
    instance.audit_seq = 1

    with count_statements() as written:
        save_step(session, task, instance)
        session.flush()

    assert len(written) == 2


def test_a_step_on_an_older_revision_is_refused(
    session: Session, given: Given, worker: Actor
) -> None:
    task, instance = lock_task(session, given.task(role="brm").id)
    session.execute(text("UPDATE process_instance SET revision = revision + 1"))
    task.complete(worker, at=NOW)

    with pytest.raises(StaleDataError):
        save_step(session, task, instance)


def _columns_of(entity: ProcessInstance | UserTask) -> dict[str, object]:
    names = type(entity).__mapper__.column_attrs.keys()
    return {name: getattr(entity, name) for name in names}
