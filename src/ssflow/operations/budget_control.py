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
    BudgetState,
    CostCategory,
    CostEntry,
    NoteStatus,
    PeriodState,
    VarianceNote,
)
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service
from ssflow.operations.amendments import AmendmentRequest, request_amendment
from ssflow.operations.budget_figures import WORTH_LOOKING_AT, Variance, vary
from ssflow.operations.documents import make_document
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import amount_of, form, id_of, identifier, rows_of, text
from ssflow.operations.record_changes import add_record, changing
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows
from ssflow.store.instances import is_cancelled

MAX_SHOWN = 50
"""Entries that the accountant classifies on one form; the rest comes after them."""
_NOTHING = Variance(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@operation(
    "period.open",
    "Open the control of a month",
    budget=identifier(),
    period=text(),
)
def open_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Begin (or go on with) the control of a month and tell which accounts are not classified."""
    budget = _budget(context, given["budget"])
    month = _month_of(budget, given["period"])
    period = budget_rows.find_period(context.session, budget.id, given["period"])
    if period is None:
        period = add_record(context, _new_period(context, budget, given["period"]))
    elif _is_left_behind(context, period):
        with changing(context, period):
            period.state, period.instance_id = PeriodState.OPEN, context.instance_id
    elif period.instance_id != context.instance_id:
        raise OperationRefusedError(
            f"{period.name} is {period.state} already; a month is controlled once.",
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
    period = _period(context, given["period"])
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
    period, told = _period(context, given["period"]), given["close"]
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


@operation(
    "period.note",
    "Note why lines deviate",
    period=identifier(),
    flagged=fields.List(fields.Dict(), required=True),
    explained=fields.List(fields.Dict(), required=True),
)
def note_variances(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Keep what holders said about their lines; who was silent is noted as unexplained."""
    period = _period(context, given["period"])
    answers = {id_of(each.get("line")): each for each in given["explained"]}
    told = []
    for flag in given["flagged"]:
        line_id = _required_id(flag.get("line"))
        note = _note(context, period, line_id, flag, answers.get(line_id) or {})
        told.append(_told_note(context, note, flag))
    return told


@operation(
    "period.review",
    "Store what follows from the explanations",
    period=identifier(),
    review=form(),
)
def review_notes(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store the step per line: accepted, reforecast, amended, or given back."""
    period = _period(context, given["period"])
    returned = []
    for row in rows_of(given["review"], "lines"):
        note = _found_note(context, period, _required_id(row.get("line")))
        with changing(context, note):
            note.step = str(row["step"])
        if note.step == "return":
            returned.append(str(note.line_id))
    return {"returned": returned, "amended": len(_to_amend(context, period))}


@operation("period.request_amendments", "Ask for amendments", period=identifier())
def request_amendments(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Start the amendment process for each line whose request was taken up."""
    period = _period(context, given["period"])
    notes = _to_amend(context, period)
    for note in notes:
        request_amendment(
            context,
            AmendmentRequest(
                kind=note.request,
                amount=note.request_amount or Decimal(0),
                budget=period.budget_id,
                from_line=note.from_line_id,
                to_line=note.line_id,
                reason=note.action or note.cause or "",
                source=period.name,
                requested_by=note.explained_by,
            ),
        )
    return {"requested": len(notes)}


@operation("period.sign", "Sign the month", period=identifier(), signer=identifier())
def sign_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Lock the month when the accountant's certificate is valid; else tell that it is not."""
    period, signer = _period(context, given["period"]), given["signer"]
    user = people_rows.get_user(context.session, signer)
    today = context.calendar.local_date(context.now)
    until = None if user.certified_until is None else user.certified_until.isoformat()
    if not _is_certified(user, today):
        return {"signed": False, "barred": str(signer), "certified_until": until}
    with changing(context, period):
        period.sign(signer, context.now, user.certificate_no or "")
    return {"signed": True, "barred": None, "certified_until": until}


@operation("period.report", "Report the month", period=identifier())
def report_period(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make the monthly report and send it to holders, director, steering group and customers."""
    period = _period(context, given["period"])
    budget = _budget(context, period.budget_id)
    lines = [line for line in budget_rows.lines_of(context.session, budget.id) if line.is_funded]
    figures = _variances(context, budget, period)
    document = make_document(
        context,
        ("BudgetPeriod", period.id),
        "budget_report",
        f"Budget report {period.name}",
        budget=budget,
        period=period,
        lines=lines,
        figures=figures,
        notes=budget_rows.notes_of_period(context.session, budget.id, period.period),
        signer=_name(context, period.signed_by),
    )
    readers = _readers(context, lines)
    for user_id in readers:
        _notify(context, user_id, "budget_reported", budget=budget.number, period=period.period)
    for mandate_holder, share in _customer_shares(context, lines, figures).items():
        _notify(
            context,
            mandate_holder,
            "budget_share_reported",
            budget=budget.number,
            period=period.period,
            actual=str(share),
        )
    return {"document": str(document.id), "notified": [str(user_id) for user_id in readers]}


CONTROL_OPERATIONS = (
    open_period,
    classify_costs,
    close_period,
    note_variances,
    review_notes,
    request_amendments,
    sign_period,
    report_period,
)


def _budget(context: OperationContext, budget_id: UUID) -> Budget:
    budget = context.session.get(Budget, budget_id)
    if budget is None:
        message = f"There is no budget {budget_id}."
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    if budget.state is not BudgetState.APPROVED:
        raise OperationRefusedError(
            f"Budget {budget.number} is {budget.state}; only an approved budget is controlled.",
            code=Refusal.WRONG_STATE,
        )
    return budget


def _month_of(budget: Budget, period: str) -> int:
    """Read the month of a period.

    Raises:
        OperationRefusedError: it is none of the budget's year.
    """
    year, _, month = period.partition("-")
    if year != str(budget.fiscal_year) or not month.isdecimal() or not 1 <= int(month) <= 12:
        raise OperationRefusedError(
            f"{period} is no month of budget {budget.number}; write {budget.fiscal_year}-01 "
            f"to {budget.fiscal_year}-12.",
            code=Refusal.WRONG_PARAMETER,
        )
    return int(month)


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


def _period(context: OperationContext, period_id: UUID) -> BudgetPeriod:
    period = context.session.get(BudgetPeriod, period_id)
    if period is None:
        message = f"There is no budget period {period_id}."
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return period


def _accrual(row: Mapping[str, Any]) -> dict[str, str]:
    line_id, amount = _required_id(row.get("line")), amount_of(row.get("amount"))
    return {"line": str(line_id), "amount": str(amount), "note": row.get("note") or ""}


def _compare(context: OperationContext, period: BudgetPeriod) -> dict[str, Any]:
    """Compare each line with its plan up to the month; tell who may not sign."""
    budget = _budget(context, period.budget_id)
    figures = _variances(context, budget, period)
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
        entry = context.session.get(CostEntry, _required_id(row.get("entry")))
        if entry is None or entry.period != period.period:
            message = f"{row.get('entry')} is no cost of {period.period}."
            raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
        with changing(context, entry):
            if row.get("category"):
                entry.category = CostCategory(row["category"])
            entry.line_id = id_of(row.get("line")) or entry.line_id
        open_costs.append(entry.category is CostCategory.UNCLASSIFIED or entry.line_id is None)
    return bool(open_costs) and not any(open_costs)


def _variances(
    context: OperationContext, budget: Budget, period: BudgetPeriod
) -> dict[UUID, Variance]:
    month = _month_of(budget, period.period)
    lines = budget_rows.lines_of(context.session, budget.id)
    first = f"{budget.fiscal_year}-01"
    spent = budget_rows.costs_of_lines(
        context.session, [line.id for line in lines], first, period.period
    )
    accrued: dict[UUID | None, Decimal] = {}
    for row in period.accruals:
        line_id = id_of(row["line"])
        accrued[line_id] = accrued.get(line_id, Decimal(0)) + amount_of(row["amount"])
    return {
        line.id: vary(
            spent.get(line.id, Decimal(0)), accrued.get(line.id, Decimal(0)), line.phasing, month
        )
        for line in lines
        if line.is_funded
    }


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
            **_told_variance(figures.get(line.id, _NOTHING)),
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
    found = list(figures)
    return {
        "planned": float(sum((f.planned for f in found), Decimal(0))),
        "actual": float(sum((f.actual for f in found), Decimal(0))),
        "var": float(sum((f.var for f in found), Decimal(0))),
        "outlook": float(sum((f.outlook for f in found), Decimal(0))),
    }


def _accountants(context: OperationContext) -> tuple[list[User], list[User]]:
    """Give the accountants whose certificate is valid today, and the others."""
    today = context.calendar.local_date(context.now)
    found = people_rows.users_with_role(context.session, "accountant", today)
    certified = [user for user in found if _is_certified(user, today)]
    return certified, [user for user in found if user not in certified]


def _is_certified(user: User, day: date) -> bool:
    return bool(user.certificate_no) and (user.certified_until or date.min) >= day


def _note(
    context: OperationContext,
    period: BudgetPeriod,
    line_id: UUID,
    flag: Mapping[str, Any],
    answer: Mapping[str, Any],
) -> VarianceNote:
    is_explained = bool(answer.get("cause"))
    values: dict[str, Any] = {
        "rag": str(flag.get("rag") or "amber"),
        "status": NoteStatus.EXPLAINED if is_explained else NoteStatus.UNEXPLAINED,
        "variance": amount_of(flag.get("var")),
        "cause": answer.get("cause"),
        "nature": answer.get("nature"),
        "action": answer.get("action") or "",
        "outlook_year": amount_of(answer["outlook_year"]) if is_explained else None,
        "request": answer.get("request") or "none",
        "request_amount": amount_of(answer.get("amount")) if answer.get("amount") else None,
        "from_line_id": id_of(answer.get("from_line")),
        "explained_by": id_of(answer.get("explained_by")) or id_of(flag.get("holder")),
    }
    note = budget_rows.find_note(context.session, line_id, period.period)
    if note is None:
        return add_record(
            context,
            VarianceNote(
                name=f"{period.period} {flag.get('name') or ''}".strip(),
                line_id=line_id,
                period=period.period,
                created_at=context.now,
                created_by=context.actor.key,
                **values,
            ),
        )
    with changing(context, note):
        for name, value in values.items():
            setattr(note, name, value)
    return note


def _to_amend(context: OperationContext, period: BudgetPeriod) -> list[VarianceNote]:
    notes = budget_rows.notes_of_period(context.session, period.budget_id, period.period)
    return [note for note in notes if note.step == "amend" and note.request != "none"]


def _found_note(context: OperationContext, period: BudgetPeriod, line_id: UUID) -> VarianceNote:
    note = budget_rows.find_note(context.session, line_id, period.period)
    if note is None:
        message = f"Nothing was noted about line {line_id} in {period.period}."
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return note


def _told_note(
    context: OperationContext, note: VarianceNote, flag: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        **{key: flag.get(key) for key in ("line", "name", "holder", "holder_name")},
        **{key: flag.get(key) for key in ("planned", "actual", "var", "var_pct", "rag")},
        "status": str(note.status),
        "cause": note.cause,
        "nature": note.nature,
        "action": note.action,
        "outlook": None if note.outlook_year is None else float(note.outlook_year),
        "request": note.request,
        "amount": None if note.request_amount is None else float(note.request_amount),
        "explained_by": _name(context, note.explained_by),
    }


def _readers(context: OperationContext, lines: Sequence[BudgetLine]) -> list[UUID]:
    today = context.calendar.local_date(context.now)
    roles = ("it_director", "itsg_chair", "itsg_member")
    found = [
        user.id for r in roles for user in people_rows.users_with_role(context.session, r, today)
    ]
    return list(dict.fromkeys([*(line.holder for line in lines if line.holder), *found]))


def _customer_shares(
    context: OperationContext, lines: Sequence[BudgetLine], figures: Mapping[UUID, Variance]
) -> dict[UUID, Decimal]:
    """Sum what was spent for each customer's services, by who decides for the customer."""
    shares: dict[UUID, Decimal] = {}
    for line in lines:
        service = context.session.get(Service, line.service_id) if line.service_id else None
        customer_id = service.customer_id if service else None
        customer = context.session.get(Customer, customer_id) if customer_id else None
        if customer is not None and customer.mandate_holder is not None:
            actual = figures.get(line.id, _NOTHING).actual
            shares[customer.mandate_holder] = (
                shares.get(customer.mandate_holder, Decimal(0)) + actual
            )
    return shares


def _notify(context: OperationContext, user_id: UUID, template: str, **facts: Any) -> None:
    payload = {"template": template, "to": str(user_id), **facts}
    context.effects.append(Effect(EffectKind.NOTICE, payload))


def _name(context: OperationContext, user_id: UUID | None) -> str:
    names = people_rows.names_of(context.session, [user_id]) if user_id else {}
    return names.get(user_id, "") if user_id else ""


def _required_id(value: Any) -> UUID:
    found = id_of(value)
    if found is None:
        raise OperationRefusedError("An id is missing.", code=Refusal.WRONG_PARAMETER)
    return found
