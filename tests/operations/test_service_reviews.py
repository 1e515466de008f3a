"""The portfolio review: what is known of services, how they are rated, what is written down."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.registers.budget import CostEntry
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import Document, Service, ServiceReview
from ssflow.domain.registers.work import ActionItem
from ssflow.operations.operation import EffectKind, OperationRefusedError
from ssflow.operations.service_reviews import cost_benefit_ratio, users_expected
from tests.conftest import NOW
from tests.operations.conftest import Portfolio

MONEY = st.decimals(min_value=0, max_value=10**9, places=2)


@given(cost=MONEY, benefit=MONEY.filter(bool))
def test_the_ratio_is_the_cost_of_each_euro_of_benefit(cost: Decimal, benefit: Decimal) -> None:
    ratio = cost_benefit_ratio(cost, benefit)

    assert 0 <= ratio <= Decimal("999.99")
    assert ratio == Decimal("999.99") or abs(ratio * benefit - cost) <= benefit * Decimal("0.005")


@given(MONEY)
def test_no_benefit_is_a_bad_ratio_but_an_unknown_one_is_none(cost: Decimal) -> None:
    assert cost_benefit_ratio(cost, Decimal(0)) == Decimal("9.99")
    assert cost_benefit_ratio(cost, None) == 0


@given(st.dictionaries(st.integers(2020, 2040), st.integers(0, 10**6)), st.integers(2015, 2045))
def test_users_are_those_expected_for_the_last_year_up_to_now(
    told: dict[int, int], year: int
) -> None:
    growth = [{"year": one, "users": users} for one, users in told.items()]

    expected = users_expected(growth, year)

    past = [one for one in told if one <= year]
    assert expected == (told[max(past)] if past else None)


def gather(portfolio: Portfolio, *services: str) -> list[Any]:
    return portfolio.call_list("review.gather", services=list(services))


def test_live_services_are_gathered_with_what_is_known(portfolio: Portfolio) -> None:
    made = portfolio.up_to("live")
    portfolio.put(Service, number="SRV-9", name="Pipeline")

    [found] = gather(portfolio)

    assert (found["service"], found["name"]) == (made["service_id"], "Fault reports")
    assert (found["yearly_cost"], found["yearly_benefit"]) == (40000.0, 46666.67)
    assert (found["users"], found["complaints"], found["former"]) == (200, 0, None)


def test_only_named_services_are_gathered(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    fax = portfolio.live_service(number="SRV-2025-0002", name="Fax")

    assert [one["name"] for one in gather(portfolio, str(fax.id))] == ["Fax"]
    assert [one["name"] for one in gather(portfolio)] == [mail.name, "Fax"]


def test_what_was_booked_and_complained_in_a_year_counts(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    for number, period in enumerate(("2025-02", "2025-03", "2026-02", "2026-03")):
        portfolio.put(
            CostEntry,
            document_no=f"D-{number}",
            period=period,
            booking_date=date(2026, 1, 1),
            gl="4000",
            amount=Decimal(100),
            service_id=mail.id,
        )
    for number, days in enumerate((10, 400)):
        complaint = portfolio.put(
            Feedback,
            number=f"CMP-{number}",
            subject="Slow",
            description="Slow",
            sender={},
            sender_key="x",
            kind="complaint",
            service_id=mail.id,
        )
        complaint.created_at = NOW - timedelta(days=days)
    portfolio.session.flush()

    [found] = gather(portfolio)

    assert (found["yearly_cost"], found["yearly_benefit"]) == (200.0, None)
    assert found["complaints"] == 1


def test_users_are_as_last_reviewed_else_as_the_charter_expects(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("approved")
    growth = [{"year": 2026, "users": 120}, {"year": 2027, "users": 300}]
    portfolio.charter(proposal["id"], growth=growth)
    portfolio.go_live(proposal["id"])
    expected = gather(portfolio)[0]["users"]
    portfolio.put(
        ServiceReview,
        service_id=portfolio.service(proposal["id"]).id,
        reviewed_on=date(2026, 1, 1),
        value_score=3,
        tech_score=3,
        users=80,
        disposition="renew",
    )

    [found] = gather(portfolio)

    assert (expected, found["users"], found["former"]) == (120, 80, "renew")


def rate(portfolio: Portfolio, **assessment: Any) -> dict[str, Any]:
    [service] = gather(portfolio)
    return portfolio.call("review.rate", service=service, assessment=assessment)


def test_a_rating_compares_cost_with_the_benefit_that_came_true(portfolio: Portfolio) -> None:
    portfolio.up_to("live")

    rated = rate(portfolio, value_score=2, tech_score="4", users=7, benefit_realised_pct=50)

    assert (rated["value_score"], rated["tech_score"], rated["users"]) == (2, 4, 7)
    assert (rated["yearly_benefit"], rated["ratio"]) == (23333.335, 1.71)


def test_a_silent_owner_gives_middle_scores_and_unknown_users(portfolio: Portfolio) -> None:
    portfolio.live_service()

    rated = rate(portfolio, is_default=True)

    assert (rated["value_score"], rated["tech_score"], rated["users"]) == (3, 3, -1)
    assert (rated["is_default"], rated["ratio"]) == (True, 0.0)


def test_a_score_out_of_range_is_refused(portfolio: Portfolio) -> None:
    portfolio.live_service()

    with pytest.raises(OperationRefusedError, match="rating"):
        rate(portfolio, value_score=6, tech_score=3, users=1)


def review(portfolio: Portfolio, reviewed: Service, **row: Any) -> list[Any]:
    rated = rate(portfolio, value_score=4, tech_score=2, users=9, benefit_realised_pct=100)
    told = {"service": str(reviewed.id), "disposition": "renew", "investment": "grow", "reason": ""}
    return portfolio.call_list(
        "review.record",
        reviews=[rated | {"disposition": "renew"}],
        rows=[told | row],
    )


def test_what_the_board_decides_is_kept_beside_what_was_proposed(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()

    [accepted] = review(portfolio, mail, disposition="retain", reason="No money")

    [kept] = portfolio.session.query(ServiceReview)
    assert (kept.proposed, kept.disposition, kept.reason) == ("renew", "retain", "No money")
    assert (accepted["disposition"], accepted["reason"]) == ("retain", "No money")
    assert (mail.investment, str(kept.reviewed_on)) == ("grow", "2026-03-02")


def test_a_service_without_a_row_is_not_reviewed(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    other = portfolio.put(Service, number="SRV-9", name="Other")

    assert review(portfolio, mail, service=str(other.id)) == []


def test_a_service_that_is_kept_is_looked_at_again_in_a_year(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()

    portfolio.call("review.retain", service=str(mail.id))

    assert str(mail.review_due) == "2027-03-02"


def test_merging_is_left_to_the_owner(portfolio: Portfolio) -> None:
    mail = portfolio.live_service(owner=portfolio.initiator)

    portfolio.call("review.merge", service=str(mail.id), reason="Chat does it too")

    [action] = portfolio.session.query(ActionItem)
    assert (action.kind, action.owner, action.source_id) == ("merge", portfolio.initiator, mail.id)


def test_the_report_names_every_service(portfolio: Portfolio) -> None:
    rows = [
        {"number": "SRV-1", "name": "Mail <b>", "disposition": "retire", "reason": "Old"},
        {"number": "SRV-2", "name": "Chat", "disposition": "retain", "reason": ""},
    ]

    told = portfolio.call("review.report", accepted=rows)

    [document], [effect] = portfolio.session.query(Document), portfolio.context.effects
    assert b"SRV-1 Mail &lt;b&gt;: retire" in document.content
    assert told["counts"] == {"retire": 1, "retain": 1}
    assert (effect.kind, effect.payload["to"]) == (EffectKind.NOTICE, ["it_director", "itsg_chair"])


def test_a_service_that_ends_while_it_is_reviewed_holds_up_no_other(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    fax = portfolio.live_service(number="SRV-2025-0002", name="Fax")
    assessment = {"value_score": 4, "tech_score": 4, "users": 7}
    reviews = [
        portfolio.call("review.rate", service=one, assessment=assessment)
        | {"disposition": "retain"}
        for one in gather(portfolio)
    ]
    rows = [{"service": one["service"], "disposition": "retain"} for one in reviews]
    fax.retire_by(date(2026, 9, 1), None)

    told = portfolio.call_list("review.record", reviews=reviews, rows=rows)

    assert [one["name"] for one in told] == ["Mail"]
    assert [one.service_id for one in portfolio.session.query(ServiceReview)] == [mail.id]
