"""The money of the sample organisation: a yearly budget, its months, and money moved."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ssflow.domain.registers.budget import BudgetClass, CostCategory
from ssflow.services.demo_office import book_costs
from ssflow.services.demo_timeline import Answer, Story, Timeline, work_off
from ssflow.services.scenario_file import Scenario
from ssflow.services.scenarios import Player
from ssflow.store import budget as budget_rows

_PACE = timedelta(hours=14)
_PLANNED = {
    "hanna": ("Licences", "software", "operational", 271_000, "s_erp"),
    "hugo": ("Own people", "personnel", "operational", 494_000, None),
    "hilde": ("Halls and networks", "infrastructure", "capital", 431_000, None),
    "budget_holder": ("New portal", "software", "strategic", 184_000, "s_portal"),
}
_OUTLOOK = {"hanna": 271_000, "hugo": 485_000, "hilde": 405_000, "budget_holder": 187_000}
"""What holders expect the whole year to cost."""
_REPORTED = time(6)


def planned_year(now: datetime) -> int:
    """Tell for which year a budget was planned last: it begins in August of the year before."""
    return _cycle_began(now).year + 1


def add_budget_cycle(timeline: Timeline, now: datetime) -> None:
    """Plan the budget of a year, from August on."""
    timeline.add(_cycle_began(now), "the budget cycle", _planner(planned_year(now)))


def add_budget_reviews(timeline: Timeline, began: datetime, now: datetime, zone: ZoneInfo) -> None:
    """Control each month that is over, some days after its end."""
    day = date(began.year, began.month, 1)
    while (ended := _next_month(day)) < now.date():
        at = datetime.combine(ended + timedelta(days=4), _REPORTED, zone).astimezone(UTC)
        timeline.add(at, f"the budget review of {day:%Y-%m}", _reviewer(day))
        day = ended


def add_amendment(timeline: Timeline, now: datetime) -> None:
    """Move some money from one line to another."""
    at = now - timedelta(days=100)
    timeline.add(at, "the budget amendment", lambda player: _amend(player, at.year))


def _planner(year: int) -> Callable[[Player], Story]:
    def submitted(by: str, _done: int) -> Mapping[str, Any]:
        name, category, budget_class, amount, service = _PLANNED[by]
        needs_case = budget_class != "operational"
        line = {
            "name": name,
            "category": category,
            "budget_class": budget_class,
            "amount": amount,
            "phasing": "even",
            "service": f"${service}" if service else None,
            "business_case": "$bc" if needs_case else None,
            "justification": "",
        }
        return {"lines": [line], "risks": "", "confirm": True}

    guidelines = {
        "inflation_pct": 2,
        "growth_pct": 1,
        "ceiling_capital": 433_000,
        "ceiling_operational": 767_000,
        "ceiling_strategic": 186_000,
        "contingency_pct": 3,
        "submit_by": "@30",
        "policy_note": "Say what grows, and why.",
        "zero_base_holders": [],
    }
    answers = {
        "U_guidelines": Answer("fia", guidelines),
        "U_submit": Answer("hanna", submitted),
        "U_consolidate": Answer("arne", {"classification_ok": True, "remark": ""}),
        "U_director": Answer("it_director", {"decision": "approve"}),
        "U_agenda": Answer("itsg_chair", {"handling": "vote"}),
        "U_vote": Answer("anna", {"vote": "approve"}),
        "U_chair": Answer("itsg_chair", {"vote": "approve", "reason": "Agreed."}),
        "U_minutes": Answer("itsg_chair", {"wording": "The budget is approved as it stands."}),
        "U_fund_confirm": Answer("customer", {"agree": "agree"}),
    }
    records = [
        {
            "kind": "ServiceProposal",
            "ref": "prp",
            "values": {
                "title": "Web shop for dealers",
                "change_type": "major",
                "state": "approved",
            },
        },
        {"kind": "BusinessCase", "ref": "bc", "values": {"proposal_id": "$prp", "version": 1}},
    ]
    scenario = Scenario(
        "fin_budget_cycle",
        "budget",
        {"variables": {"fiscal_year": year}, "as": "fia"},
        (),
        given={"records": records},
    )
    pace = timedelta(hours=40)
    return lambda player: work_off(player, scenario, answers, pace=pace)


def _reviewer(month: date) -> Callable[[Player], Story]:
    return lambda player: _review(player, month)


def _review(player: Player, month: date) -> Story:
    with player.work() as work:
        budget = budget_rows.find_budget_in_force(work.session, month.year)
        if budget is None:
            return
        lines = budget_rows.lines_of(work.session, budget.id)
        category = {str(line.holder): str(line.category) for line in lines}
        book_costs(work, budget, month.month)
    explained: list[str] = []

    def explain(by: str, _done: int) -> Mapping[str, Any]:
        explained.append(by)
        of_holder = category[player.ids[by]]
        return {
            "cause": "volume" if of_holder == CostCategory.SOFTWARE else "timing",
            "nature": "one_time",
            "action": "Seats of people who left are given back.",
            "outlook_year": _OUTLOOK[by],
            "request": "none",
        }

    def accept(_by: str, _done: int) -> Mapping[str, Any]:
        return {"lines": [{"step": "accept"} for _ in explained]}

    answers = {
        "U_close": Answer("accountant", {"closed": True}),
        "U_explain": Answer("hanna", explain),
        "U_review": Answer("finance_manager", accept),
        "U_signoff": Answer("arne", {"correct": True}),
    }
    start = {"variables": {"budget": str(budget.id), "period": f"{month:%Y-%m}"}}
    scenario = Scenario("fin_budget_review", "month", start, ())
    yield from work_off(player, scenario, answers, pace=_PACE)


def _amend(player: Player, year: int) -> Story:
    with player.work() as work:
        budget = budget_rows.find_budget_in_force(work.session, year)
        if budget is None:
            return
        lines = {
            str(line.category): line
            for line in budget_rows.lines_of(work.session, budget.id)
            if line.budget_class is BudgetClass.OPERATIONAL
        }
    variables = {
        "kind": "transfer",
        "amount": 6000,
        "budget": str(budget.id),
        "from_line": str(lines["personnel"].id),
        "to_line": str(lines["software"].id),
        "budget_class": None,
        "reason": "More seats since spring.",
        "source": "",
        "reply_to": "",
        "requested_by": None,
    }
    scenario = Scenario(
        "fin_budget_amendment", "transfer", {"variables": variables, "as": "hanna"}, ()
    )
    answers = {"U_amd_fm": Answer("fia", {"decision": "approve"})}
    yield from work_off(player, scenario, answers, pace=_PACE)


def _cycle_began(now: datetime) -> datetime:
    year = now.year if (now.month, now.day) > (8, 1) else now.year - 1
    return datetime(year, 8, 1, 6, tzinfo=UTC)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
