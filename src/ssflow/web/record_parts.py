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
}
"""Of what stands inside a value, where its name does not say it; `column.name` for one column."""
_WORDS = {
    "replies.by.us": lazy_gettext("We"),
    "replies.by.customer": lazy_gettext("The sender"),
}
_MORE_WORDED = frozenset(
    {
        *("vote", "level", "basis", "support", "realism", "trend", "price", "quality"),
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
