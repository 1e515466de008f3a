"""What happened in the sample organisation: proposals, a strategy, reviews, a retirement."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ssflow.services.demo_timeline import Answer, Story, Timeline, moved, walk, work_off
from ssflow.services.scenario_file import Scenario
from ssflow.services.scenarios import Player

_DEPUTIES = {"brm": "bea", "service_owner": "olga", "finance_manager": "finn"}
"""Who does the work of a role in every other case."""
_NAMES_OF_WALKS = {
    "acme": "production",
    "keycorp": "production",
    "uptime": "o_uptime",
    "mail": "s_mail",
    "fax": "s_fax",
    "machine": "s_fax",
    "carla": "itsg_member",
}
"""What the shipped walks name -> what the sample organisation has instead."""


@dataclass(frozen=True)
class _Case:
    """A proposal: the walk it follows, how far, and since when."""

    walk: str
    steps: int | None
    days_ago: int
    title: str
    summary: str
    customer: str
    """Empty: the one that the walk names."""


_PROPOSALS = (
    _Case("W1.1", None, 400, "Stock on the phone", "See stock where it lies.", "logistics"),
    _Case("W1.2", None, 330, "Shorter sign-in", "One password for all halls.", "production"),
    _Case("W1.1", None, 260, "Order by template", "Repeat last week's order.", "sales"),
    _Case("the director rejects", None, 210, "Robots at reception", "No more queues.", "sales"),
    _Case("W1.1", None, 120, "Fault reports in the hall", "Report at the machine.", "production"),
    _Case("W1.2", None, 70, "Larger mailboxes", "Twice the space for sales.", "sales"),
    _Case("W1.4", None, 60, "Video wall in reception", "Show who visits us.", "sales"),
    _Case("W1.6", None, 45, "Paperless picking", "Lists on wrist displays.", "logistics"),
    _Case("the director rejects", None, 40, "Private cloud", "Own machines again.", "production"),
    _Case("W1.1", 11, 30, "Spare part finder", "Find a part by its photo.", "logistics"),
    _Case("W1.1", 10, 24, "Shift planner", "Plan shifts on the phone.", "production"),
    _Case("the customer discusses", 11, 20, "Robot cells", "Weld without dust.", "production"),
    _Case("W1.1", 8, 18, "Track and trace", "See where an order is.", "logistics"),
    _Case("W1.2", 8, 12, "Faster search in orders", "Answers within a second.", "sales"),
    _Case("W1.1", 7, 9, "Energy dashboard", "See what each hall uses.", "production"),
    _Case("W1.1", 4, 6, "Dealer price lists", "One list a country.", "sales"),
    _Case("W1.1", 2, 2, "Visitor registration", "Badges without paper.", "sales"),
    _Case("a customer without a mandate", 1, 2, "Night shift helpdesk", "Help at 3 am.", ""),
    _Case("W1.1", 1, 1, "Quality photos", "Photos with every delivery.", "production"),
    # Asks the same of the same people as one above: both can be decided together.
    _Case("W1.2", 8, 11, "Larger invoices by mail", "Attachments up to 50 MB.", "logistics"),
)
_TEXTS = {
    "catalogue_text": "{summary}",
    "outcome": "{summary}",
    "measure": "people who use it, of a hundred",
    "baseline": "0",
    "target": "80",
    "constraints_removed": "Nobody waits for a colleague any more.",
    "utility": "{summary} In every hall and on the way.",
    "change_summary": "What is there does this too: {summary}",
    "scope": "Two teams.",
    "note": "fewer questions by mail",
    "capacity_note": "400 people, most of them at the start of a shift.",
    "risk": "Few people use it",
    "cause": "Habits",
    "mitigation": "One team begins and shows the others",
    "introduction": "{summary} Today this takes hours every week.",
    "business_impacts": "Everybody who uses it saves an hour a week.",
    "risks_contingencies": "Habits: one team begins, the others follow.",
    "recommendations": "Begin with one team, go on when it holds.",
    "why_needed": "What there is today holds people up.",
    "differentiator": "Made for the way we work.",
    "weaknesses": "Takes an hour of training.",
    "risk_control": "A pilot with one team.",
    "resource_allocation": "Own people, bought licences.",
    "deliverables": "The service, its support, training.",
}
"""What a proposal says instead of the walk's own story, whatever it is about."""
_WORDS = {"Terminal": "Device", "Less downtime": "Time saved", "Fewer calls": "Time saved"}
_STEPS_TO_SECOND_CHECKPOINT = 23
STRATEGY_TEXTS: Mapping[str, Mapping[str, Any]] = {
    "U_scope": {"title": "Strategy of two years", "horizon_to": "2028-02-28"},
    "U_swot": {
        "swot": [
            {"kind": "strength", "text": "We know every hall by name.", "weight": 4},
            {"kind": "weakness", "text": "Changes take half a year.", "weight": 3},
            {"kind": "opportunity", "text": "Dealers want to order by themselves.", "weight": 4},
            {"kind": "threat", "text": "Cloud suppliers sell to our customers.", "weight": 3},
        ]
    },
    "U_pattern": {
        "items": [
            {"kind": "process", "text": "Every new service goes the way of the portfolio."},
            {"kind": "policy", "text": "Bought before built, built before adapted."},
            {"kind": "schedule", "text": "Two releases a month, none in December."},
            {"kind": "budget", "text": "A tenth of the money is for what is new."},
            {"kind": "management_system", "text": "One board a month for all measures."},
        ]
    },
}
"""What the steps of the strategy say instead of the walk; days are moved with those of the walk,
whose single year would be too short by a day wherever a 29 February lies in it."""
_MEASURED = (
    [{"actual": 2, "rag": "amber"}, {"actual": 3, "rag": "green"}],
    [{"actual": 6, "rag": "green"}, {"actual": 4, "rag": "amber"}],
)
"""What each checkpoint found for the two objectives."""
_LASTING = {"service_new": "capability", "service_change": "capability", "retirement": "sourcing"}
"""Initiatives that would start cases are told as such that leave actions."""
_RATED = (
    {"value_score": 4, "tech_score": 4, "users": 620, "benefit_realised_pct": 95},
    {"value_score": 5, "tech_score": 3, "users": 240, "benefit_realised_pct": 88},
    {"value_score": 4, "tech_score": 5, "users": 900, "benefit_realised_pct": 60},
    {"value_score": 3, "tech_score": 3, "users": 710, "benefit_realised_pct": 100},
    {"value_score": 3, "tech_score": 4, "users": 310, "benefit_realised_pct": 75},
    {"value_score": 2, "tech_score": 3, "users": 450, "benefit_realised_pct": 40},
)
_INVESTMENTS = ("run", "grow", "transform")


