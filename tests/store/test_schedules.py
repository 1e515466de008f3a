from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.record_query import read_record_query
from ssflow.domain.registers.customers import Customer, CustomerTier
from ssflow.domain.schedule import ScheduleRun
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.store.database import Database
from ssflow.store.schedules import (
    check_query,
    delete_runs_before,
    find_record_by_id,
    find_records,
    last_runs,
)
from tests.conftest import NOW

TODAY = date(2026, 3, 2)


@pytest.fixture
def customers(database: Database) -> Database:
    told: dict[str, Any] = {"created_by": "test"}
    with Session(database.engine) as session:
        session.add_all(
            [
                Customer(name="a", created_at=NOW, tier=CustomerTier.KEY, **told),
                Customer(
                    name="b",
                    created_at=NOW + timedelta(seconds=1),
                    next_review=TODAY + timedelta(days=10),
                    **told,
                ),
                Customer(
                    name="c", created_at=NOW + timedelta(seconds=2), next_review=TODAY, **told
                ),
            ]
        )
        session.commit()
    return database


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Customer", "abc"),
        ("Customer[tier=key]", "a"),
        ("Customer[tier!=key]", "bc"),
        ("Customer[tier=key|standard]", "abc"),
        ("Customer[name=a|c]", "ac"),
        ("Customer[next_review=]", "a"),
        ("Customer[next_review!=]", "bc"),
        ("Customer[next_review=|today]", "ac"),
        ("Customer[next_review!=today]", "ab"),
        ("Customer[next_review<=today]", "c"),
        ("Customer[next_review<today]", ""),
        ("Customer[next_review>today]", "b"),
        ("Customer[next_review>=today, tier=standard]", "bc"),
        ("Customer[next_review=today+10]", "b"),
        ("Customer[is_demo=true]", ""),
        ("Customer[parent=]", "abc"),
        ("Customer[name=' OR 1 --]", ""),
    ],
)
def test_a_query_finds_its_records_oldest_first(
    customers: Database, query: str, names: str
) -> None:
    with Session(customers.engine) as session:
        found = find_records(session, read_record_query(query, TODAY), 10)

    assert [one.name for one in found if isinstance(one, Customer)] == list(names)


def test_no_more_records_are_read_than_asked_for(customers: Database) -> None:
    with Session(customers.engine) as session:
        assert len(find_records(session, read_record_query("Customer", TODAY), 2)) == 2


@pytest.mark.parametrize(
    "query", ["Customer[colour=red]", "Customer[tier=huge]", "Customer[next_review<soon]"]
)
def test_a_query_for_what_a_register_does_not_have_is_refused(query: str) -> None:
    with pytest.raises(InvalidInputError):
        check_query(read_record_query(query, TODAY))


def test_a_query_for_no_register_is_refused() -> None:
    with pytest.raises(NotFoundError):
        check_query(read_record_query("User", TODAY))


def test_a_record_of_a_register_that_is_gone_is_not_found(customers: Database) -> None:
    with Session(customers.engine) as session:
        [one, *_] = find_records(session, read_record_query("Customer", TODAY), 1)

        assert find_record_by_id(session, "Customer", one.id) is one
        assert find_record_by_id(session, "Moon", one.id) is None


def test_runs_are_listed_newest_first_and_old_ones_forgotten(database: Database) -> None:
    with Session(database.engine) as session:
        session.add_all(
            ScheduleRun(
                key="p", tick_at=NOW + timedelta(days=n), created_at=NOW + timedelta(days=n)
            )
            for n in range(3)
        )
        session.flush()

        assert delete_runs_before(session, NOW + timedelta(hours=12)) == 1
        found = last_runs(session, "p", 5)

    assert [(row.run.tick_at - NOW).days for row in found] == [2, 1]
    assert [(row.error, row.is_given_up) for row in found] == [(None, False)] * 2
