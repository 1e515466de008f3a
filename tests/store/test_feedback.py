"""Queries for feedback: who told what before, and the figures of the dashboard."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ssflow.domain.identity import Actor
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.portfolio import Service
from ssflow.store import feedback as rows
from tests.conftest import NOW

DAY = timedelta(days=1)
_NUMBERS = count(1)


def told(session: Session, **values: Any) -> Feedback:
    given: dict[str, Any] = {
        "number": f"CMP-2026-{next(_NUMBERS):04}",
        "subject": "s",
        "description": "d",
        "sender": {},
        "sender_key": "nadia",
        "kind": "complaint",
        "created_at": NOW,
        "created_by": "system",
    }
    feedback = Feedback(**given | values)
    session.add(feedback)
    session.flush()
    return feedback


@pytest.fixture
def mail(session: Session) -> Service:
    service = Service(number="SRV-1", name="Mail", created_at=NOW, created_by="system")
    session.add(service)
    session.flush()
    return service


def test_feedback_is_found_by_its_case_and_by_its_number(session: Session) -> None:
    case_id = uuid4()
    mine, _ = told(session, instance_id=case_id), told(session)

    assert rows.find_feedback_of_case(session, case_id) is mine
    assert rows.find_feedback_by_number(session, mine.number) is mine
    assert rows.find_feedback_by_number(session, "CMP-1") is None


@pytest.mark.parametrize("roles", [set(), {"service_desk"}, {"complaint_manager"}, {"admin"}])
@pytest.mark.parametrize(
    "changes",
    [{}, {"category": "billing"}, {"category": "staff_conduct"}, {"about_user": uuid4()}],
)
@pytest.mark.parametrize("is_about_them", [False, True])
def test_what_may_be_read_is_found_as_the_rule_of_one_says(
    session: Session, roles: set[str], changes: dict[str, Any], *, is_about_them: bool
) -> None:
    actor = Actor(user_id=uuid4(), name="mia", roles=frozenset(roles))
    one = told(session, **changes | ({"about_user": actor.user_id} if is_about_them else {}))

    found = session.scalars(select(Feedback).where(rows.is_readable_by(actor))).all()

    assert (one in found) == one.is_readable_by(actor)


def test_open_feedback_of_the_same_sender_about_the_same_service_is_found(
    session: Session, mail: Service
) -> None:
    same = told(session)
    for other in (
        {"sender_key": "olaf"},
        {"service_id": mail.id},
        {"state": FeedbackState.CLOSED},
        {"created_at": NOW - 20 * DAY},
    ):
        told(session, **other)

    found = rows.open_of_sender(session, told(session), NOW - 10 * DAY, 10)

    assert list(found) == [same]


def test_repeats_count_for_one_customer_and_topics_for_all(session: Session, mail: Service) -> None:
    acme = Customer(name="Acme", created_at=NOW, created_by="system")
    session.add(acme)
    session.flush()
    topic = {"service_id": mail.id, "category": "billing"}
    mine = told(session, customer_id=acme.id, **topic)
    told(session, customer_id=acme.id, **topic)
    told(session, **topic)
    told(session, customer_id=acme.id, category="other", service_id=mail.id)
    told(session, customer_id=acme.id, state=FeedbackState.MERGED, **topic)
    told(session, customer_id=acme.id, kind="compliment", **topic)

    assert rows.count_repeats(session, mine, NOW - DAY) == 1
    assert rows.count_topic(session, mine, NOW - DAY) == 3
    assert rows.count_repeats(session, told(session), NOW - DAY) == 0
    assert rows.count_topic(session, told(session), NOW - DAY) == 1


def test_open_complaints_are_counted_by_priority_and_day(session: Session) -> None:
    for days, priority in ((-1, "P1"), (1, "P1"), (1, "P2"), (9, "P2"), (30, "P2")):
        told(
            session,
            priority=priority,
            due_resolution_at=NOW + days * DAY,
            state=FeedbackState.ASSIGNED,
        )
    told(session)
    told(session, priority="P1", state=FeedbackState.RESPONDED, due_resolution_at=NOW)
    told(session, kind="compliment")

    found = {one.priority: one.by_due for one in rows.count_open(session, [NOW, NOW + 7 * DAY])}

    assert found == {"P1": (1, 1, 0, 0), "P2": (0, 1, 2, 0), None: (0, 0, 0, 1)}


def test_a_complaint_that_waits_for_its_customer_is_due_later(session: Session) -> None:
    waiting: dict[str, Any] = {"priority": "P2", "state": FeedbackState.WAITING_CUSTOMER}
    told(session, waiting_since=NOW - 5 * DAY, due_resolution_at=NOW - 2 * DAY, **waiting)
    told(session, waiting_since=NOW - 5 * DAY, due_resolution_at=NOW + 3 * DAY, **waiting)
    told(session, waiting_since=NOW, due_resolution_at=NOW - DAY, **waiting)
    told(session, kind="compliment", **waiting)
    told(session, **waiting)

    [found] = rows.count_open(session, [NOW, NOW + 7 * DAY])

    assert found == rows.OpenCount("P2", (1, 1, 1, 1))


def test_months_tell_what_came_in_time(session: Session) -> None:
    march = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
    april = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
    told(session, created_at=march, due_resolution_at=NOW)
    told(session, created_at=march, due_resolution_at=NOW, response_breached=True)
    told(session, created_at=march, due_resolution_at=NOW, resolution_breached=True)
    told(session, created_at=march)
    told(session, created_at=april, kind="compliment")
    told(session, created_at=april, kind="suggestion")

    months = [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)]
    assert rows.count_by_month(session, months) == [
        rows.MonthCount(months[0], 4, 0, 3, 2, 2),
        rows.MonthCount(months[1], 0, 1, 0, 0, 0),
    ]
    assert rows.count_by_month(session, months[1:]) == [rows.MonthCount(months[1], 0, 1, 0, 0, 0)]


def test_categories_causes_and_services_are_counted_most_first(
    session: Session, mail: Service
) -> None:
    told(session, category="billing", root_cause="people")
    for _ in range(2):
        told(session, category="availability", service_id=mail.id)
    told(session, category="availability", kind="compliment")

    since = NOW - DAY
    assert rows.count_by_category(session, since) == [("availability", 2), ("billing", 1)]
    assert rows.count_by_root_cause(session, since) == [("people", 1)]
    months = [NOW - 40 * DAY, NOW - 10 * DAY]
    assert rows.count_by_service(session, months, 5) == [
        rows.ServiceCount("Mail", "SRV-1", months[0], 0),
        rows.ServiceCount("Mail", "SRV-1", months[1], 2),
    ]
    assert rows.count_by_service(session, months, 0) == []
