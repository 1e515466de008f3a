"""Free money and promises, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    Commitment,
    CostCategory,
)
from ssflow.domain.registers.portfolio import ServiceProposal
from ssflow.operations.funds import (
    FundsNeed,
    add_needs,
    commit_funds,
    free_lines,
    lock_funds,
    release_commitments,
)
from ssflow.operations.operation import OperationRefusedError
from ssflow.operations.proposal_funds import promise_money
from ssflow.store.budget import open_commitments_of
from tests.operations.conftest import Portfolio
from tests.services.office import Office

CAPITAL, OPERATIONAL = BudgetClass.CAPITAL, BudgetClass.OPERATIONAL


def a_budget(portfolio: Portfolio, year: int = 2026, **values: Any) -> Budget:
    given = {"number": f"BUD-{year}-{uuid4()}", "state": BudgetState.APPROVED}
    budget: Budget = portfolio.put(Budget, fiscal_year=year, **given | values)
    return budget


def a_line(portfolio: Portfolio, budget: Budget, amount: int, **values: Any) -> BudgetLine:
    given = {"category": CostCategory.SOFTWARE, "budget_class": CAPITAL, "name": f"Line {amount}"}
    line: BudgetLine = portfolio.put(
        BudgetLine, budget_id=budget.id, amount=Decimal(amount), **given | values
    )
    return line


def a_proposal(portfolio: Portfolio) -> UUID:
    told = {"number": f"PRP-{uuid4()}", "title": "Mail", "change_type": "new"}
    proposal: ServiceProposal = portfolio.put(ServiceProposal, **told)
    return proposal.id


def need(amount: int, budget_class: BudgetClass = CAPITAL, year: int = 2026) -> FundsNeed:
    return FundsNeed(budget_class, year, Decimal(amount))


def free_funds(portfolio: Portfolio, budget_class: BudgetClass, year: int) -> Decimal:
    lines = free_lines(portfolio.session, budget_class, year)
    return sum((one.free for one in lines), Decimal(0))


def promise(portfolio: Portfolio, proposal: UUID, *needs: FundsNeed) -> list[Commitment]:
    """Promise from the lines with the most free money first."""
    lock_funds(portfolio.session, needs)
    made: list[Commitment] = []
    for one in add_needs(needs):
        offers = free_lines(portfolio.session, one.budget_class, one.fiscal_year)
        made += commit_funds(portfolio.context, proposal, one, offers, "PRP-1")
    return made


def test_free_money_is_what_approved_lines_have_not_promised(portfolio: Portfolio) -> None:
    budget = a_budget(portfolio)
    one, other = a_line(portfolio, budget, 100), a_line(portfolio, budget, 50)
    a_line(portfolio, budget, 70, budget_class=OPERATIONAL)
    a_line(portfolio, budget, 1000, is_funded=False)
    a_line(portfolio, budget, 30, frozen=Decimal(20))
    portfolio.put(Commitment, line_id=one.id, amount=Decimal(40))
    portfolio.put(Commitment, line_id=other.id, amount=Decimal(50), released=True)

    assert free_funds(portfolio, CAPITAL, 2026) == 60 + 50 + 10
    assert free_funds(portfolio, OPERATIONAL, 2026) == 70
    assert free_funds(portfolio, CAPITAL, 2027) == 0


@pytest.mark.parametrize("state", sorted(set(BudgetState) - {BudgetState.APPROVED}))
def test_a_budget_that_is_not_approved_has_no_free_money(
    portfolio: Portfolio, state: BudgetState
) -> None:
    a_line(portfolio, a_budget(portfolio, state=state), 100)

    assert free_funds(portfolio, CAPITAL, 2026) == 0


def test_money_is_promised_from_the_lines_with_the_most_of_it(portfolio: Portfolio) -> None:
    budget, proposal = a_budget(portfolio), a_proposal(portfolio)
    small, large = a_line(portfolio, budget, 50), a_line(portfolio, budget, 100)

    made = promise(portfolio, proposal, need(70), need(50))

    assert [[c.line_id, c.amount, c.purpose] for c in made] == [
        [large.id, 100, "PRP-1"],
        [small.id, 20, "PRP-1"],
    ]
    assert free_funds(portfolio, CAPITAL, 2026) == 30
    assert [change.kind for change in portfolio.context.changes] == ["Commitment"] * 2


def test_money_that_is_not_there_is_not_promised(portfolio: Portfolio) -> None:
    budget, proposal = a_budget(portfolio), a_proposal(portfolio)
    a_line(portfolio, budget, 100)

    with pytest.raises(OperationRefusedError, match=r"lacks 20\.?0* EUR"):
        promise(portfolio, proposal, need(120))


def test_released_money_is_free_again(portfolio: Portfolio) -> None:
    budget, proposal, other = a_budget(portfolio), a_proposal(portfolio), a_proposal(portfolio)
    a_line(portfolio, budget, 100)
    promise(portfolio, proposal, need(60))
    promise(portfolio, other, need(10))

    released = release_commitments(portfolio.context, proposal)

    assert released == 60
    assert free_funds(portfolio, CAPITAL, 2026) == 90
    assert open_commitments_of(portfolio.session, proposal) == []
    assert release_commitments(portfolio.context, proposal) == 0


def test_two_that_promise_at_once_do_not_promise_more_than_there_is(office: Office) -> None:
    initiator = office.hire("finance_manager")
    with office.work() as work:
        portfolio = Portfolio(work.session, initiator)
        a_line(portfolio, a_budget(portfolio), 100)
        proposals = [a_proposal(portfolio) for _ in range(4)]
        context = portfolio.context
    calc = {"costs": [{"budget_class": "capital", "y0": 60}]}
    together = Barrier(len(proposals))

    def take(proposal_id: UUID) -> bool:
        together.wait()
        try:
            with office.work() as work:
                proposal = work.session.get_one(ServiceProposal, proposal_id)
                mine = replace(context, session=work.session, changes=[], effects=[])
                promise_money(mine, proposal, calc, {})
        except OperationRefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, proposals))

    assert sum(taken) == 1
