"""Operations on yearly budgets: from an empty draft to approved and locked lines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    CostCategory,
)
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Decision, Service
from ssflow.operations.budget_figures import (
    as_texts,
    gap_pct,
    growth_pct,
    phase,
    rephase,
    totals_by,
)
from ssflow.operations.documents import make_document
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import (
    amount_of,
    day_of,
    form,
    id_of,
    identifier,
    one_of,
    rows_of,
    text,
)
from ssflow.operations.record_changes import add_record, changing
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows
from ssflow.store.records import next_number

FEWEST_YEARS, MOST_YEARS = -1, 5
"""How far from this year a budget may be."""
CONTINUE_BEFORE = 10
"""Working days before the year begins at which a continuation budget takes over."""
REMIND_BEFORE = 5
"""Working days before lines are due at which silent holders are reminded."""
MOST_CUTS, MOST_RANKED = 50, 60
"""The largest lines that one form shows."""
_CEILINGS = {f"ceiling_{name}": str(name) for name in BudgetClass}
_CUSTOM = "custom"
_MONTH_FIELDS = [f"m{month}" for month in range(1, 13)]


@operation("budget.open", "Open the budget of a year", fiscal_year=fields.Integer(required=True))
def open_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Begin the budget of a year with what was spent in the last twelve months."""
    year = given["fiscal_year"]
    _require_near(context, year)
    standing = budget_rows.find_standing_budget(context.session, year)
    if standing is not None:
        raise OperationRefusedError(
            f"Budget {standing.number} for {year} is {standing.state}; a year has only one budget."
        )
    budget = add_record(
        context,
        Budget(
            number=next_number(context.session, "BUD", year),
            fiscal_year=year,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    baseline = _baseline(context, year)
    return {
        "id": str(budget.id),
        "number": budget.number,
        "fiscal_year": year,
        "baseline": baseline,
        "baseline_total": _float(sum((amount_of(r["amount"]) for r in baseline), Decimal(0))),
        "continue_at": _morning_before(context, date(year, 1, 1), CONTINUE_BEFORE),
    }


@operation(
    "budget.set_guidelines",
    "Set the guidelines and ask the holders",
    budget=identifier(),
    guidelines=form(),
    baseline=fields.List(fields.Dict(), required=True),
)
def set_guidelines(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store assumptions and ceilings and tell who is asked for lines, with what they begin."""
    budget, told = _planned(context, given["budget"]), given["guidelines"]
    with changing(context, budget):
        budget.guidelines = told
        budget.ceilings = {name: str(amount_of(told.get(key))) for key, name in _CEILINGS.items()}
        budget.move_to(BudgetState.COLLECTING)
    zero_based = {id_of(one) for one in told.get("zero_base_holders") or []}
    submit_by = _required_day(told, "submit_by")
    lines = budget_rows.lines_of(context.session, budget.id)
    return {
        "holders": [
            {
                "user": str(user_id),
                "name": name,
                "zero_base": user_id in zero_based,
                "rows": _first_rows(
                    given["baseline"], lines, user_id, is_zero_based=user_id in zero_based
                ),
            }
            for user_id, name in _holders(context)
        ],
        "submit_by": submit_by.isoformat(),
        "remind_at": _morning_before(context, submit_by, REMIND_BEFORE),
        "closes_at": _end_of(context, submit_by),
    }


@operation(
    "budget.take_lines",
    "Store the lines of a holder",
    budget=identifier(),
    holder=identifier(),
    lines=form(),
    baseline=fields.List(fields.Dict(), required=True),
)
def take_lines(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Put what a holder submitted in place of the lines the holder had before."""
    budget = _planned(context, given["budget"])
    rows = rows_of(given["lines"], "lines")
    made = _replace_lines(context, budget, given["holder"], rows, given["baseline"], silent=False)
    return _told_lines(given["holder"], made, silent=False)


@operation(
    "budget.default_lines",
    "Take last year's figures for a silent holder",
    budget=identifier(),
    holder=identifier(),
    baseline=fields.List(fields.Dict(), required=True),
)
def default_lines(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Give a holder who was silent the lines of the baseline, marked as such."""
    budget, holder = _planned(context, given["budget"]), given["holder"]
    rows = [row for row in given["baseline"] if id_of(row.get("holder")) == holder]
    made = _replace_lines(context, budget, holder, rows, given["baseline"], silent=True)
    return _told_lines(holder, made, silent=True)


@operation("budget.gather", "Gather the lines to be checked", budget=identifier())
def gather_lines(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """List the lines of the budget with what their check needs to know."""
    budget = _planned(context, given["budget"])
    if budget.state is not BudgetState.CONSOLIDATING:
        with changing(context, budget):
            budget.move_to(BudgetState.CONSOLIDATING)
    return _told(context, budget_rows.lines_of(context.session, budget.id))


@operation(
    "budget.consolidate",
    "Add the lines up",
    budget=identifier(),
    lines=fields.List(fields.Dict(), required=True),
    checked=fields.List(fields.Dict(), required=True),
)
def consolidate_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Note what the check found on each line, add up, and compare with ceilings and last year."""
    budget = _planned(context, given["budget"])
    lines = budget_rows.lines_of(context.session, budget.id)
    pairs = zip(given["lines"], given["checked"], strict=True)
    found = {id_of(line["line"]): each for line, each in pairs}
    for line in lines:
        with changing(context, line):
            line.issue = str((found.get(line.id) or {}).get("issue") or "")
    blocking = {line_id for line_id, each in found.items() if each.get("blocking")}
    told = _told(context, lines)
    funded = [row for row in told if row["is_funded"]]
    return {
        **_sums(context, budget, funded),
        "lines": told,
        "issues": [row for row in told if row["issue"]],
        "to_fix": [
            {"line": row["line"], "problem": row["issue"]}
            for row in told
            if id_of(row["line"]) in blocking
        ],
        "unfunded": [row for row in told if not row["is_funded"]],
        "defaulted": sum(row["defaulted"] for row in told),
        "to_rank": _to_rank(told),
        "to_cut": [
            {"line": row["line"], "amount": row["amount"]}
            for row in sorted(funded, key=lambda row: -row["amount"])[:MOST_CUTS]
        ],
    }


@operation(
    "budget.fix_line",
    "Correct a line",
    budget=identifier(),
    line=identifier(),
    fix=form(),
)
def fix_line(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Correct the amount, class or business case of a line."""
    budget, fix = _planned(context, given["budget"]), given["fix"]
    line = _line_of(context, budget, given["line"])
    with changing(context, line):
        _set_amount(line, amount_of(fix.get("amount")))
        line.budget_class = BudgetClass(fix["budget_class"])
        line.business_case_id = id_of(fix.get("business_case")) or line.business_case_id
        line.justification = fix.get("note") or line.justification
        line.issue = ""
    return {"status": "fixed", "line": str(line.id)}


@operation(
    "budget.cut_lines",
    "Cut lines",
    budget=identifier(),
    cuts=form(),
)
def cut_lines(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Set the named lines to their new, lower amounts."""
    budget = _planned(context, given["budget"])
    saved = Decimal(0)
    for row in rows_of(given["cuts"], "cuts"):
        if row.get("new_amount") is None:
            continue
        line = _line_of(context, budget, id_of(row.get("line")))
        amount = amount_of(row.get("new_amount"))
        if amount > line.amount:
            raise OperationRefusedError(
                f"{line.name} has {line.amount} EUR; a cut cannot raise it to {amount} EUR."
            )
        saved += line.amount - amount
        with changing(context, line):
            _set_amount(line, amount)
    return {"saved": _float(saved)}


@operation(
    "budget.prioritise",
    "Rank lines and leave some without money",
    budget=identifier(),
    ranking=form(),
)
def prioritise_lines(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store the order of the lines and which of them get no money."""
    budget = _planned(context, given["budget"])
    unfunded = 0
    for row in rows_of(given["ranking"], "ranking"):
        line = _line_of(context, budget, id_of(row.get("line")))
        with changing(context, line):
            line.rank, line.is_funded = row.get("rank"), bool(row.get("funded"))
        unfunded += not line.is_funded
    return {"unfunded": unfunded}


@operation(
    "budget.decide",
    "Record a decision on the budget",
    budget=identifier(),
    question=text(),
    decision=text(),
    comment=text(required=False),
    conditions=text(required=False),
    decider=identifier(required=False),
)
def decide_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write down a decision on the budget; it counts as submitted from the first one on."""
    budget = _planned(context, given["budget"])
    if budget.state is not BudgetState.SUBMITTED:
        with changing(context, budget):
            budget.move_to(BudgetState.SUBMITTED)
    decision = _decision(context, budget, given["question"], given)
    return {"number": decision.number, "outcome": decision.decision}


@operation("budget.shares", "Find which customers pay", budget=identifier())
def share_budget(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """List the customers whose services the budget pays for, with their share.

    A customer without a mandate holder cannot confirm and is left out.
    """
    budget = _planned(context, given["budget"])
    funded = [line for line in budget_rows.lines_of(context.session, budget.id) if line.is_funded]
    shares: dict[UUID, list[BudgetLine]] = {}
    for line in funded:
        service = context.session.get(Service, line.service_id) if line.service_id else None
        if service is not None and service.customer_id is not None and line.amount:
            shares.setdefault(service.customer_id, []).append(line)
    told = [_share(context, customer_id, lines) for customer_id, lines in shares.items()]
    return sorted((each for each in told if each is not None), key=lambda each: each["name"])


@operation(
    "budget.approve",
    "Approve the budget and lock its lines",
    budget=identifier(),
    fundings=fields.List(fields.Dict(), required=True),
)
def approve_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Put the budget into force: lines are locked and phased, continuation ends."""
    budget = _planned(context, given["budget"])
    for answer in given["fundings"]:
        if answer.get("agree"):
            told = {"decision": answer["agree"], "comment": answer.get("reason"), **answer}
            _decision(context, budget, f"Share of {answer.get('name') or 'a customer'}", told)
    with changing(context, budget):
        budget.move_to(BudgetState.APPROVED)
        budget.approved_on = context.calendar.local_date(context.now)
        budget.continuation = False
    lines = budget_rows.lines_of(context.session, budget.id)
    funded = [line for line in lines if line.is_funded]
    return {
        "outcome": "approved",
        "version": budget.version,
        "total": _float(sum((line.amount for line in funded), Decimal(0))),
        "unfunded": [line.name for line in lines if not line.is_funded],
    }


@operation(
    "budget.end",
    "End the budget without approval",
    budget=identifier(),
    outcome=one_of("rejected", "cancelled"),
    reason=text(required=False),
)
def end_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Reject or cancel the budget; a continuation that runs goes on."""
    budget = _planned(context, given["budget"])
    with changing(context, budget):
        budget.move_to(BudgetState(given["outcome"]))
        budget.ended_reason = given["reason"] or None
    return {"outcome": given["outcome"]}


@operation("budget.continue", "Continue last year's budget", budget=identifier())
def continue_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Let each line of last year's approved budget go on with a twelfth of it a month."""
    budget = _record(context, given["budget"])
    if not budget.is_planned:
        return {"continued": 0}
    former = budget_rows.find_budget_in_force(context.session, budget.fiscal_year - 1)
    lines = budget_rows.lines_of(context.session, former.id) if former else []
    with changing(context, budget):
        budget.continuation = True
        budget.continued_lines = [
            {
                "line": str(line.id),
                "name": line.name,
                "holder": _text(line.holder),
                "category": str(line.category),
                "budget_class": str(line.budget_class),
                "service": _text(line.service_id),
                "monthly": str(phase(line.amount, "even")[0]),
            }
            for line in lines
            if line.is_funded
        ]
    today = context.calendar.local_date(context.now)
    chairs = people_rows.users_with_role(context.session, "itsg_chair", today)
    _notify(context, budget, "budget_continued", (user.id for user in chairs))
    return {"continued": len(budget.continued_lines)}


@operation("budget.remind", "Remind a silent holder", budget=identifier(), holder=identifier())
def remind_holder(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Ask a holder once more for the lines."""
    budget = _record(context, given["budget"])
    _notify(context, budget, "budget_reminder", [given["holder"]])
    return {"reminded": str(given["holder"])}


@operation("budget.publish", "Publish the budget book", budget=identifier())
def publish_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make the budget book and send it to holders and to the customers who pay."""
    budget = _record(context, given["budget"])
    lines = budget_rows.lines_of(context.session, budget.id)
    names = people_rows.names_of(context.session, (line.holder for line in lines if line.holder))
    document = make_document(
        context,
        ("Budget", budget.id),
        "budget_book",
        f"Budget book {budget.number}: {budget.fiscal_year}",
        budget=budget,
        funded=[line for line in lines if line.is_funded],
        unfunded=[line for line in lines if not line.is_funded],
        holders=names,
        by_class=totals_by(
            (
                {"budget_class": line.budget_class, "amount": line.amount}
                for line in lines
                if line.is_funded
            ),
            "budget_class",
        ),
    )
    customers = _mandate_holders(context, lines)
    told = list(dict.fromkeys([*names, *customers]))
    _notify(context, budget, "budget_published", told)
    return {"document": str(document.id), "notified": [str(user_id) for user_id in told]}


BUDGET_OPERATIONS = (
    open_budget,
    set_guidelines,
    take_lines,
    default_lines,
    gather_lines,
    consolidate_budget,
    fix_line,
    cut_lines,
    prioritise_lines,
    decide_budget,
    share_budget,
    approve_budget,
    end_budget,
    continue_budget,
    remind_holder,
    publish_budget,
)


def _record(context: OperationContext, budget_id: UUID) -> Budget:
    budget = context.session.get(Budget, budget_id)
    if budget is None:
        message = f"There is no budget {budget_id}."
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return budget


def _planned(context: OperationContext, budget_id: UUID) -> Budget:
    budget = _record(context, budget_id)
    if not budget.is_planned:
        raise OperationRefusedError(
            f"Budget {budget.number} is {budget.state}; its lines are locked.",
            code=Refusal.WRONG_STATE,
        )
    return budget


def _line_of(context: OperationContext, budget: Budget, line_id: UUID | None) -> BudgetLine:
    line = context.session.get(BudgetLine, line_id) if line_id else None
    if line is None or line.budget_id != budget.id:
        message = f"Budget {budget.number} has no line {line_id}."
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return line


def _require_near(context: OperationContext, year: int) -> None:
    this = context.calendar.local_date(context.now).year
    if not this + FEWEST_YEARS <= year <= this + MOST_YEARS:
        raise OperationRefusedError(
            f"A budget for {year} is not made in {this}; choose a year from "
            f"{this + FEWEST_YEARS} to {this + MOST_YEARS}.",
            code=Refusal.WRONG_PARAMETER,
        )


def _baseline(context: OperationContext, year: int) -> list[dict[str, Any]]:
    """Give a row for every purpose of last year's lines and last twelve months' costs.

    The amount is what was spent in the last twelve months, else what was approved last.
    """
    today = context.calendar.local_date(context.now)
    first, last = f"{today.year - 1}-{today.month:02}", _month_before(today)
    spent = budget_rows.spent_by_purpose(context.session, first, last)
    former = budget_rows.find_budget_in_force(context.session, year - 1)
    lines = budget_rows.lines_of(context.session, former.id) if former else []
    approved: dict[budget_rows.Purpose, Decimal] = {}
    for line in lines:
        purpose = budget_rows.Purpose(
            line.holder, line.category, line.budget_class, line.service_id
        )
        approved[purpose] = approved.get(purpose, Decimal(0)) + line.amount
    rows = [
        {
            **_purpose_row(context, purpose),
            "amount": _float(spent.get(purpose) or approved.get(purpose) or Decimal(0)),
            "former": _float(approved[purpose]) if purpose in approved else None,
        }
        for purpose in {**approved, **spent}
    ]
    return sorted(rows, key=lambda row: (row["holder"] or "", row["name"]))


def _purpose_row(context: OperationContext, purpose: budget_rows.Purpose) -> dict[str, Any]:
    service = context.session.get(Service, purpose.service_id) if purpose.service_id else None
    return {
        "holder": _text(purpose.holder),
        "category": str(purpose.category),
        "budget_class": str(purpose.budget_class),
        "service": _text(purpose.service_id),
        "name": _line_name(service, str(purpose.category), str(purpose.budget_class)),
    }


def _holders(context: OperationContext) -> list[tuple[UUID, str]]:
    today = context.calendar.local_date(context.now)
    found = people_rows.users_with_role(context.session, "budget_holder", today)
    return [(user.id, user.full_name) for user in found]


def _first_rows(
    baseline: Sequence[Mapping[str, Any]],
    lines: Sequence[BudgetLine],
    holder: UUID,
    *,
    is_zero_based: bool,
) -> list[dict[str, Any]]:
    """Give the rows that a holder begins with: the lines of a former round, else the baseline."""
    own = [line for line in lines if line.holder == holder and not line.defaulted]
    if own:
        return [_row_of(line) for line in own]
    rows = [row for row in baseline if id_of(row.get("holder")) == holder]
    return [
        {
            "name": row["name"],
            "service": row["service"],
            "category": row["category"],
            "budget_class": row["budget_class"],
            "amount": None if is_zero_based else row["amount"],
            "phasing": "even",
        }
        for row in rows
    ]


def _row_of(line: BudgetLine) -> dict[str, Any]:
    months = {key: float(part) for key, part in zip(_MONTH_FIELDS, line.phasing, strict=False)}
    return {
        "name": line.name,
        "service": _text(line.service_id),
        "category": str(line.category),
        "budget_class": str(line.budget_class),
        "amount": _float(line.amount),
        "phasing": _CUSTOM,
        **months,
        "business_case": _text(line.business_case_id),
        "justification": line.justification,
    }


def _replace_lines(
    context: OperationContext,
    budget: Budget,
    holder: UUID,
    rows: Iterable[Mapping[str, Any]],
    baseline: Sequence[Mapping[str, Any]],
    *,
    silent: bool,
) -> list[BudgetLine]:
    budget_rows.delete_lines_of_holder(context.session, budget.id, holder)
    former = {_key(row): row.get("former") for row in baseline if id_of(row["holder"]) == holder}
    return [
        add_record(context, _new_line(context, budget, holder, row, former, silent=silent))
        for row in rows
    ]


def _new_line(
    context: OperationContext,
    budget: Budget,
    holder: UUID,
    row: Mapping[str, Any],
    former: Mapping[tuple[Any, ...], Any],
    *,
    silent: bool,
) -> BudgetLine:
    amount, service_id = amount_of(row.get("amount")), id_of(row.get("service"))
    service = context.session.get(Service, service_id) if service_id else None
    before = former.get(_key(row))
    category, budget_class = CostCategory(row["category"]), BudgetClass(row["budget_class"])
    return BudgetLine(
        name=str(row.get("name") or _line_name(service, str(category), str(budget_class))),
        budget_id=budget.id,
        holder=holder,
        category=category,
        budget_class=budget_class,
        service_id=service_id,
        amount=amount,
        former_amount=None if before is None else amount_of(before),
        phasing=as_texts(_phasing(row, amount)),
        business_case_id=id_of(row.get("business_case")),
        justification=str(row.get("justification") or ""),
        defaulted=silent,
        created_at=context.now,
        created_by=context.actor.key,
    )


def _phasing(row: Mapping[str, Any], amount: Decimal) -> list[Decimal]:
    """Read how a row is spread over the year.

    Raises:
        OperationRefusedError: twelve amounts of its own do not sum to the amount.
    """
    named = str(row.get("phasing") or "even")
    if named != _CUSTOM:
        return phase(amount, named)
    parts = [amount_of(row.get(key)) for key in _MONTH_FIELDS]
    if sum(parts, Decimal(0)) != amount:
        raise OperationRefusedError(
            f"The twelve months of {row.get('name')} sum to {sum(parts)} EUR, not to {amount} EUR.",
            code=Refusal.WRONG_PARAMETER,
        )
    return parts


def _set_amount(line: BudgetLine, amount: Decimal) -> None:
    line.phasing = as_texts(rephase([amount_of(part) for part in line.phasing], amount))
    line.amount = amount


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row.get("category"), row.get("budget_class"), row.get("service") or None)


def _told_lines(holder: UUID, lines: Sequence[BudgetLine], *, silent: bool) -> dict[str, Any]:
    return {
        "holder": str(holder),
        "status": "defaulted" if silent else "submitted",
        "lines": len(lines),
        "total": _float(sum((line.amount for line in lines), Decimal(0))),
    }


def _told(context: OperationContext, lines: Sequence[BudgetLine]) -> list[dict[str, Any]]:
    names = people_rows.names_of(context.session, (line.holder for line in lines if line.holder))
    return [
        {
            "line": str(line.id),
            "name": line.name,
            "holder": _text(line.holder),
            "holder_name": names.get(line.holder, "") if line.holder else "",
            "category": str(line.category),
            "budget_class": str(line.budget_class),
            "service": _text(line.service_id),
            "amount": _float(line.amount),
            "former": None if line.former_amount is None else _float(line.former_amount),
            "growth_pct": _float(growth_pct(line.amount, line.former_amount)),
            "has_case": line.business_case_id is not None,
            "business_case": _text(line.business_case_id),
            "defaulted": line.defaulted,
            "issue": line.issue,
            "is_funded": line.is_funded,
            "rank": line.rank,
        }
        for line in lines
    ]


def _sums(
    context: OperationContext, budget: Budget, funded: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    total = sum((amount_of(row["amount"]) for row in funded), Decimal(0))
    ceiling = sum((amount_of(value) for value in budget.ceilings.values()), Decimal(0))
    former = budget_rows.find_budget_in_force(context.session, budget.fiscal_year - 1)
    before = (
        sum(
            (
                one.amount
                for one in budget_rows.lines_of(context.session, former.id)
                if one.is_funded
            ),
            Decimal(0),
        )
        if former
        else None
    )
    by_class = totals_by(funded, "budget_class")
    return {
        "total": _float(total),
        "ceiling": _float(ceiling),
        "over": _float(max(total - ceiling, Decimal(0))),
        "gap_pct": _float(gap_pct(total, ceiling)),
        "former_total": None if before is None else _float(before),
        "growth_pct": _float(growth_pct(total, before)) if before is not None else 0.0,
        "by_class": [
            {
                "budget_class": name,
                "amount": _float(by_class.get(name, Decimal(0))),
                "ceiling": _float(amount_of(budget.ceilings.get(name))),
                "gap_pct": _float(
                    gap_pct(by_class.get(name, Decimal(0)), amount_of(budget.ceilings.get(name)))
                ),
            }
            for name in map(str, BudgetClass)
        ],
        "by_category": _listed(totals_by(funded, "category"), "category"),
        "by_holder": _listed(totals_by(funded, "holder_name"), "holder"),
    }


def _listed(totals: Mapping[str, Decimal], name: str) -> list[dict[str, Any]]:
    return [{name: key, "amount": _float(totals[key])} for key in sorted(totals)]


def _to_rank(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give what may be ranked, largest first; running costs only when nothing else is there."""
    optional = [row for row in told if row["budget_class"] != BudgetClass.OPERATIONAL]
    chosen = sorted(optional or told, key=lambda row: (row["rank"] or 1000, -row["amount"]))
    return [
        {
            "line": row["line"],
            "name": row["name"],
            "holder": row["holder_name"],
            "amount": row["amount"],
            "rank": number,
            "funded": row["is_funded"],
        }
        for number, row in enumerate(chosen[:MOST_RANKED], 1)
    ]


def _share(
    context: OperationContext, customer_id: UUID, lines: Sequence[BudgetLine]
) -> dict[str, Any] | None:
    customer = context.session.get(Customer, customer_id)
    if customer is None or customer.mandate_holder is None:
        return None
    return {
        "customer": str(customer.id),
        "name": customer.name,
        "mandate_holder": str(customer.mandate_holder),
        "share": _float(sum((line.amount for line in lines), Decimal(0))),
        "lines": [{"name": line.name, "amount": _float(line.amount)} for line in lines],
    }


def _mandate_holders(context: OperationContext, lines: Sequence[BudgetLine]) -> list[UUID]:
    found = []
    for service_id in dict.fromkeys(line.service_id for line in lines if line.service_id):
        service = context.session.get(Service, service_id)
        customer_id = service.customer_id if service else None
        customer = context.session.get(Customer, customer_id) if customer_id else None
        if customer is not None and customer.mandate_holder is not None:
            found.append(customer.mandate_holder)
    return found


def _decision(
    context: OperationContext, budget: Budget, question: str, told: Mapping[str, Any]
) -> Decision:
    return add_record(
        context,
        Decision(
            number=next_number(context.session, "DEC", context.now.year),
            subject_type="Budget",
            subject_id=budget.id,
            question=question,
            decision=str(told["decision"]),
            conditions=told.get("conditions") or None,
            reason=told.get("comment") or None,
            decider=id_of(told.get("decider")),
            decided_at=context.now,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )


def _notify(
    context: OperationContext, budget: Budget, template: str, people: Iterable[UUID]
) -> None:
    context.effects += [
        Effect(
            EffectKind.NOTICE,
            {
                "template": template,
                "to": str(user_id),
                "budget": budget.number,
                "fiscal_year": budget.fiscal_year,
            },
        )
        for user_id in people
    ]


def _line_name(service: Service | None, category: str, budget_class: str) -> str:
    return " · ".join([*([service.name] if service else []), category, budget_class])


def _month_before(today: date) -> str:
    last = today.replace(day=1) - timedelta(days=1)
    return f"{last.year}-{last.month:02}"


def _morning_before(context: OperationContext, day: date, working_days: int) -> str:
    """Give eight o'clock on the n-th working day before a day, as a moment."""
    start = context.calendar.add_working_days(day, -working_days)
    return _at(context, start, time(8))


def _end_of(context: OperationContext, day: date) -> str:
    return _at(context, day, time(23, 59, 59))


def _at(context: OperationContext, day: date, at: time) -> str:
    return datetime.combine(day, at, tzinfo=context.calendar.timezone).isoformat()


def _required_day(told: Mapping[str, Any], key: str) -> date:
    day = day_of(told.get(key))
    if day is None:
        raise OperationRefusedError(f"{key} is missing.", code=Refusal.WRONG_PARAMETER)
    return day


def _float(amount: Decimal) -> float:
    """Give an amount or a percentage as a number that JSON and decision tables know."""
    return float(amount)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
