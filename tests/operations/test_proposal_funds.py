"""The money of proposals: when it counts, whose lines it is, what is promised and given back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.registers.budget import Budget, BudgetLine, BudgetState, Commitment
from ssflow.operations.operation import EffectKind, OperationRefusedError
from ssflow.operations.proposal_funds import yearly_needs
from tests.operations.conftest import Portfolio

CALC = {
    "tco3": 120000,
    "costs": [
        {"category": "hardware", "budget_class": "capital", "y0": 60000, "y1": 0, "y2": 0},
        {"category": "personnel", "budget_class": "operational", "y0": 0, "y1": 30000, "y2": 30000},
    ],
}


def budget(portfolio: Portfolio, year: int, state: BudgetState = BudgetState.APPROVED) -> Budget:
    made: Budget = portfolio.put(Budget, number=f"BUD-{year}-0001", fiscal_year=year, state=state)
    return made


def line(portfolio: Portfolio, of: Budget, amount: int, **values: Any) -> BudgetLine:
    told = {"name": "Hardware", "category": "hardware", "budget_class": "capital"}
    made: BudgetLine = portfolio.put(
        BudgetLine, budget_id=of.id, amount=Decimal(amount), **told | values
    )
    return made


def funds(portfolio: Portfolio, proposal: str) -> dict[str, Any]:
    return portfolio.call("proposal.funds", proposal=proposal, calc=CALC)


def promised(portfolio: Portfolio) -> list[tuple[str, str]]:
    query = portfolio.session.query(Commitment).filter_by(released=False)
    found = sorted(query, key=lambda c: -c.amount)
    names = {one.id: one.name for one in portfolio.session.query(BudgetLine)}
    return [(names[c.line_id], str(c.amount)) for c in found]


def test_where_nobody_keeps_budgets_nothing_is_held_against_a_proposal(
    portfolio: Portfolio,
) -> None:
    proposal = portfolio.up_to("analysed")

    told = funds(portfolio, proposal["id"])

    assert told["available"]
    assert (told["needs"], told["unchecked"]) == ([], [2026, 2027, 2028])


def test_years_with_an_approved_budget_count(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    line(portfolio, budget(portfolio, 2026), 50000)
    budget(portfolio, 2027, BudgetState.SUBMITTED)

    told = funds(portfolio, proposal["id"])

    assert not told["available"]
    assert told["missing"] == [{"budget_class": "capital", "year": 2026, "amount": 10000.0}]
    assert (told["shortfall"], told["unchecked"]) == (10000.0, [2027, 2028])


def test_this_year_counts_also_while_its_budget_is_planned(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    line(portfolio, budget(portfolio, 2026, BudgetState.COLLECTING), 90000)

    assert funds(portfolio, proposal["id"])["shortfall"] == 60000.0


def test_lines_of_other_services_have_to_be_named(portfolio: Portfolio) -> None:
    proposal, mail = portfolio.up_to("analysed"), portfolio.live_service()
    of = budget(portfolio, 2026)
    general = line(portfolio, of, 40000, name="General")
    other = line(portfolio, of, 70000, name="Mail", service_id=mail.id)

    told = funds(portfolio, proposal["id"])
    named = [{"line": str(other.id), "amount": 20000}]
    portfolio.call(
        "proposal.approve",
        proposal=proposal["id"],
        calc=CALC,
        funding={"outcome": "reallocated", "from_lines": named},
    )

    assert told["shortfall"] == 20000.0
    assert [(c["line"], c["free"]) for c in told["candidates"]] == [(str(other.id), 70000.0)]
    assert promised(portfolio) == [("General", "40000.00"), ("Mail", "20000.00")]
    assert general.amount == 40000


def test_a_promise_needs_all_of_the_money(portfolio: Portfolio) -> None:
    proposal, mail = portfolio.up_to("analysed"), portfolio.live_service()
    other = line(portfolio, budget(portfolio, 2026), 70000, service_id=mail.id)
    named = [{"line": str(other.id), "amount": 50000}]

    with pytest.raises(OperationRefusedError, match=r"lacks 10000\.00 EUR"):
        portfolio.call(
            "proposal.approve",
            proposal=proposal["id"],
            calc=CALC,
            funding={"outcome": "reallocated", "from_lines": named},
        )


def test_a_proposal_that_ends_gives_its_money_back(portfolio: Portfolio) -> None:
    line(portfolio, budget(portfolio, 2026), 60000)
    proposal = portfolio.up_to("analysed")
    portfolio.call("proposal.approve", proposal=proposal["id"], calc=CALC)
    before = promised(portfolio)

    portfolio.call("proposal.close", proposal=proposal["id"], outcome="rejected")

    assert (before, promised(portfolio)) == ([("Hardware", "60000.00")], [])


def test_what_a_proposal_holds_already_is_free_for_it(portfolio: Portfolio) -> None:
    line(portfolio, budget(portfolio, 2026), 60000)
    proposal, other = portfolio.up_to("analysed"), portfolio.in_another_case()
    portfolio.call("proposal.approve", proposal=proposal["id"], calc=CALC)
    rival = other.up_to("analysed", title="Other")

    assert funds(portfolio, proposal["id"])["available"]
    assert funds(other, rival["id"])["shortfall"] == 60000.0


def test_money_that_is_held_is_not_promised_twice(portfolio: Portfolio) -> None:
    line(portfolio, budget(portfolio, 2026), 60000)
    proposal = portfolio.up_to("analysed")
    portfolio.call("proposal.approve", proposal=proposal["id"], calc=CALC)
    portfolio.charter(proposal["id"])
    portfolio.score(proposal["id"], portfolio.analyse_figures())

    portfolio.call("proposal.approve", proposal=proposal["id"], calc=CALC)

    assert promised(portfolio) == [("Hardware", "60000.00")]


def test_a_supplement_is_asked_for_the_largest_sum(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    missing = [
        {"budget_class": "capital", "year": 2026, "amount": 100.0},
        {"budget_class": "operational", "year": 2027, "amount": 300.0},
    ]

    portfolio.call(
        "proposal.request_supplement", proposal=proposal["id"], funds={"missing": missing}
    )

    [effect] = portfolio.context.effects
    asked = effect.payload["variables"]
    assert (effect.kind, effect.payload["key"]) == (
        EffectKind.START_PROCESS,
        "fin_budget_amendment",
    )
    assert (asked["kind"], asked["amount"], asked["fiscal_year"]) == ("supplement", 300.0, 2027)
    assert asked["reply_to"] == proposal["number"]


AMOUNTS = st.decimals(min_value=0, max_value=10**7, places=2)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "budget_class": st.sampled_from(["capital", "operational", "strategic"]),
            "y0": AMOUNTS,
            "y1": AMOUNTS,
            "y2": AMOUNTS,
        }
    )
)


@given(ROWS, st.integers(2000, 2100))
def test_needs_hold_every_cent_of_the_costs_in_its_year(
    rows: list[dict[str, Any]], first: int
) -> None:
    needs = yearly_needs(rows, first)

    for offset, year in enumerate(("y0", "y1", "y2")):
        told = sum((n.amount for n in needs if n.fiscal_year == first + offset), Decimal(0))
        assert told == sum((row[year] for row in rows), Decimal(0))
    assert len({(n.budget_class, n.fiscal_year) for n in needs}) == len(needs)
    assert all(need.amount > 0 for need in needs)