def add_proposals(timeline: Timeline, walks: Sequence[Scenario], now: datetime) -> None:
    """Let people propose services, and follow each as far as it has come."""
    for number, case in enumerate(_PROPOSALS):
        began = _at_ten(now - timedelta(days=case.days_ago))
        scenario = _told_anew(find_walk(walks, case.walk), case)
        pace = timedelta(hours=30 if case.days_ago > 60 else 9)
        _add_walk(
            timeline,
            scenario,
            began,
            case.title,
            steps=case.steps,
            pace=pace,
            cast=_DEPUTIES if number % 2 else {},
        )


def add_strategy(timeline: Timeline, walks: Sequence[Scenario], now: datetime) -> None:
    """Make a strategy that is carried out and was measured twice."""
    scenario = find_walk(walks, "W4.1")
    measured = iter(_MEASURED)
    steps = [_with_form(step, _strategy_form(step, measured)) for step in scenario.steps]
    _add_walk(
        timeline,
        replace(scenario, steps=steps),
        _at_ten(now - timedelta(days=305)),
        "the strategy",
        steps=_STEPS_TO_SECOND_CHECKPOINT,
        pace=timedelta(hours=44),
        cast={"kim": "customer"},
    )


def add_retirement(timeline: Timeline, walks: Sequence[Scenario], now: datetime) -> None:
    """End a service that hardly anybody uses."""
    scenario = find_walk(walks, "W12.1 retired")
    began = _at_ten(now - timedelta(days=290))
    pace = timedelta(hours=20)
    _add_walk(timeline, scenario, began, "the end of the fax", steps=None, pace=pace)


def add_reviews(timeline: Timeline, began: datetime, now: datetime) -> None:
    """Review the portfolio in January and July, as its schedule says."""
    days = [date(year, month, 2) for year in range(began.year, now.year + 1) for month in (1, 7)]
    for day in days:
        at = datetime.combine(day, time(7), UTC)
        if began < at < now:
            timeline.add(at, f"the portfolio review of {day}", _review_portfolio)


