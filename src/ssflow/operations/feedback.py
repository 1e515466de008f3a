"""Operations on feedback: from the first word of a customer to the last, and what follows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.feedback import (
    CONFIDENTIAL_READERS,
    Clock,
    Feedback,
    FeedbackState,
)
from ssflow.domain.registers.portfolio import Service, WrongStateError
from ssflow.domain.registers.work import ActionItem, ActionState
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    Operation,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import amount_of, day_of, form, id_of, identifier, one_of, text
from ssflow.operations.record_changes import add_record, changing, new_number
from ssflow.sentences import Sentence
from ssflow.store import feedback as feedback_rows
from ssflow.store import instances as instance_rows
from ssflow.store.user_tasks import move_due

MAX_DUPLICATES = 10
DUPLICATES_WORKING_DAYS = 10
TOPIC = timedelta(days=90)
"""How far back complaints count as the same topic."""
ACTION_GRACE = timedelta(days=7)
"""How long after its day an action may still be open before those in charge are told."""
LOOK_AGAIN_AFTER = timedelta(hours=1)
"""How soon the clock of a reply is looked at again while it stands still."""
SURVEY_AFTER = timedelta(days=3)
"""How long after a complaint was closed its customer is asked how it went."""
CHANNELS = ("web", "portal", "mail", "api", "desk", "survey", "review")
_MANAGER, _DIRECTOR = "complaint_manager", "it_director"
_REVIEW, _SURVEY = "spm_portfolio_review", "brm_survey"
_HANDLING = ("U_contact", "U_investigate", "U_response")
_EARLY = {
    "merged": FeedbackState.MERGED,
    "invalid": FeedbackState.INVALID,
    "withdrawn": FeedbackState.WITHDRAWN,
}
_REQUIRED = ("name", "email", "language", "subject", "description")


# --- intake --------------------------------------------------------------------------------------


@operation("feedback.log", "Log the feedback", fb=form())
def log_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Give it a number, and find what the same sender told about the same service lately."""
    fb = given["fb"]
    if missing := [name for name in _REQUIRED if not str(fb.get(name) or "").strip()]:
        message = Sentence("Feedback needs %(missing)s.", missing=missing)
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    feedback = add_record(
        context,
        Feedback(
            number=new_number(context, "CMP"),
            subject=fb["subject"],
            description=fb["description"],
            sender={name: fb.get(name) or "" for name in ("name", "email", "organisation")},
            sender_key=sender_key(fb["email"]),
            language=fb["language"],
            channel=fb.get("channel") if fb.get("channel") in CHANNELS else "web",
            kind=fb.get("kind_hint") or "unsure",
            service_id=id_of(fb.get("service")),
            occurred_on=day_of(fb.get("occurred_on")),
            desired_remedy=fb.get("desired_remedy") or "",
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    today = context.calendar.local_date(context.now)
    first_day = context.calendar.add_working_days(today, -DUPLICATES_WORKING_DAYS)
    since = context.now - timedelta(days=(today - first_day).days)
    found = feedback_rows.open_of_sender(context.session, feedback, since, MAX_DUPLICATES)
    return {
        "id": str(feedback.id),
        "number": feedback.number,
        "duplicates": [
            {"id": str(other.id), "number": other.number, "subject": other.subject}
            for other in found
        ],
    }


def sender_key(email: str) -> str:
    """Digest an e-mail address, so that the same sender is found again."""
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()


@operation("feedback.acknowledge", "Acknowledge the feedback")
def acknowledge_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell the sender the number and what happens next, in the sender's language."""
    feedback = _feedback(context)
    with changing(context, feedback):
        feedback.acknowledged_at = context.now
    _write_to_sender(context, feedback, "acknowledgement")
    return {"acknowledged_at": context.now.isoformat()}


@operation("feedback.triage", "Record the triage", triage=form())
def triage_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store what the triage found, and look the customer's tier and earlier complaints up."""
    feedback = _triaged(context, given["triage"])
    customer = context.session.get(Customer, feedback.customer_id) if feedback.customer_id else None
    since = context.now - TOPIC
    return {
        "customer_tier": str(customer.tier) if customer else "standard",
        "repeat_count": feedback_rows.count_repeats(context.session, feedback, since),
    }


@operation("feedback.thank", "Thank for a compliment", triage=form())
def thank_for_compliment(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Thank whoever paid the compliment."""
    feedback = _triaged(context, given["triage"])
    _write_to_sender(context, feedback, "compliment_thanks")
    return {"state": str(feedback.state)}


@operation("feedback.record", "Record a compliment", compliment=form())
def record_compliment(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store whom a compliment is for, and what others can learn from it."""
    feedback, told = _feedback(context), given["compliment"]
    with changing(context, feedback), _told_as_refusal():
        feedback.praise = {name: told.get(name) for name in _PRAISE}
        feedback.end(FeedbackState.RECORDED, context.now)
    return {"state": str(feedback.state)}


_PRAISE = ("team", "praised_for", "lesson", "share")


@operation(
    "feedback.redirect",
    "Pass on what is no complaint",
    triage=form(),
    to=one_of("requirement", "service_desk"),
)
def redirect_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Pass a suggestion on as a requirement, or an incident or request to the service desk."""
    feedback = _triaged(context, given["triage"])
    with changing(context, feedback), _told_as_refusal():
        feedback.end(FeedbackState.REDIRECTED, context.now)
        feedback.ended_reason = given["triage"].get("comment") or None
    if given["to"] == "requirement":
        context.effects.append(_start("brm_requirement", feedback))
    _write_to_sender(context, feedback, f"redirected_{given['to']}")
    return {"state": str(feedback.state)}


@operation(
    "feedback.end",
    "End without an answer",
    outcome=one_of(*_EARLY),
    triage=fields.Dict(required=False, allow_none=True, load_default=None),
    reason=text(required=False),
)
def end_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """End feedback that is a duplicate, invalid, or withdrawn by its sender."""
    triage, outcome = given["triage"], given["outcome"]
    feedback = _triaged(context, triage) if triage else _feedback(context)
    with changing(context, feedback), _told_as_refusal():
        if outcome == "merged":
            feedback.merged_into = _first_of(context, feedback, triage or {})
        feedback.ended_reason = given["reason"] or None
        feedback.end(_EARLY[outcome], context.now)
    _write_to_sender(context, feedback, f"complaint_{outcome}")
    return {"state": str(feedback.state)}


# --- handling ------------------------------------------------------------------------------------


@operation("feedback.assign", "Promise dates and inform", priority=form(), routing=form())
def assign_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Promise a first contact and a reply, and inform whom the routing names."""
    feedback, priority, routing = _feedback(context), given["priority"], given["routing"]
    days, calendar = priority, context.calendar
    with changing(context, feedback), _told_as_refusal():
        feedback.priority = priority["priority"]
        feedback.assign(
            response_at=calendar.due_after(context.now, int(days["response_wd"])),
            resolution_at=calendar.due_after(context.now, int(days["resolution_wd"])),
        )
    if feedback.is_confidential:
        _restrict(context)
    roles = [routing["handler_role"], *(routing.get("inform") or [])]
    _notify(context, feedback, "complaint_assigned", roles)
    return _track(feedback)


@operation("feedback.alert", "Alert those in charge")
def alert_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Alert the director and the complaint manager at once."""
    feedback = _feedback(context)
    _notify(context, feedback, "complaint_alert", [_DIRECTOR, _MANAGER])
    return {"notified": [_DIRECTOR, _MANAGER]}


@operation(
    "feedback.contact",
    "Record the first contact",
    contact=form(),
    handler=identifier(required=False),
)
def contact_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store what the customer said at the first contact; whoever made it is the handler."""
    feedback, contact = _feedback(context), given["contact"]
    with changing(context, feedback), _told_as_refusal():
        feedback.contact(context.now, given["handler"])
        feedback.desired_remedy = contact.get("desired_remedy") or feedback.desired_remedy
    return _track(feedback)


@operation("feedback.findings", "Record the findings", findings=form())
def record_findings(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell who goes on: another handler may have been named meanwhile."""
    return _track(_feedback(context))


@operation("feedback.miss_contact", "Note that the first contact is late")
def miss_contact(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Flag the missed first contact, tell those in charge, and send a holding reply."""
    feedback = _feedback(context)
    if feedback.contacted_at is not None or feedback.has_ended:
        return {"breached": False}
    with changing(context, feedback):
        feedback.response_breached = True
    told = [_MANAGER] if feedback.is_confidential else [_MANAGER, "brm"]
    _notify(context, feedback, "complaint_contact_late", told)
    _write_to_sender(context, feedback, "holding_reply")
    return {"breached": True}


@operation("feedback.ask", "Ask the customer", question=text())
def ask_customer(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Ask the customer a question and stop the clock."""
    feedback = _feedback(context)
    with changing(context, feedback), _told_as_refusal():
        feedback.ask_customer(context.now)
        _say(feedback, context.now, "us", given["question"])
    _write_to_sender(context, feedback, "customer_question", text=given["question"])
    return _track(feedback)


@operation("feedback.resume", "Go on after waiting for the customer", reply=form())
def resume_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep what the customer answered, if anything, and let the clock run again."""
    feedback, reply = _feedback(context), given["reply"]
    with changing(context, feedback), _told_as_refusal():
        feedback.resume(context.now)
        _say(feedback, context.now, "customer", reply.get("text"))
    return _track(feedback)


@operation("feedback.look", "Look at the clock of the reply")
def look_at_clock(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Say whether the reply is late now, and note the breach the first time.

    While the customer is asked the day moves on with the time: the next look is an hour away
    at least, or a case asked about in its last minute would look every minute for two weeks.
    """
    feedback = _feedback(context)
    with changing(context, feedback):
        status = feedback.look_at_clock(context.now)
    if status is Clock.BREACHED:
        _notify(context, feedback, "complaint_reply_late", [_MANAGER])
    due_at = feedback.due_at(context.now)
    if due_at is not None and feedback.waiting_since is not None:
        due_at = max(due_at, context.now + LOOK_AGAIN_AFTER)
    return {"status": str(status), "until": due_at.isoformat() if due_at else None}


@operation("feedback.take_over", "Take a late complaint over", takeover=form())
def take_over_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Promise another day, name another handler, or escalate to the IT steering group."""
    feedback, told = _feedback(context), given["takeover"]
    if feedback.replied_at is not None or feedback.has_ended:
        return {"step": "none"}
    handler, day = id_of(told.get("new_handler")), day_of(told.get("new_due"))
    due_at = context.calendar.parse_due(day.isoformat(), context.now) if day else None
    with changing(context, feedback), _told_as_refusal():
        if due_at is not None:
            feedback.postpone(due_at)
            _say(feedback, context.now, "us", told.get("reason"))
        if handler is not None:
            _require_other(feedback, handler)
            feedback.handler = handler
    _hand_over_tasks(context, handler, due_at)
    if due_at is not None:
        _write_to_sender(context, feedback, "new_date", text=told.get("reason"))
    if told.get("step") == "escalate":
        _escalate(context, feedback, str(told.get("reason") or ""))
    return {"step": told.get("step")}


@operation(
    "feedback.send",
    "Send the reasoned reply",
    response=form(),
    is_final=fields.Boolean(load_default=False),
    decision=identifier(required=False),
)
def send_response(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Send the reply with its decision, reason, and the right to a review."""
    feedback, response = _feedback(context), given["response"]
    with changing(context, feedback), _told_as_refusal():
        feedback.reply(context.now, is_final=given["is_final"])
        feedback.upheld = response.get("upheld") or feedback.upheld
        feedback.root_cause = response.get("root_cause") or feedback.root_cause
        feedback.remedy = response.get("remedy") or feedback.remedy
        if response.get("remedy_cost") is not None:
            feedback.remedy_cost = amount_of(response["remedy_cost"])
        feedback.decision_id = given["decision"] or feedback.decision_id
        _say(feedback, context.now, "us", response.get("response_text"))
    kind = "final_reply" if given["is_final"] else "reasoned_reply"
    _write_to_sender(context, feedback, kind, text=response.get("response_text"))
    return {"replied_at": context.now.isoformat()}


@operation("feedback.note", "Note what the customer adds", contact=form())
def note_contact(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep what the customer writes unasked, and tell the handler; nothing else changes."""
    feedback = _feedback(context)
    with changing(context, feedback):
        _say(feedback, context.now, "customer", given["contact"].get("text"))
    to = str(feedback.handler) if feedback.handler else _MANAGER
    _notify(context, feedback, "customer_wrote", [to])
    return {"noted": True}


# --- after the reply -----------------------------------------------------------------------------


@operation("feedback.accept_silence", "Take silence as content")
def accept_silence(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Note that the customer did not answer the reply within the time."""
    feedback = _feedback(context)
    with changing(context, feedback):
        feedback.is_tacit = True
    return {"tacit": True}


@operation("feedback.dispute", "Record that the customer disagrees", reason=text(required=False))
def dispute_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Count the dispute and keep its reason."""
    feedback = _feedback(context)
    with changing(context, feedback), _told_as_refusal():
        feedback.dispute()
        _say(feedback, context.now, "customer", given["reason"])
    _notify(context, feedback, "complaint_disputed", [_MANAGER])
    return {"count": feedback.dispute_count}


@operation("feedback.plan", "Plan the follow-up", actions=fields.List(fields.Dict(), required=True))
def plan_actions(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Make an action of each promise and give the list back, each with its id."""
    feedback = _feedback(context)
    with changing(context, feedback), _told_as_refusal():
        feedback.move_to(FeedbackState.FOLLOWING_UP)
    planned = [(row, _action(context, feedback, row)) for row in given["actions"]]
    return [{**row, "id": str(item.id), "late_on": _late_on(item)} for row, item in planned]


@operation("feedback.finish_action", "Record the result of an action", action=form(), result=form())
def finish_action(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store what became of an action."""
    action, told = _action_named(context, given["action"]), given["result"]
    with changing(context, action):
        action.result = told.get("result") or ""
        is_done = told.get("status") in ("done", "done_partly")
        action.state = ActionState.DONE if is_done else ActionState.DROPPED
    return {"what": action.what, "status": told.get("status"), "result": action.result}


@operation("feedback.remind_action", "Tell that an action is late", action=form())
def remind_action(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell the complaint manager that an action is a week late."""
    feedback, action = _feedback(context), _action_named(context, given["action"])
    _notify(context, feedback, "action_late", [_MANAGER], what=action.what)
    return {"late": True}


@operation(
    "feedback.close",
    "Close the complaint",
    verify=fields.Dict(required=False, allow_none=True, load_default=None),
)
def close_feedback(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Close it, and count the complaints about the same topic in 90 days."""
    feedback, verify = _feedback(context), given["verify"] or {}
    with changing(context, feedback), _told_as_refusal():
        feedback.satisfaction = verify.get("csat") or feedback.satisfaction
        feedback.end(FeedbackState.CLOSED, context.now)
    _write_to_sender(context, feedback, "complaint_closed")
    since = context.now - TOPIC
    return {
        "same_topic_90d": feedback_rows.count_topic(context.session, feedback, since),
        "service": str(feedback.service_id) if feedback.service_id else None,
        "customer": str(feedback.customer_id) if feedback.customer_id else None,
    }


@operation("feedback.improve", "Ask for an improvement")
def improve_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Leave an action to the owner of a service that is complained about again and again."""
    feedback = _feedback(context)
    service = context.session.get(Service, feedback.service_id) if feedback.service_id else None
    due = context.calendar.add_working_days(context.calendar.local_date(context.now), 20)
    row = {
        "what": f"Improve {service.name if service else 'the service'}: {feedback.category}",
        "owner": str(service.owner) if service and service.owner else None,
        "due": due.isoformat(),
        "kind": "prevent",
    }
    return {"action": str(_action(context, feedback, row).id)}


@operation(
    "feedback.follow_on",
    "Start what follows from a complaint",
    process=one_of(_REVIEW, _SURVEY),
)
def follow_on(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Have the service reviewed, or the customer asked some days later how it went.

    A complaint about no service has none reviewed: that would be a review of all.
    """
    feedback = _feedback(context)
    if given["process"] == _SURVEY:
        day = context.calendar.local_date(context.now) + SURVEY_AFTER
        context.effects.append(
            _start(_SURVEY, feedback, kind="complaint", not_before=day.isoformat())
        )
    elif feedback.service_id is not None:
        payload = {"key": _REVIEW, "variables": {"services": [str(feedback.service_id)]}}
        context.effects.append(Effect(EffectKind.START_PROCESS, payload))
    return {"process": given["process"]}


FEEDBACK_OPERATIONS: tuple[Operation, ...] = (
    log_feedback,
    acknowledge_feedback,
    triage_feedback,
    thank_for_compliment,
    record_compliment,
    redirect_feedback,
    end_feedback,
    assign_feedback,
    alert_feedback,
    contact_feedback,
    record_findings,
    miss_contact,
    ask_customer,
    resume_feedback,
    look_at_clock,
    take_over_feedback,
    send_response,
    note_contact,
    accept_silence,
    dispute_feedback,
    plan_actions,
    finish_action,
    remind_action,
    close_feedback,
    improve_service,
    follow_on,
)


# --- helpers -------------------------------------------------------------------------------------


@contextmanager
def _told_as_refusal() -> Iterator[None]:
    """Turn what a record's rule forbids into a refusal that a diagram may catch."""
    try:
        yield
    except WrongStateError as error:
        raise OperationRefusedError(error.message, code=Refusal.WRONG_STATE) from error


def _feedback(context: OperationContext) -> Feedback:
    """Find the feedback of this case: events of their own do not see the case's data."""
    feedback = feedback_rows.find_feedback_of_case(context.session, context.instance_id)
    if feedback is None:
        message = "This case has no feedback yet; log it first."
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return feedback


def _triaged(context: OperationContext, triage: dict[str, Any]) -> Feedback:
    feedback = _feedback(context)
    is_complaint = triage.get("kind") == "complaint"
    with changing(context, feedback), _told_as_refusal():
        feedback.move_to(FeedbackState.TRIAGED)
        feedback.kind = triage.get("kind") or feedback.kind
        feedback.customer_id = id_of(triage.get("customer"))
        feedback.service_id = id_of(triage.get("service"))
        feedback.category = triage.get("category") if is_complaint else None
        feedback.severity = triage.get("severity") if is_complaint else None
        feedback.about_user = id_of(triage.get("about_user"))
    if feedback.is_confidential:
        _restrict(context)
    return feedback


def _restrict(context: OperationContext) -> None:
    """Hide the case from everybody but those who take part and the few who may read it."""
    instance_rows.restrict_readers(context.session, context.instance_id, CONFIDENTIAL_READERS)


def _first_of(context: OperationContext, feedback: Feedback, triage: dict[str, Any]) -> UUID:
    first = context.session.get(Feedback, id_of(triage.get("duplicate_of")))
    if first is None or first.id == feedback.id:
        message = "A duplicate needs the other feedback that it repeats."
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    if first.sender_key == feedback.sender_key:  # nobody reads what somebody else wrote
        with changing(context, first):
            told = f"{feedback.number}: {feedback.description}"
            _say(first, context.now, "customer", told)
    return first.id


def _require_other(feedback: Feedback, handler: UUID) -> None:
    if handler == feedback.about_user:
        raise OperationRefusedError("Nobody handles a complaint about their own conduct.")


def _say(feedback: Feedback, at: datetime, speaker: str, said: Any) -> None:
    """Add to what the sender may read; nothing is added for silence."""
    if said:
        line = {"at": at.isoformat(), "by": speaker, "text": str(said)}
        feedback.replies = [*feedback.replies, line]


def _track(feedback: Feedback) -> dict[str, Any]:
    """Give what the next tasks need to know: who goes on, and until when."""
    response_at, resolution_at = feedback.due_response_at, feedback.due_resolution_at
    return {
        "user": str(feedback.handler) if feedback.handler else None,
        "response_at": response_at.isoformat() if response_at else None,
        "resolution_at": resolution_at.isoformat() if resolution_at else None,
    }


def _action(context: OperationContext, feedback: Feedback, row: dict[str, Any]) -> ActionItem:
    return add_record(
        context,
        ActionItem(
            what=str(row.get("what") or ""),
            source_type="Feedback",
            source_id=feedback.id,
            kind=str(row.get("kind") or ""),
            owner=id_of(row.get("owner")),
            due=day_of(row.get("due")),
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )


def _late_on(item: ActionItem) -> str | None:
    return (item.due + ACTION_GRACE).isoformat() if item.due else None


def _action_named(context: OperationContext, row: dict[str, Any]) -> ActionItem:
    found = context.session.get(ActionItem, id_of(row.get("id")))
    if found is None:
        raise OperationRefusedError("There is no such action.", code=Refusal.NOT_FOUND)
    return found


def _notify(
    context: OperationContext, feedback: Feedback, template: str, to: list[str], **facts: Any
) -> None:
    """Tell our own people, but never the one whom the complaint is about."""
    payload: dict[str, Any] = {
        "template": template,
        "to": list(dict.fromkeys(to)),
        "number": feedback.number,
    }
    if feedback.about_user is not None:
        payload["exclude"] = [str(feedback.about_user)]
    context.effects.append(Effect(EffectKind.NOTICE, payload | facts))


def _write_to_sender(
    context: OperationContext, feedback: Feedback, template: str, **facts: Any
) -> None:
    """Write to the sender, in the sender's language, with the way to the status page."""
    payload = {
        "template": template,
        "to": [feedback.sender["email"]],
        "language": feedback.language,
        "name": feedback.sender["name"],
        "number": feedback.number,
        "subject": feedback.subject,
        "link": f"/public/feedback/status?reference={feedback.number}",
    }
    context.effects.append(Effect(EffectKind.NOTICE, payload | facts))


def _hand_over_tasks(
    context: OperationContext, assignee: UUID | None, due_at: datetime | None
) -> None:
    """Give open tasks of handling another person, another day with its reminder, or both."""
    for task in feedback_rows.find_open_tasks(context.session, context.instance_id, _HANDLING):
        if assignee is not None:
            task.assignee, task.is_fixed, task.claimed_at = assignee, True, None
        if due_at is not None:
            move_due(context.session, task, due_at, _reminder(context, due_at), now=context.now)


def _reminder(context: OperationContext, due_at: datetime) -> datetime | None:
    if due_at <= context.now:
        return None
    return context.calendar.reminder_between(context.now, due_at)


def _escalate(context: OperationContext, feedback: Feedback, reason: str) -> None:
    _notify(context, feedback, "complaint_escalated", [_DIRECTOR], reason=reason)
    asked = {
        "subject_type": "Feedback",
        "subject_id": str(feedback.id),
        "question": _question(feedback),
        "options": ["uphold", "reject", "reassign"],
        "recommendation": reason,
        "exclude": [str(u) for u in (feedback.handler, feedback.about_user) if u],
    }
    payload = {"key": "shared_itsg_decision", "variables": {"itsg_in": asked}}
    context.effects.append(Effect(EffectKind.START_PROCESS, payload))


def _question(feedback: Feedback) -> str:
    """Name a complaint to the steering group; what is confidential is told by its number only."""
    return feedback.number if feedback.is_confidential else f"{feedback.number}: {feedback.subject}"


def _start(key: str, feedback: Feedback, **more: str) -> Effect:
    variables = more | {
        "from_feedback": feedback.number,
        "customer": str(feedback.customer_id) if feedback.customer_id else None,
        "service": str(feedback.service_id) if feedback.service_id else None,
        "outcome": feedback.description,
    }
    return Effect(EffectKind.START_PROCESS, {"key": key, "variables": variables})
