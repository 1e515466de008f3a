"""Operations on deviations of a month: explained by holders, reviewed, amended."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.budget import BudgetPeriod, NoteStatus, VarianceNote
from ssflow.operations.amendments import AmendmentRequest, request_amendment
from ssflow.operations.budget_periods import name_of, period_of, required_id
from ssflow.operations.operation import OperationContext, OperationRefusedError, Refusal, operation
from ssflow.operations.parameters import amount_of, form, id_of, identifier, rows_of
from ssflow.operations.record_changes import add_record, changing
from ssflow.sentences import Sentence
from ssflow.store import budget as budget_rows


@operation(
    "period.note",
    "Note why lines deviate",
    period=identifier(),
    flagged=fields.List(fields.Dict(), required=True),
    explained=fields.List(fields.Dict(), required=True),
)
def note_variances(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Keep what holders said about their lines; who was silent is noted as unexplained."""
    period = period_of(context, given["period"])
    answers = {id_of(each.get("line")): each for each in given["explained"]}
    told = []
    for flag in given["flagged"]:
        line_id = required_id(flag.get("line"))
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
    period = period_of(context, given["period"])
    returned = []
    for row in rows_of(given["review"], "lines"):
        note = _found_note(context, period, required_id(row.get("line")))
        with changing(context, note):
            note.step = str(row["step"])
        if note.step == "return":
            returned.append(str(note.line_id))
    return {"returned": returned, "amended": len(_to_amend(context, period))}


@operation("period.request_amendments", "Ask for amendments", period=identifier())
def request_amendments(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Start the amendment process for each line whose request was taken up."""
    period = period_of(context, given["period"])
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


NOTE_OPERATIONS = (note_variances, review_notes, request_amendments)


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
        message = Sentence(
            "Nothing was noted about line %(line)s in %(period)s.",
            line=line_id,
            period=period.period,
        )
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
        "explained_by": name_of(context, note.explained_by),
    }
