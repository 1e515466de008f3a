"""The strategy: its figures, its states, and what its operations refuse."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.registers.portfolio import WrongStateError
from ssflow.domain.registers.strategy import (
    Initiative,
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
    assert initiative.is_launched


def test_a_checkpoint_on_what_is_not_of_the_strategy_is_refused(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    checkpoint = {"objectives": [{"text": "Nobody's", "actual": 1, "rag": "red"}]}

    with pytest.raises(OperationRefusedError, match="Nobody's"):
        portfolio.call("strategy.check", strategy=begun["id"], checkpoint=checkpoint)


def test_an_unknown_strategy_is_refused(portfolio: Portfolio) -> None:
    with pytest.raises(OperationRefusedError):
        portfolio.call("strategy.publish", strategy=str(uuid4()))


def test_objectives_that_ended_are_not_those_of_the_strategy(portfolio: Portfolio) -> None:
    begun = portfolio.call("strategy.begin", scope=SCOPE)
    for text, status in (("A", ObjectiveStatus.ACTIVE), ("B", ObjectiveStatus.ENDED)):
        portfolio.put(StrategicObjective, text=text, status=status, strategy_id=_id(begun))

    found = strategy_rows.objectives_of(portfolio.session, _id(begun))

    assert [objective.text for objective in found] == ["A"]


def _id(begun: dict[str, object]) -> UUID:
    return UUID(str(begun["id"]))
