"""The dashboard of a budget against what was spent."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ssflow.domain.registers.budget import (
    AmendmentKind,
    AmendmentState,
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetLine,
    BudgetState,
    CostCategory,
    CostEntry,
    NoteStatus,
    VarianceNote,
)
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def manager(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("finance_manager"))


@pytest.fixture
def money(office: Office) -> None:
    with office.work() as work:
        told: dict[str, Any] = {"created_at": work.now, "created_by": "x"}
        budget = Budget(
            number="BUD-2026-0001", fiscal_year=2026, state=BudgetState.APPROVED, **told
        )
        work.session.add(budget)
        work.session.flush()
        line = BudgetLine(
            name="Licences",
            budget_id=budget.id,
            category=CostCategory.SOFTWARE,
            budget_class=BudgetClass.OPERATIONAL,
            amount=Decimal(12000),
            phasing=["1000"] * 12,
            **told,
        )
        work.session.add(line)
        work.session.flush()
        work.session.add_all(
            [
                CostEntry(
                    document_no="F-1",
                    period="2026-01",
                    booking_date=date(2026, 1, 5),
                    gl="61",
                    amount=Decimal(1300),
                    category=CostCategory.SOFTWARE,
                    line_id=line.id,
                    **told,
                ),
                BudgetAmendment(
                    number="AMD-2026-0001",
                    budget_id=budget.id,
                    kind=AmendmentKind.SUPPLEMENT,
                    amount=Decimal(2000),
                    budget_class=BudgetClass.OPERATIONAL,
                    state=AmendmentState.APPLIED,
                    budget_version=2,
                    **told,
                ),
                VarianceNote(
                    name="2026-01 Licences",
                    line_id=line.id,
                    period="2026-01",
                    rag="red",
                    status=NoteStatus.EXPLAINED,
                    variance=Decimal(300),
                    **told,
                ),
            ]
        )


@pytest.mark.usefixtures("money")
def test_the_year_is_told_in_tables(manager: Browser) -> None:
    page = text_of(manager.open("/dashboards/budget"))

    for words in (
        "Budget, actual costs and outlook",
        "Jan",
        "AMD-2026-0001",
        "First budget",
        "Licences",
        "red",
        "software",
        "operational costs",
    ):
        assert words in page


def test_without_a_budget_the_page_says_so(manager: Browser) -> None:
    assert "No approved budget" in text_of(manager.open("/dashboards/budget"))


@pytest.mark.usefixtures("money")
def test_another_year_is_asked_for_in_the_address(manager: Browser) -> None:
    page = manager.open("/dashboards/budget?year=2030")

    assert page.status_code == 200
    assert "No approved budget" in text_of(page)
    assert "/dashboards/budget?year=2026" in page.text
    for odd in ("x", "-1", str(2**63), "9" * 5_000):
        assert manager.open(f"/dashboards/budget?year={odd}").status_code == 200


def test_customers_do_not_see_it(sign_in: SignIn, office: Office) -> None:
    assert sign_in(office.hire("customer")).open("/dashboards/budget").status_code == 404
