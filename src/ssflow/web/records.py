"""How business records read on a page: columns of a list, facts of one, links between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup

from ssflow.domain.registers.record import Record, record_as_json
from ssflow.errors import NotFoundError
from ssflow.services import registers
from ssflow.store import instances as instance_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.formats import day, moment, plain
from ssflow.web.names import Names
from ssflow.web.texts import state_title

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
    "Feedback": ("number", "subject", "kind", "category", "priority", "state"),
    "Budget": ("number", "fiscal_year", "version", "state", "approved_on"),
    "BudgetLine": ("name", "budget_id", "holder", "category", "budget_class", "amount"),
    "Commitment": ("purpose", "line_id", "proposal_id", "amount", "released"),
    "BudgetAmendment": ("number", "budget_id", "kind", "amount", "state", "requested_by"),
    "BudgetPeriod": ("name", "state", "signed_by", "signed_at"),
    "VarianceNote": ("name", "line_id", "rag", "status", "cause", "variance"),
    "CostEntry": ("document_no", "period", "gl", "category", "supplier", "line_id", "amount"),
    "CustomerRole": ("customer_id", "user_id", "role", "valid_from", "valid_to"),
}
_REFERENCES = {
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
_NUMBERED = ("Service", "ServiceProposal", "Decision", "Budget", "BudgetAmendment", "Feedback")
"""Kinds whose numbers address one record each."""
_PEOPLE = frozenset(
    {
        *("owner", "brm", "mandate_holder", "initiator", "decider", "user_id"),
        *("service_owner", "benefit_owner"),
        *("holder", "requested_by", "signed_by", "explained_by"),
        *("handler", "about_user"),
    }
)
_LABELS = {
    "number": lazy_gettext("Number"),
    "name": lazy_gettext("Name"),
    "title": lazy_gettext("Title"),
    "text": lazy_gettext("Objective"),
    "day": lazy_gettext("Day"),
    "state": lazy_gettext("State"),
    "status": lazy_gettext("State"),
    "kind": lazy_gettext("Kind"),
    "tier": lazy_gettext("Tier"),
    "owner": lazy_gettext("Owner"),
    "brm": lazy_gettext("Relationship manager"),
    "mandate_holder": lazy_gettext("Mandate holder"),
    "customer_id": lazy_gettext("Customer"),
    "parent_id": lazy_gettext("Part of"),
    "service_id": lazy_gettext("Service"),
    "other_id": lazy_gettext("Other service"),
    "proposal_id": lazy_gettext("Proposal"),
    "objective_id": lazy_gettext("Objective"),
    "instance_id": lazy_gettext("Case"),
    "user_id": lazy_gettext("Person"),
    "live_on": lazy_gettext("Live since"),
    "change_type": lazy_gettext("Kind of change"),
    "initiator": lazy_gettext("Proposed by"),
    "summary": lazy_gettext("Summary"),
    "question": lazy_gettext("Question"),
    "decision": lazy_gettext("Decision"),
    "decider": lazy_gettext("Decided by"),
    "decided_at": lazy_gettext("Decided"),
    "version": lazy_gettext("Version"),
    "kpi": lazy_gettext("Measure"),
    "baseline": lazy_gettext("Now"),
    "target": lazy_gettext("Target"),
    "by": lazy_gettext("By"),
    "needs": lazy_gettext("Needs"),
    "budget": lazy_gettext("Budget"),
    "risk": lazy_gettext("Risk"),
    "likelihood": lazy_gettext("Likelihood"),
    "impact": lazy_gettext("Impact"),
    "response": lazy_gettext("Response"),
    "score": lazy_gettext("Score"),
    "risk_level": lazy_gettext("Risk level"),
    "role": lazy_gettext("Role"),
    "valid_from": lazy_gettext("From"),
    "valid_to": lazy_gettext("Until"),
    "fiscal_year": lazy_gettext("Fiscal year"),
    "holder": lazy_gettext("Holder"),
    "category": lazy_gettext("Category"),
    "budget_class": lazy_gettext("Kind of money"),
    "amount": lazy_gettext("Amount"),
    "former_amount": lazy_gettext("Approved last"),
    "frozen": lazy_gettext("Frozen"),
    "phasing": lazy_gettext("Month by month"),
    "business_case_id": lazy_gettext("Business case"),
    "justification": lazy_gettext("Justification"),
    "defaulted": lazy_gettext("Taken over"),
    "issue": lazy_gettext("Issue"),
    "is_funded": lazy_gettext("Gets money"),
    "rank": lazy_gettext("Rank"),
    "line_id": lazy_gettext("Budget line"),
    "budget_id": lazy_gettext("Budget"),
    "from_line_id": lazy_gettext("From line"),
    "to_line_id": lazy_gettext("To line"),
    "purpose": lazy_gettext("Purpose"),
    "released": lazy_gettext("Released"),
    "released_at": lazy_gettext("Released on"),
    "requested_by": lazy_gettext("Requested by"),
    "budget_version": lazy_gettext("Budget version"),
    "applied_on": lazy_gettext("Applied on"),
    "approved_on": lazy_gettext("Approved on"),
    "continuation": lazy_gettext("Last year goes on"),
    "continued_lines": lazy_gettext("Continued lines"),
    "ceilings": lazy_gettext("Ceilings"),
    "guidelines": lazy_gettext("Guidelines"),
    "period": lazy_gettext("Month"),
    "accruals": lazy_gettext("Known but not booked"),
    "figures": lazy_gettext("Figures"),
    "signed_by": lazy_gettext("Signed by"),
    "signed_at": lazy_gettext("Signed"),
    "certificate_no": lazy_gettext("Certificate"),
    "rag": lazy_gettext("Colour"),
    "variance": lazy_gettext("Deviation"),
    "cause": lazy_gettext("Cause"),
    "nature": lazy_gettext("Nature"),
    "outlook_year": lazy_gettext("Outlook of the year"),
    "request": lazy_gettext("Request"),
    "request_amount": lazy_gettext("Amount asked for"),
    "explained_by": lazy_gettext("Explained by"),
    "step": lazy_gettext("Step"),
    "document_no": lazy_gettext("Document"),
    "booking_date": lazy_gettext("Booked on"),
    "gl": lazy_gettext("Ledger account"),
    "supplier": lazy_gettext("Supplier"),
    "decision_id": lazy_gettext("Decision"),
}


@dataclass(frozen=True)
class Fact:
    """One value of a record as a page shows it; a dict or list of dicts stays as it is."""

    name: str
    label: str
    text: Markup | str
    url: str | None = None
    table: Any = None


def columns_of(kind: str) -> tuple[str, ...]:
    """Give the values that a list of this kind shows."""
    return LISTED.get(kind, ("id",))


def column_label(name: str) -> str:
    """Name a value of a record."""
    return str(_LABELS.get(name, name.removesuffix("_id").replace("_", " ").capitalize()))


def label_of(record: Record) -> str:
    """Name a record: by its number and name, as far as it has them."""
    parts = [getattr(record, name, None) for name in ("number", "name", "title", "text", "risk")]
    return " · ".join(str(part) for part in parts if part) or type(record).__name__


def reference_of(record: Record) -> str:
    """Give what addresses a record: its number when it has one for itself, else its id."""
    is_numbered = type(record).__name__ in _NUMBERED
    return str(record.number) if is_numbered else str(record.id)  # type: ignore[attr-defined]


def facts_of(work: UnitOfWork, record: Record, names: Sequence[str] | None = None) -> list[Fact]:
    """Give the values of a record, or those in `names`, ready to be shown."""
    teller = _Teller(work, Names(work))
    wanted = names or list(record_as_json(record))
    return [teller.tell(name, getattr(record, name)) for name in wanted]


@dataclass(frozen=True)
class _Teller:
    work: UnitOfWork
    names: Names

    def tell(self, name: str, value: Any) -> Fact:
        label = column_label(name)
        if value is None or value == "":
            return Fact(name, label, "–")
        if name in _PEOPLE:
            return Fact(name, label, self.names.person(value))
        if name in _REFERENCES:
            return self._reference(name, label, value)
        if name == "instance_id":
            return self._case(label, value)
        if isinstance(value, dict | list):
            return Fact(name, label, plain(value), table=value or None)
        return Fact(name, label, _text(value))

    def _reference(self, name: str, label: str, value: UUID) -> Fact:
        kind = _REFERENCES[name]
        try:
            other = registers.read_record(self.work, kind, str(value))
        except NotFoundError:
            return Fact(name, label, gettext("not for you to see"))
        url = url_for("registers.show", kind=kind, reference=reference_of(other))
        return Fact(name, label, label_of(other), url)

    def _case(self, label: str, value: UUID) -> Fact:
        found = instance_rows.find_visible_instance(self.work.session, self.work.actor, value)
        if found is None:
            return Fact("instance_id", label, gettext("not for you to see"))
        url = url_for("instances.show", instance_id=found.id)
        return Fact("instance_id", label, found.business_key or found.title or label, url)


def _text(value: Any) -> Markup | str:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, StrEnum):
        return state_title(value)
    return plain(value) if isinstance(value, int | Decimal | bool) else str(value)
