"""Operations on approved budgets: money moved between lines, added, or frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.budget import (
    AmendmentKind,
    AmendmentState,
    Budget,
    BudgetAmendment,
    BudgetClass,
    BudgetLine,
    CostCategory,
)
from ssflow.domain.registers.portfolio import Decision
from ssflow.operations.budget_figures import as_texts, free_of_line, phase
from ssflow.operations.budget_lines import AMENDED, approved_budget, set_amount, text_of
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import amount_of, form, id_of, identifier, text
from ssflow.operations.record_changes import add_record, changing, new_number
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows

AMENDMENT_PROCESS = "fin_budget_amendment"


@dataclass(frozen=True)
class AmendmentRequest:
    """What somebody asks to be changed; without `budget` the approved one of `fiscal_year`."""

    kind: str
    amount: Decimal
    budget: UUID | None = None
    fiscal_year: int | None = None
    budget_class: str | None = None
    from_line: UUID | None = None
    to_line: UUID | None = None
    reason: str = ""
    source: str = ""
    reply_to: str | None = None
    """Business key of the case that waits for the message funding_decided."""
    requested_by: UUID | None = None


def request_amendment(context: OperationContext, asked: AmendmentRequest) -> None:
    """Have the amendment process started right after the commit."""
    variables = {
        "kind": asked.kind,
        "amount": float(asked.amount),
        "budget": text_of(asked.budget),
        "fiscal_year": asked.fiscal_year,
        "budget_class": asked.budget_class,
        "from_line": text_of(asked.from_line),
        "to_line": text_of(asked.to_line),
        "reason": str(asked.reason),
        "source": asked.source,
        "reply_to": asked.reply_to,
        "requested_by": text_of(asked.requested_by),
    }
    payload = {"key": AMENDMENT_PROCESS, "variables": variables, "business_key": None}
    context.effects.append(Effect(EffectKind.START_PROCESS, payload))


@operation(
    "amendment.open",
    "Register and check an amendment",
    kind=text(),
    amount=fields.Raw(required=True),
    budget=identifier(required=False),
    fiscal_year=fields.Integer(required=False, allow_none=True, load_default=None),
    budget_class=text(required=False),
    from_line=identifier(required=False),
    to_line=identifier(required=False),
    reason=text(required=False),
    source=text(required=False),
    requested_by=identifier(required=False),
)
def open_amendment(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Register what is asked for and tell whether the money for it is there.

    Raises:
        OperationRefusedError: no approved budget, or the request makes no sense at all.
    """
    budget = _budget(context, given)
    kind, amount = _kind(given["kind"]), amount_of(given["amount"])
    source = _line(context, budget, given["from_line"])
    target = _line(context, budget, given["to_line"])
    if kind is AmendmentKind.FREEZE:
        source, target = None, target or source
    requester = given["requested_by"] or context.initiator
    problem = _problem(context, budget, kind, amount, source, target)
    amendment = add_record(
        context,
        BudgetAmendment(
            number=new_number(context, "AMD"),
            budget_id=budget.id,
            kind=kind,
            amount=amount,
            budget_class=_class_of(given, source, target),
            from_line_id=source.id if source else None,
            to_line_id=target.id if target else None,
            reason=given["reason"] or "",
            source=given["source"] or context.process_key,
            requested_by=requester,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    crosses = bool(source and target and source.budget_class is not target.budget_class)
    return {
        "id": str(amendment.id),
        "number": amendment.number,
        "kind": str(kind),
        "amount": float(amount),
        "budget": str(budget.id),
        "budget_number": budget.number,
        "fiscal_year": budget.fiscal_year,
        "budget_class": str(amendment.budget_class),
        "crosses_class": crosses,
        "from_name": source.name if source else "",
        "from_free": float(_free(context, budget, source)) if source else 0.0,
        "to_name": target.name if target else "",
        "reason": amendment.reason,
        "is_possible": problem is None,
        "problem": str(problem or ""),
        "excluded": [str(user_id) for user_id in (requester, context.initiator) if user_id],
    }


@operation(
    "amendment.apply",
    "Apply an amendment",
    amendment=identifier(),
    verdict=form(),
)
def apply_amendment(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Change the lines and raise the budget's version.

    Raises:
        OperationRefusedError: the money was spent or promised since it was checked.
    """
    amendment = _amendment(context, given["amendment"])
    budget = approved_budget(context, amendment.budget_id, AMENDED)
    source = _line(context, budget, amendment.from_line_id)
    target = _line(context, budget, amendment.to_line_id)
    budget_rows.lock_lines(context.session, [line.id for line in (source, target) if line])
    problem = _problem(context, budget, amendment.kind, amendment.amount, source, target)
    if problem is not None:
        raise OperationRefusedError(problem)
    decision_id = _decided(context, amendment, given["verdict"])
    _change_lines(context, budget, amendment, source, target)
    with changing(context, budget):
        budget.version += 1
    with changing(context, amendment):
        amendment.decide(AmendmentState.APPLIED)
        amendment.decision_id = decision_id
        amendment.outcome = str(given["verdict"].get("comment") or "")
        amendment.budget_version = budget.version
        amendment.applied_on = context.calendar.local_date(context.now)
    return {"state": str(amendment.state), "budget_version": budget.version}


@operation(
    "amendment.refuse",
    "Refuse an amendment",
    amendment=identifier(),
    verdict=form(),
    problem=text(required=False),
)
def refuse_amendment(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """End an amendment without changing the budget; `problem` says what stood in the way."""
    amendment, verdict = _amendment(context, given["amendment"]), given["verdict"]
    decision_id = _decided(context, amendment, verdict)
    with changing(context, amendment):
        amendment.decide(AmendmentState.REFUSED)
        amendment.decision_id = decision_id
        amendment.outcome = str(given["problem"] or verdict.get("comment") or "")
    return {"state": str(amendment.state)}


AMENDMENT_OPERATIONS = (open_amendment, apply_amendment, refuse_amendment)


def _kind(name: str) -> AmendmentKind:
    if name not in tuple(AmendmentKind):
        raise OperationRefusedError(
            Sentence(
                "%(name)s is no kind of amendment; ask for %(choices)s.",
                name=name,
                choices=tuple(AmendmentKind),
            ),
            code=Refusal.WRONG_PARAMETER,
        )
    return AmendmentKind(name)


def _budget(context: OperationContext, given: dict[str, Any]) -> Budget:
    if given["budget"] is not None:
        return approved_budget(context, given["budget"], AMENDED)
    if given["fiscal_year"] is None:
        message = "An amendment names its budget or the fiscal year."
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    found = budget_rows.find_budget_in_force(context.session, given["fiscal_year"])
    if found is None:
        message = Sentence("There is no approved budget for %(year)s.", year=given["fiscal_year"])
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return approved_budget(context, found.id, AMENDED)


def _line(context: OperationContext, budget: Budget, line_id: UUID | None) -> BudgetLine | None:
    if line_id is None:
        return None
    line = context.session.get(BudgetLine, line_id)
    if line is None or line.budget_id != budget.id:
        message = Sentence(
            "Budget %(number)s has no line %(line)s.", number=budget.number, line=line_id
        )
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return line


def _amendment(context: OperationContext, amendment_id: UUID) -> BudgetAmendment:
    amendment = context.session.get(BudgetAmendment, amendment_id)
    if amendment is None:
        message = Sentence("There is no amendment %(id)s.", id=amendment_id)
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return amendment


def _decided(
    context: OperationContext, amendment: BudgetAmendment, verdict: Mapping[str, Any]
) -> UUID | None:
    """Write down who decided, or point to what the steering group wrote down itself."""
    if verdict.get("decision_id") or not verdict.get("decider"):
        return id_of(verdict.get("decision_id"))
    decision = Decision(
        number=new_number(context, "DEC"),
        subject_type="BudgetAmendment",
        subject_id=amendment.id,
        question=Sentence(
            "%(number)s: %(kind)s of EUR %(amount)s",
            number=amendment.number,
            kind=amendment.kind,
            amount=amendment.amount,
        ),
        decision=str(verdict["decision"]),
        reason=verdict.get("comment") or None,
        decider=id_of(verdict["decider"]),
        decided_at=context.now,
        instance_id=context.instance_id,
        created_at=context.now,
        created_by=context.actor.key,
    )
    return add_record(context, decision).id


def _class_of(
    given: dict[str, Any], source: BudgetLine | None, target: BudgetLine | None
) -> BudgetClass:
    if (line := target or source) is not None:
        return line.budget_class
    if given["budget_class"] not in tuple(BudgetClass):
        message = "Money without a line names its class: capital, operational or strategic."
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    return BudgetClass(given["budget_class"])


def _problem(
    context: OperationContext,
    budget: Budget,
    kind: AmendmentKind,
    amount: Decimal,
    source: BudgetLine | None,
    target: BudgetLine | None,
) -> Sentence | None:
    """Say why the amendment cannot be done; None when it can."""
    if amount <= 0:
        return Sentence("The amount must be more than nothing.")
    if kind is AmendmentKind.TRANSFER:
        return _transfer_problem(context, budget, amount, source, target)
    if kind is AmendmentKind.FREEZE and target is None:
        return Sentence("A freeze names the line whose money is frozen.")
    if kind is AmendmentKind.FREEZE and target is not None:
        return _shortage(context, budget, amount, target)
    return None


def _transfer_problem(
    context: OperationContext,
    budget: Budget,
    amount: Decimal,
    source: BudgetLine | None,
    target: BudgetLine | None,
) -> Sentence | None:
    if source is None or target is None:
        return Sentence("A transfer names the line that gives and the line that gets.")
    if source.id == target.id:
        return Sentence("A transfer goes from one line to another.")
    return _shortage(context, budget, amount, source)


def _shortage(
    context: OperationContext, budget: Budget, amount: Decimal, line: BudgetLine
) -> Sentence | None:
    free = _free(context, budget, line)
    if amount <= free:
        return None
    return Sentence(
        "%(name)s has EUR %(free)s free of EUR %(all)s; EUR %(amount)s is more than that.",
        name=line.name,
        free=free,
        all=line.amount,
        amount=amount,
    )


def _free(context: OperationContext, budget: Budget, line: BudgetLine) -> Decimal:
    if not line.is_funded:
        return Decimal(0)
    year = budget.fiscal_year
    promised = budget_rows.commitments_of_lines(context.session, [line.id])
    spent = budget_rows.costs_of_lines(context.session, [line.id], f"{year}-01", f"{year}-12")
    nothing = Decimal(0)
    return free_of_line(
        line.amount, line.frozen, promised.get(line.id, nothing), spent.get(line.id, nothing)
    )


def _change_lines(
    context: OperationContext,
    budget: Budget,
    amendment: BudgetAmendment,
    source: BudgetLine | None,
    target: BudgetLine | None,
) -> None:
    if amendment.kind is AmendmentKind.FREEZE and target is not None:
        with changing(context, target):
            target.frozen += amendment.amount
        return
    if source is not None and amendment.kind is AmendmentKind.TRANSFER:
        with changing(context, source):
            set_amount(source, source.amount - amendment.amount)
    if target is None:
        add_record(context, _new_line(context, budget, amendment))
        return
    with changing(context, target):
        had = target.amount if target.is_funded else Decimal(0)
        target.is_funded = True
        set_amount(target, had + amendment.amount)


def _new_line(context: OperationContext, budget: Budget, amendment: BudgetAmendment) -> BudgetLine:
    """Make the line that a supplement without a line of its own adds."""
    return BudgetLine(
        name=f"{amendment.number} · {amendment.budget_class}",
        budget_id=budget.id,
        category=CostCategory.OVERHEAD,
        budget_class=amendment.budget_class,
        amount=amendment.amount,
        phasing=as_texts(phase(amendment.amount, "even")),
        justification=amendment.reason,
        created_at=context.now,
        created_by=context.actor.key,
    )
