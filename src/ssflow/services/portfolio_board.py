"""The service portfolio as a board: what is prepared, on offer and over, and when it is due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.portfolio import (
    CATALOGUE_STATES,
    EARLY_ENDS,
    Charter,
    Phase,
    Service,
    ServiceProposal,
    ServiceState,
    StageReport,
)
from ssflow.store import portfolio as portfolio_rows
from ssflow.store import portfolio_board as rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_CARDS = 200
"""In each phase; how many there are is told all the same."""
MAX_MILESTONES = 60
_STATES: Mapping[Phase, Sequence[ServiceState]] = {
    Phase.PIPELINE: [
        state
        for state in ServiceState
        if state not in CATALOGUE_STATES | EARLY_ENDS | {ServiceState.RETIRED}
    ],
    Phase.CATALOGUE: [ServiceState.LIVE, ServiceState.RETIRING],
    Phase.RETIRED: [ServiceState.RETIRED],
}


@dataclass(frozen=True)
class BoardCard:
    """A service with what is known about where it stands; money and age are None when unknown."""

    service: Service
    proposal: ServiceProposal | None = None
    """The one that is worked on, if any."""
    days_in_state: int | None = None
    stage: str | None = None
    """The last stage of delivery that was reported on."""
    approved: Decimal | None = None
    spent: Decimal | None = None
    objectives: int = 0
    """How many strategic objectives it helps to reach."""


@dataclass(frozen=True)
class BoardColumn:
    """The services in one state."""

    state: ServiceState
    cards: Sequence[BoardCard]
    total: int


@dataclass(frozen=True)
class BoardPhase:
    """The columns of one phase that hold services."""

    phase: Phase
    columns: Sequence[BoardColumn]

    @property
    def total(self) -> int:
        """How many services are in this phase."""
        return sum(column.total for column in self.columns)


@dataclass(frozen=True)
class Milestone:
    """A stage of a service's delivery, from the one before to the day it is due."""

    service: Service
    stage: str
    start: date
    due: date


@dataclass(frozen=True)
class Board:
    """The whole board; outsiders get the catalogue alone, without money and milestones."""

    phases: Sequence[BoardPhase]
    milestones: Sequence[Milestone] = ()


def portfolio_board(work: UnitOfWork) -> Board:
    """Lay out the services that the actor may see, by phase and state."""
    totals = rows.count_services(work.session)
    if work.actor.is_outsider:
        cards = [BoardCard(service) for service in _services(work, Phase.CATALOGUE)]
        return Board([_phase(Phase.CATALOGUE, cards, totals)])
    services = {phase: _services(work, phase) for phase in Phase}
    known = _read_known(work, services)
    phases = [
        _phase(phase, [_card(work, service, known) for service in services[phase]], totals)
        for phase in Phase
    ]
    return Board(phases, _milestones(work, services.values(), known))


@dataclass(frozen=True)
class _Known:
    """What was looked up for all cards at once."""

    proposals: Mapping[UUID, ServiceProposal] = field(default_factory=dict)
    charters: Mapping[UUID, Charter] = field(default_factory=dict)
    reports: Mapping[UUID, StageReport] = field(default_factory=dict)
    objectives: Mapping[UUID, int] = field(default_factory=dict)
    since: Mapping[UUID, datetime] = field(default_factory=dict)


def _services(work: UnitOfWork, phase: Phase) -> Sequence[Service]:
    return rows.services_in(work.session, _STATES[phase], MAX_CARDS)


def _read_known(work: UnitOfWork, services: Mapping[Phase, Sequence[Service]]) -> _Known:
    ids = [service.id for found in services.values() for service in found]
    prepared = {service.id for service in services[Phase.PIPELINE]}
    proposals = portfolio_rows.open_proposals_of(work.session, ids)
    charters = rows.newest_charters(work.session, ids)
    cases = [p.instance_id for key, p in proposals.items() if key in prepared and p.instance_id]
    return _Known(
        proposals=proposals,
        charters=charters,
        reports=rows.newest_reports(work.session, [c.proposal_id for c in charters.values()]),
        objectives=rows.count_objectives(work.session, ids),
        since=rows.states_since(work.session, cases),
    )


def _phase(
    phase: Phase, cards: Sequence[BoardCard], totals: Mapping[ServiceState, int]
) -> BoardPhase:
    return BoardPhase(
        phase,
        [
            BoardColumn(state, [card for card in cards if card.service.state is state], total)
            for state in _STATES[phase]
            if (total := totals.get(state, 0))
        ],
    )


def _card(work: UnitOfWork, service: Service, known: _Known) -> BoardCard:
    charter = known.charters.get(service.id)
    report = known.reports.get(charter.proposal_id) if charter else None
    proposal = known.proposals.get(service.id)
    return BoardCard(
        service=service,
        proposal=proposal,
        days_in_state=_days_in_state(work, service, proposal, known),
        stage=report.stage if report else None,
        approved=charter.budget if charter else None,
        spent=report.spent if report else None,
        objectives=known.objectives.get(service.id, 0),
    )


def _days_in_state(
    work: UnitOfWork, service: Service, proposal: ServiceProposal | None, known: _Known
) -> int | None:
    """Count the days since the service came into its state; None when nobody noted the day."""
    since = _since(work, service, proposal, known)
    return max((_day(work, work.now) - since).days, 0) if since else None


def _since(
    work: UnitOfWork, service: Service, proposal: ServiceProposal | None, known: _Known
) -> date | None:
    if service.state is ServiceState.RETIRED:
        return service.retired_on
    if service.state is ServiceState.LIVE:
        return service.live_on
    if service.phase is Phase.PIPELINE:
        case = proposal.instance_id if proposal else None
        return _day(work, known.since.get(case, service.created_at) if case else service.created_at)
    return _day(work, service.updated_at) if service.updated_at else None


def _milestones(
    work: UnitOfWork, services: Iterable[Sequence[Service]], known: _Known
) -> list[Milestone]:
    """List the stages of every delivery that goes on, by the day they are due."""
    found = [
        milestone
        for group in services
        for service in group
        if _is_delivered(known, service)
        for milestone in _stages(work, service, known.charters[service.id])
    ]
    starts = {m.service.id: m.start for m in reversed(found)}
    found.sort(key=lambda m: (starts[m.service.id], m.service.number, m.due))
    return found[:MAX_MILESTONES]


def _is_delivered(known: _Known, service: Service) -> bool:
    """Tell whether the proposal that is worked on has the service's newest charter."""
    charter, proposal = known.charters.get(service.id), known.proposals.get(service.id)
    return charter is not None and proposal is not None and charter.proposal_id == proposal.id


def _stages(work: UnitOfWork, service: Service, charter: Charter) -> list[Milestone]:
    planned = sorted(
        (due, str(told.get("stage") or ""))
        for told in charter.milestones
        if isinstance(told, Mapping) and (due := _read_day(told.get("due")))
    )
    start, stages = _day(work, charter.created_at), []
    for due, stage in planned:
        stages.append(Milestone(service, stage, min(start, due), due))
        start = due
    return stages


def _read_day(told: Any) -> date | None:
    try:
        return date.fromisoformat(str(told)[:10])
    except ValueError:
        return None


def _day(work: UnitOfWork, at: datetime) -> date:
    return at.astimezone(work.timezone).date()
