"""The strategy: its figures, its states, and what its operations refuse."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    CostCategory,
    CostEntry,
)
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import (
    Document,
    Service,
    ServiceReview,
    ServiceState,
    WrongStateError,
)
from ssflow.domain.registers.strategy import (
    Initiative,
    MarketSegment,
    ObjectiveStatus,
    Rag,
    StrategicObjective,
    StrategyDocument,
    StrategyState,
)
from ssflow.domain.registers.work import ActionItem
from ssflow.operations.operation import EffectKind, OperationRefusedError
from ssflow.operations.strategy_figures import is_past_horizon, late_pct, red_pct
from ssflow.store import strategy as strategy_rows
from tests.conftest import NOW
from tests.operations.conftest import Portfolio

SCOPE = {"title": "To 2028", "horizon_from": "2026-01-01", "horizon_to": "2027-12-31"}


@given(st.lists(st.sampled_from(list(Rag))))
def test_red_and_other_objectives_make_up_all_of_them(rags: list[Rag]) -> None:
    red = red_pct(rags)
    others = red_pct([Rag.GREEN if rag is Rag.RED else Rag.RED for rag in rags])

    assert 0 <= red <= 100
    assert red + others == pytest.approx(100 if rags else 0, abs=0.02)


@given(st.lists(st.booleans(), min_size=1))
def test_the_late_share_counts_each_initiative_once(lates: list[bool]) -> None:
    assert late_pct(lates) * len(lates) / 100 == pytest.approx(sum(lates), abs=0.01)


@given(st.dates(max_value=date(9999, 12, 30)))
def test_the_last_day_of_a_strategy_belongs_to_it(last: date) -> None:
    assert not is_past_horizon(last, last)
    assert is_past_horizon(last + timedelta(days=1), last)


def _strategy(state: StrategyState = StrategyState.ASSESSING) -> StrategyDocument:
    return StrategyDocument(
        number="STR-2026-0001",
        title="To 2028",
        horizon_from=date(2026, 1, 1),
        horizon_to=date(2027, 12, 31),
        state=state,
        created_at=NOW,
        created_by="system",
    )


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (StrategyState.ASSESSING, StrategyState.ACTIVE),
        (StrategyState.ACTIVE, StrategyState.REJECTED),
        (StrategyState.REJECTED, StrategyState.ACTIVE),
        (StrategyState.COMPLETED, StrategyState.ACTIVE),
    ],
)
def test_a_strategy_takes_no_short_cuts(state: StrategyState, wanted: StrategyState) -> None:
    strategy = _strategy(state)

    with pytest.raises(WrongStateError):
        strategy.move_to(wanted)

    assert strategy.state is state


def test_a_strategy_gets_a_number_and_knows_the_one_in_force(portfolio: Portfolio) -> None:
    portfolio.put(
        StrategyDocument,
        number="STR-2025-0001",
        title="Old",
        horizon_from=date(2024, 1, 1),
        horizon_to=date(2026, 12, 31),
        state=StrategyState.ACTIVE,
        activated_on=date(2024, 1, 1),
    )

    begun = portfolio.call("strategy.begin", scope=SCOPE)

    assert begun["number"] == f"STR-{NOW.year}-0001"
    assert begun["former"] == "STR-2025-0001"


def test_those_who_assess_see_what_the_registers_say(portfolio: Portfolio) -> None:
    live = portfolio.put(Service, number="SRV-1", name="Mail", state=ServiceState.LIVE)
    portfolio.put(Service, number="SRV-2", name="Fax", state=ServiceState.RETIRED)
    review = {"service_id": live.id, "reviewed_on": NOW.date(), "value_score": 4, "tech_score": 2}
    portfolio.put(ServiceReview, **review, yearly_cost=300, yearly_benefit=900, investment="grow")
    told = {"subject": "Late", "description": "", "sender": {}, "sender_key": ""}
    complaint = {"kind": "complaint", "due_resolution_at": NOW, **told}
    for number, breached, rating in (("1", True, 2), ("2", False, 5), ("3", False, None)):
        portfolio.put(
            Feedback, number=number, **complaint, resolution_breached=breached, satisfaction=rating
        )
    budget = portfolio.put(Budget, number="BUD-1", fiscal_year=NOW.year, state=BudgetState.APPROVED)
    line = _line(portfolio, budget, BudgetClass.CAPITAL, 1_200)
    _line(portfolio, budget, BudgetClass.OPERATIONAL, 2_400)
    for month, amount in (("01", 150), ("02", -50)):
        _cost(portfolio, line, f"{NOW.year}-{month}", amount)

    begun = portfolio.call("strategy.begin", scope=SCOPE)

    assert begun["services"] == [{"service": str(live.id)}]
    assert begun["satisfaction"] == {
        "customers": 1,
        "complaints": 3,
        "compliments": 0,
        "in_time_pct": 66.7,
        "rating": 3.5,
    }
    assert begun["portfolio"]["live"] == 1
    assert begun["portfolio"]["mix"] == {"run": 0.0, "grow": 100.0, "transform": 0.0}
    assert [one["name"] for one in begun["portfolio"]["reviewed"]] == ["Mail"]
    capital, operational = begun["money"]["classes"]
    assert capital == {
        "budget_class": "capital",
        "approved": 1200.0,
        "planned": 200.0,
        "actual": 100.0,
        "outlook": 600.0,
    }
    assert operational["outlook"] == 1000.0
    assert begun["money"]["approved"] == 3600.0


def test_empty_registers_leave_the_assessment_without_figures(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)

    assert begun["services"] == []
    assert begun["money"] is None
    assert begun["portfolio"] == {
        "live": 0,
        "cost": 0.0,
        "benefit": 0.0,
        "mix": {"run": 0.0, "grow": 0.0, "transform": 0.0},
        "reviewed": [],
    }
    assert (begun["satisfaction"]["in_time_pct"], begun["satisfaction"]["rating"]) == (None, None)


def test_the_pack_shows_figures_and_verdicts(portfolio: Portfolio) -> None:
    live = portfolio.put(Service, number="SRV-1", name="Mail", state=ServiceState.LIVE)
    budget = portfolio.put(Budget, number="BUD-1", fiscal_year=NOW.year, state=BudgetState.APPROVED)
    _line(portfolio, budget, BudgetClass.STRATEGIC, 7_777)
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    row = {"service": str(live.id), "differentiation": 2, "fitness": 4, "verdict": "grow"}

    define(portfolio, begun, "Less downtime", services=[row])

    [pack] = portfolio.session.scalars(select(Document))
    text = pack.content.decode()
    assert "<td>Mail</td>" in text
    assert "<td>grow</td>" in text
    assert "7,777.00" in text


def _line(portfolio: Portfolio, budget: Budget, name: BudgetClass, amount: int) -> BudgetLine:
    line = portfolio.put(
        BudgetLine,
        name=str(name),
        budget_id=budget.id,
        category=CostCategory.SOFTWARE,
        budget_class=name,
        amount=amount,
        phasing=[str(amount // 12)] * 12,
    )
    assert isinstance(line, BudgetLine)
    return line


def _cost(portfolio: Portfolio, line: BudgetLine, period: str, amount: int) -> None:
    portfolio.put(
        CostEntry,
        document_no=f"F-{period}",
        booking_date=date.fromisoformat(f"{period}-10"),
        period=period,
        gl="6100",
        amount=amount,
        line_id=line.id,
    )


def test_an_initiative_without_a_process_leaves_an_action(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    initiative = portfolio.put(
        Initiative, title="Train", kind="capability", strategy_id=_id(begun), money=30_000
    )

    launched = portfolio.call("initiative.launch", initiative=str(initiative.id))

    [action] = portfolio.session.query(ActionItem).all()
    assert launched["started"] is None
    assert (action.source_id, "30,000.00" in action.what) == (initiative.id, True)


def test_an_initiative_for_a_new_service_starts_its_process(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    initiative = portfolio.put(
        Initiative, title="Terminals", kind="service_new", strategy_id=_id(begun)
    )

    portfolio.call("initiative.launch", initiative=str(initiative.id))

    [effect] = portfolio.context.effects
    assert effect.kind is EffectKind.START_PROCESS
    assert effect.payload["key"] == "spm_service_change"
    prefill = effect.payload["variables"]["prefill"]
    assert (prefill["source"], prefill["source_ref"]) == ("strategy", begun["number"])
    assert initiative.is_launched


def test_a_checkpoint_on_what_is_not_of_the_strategy_is_refused(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    checkpoint = {"objectives": [{"text": "Nobody's", "actual": 1, "rag": "red"}]}

    with pytest.raises(OperationRefusedError, match="Nobody's"):
        portfolio.call("strategy.check", strategy=begun["id"], checkpoint=checkpoint)


def test_an_unknown_strategy_is_refused(portfolio: Portfolio) -> None:
    with pytest.raises(OperationRefusedError):
        portfolio.call("strategy.publish", strategy=str(uuid4()))


def test_objectives_are_proposed_until_the_strategy_is_in_force(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)

    defined = define(portfolio, begun, "Less downtime")

    [objective] = portfolio.session.scalars(select(StrategicObjective))
    assert objective.status == "proposed"
    assert defined["choices"] == [{"value": str(objective.id), "label": "Less downtime"}]
    publish(portfolio, begun, "Less downtime")
    assert (objective.status, objective.strategy_id) == ("active", _id(begun))


def test_a_rejected_strategy_leaves_the_objectives_of_the_one_in_force(
    portfolio: Portfolio,
) -> None:
    former = portfolio.call("strategy.begin", scope=SCOPE)
    define(portfolio, former, "Less downtime", target=99)
    publish(portfolio, former, "Less downtime", target=99)
    other = portfolio.in_another_case()
    begun = other.call("strategy.begin", scope=SCOPE)
    define(other, begun, "Less downtime", "More reach", target=50)

    other.call("strategy.submit", strategy=begun["id"], impact={}, views={})
    other.call("strategy.reject", strategy=begun["id"], reason="No.")

    kept = portfolio.session.scalars(
        select(StrategicObjective).order_by(StrategicObjective.text)
    ).all()
    assert [(one.text, one.status, one.target) for one in kept] == [
        ("Less downtime", "active", "99"),
        ("More reach", "ended", "50"),
    ]
    assert kept[0].strategy_id == _id(former)


def test_a_strategy_in_force_takes_over_what_it_pursues_too(portfolio: Portfolio) -> None:
    former = portfolio.call("strategy.begin", scope=SCOPE)
    define(portfolio, former, "Less downtime", "More reach")
    publish(portfolio, former, "Less downtime", "More reach")
    other = portfolio.in_another_case()
    begun = other.call("strategy.begin", scope=SCOPE)
    defined = define(other, begun, "Less downtime", target=50)

    publish(other, begun, "Less downtime", target=50)

    [taken] = strategy_rows.objectives_of(portfolio.session, _id(begun))
    assert (taken.text, taken.target) == ("Less downtime", "50")
    assert defined["choices"] == [{"value": str(taken.id), "label": "Less downtime"}]
    assert strategy_rows.objectives_of(portfolio.session, _id(former)) == []


@pytest.mark.parametrize("is_over", [False, True])
def test_the_case_of_a_superseded_strategy_is_told_to_end(
    portfolio: Portfolio, *, is_over: bool
) -> None:
    portfolio.begin_case()
    former = portfolio.call("strategy.begin", scope=SCOPE)
    define(portfolio, former, "Less downtime")
    publish(portfolio, former, "Less downtime")
    if is_over:
        portfolio.cancel_case()
    begun = portfolio.in_another_case().call("strategy.begin", scope=SCOPE)
    define(portfolio, begun, "More halls")
    portfolio.context.effects.clear()
    publish(portfolio, begun, "More halls")

    sent = [e.payload for e in portfolio.context.effects if e.kind is EffectKind.SEND_MESSAGE]
    told = [(one["name"], one["correlation_key"]) for one in sent]
    assert told == ([] if is_over else [("strategic_shift", former["number"])])


def test_a_superseded_strategy_is_closed_as_such_and_begins_no_other(portfolio: Portfolio) -> None:
    former = portfolio.call("strategy.begin", scope=SCOPE)
    define(portfolio, former, "Less downtime")
    publish(portfolio, former, "Less downtime")
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    define(portfolio, begun, "More halls")
    publish(portfolio, begun, "More halls")
    portfolio.context.effects.clear()

    portfolio.call("strategy.reassess", strategy=former["id"], shift="x")
    closed = portfolio.call("strategy.complete", strategy=former["id"], close={"lessons": "Ask."})

    assert portfolio.context.effects == []
    assert closed == {"state": "superseded"}


def test_segments_come_into_the_register_with_the_strategy(portfolio: Portfolio) -> None:
    portfolio.put(MarketSegment, name="Plants", kind="internal", needs="Old")
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    segments: list[dict[str, Any]] = [
        {"name": "Plants", "kind": "internal", "needs": "Fewer stops"},
        {"name": "Shops", "kind": "external", "needs": None},
    ]
    define(portfolio, begun, "Less downtime", segments=segments)

    publish(portfolio, begun, "Less downtime")

    found = portfolio.session.scalars(select(MarketSegment).order_by(MarketSegment.name))
    assert [(one.name, one.kind, one.needs) for one in found] == [
        ("Plants", "internal", "Fewer stops"),
        ("Shops", "external", ""),
    ]


def test_objectives_that_ended_are_not_those_of_the_strategy(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    for text, status in (("A", ObjectiveStatus.ACTIVE), ("B", ObjectiveStatus.ENDED)):
        portfolio.put(StrategicObjective, text=text, status=status, strategy_id=_id(begun))

    found = strategy_rows.objectives_of(portfolio.session, _id(begun))

    assert [objective.text for objective in found] == ["A"]


def define(
    portfolio: Portfolio,
    begun: dict[str, Any],
    *objectives: str,
    target: int = 1,
    segments: list[dict[str, Any]] | None = None,
    services: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    market = {"market_position": "", "competitors": [], "opportunities": "", "constraints": ""}
    portfolio.call(
        "strategy.assess",
        strategy=begun["id"],
        market=market,
        customers={"segments": [{"current": 1, "target": 1, **one} for one in segments or []]},
        offering={"gaps": "", "services": services or []},
        internal={"strengths": "", "weaknesses": ""},
    )
    parts: dict[str, Any] = {"swot": {}, "pattern": {"items": []}}
    return portfolio.call(
        "strategy.define",
        strategy=begun["id"],
        perspective={"vision": "", "mission": None, "not_do": "", "principles": []},
        position={"statement": "", "basis": "", "compared_with": [], "segments": []},
        plan={"actions": []},
        objectives=_rows(objectives, target),
        **parts,
    )


def publish(portfolio: Portfolio, begun: dict[str, Any], *objectives: str, target: int = 1) -> None:
    portfolio.call("strategy.submit", strategy=begun["id"], impact={}, views={})
    portfolio.call("strategy.publish", strategy=begun["id"], objectives=_rows(objectives, target))


def _rows(objectives: Sequence[str], target: int) -> dict[str, Any]:
    return {"objectives": [{"objective": one, "target": target} for one in objectives]}


def _id(begun: dict[str, object]) -> UUID:
    return UUID(str(begun["id"]))
