"""Write what a record holds in lists and objects as its reader does."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext
from markupsafe import Markup

from ssflow.web.formats import amount, exact_money, moment, told
from ssflow.web.record_words import LABELS, WORDED, column_label, option_title

_LABELS = {
    "at": lazy_gettext("When"),
    "calc": lazy_gettext("Figures"),
    "scoring": lazy_gettext("Scores"),
    "case_number": lazy_gettext("Business case"),
    "case_version": lazy_gettext("Version"),
    "discount_pct": lazy_gettext("Discount rate"),
    "feasible": lazy_gettext("Feasible"),
    "risk_summary": lazy_gettext("Risks in short"),
    "level": lazy_gettext("Level"),
    "quorum": lazy_gettext("Quorum"),
    "comment": lazy_gettext("Remark"),
    "similar": lazy_gettext("Similar proposals"),
    "route.customer_decision": lazy_gettext("The customer decides"),
    "replies.by": lazy_gettext("Who"),
    "email": lazy_gettext("E-mail"),
    "organisation": lazy_gettext("Organisation"),
    "inflation_pct": lazy_gettext("Inflation"),
    "growth_pct": lazy_gettext("Growth"),
    "contingency_pct": lazy_gettext("Set aside"),
    "ceiling_capital": lazy_gettext("Ceiling of capital expenditure"),
    "ceiling_operational": lazy_gettext("Ceiling of operational costs"),
    "ceiling_strategic": lazy_gettext("Ceiling of strategic investments"),
    "ceiling_total": lazy_gettext("Ceiling in all"),
    "capital": lazy_gettext("capital expenditure"),
    "operational": lazy_gettext("operational costs"),
    "strategic": lazy_gettext("strategic investments"),
    "policy_note": lazy_gettext("Policy"),
    "zero_base_holders": lazy_gettext("Holders who begin from nothing"),
    "submit_by": lazy_gettext("Hand in by"),
    "text": lazy_gettext("Text"),
    "planned": lazy_gettext("Budget"),
    "var": lazy_gettext("Deviation"),
    "outlook": lazy_gettext("Outlook of the year"),
    "wd": lazy_gettext("Working days"),
    "y0": lazy_gettext("First year"),
    "y1": lazy_gettext("Second year"),
    "y2": lazy_gettext("Third year"),
    "assets": lazy_gettext("What becomes of the assets"),
    "asset": lazy_gettext("Asset"),
    "actions": lazy_gettext("Actions"),
    "approved": lazy_gettext("Approved"),
    "attachments": lazy_gettext("Attachments"),
    "attractiveness": lazy_gettext("Attractiveness"),
    "available_from": lazy_gettext("Available from"),
    "basis": lazy_gettext("How do we set ourselves apart?"),
    "capability_gaps": lazy_gettext("Missing capabilities"),
    "change_summary": lazy_gettext("What changes in the service"),
    "communication": lazy_gettext("Who is told what, and when"),
    "compared_with": lazy_gettext("Compared with"),
    "competitors": lazy_gettext("Competitors"),
    "confidence": lazy_gettext("Confidence"),
    "constraints": lazy_gettext("Constraints"),
    "constraints_removed": lazy_gettext("Constraints the customer no longer bears"),
    "cost": lazy_gettext("Cost"),
    "csf": lazy_gettext("Critical success factors"),
    "current": lazy_gettext("Now"),
    "customers": lazy_gettext("Customers"),
    "data": lazy_gettext("What becomes of the data"),
    "differentiation": lazy_gettext("Sets us apart"),
    "differentiator": lazy_gettext("What sets it apart from competitors?"),
    "factor": lazy_gettext("Factor"),
    "feasibility": lazy_gettext("Feasibility"),
    "financial": lazy_gettext("Financial result"),
    "fit": lazy_gettext("Fit with the strategy"),
    "fitness": lazy_gettext("Fit for purpose"),
    "forecast_total": lazy_gettext("Forecast of all costs"),
    "funding_outlook": lazy_gettext("Funding outlook"),
    "funding_source": lazy_gettext("Funded from"),
    "gap": lazy_gettext("Missing"),
    "gaps": lazy_gettext("What is missing"),
    "initiatives": lazy_gettext("Initiatives"),
    "intangible": lazy_gettext("Benefits not in money"),
    "lead_time_weeks": lazy_gettext("Lead time in weeks"),
    "lesson": lazy_gettext("What to repeat elsewhere"),
    "lost_or_at_risk": lazy_gettext("Lost or at risk"),
    "market_position": lazy_gettext("Where do we stand in the market?"),
    "market_space": lazy_gettext("Market space"),
    "market_spaces": lazy_gettext("Market spaces"),
    "measure": lazy_gettext("Measure"),
    "migration": lazy_gettext("How users and work move"),
    "mission": lazy_gettext("Mission"),
    "not_do": lazy_gettext("What we will not do"),
    "objectives": lazy_gettext("Strategic objectives"),
    "offer": lazy_gettext("Offer"),
    "opportunities": lazy_gettext("Opportunities"),
    "our_strength": lazy_gettext("Our strength"),
    "out_of_scope": lazy_gettext("Out of scope"),
    "praised_for": lazy_gettext("Praised for"),
    "precondition": lazy_gettext("Only if"),
    "price": lazy_gettext("Price"),
    "principles": lazy_gettext("Principles"),
    "quality": lazy_gettext("Quality"),
    "quantity": lazy_gettext("Quantity"),
    "realism": lazy_gettext("Realistic?"),
    "remarks": lazy_gettext("Remarks"),
    "resource_allocation": lazy_gettext("Best way to allocate resources"),
    "review": lazy_gettext("Review on"),
    "risk_control": lazy_gettext("How are the risks controlled?"),
    "risks": lazy_gettext("Risks"),
    "saving_yearly": lazy_gettext("Saved in a year"),
    "segments": lazy_gettext("Customer segments"),
    "services": lazy_gettext("Services"),
    "share": lazy_gettext("Shared with"),
    "shift_text": lazy_gettext("What has shifted?"),
    "spent_to_date": lazy_gettext("Spent to date"),
    "statement": lazy_gettext("Our position in words"),
    "strengths": lazy_gettext("Strengths"),
    "support": lazy_gettext("Support"),
    "team": lazy_gettext("Who earned it"),
    "total": lazy_gettext("In all"),
    "total_costs": lazy_gettext("All costs"),
    "trend": lazy_gettext("Trend"),
    "unit": lazy_gettext("Unit"),
    "value": lazy_gettext("Value"),
    "verdict": lazy_gettext("Verdict"),
    "vision": lazy_gettext("Vision and direction"),
    "weaknesses": lazy_gettext("Weaknesses"),
    "weight": lazy_gettext("Weight"),
    "affordable": lazy_gettext("Affordable"),
    "benefit": lazy_gettext("Benefit"),
    "items": lazy_gettext("Items"),
    "internal": lazy_gettext("Internal"),
    "space": lazy_gettext("Market space"),
    "vote": lazy_gettext("Vote"),
    "member": lazy_gettext("Member"),
    "interest_declared": lazy_gettext("Interest declared"),
    "market": lazy_gettext("Market"),
    "offering": lazy_gettext("Offering"),
    "why_needed": lazy_gettext("Why do customers need it?"),
    "year": lazy_gettext("Year"),
}
"""Of what stands inside a value, where its name does not say it; `column.name` for one column."""
_WORDS = {
    "replies.by.us": lazy_gettext("We"),
    "replies.by.customer": lazy_gettext("The sender"),
}
_MORE_WORDED = frozenset(
    {
        *("vote", "level", "basis", "support", "realism", "trend", "price", "quality", "verdict"),
        *("funding_outlook", "attractiveness"),
        *("affordable", "praised_for", "share", "need_source", "question", "outcome"),
    }
)
_MONEY = frozenset(
    {
        *("amount", "cost", "capital", "operational", "strategic", "benefit", "total"),
        *("y0", "y1", "y2", "planned", "actual", "var", "outlook", "money"),
        *("npv", "tco3", "benefit3"),
        *("ceiling_capital", "ceiling_operational", "ceiling_strategic", "ceiling_total"),
    }
)
_MONEY_LISTS = frozenset({"phasing"})
_CODE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*", re.ASCII)


def tell_parts(column: str, value: Any, labels: Mapping[str, str]) -> Markup | str:
    """Write the list or object of a column; `labels` names what stands there by its id."""
    return told(_in_words(column, column, value), labels)


def part_label(column: str, name: str) -> str:
    """Name a part of an object that `column` holds."""
    return _label(column, name)


def tell_part(column: str, name: str, value: Any, labels: Mapping[str, str]) -> Markup | str:
    """Write a part of an object that `column` holds."""
    return told(_in_words(column, name, value), labels)


def without_own_id(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave the id out of an object that has a number or a name: people know it by those."""
    if "number" in value or "name" in value:
        return {name: part for name, part in value.items() if name != "id"}
    return value


