"""Operations of the monthly control: costs of a month against the plan, explained and signed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.identity import User
from ssflow.domain.registers.budget import (
    Budget,
    BudgetLine,
    BudgetPeriod,
    CostCategory,
    CostEntry,
    PeriodState,
)
from ssflow.operations.budget_figures import WORTH_LOOKING_AT, Variance, add_up
from ssflow.operations.budget_lines import CONTROLLED, approved_budget
from ssflow.operations.budget_periods import (
    NO_VARIANCE,
    month_of,
    period_of,
    required_id,
    variances_of,
)
from ssflow.operations.operation import (
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import amount_of, form, id_of, identifier, rows_of, text
from ssflow.operations.record_changes import add_record, changing
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows
from ssflow.store.instances import is_cancelled

MAX_SHOWN = 50
"""Entries that the accountant classifies on one form; the rest comes after them."""


@operation(
    "period.open",
    "Open the control of a month",
    budget=identifier(),
    period=text(),
)
def open_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Begin (or go on with) the control of a month and tell which accounts are not classified."""
    budget = approved_budget(context, given["budget"], CONTROLLED)
    month = month_of(budget, given["period"])
    period = budget_rows.find_period(context.session, budget.id, given["period"])
    if period is None:
        period = add_record(context, _new_period(context, budget, given["period"]))
    elif _is_left_behind(context, period):
        with changing(context, period):
            period.state, period.instance_id = PeriodState.OPEN, context.instance_id
    elif period.instance_id != context.instance_id:
        raise OperationRefusedError(
            Sentence(
                "%(month)s is “%(state)s” already; a month is controlled once.",
                month=period.name,
                state=period.state,
            ),
            code=Refusal.WRONG_STATE,
        )
    period.require_not_signed()
    open_entries = budget_rows.open_entries_of(context.session, period.period)
    accounts = {e.gl for e in open_entries if e.category is CostCategory.UNCLASSIFIED}
    return {
        "id": str(period.id),
        "name": period.name,
        "period": period.period,
        "month": month,
        "budget": str(budget.id),
        "budget_number": budget.number,
        "accounts": [{"gl": gl} for gl in sorted(accounts)[: budget_rows.MAX_LINES]],
    }


