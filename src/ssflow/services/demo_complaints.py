"""What customers of the sample organisation said in fourteen months."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ssflow.services.demo_timeline import Answer, Story, Timeline, dated, work_off
from ssflow.services.scenario_file import Scenario
from ssflow.services.scenarios import Player

_HANDLERS = {
    "billing": "finance_manager",
    "availability": "service_owner",
    "service_quality": "service_owner",
    "contract_sla": "slm",
    "request_delay": "service_desk",
    "project_delivery": "portfolio_manager",
    "security_privacy": "risk_officer",
    "other": "complaint_manager",
}
_CAUSES = ("process", "communication", "technology", "people", "supplier")
_SENDERS = (
    ("Nadia Jansen", "nadia", "nl"),
    ("Erik Holm", "erik", "sv"),
    ("Ruth Meyer", "ruth", "en"),
    ("Sven Ek", "sven", "sv"),
    ("Joke Dekker", "joke", "nl"),
)
_CHANNELS = ("web", "mail", "desk", "portal")
_LATE = timedelta(days=12)
_PACE = timedelta(hours=9)


@dataclass(frozen=True)
class _Said:
    days_ago: int
    subject: str
    category: str
    severity: str
    service: str
    customer: str
    how: str = ""
    """late: nobody calls for days; slow: the answer takes weeks; refused: not upheld;
    open: not answered yet; dear: a remedy that costs."""


_SAID = (
    _Said(415, "Wrong bill for last month", "billing", "moderate", "s_mail", "production"),
    _Said(402, "Orders vanish while typing", "service_quality", "major", "s_erp", "sales"),
    _Said(385, "No network in hall 3", "availability", "critical", "s_wifi", "production", "late"),
    _Said(371, "Nobody calls back", "request_delay", "minor", "s_print", "production"),
    _Said(352, "Portal is down every Monday", "availability", "major", "s_portal", "logistics"),
    _Said(340, "Charged for closed mailboxes", "billing", "minor", "s_mail", "sales"),
    _Said(318, "New screens came without notice", "project_delivery", "moderate", "s_erp", "sales"),
    _Said(
        300, "Answer within a day was promised", "contract_sla", "major", "s_portal", "logistics"
    ),
    _Said(
        285, "Search takes half a minute", "service_quality", "moderate", "s_erp", "sales", "slow"
    ),
    _Said(268, "Bill shows another department", "billing", "moderate", "s_print", "production"),
    _Said(251, "My data in somebody's list", "security_privacy", "major", "s_portal", "logistics"),
    _Said(236, "Laptop ordered in spring", "request_delay", "moderate", "s_mail", "sales", "late"),
    _Said(220, "Meetings drop after ten minutes", "service_quality", "minor", "s_video", "sales"),
    _Said(204, "Printer jams each morning", "service_quality", "minor", "s_print", "production"),
    _Said(
        190, "Discount was not kept", "contract_sla", "moderate", "s_portal", "logistics", "dear"
    ),
    _Said(176, "Wi-Fi weak in the office", "availability", "moderate", "s_wifi", "production"),
    _Said(162, "Wrong bill again", "billing", "moderate", "s_mail", "production", "refused"),
    _Said(149, "Parking app does not open", "other", "minor", "s_portal", "logistics"),
    _Said(
        133, "Portal shows old prices", "service_quality", "major", "s_portal", "logistics", "slow"
    ),
    _Said(118, "Release came in the shift", "project_delivery", "major", "s_erp", "production"),
    _Said(104, "Mail was away for a day", "availability", "critical", "s_mail", "production"),
    _Said(90, "Password help took a week", "request_delay", "moderate", "s_mail", "sales", "late"),
    _Said(77, "Paid twice for one seat", "billing", "major", "s_video", "sales", "dear"),
    _Said(63, "Camera picture freezes", "service_quality", "minor", "s_video", "sales"),
    _Said(52, "No network in hall 3 again", "availability", "major", "s_wifi", "production"),
    _Said(
        44, "Terms changed without a word", "contract_sla", "moderate", "s_erp", "sales", "refused"
    ),
    _Said(
        35, "Prices differ between pages", "service_quality", "moderate", "s_portal", "logistics"
    ),
    _Said(27, "Two bills for one month", "billing", "moderate", "s_portal", "logistics"),
    _Said(19, "Badge reader knows my shifts", "security_privacy", "major", "s_wifi", "production"),
    _Said(
        12, "Login fails on the phone", "service_quality", "moderate", "s_portal", "sales", "open"
    ),
    _Said(8, "Bill without an order number", "billing", "minor", "s_print", "production", "open"),
    _Said(4, "Orders vanish while typing", "service_quality", "major", "s_erp", "sales", "open"),
    _Said(1, "Heating app is gone", "other", "minor", "s_portal", "logistics", "open"),
)
_PRAISED = (
    (377, "So friendly at the desk", "attitude"),
    (201, "Fixed before I hung up", "speed"),
    (58, "The trainer had patience", "attitude"),
)


def add_feedback(timeline: Timeline, now: datetime) -> None:
    """Let customers complain and praise, and let each be answered."""
    for number, said in enumerate(_SAID):
        at = now - timedelta(days=said.days_ago, hours=number % 9)
        timeline.add(at, said.subject, _complaint(said, number))
    for number, (days_ago, subject, praised_for) in enumerate(_PRAISED):
        at = now - timedelta(days=days_ago, hours=number)
        timeline.add(at, subject, _compliment(subject, praised_for, number))


def _complaint(said: _Said, number: int) -> Callable[[Player], Story]:
    handler = _HANDLERS[said.category]
    triage = {
        "kind": "complaint",
        "customer": f"${said.customer}",
        "service": f"${said.service}",
        "category": said.category,
        "severity": said.severity,
    }
    answers = {
        "U_triage": Answer("tom", triage),
        "U_takeover": Answer(
            "mia", {"step": "extend", "new_due": "@9", "reason": "The supplier has to look first."}
        ),
    }
    if said.how != "open" or number % 2:
        contact = {
            "contacted_on": "@0",
            "via": "phone",
            "understanding": f"{said.subject}: it happened more than once.",
            "desired_remedy": "That it does not happen again.",
            "resolve_now": False,
        }
        answers["U_contact"] = Answer(handler, contact)
    if said.how != "open":
        answers |= _settled(said, handler, number)
    messages = ("customer_accepts",) if number % 4 and said.how != "open" else ()
    slow = {"late": {"U_contact": _LATE}, "slow": {"U_investigate": _LATE * 2}}.get(said.how)
    return lambda player: work_off(
        player,
        _scenario(player, "complaint", said.subject, said.service, number),
        answers,
        pace=_PACE,
        messages=messages,
        slow=slow,
    )


def _settled(said: _Said, handler: str, number: int) -> dict[str, Answer]:
    is_upheld, cost = said.how != "refused", 1800 if said.how == "dear" else 0
    action = {"what": "Look for the cause", "owner": f"${handler}", "due": "@20", "kind": "prevent"}
    response = {
        "upheld": "upheld" if is_upheld else "not_upheld",
        "root_cause": _CAUSES[number % len(_CAUSES)],
        "remedy": "credit" if cost else "apology",
        "remedy_cost": cost,
        "response_text": _REPLY if is_upheld else _REPLY_NO,
        "actions": [action] if number % 3 == 0 else [],
    }
    findings = {"findings": "Seen in the logs.", "linked_incidents": "", "needs_info": False}
    verified = {
        "contacted_via": "phone",
        "attempts": 1,
        "verdict": "satisfied",
        "csat": 3 + number % 3,
    }
    return {
        "U_investigate": Answer(handler, findings),
        "U_response": Answer(handler, response),
        "U_approve": Answer("finn" if cost else "mia", {"decision": "approve"}),
        "U_action": Answer(handler, {"status": "done", "result": "Found and mended."}),
        "U_verify": Answer("brm", verified),
    }


_REPLY = (
    "You are right, and we are sorry. We found the cause and mended it; you see it with your next "
    "order. If you do not agree you may ask for a review."
)
_REPLY_NO = (
    "We looked into it with care and do not agree: it is what we agreed upon last year, and it was "
    "kept. If you do not agree you may ask for a review."
)


def _compliment(subject: str, praised_for: str, number: int) -> Callable[[Player], Story]:
    triage = {"kind": "compliment", "customer": "$production", "service": "$s_mail"}
    praise = {
        "team": "Service desk",
        "praised_for": praised_for,
        "lesson": "Call back the same day.",
        "share": "team",
    }
    answers = {"U_triage": Answer("tom", triage), "U_compliment": Answer("brm", praise)}
    return lambda player: work_off(
        player, _scenario(player, "compliment", subject, "s_mail", number), answers, pace=_PACE
    )


def _scenario(player: Player, kind: str, subject: str, service: str, number: int) -> Scenario:
    name, address, language = _SENDERS[number % len(_SENDERS)]
    payload: Mapping[str, Any] = {
        "kind_hint": kind,
        "subject": subject,
        "description": f"{subject}. It costs us time; please look into it.",
        "service": f"${service}",
        "occurred_on": "@-2",
        "desired_remedy": "",
        "attachments": [],
        "name": name,
        "email": f"{address}@demo.invalid",
        "organisation": "",
        "language": language,
        "consent": True,
        "channel": _CHANNELS[number % len(_CHANNELS)],
        "website": "",
    }
    started = {"message": "feedback_received", "payload": dated(payload, player.now.date())}
    return Scenario("brm_complaint", subject, started, ())
