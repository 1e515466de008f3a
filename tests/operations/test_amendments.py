"""Operations on approved budgets: what each changes and what it refuses."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from ssflow.domain.registers.budget import (
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetLine,
    BudgetState,
    Commitment,
    CostCategory,
)
from ssflow.domain.registers.portfolio import Decision
from ssflow.operations.amendments import AmendmentRequest, request_amendment
from ssflow.operations.operation import EffectKind, OperationRefusedError, Refusal
from tests.operations.conftest import Portfolio

YES = {"decision": "approve", "comment": "", "decider": None, "decision_id": None}


@pytest.fixture
def budget(portfolio: Portfolio) -> Budget:
    made: Budget = portfolio.put(
        Budget, number="BUD-2026-0001", fiscal_year=2026, state=BudgetState.APPROVED
    )
    return made


def a_line(portfolio: Portfolio, budget: Budget, name: str, amount: int, **told: Any) -> BudgetLine:
    given = {"budget_class": BudgetClass.OPERATIONAL, "category": CostCategory.SOFTWARE}
    line: BudgetLine = portfolio.put(
        BudgetLine,
        budget_id=budget.id,
        name=name,
        amount=Decimal(amount),
        phasing=[str(amount), *["0"] * 11],
        **given | told,
    )
    return line


def ask(portfolio: Portfolio, budget: Budget, kind: str, amount: Any, **told: Any) -> Any:
    named = {key: str(value) if isinstance(value, UUID) else value for key, value in told.items()}
    return portfolio.call(
        "amendment.open", kind=kind, amount=amount, budget=str(budget.id), **named
    )


def apply(portfolio: Portfolio, asked: dict[str, Any], **verdict: Any) -> dict[str, Any]:
    return portfolio.call("amendment.apply", amendment=asked["id"], verdict={**YES, **verdict})


def test_a_transfer_moves_money_and_raises_the_version(
    portfolio: Portfolio, budget: Budget
) -> None:
    one, other = a_line(portfolio, budget, "A", 100), a_line(portfolio, budget, "B", 50)
    asked = ask(portfolio, budget, "transfer", "30", from_line=one.id, to_line=other.id)

    told = apply(portfolio, asked, decider=str(portfolio.initiator), comment="Fine.")

    assert (asked["is_possible"], asked["problem"], asked["crosses_class"]) == (True, "", False)
    assert told == {"state": "applied", "budget_version": 2}
    assert [one.amount, other.amount] == [Decimal(70), Decimal(80)]
    assert budget.version == 2
    assert (one.phasing[0], other.phasing[0]) == ("70.00", "80.00")
    [decision] = portfolio.session.scalars(select(Decision))
    [amendment] = portfolio.session.scalars(select(BudgetAmendment))
    assert (decision.decider, amendment.decision_id) == (portfolio.initiator, decision.id)
    assert amendment.outcome == "Fine."


@pytest.mark.parametrize(
    ("amount", "words"),
    [("100.01", "EUR 100.00 free"), ("0", "more than nothing"), ("-1", "more than nothing")],
)
def test_a_transfer_that_cannot_be_is_told_why(
    portfolio: Portfolio, budget: Budget, amount: str, words: str
) -> None:
    one, other = a_line(portfolio, budget, "A", 100), a_line(portfolio, budget, "B", 50)

    asked = ask(portfolio, budget, "transfer", amount, from_line=one.id, to_line=other.id)

    assert asked["is_possible"] is False
    assert words in asked["problem"]


def test_a_transfer_names_two_different_lines(portfolio: Portfolio, budget: Budget) -> None:
    one = a_line(portfolio, budget, "A", 100)

    assert (
        "to another"
        in ask(portfolio, budget, "transfer", 1, from_line=one.id, to_line=one.id)["problem"]
    )
    assert "names the line" in ask(portfolio, budget, "transfer", 1, to_line=one.id)["problem"]


def test_money_that_was_promised_meanwhile_is_not_moved(
    portfolio: Portfolio, budget: Budget
) -> None:
    one, other = a_line(portfolio, budget, "A", 100), a_line(portfolio, budget, "B", 50)
    asked = ask(portfolio, budget, "transfer", 60, from_line=one.id, to_line=other.id)
    portfolio.put(Commitment, line_id=one.id, amount=Decimal(50))

    with pytest.raises(OperationRefusedError, match="free"):
        apply(portfolio, asked)

    assert [one.amount, other.amount] == [Decimal(100), Decimal(50)]
    assert budget.version == 1


def test_what_was_approved_and_cannot_be_done_any_more_is_told(
    portfolio: Portfolio, budget: Budget
) -> None:
    one, other = a_line(portfolio, budget, "A", 100), a_line(portfolio, budget, "B", 50)
    asked = ask(portfolio, budget, "transfer", 60, from_line=one.id, to_line=other.id)
    verdict = {**YES, "decider": str(portfolio.initiator), "comment": "Fine."}

    portfolio.call(
        "amendment.refuse", amendment=asked["id"], verdict=verdict, problem="A has EUR 40 free."
    )

    [amendment] = portfolio.session.scalars(select(BudgetAmendment))
    [decision] = portfolio.session.scalars(select(Decision))
    assert (amendment.state, amendment.outcome) == ("refused", "A has EUR 40 free.")
    assert (decision.decision, decision.reason) == ("approve", "Fine.")


def test_a_supplement_adds_to_a_line_or_makes_one(portfolio: Portfolio, budget: Budget) -> None:
    one = a_line(portfolio, budget, "A", 100)

    apply(portfolio, ask(portfolio, budget, "supplement", 20, to_line=one.id))
    asked = ask(portfolio, budget, "supplement", 10, budget_class="strategic", reason="New law")
    apply(portfolio, asked)

    made = portfolio.session.scalars(
        select(BudgetLine).where(BudgetLine.budget_class == BudgetClass.STRATEGIC)
    ).one()
    assert one.amount == 120
    assert (made.amount, made.justification) == (Decimal(10), "New law")
    assert len(made.phasing) == 12
    assert budget.version == 3


def test_frozen_money_stays_on_its_line(portfolio: Portfolio, budget: Budget) -> None:
    one = a_line(portfolio, budget, "A", 100)

    apply(portfolio, ask(portfolio, budget, "freeze", 60, from_line=one.id))

    assert [one.amount, one.frozen] == [Decimal(100), Decimal(60)]
    assert "EUR 40.00 free" in ask(portfolio, budget, "freeze", 41, to_line=one.id)["problem"]


def test_an_amendment_is_decided_once(portfolio: Portfolio, budget: Budget) -> None:
    asked = ask(portfolio, budget, "supplement", 5, budget_class="capital")
    told = portfolio.call(
        "amendment.refuse", amendment=asked["id"], verdict={"decision": "reject", "comment": "No."}
    )

    assert told == {"state": "refused"}
    [amendment] = portfolio.session.scalars(select(BudgetAmendment))
    assert amendment.outcome == "No."
    with pytest.raises(Exception, match="refused” already"):
        apply(portfolio, asked)


def test_what_the_steering_group_wrote_down_is_not_written_twice(
    portfolio: Portfolio, budget: Budget
) -> None:
    decision = portfolio.put(
        Decision,
        number="DEC-1",
        subject_type="BudgetAmendment",
        subject_id=uuid4(),
        question="?",
        decision="approve",
        decided_at=portfolio.context.now,
    )
    asked = ask(portfolio, budget, "supplement", 5, budget_class="capital")

    apply(portfolio, asked, decision_id=str(decision.id))

    assert len(list(portfolio.session.scalars(select(Decision)))) == 1
    assert portfolio.session.scalars(select(BudgetAmendment)).one().decision_id == decision.id


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"kind": "gift"}, Refusal.WRONG_PARAMETER),
        ({"amount": "much"}, Refusal.WRONG_PARAMETER),
        ({"budget_class": None}, Refusal.WRONG_PARAMETER),
        ({"budget": None}, Refusal.WRONG_PARAMETER),
        ({"budget": None, "fiscal_year": 2031}, Refusal.NOT_FOUND),
        ({"to_line": str(uuid4())}, Refusal.NOT_FOUND),
        ({"budget": str(uuid4())}, Refusal.NOT_FOUND),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    portfolio: Portfolio, budget: Budget, told: dict[str, Any], code: Refusal
) -> None:
    given = {"kind": "supplement", "amount": 5, "budget": str(budget.id)}

    with pytest.raises(OperationRefusedError) as refused:
        portfolio.call("amendment.open", **given | {"budget_class": "capital"} | told)

    assert refused.value.code is code
    assert list(portfolio.session.scalars(select(BudgetAmendment))) == []


@pytest.mark.parametrize("state", sorted(set(BudgetState) - {BudgetState.APPROVED}))
def test_only_an_approved_budget_is_amended(portfolio: Portfolio, state: BudgetState) -> None:
    budget = portfolio.put(Budget, number="BUD-1", fiscal_year=2026, state=state)

    with pytest.raises(OperationRefusedError, match="only an approved budget"):
        ask(portfolio, budget, "supplement", 5, budget_class="capital")


def test_a_request_of_another_process_carries_all_that_the_diagram_reads(
    portfolio: Portfolio, budget: Budget
) -> None:
    asked = AmendmentRequest(
        kind="supplement",
        amount=Decimal("12.50"),
        budget=budget.id,
        budget_class="capital",
        reply_to="PRP-1",
    )

    request_amendment(portfolio.context, asked)

    [effect] = portfolio.context.effects
    assert (effect.kind, effect.payload["key"]) == (
        EffectKind.START_PROCESS,
        "fin_budget_amendment",
    )
    variables = effect.payload["variables"]
    reply_to, told = variables["reply_to"], {k: v for k, v in variables.items() if k != "reply_to"}
    assert reply_to == "PRP-1"
    assert portfolio.call("amendment.open", **told)["is_possible"] is True


def test_a_supplement_funds_a_line_that_had_to_wait(portfolio: Portfolio, budget: Budget) -> None:
    wish = a_line(portfolio, budget, "Wish", 100, is_funded=False)
    asked = ask(portfolio, budget, "supplement", 30, to_line=wish.id)

    apply(portfolio, asked)

    assert (wish.is_funded, wish.amount, wish.phasing[0]) == (True, Decimal(30), "30.00")


def test_a_line_without_money_gives_none(portfolio: Portfolio, budget: Budget) -> None:
    wish = a_line(portfolio, budget, "Wish", 100, is_funded=False)
    other = a_line(portfolio, budget, "Licences", 100)

    asked = ask(portfolio, budget, "transfer", 30, from_line=wish.id, to_line=other.id)

    assert (asked["is_possible"], asked["from_free"]) == (False, 0.0)
