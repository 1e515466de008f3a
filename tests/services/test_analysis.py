"""Figures over many records: the catalogue, its reviews and risks, services beside objectives."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ssflow.domain.identity import Actor
from ssflow.domain.registers.portfolio import (
    BusinessCase,
    Service,
    ServiceObjective,
    ServiceProposal,
    ServiceReview,
    ServiceState,
)
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.strategy import StrategicObjective
from ssflow.services.analysis import catalogue, objectives_matrix, portfolio_value
from ssflow.store.analysis import MOST_SERVICES
from tests.services.office import Office


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
    proposal = put(
        office, ServiceProposal, number="P", title="", change_type="new", service_id=mail.id
    )
    for version, level in enumerate(("low", "high"), 1):
        case = {"proposal_id": proposal.id, "version": version, "risk_level": level}
        put(office, BusinessCase, number=f"BC-{version}", **case)

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
    for service, objective in ((planned, active), (unlinked, ended)):
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
