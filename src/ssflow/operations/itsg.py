"""The IT steering group: who may vote, how votes are counted, and what was decided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.portfolio import Decision
from ssflow.operations.operation import (
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import day_of, form, id_of, identifier
from ssflow.operations.record_changes import add_record, new_number
from ssflow.sentences import Sentence
from ssflow.store import people as people_rows
from ssflow.store import portfolio as portfolio_rows

MEMBER, CHAIR = "itsg_member", "itsg_chair"
_CASE = "ProcessInstance"
"""What a question is about that concerns no record: the case in which it was asked."""


@dataclass(frozen=True)
class Tally:
    """How a vote went; `leading` is None when nobody voted or the first two are equal."""

    votes: Mapping[str, int]
    cast: int
    abstained: int
    leading: str | None
    is_tie: bool


def count_votes(ballots: Sequence[Mapping[str, Any]], options: Sequence[str]) -> Tally:
    """Count the ballots: most votes wins.

    A ballot counts when it names one of the options and declares no interest; all others are
    abstentions, which do not count for the quorum. cast + abstained = number of ballots.
    It is a tie when two options share the highest number of votes and that is not zero.
    """
    counted = Counter(b.get("vote") for b in ballots if not b.get("interest_declared"))
    votes = {option: counted[option] for option in options}
    cast, most = sum(votes.values()), max(votes.values(), default=0)
    first = [option for option, number in votes.items() if number == most > 0]
    return Tally(
        votes=votes,
        cast=cast,
        abstained=len(ballots) - cast,
        leading=first[0] if len(first) == 1 else None,
        is_tie=len(first) > 1,
    )


@operation("itsg.members", "Find who may vote in the IT steering group", ask=form())
def find_members(context: OperationContext, given: dict[str, Any]) -> list[dict[str, str]]:
    """List the members who may vote on the question, by name.

    Left out are the chair, who decides only without a quorum or in a tie, those whom the caller
    excludes, and who declared an interest in the same matter before.
    """
    ask = given["ask"]
    today = context.calendar.local_date(context.now)
    barred = {id_of(person) for person in ask.get("exclude") or []}
    barred |= {user.id for user in people_rows.users_with_role(context.session, CHAIR, today)}
    barred |= _interested(context, id_of(ask.get("subject_id")))
    members = people_rows.users_with_role(context.session, MEMBER, today)
    return [{"user": str(m.id), "name": m.full_name} for m in members if m.id not in barred]


@operation(
    "itsg.tally",
    "Count the votes of the IT steering group",
    ballots=fields.List(fields.Dict(), required=True),
    options=fields.List(fields.String(), required=True),
)
def tally_ballots(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Count the votes."""
    tally = count_votes(given["ballots"], given["options"])
    return {
        "votes": dict(tally.votes),
        "cast": tally.cast,
        "abstained": tally.abstained,
        "leading": tally.leading,
        "tie": tally.is_tie,
    }


@operation(
    "itsg.record",
    "Record a decision of the IT steering group",
    ask=form(),
    tally=form(required=False),
    ballots=fields.List(fields.Dict(), required=True),
    by_chair=form(required=False),
    minutes=form(),
    chair=identifier(required=False),
)
def record_itsg_decision(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write down what the group decided, or its chair in its place, and tell the caller."""
    ask, minutes = given["ask"], given["minutes"]
    tally, by_chair = given["tally"] or {}, given["by_chair"]
    subject_id = id_of(ask.get("subject_id"))
    outcome = str(by_chair["vote"] if by_chair else tally.get("leading"))
    if outcome not in ask["options"]:
        message = Sentence(
            "“%(option)s” is none of the options that were put to the vote.", option=outcome
        )
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    decision = add_record(
        context,
        Decision(
            number=new_number(context, "DEC"),
            subject_type=(ask.get("subject_type") or _CASE) if subject_id else _CASE,
            subject_id=subject_id or context.instance_id,
            question=ask["question"],
            decision=outcome,
            conditions=minutes.get("conditions") or None,
            reason=minutes.get("wording") or None,
            decider=given["chair"] if by_chair else None,
            votes=given["ballots"],
            review_on=day_of(minutes.get("review_on")),
            decided_at=context.now,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    votes_for = tally.get("votes", {}).get(outcome, 0)
    return {
        "decision": outcome,
        "conditions": decision.conditions or "",
        "comment": decision.reason or "",
        "decision_id": str(decision.id),
        "decision_number": decision.number,
        "votes_for": votes_for,
        "votes_against": tally.get("cast", 0) - votes_for,
        "abstained": tally.get("abstained", 0),
    }


ITSG_OPERATIONS = (find_members, tally_ballots, record_itsg_decision)


def _interested(context: OperationContext, subject_id: UUID | None) -> set[UUID | None]:
    """Give who declared an interest when the group voted on this matter before."""
    if subject_id is None:
        return set()
    decisions = portfolio_rows.decisions_on(context.session, subject_id)
    ballots = [ballot for decision in decisions for ballot in decision.votes or []]
    return {id_of(b.get("member")) for b in ballots if b.get("interest_declared")}
