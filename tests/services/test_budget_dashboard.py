"""The budget against what was spent, as the dashboard shows it."""

import time
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from ssflow.domain.registers.budget import (
    AmendmentKind,
    AmendmentState,
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetLine,
    BudgetPeriod,
    BudgetState,
    CostCategory,
    CostEntry,
    NoteStatus,
    PeriodState,
    VarianceNote,
)
from ssflow.errors import NotFoundError
from ssflow.services.budget_dashboard import BudgetFigures, budget_figures
from ssflow.store.database import Database
from ssflow.store.imports import insert_costs
from tests.conftest import NOW
from tests.services.office import Office

OPERATIONAL, CAPITAL = BudgetClass.OPERATIONAL, BudgetClass.CAPITAL


def put(office: Office, kind: Any, /, **values: Any) -> Any:
    with office.work() as work:
        record = kind(created_at=work.now, created_by="x", **values)
        work.session.add(record)
    return record


def a_budget(office: Office, year: int = 2026) -> Budget:
    number = f"BUD-{year}-0001"
    budget: Budget = put(
        office, Budget, number=number, fiscal_year=year, state=BudgetState.APPROVED
    )
    return budget


def a_line(office: Office, budget: Budget, monthly: int, **told: Any) -> BudgetLine:
    given: dict[str, Any] = {
        "name": f"Line {uuid4()}",
        "category": CostCategory.SOFTWARE,
        "budget_class": OPERATIONAL,
        "amount": Decimal(monthly * 12),
        "phasing": [str(monthly)] * 12,
    }
    line: BudgetLine = put(office, BudgetLine, budget_id=budget.id, **given | told)
    return line


def a_cost(office: Office, period: str, amount: int, **told: Any) -> None:
    put(
        office,
        CostEntry,
        document_no=str(uuid4()),
        period=period,
        booking_date=date(2026, 1, 1),
        gl="61",
        amount=Decimal(amount),
        **told,
    )


def figures(office: Office, year: int | None = None) -> BudgetFigures:
    with office.look(office.hire("finance_manager")) as work:
        return budget_figures(work, year)


def test_months_show_plan_actual_and_where_it_leads(office: Office) -> None:
    budget = a_budget(office)
    fast, slow = a_line(office, budget, 100), a_line(office, budget, 50)
    a_line(office, budget, 999, is_funded=False)
    for period, amount, line in (
        ("2026-01", 100, fast),
        ("2026-02", 140, fast),
        ("2026-01", 50, slow),
    ):
        a_cost(office, period, amount, line_id=line.id)

    months = figures(office).months

    january, february, march = months[:3]
    assert [january.planned, january.actual, january.outlook] == [150, 150, 150]
    assert [february.actual, february.outlook_so_far] == [140, 290]
    assert march.actual is None
    assert march.outlook == 100 * Decimal("1.2") + 50 * Decimal("0.5")
    assert months[-1].planned_so_far == 1800
    assert months[-1].outlook_so_far == 290 + 10 * march.outlook


def test_the_running_month_is_not_taken_for_a_whole_one(office: Office) -> None:
    budget = a_budget(office)
    calm, busy = a_line(office, budget, 100), a_line(office, budget, 50)
    for period, amount, line in (
        ("2026-01", 100, calm),
        ("2026-02", 100, calm),
        ("2026-01", 100, busy),
        ("2026-03", 5, calm),
        ("2026-03", 300, busy),
        ("2026-12", 7, calm),
    ):
        a_cost(office, period, amount, line_id=line.id)

    february, march, april, *_, december = figures(office).months[1:]

    assert [one.is_over for one in (february, march, december)] == [True, False, False]
    assert [march.actual, april.actual, december.actual] == [305, None, 7]
    assert [march.outlook, april.outlook, december.outlook] == [400, 150, 150]


def test_costs_that_belong_to_no_line_are_told(office: Office) -> None:
    line = a_line(office, a_budget(office), 100)
    a_cost(office, "2026-01", 80, line_id=line.id)
    a_cost(office, "2026-02", 33)
    a_cost(office, "2025-12", 1000)

    assert figures(office).loose == 33


def test_the_waterfall_leads_from_the_first_budget_to_this_one(office: Office) -> None:
    budget = a_budget(office)
    line = a_line(office, budget, 100, frozen=Decimal(50))
    for number, (kind, amount, state) in enumerate(
        (
            (AmendmentKind.SUPPLEMENT, 200, AmendmentState.APPLIED),
            (AmendmentKind.TRANSFER, 70, AmendmentState.APPLIED),
            (AmendmentKind.FREEZE, 50, AmendmentState.APPLIED),
            (AmendmentKind.SUPPLEMENT, 999, AmendmentState.REFUSED),
        )
    ):
        put(
            office,
            BudgetAmendment,
            number=f"AMD-{number}",
            budget_id=budget.id,
            kind=kind,
            amount=Decimal(amount),
            budget_class=OPERATIONAL,
            to_line_id=line.id,
            state=state,
            budget_version=number + 2,
        )

    steps = figures(office).steps

    assert [(step.label, int(step.change)) for step in steps] == [
        ("", 1000),
        ("AMD-0", 200),
        ("AMD-1", 0),
        ("AMD-2", -50),
    ]
    assert sum(step.change for step in steps) == 1200 - 50


