import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.identity import SYSTEM
from ssflow.domain.registers.customers import Customer, CustomerStatus
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import BusinessCase, Service, ServiceProposal, ServiceState
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.working_time import Holiday
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.store.database import Database
from ssflow.store.metadata import METADATA
from ssflow.store.records import (
    RECORD_KINDS,
    choices_of,
    find_record,
    find_twin,
    get_record,
    holidays,
    list_records,
    next_number,
)
from ssflow.store.unit_of_work import open_work
from tests.conftest import NOW, TIMEZONE

R = TypeVar("R", bound=Record)


def add(session: Session, record: R) -> R:
    session.add(record)
    session.flush()
    return record


def a_service(session: Session, number: str, **values: Any) -> Service:
    fields: dict[str, Any] = {"name": f"Service {number}", "created_at": NOW, "created_by": "u"}
    return add(session, Service(number=number, **fields | values))


def a_customer(session: Session, name: str, **values: Any) -> Customer:
    return add(session, Customer(name=name, created_at=NOW, created_by="u", **values))


def labels(session: Session, kind: str, **options: Any) -> list[Any]:
    shown = "name" if kind == "Customer" else "number"
    return [getattr(record, shown) for record in list_records(session, kind, **options).items]


def test_every_business_record_is_a_kind() -> None:
    mapped = {
        mapper.class_.__name__
        for mapper in Customer.registry.mappers
        if issubclass(mapper.class_, Record)
    }

    assert set(RECORD_KINDS) == mapped
    assert {kind.__table__.name for kind in RECORD_KINDS.values()} <= set(METADATA.tables)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", sorted(RECORD_KINDS))
def test_every_kind_can_be_listed_searched_and_chosen_from(session: Session, kind: str) -> None:
    assert list_records(session, kind, q="x").items == []
    assert choices_of(session, kind, {}, 10) == []
    assert find_record(session, kind, "X-1") is None


def test_a_register_that_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFoundError):
        list_records(session, "Nonsense")


def test_a_record_is_found_by_id_or_number(session: Session) -> None:
    service = a_service(session, "SRV-2026-0001")

    assert get_record(session, "Service", service.id) is service
    assert find_record(session, "Service", str(service.id)) is service
    assert find_record(session, "Service", "SRV-2026-0001") is service
    assert find_record(session, "Service", "SRV-2026-0002") is None
    with pytest.raises(NotFoundError):
        get_record(session, "Service", uuid4())


def test_of_several_versions_the_newest_carries_the_number(session: Session) -> None:
    proposal = add(
        session,
        ServiceProposal(number="P", title="T", change_type="new", created_at=NOW, created_by="u"),
    )
    fields: dict[str, Any] = {"number": "BC-1", "proposal_id": proposal.id, "created_by": "u"}
    for version in (1, 2):
        made_at = NOW + timedelta(hours=version)
        add(session, BusinessCase(version=version, created_at=made_at, **fields))

    found = find_record(session, "BusinessCase", "BC-1")

    assert isinstance(found, BusinessCase)
    assert found.version == 2


def test_records_are_listed_by_what_they_are_called_page_by_page(session: Session) -> None:
    for number in ("C", "A", "B"):
        a_service(session, number)

    first = list_records(session, "Service", limit=2)
    second = list_records(session, "Service", limit=2, cursor=first.next_cursor)

    found = [each for each in [*first.items, *second.items] if isinstance(each, Service)]
    assert [service.number for service in found] == ["A", "B", "C"]


def test_a_cursor_belongs_to_its_register(session: Session) -> None:
    for number in ("A", "B"):
        a_service(session, number)
    cursor = list_records(session, "Service", limit=1).next_cursor

    with pytest.raises(InvalidInputError):
        list_records(session, "Customer", cursor=cursor)


@pytest.mark.parametrize(("q", "found"), [("MAIL", ["A"]), ("b", ["B"]), ("100%", ["C"])])
def test_records_are_searched_by_what_they_are_called(
    session: Session, q: str, found: list[str]
) -> None:
    a_service(session, "A", name="Mail")
    a_service(session, "B", name="Print")
    a_service(session, "C", name="100% uptime")

    assert labels(session, "Service", q=q) == found


def test_records_are_filtered_by_their_fields(session: Session) -> None:
    acme = a_customer(session, "Acme")
    owner = uuid4()
    wanted = {
        "state": ServiceState.LIVE,
        "customer_id": acme.id,
        "owner": owner,
        "live_on": date(2026, 1, 1),
        "version": 3,
        "investment_ceiling": Decimal("12.50"),
    }
    a_service(session, "A", **wanted)
    a_service(session, "B")

    filters = {
        "state": "live",
        "customer": str(acme.id),
        "owner": str(owner),
        "live_on": "2026-01-01",
        "version": "3",
        "investment_ceiling": "12.5",
    }
    for name, value in filters.items():
        assert labels(session, "Service", filters={name: value}) == ["A"], name
    assert labels(session, "Service", filters=filters) == ["A"]


