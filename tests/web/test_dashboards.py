"""Dashboards and the catalogue: who sees them, and that their tables say what is there."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ssflow.domain.identity import Actor
from ssflow.domain.registers.portfolio import (
    Service,
    ServiceObjective,
    ServiceReview,
    ServiceState,
)
from ssflow.domain.registers.strategy import (
    Initiative,
    Rag,
    StrategicObjective,
    StrategyDocument,
    StrategyState,
)
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

PAGES = ("work", "portfolio", "strategy", "services-and-objectives")


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner", name="owner")


def _put(office: Office, kind: Any, /, **values: Any) -> Any:
    with office.work() as work:
        record = kind(created_at=office.now, created_by="system", **values)
        work.session.add(record)
    return record


def _service(office: Office, name: str, **values: Any) -> Any:
    told = {"number": f"SRV-{name}", "name": name, "state": ServiceState.LIVE, **values}
    return _put(office, Service, **told)


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_dashboard_says_so(sign_in: SignIn, owner: Actor, page: str) -> None:
    answer = sign_in(owner).open(f"/dashboards/{page}")

    assert answer.status_code == 200
    assert "There is nothing to show yet." in text_of(answer)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["customer", "orderer"])
def test_customers_see_no_dashboard(sign_in: SignIn, office: Office, page: str, role: str) -> None:
    answer = sign_in(office.hire(role)).open(f"/dashboards/{page}")

    assert answer.status_code == 404
    assert "/dashboards/" not in sign_in(office.hire(role)).open("/tasks").text


def test_the_work_is_counted_by_due_date_and_group(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    office.deploy(one_task(due="wd(1)"))
    boss = office.hire("admin")
    first, second, _ = [office.start(boss) for _ in range(3)]
    office.complete(owner, office.task(first, "U_do").id)
    office.claim(owner, office.task(second, "U_do").id)
    office.now += timedelta(days=7)

    page = text_of(sign_in(owner).open("/dashboards/work"))

    assert "Due Open tasks Mine Overdue 2 1" in page
    assert "Service owner 1 1 2" in page
    assert "How cases ended" in page


def test_a_benefit_that_nobody_promised_is_not_shown_as_none(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    for name, ratio in (("Mail", 0), ("Fax", "9.99")):
        _put(
            office,
            ServiceReview,
            service_id=_service(office, name).id,
            reviewed_on=date(2026, 1, 1),
            value_score=4,
            tech_score=2,
            yearly_cost=Decimal(10_000),
            ratio=Decimal(ratio),
            benefit_realised_pct=Decimal(88),
        )

    said = text_of(sign_in(owner).open("/dashboards/portfolio"))

    assert "Fax EUR 10,000 EUR 0 88 %" in said
    assert "Mail EUR 10,000 – 88 %" in said


def test_the_portfolio_shows_the_latest_review_of_each_service(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    mail = _service(office, "Mail")
    for day, cost in ((1, 10_000), (2, 25_000)):
        _put(
            office,
            ServiceReview,
            service_id=mail.id,
            reviewed_on=date(2026, 1, day),
            value_score=4,
            tech_score=2,
            yearly_cost=Decimal(cost),
            yearly_benefit=Decimal(30_000),
            disposition="renew",
            investment="grow",
        )

    answer = sign_in(owner).open("/dashboards/portfolio")

    assert "Mail 2 4 EUR 25,000 Renew" in text_of(answer)
    assert 'data-chart="bubbles"' in answer.text
    assert "EUR 10,000" not in text_of(answer)


def test_an_objective_shows_how_far_it_has_come(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    strategy = _put(
        office,
        StrategyDocument,
        number="STR-2026-0001",
        title="To 2028",
        horizon_from=date(2026, 1, 1),
        horizon_to=date(2027, 12, 31),
        state=StrategyState.ACTIVE,
        activated_on=date(2026, 1, 1),
        perspective={"vision": "No paper."},
    )
    objective = _put(
        office,
        StrategicObjective,
        text="No paper in the halls",
        baseline="0",
        target="12",
        actual="3",
        strategy_id=strategy.id,
    )
    _put(
        office,
        Initiative,
        title="Terminals",
        kind="service_new",
        strategy_id=strategy.id,
        objective_id=objective.id,
        rag=Rag.RED,
        is_late=True,
    )

    page = text_of(sign_in(owner).open("/dashboards/strategy"))

    assert "No paper in the halls 25 %" in page
    assert "Perspective : defined" in page
    assert "Pattern : missing" in page
    assert "Red, late" in page


def test_the_matrix_marks_what_helps_and_what_helps_nothing(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    objective = _put(office, StrategicObjective, text="Half the standstill")
    helps = _service(office, "Mail")
    _service(office, "Fax")
    _put(office, ServiceObjective, service_id=helps.id, objective_id=objective.id)

    page = sign_in(owner).open("/dashboards/services-and-objectives")

    assert "Half the standstill" in text_of(page)
    assert page.text.count('aria-label="helps to reach it"') == 1
    assert "Fax live none" in text_of(page)


def test_the_catalogue_shows_live_services_to_customers_only_as_they_need(
    sign_in: SignIn, office: Office
) -> None:
    _service(
        office,
        "Mail",
        catalogue_text="Mail for everybody.",
        availability_pct=Decimal("99.5"),
        rto_hours=4,
        charge_model="chargeback",
        conditions="For staff.",
    )
    _service(office, "Secret plan", state=ServiceState.PROPOSED)

    page = text_of(sign_in(office.hire("orderer")).open("/catalogue"))

    assert "Mail for everybody." in page
    assert "99.5 % available, restored within 4 h" in page
    assert "Costs are charged" in page
    assert "Secret plan" not in page


def test_the_catalogue_can_be_searched(sign_in: SignIn, office: Office) -> None:
    for name in ("Mail", "Printing"):
        _service(office, name)
    browser = sign_in(office.hire("customer"))

    assert "Printing" not in text_of(browser.open("/catalogue?q=mai"))
    assert "No service here has “zzz”" in text_of(browser.open("/catalogue?q=zzz"))