def find_walk(walks: Sequence[Scenario], name: str) -> Scenario:
    """Find a shipped walk by how its name begins."""
    return next(walk for walk in walks if walk.name.startswith(name))


def _review_portfolio(player: Player) -> Story:
    assessed: list[str] = []

    def rate(by: str, _done: int) -> Mapping[str, Any]:
        assessed.append(by)
        rating = _RATED[(len(assessed) - 1) % len(_RATED)]
        return {**rating, "outcome_still_needed": True}

    def decide(_by: str, _done: int) -> Mapping[str, Any]:
        rows = [
            {
                "disposition": _disposition(number),
                "investment": _INVESTMENTS[number % 3],
                "reason": "As agreed.",
            }
            for number in range(len(assessed))
        ]
        return {"rows": rows}

    answers = {
        "U_assess": Answer("service_owner", rate),
        "U_board": Answer("portfolio_manager", decide),
        "U_agenda": Answer("itsg_chair", {"handling": "chair"}),
        "U_chair": Answer("itsg_chair", {"vote": "approve", "reason": "Agreed."}),
        "U_minutes": Answer("itsg_chair", {"wording": "The portfolio stays as it was proposed."}),
    }
    scenario = Scenario("spm_portfolio_review", "review", {"variables": {"services": []}}, ())
    return work_off(player, scenario, answers, pace=timedelta(hours=22))


def _disposition(number: int) -> str:
    return "rationalise" if number == len(_RATED) - 1 else "retain"


def _add_walk(
    timeline: Timeline,
    scenario: Scenario,
    began: datetime,
    title: str,
    *,
    steps: int | None,
    pace: timedelta,
    cast: Mapping[str, str] | None = None,
) -> None:
    was = datetime.fromisoformat(str(scenario.start["at"]))
    start = {key: value for key, value in scenario.start.items() if key != "at"}
    given = [one for one in scenario.given.get("records", []) if one["kind"] == "Customer"]
    told = replace(
        scenario,
        start=start,
        given={"records": given},
        steps=moved(list(scenario.steps), timedelta(days=(began - was).days)),
    )
    tell = _teller(told, steps, pace)
    timeline.add(began, title, tell, **(_NAMES_OF_WALKS | dict(cast or {})))


def _teller(scenario: Scenario, steps: int | None, pace: timedelta) -> Callable[[Player], Story]:
    return lambda player: walk(player, scenario, steps=steps, pace=pace)


def _told_anew(scenario: Scenario, case: _Case) -> Scenario:
    """Let the proposal of a walk be about something else."""
    told = {"title": case.title, "summary": case.summary}
    if case.customer:
        told["customer"] = f"${case.customer}"
    texts = {name: text.format(summary=case.summary) for name, text in _TEXTS.items()}
    steps = [_with_texts(_with_form(step, told, where="title"), texts) for step in scenario.steps]
    return replace(scenario, steps=steps)


def _with_texts(step: Mapping[str, Any], texts: Mapping[str, str]) -> Mapping[str, Any]:
    """Let a step say in other words what its form says."""
    return {**step, "form": _in_words(step["form"], texts)} if "form" in step else step


def _in_words(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_in_words(each, texts) for each in value]
    if isinstance(value, dict):
        return {name: texts.get(name) or _in_words(each, texts) for name, each in value.items()}
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _strategy_form(
    step: Mapping[str, Any], measured: Iterator[Sequence[Mapping[str, Any]]]
) -> Mapping[str, Any]:
    if step.get("complete") == "U_checkpoint":
        return {"objectives": next(measured, _MEASURED[-1])}
    if step.get("complete") != "U_initiatives":
        return STRATEGY_TEXTS.get(step.get("complete", ""), {})
    rows = step["form"]["initiatives"]
    return {
        "initiatives": [{**row, "kind": _LASTING.get(row["kind"], row["kind"])} for row in rows]
    }


def _with_form(
    step: Mapping[str, Any], told: Mapping[str, Any], *, where: str | None = None
) -> Mapping[str, Any]:
    """Let a step tell something else in its form, if that has the field `where`."""
    if not told or (where is not None and where not in step.get("form", {})):
        return step
    return {**step, "form": {**step["form"], **told}}


def _at_ten(moment: datetime) -> datetime:
    return moment.replace(
        hour=10 - moment.day % 2, minute=moment.day * 2 % 60, second=0, microsecond=0
    )
