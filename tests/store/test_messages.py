from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.store.messages import (
    add_subscriptions,
    delete_subscriptions,
    delete_subscriptions_of,
    find_subscription,
    subscriptions_of,
)
from tests.conftest import NOW
from tests.store.conftest import Given


@pytest.fixture
def instance_id(given: Given) -> UUID:
    return given.instance().id


def subscribe(
    session: Session, instance_id: UUID, name: str, key: str | None, **values: Any
) -> UUID:
    row = {"instance_id": instance_id, "activity_id": "C", "name": name, "correlation_key": key}
    task_id = uuid4()
    add_subscriptions(session, [{**row, "id": task_id, "created_at": NOW, **values}])
    return task_id


def test_a_message_finds_who_waits_for_its_name_and_key(
    session: Session, instance_id: UUID
) -> None:
    subscribe(session, instance_id, "paid", "K-2")
    subscribe(session, instance_id, "sent", "K-1")
    wanted = subscribe(session, instance_id, "paid", "K-1")

    found = find_subscription(session, "paid", "K-1")

    assert found is not None
    assert (found.id, found.instance_id) == (wanted, instance_id)


@pytest.mark.parametrize(("name", "key"), [("paid", "K-2"), ("Paid", "K-1"), ("paid", None)])
def test_a_message_that_nobody_waits_for_finds_nobody(
    session: Session, instance_id: UUID, name: str, key: str | None
) -> None:
    subscribe(session, instance_id, "paid", "K-1")

    assert find_subscription(session, name, key) is None


def test_a_message_without_a_key_finds_who_waits_without_one(
    session: Session, instance_id: UUID
) -> None:
    wanted = subscribe(session, instance_id, "paid", None)

    found = find_subscription(session, "paid", None)

    assert found is not None
    assert found.id == wanted


def test_who_waits_longest_comes_first(session: Session, instance_id: UUID) -> None:
    late = subscribe(session, instance_id, "paid", "K", created_at=NOW + timedelta(seconds=1))
    early = subscribe(session, instance_id, "paid", "K")

    found = find_subscription(session, "paid", "K")

    assert found is not None
    assert found.id == early
    assert [each.id for each in subscriptions_of(session, instance_id)] == [early, late]


def test_subscriptions_go_with_their_waiting_points(session: Session, instance_id: UUID) -> None:
    gone, kept = (subscribe(session, instance_id, "paid", key) for key in ("1", "2"))

    delete_subscriptions(session, [gone])

    assert [each.id for each in subscriptions_of(session, instance_id)] == [kept]


def test_subscriptions_go_with_their_instance(
    session: Session, instance_id: UUID, given: Given
) -> None:
    other = given.instance().id
    subscribe(session, instance_id, "paid", "1")
    subscribe(session, other, "paid", "2")

    delete_subscriptions_of(session, instance_id)

    assert subscriptions_of(session, instance_id) == []
    assert len(subscriptions_of(session, other)) == 1
