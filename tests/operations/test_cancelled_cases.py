"""What a cancelled case worked on comes to an end."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ssflow.domain.registers.budget import (
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetLine,
    Commitment,
)
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.strategy import StrategicObjective, StrategyDocument
from ssflow.operations.cancelled_cases import end_records
from tests.conftest import NOW
from tests.operations.conftest import Portfolio


def cancel(portfolio: Portfolio) -> None:
    portfolio.context.changes.clear()
    end_records(portfolio.context, "Started twice")
    portfolio.session.flush()


def told(portfolio: Portfolio) -> list[str]:
    return [change.kind for change in portfolio.context.changes]


def test_a_proposal_ends_with_its_new_service_and_gives_its_money_back(
    portfolio: Portfolio,
) -> None:
    proposal = portfolio.up_to("chartered")
    budget = portfolio.put(Budget, number="BUD-1", fiscal_year=2026)
    line = portfolio.put(
        BudgetLine, name="L", budget_id=budget.id, category="software", budget_class="capital"
    )
    promise = portfolio.put(
        Commitment,
        line_id=line.id,
        amount=Decimal(5),
        proposal_id=portfolio.proposal(proposal["id"]).id,
    )

    cancel(portfolio)

    ended = portfolio.proposal(proposal["id"])
    assert (ended.state, ended.outcome, ended.ended_reason) == (
        "cancelled",
        "cancelled",
        "Started twice",
    )
    assert (portfolio.service(proposal["id"]).state, promise.released) == ("cancelled", True)
    assert told(portfolio) == ["ServiceProposal", "Service", "Commitment"]


def test_the_service_of_a_change_stays_live(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    proposal = portfolio.up_to("defined", change_type="major", service=str(mail.id))

    cancel(portfolio)

    assert (portfolio.proposal(proposal["id"]).state, mail.state) == ("cancelled", "live")


def test_what_has_ended_and_what_other_cases_made_stays(portfolio: Portfolio) -> None:
    live = portfolio.up_to("live")
    other = portfolio.in_another_case().up_to("defined", title="Other")

    cancel(portfolio)

    states = [portfolio.proposal(one["id"]).state for one in (live, other)]
    assert (states, told(portfolio)) == (["live", "defined"], [])


@pytest.mark.parametrize(
    ("state", "is_answered", "ended"),
    [
        (FeedbackState.LOGGED, False, "invalid"),
        (FeedbackState.INVESTIGATING, False, "invalid"),
        (FeedbackState.DISPUTED, True, "closed"),
        (FeedbackState.RECORDED, False, "recorded"),
    ],
)
def test_feedback_waits_for_nobody_any_more(
    portfolio: Portfolio, state: FeedbackState, ended: str, *, is_answered: bool
) -> None:
    feedback = portfolio.put(
        Feedback,
        number="CMP-1",
        subject="s",
        description="d",
        sender={},
        sender_key="k",
        state=state,
        replied_at=NOW - timedelta(days=1) if is_answered else None,
        instance_id=portfolio.context.instance_id,
    )

    cancel(portfolio)

    assert feedback.state == ended


@pytest.mark.parametrize(
    ("decision", "state"), [("approve", "live"), ("approve_with_conditions", "live")]
)
def test_a_service_whose_retirement_is_cancelled_is_kept(
    portfolio: Portfolio, decision: str, state: str
) -> None:
    mail = portfolio.live_service()
    portfolio.call("retirement.decide", service=str(mail.id), decision=decision)
    mail.retire_by(date(2026, 9, 1), None)

    cancel(portfolio)

    assert (mail.state, mail.end_date) == (state, None)


def test_a_service_that_another_case_retires_keeps_its_end(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    portfolio.call("retirement.decide", service=str(mail.id), decision="rework")
    mail.retire_by(date(2026, 9, 1), None)

    cancel(portfolio)

    assert mail.state == "retiring"


def test_an_amendment_is_refused(portfolio: Portfolio) -> None:
    budget = portfolio.put(Budget, number="BUD-1", fiscal_year=2026)
    amendment = portfolio.put(
        BudgetAmendment,
        number="AMD-1",
        budget_id=budget.id,
        kind="supplement",
        amount=Decimal(5),
        budget_class=BudgetClass.CAPITAL,
        instance_id=portfolio.context.instance_id,
    )

    cancel(portfolio)

    assert (amendment.state, amendment.outcome) == ("refused", "Started twice")


@pytest.mark.parametrize(
    ("state", "ended", "objective"),
    [
        ("assessing", "rejected", "ended"),
        ("submitted", "rejected", "ended"),
        ("active", "active", "proposed"),
    ],
)
def test_a_strategy_that_was_not_decided_is_rejected(
    portfolio: Portfolio, state: str, ended: str, objective: str
) -> None:
    strategy = portfolio.put(
        StrategyDocument,
        number="STR-1",
        title="t",
        horizon_from=date(2026, 1, 1),
        horizon_to=date(2028, 1, 1),
        state=state,
        instance_id=portfolio.context.instance_id,
    )
    wanted = portfolio.put(
        StrategicObjective, text="Grow", status="proposed", strategy_id=strategy.id
    )

    cancel(portfolio)
    portfolio.session.expire_all()

    assert (strategy.state, wanted.status) == (ended, objective)