def test_one_of_several_states_may_be_asked_for(session: Session) -> None:
    for name, state in (("A", "live"), ("B", "retiring"), ("C", "retired")):
        a_service(session, name, state=state)

    assert labels(session, "Service", filters={"state": "live|retiring"}) == ["A", "B"]
    assert labels(session, "Service", filters={"name": "A|B"}) == []
    with pytest.raises(InvalidInputError):
        labels(session, "Service", filters={"state": "live|flying"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", "x"),
        ("state", "flying"),
        ("customer_id", "not an id"),
        ("live_on", "yesterday"),
        ("version", "three"),
        ("investment_ceiling", "much"),
        ("__table__", "x"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(session: Session, name: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        list_records(session, "Service", filters={name: value})

    assert list(refused.value.errors) == [name]


def test_a_filter_on_a_structured_field_is_refused(session: Session) -> None:
    with pytest.raises(InvalidInputError):
        list_records(session, "BusinessCase", filters={"costs": "[]"})


def a_complaint(number: str) -> Feedback:
    made: dict[str, Any] = {"created_at": NOW, "created_by": "u"}
    return Feedback(number=number, subject="s", description="d", sender={}, sender_key="k", **made)


def test_choices_are_labelled_and_limited(session: Session) -> None:
    ids = [a_service(session, number, name=f"Name {number}").id for number in ("B", "A", "C")]
    a_service(session, "D", state=ServiceState.LIVE)

    live = choices_of(session, "Service", {"state": "live"}, 10)
    two = choices_of(session, "Service", {"state": "proposed"}, 2)
    picked = choices_of(session, "Service", {}, 10, ids=[ids[2]])

    assert [label for _, label in live] == ["D Service D"]
    assert two == [(ids[1], "A Name A"), (ids[0], "B Name B")]
    assert picked == [(ids[2], "C Name C")]
    assert choices_of(session, "Service", {}, 10, ids=[]) == []


def test_the_newest_feedback_is_offered_first_and_only_what_may_be(session: Session) -> None:
    for year in (2024, 2026, 2025):
        add(session, a_complaint(f"CMP-{year}-0001"))

    found = choices_of(session, "Feedback", {}, 2, only=Feedback.number != "CMP-2026-0001")

    assert [label for _, label in found] == ["CMP-2025-0001 s", "CMP-2024-0001 s"]


def test_a_choice_may_be_called_by_a_date(session: Session) -> None:
    day = date(2026, 12, 25)
    add(session, Holiday(day=day, name="Christmas", created_at=NOW, created_by="u"))

    [(_, label)] = choices_of(session, "Holiday", {}, 10)

    assert label == "2026-12-25 Christmas"


def test_a_twin_has_the_same_unique_value(session: Session) -> None:
    acme = a_customer(session, "Acme")
    again = Customer(name="Acme", created_at=NOW, created_by="u")
    other = Customer(name="Other", created_at=NOW, created_by="u")

    assert find_twin(session, again) is acme
    assert find_twin(session, other) is None
    assert find_twin(session, acme) is None


def test_decimals_keep_two_places(session: Session) -> None:
    service = a_service(session, "A", investment_ceiling=Decimal("12.5"))
    session.commit()
    session.expunge_all()

    found = session.get_one(Service, service.id)

    assert str(found.investment_ceiling) == "12.50"


def test_a_customer_is_filtered_by_a_word(session: Session) -> None:
    a_customer(session, "Acme", status=CustomerStatus.LEAD)
    a_customer(session, "Busy")

    assert labels(session, "Customer", filters={"status": "active"}) == ["Busy"]


def test_holidays_are_days(session: Session) -> None:
    days = {date(2026, 1, 1), date(2026, 12, 25)}
    for day in days:
        add(session, Holiday(day=day, name="Free", created_at=NOW, created_by="u"))

    assert holidays(session) == days


def test_numbers_count_up_within_their_series(session: Session) -> None:
    given = [next_number(session, prefix, year) for prefix, year in (("PRP", 2026),) * 2]
    given += [next_number(session, "PRP", 2027), next_number(session, "DEC", 2026)]

    assert given == ["PRP-2026-0001", "PRP-2026-0002", "PRP-2027-0001", "DEC-2026-0001"]


def test_a_number_of_work_that_was_undone_is_given_out_again(session: Session) -> None:
    next_number(session, "PRP", 2026)
    session.rollback()

    assert next_number(session, "PRP", 2026) == "PRP-2026-0001"


def test_nobody_else_gets_the_same_number(database: Database) -> None:
    given: list[str] = []

    def take() -> None:
        for _ in range(5):
            with open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work:
                number = next_number(work.session, "PRP", 2026)
            given.append(number)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == [f"PRP-2026-{n:04}" for n in range(1, 21)]


def test_an_id_that_is_no_number_finds_nothing(session: Session) -> None:
    missing: UUID = uuid4()

    assert find_record(session, "Holiday", str(missing)) is None
    assert find_record(session, "Holiday", "2026-01-01") is None
