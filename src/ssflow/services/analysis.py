"""Figures over many cases and records, for those who steer; customers see only the catalogue."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from uuid import UUID

from ssflow.domain.registers.portfolio import Service
from ssflow.domain.registers.strategy import Initiative, StrategicObjective, StrategyDocument
from ssflow.errors import NotFoundError
from ssflow.services.working_days import calendar_of
from ssflow.store import analysis as rows
from ssflow.store import strategy as strategy_rows
from ssflow.store.analysis import MOST_SERVICES, DueCounts, EndCount, ReviewedService
from ssflow.store.unit_of_work import UnitOfWork

MOST_STEPS = 20
_NONE_DUE = DueCounts(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class StepTime:
    """How long one step takes, in days: least, first quarter, middle, third quarter, most."""

    key: str
    activity_id: str
    name: str
    count: int
    days: tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Work:
    """How the work stands: what is due, who has how much, how long steps take, how cases end."""

    due: DueCounts
    mine: DueCounts
    """Of `due`, what the reader holds."""
    roles: Sequence[tuple[str, int, int, int]]
    steps: Sequence[StepTime]
    ends: Sequence[EndCount]


@dataclass(frozen=True)
class Strategy:
    """The strategy in force (else the latest) with its objectives and initiatives."""

    document: StrategyDocument | None
    objectives: Sequence[StrategicObjective]
    initiatives: Sequence[Initiative]


@dataclass(frozen=True)
class Matrix:
    """Which service helps to reach which active objective; `MOST_SERVICES` of them at most."""

    services: Sequence[Service]
    objectives: Sequence[StrategicObjective]
    links: frozenset[tuple[UUID, UUID]]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more services than are listed."""
        return len(self.services) >= MOST_SERVICES


@dataclass(frozen=True)
class CatalogueEntry:
    """A service as customers see it; `yearly_cost` is None until a review told it."""

    service: Service
    risk_level: str | None
    yearly_cost: float | None


def work_figures(work: UnitOfWork) -> Work:
    """Tell how the work of everybody stands.

    Raises:
        NotFoundError: the actor is a customer.
    """
    _require_inside(work)
    me = work.actor.user_id
    return Work(
        due=_count_due(work),
        mine=_count_due(work, me) if me else _NONE_DUE,
        roles=rows.load_by_role(work.session, work.now),
        steps=_step_times(rows.latest_task_times(work.session)),
        ends=rows.count_ends(work.session),
    )


def portfolio_value(work: UnitOfWork) -> Sequence[ReviewedService]:
    """Give the services in the catalogue with what their latest review found.

    Raises:
        NotFoundError: the actor is a customer.
    """
    _require_inside(work)
    return rows.reviewed_services(work.session)


def proposal_funnel(work: UnitOfWork) -> dict[str, int]:
    """Count the proposals in each state.

    Raises:
        NotFoundError: the actor is a customer.
    """
    _require_inside(work)
    return rows.count_proposals(work.session)


def strategy_figures(work: UnitOfWork) -> Strategy:
    """Tell how the strategy stands.

    Raises:
        NotFoundError: the actor is a customer.
    """
    _require_inside(work)
    in_force = strategy_rows.strategies_in_force(work.session)
    document = in_force[0] if in_force else rows.latest_strategy(work.session)
    if document is None:
        return Strategy(None, strategy_rows.active_objectives(work.session), [])
    return Strategy(
        document,
        strategy_rows.objectives_of(work.session, document.id)
        or strategy_rows.active_objectives(work.session),
        strategy_rows.initiatives_of(work.session, document.id),
    )


def objectives_matrix(work: UnitOfWork) -> Matrix:
    """Lay services against the active objectives.

    Raises:
        NotFoundError: the actor is a customer.
    """
    _require_inside(work)
    objectives = strategy_rows.active_objectives(work.session)
    active = [objective.id for objective in objectives]
    services = rows.services_beside_objectives(work.session, active)
    links = rows.links_of_services(work.session, [service.id for service in services], active)
    return Matrix(services, objectives, frozenset(links))


def catalogue(work: UnitOfWork, q: str = "") -> list[CatalogueEntry]:
    """List what customers may use, as far as it has `q` in it; who is signed in sees it."""
    services = rows.services_in_catalogue(work.session, q)
    ids = [service.id for service in services]
    risks = rows.risk_levels(work.session, ids)
    reviews = rows.latest_reviews(work.session, ids)
    return [
        CatalogueEntry(
            service,
            risks.get(service.id),
            float(reviews[service.id].yearly_cost) if service.id in reviews else None,
        )
        for service in services
    ]


def _require_inside(work: UnitOfWork) -> None:
    if work.actor.is_outsider:
        raise NotFoundError("There is no such dashboard, or you may not see it.")


def _count_due(work: UnitOfWork, assignee: UUID | None = None) -> DueCounts:
    calendar = calendar_of(work)
    return rows.count_open_tasks(
        work.session,
        now=work.now,
        day_end=calendar.midnight(work.now, 1),
        week_end=calendar.midnight(work.now, 7),
        assignee=assignee,
    )


def _step_times(times: Sequence[rows.TaskTime]) -> list[StepTime]:
    """Tell the spread of each step's time, for the steps that were done most often."""
    steps: dict[tuple[str, str], list[rows.TaskTime]] = defaultdict(list)
    for one in times:
        steps[one.key, one.activity_id].append(one)
    often = sorted(steps.values(), key=len, reverse=True)[:MOST_STEPS]
    return [
        StepTime(
            done[0].key,
            done[0].activity_id,
            done[0].name,
            len(done),
            _spread([t.days for t in done]),
        )
        for done in often
    ]


def _spread(days: Sequence[float]) -> tuple[float, float, float, float, float]:
    """Give least, first quarter, middle, third quarter and most (inclusive quantiles)."""
    if len(days) == 1:
        return (days[0],) * 5
    first, middle, third = quantiles(days, n=4, method="inclusive")
    return min(days), first, middle, third, max(days)
