"""How business records read on a page: columns of a list, facts of one, links between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup

from ssflow.domain.registers.budget import BudgetAmendment
from ssflow.domain.registers.record import Record, record_as_json, record_values
from ssflow.services import registers
from ssflow.store import instances as instance_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.formats import amount, day, exact_money, moment, plain
from ssflow.web.names import Names
from ssflow.web.record_parts import tell_parts
from ssflow.web.record_words import WORDED, WORDS, column_label, option_title
from ssflow.web.sentences import tell
from ssflow.web.texts import STATES, register_title
from ssflow.web.trail import Change

LISTED: dict[str, tuple[str, ...]] = {
    "Customer": ("name", "kind", "tier", "status", "brm", "mandate_holder"),
    "Service": ("number", "name", "state", "owner", "customer_id", "live_on"),
    "ServiceProposal": ("number", "title", "change_type", "state", "customer_id", "initiator"),
    "BusinessCase": ("number", "proposal_id", "version", "npv", "score", "risk_level"),
    "RiskItem": ("risk", "likelihood", "impact", "response", "owner"),
    "Charter": ("proposal_id", "budget", "service_owner", "benefit_owner"),
    "StageReport": ("proposal_id", "stage", "spent", "forecast", "overrun_pct", "gate"),
    "ServiceReview": ("reviewed_on", "service_id", "value_score", "tech_score", "disposition"),
    "ResourceAllocation": ("resource", "kind", "starts_on", "ends_on", "proposal_id"),
    "Decision": ("number", "question", "decision", "decider", "decided_at"),
    "Document": ("title", "kind", "media_type"),
    "ServiceDependency": ("service_id", "other_id", "kind"),
    "ServiceAsset": ("service_id", "name", "kind", "owner"),
    "ServiceObjective": ("service_id", "objective_id"),
    "StrategyDocument": ("number", "title", "state", "version", "horizon_from", "horizon_to"),
    "StrategicObjective": ("text", "kpi", "baseline", "target", "actual", "rag", "status"),
    "Initiative": ("title", "kind", "owner", "to_date", "money", "rag"),
    "MarketSegment": ("name", "kind", "needs"),
    "Holiday": ("day", "name"),
    "ActionItem": ("what", "kind", "state", "owner", "due"),
    "Feedback": (
        *("number", "subject", "kind", "category", "priority", "state"),
        *("handler", "due_resolution_at"),
    ),
    "Budget": ("number", "fiscal_year", "version", "state", "approved_on"),
    "BudgetLine": ("name", "budget_id", "holder", "category", "budget_class", "amount"),
    "Commitment": ("purpose", "line_id", "proposal_id", "amount", "released"),
    "BudgetAmendment": ("number", "budget_id", "kind", "amount", "state", "requested_by"),
    "BudgetPeriod": ("name", "state", "signed_by", "signed_at"),
    "VarianceNote": ("name", "line_id", "rag", "status", "cause", "variance"),
    "CostEntry": ("document_no", "period", "gl", "category", "supplier", "line_id", "amount"),
    "CustomerRole": ("customer_id", "user_id", "role", "valid_from", "valid_to"),
}
REFERENCES = {
    "customer_id": "Customer",
    "parent_id": "Customer",
    "service_id": "Service",
    "other_id": "Service",
    "replacement_id": "Service",
    "proposal_id": "ServiceProposal",
    "duplicate_of": "ServiceProposal",
    "objective_id": "StrategicObjective",
    "strategy_id": "StrategyDocument",
    "merged_into": "Feedback",
    "budget_id": "Budget",
    "line_id": "BudgetLine",
    "from_line_id": "BudgetLine",
    "to_line_id": "BudgetLine",
    "business_case_id": "BusinessCase",
    "decision_id": "Decision",
}
_NUMBERED = (
    *("Service", "ServiceProposal", "Decision", "Budget", "BudgetAmendment", "Feedback"),
    "StrategyDocument",
)
"""Kinds whose numbers address one record each."""
PEOPLE = frozenset(
    {
        *("owner", "brm", "mandate_holder", "initiator", "decider", "user_id"),
        *("service_owner", "benefit_owner"),
        *("holder", "requested_by", "signed_by", "explained_by"),
        *("handler", "about_user"),
    }
)
_KIND_NAMES = frozenset({"subject_type", "owner_type", "source_type"})
_PLAIN_NUMBERS = frozenset({"score", "ratio"})
_YEARS = frozenset({"fiscal_year"})
_UNTOLD = frozenset({"sender_key"})
"""Columns that only ssflow reads."""


@dataclass(frozen=True)
class Fact:
    """One value of a record as a page shows it; `table` is a list or object, written out."""

    name: str
    label: str
    text: Markup | str
    url: str | None = None
    table: Markup | str | None = None
    is_amount: bool = False


def columns_of(kind: str) -> tuple[str, ...]:
    """Give the values that a list of this kind shows."""
    return LISTED.get(kind, ("id",))


def came_of(record: Record) -> str:
    """Say why a record ended as it did, where it keeps that; else nothing."""
    told = record.outcome if isinstance(record, BudgetAmendment) else None
    return tell(told or getattr(record, "ended_reason", None))


def label_of(record: Record) -> str:
    """Name a record: by its number and name, as far as it has them."""
    names = ("number", "name", "title", "text", "risk", "what")
    parts = [getattr(record, name, None) for name in names]
    if what := getattr(record, "what", None):
        parts[-1] = tell(what)
    return " · ".join(str(part) for part in parts if part) or register_title(type(record).__name__)


def reference_of(record: Record) -> str:
    """Give what addresses a record: its number when it has one for itself, else its id."""
    is_numbered = type(record).__name__ in _NUMBERED
    return str(record.number) if is_numbered else str(record.id)  # type: ignore[attr-defined]


def url_of(record: Record) -> str:
    """Give the address of a record's page."""
    return url_for("registers.show", kind=type(record).__name__, reference=reference_of(record))


