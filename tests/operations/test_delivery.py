"""Operations that bring an approved proposal to life: stages, gates, what follows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ssflow.domain.registers.portfolio import Charter, Decision, ServiceState, StageReport
from ssflow.operations.operation import EffectKind, OperationRefusedError
from tests.operations.conftest import Portfolio

MILESTONES = [
    {"stage": "design", "due": "2026-05-01"},
    {"stage": "development", "due": "2026-06-01"},
    {"stage": "test", "due": "2026-07-01"},
    {"stage": "deployment", "due": "2026-08-01"},
]


def chartered(portfolio: Portfolio, **registered: Any) -> str:
    proposal = portfolio.up_to("approved", **registered)
    portfolio.charter(proposal["id"], milestones=MILESTONES)
    return str(proposal["id"])


def report(portfolio: Portfolio, proposal: str, stage: str = "design", **told: Any) -> Any:
    form = {"done": "Drawn.", "spent_to_date": 20000, "forecast_total": "132000", "issues": ""}
    form |= {"finish": "2026-05-11", "recommend_stop": False, "evidence": []}
    return portfolio.call(
        "proposal.report_stage", proposal=proposal, stage=stage, report=form | told
    )


@pytest.mark.parametrize("stage", ["design", "development", "test", "deployment"])
def test_a_new_service_enters_the_stage_that_begins(portfolio: Portfolio, stage: str) -> None:
    proposal = chartered(portfolio)

    told = portfolio.call("proposal.begin_stage", proposal=proposal, stage=stage)

    due = {m["stage"]: m["due"] for m in MILESTONES}[stage]
    owner = str(portfolio.initiator)
    assert told == {"stage": stage, "due": due, "budget": 120000.0, "owner": owner}
    assert portfolio.service(proposal).state == stage


def test_a_live_service_stays_live_while_a_change_is_made(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    proposal = chartered(portfolio, change_type="minor", service=str(mail.id))

    portfolio.call("proposal.begin_stage", proposal=proposal, stage="test")

    assert mail.state == ServiceState.LIVE


def test_a_stage_report_is_compared_with_the_charter(portfolio: Portfolio) -> None:
    proposal = chartered(portfolio)

    told = report(portfolio, proposal)

    [stored] = portfolio.session.query(StageReport)
    assert told == {
        "report": str(stored.id),
        "overrun_pct": 10.0,
        "slip_days": 10,
        "forecast": 132000.0,
    }
    assert (stored.stage, str(stored.milestone), stored.gate) == ("design", "2026-05-01", None)
    assert (str(stored.spent), str(stored.budget)) == ("20000.00", "120000.00")


def test_the_gate_is_written_on_the_report_and_told_to_who_has_to_know(
    portfolio: Portfolio,
) -> None:
    proposal = chartered(portfolio)
    told = report(portfolio, proposal)
    portfolio.context.effects.clear()

    gate = {"gate": "reapprove", "notify": "portfolio_manager"}
    portfolio.call("proposal.pass_gate", proposal=proposal, report=told["report"], gate=gate)

    [stored], [effect] = portfolio.session.query(StageReport), portfolio.context.effects
    assert stored.gate == "reapprove"
    assert (effect.kind, effect.payload["to"]) == (EffectKind.NOTICE, ["portfolio_manager"])


def test_a_gate_that_goes_as_planned_tells_nobody(portfolio: Portfolio) -> None:
    proposal = chartered(portfolio)
    told = report(portfolio, proposal)
    portfolio.context.effects.clear()

    gate = {"gate": "proceed", "notify": ""}
    portfolio.call("proposal.pass_gate", proposal=proposal, report=told["report"], gate=gate)

    assert portfolio.context.effects == []


def test_what_delivery_costs_more_is_added_to_the_case(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")
    calc = portfolio.analyse(proposal["id"])
    portfolio.score(proposal["id"], calc)
    portfolio.call("proposal.approve", proposal=proposal["id"])
    portfolio.charter(proposal["id"], milestones=MILESTONES, budget="100000")

    told = portfolio.call(
        "proposal.reforecast", proposal=proposal["id"], calc=calc, forecast=115000
    )

    assert (calc["tco3"], told["tco3"]) == (120000.0, 135000.0)
    assert told["npv"] < calc["npv"]
    assert told["risk_level"] == calc["risk_level"]


def test_the_newest_charter_counts(portfolio: Portfolio) -> None:
    proposal = chartered(portfolio)
    later = portfolio.context.now + timedelta(days=40)
    portfolio.session.add(
        Charter(
            proposal_id=portfolio.proposal(proposal).id,
            scope="Again",
            version=2,
            budget=Decimal(132000),
            created_at=later,
            created_by="system",
        )
    )

    assert report(portfolio, proposal)["overrun_pct"] == 0.0


def test_only_what_is_chartered_has_stages(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("approved")

    with pytest.raises(OperationRefusedError, match="chartered"):
        portfolio.call("proposal.begin_stage", proposal=proposal["id"], stage="design")


@pytest.mark.parametrize(
    ("charge_model", "started"),
    [
        ("none", ["brm_sla", "brm_survey"]),
        ("chargeback", ["brm_sla", "fin_rate_setting", "brm_survey"]),
    ],
)
def test_a_new_service_is_followed_by_its_agreement_rate_and_survey(
    portfolio: Portfolio, charge_model: str, started: list[str]
) -> None:
    proposal = portfolio.up_to("live")
    portfolio.service(proposal["id"]).charge_model = charge_model
    portfolio.context.effects.clear()

    portfolio.call_list("service.follow_up", proposal=proposal["id"])

    assert [e.payload["key"] for e in portfolio.context.effects] == started
    survey = portfolio.context.effects[-1].payload["variables"]
    assert survey["not_before"] == "2026-04-01"
    assert {e.kind for e in portfolio.context.effects} == {EffectKind.START_PROCESS}


def test_a_changed_service_is_only_followed_by_a_survey(portfolio: Portfolio) -> None:
    mail = portfolio.live_service(charge_model="chargeback")
    proposal = portfolio.up_to("live", change_type="major", service=str(mail.id))
    portfolio.context.effects.clear()

    portfolio.call_list("service.follow_up", proposal=proposal["id"])

    assert [e.payload["key"] for e in portfolio.context.effects] == ["brm_survey"]


def test_a_proposal_rests_for_ninety_days_unless_a_day_is_named(portfolio: Portfolio) -> None:
    first = portfolio.up_to("analysed")
    other = portfolio.in_another_case()
    second = other.up_to("analysed", title="Other")

    rests = portfolio.call("proposal.defer", proposal=first["id"], reason="No money")
    named = other.call("proposal.defer", proposal=second["id"], until="2026-12-01")

    assert (rests, named["until"]) == ({"until": "2026-05-31", "reason": "No money"}, "2026-12-01")
    assert portfolio.proposal(first["id"]).state == "deferred"


def test_a_deferred_proposal_comes_back_with_a_new_case(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")
    calc = portfolio.analyse(proposal["id"])
    portfolio.score(proposal["id"], calc)
    portfolio.call("proposal.defer", proposal=proposal["id"])

    again = portfolio.score(proposal["id"], calc)

    assert again["case_version"] == 2
    assert portfolio.proposal(proposal["id"]).state == "analysed"


def test_a_decision_of_the_steering_group_is_not_recorded_twice(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    recorded = portfolio.put(
        Decision,
        number="DEC-9",
        subject_type="ServiceProposal",
        subject_id=portfolio.proposal(proposal["id"]).id,
        question="Approve?",
        decision="rework",
        reason="Too vague",
        decided_at=portfolio.context.now,
    )

    told = portfolio.decide(
        proposal["id"], "rework", recorded=str(recorded.id), route={"level": "itsg"}
    )

    assert (told["number"], told["comment"], told["rework_count"]) == ("DEC-9", "Too vague", 1)
    assert portfolio.session.query(Decision).count() == 1
    assert portfolio.proposal(proposal["id"]).route == {"level": "itsg"}


def test_a_proposal_that_lies_still_is_told_to_the_portfolio_managers(
    portfolio: Portfolio,
) -> None:
    proposal = portfolio.up_to("defined")

    portfolio.call("proposal.warn_stale", proposal=proposal["id"])

    [effect] = portfolio.context.effects
    assert effect.payload["to"] == ["portfolio_manager"]


def test_a_live_service_promises_what_its_change_defined_once_that_is_live(
    portfolio: Portfolio,
) -> None:
    mail = portfolio.live_service(
        availability_pct=Decimal(98), conditions="Mondays", charge_model="none"
    )
    proposal = portfolio.register(change_type="major", service=str(mail.id))
    portfolio.define(proposal["id"])
    portfolio.score(proposal["id"], portfolio.analyse(proposal["id"]))
    portfolio.decide(proposal["id"], "approve_with_conditions", conditions="Not in July")
    portfolio.call("proposal.approve", proposal=proposal["id"])
    portfolio.charter(proposal["id"], conditions="Not in July")
    before = (mail.availability_pct, mail.conditions, mail.utility)

    portfolio.call(
        "service.go_live", proposal=proposal["id"], release={}, charge_model="chargeback"
    )

    assert proposal["promised"]["availability_pct"] == 98
    assert before == (Decimal(98), "Mondays", None)
    assert (mail.availability_pct, mail.rto_hours) == (Decimal("99.5"), 4)
    assert (mail.conditions, mail.charge_model, mail.version) == ("Not in July", "chargeback", 2)


def test_a_change_of_a_service_that_is_ending_leaves_its_end_alone(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    proposal = chartered(portfolio, change_type="minor", service=str(mail.id))
    mail.retire_by(date(2026, 9, 1), None)

    portfolio.go_live(proposal)

    assert (mail.state, mail.end_date, mail.version) == ("retiring", date(2026, 9, 1), 2)
