from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.incident import BulkRetry, IncidentKind, IncidentStatus, RetryOutcome
from ssflow.errors import NotFoundError
from ssflow.store.incidents import (
    IncidentFilter,
    add_bulk_retry,
    close_incidents_of,
    count_given_up,
    count_incidents,
    count_outcomes,
    find_bulk_item,
    find_bulk_retry,
    find_by_task,
    find_incident,
    get_incident,
    ids_of_incidents,
    list_bulk_items,
    list_incidents,
    newest_bulk_retries,
    note_attempts,
    open_incidents_by_place,
    open_incidents_of,
    settle_incidents,
)
from ssflow.store.jobs import add_jobs
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


def test_what_was_tried_before_it_was_parked_is_counted(session: Session, given: Given) -> None:
    parked, other = given.incident(), given.incident()
    settled = given.incident(task_id=parked.task_id, status=IncidentStatus.CLOSED)

    note_attempts(session, [parked.task_id], 3)
    note_attempts(session, [], 9)

    for incident in (parked, other, settled):
        session.refresh(incident)
    assert [i.attempts for i in (parked, other, settled)] == [3, 1, 1]


def test_incidents_are_found_by_place_kind_text_and_age(
    session: Session, given: Given, auditor: Actor, requester: Actor
) -> None:
    case = given.instance(given.definition("propose"), title="A 100% mill", business_key="PRP-1")
    old = given.incident(case, kind="operation", activity_id="S_call", message="It hangs.").id
    new = given.incident(created_at=NOW + 2 * HOUR).id

    assert ids(session, auditor, activity_id="S_call") == [old]
    assert ids(session, auditor, kind=IncidentKind.OPERATION) == [old]
    assert ids(session, auditor, q="HANGS") == ids(session, auditor, q="100%") == [old]
    assert ids(session, auditor, q="prp-1") == [old]
    assert ids(session, auditor, q="_") == []
    assert ids(session, auditor, before=NOW + HOUR) == [old]
    assert ids(session, auditor, after=NOW + HOUR) == [new]
    assert count_incidents(session, auditor, IncidentFilter(q="hangs")) == 1
    assert count_incidents(session, requester, IncidentFilter()) == 0
    assert list(ids_of_incidents(session, auditor, IncidentFilter(), 1)) == [old]
    assert open_incidents_by_place(session, requester) == []
    assert ("propose", "S_call", "operation", 1) in open_incidents_by_place(session, auditor)


def test_a_bulk_retry_counts_what_came_of_its_items(
    session: Session, given: Given, requester: Actor
) -> None:
    incidents = [given.incident() for _ in range(4)]
    [waiting] = add_jobs(session, [_job_row()])
    assert requester.user_id is not None
    retry = BulkRetry(asked_by=requester.user_id, asked_at=NOW, reason="why", total=4)
    jobs = [waiting, uuid4(), uuid4(), uuid4()]
    items = [
        {"incident_id": incident.id, "job_id": job_id, "message": ""}
        for incident, job_id in zip(incidents, jobs, strict=True)
    ]

    add_bulk_retry(session, retry, items)
    done = find_bulk_item(session, retry.id, incidents[3].id)
    assert done is not None
    done.outcome = RetryOutcome.SETTLED
    session.flush()

    assert count_outcomes(session, retry.id) == {None: 3, RetryOutcome.SETTLED: 1}
    assert count_given_up(session, retry.id) == 2
    assert list_bulk_items(session, retry.id, RetryOutcome.SETTLED).items == [done]
    first = list_bulk_items(session, retry.id, limit=3)
    rest = list_bulk_items(session, retry.id, limit=3, cursor=first.next_cursor)
    assert {i.incident_id for i in [*first.items, *rest.items]} == {i.id for i in incidents}
    assert newest_bulk_retries(session) == [retry]
    assert find_bulk_retry(session, uuid4()) is None


def _job_row() -> dict[str, Any]:
    return {"kind": "retry_incident", "due_at": NOW, "payload": {}, "created_at": NOW}


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
