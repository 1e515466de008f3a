"""What the operations on feedback do to the record, and whom they tell."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.registers.customers import Customer, CustomerTier
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.portfolio import Service
from ssflow.domain.registers.work import ActionItem, ActionState
from ssflow.operations.feedback import sender_key
from ssflow.operations.operation import EffectKind, OperationRefusedError, Refusal
from ssflow.operations.registry import OPERATIONS
from tests.conftest import NOW, MakeActor
from tests.operations.conftest import Portfolio

FB: dict[str, Any] = {
    "name": "Nadia",
    "email": "nadia@acme.example",
    "organisation": "Acme",
    "language": "nl",
    "kind_hint": "complaint",
    "subject": "Wrong bill",
    "description": "Ten mailboxes too many.",
    "service": None,
    "occurred_on": "2026-02-27",
    "desired_remedy": "A bill.",
    "channel": "web",
}
PRIORITY = {"priority": "P3", "response_wd": 5, "resolution_wd": 15}
ROUTING = {"handler_role": "finance_manager", "inform": ["brm"], "escalate_now": False}


class Desk(Portfolio):
    """One case of feedback in the hands of a test."""

    def triage(self, **changes: Any) -> dict[str, Any]:
        given = {"kind": "complaint", "category": "billing", "severity": "moderate", **changes}
        return self.call("feedback.triage", triage=given)

    def until_assigned(self, **changes: Any) -> Feedback:
        self.call("feedback.log", fb=FB)
        self.triage(**changes)
        self.call("feedback.assign", priority=PRIORITY, routing=ROUTING)
        return self.feedback

    def until_replied(self, **response: Any) -> Feedback:
        self.until_assigned()
        self.call("feedback.contact", contact={}, handler=str(self.initiator))
        self.call("feedback.send", response={"response_text": "You are right.", **response})
        return self.feedback

    @property
    def feedback(self) -> Feedback:
        return self.session.query(Feedback).filter_by(instance_id=self.context.instance_id).one()

    def after(self, time: timedelta) -> None:
        self.context = replace(self.context, now=self.context.now + time)

    def notices(self) -> dict[str, list[str]]:
        effects = [e for e in self.context.effects if e.kind is EffectKind.NOTICE]
        return {str(e.payload["template"]): list(e.payload["to"]) for e in effects}

    def started(self) -> list[Any]:
        return [e.payload for e in self.context.effects if e.kind is EffectKind.START_PROCESS]

    def refused(self, name: str, **parameters: Any) -> OperationRefusedError:
        with pytest.raises(OperationRefusedError) as caught:
            OPERATIONS[name].call(self.context, parameters)
        return caught.value

    def neighbour(self, **changes: Any) -> Feedback:
        """Put another complaint there."""
        values: Mapping[str, Any] = {
            "number": f"CMP-2025-{uuid4().hex[:6]}",
            "subject": "s",
            "description": "d",
            "sender": {},
            "sender_key": "other",
            "kind": "complaint",
            "category": "billing",
            "state": FeedbackState.CLOSED,
        }
        made: Feedback = self.put(Feedback, **{**values, **changes})
        return made


@pytest.fixture
def desk(session: Session, make_actor: MakeActor) -> Desk:
    return Desk(session, make_actor("initiator"))


def test_feedback_gets_numbers_in_order_and_finds_open_ones_of_the_sender(desk: Desk) -> None:
    first = desk.call("feedback.log", fb=FB)
    desk.context = desk.context_of(uuid4())
    second = desk.call("feedback.log", fb=FB | {"email": " NADIA@acme.example"})

    assert [first["number"], second["number"]] == ["CMP-2026-0001", "CMP-2026-0002"]
    assert first["duplicates"] == []
    assert [d["number"] for d in second["duplicates"]] == ["CMP-2026-0001"]


@pytest.mark.parametrize("name", ["name", "email", "language", "subject", "description"])
def test_feedback_without_its_words_is_refused_and_leaves_nothing(desk: Desk, name: str) -> None:
    refusal = desk.refused("feedback.log", fb=FB | {name: "  "})

    assert refusal.code is Refusal.WRONG_PARAMETER
    assert name in refusal.message
    assert desk.session.query(Feedback).count() == 0


def test_the_sender_is_told_in_their_language_and_led_to_the_status_page(desk: Desk) -> None:
    desk.call("feedback.log", fb=FB)
    desk.call("feedback.acknowledge")

    [effect] = desk.context.effects
    assert effect.payload["to"] == ["nadia@acme.example"]
    assert effect.payload["language"] == "nl"
    assert effect.payload["link"] == "/public/feedback/status?reference=CMP-2026-0001"


def test_the_tier_of_a_customer_and_earlier_complaints_count(desk: Desk) -> None:
    key = desk.put(Customer, name="Key", tier=CustomerTier.KEY)
    for _ in range(2):
        desk.neighbour(customer_id=key.id)
    desk.neighbour(customer_id=key.id, category="availability")
    desk.neighbour(customer_id=key.id, state=FeedbackState.INVALID)
    desk.call("feedback.log", fb=FB)

    found = desk.triage(customer=str(key.id))

    assert found == {"customer_tier": "key", "repeat_count": 2}


def test_a_sender_without_customer_is_a_standard_one_without_history(desk: Desk) -> None:
    desk.call("feedback.log", fb=FB)

    assert desk.triage() == {"customer_tier": "standard", "repeat_count": 0}


def test_dates_are_promised_in_working_days_and_people_informed(desk: Desk) -> None:
    feedback = desk.until_assigned()

    calendar = desk.context.calendar
    assert feedback.due_response_at == calendar.due_after(NOW, 5)
    assert feedback.due_resolution_at == calendar.due_after(NOW, 15)
    assert desk.notices()["complaint_assigned"] == ["finance_manager", "brm"]


def test_a_late_contact_is_flagged_once_and_only_while_there_was_none(desk: Desk) -> None:
    desk.until_assigned()

    assert desk.call("feedback.miss_contact") == {"breached": True}
    assert desk.feedback.response_breached
    assert desk.notices()["holding_reply"] == ["nadia@acme.example"]


def test_a_contact_in_time_is_not_flagged(desk: Desk) -> None:
    desk.until_assigned()
    desk.call("feedback.contact", contact={}, handler=str(desk.initiator))

    assert desk.call("feedback.miss_contact") == {"breached": False}
    assert not desk.feedback.response_breached


def test_nobody_hears_of_a_complaint_about_a_person_but_who_must(desk: Desk) -> None:
    desk.until_assigned(category="staff_conduct")
    desk.call("feedback.miss_contact")

    assert desk.notices()["complaint_contact_late"] == ["complaint_manager"]


def test_waiting_for_the_customer_moves_the_reply_on(desk: Desk) -> None:
    feedback = desk.until_assigned()
    due_at = feedback.due_resolution_at
    assert due_at is not None
    desk.call("feedback.contact", contact={}, handler=str(desk.initiator))
    desk.call("feedback.ask", question="Which?")
    desk.after(timedelta(days=3))

    track = desk.call("feedback.resume", reply={"text": "These.", "files": []})

    assert track["resolution_at"] == (due_at + timedelta(days=3)).isoformat()
    assert [line["by"] for line in feedback.replies] == ["us", "customer"]


def test_a_clock_that_stands_still_in_its_last_second_is_not_looked_at_all_the_time(
    desk: Desk,
) -> None:
    feedback = desk.until_assigned()
    desk.call("feedback.contact", contact={}, handler=str(desk.initiator))
    assert feedback.due_resolution_at is not None
    last_second = feedback.due_resolution_at - timedelta(seconds=1)
    desk.context = replace(desk.context, now=last_second)
    desk.call("feedback.ask", question="Which?")
    desk.after(timedelta(days=1))

    look = desk.call("feedback.look")

    assert look["status"] == "later"
    assert datetime.fromisoformat(look["until"]) == desk.context.now + timedelta(hours=1)


def test_a_complaint_can_be_taken_over_by_somebody_else_but_not_by_whom_it_is_about(
    desk: Desk, make_actor: MakeActor
) -> None:
    about, other = make_actor("about"), make_actor("other")
    desk.until_assigned(about_user=str(about.user_id))

    refusal = desk.refused(
        "feedback.take_over",
        takeover={"step": "reassign", "new_handler": str(about.user_id), "reason": "x"},
    )
    desk.call(
        "feedback.take_over",
        takeover={"step": "reassign", "new_handler": str(other.user_id), "reason": "x"},
    )

    assert "their own conduct" in refusal.message
    assert desk.feedback.handler == other.user_id


def test_taking_over_what_is_answered_changes_nothing(desk: Desk) -> None:
    feedback = desk.until_replied()
    before = feedback.due_resolution_at

    taken = desk.call(
        "feedback.take_over", takeover={"step": "extend", "new_due": "2026-12-01", "reason": "x"}
    )

    assert taken == {"step": "none"}
    assert feedback.due_resolution_at == before


def test_an_escalation_asks_the_it_steering_group(desk: Desk) -> None:
    desk.until_assigned()
    desk.call("feedback.take_over", takeover={"step": "escalate", "reason": "Nobody answers."})

    assert [payload["key"] for payload in desk.started()] == ["shared_itsg_decision"]


def test_a_reply_before_anybody_looked_is_refused(desk: Desk) -> None:
    desk.until_assigned()

    refusal = desk.refused("feedback.send", response={"response_text": "No."})

    assert refusal.code is Refusal.WRONG_STATE


def test_actions_are_planned_and_finished(desk: Desk) -> None:
    desk.until_replied()
    row = {"what": "Correct the bill", "owner": str(desk.initiator), "due": "2026-03-20"}
    [planned] = OPERATIONS["feedback.plan"].call(desk.context, {"actions": [row]})

    assert planned["late_on"] == "2026-03-27"
    done = {"status": "done", "result": "Corrected."}
    desk.call("feedback.finish_action", action=planned, result=done)
    item = desk.session.get_one(ActionItem, UUID(planned["id"]))
    assert (item.state, item.result, item.source_id) == (
        ActionState.DONE,
        "Corrected.",
        desk.feedback.id,
    )


def test_a_duplicate_needs_another_feedback_and_tells_it(desk: Desk) -> None:
    first = desk.neighbour(state=FeedbackState.ASSIGNED, sender_key=sender_key(FB["email"]))
    desk.call("feedback.log", fb=FB)
    triage = {"kind": "duplicate", "duplicate_of": str(desk.feedback.id)}

    refusal = desk.refused("feedback.end", outcome="merged", triage=triage)
    desk.call("feedback.end", outcome="merged", triage=triage | {"duplicate_of": str(first.id)})

    assert refusal.code is Refusal.WRONG_PARAMETER
    assert desk.feedback.merged_into == first.id
    assert "Ten mailboxes too many." in first.replies[-1]["text"]


def test_what_somebody_wrote_is_told_to_no_other_sender_of_the_same(desk: Desk) -> None:
    first = desk.neighbour(state=FeedbackState.ASSIGNED, sender_key=sender_key("olaf@x.example"))
    desk.call("feedback.log", fb=FB)

    triage = {"kind": "duplicate", "duplicate_of": str(first.id)}
    desk.call("feedback.end", outcome="merged", triage=triage)

    assert (desk.feedback.merged_into, first.replies) == (first.id, [])


def test_closing_counts_the_topic_of_the_last_ninety_days(desk: Desk) -> None:
    service = desk.put(Service, number="SRV-1", name="Mail")
    for days in (1, 89, 91):
        old = desk.neighbour(service_id=service.id)
        old.created_at = NOW - timedelta(days=days)
    desk.neighbour(service_id=service.id, state=FeedbackState.MERGED)
    feedback = desk.until_replied()
    feedback.service_id = service.id

    closed = desk.call("feedback.close", verify={"csat": 4})

    assert closed["same_topic_90d"] == 3
    assert (feedback.state, feedback.satisfaction) == (FeedbackState.CLOSED, 4)


def test_a_topic_that_comes_up_often_has_its_service_reviewed_and_no_other(desk: Desk) -> None:
    service = desk.put(Service, number="SRV-1", name="Mail")
    desk.until_replied().service_id = service.id

    desk.call("feedback.follow_on", process="spm_portfolio_review")

    assert desk.started() == [
        {"key": "spm_portfolio_review", "variables": {"services": [str(service.id)]}}
    ]


def test_a_topic_of_no_service_has_nothing_reviewed(desk: Desk) -> None:
    desk.until_replied().service_id = None

    desk.call("feedback.follow_on", process="spm_portfolio_review")

    assert desk.started() == []


def test_the_customer_is_asked_three_days_later_how_it_went(desk: Desk) -> None:
    desk.until_replied()

    desk.call("feedback.follow_on", process="brm_survey")

    [asked] = desk.started()
    variables = asked["variables"]
    assert (asked["key"], variables["kind"]) == ("brm_survey", "complaint")
    assert variables["not_before"] == (NOW.date() + timedelta(days=3)).isoformat()
    assert variables["from_feedback"] == "CMP-2026-0001"


def test_an_operation_without_feedback_is_refused(desk: Desk) -> None:
    assert desk.refused("feedback.alert").code is Refusal.NOT_FOUND


def test_every_change_is_told_with_what_was_before(desk: Desk) -> None:
    desk.until_replied(upheld="partly")

    change = desk.context.changes[-1]
    assert change.kind == "Feedback"
    assert change.number == "CMP-2026-0001"
    assert change.before is not None
    assert (change.before["upheld"], change.after["upheld"]) == (None, "partly")