@operation(
    "period.classify",
    "Classify costs and find their lines",
    period=identifier(),
    accounts=fields.List(fields.Dict(), required=True),
    classed=fields.List(fields.Dict(), required=True),
)
def classify_costs(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store the categories that the table gave to accounts, and give each cost its only line."""
    period = period_of(context, given["period"])
    categories = {
        str(account["gl"]): CostCategory(found["category"])
        for account, found in zip(given["accounts"], given["classed"], strict=True)
    }
    lines = _lines_by_purpose(budget_rows.lines_of(context.session, period.budget_id))
    for entry in budget_rows.open_entries_of(context.session, period.period):
        with changing(context, entry):
            if entry.category is CostCategory.UNCLASSIFIED:
                entry.category = categories.get(entry.gl, entry.category)
            entry.line_id = entry.line_id or _only_line(lines, entry)
    count, total = budget_rows.totals_of_period(context.session, period.period)
    left = budget_rows.open_entries_of(context.session, period.period)
    return {
        "entries": count,
        "total": float(total),
        "left": len(left),
        "more": max(len(left) - MAX_SHOWN, 0),
        "to_classify": [_told_entry(entry) for entry in left[:MAX_SHOWN]],
    }


@operation(
    "period.close",
    "Close the month and compare it with the plan",
    period=identifier(),
    close=form(),
)
def close_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store what was classified by hand; a complete month is closed and compared with the plan.

    Costs may be left because the form showed only some, or because they came in meanwhile: it is
    asked again `at_once` when all that was shown is done or the month was thought to be complete.
    """
    period, told = period_of(context, given["period"]), given["close"]
    is_complete = bool(told.get("closed"))
    are_done = _classify_by_hand(context, period, rows_of(told, "entries"))
    left = len(budget_rows.open_entries_of(context.session, period.period))
    if left or not is_complete:
        at_once = bool(left) and (is_complete or are_done)
        return {"closed": False, "left": left, "at_once": at_once}
    with changing(context, period):
        period.accruals = [_accrual(row) for row in rows_of(told, "accruals")]
        period.state = PeriodState.CLOSED
    return {"closed": True, "left": 0, "at_once": False, **_compare(context, period)}


@operation("period.sign", "Sign the month", period=identifier(), signer=identifier())
def sign_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Lock the month when the accountant's certificate is valid; else tell that it is not."""
    period, signer = period_of(context, given["period"]), given["signer"]
    user = people_rows.get_user(context.session, signer)
    today = context.calendar.local_date(context.now)
    until = None if user.certified_until is None else user.certified_until.isoformat()
    if not _is_certified(user, today):
        return {"signed": False, "barred": str(signer), "certified_until": until}
    with changing(context, period):
        period.sign(signer, context.now, user.certificate_no or "")
    return {"signed": True, "barred": None, "certified_until": until}


CONTROL_OPERATIONS = (
    open_period,
    classify_costs,
    close_period,
    sign_period,
)


def _new_period(context: OperationContext, budget: Budget, period: str) -> BudgetPeriod:
    return BudgetPeriod(
        name=f"{budget.number} {period}",
        budget_id=budget.id,
        period=period,
        instance_id=context.instance_id,
        created_at=context.now,
        created_by=context.actor.key,
    )


def _is_left_behind(context: OperationContext, period: BudgetPeriod) -> bool:
    """Whether nobody controls the month any more, since its case was cancelled unsigned."""
    is_unsigned = period.state is not PeriodState.SIGNED
    return is_unsigned and is_cancelled(context.session, period.instance_id)


def _accrual(row: Mapping[str, Any]) -> dict[str, str]:
    line_id, amount = required_id(row.get("line")), amount_of(row.get("amount"))
    return {"line": str(line_id), "amount": str(amount), "note": row.get("note") or ""}


def _compare(context: OperationContext, period: BudgetPeriod) -> dict[str, Any]:
    """Compare each line with its plan up to the month; tell who may not sign."""
    budget = approved_budget(context, period.budget_id, CONTROLLED)
    figures = variances_of(context, budget, period)
    lines = [line for line in budget_rows.lines_of(context.session, budget.id) if line.is_funded]
    told = _told(context, budget, lines, figures)
    totals = _totals(figures.values())
    certified, uncertified = _accountants(context)
    with changing(context, period):
        period.figures = totals
    return {
        **totals,
        "lines": told,
        "deviating": [row for row in told if abs(row["var"]) >= WORTH_LOOKING_AT],
        "uncertified": [str(user.id) for user in uncertified],
        "certified": [
            {
                "name": user.full_name,
                "certificate_no": user.certificate_no,
                "certified_until": str(user.certified_until),
            }
            for user in certified
        ],
    }


_Purpose = tuple[str, str, UUID | None]


def _lines_by_purpose(lines: Iterable[BudgetLine]) -> dict[_Purpose, list[UUID]]:
    found: dict[_Purpose, list[UUID]] = {}
    for line in lines:
        if line.is_funded:
            key = (str(line.category), str(line.budget_class), line.service_id)
            found.setdefault(key, []).append(line.id)
    return found


def _only_line(lines: Mapping[_Purpose, Sequence[UUID]], entry: CostEntry) -> UUID | None:
    """Give the line for the entry's category, class and service, if there is just one."""
    fitting = lines.get((str(entry.category), str(entry.budget_class), entry.service_id), ())
    return fitting[0] if len(fitting) == 1 else None


def _told_entry(entry: CostEntry) -> dict[str, Any]:
    is_known = entry.category is not CostCategory.UNCLASSIFIED
    return {
        "entry": str(entry.id),
        "what": f"{entry.document_no} · {entry.gl} · {entry.supplier or entry.description}",
        "booked": float(entry.amount),
        "category": str(entry.category) if is_known else None,
        "line": None if entry.line_id is None else str(entry.line_id),
    }


def _classify_by_hand(
    context: OperationContext, period: BudgetPeriod, rows: Iterable[Mapping[str, Any]]
) -> bool:
    """Store what was said about costs; tells whether there were any and all are known now."""
    open_costs = []
    for row in rows:
        entry = context.session.get(CostEntry, required_id(row.get("entry")))
        if entry is None or entry.period != period.period:
            message = Sentence(
                "%(entry)s is no cost of %(period)s.", entry=row.get("entry"), period=period.period
            )
            raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
        with changing(context, entry):
            if row.get("category"):
                entry.category = CostCategory(row["category"])
            entry.line_id = id_of(row.get("line")) or entry.line_id
        open_costs.append(entry.category is CostCategory.UNCLASSIFIED or entry.line_id is None)
    return bool(open_costs) and not any(open_costs)


def _told(
    context: OperationContext,
    budget: Budget,
    lines: Sequence[BudgetLine],
    figures: Mapping[UUID, Variance],
) -> list[dict[str, Any]]:
    promised = budget_rows.commitments_of_lines(context.session, [line.id for line in lines])
    names = people_rows.names_of(context.session, (line.holder for line in lines if line.holder))
    return [
        {
            "line": str(line.id),
            "name": line.name,
            "holder": None if line.holder is None else str(line.holder),
            "holder_name": names.get(line.holder, "") if line.holder else "",
            "budget": str(budget.id),
            "budget_class": str(line.budget_class),
            "category": str(line.category),
            "amount": float(line.amount),
            "committed": float(promised.get(line.id, Decimal(0))),
            **_told_variance(figures.get(line.id, NO_VARIANCE)),
        }
        for line in lines
    ]


def _told_variance(found: Variance) -> dict[str, float]:
    return {
        "planned": float(found.planned),
        "actual": float(found.actual),
        "var": float(found.var),
        "var_pct": float(found.var_pct),
        "outlook": float(found.outlook),
    }


def _totals(figures: Iterable[Variance]) -> dict[str, float]:
    total = add_up(figures)
    return {
        "planned": float(total.planned),
        "actual": float(total.actual),
        "var": float(total.var),
        "outlook": float(total.outlook),
    }


def _accountants(context: OperationContext) -> tuple[list[User], list[User]]:
    """Give the accountants whose certificate is valid today, and the others."""
    today = context.calendar.local_date(context.now)
    found = people_rows.users_with_role(context.session, "accountant", today)
    certified = [user for user in found if _is_certified(user, today)]
    return certified, [user for user in found if user not in certified]


def _is_certified(user: User, day: date) -> bool:
    return bool(user.certificate_no) and (user.certified_until or date.min) >= day
