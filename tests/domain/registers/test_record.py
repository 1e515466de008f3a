"""Records as JSON and back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from ssflow.domain.registers.customers import Customer, CustomerKind
from ssflow.domain.registers.portfolio import Document, Service
from ssflow.domain.registers.record import record_as_json, record_values
from ssflow.domain.registers.working_time import Holiday
from tests.conftest import NOW


def test_a_record_is_told_as_json() -> None:
    owner = uuid4()
    service = Service(
        number="SRV-1",
        name="Mail",
        owner=owner,
        availability_pct=Decimal("99.50"),
        live_on=date(2026, 3, 2),
        created_at=NOW,
        created_by="x",
    )

    told = record_as_json(service)

    assert (told["owner"], told["availability_pct"], told["live_on"]) == (
        *(str(owner), "99.50", "2026-03-02"),
    )
    assert (told["state"], told["version"], told["customer_id"]) == ("proposed", 0, None)


def test_what_is_no_business_of_readers_is_not_told() -> None:
    document = Document(
        owner_type="Service",
        owner_id=uuid4(),
        kind="case",
        title="Case",
        media_type="text/html",
        sha256="",
        content=b"x",
        created_at=NOW,
        created_by="x",
    )

    told = record_as_json(document)

    assert not {"id", "content", "created_at", "created_by", "row_version", "is_demo"} & set(told)


def test_json_becomes_the_values_of_columns() -> None:
    customer, parent = uuid4(), uuid4()

    values = record_values(
        Customer,
        {
            "name": "Acme",
            "kind": "external",
            "mandate_holder": str(customer),
            "mandate_accepted_at": "2026-03-02T10:00:00+00:00",
            "next_review": "2026-09-01",
            "parent": str(parent),
            "brm": "",
            "surprise": 1,
            "id": "1",
            "created_by": "me",
        },
    )

    assert values == {
        "name": "Acme",
        "kind": CustomerKind.EXTERNAL,
        "mandate_holder": customer,
        "mandate_accepted_at": datetime(2026, 3, 2, 10, tzinfo=UTC),
        "next_review": date(2026, 9, 1),
        "parent_id": parent,
        "brm": None,
    }


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Holiday, {"day": "soon"}),
        (Customer, {"kind": "odd"}),
        (Customer, {"brm": "x"}),
        (Service, {"investment_ceiling": "much"}),
    ],
)
def test_what_is_no_value_of_a_column_is_refused(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        record_values(kind, values)
