"""Figures over many records: the catalogue, its reviews and risks, services beside objectives."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ssflow.domain.identity import Actor
from ssflow.domain.registers.portfolio import (
    BusinessCase,
    ProposalState,
    Service,
    ServiceObjective,
    ServiceProposal,
    ServiceReview,
    ServiceState,
)
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.strategy import StrategicObjective
from ssflow.services.analysis import catalogue, objectives_matrix, portfolio_value, work_figures
from ssflow.store.analysis import MOST_SERVICES
from tests.services.office import Office
from tests.store.conftest import Given


@pytest.fixture
def manager(office: Office) -> Actor:
    return office.hire("portfolio_manager")


def put(office: Office, kind: type[Record], **values: Any) -> Any:
    with office.work() as work:
        made = kind(created_at=work.now, created_by="x", **values)
        work.session.add(made)
    return made


def live(office: Office, name: str, **values: Any) -> Service:
    told = {"number": f"SRV-{name}", "name": name, "state": ServiceState.LIVE} | values
    service: Service = put(office, Service, **told)
    return service


def review(office: Office, service: Service, day: str, cost: int) -> None:
    put(
        office,
        ServiceReview,
        service_id=service.id,
        reviewed_on=date.fromisoformat(day),
        value_score=3,
        tech_score=3,
        yearly_cost=Decimal(cost),
    )


def test_a_service_is_told_by_its_latest_review_and_its_latest_case(
    office: Office, manager: Actor
) -> None:
    mail, gone = live(office, "Mail"), live(office, "Fax", state=ServiceState.RETIRED)
    live(office, "Print")
    for service in (mail, gone):
        review(office, service, "2026-02-01", 300)
        review(office, service, "2025-02-01", 200)
    asked: dict[str, Any] = {"title": "", "service_id": mail.id}
    proposal = put(
        office, ServiceProposal, number="P", change_type="new", state=ProposalState.LIVE, **asked
    )
    undecided = put(office, ServiceProposal, number="Q", change_type="major", **asked)
    for version, level in enumerate(("low", "high"), 1):
        case = {"proposal_id": proposal.id, "version": version, "risk_level": level}
        put(office, BusinessCase, number=f"BC-{version}", **case)
    put(
        office,
        BusinessCase,
        number="BC-9",
        proposal_id=undecided.id,
        version=1,
        risk_level="medium",
    )

    with office.look(manager) as work:
        entries, reviewed = catalogue(work), portfolio_value(work)

    told = [(entry.service.name, entry.risk_level, entry.yearly_cost) for entry in entries]
    assert told == [("Mail", "high", 300.0), ("Print", None, None)]
    assert [(one.service.name, one.review.yearly_cost) for one in reviewed] == [
        ("Mail", Decimal(300))
    ]


def test_the_matrix_holds_what_is_live_or_helps_to_reach_an_active_objective(
    office: Office, manager: Actor
) -> None:
    live(office, "Mail")
    planned = live(office, "Planned", state=ServiceState.PROPOSED)
    unlinked = live(office, "Other plan", state=ServiceState.PROPOSED)
    active, ended = (
        put(office, StrategicObjective, text=status, status=status)
        for status in ("active", "ended")
    )
    over = [live(office, s, state=s) for s in (ServiceState.REJECTED, ServiceState.RETIRED)]
    helped = [(planned, active), (unlinked, ended), *((one, active) for one in over)]
    for service, objective in helped:
        put(office, ServiceObjective, service_id=service.id, objective_id=objective.id)

    with office.look(manager) as work:
        matrix = objectives_matrix(work)

    assert [service.name for service in matrix.services] == ["Mail", "Planned"]
    assert matrix.links == {(planned.id, active.id)}
    assert not matrix.is_cut


def test_a_search_finds_what_the_long_catalogue_leaves_out(office: Office, manager: Actor) -> None:
    with office.work() as work:
        shared: dict[str, Any] = {"created_at": work.now, "created_by": "x"}
        work.session.add_all(
            Service(number=f"S-{n}", name=f"A {n:04}", state=ServiceState.LIVE, **shared)
            for n in range(MOST_SERVICES)
        )
    live(office, "Zeppelin", utility="Flies 100 % of the time.")

    with office.look(manager) as work:
        whole, found, none = (catalogue(work, q) for q in ("", "100 %", "100_%"))
        matrix = objectives_matrix(work)

    assert "Zeppelin" not in {entry.service.name for entry in whole}
    assert [entry.service.name for entry in found] == ["Zeppelin"]
    assert none == []
    assert matrix.is_cut


@pytest.mark.parametrize(("hour", "is_soon"), [(22, True), (23, False)])
def test_a_week_ends_at_midnight_also_when_the_clocks_change(
    office: Office, manager: Actor, hour: int, *, is_soon: bool
) -> None:
    office.now = datetime(2026, 10, 23, 10, tzinfo=UTC)
    with office.work() as work:
        Given(work.session).task(due_at=datetime(2026, 10, 29, hour, 30, tzinfo=UTC))

    with office.look(manager) as work:
        due = work_figures(work).due

    assert (due.this_week, due.later) == (int(is_soon), int(not is_soon))
