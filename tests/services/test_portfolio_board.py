"""The board of the portfolio: what stands where, since when, with how much money."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.registers.portfolio import (
    Charter,
    Phase,
    Service,
    ServiceObjective,
    ServiceProposal,
    ServiceState,
    StageReport,
)
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.strategy import StrategicObjective
from ssflow.services import portfolio_board as board_module
from ssflow.services.audit import record
from ssflow.services.portfolio_board import Board, BoardCard, portfolio_board
from ssflow.store.instances import lock_instance
from tests.services.bundles import one_task
from tests.services.office import Office


@pytest.fixture
def manager(office: Office) -> Actor:
    return office.hire("portfolio_manager")


def put(office: Office, kind: type[Record], **values: Any) -> Any:
    """Put a record there as a process would."""
    with office.work() as work:
        made = kind(created_at=work.now, created_by="system", **values)
        work.session.add(made)
    return made


def card_of(board: Board, name: str) -> BoardCard:
    cards = [card for phase in board.phases for column in phase.columns for card in column.cards]
    [found] = [card for card in cards if card.service.name == name]
    return found


def delivered(office: Office, **told: Any) -> tuple[Service, ServiceProposal]:
    """A service in development, with a charter of three milestones and one report."""
    service = put(office, Service, number="SRV-1", name="Robots", state=ServiceState.DEVELOPMENT)
    proposal = put(
        office,
        ServiceProposal,
        number="PRP-1",
        title="Robots for the hall",
        change_type="new",
        service_id=service.id,
        **told,
    )
    stages = [
        {"stage": "development", "due": "2027-06-30"},
        {"stage": "design", "due": "2027-03-31"},
        {"stage": "test", "due": None},
    ]
    put(
        office,
        Charter,
        proposal_id=proposal.id,
        scope="All halls",
        budget=Decimal(90_000),
        milestones=stages,
    )
    put(office, StageReport, proposal_id=proposal.id, stage="design", spent=Decimal(30_000))
    return service, proposal


def test_services_stand_in_columns_of_their_state(office: Office, manager: Actor) -> None:
    put(office, Service, number="SRV-1", name="Live", state=ServiceState.LIVE)
    put(office, Service, number="SRV-2", name="Planned")
    put(office, Service, number="SRV-3", name="Refused", state=ServiceState.REJECTED)
    put(office, Service, number="SRV-4", name="Ending", state=ServiceState.RETIRING)
    put(office, Service, number="SRV-5", name="Gone", state=ServiceState.RETIRED)

    board = office.act(manager, portfolio_board)

    laid = {p.phase: [[c.service.name for c in k.cards] for k in p.columns] for p in board.phases}
    assert laid == {
        Phase.PIPELINE: [["Planned"]],
        Phase.CATALOGUE: [["Live"], ["Ending"]],
        Phase.RETIRED: [["Gone"]],
    }


def test_a_card_tells_the_money_and_the_stage(office: Office, manager: Actor) -> None:
    service, proposal = delivered(office)
    objective = put(office, StrategicObjective, text="Faster")
    put(office, ServiceObjective, service_id=service.id, objective_id=objective.id)

    card = card_of(office.act(manager, portfolio_board), "Robots")

    assert card.proposal is not None
    assert card.proposal.id == proposal.id
    assert (card.approved, card.spent, card.stage) == (Decimal(90_000), Decimal(30_000), "design")
    assert card.objectives == 1


def test_what_was_spent_for_an_earlier_change_does_not_count(
    office: Office, manager: Actor
) -> None:
    service, _ = delivered(office)
    told = {"number": "PRP-2", "title": "More", "change_type": "major", "service_id": service.id}
    later = put(office, ServiceProposal, **told)
    put(office, Charter, proposal_id=later.id, scope="x", budget=Decimal(5))

    card = card_of(office.act(manager, portfolio_board), "Robots")

    assert (card.approved, card.spent) == (Decimal(5), None)


def test_milestones_follow_each_other_in_time(office: Office, manager: Actor) -> None:
    delivered(office)

    board = office.act(manager, portfolio_board)

    today = office.now.date()
    assert [(m.stage, m.start, m.due) for m in board.milestones] == [
        ("design", min(today, date(2027, 3, 31)), date(2027, 3, 31)),
        ("development", date(2027, 3, 31), date(2027, 6, 30)),
    ]


def test_what_has_been_delivered_has_no_milestones(office: Office, manager: Actor) -> None:
    delivered(office, state="live")

    assert office.act(manager, portfolio_board).milestones == []


def test_the_age_counts_from_when_the_case_wrote_the_state(office: Office, manager: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(SYSTEM)
    service, _ = delivered(office, instance_id=instance_id)
    office.now += timedelta(days=3)
    _tell_state(office, instance_id, service)
    office.now += timedelta(days=4)

    card = card_of(office.act(manager, portfolio_board), "Robots")

    assert card.days_in_state == 4


def _tell_state(office: Office, instance_id: UUID, service: Service) -> None:
    with office.work() as work:
        told = {"kind": "Service", "id": str(service.id), "number": service.number}
        case, after = lock_instance(work.session, instance_id), {"state": "development"}
        record(work, AuditAction.RECORD_CHANGED, case, **told, before={"state": "x"}, after=after)


def test_the_age_of_a_live_service_counts_from_its_first_day(
    office: Office, manager: Actor
) -> None:
    since = office.now.date() - timedelta(days=30)
    put(office, Service, number="SRV-1", name="Mail", state=ServiceState.LIVE, live_on=since)
    put(office, Service, number="SRV-2", name="Old", state=ServiceState.LIVE)

    board = office.act(manager, portfolio_board)

    assert card_of(board, "Mail").days_in_state == 30
    assert card_of(board, "Old").days_in_state is None


@pytest.mark.parametrize("role", ["customer", "orderer"])
def test_customers_see_the_catalogue_without_money_and_plans(office: Office, role: str) -> None:
    delivered(office)
    put(office, Service, number="SRV-2", name="Mail", state=ServiceState.LIVE)
    told = {"number": "PRP-9", "title": "Mail for less", "change_type": "major"}
    live_id = put(office, Service, number="SRV-3", name="Chat", state=ServiceState.LIVE).id
    secret = put(office, ServiceProposal, **told, service_id=live_id)
    put(office, Charter, proposal_id=secret.id, scope="x", budget=Decimal(5))

    board = office.act(office.hire(role), portfolio_board)

    assert [phase.phase for phase in board.phases] == [Phase.CATALOGUE]
    assert board.milestones == ()
    chat = card_of(board, "Chat")
    assert (chat.proposal, chat.approved, chat.spent) == (None, None, None)


def test_a_long_column_tells_how_many_there_are(
    office: Office, manager: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "MAX_CARDS", 2)
    for number in range(5):
        put(office, Service, number=f"SRV-{number}", name="x", state=ServiceState.LIVE)

    board = office.act(manager, portfolio_board)

    [column] = board.phases[1].columns
    assert (len(column.cards), column.total, board.phases[1].total) == (2, 5, 5)
