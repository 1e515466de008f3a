"""The lines of a yearly budget: what holders are shown, what they submit, what it adds up to."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    CostCategory,
)
from ssflow.domain.registers.portfolio import Service
from ssflow.operations.budget_figures import (
    as_texts,
    gap_pct,
    growth_pct,
    phase,
    rephase,
    totals_by,
)
from ssflow.operations.operation import OperationContext, OperationRefusedError, Refusal
from ssflow.operations.parameters import amount_of, id_of
from ssflow.operations.record_changes import add_record, remove_record
from ssflow.sentences import N_, Sentence
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows

MOST_RANKED = 60
"""The largest lines that one form shows to be ranked."""
_CUSTOM = "custom"
_MONTH_FIELDS = [f"m{month}" for month in range(1, 13)]


AMENDED = N_("Budget %(number)s is “%(state)s”; only an approved budget is amended.")
CONTROLLED = N_("Budget %(number)s is “%(state)s”; only an approved budget is controlled.")


def approved_budget(context: OperationContext, budget_id: UUID, refusal: str) -> Budget:
    """Get an approved budget; `refusal` is what is said about another: `AMENDED`, `CONTROLLED`.

    Raises:
        OperationRefusedError: there is none, or it is not approved.
    """
    budget = context.session.get(Budget, budget_id)
    if budget is None:
        message = Sentence("There is no budget %(id)s.", id=budget_id)
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    if budget.state is not BudgetState.APPROVED:
        raise OperationRefusedError(
            Sentence(refusal, number=budget.number, state=budget.state),
            code=Refusal.WRONG_STATE,
        )
    return budget


def first_rows(
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
            "initiative": row.get("initiative"),
        }
        for row in rows
    ]


def replace_lines(
    context: OperationContext,
    budget: Budget,
    holder: UUID,
    rows: Iterable[Mapping[str, Any]],
    baseline: Sequence[Mapping[str, Any]],
    *,
    silent: bool,
) -> list[BudgetLine]:
    """Put new lines of a holder in place of those that were there; `silent`: nobody sent them."""
    for line in budget_rows.lines_of(context.session, budget.id):
        if line.holder == holder:
            remove_record(context, line)
    former = {
        _key(row): row["former"]
        for row in baseline
        if id_of(row["holder"]) == holder and row.get("former") is not None
    }
    return [
        add_record(context, _new_line(context, budget, holder, row, former, silent=silent))
        for row in rows
    ]


def set_amount(line: BudgetLine, amount: Decimal) -> None:
    """Give a line another amount that is spread over the year as the former one was."""
    line.phasing = as_texts(rephase([amount_of(part) for part in line.phasing], amount))
    line.amount = amount


def tell_lines(context: OperationContext, lines: Sequence[BudgetLine]) -> list[dict[str, Any]]:
    """Give lines as forms and decision tables know them."""
    names = people_rows.names_of(context.session, (line.holder for line in lines if line.holder))
    return [
        {
            "line": str(line.id),
            "name": line.name,
            "holder": text_of(line.holder),
            "holder_name": names.get(line.holder, "") if line.holder else "",
            "category": str(line.category),
            "budget_class": str(line.budget_class),
            "service": text_of(line.service_id),
            "amount": float(line.amount),
            "former": None if line.former_amount is None else float(line.former_amount),
            "growth_pct": float(growth_pct(line.amount, line.former_amount)),
            "has_case": line.business_case_id is not None,
            "business_case": text_of(line.business_case_id),
            "defaulted": line.defaulted,
            "issue": line.issue,
            "is_funded": line.is_funded,
            "rank": line.rank,
        }
        for line in lines
    ]


def sum_up(
    context: OperationContext, budget: Budget, funded: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Add funded lines up and compare them with ceilings and the budget of the year before."""
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
        "total": float(total),
        "ceiling": float(ceiling),
        "over": float(max(total - ceiling, Decimal(0))),
        "gap_pct": float(gap_pct(total, ceiling)),
        "former_total": None if before is None else float(before),
        "growth_pct": float(growth_pct(total, before)) if before is not None else 0.0,
        "by_class": [
            {
                "budget_class": name,
                "amount": float(by_class.get(name, Decimal(0))),
                "ceiling": float(amount_of(budget.ceilings.get(name))),
                "gap_pct": float(
                    gap_pct(by_class.get(name, Decimal(0)), amount_of(budget.ceilings.get(name)))
                ),
            }
            for name in map(str, BudgetClass)
        ],
        "by_category": _listed(totals_by(funded, "category"), "category"),
        "by_holder": _listed(totals_by(funded, "holder_name"), "holder"),
    }


def lines_to_rank(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
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


def _row_of(line: BudgetLine) -> dict[str, Any]:
    months = {key: float(part) for key, part in zip(_MONTH_FIELDS, line.phasing, strict=False)}
    return {
        "name": line.name,
        "service": text_of(line.service_id),
        "category": str(line.category),
        "budget_class": str(line.budget_class),
        "amount": float(line.amount),
        "phasing": _CUSTOM,
        **months,
        "business_case": text_of(line.business_case_id),
        "initiative": text_of(line.initiative),
        "justification": line.justification,
    }


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
        name=str(row.get("name") or line_name(service, str(category), str(budget_class))),
        budget_id=budget.id,
        holder=holder,
        category=category,
        budget_class=budget_class,
        service_id=service_id,
        amount=amount,
        former_amount=None if before is None else amount_of(before),
        phasing=as_texts(_phasing(row, amount)),
        business_case_id=id_of(row.get("business_case")),
        initiative=id_of(row.get("initiative")),
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
            Sentence(
                "The twelve months of %(name)s sum to %(sum)s EUR, not to %(amount)s EUR.",
                name=row.get("name"),
                sum=sum(parts, Decimal(0)),
                amount=amount,
            ),
            code=Refusal.WRONG_PARAMETER,
        )
    return parts


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row.get("category"), row.get("budget_class"), row.get("service") or None)


def _listed(totals: Mapping[str, Decimal], name: str) -> list[dict[str, Any]]:
    return [{name: key, "amount": float(totals[key])} for key in sorted(totals)]


def text_of(value: UUID | None) -> str | None:
    """Give an id as text, or nothing."""
    return None if value is None else str(value)


def line_name(service: Service | None, category: str, budget_class: str) -> str:
    """Name a line after what it is for, where nobody gave it a name."""
    return " · ".join([*([service.name] if service else []), category, budget_class])
