"""From which state a budget, an amendment or a month may go where."""

from decimal import Decimal
from uuid import uuid4

import pytest

from ssflow.domain.registers.budget import (
    GIVEN_UP,
    AmendmentKind,
    AmendmentState,
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetPeriod,
    BudgetState,
    Commitment,
    PeriodState,
)
from ssflow.domain.registers.portfolio import WrongStateError
from tests.conftest import NOW

PLANNING = [
    BudgetState.DRAFT,
    BudgetState.COLLECTING,
    BudgetState.CONSOLIDATING,
    BudgetState.SUBMITTED,
]


def budget(state: BudgetState) -> Budget:
    return Budget(number="BUD-1", fiscal_year=2027, state=state, created_at=NOW, created_by="x")


def amendment() -> BudgetAmendment:
    return BudgetAmendment(
        number="AMD-1",
        budget_id=uuid4(),
        kind=AmendmentKind.TRANSFER,
        amount=Decimal(1),
        budget_class=BudgetClass.CAPITAL,
        created_at=NOW,
        created_by="x",
    )


def month(state: PeriodState) -> BudgetPeriod:
    return BudgetPeriod(
        name="BUD-1 2027-03",
        budget_id=uuid4(),
        period="2027-03",
        state=state,
        created_at=NOW,
        created_by="x",
    )


@pytest.mark.parametrize("state", PLANNING)
def test_a_planned_budget_goes_on_back_or_ends(state: BudgetState) -> None:
    for target in (*PLANNING, BudgetState.APPROVED, *GIVEN_UP):
        one = budget(state)
        one.move_to(target)
        assert one.state is target
    budget(state).require_planned()
    with pytest.raises(WrongStateError, match="BUD-1"):
        budget(state).move_to(BudgetState.CLOSED)


def test_an_approved_budget_can_only_be_closed() -> None:
    for target in set(BudgetState) - {BudgetState.CLOSED}:
        with pytest.raises(WrongStateError):
            budget(BudgetState.APPROVED).move_to(target)
    one = budget(BudgetState.APPROVED)
    one.move_to(BudgetState.CLOSED)
    assert one.state is BudgetState.CLOSED


@pytest.mark.parametrize("state", [*GIVEN_UP, BudgetState.CLOSED])
def test_a_budget_that_has_ended_goes_nowhere(state: BudgetState) -> None:
    for target in BudgetState:
        with pytest.raises(WrongStateError):
            budget(state).move_to(target)


@pytest.mark.parametrize("state", [BudgetState.APPROVED, BudgetState.CLOSED, *GIVEN_UP])
def test_lines_are_locked_once_the_budget_is_not_planned(state: BudgetState) -> None:
    with pytest.raises(WrongStateError, match="locked"):
        budget(state).require_planned()


@pytest.mark.parametrize("state", [AmendmentState.APPLIED, AmendmentState.REFUSED])
def test_an_amendment_is_decided_once(state: AmendmentState) -> None:
    one = amendment()

    one.decide(state)

    assert one.state is state
    for again in (AmendmentState.APPLIED, AmendmentState.REFUSED):
        with pytest.raises(WrongStateError, match="AMD-1"):
            one.decide(again)


def test_money_is_released_once() -> None:
    one = Commitment(line_id=uuid4(), amount=Decimal(5), created_at=NOW, created_by="x")

    one.release(NOW)

    assert (one.released, one.released_at) == (True, NOW)
    with pytest.raises(WrongStateError):
        one.release(NOW)


def test_only_a_closed_month_is_signed_and_then_it_is_locked() -> None:
    accountant = uuid4()
    with pytest.raises(WrongStateError, match="close it"):
        month(PeriodState.OPEN).sign(accountant, NOW, "C-1")
    one = month(PeriodState.CLOSED)
    one.require_not_signed()

    one.sign(accountant, NOW, "C-1")

    assert (one.state, one.signed_by, one.signed_at, one.certificate_no) == (
        "signed",
        accountant,
        NOW,
        "C-1",
    )
    with pytest.raises(WrongStateError, match="signed"):
        one.require_not_signed()
    with pytest.raises(WrongStateError, match="signed"):
        one.sign(accountant, NOW, "C-1")


def test_a_budget_begins_as_the_first_draft() -> None:
    one = Budget(number="BUD-1", fiscal_year=2027, created_at=NOW, created_by="x")

    assert (one.state, one.version, one.continuation) == ("draft", 1, False)
