"""Lists of records in the order of any column, page after page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.errors import InvalidInputError
from ssflow.store.paging import encode_cursor
from ssflow.store.records import (
    RECORD_KINDS,
    cell_columns,
    closed_set,
    list_records,
    sortable_columns,
    values_in_use,
)
from tests.conftest import NOW
from tests.made_up import make_up


@pytest.fixture
def services(session: Session) -> None:
    rows: tuple[tuple[str, Any, Any, ServiceState], ...] = (
        ("A", Decimal("9.50"), date(2026, 2, 1), ServiceState.LIVE),
        ("B", None, None, ServiceState.PROPOSED),
        ("C", Decimal("10"), date(2025, 1, 1), ServiceState.LIVE),
        ("D", Decimal("9.50"), None, ServiceState.RETIRED),
        ("E", None, date(2026, 2, 1), ServiceState.DEFINED),
    )
    for name, ceiling, live_on, state in rows:
        session.add(
            Service(
                number=f"SRV-{name}",
                name=name,
                investment_ceiling=ceiling,
                live_on=live_on,
                state=state,
                created_at=NOW,
                created_by="u",
            )
        )
    session.flush()


def read_all(session: Session, kind: str, sort: str, limit: int) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = list_records(session, kind, sort=sort, cursor=cursor, limit=limit)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("investment_ceiling", [Decimal("9.5"), Decimal("9.5"), Decimal(10), None, None]),
        ("-investment_ceiling", [None, None, Decimal(10), Decimal("9.5"), Decimal("9.5")]),
        (
            "live_on",
            [date(2025, 1, 1), date(2026, 2, 1), date(2026, 2, 1), None, None],
        ),
        ("state", ["defined", "live", "live", "proposed", "retired"]),
        ("-name", ["E", "D", "C", "B", "A"]),
    ],
)
def test_a_list_is_read_in_any_order_page_by_page(
    session: Session, services: None, sort: str, values: list[Any], limit: int
) -> None:
    found = read_all(session, "Service", sort, limit)

    assert [getattr(service, sort.removeprefix("-")) for service in found] == values
    assert len({service.id for service in found}) == len(found)


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_sortable_column_of_every_kind_goes_on_to_the_next_page(
    session: Session, kind: str
) -> None:
    for _ in range(2):
        if kind == "Budget":
            make_up(session, kind, depth=0, state="rejected")
        else:
            make_up(session, kind, depth=0)
    wanted = {record.id for record in list_records(session, kind, limit=200).items}

    for name in sortable_columns(kind):
        for sort in (name, f"-{name}"):
            assert {record.id for record in read_all(session, kind, sort, 1)} == wanted


@pytest.mark.parametrize("sort", ["", "-", "id", "customer_id", "nothing", "--name", "definition"])
def test_what_has_no_order_is_refused(session: Session, sort: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        list_records(session, "ServiceProposal", sort=sort)

    assert set(refused.value.errors) == {"sort"}


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        encode_cursor("records-Service", ["A"]),
        encode_cursor("records-Service-investment_ceiling", ["much"]),
        encode_cursor("records-Service-investment_ceiling", ["much", NOW]),
    ],
)
def test_a_cursor_of_another_list_is_refused(session: Session, services: None, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        list_records(session, "Service", sort="investment_ceiling", cursor=cursor)


def test_values_in_use_are_listed_once(session: Session, services: None) -> None:
    assert values_in_use(session, "Service", "state", 10) == [
        *("defined", "live", "proposed", "retired"),
    ]
    assert values_in_use(session, "Service", "investment_ceiling", 1) == [Decimal("9.5")]
    assert values_in_use(session, "Service", "owner", 10) == []


def test_a_closed_set_is_listed_whole(session: Session) -> None:
    assert closed_set("Service", "state") == list(ServiceState)
    assert closed_set("Service", "name") == []


def test_a_sheet_leaves_out_what_fits_no_cell() -> None:
    assert not {"definition", "row_version"} & set(cell_columns("ServiceProposal"))
    assert "content" not in cell_columns("Document")
    assert {"sender", "sender_key"}.isdisjoint(cell_columns("Feedback"))