def _in_words(column: str, name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        parts = without_own_id(value)
        return {_label(column, key): _in_words(column, key, part) for key, part in parts.items()}
    if isinstance(value, list):
        return [_in_words(column, name, part) for part in value]
    return _word(column, name, value)


def _label(column: str, name: str) -> str:
    label = _LABELS.get(f"{column}.{name}") or _LABELS.get(name)
    return str(label) if label else column_label(_named_after(name))


def _named_after(name: str) -> str:
    """Give the column whose label a part shares: what one refers to is named without its `_id`."""
    stem = name.removesuffix("_name").removesuffix("_number")
    return f"{stem}_id" if name not in LABELS and f"{stem}_id" in LABELS else name


def _word(column: str, name: str, value: Any) -> Any:
    if isinstance(value, bool) or value in (None, ""):
        return value
    if name in _MONEY or name in _MONEY_LISTS:
        return exact_money(value)
    if name.endswith("_pct"):
        return f"{amount(value)} %"
    return _text(column, name, value) if isinstance(value, str) else value


def _text(column: str, name: str, text: str) -> str:
    if word := _WORDS.get(f"{column}.{name}.{text}"):
        return str(word)
    if name in WORDED | _MORE_WORDED and _CODE.fullmatch(text):
        return option_title(name, text)
    if _MOMENT.fullmatch(text):
        return _moment(text)
    return text


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo is None else moment(at).striptags()
