from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.incident import IncidentStatus
from ssflow.errors import NotFoundError
from ssflow.store.incidents import (
    IncidentFilter,
    close_incidents_of,
    find_by_task,
    find_incident,
    get_incident,
    list_incidents,
    open_incidents_of,
    settle_incidents,
)
from tests.conftest import NOW
from tests.store.conftest import Given

HOUR = timedelta(hours=1)


def test_an_incident_is_got_by_its_id(session: Session, given: Given) -> None:
    incident = given.incident()

    assert get_incident(session, incident.id) is incident
    assert find_incident(session, uuid4()) is None
    with pytest.raises(NotFoundError):
        get_incident(session, uuid4())


def test_open_incidents_of_an_instance_come_oldest_first(session: Session, given: Given) -> None:
    case = given.instance()
    new = given.incident(case, created_at=NOW + HOUR)
    old = given.incident(case)
    given.incident(case, status=IncidentStatus.RESOLVED)
    given.incident()

    assert list(open_incidents_of(session, case.id)) == [old, new]


def test_a_parked_task_tells_its_newest_incident(session: Session, given: Given) -> None:
    task_id = uuid4()
    given.incident(task_id=task_id, status=IncidentStatus.RESOLVED)
    newest = given.incident(task_id=task_id, created_at=NOW + HOUR)

    assert find_by_task(session, task_id) is newest
    assert find_by_task(session, uuid4()) is None


def test_incidents_of_tasks_that_are_parked_no_more_are_settled(
    session: Session, given: Given
) -> None:
    case = given.instance()
    settled, kept = given.incident(case), given.incident(case)
    earlier = given.incident(case, task_id=settled.task_id, status=IncidentStatus.CLOSED)

    settle_incidents(session, [settled.task_id], status=IncidentStatus.RESOLVED, at=NOW + HOUR)

    for incident in (settled, kept, earlier):
        session.refresh(incident)
    assert [(i.status, i.resolved_at) for i in (settled, kept, earlier)] == [
        (IncidentStatus.RESOLVED, NOW + HOUR),
        (IncidentStatus.OPEN, None),
        (IncidentStatus.CLOSED, None),
    ]


def test_an_instance_that_ends_closes_its_incidents(session: Session, given: Given) -> None:
    case = given.instance()
    own, other = given.incident(case), given.incident()

    close_incidents_of(session, case.id, at=NOW)

    session.refresh(own)
    assert (own.status, other.status) == (IncidentStatus.CLOSED, IncidentStatus.OPEN)


def ids(session: Session, actor: Actor, **options: Any) -> list[UUID]:
    wanted = IncidentFilter(**options)
    return [incident.id for incident in list_incidents(session, actor, wanted).items]


def test_incidents_are_listed_newest_first_and_by_what_they_are(
    session: Session, given: Given, auditor: Actor
) -> None:
    case = given.instance(given.definition("propose"))
    old = given.incident(case).id
    closed = given.incident(status=IncidentStatus.CLOSED, created_at=NOW + HOUR).id
    new = given.incident(created_at=NOW + 2 * HOUR).id

    assert ids(session, auditor) == [new, closed, old]
    assert ids(session, auditor, status=IncidentStatus.OPEN) == [new, old]
    assert ids(session, auditor, key="propose") == [old]
    assert ids(session, auditor, instance_id=case.id) == [old]


def test_incidents_of_foreign_cases_are_not_listed(
    session: Session, given: Given, requester: Actor
) -> None:
    own = given.incident(given.instance(started_by=requester.key)).id
    given.incident()

    assert ids(session, requester) == [own]


def test_incidents_are_paged(session: Session, given: Given, auditor: Actor) -> None:
    expected = [given.incident(created_at=NOW - number * HOUR).id for number in range(3)]

    first = list_incidents(session, auditor, limit=2)
    second = list_incidents(session, auditor, limit=2, cursor=first.next_cursor)

    assert [incident.id for incident in [*first.items, *second.items]] == expected