def facts_of(work: UnitOfWork, record: Record, names: Sequence[str] | None = None) -> list[Fact]:
    """Give the values of a record, or those in `names`, ready to be shown."""
    [facts] = facts_of_all(work, [record], names or _told_columns(record))
    return facts


def _told_columns(record: Record) -> list[str]:
    """Leave out what tells a reader nothing."""
    return [name for name in record_as_json(record) if name not in _UNTOLD]


def facts_of_all(
    work: UnitOfWork, records: Sequence[Record], names: Sequence[str]
) -> list[list[Fact]]:
    """Give some values of several records, with few looks into the database for all of them."""
    teller = _Teller(work, Names(work))
    teller.load(records, names)
    return [[teller.tell(name, getattr(record, name)) for name in names] for record in records]


@dataclass
class _Teller:
    work: UnitOfWork
    names: Names
    others: dict[UUID, Record] = field(default_factory=dict)
    """Records that are referred to and that the reader may see."""

    def load(self, records: Sequence[Record], names: Sequence[str]) -> None:
        """Look up everything that the values of records refer to."""
        self.load_values([{n: getattr(record, n) for n in names} for record in records], names)

    def load_values(self, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
        """Look up everything that values refer to."""
        self.names.load_people(row.get(name) for name in names if name in PEOPLE for row in rows)
        wanted: dict[str, set[UUID]] = {}
        for name in names:
            if name in REFERENCES:
                ids = {found for row in rows if isinstance(found := row.get(name), UUID)}
                wanted.setdefault(REFERENCES[name], set()).update(ids)
        for kind, ids in wanted.items():
            self.others |= registers.read_records(self.work, kind, ids)

    def tell(self, name: str, value: Any) -> Fact:
        label = column_label(name)
        if value is None or value in ("", [], {}):
            return Fact(name, label, "–")
        if name in PEOPLE:
            return Fact(name, label, self.names.person(value))
        if name in REFERENCES:
            return self._reference(name, label, value)
        if name == "instance_id":
            return self._case(name, label, value)
        if name == "source" and isinstance(value, str):
            return Fact(name, label, self.names.process(value, option_title(name, value)))
        if isinstance(value, dict | list):
            parts = tell_parts(name, value, self.names.labels(value))
            return Fact(name, label, plain(value), table=parts)
        if isinstance(value, UUID):
            known = self.names.labels([str(value)]).get(str(value))
            return Fact(name, label, known) if known else self._case(name, label, value)
        return Fact(name, label, told_value(name, value), is_amount=isinstance(value, Decimal))

    def _reference(self, name: str, label: str, value: UUID) -> Fact:
        if (other := self.others.get(value)) is None:
            return Fact(name, label, gettext("not for you to see"))
        return Fact(name, label, label_of(other), url_of(other))

    def _case(self, name: str, label: str, value: UUID) -> Fact:
        found = instance_rows.find_visible_instance(self.work.session, self.work.actor, value)
        if found is None:
            return Fact(name, label, gettext("not for you to see"))
        url = url_for("instances.show", instance_id=found.id)
        return Fact(name, label, found.business_key or found.title or label, url)


_TOLD = frozenset({"question", "outcome", "reason", "ended_reason", "what", "justification"})
"""Columns where operations of ours write sentences, beside what people type."""


def told_value(name: str, value: Any) -> Markup | str:
    """Write one value as the reader does; `name` is the column that holds it."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, StrEnum) or (isinstance(value, str) and name in WORDED):
        return option_title(name, value)
    if name in _TOLD and isinstance(value, str):
        return option_title(name, value) if value in WORDS or value in STATES else tell(value)
    if name in _KIND_NAMES:
        return register_title(str(value))
    if name.endswith("_pct"):
        return f"{amount(value)} %"
    if isinstance(value, Decimal) and name not in _PLAIN_NUMBERS:
        return exact_money(value)
    if name in _YEARS:
        return str(value)
    return plain(value) if isinstance(value, int | Decimal | bool) else str(value)


@dataclass(frozen=True)
class ToldChange:
    """One value before and after, as the reader writes such values."""

    label: str
    before: Fact
    after: Fact


def tell_changes(
    work: UnitOfWork, kind: type[Record], changes: Sequence[Change]
) -> list[ToldChange]:
    """Tell what an event of the trail says about a record of this kind."""
    sides = [{c.name: getattr(c, side) for c in changes} for side in ("before", "after")]
    before, after = [_stand_in(kind, values) for values in sides]
    names = [change.name for change in changes if change.name in after]
    teller = _Teller(work, Names(work))
    teller.load_values([before, after], names)
    return [
        ToldChange(
            column_label(name), teller.tell(name, before.get(name)), teller.tell(name, after[name])
        )
        for name in names
    ]


def _stand_in(kind: type[Record], told: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what the trail says into values of the record; what is none stays as it stands."""
    values: dict[str, Any] = {}
    for name, value in told.items():
        try:
            values |= record_values(kind, {name: value})
        except (ValueError, ArithmeticError):
            values[name] = str(value)
    return values