def test_lines_that_deviate_are_those_of_the_last_month_worst_first(office: Office) -> None:
    budget = a_budget(office)
    lines = [a_line(office, budget, 100) for _ in range(4)]
    told = (("2026-01", "red", 9), ("2026-02", "amber", 1), ("2026-02", "red", 2))
    for line, (period, rag, variance) in zip(lines, [*told, ("2026-02", "green", 3)], strict=True):
        put(
            office,
            VarianceNote,
            name=f"{period} {rag}",
            line_id=line.id,
            period=period,
            rag=rag,
            status=NoteStatus.EXPLAINED,
            variance=Decimal(variance),
        )

    deviating = figures(office).deviating

    assert [(note.rag, int(note.variance), line.id) for note, line in deviating] == [
        ("red", 2, lines[2].id),
        ("amber", 1, lines[1].id),
    ]


def test_no_line_deviates_when_a_later_month_was_signed_without(office: Office) -> None:
    budget = a_budget(office)
    line = a_line(office, budget, 100)
    put(
        office,
        VarianceNote,
        name="2026-01 red",
        line_id=line.id,
        period="2026-01",
        rag="red",
        status=NoteStatus.EXPLAINED,
    )
    for period, state in (("2026-01", PeriodState.SIGNED), ("2026-02", PeriodState.CLOSED)):
        signed_at = office.now if state is PeriodState.SIGNED else None
        month = {"period": period, "state": state, "signed_at": signed_at}
        put(office, BudgetPeriod, name=period, budget_id=budget.id, **month)

    before = figures(office).deviating
    with office.work() as work:
        february = work.session.scalars(select(BudgetPeriod).filter_by(period="2026-02")).one()
        february.state, february.signed_at = PeriodState.SIGNED, work.now

    assert [note.period for note, _ in before] == ["2026-01"]
    assert figures(office).deviating == []


def test_costs_are_shared_by_category_and_class(office: Office) -> None:
    a_budget(office)
    a_cost(office, "2026-01", 5, category=CostCategory.SOFTWARE)
    a_cost(office, "2026-05", 6, category=CostCategory.SOFTWARE)
    a_cost(office, "2026-05", 7, category=CostCategory.HARDWARE, budget_class=CAPITAL)
    a_cost(office, "2025-12", 99)

    shares = figures(office).shares
    assert [(str(s.category), str(s.budget_class), int(s.amount)) for s in shares] == [
        ("hardware", "capital", 7),
        ("software", "operational", 11),
    ]


def test_the_year_is_chosen_or_the_newest_that_has_a_budget(office: Office) -> None:
    assert figures(office).budget is None
    older, newer = a_budget(office, 2024), a_budget(office, 2025)

    assert figures(office).years == [2025, 2024]
    for year, budget in ((None, newer), (2024, older)):
        found = figures(office, year).budget
        assert found is not None
        assert found.id == budget.id
    assert figures(office, 2023).budget is None


@pytest.mark.parametrize("roles", [("customer",), ("orderer",), ()])
def test_customers_do_not_see_it(office: Office, roles: tuple[str, ...]) -> None:
    with office.look(office.hire(*roles)) as work, pytest.raises(NotFoundError):
        budget_figures(work)


def test_a_hundred_thousand_costs_are_shown_in_half_a_second(sqlite_database: Database) -> None:
    office = Office(sqlite_database)
    budget = a_budget(office)
    lines = [a_line(office, budget, 100) for _ in range(200)]
    with office.work() as work:
        insert_costs(
            work.session,
            [
                {
                    "id": uuid4(),
                    "created_at": NOW,
                    "created_by": "x",
                    "row_version": 1,
                    "is_demo": False,
                    "document_no": f"F-{n}",
                    "period": f"2026-{n % 12 + 1:02}",
                    "booking_date": date(2026, 1, 1),
                    "gl": "61",
                    "category": CostCategory.SOFTWARE,
                    "budget_class": OPERATIONAL,
                    "amount": Decimal(n % 100),
                    "line_id": lines[n % 200].id,
                    "supplier": "",
                    "description": "",
                    "source": "csv",
                }
                for n in range(100_000)
            ],
        )

    began = time.process_time()
    found = figures(office)

    assert len(found.months) == 12
    assert time.process_time() - began < 0.5
