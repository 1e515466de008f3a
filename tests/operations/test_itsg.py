"""The IT steering group: who may vote, how votes count, what is written down."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.identity import Role, RoleGrant, User
from ssflow.domain.registers.portfolio import Decision, ServiceProposal
from ssflow.operations.itsg import count_votes
from ssflow.operations.operation import OperationRefusedError, Refusal
from tests.conftest import NOW
from tests.operations.conftest import Portfolio

OPTIONS = ["approve", "rework", "reject"]
BALLOTS = st.lists(
    st.fixed_dictionaries(
        {"vote": st.sampled_from([*OPTIONS, "", "else"])},
        optional={"interest_declared": st.booleans(), "status": st.just("none")},
    )
)


@given(BALLOTS)
def test_every_ballot_is_either_cast_or_an_abstention(ballots: list[dict[str, Any]]) -> None:
    tally = count_votes(ballots, OPTIONS)

    assert tally.cast + tally.abstained == len(ballots)
    assert sum(tally.votes.values()) == tally.cast


@given(BALLOTS)
def test_who_leads_has_more_votes_than_any_other(ballots: list[dict[str, Any]]) -> None:
    tally = count_votes(ballots, OPTIONS)

    others = [number for option, number in tally.votes.items() if option != tally.leading]
    if tally.leading is None:
        assert tally.is_tie or tally.cast == 0
    else:
        assert tally.votes[tally.leading] > max(others)
        assert not tally.is_tie


@given(BALLOTS)
def test_who_declares_an_interest_never_counts(ballots: list[dict[str, Any]]) -> None:
    barred = [{**ballot, "interest_declared": True} for ballot in ballots]

    tally = count_votes(barred, OPTIONS)

    assert (tally.cast, tally.leading, tally.is_tie) == (0, None, False)


def test_equal_first_two_are_a_tie() -> None:
    tally = count_votes([{"vote": "approve"}, {"vote": "reject"}, {"vote": ""}], OPTIONS)

    assert (tally.is_tie, tally.leading, tally.cast, tally.abstained) == (True, None, 2, 1)


def person(portfolio: Portfolio, name: str, *roles: str, **grant: Any) -> str:
    user = User(name=name, full_name=name.capitalize(), created_at=NOW)
    portfolio.session.add(user)
    portfolio.session.flush()
    for role in roles:
        if portfolio.session.get(Role, role) is None:
            portfolio.session.add(Role(key=role, title=role))
            portfolio.session.flush()
        portfolio.session.add(RoleGrant(user_id=user.id, role=role, **grant))
    portfolio.session.flush()
    return str(user.id)


def members(portfolio: Portfolio, **ask: Any) -> list[str]:
    found = portfolio.call_list("itsg.members", ask={"question": "?", **ask})
    return [member["name"] for member in found]


def test_members_vote_but_not_the_chair_nor_who_is_excluded(portfolio: Portfolio) -> None:
    person(portfolio, "anna", "itsg_member")
    bram = person(portfolio, "bram", "itsg_member")
    person(portfolio, "carla", "itsg_member", "itsg_chair")
    person(portfolio, "dora", "itsg_chair")
    person(portfolio, "ended", "itsg_member", valid_to=date(2020, 1, 1))

    assert members(portfolio) == ["Anna", "Bram"]
    assert members(portfolio, exclude=[bram, None]) == ["Anna"]


def test_an_interest_declared_before_bars_from_the_same_matter_only(portfolio: Portfolio) -> None:
    anna = person(portfolio, "anna", "itsg_member")
    person(portfolio, "bram", "itsg_member")
    subject = portfolio.put(ServiceProposal, number="PRP-1", title="X", change_type="new").id
    portfolio.put(
        Decision,
        number="DEC-1",
        subject_type="ServiceProposal",
        subject_id=subject,
        question="?",
        decision="rework",
        decided_at=NOW,
        votes=[{"member": anna, "interest_declared": True}],
    )

    assert members(portfolio, subject_id=str(subject)) == ["Bram"]
    assert members(portfolio, subject_id=str(uuid4())) == ["Anna", "Bram"]


def record(portfolio: Portfolio, **changes: Any) -> dict[str, Any]:
    ask = {"question": "Buy?", "options": OPTIONS, "subject_type": "Service", "subject_id": None}
    given_: dict[str, Any] = {
        "ask": ask,
        "tally": {
            "votes": {"approve": 2, "reject": 1},
            "cast": 3,
            "abstained": 1,
            "leading": "approve",
        },
        "ballots": [{"member": str(portfolio.initiator), "vote": "approve"}],
        "by_chair": None,
        "minutes": {"wording": "Buy.", "conditions": "", "review_on": "2026-09-01"},
        "chair": str(portfolio.initiator),
    }
    return portfolio.call("itsg.record", **given_ | changes)


def test_what_the_group_decides_is_a_decision_with_its_votes(portfolio: Portfolio) -> None:
    told = record(portfolio)

    [decision] = portfolio.session.query(Decision)
    assert told == {
        "decision": "approve",
        "conditions": "",
        "comment": "Buy.",
        "decision_id": str(decision.id),
        "decision_number": "DEC-2026-0001",
        "votes_for": 2,
        "votes_against": 1,
        "abstained": 1,
    }
    assert (decision.decider, decision.review_on) == (None, date(2026, 9, 1))
    assert decision.votes == [{"member": str(portfolio.initiator), "vote": "approve"}]
    assert decision.subject_id == portfolio.context.instance_id
    assert decision.subject_type == "ProcessInstance"


def test_the_chair_decides_in_the_place_of_the_group(portfolio: Portfolio) -> None:
    told = record(portfolio, by_chair={"vote": "reject", "reason": "Too dear."})

    [decision] = portfolio.session.query(Decision)
    assert (told["decision"], told["votes_for"], told["votes_against"]) == ("reject", 1, 2)
    assert decision.decider == portfolio.initiator


@pytest.mark.parametrize("by_chair", [None, {"vote": "defer", "reason": "Later."}])
def test_an_answer_that_was_not_offered_is_refused(
    portfolio: Portfolio, by_chair: dict[str, str] | None
) -> None:
    with pytest.raises(OperationRefusedError) as refused:
        record(portfolio, tally=None, by_chair=by_chair)

    assert refused.value.code == Refusal.WRONG_PARAMETER
    assert portfolio.session.query(Decision).count() == 0
