"""Operations on yearly budgets: from an empty draft to approved and locked lines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
)
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Decision, Service
from ssflow.operations.budget_baseline import baseline_of
from ssflow.operations.budget_figures import (
    phase,
    totals_by,
)
from ssflow.operations.budget_lines import (
    first_rows,
    lines_to_rank,
    replace_lines,
    set_amount,
    sum_up,
    tell_lines,
    text_of,
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
from ssflow.operations.record_changes import add_record, changing, new_number
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows
from ssflow.store.instances import is_cancelled

FEWEST_YEARS, MOST_YEARS = -1, 5
"""How far from this year a budget may be."""
_PROBLEMS = {"business_case_required": "Needs a business case"}
"""What is told of a finding that a person has to mend; other tables of decisions say their own."""
CONTINUE_BEFORE = 10
"""Working days before the year begins at which a continuation budget takes over."""
REMIND_BEFORE = 5
"""Working days before lines are due at which silent holders are reminded."""
MOST_CUTS = 50
"""The largest lines that one form shows to be cut."""
_CEILINGS = {f"ceiling_{name}": str(name) for name in BudgetClass}


@operation("budget.open", "Open the budget of a year", fiscal_year=fields.Integer(required=True))
def open_budget(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Begin the budget of a year with what was spent in the last twelve months."""
    year = given["fiscal_year"]
    _require_near(context, year)
    standing = budget_rows.find_standing_budget(context.session, year)
    if standing is not None and _is_left_behind(context, standing):
        _give_up(context, standing)
    elif standing is not None:
        raise OperationRefusedError(
            Sentence(
                "Budget %(number)s for %(year)s is “%(state)s”; a year has only one budget.",
                number=standing.number,
                year=year,
                state=standing.state,
            )
        )
    budget = add_record(
        context,
        Budget(
            number=new_number(context, "BUD", year),
            fiscal_year=year,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    baseline = baseline_of(context, year)
    return {
        "id": str(budget.id),
        "number": budget.number,
        "fiscal_year": year,
        "baseline": baseline,
        "baseline_total": float(sum((amount_of(r["amount"]) for r in baseline), Decimal(0))),
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
                "rows": first_rows(
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
    made = replace_lines(context, budget, given["holder"], rows, given["baseline"], silent=False)
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
    made = replace_lines(context, budget, holder, rows, given["baseline"], silent=True)
    return _told_lines(holder, made, silent=True)


@operation("budget.gather", "Gather the lines to be checked", budget=identifier())
def gather_lines(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """List the lines of the budget with what their check needs to know."""
    budget = _planned(context, given["budget"])
    if budget.state is not BudgetState.CONSOLIDATING:
        with changing(context, budget):
            budget.move_to(BudgetState.CONSOLIDATING)
    return tell_lines(context, budget_rows.lines_of(context.session, budget.id))


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
    told = tell_lines(context, lines)
    return {
        **_summed(context, budget, told),
        "issues": [row for row in told if row["issue"]],
        "to_fix": [
            {"line": row["line"], "problem": _PROBLEMS.get(row["issue"], row["issue"])}
            for row in told
            if id_of(row["line"]) in blocking
        ],
        "unfunded": [row for row in told if not row["is_funded"]],
        "defaulted": sum(row["defaulted"] for row in told),
        "to_rank": lines_to_rank(told),
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
        set_amount(line, amount_of(fix.get("amount")))
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
    """Set the named lines to their new, lower amounts; tells what the lines come to then."""
    budget = _planned(context, given["budget"])
    saved = Decimal(0)
    for row in rows_of(given["cuts"], "cuts"):
        if row.get("new_amount") is None:
            continue
        line = _line_of(context, budget, id_of(row.get("line")))
        amount = amount_of(row.get("new_amount"))
        if amount > line.amount:
            raise OperationRefusedError(
                Sentence(
                    "%(name)s has %(former)s EUR; a cut cannot raise it to %(amount)s EUR.",
                    name=line.name,
                    former=line.amount,
                    amount=amount,
                )
            )
        saved += line.amount - amount
        with changing(context, line):
            set_amount(line, amount)
    told = tell_lines(context, budget_rows.lines_of(context.session, budget.id))
    return {"saved": float(saved), "totals": _summed(context, budget, told)}


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
        "total": float(sum((line.amount for line in funded), Decimal(0))),
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
                "holder": text_of(line.holder),
                "category": str(line.category),
                "budget_class": str(line.budget_class),
                "service": text_of(line.service_id),
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
        Sentence("Budget book %(number)s: %(year)s", number=budget.number, year=budget.fiscal_year),
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
        message = Sentence("There is no budget %(id)s.", id=budget_id)
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return budget


def _is_left_behind(context: OperationContext, budget: Budget) -> bool:
    """Whether nobody plans the budget any more, since its case was cancelled."""
    return budget.is_planned and is_cancelled(context.session, budget.instance_id)


def _give_up(context: OperationContext, budget: Budget) -> None:
    with changing(context, budget):
        budget.move_to(BudgetState.CANCELLED)
        budget.ended_reason = Sentence("Its case was cancelled.")
    context.session.flush()


def _planned(context: OperationContext, budget_id: UUID) -> Budget:
    budget = _record(context, budget_id)
    if not budget.is_planned:
        raise OperationRefusedError(
            Sentence(
                "Budget %(number)s is “%(state)s”; its lines are locked.",
                number=budget.number,
                state=budget.state,
            ),
            code=Refusal.WRONG_STATE,
        )
    return budget


def _line_of(context: OperationContext, budget: Budget, line_id: UUID | None) -> BudgetLine:
    line = context.session.get(BudgetLine, line_id) if line_id else None
    if line is None or line.budget_id != budget.id:
        message = Sentence(
            "Budget %(number)s has no line %(line)s.", number=budget.number, line=line_id
        )
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return line


def _summed(
    context: OperationContext, budget: Budget, told: list[dict[str, Any]]
) -> dict[str, Any]:
    """Give lines with what the funded ones add up to and the largest of them, which may be cut."""
    funded = [row for row in told if row["is_funded"]]
    largest = sorted(funded, key=lambda row: -row["amount"])[:MOST_CUTS]
    return {
        **sum_up(context, budget, funded),
        "lines": told,
        "to_cut": [{"line": row["line"], "amount": row["amount"]} for row in largest],
    }


def _require_near(context: OperationContext, year: int) -> None:
    this = context.calendar.local_date(context.now).year
    if not this + FEWEST_YEARS <= year <= this + MOST_YEARS:
        raise OperationRefusedError(
            Sentence(
                "A budget for %(year)s is not made in %(this_year)s; "
                "choose a year from %(first)s to %(last)s.",
                year=year,
                this_year=this,
                first=this + FEWEST_YEARS,
                last=this + MOST_YEARS,
            ),
            code=Refusal.WRONG_PARAMETER,
        )


def _holders(context: OperationContext) -> list[tuple[UUID, str]]:
    today = context.calendar.local_date(context.now)
    found = people_rows.users_with_role(context.session, "budget_holder", today)
    return [(user.id, user.full_name) for user in found]


def _told_lines(holder: UUID, lines: Sequence[BudgetLine], *, silent: bool) -> dict[str, Any]:
    return {
        "holder": str(holder),
        "status": "defaulted" if silent else "submitted",
        "lines": len(lines),
        "total": float(sum((line.amount for line in lines), Decimal(0))),
    }


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
        "share": float(sum((line.amount for line in lines), Decimal(0))),
        "lines": [{"name": line.name, "amount": float(line.amount)} for line in lines],
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
            number=new_number(context, "DEC"),
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
        raise OperationRefusedError(
            Sentence("%(key)s is missing.", key=key), code=Refusal.WRONG_PARAMETER
        )
    return day
