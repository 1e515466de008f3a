"""What the strategy cycle does to the registers: assess, define, decide, carry out, check."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from ssflow.domain.registers.portfolio import Decision, ServiceObjective
from ssflow.domain.registers.record import Record
from ssflow.domain.registers.strategy import (
    Initiative,
    MarketSegment,
    ObjectiveStatus,
    Rag,
    StrategicObjective,
    StrategyDocument,
    StrategyState,
)
from ssflow.domain.registers.work import ActionItem
from ssflow.operations.documents import make_document
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import amount_of, day_of, form, id_of, identifier, rows_of, text
from ssflow.operations.record_changes import add_record, changing, new_number
from ssflow.operations.strategy_facts import assessment_facts, live_services
from ssflow.operations.strategy_figures import is_past_horizon, late_pct, red_pct
from ssflow.sentences import Sentence
from ssflow.store import strategy as strategy_rows
from ssflow.store.instances import is_running

R = TypeVar("R", bound=Record)

_PROCESSES = {
    "service_new": "spm_service_change",
    "service_change": "spm_service_change",
    "retirement": "spm_retirement",
}
"""Kind of an initiative -> the process that carries it out; the others become an action."""
_CHANGE_TYPES = {"service_new": "new", "service_change": "major"}
_READERS = ("portfolio_manager", "finance_manager", "demand_manager", "brm", "service_owner")


@operation("strategy.begin", "Register the strategy", scope=form())
def begin_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make the strategy of this case out of its scope."""
    scope = given["scope"]
    strategy = add_record(
        context,
        StrategyDocument(
            number=new_number(context, "STR"),
            title=str(scope["title"]),
            horizon_from=_day(scope, "horizon_from"),
            horizon_to=_day(scope, "horizon_to"),
            reason=str(scope.get("reason") or ""),
            business_strategy=str(scope.get("business_strategy") or ""),
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    former = strategy_rows.strategies_in_force(context.session)
    return {
        "id": str(strategy.id),
        "number": strategy.number,
        "former": former[0].number if former else None,
        "services": live_services(context),
        **assessment_facts(context),
    }


@operation(
    "strategy.assess",
    "Keep the assessment",
    strategy=identifier(),
    market=form(),
    customers=form(),
    offering=form(),
    internal=form(),
)
def assess_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep what the four assessments found and make the pack that the definition starts from.

    The pack shows the figures of the registers as they are on that day.
    """
    strategy = _strategy(context, given["strategy"])
    assessment = {name: given[name] for name in ("market", "customers", "offering", "internal")}
    with changing(context, strategy):
        strategy.assessment = assessment
        strategy.move_to(StrategyState.DEFINING)
    title = Sentence(
        "Assessment %(number)s: %(title)s", number=strategy.number, title=strategy.title
    )
    document = make_document(
        context,
        _owner(strategy),
        "assessment",
        title,
        strategy=strategy,
        judged=_judged(context, rows_of(given["offering"], "services")),
        **assessment_facts(context),
        **assessment,
    )
    return {"document": str(document.id)}


@operation(
    "strategy.define",
    "Keep the four parts and the objectives",
    strategy=identifier(),
    swot=form(),
    perspective=form(),
    position=form(),
    plan=form(),
    pattern=form(),
    objectives=form(),
)
def define_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep the four parts and propose the objectives.

    An objective that another strategy pursues stays as it is until this one is in force.
    """
    strategy = _strategy(context, given["strategy"])
    is_again = bool(strategy.perspective)
    with changing(context, strategy):
        strategy.swot = given["swot"]
        strategy.perspective, strategy.position = given["perspective"], given["position"]
        strategy.plan, strategy.pattern = given["plan"], given["pattern"]
        strategy.version += int(is_again)
        strategy.move_to(StrategyState.CONSULTATION)
    rows = rows_of(given["objectives"], "objectives")
    wanted = [_propose_objective(context, strategy, row) for row in rows]
    for objective in _proposed(context, strategy):
        if objective not in wanted:
            _end_objective(context, objective)
    return {
        "version": strategy.version,
        "choices": [{"value": str(one.id), "label": one.text} for one in wanted],
        "customers": [
            {"customer": str(one.id), "name": one.name, "mandate_holder": str(one.mandate_holder)}
            for one in strategy_rows.key_customers(context.session)
        ],
    }


@operation(
    "strategy.submit",
    "Put the strategy up for decision",
    strategy=identifier(),
    impact=form(),
    views=form(),
)
def submit_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep what it costs and what customers said; from now on it is to be decided."""
    strategy = _strategy(context, given["strategy"])
    with changing(context, strategy):
        strategy.impact = given["impact"]
        strategy.views = rows_of(given["views"], "views")
        strategy.move_to(StrategyState.SUBMITTED)
    return {"state": str(strategy.state)}


@operation(
    "strategy.decide",
    "Record the director's decision",
    strategy=identifier(),
    decision=text(),
    comment=text(required=False),
    decider=identifier(required=False),
)
def decide_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write down what the director decided before the steering group sees it."""
    strategy = _strategy(context, given["strategy"])
    decision = add_record(
        context,
        Decision(
            number=new_number(context, "DEC"),
            subject_type="StrategyDocument",
            subject_id=strategy.id,
            question=Sentence(
                "Is strategy %(number)s ready for the steering group?", number=strategy.number
            ),
            decision=given["decision"],
            reason=given["comment"] or None,
            decider=given["decider"],
            decided_at=context.now,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    return {"number": decision.number}


@operation(
    "strategy.publish",
    "Put the strategy into force",
    strategy=identifier(),
    objectives=form(required=False),
)
def publish_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make it the strategy in force; the former one and what only it wanted come to an end.

    Its objectives become active, also those taken over; its segments come into the register.
    """
    strategy = _strategy(context, given["strategy"])
    others = _others_in_force(context, strategy)
    superseded = [_supersede(context, one, by=strategy.number) for one in others]
    with changing(context, strategy):
        strategy.activated_on = _today(context)
        strategy.move_to(StrategyState.ACTIVE)
    _activate_objectives(context, strategy, rows_of(given["objectives"] or {}, "objectives"))
    for row in rows_of(strategy.assessment.get("customers") or {}, "segments"):
        _keep_segment(context, row)
    objectives = strategy_rows.objectives_of(context.session, strategy.id)
    title = Sentence("Strategy %(number)s: %(title)s", number=strategy.number, title=strategy.title)
    document = make_document(
        context, _owner(strategy), "strategy", title, strategy=strategy, objectives=objectives
    )
    context.effects.append(
        Effect(
            EffectKind.NOTICE,
            {
                "template": "strategy_published",
                "to": list(_READERS),
                "facts": {"number": strategy.number, "title": strategy.title},
            },
        )
    )
    return {
        "document": str(document.id),
        "superseded": superseded,
        "initiatives": [_as_initiative(row) for row in rows_of(strategy.plan, "actions")],
    }


@operation(
    "strategy.reject", "Reject the strategy", strategy=identifier(), reason=text(required=False)
)
def reject_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """End it without it ever being in force; the one in force stays."""
    strategy = _strategy(context, given["strategy"])
    with changing(context, strategy):
        strategy.move_to(StrategyState.REJECTED)
        strategy.ended_on = _today(context)
        strategy.lessons = given["reason"] or ""
    for objective in _proposed(context, strategy):
        _end_objective(context, objective)
    return {"state": str(strategy.state)}


@operation(
    "strategy.plan_initiatives",
    "Keep the initiatives",
    strategy=identifier(),
    initiatives=form(),
)
def plan_initiatives(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the initiatives, or bring those with the same title up to date.

    Gives those that are not launched yet.
    """
    strategy = _strategy(context, given["strategy"])
    known = {one.title: one for one in strategy_rows.initiatives_of(context.session, strategy.id)}
    for row in rows_of(given["initiatives"], "initiatives"):
        _keep_initiative(context, strategy, row, known.get(str(row["title"])))
    return [
        {"initiative": str(one.id), "title": one.title, "kind": one.kind}
        for one in strategy_rows.initiatives_of(context.session, strategy.id)
        if not one.is_launched
    ]


@operation("initiative.launch", "Launch an initiative", initiative=identifier())
def launch_initiative(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Start the process that carries it out, or leave an action for its owner.

    Money of an initiative that no process brings into the budget is named in the action.
    """
    initiative = _get(context, Initiative, given["initiative"])
    strategy = _strategy(context, initiative.strategy_id)
    process = _PROCESSES.get(initiative.kind)
    if process is None:
        _leave_action(context, strategy, initiative)
    else:
        context.effects.append(_start(process, _variables(strategy, initiative)))
    with changing(context, initiative):
        initiative.is_launched = True
        initiative.rag = Rag.GREEN
    return {"initiative": str(initiative.id), "title": initiative.title, "started": process}


@operation("strategy.measure", "Gather how the strategy stands", strategy=identifier())
def measure_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Give the rows of a checkpoint as they stood at the last one."""
    strategy = _strategy(context, given["strategy"])
    initiatives = strategy_rows.initiatives_of(context.session, strategy.id)
    return {
        "horizon_to": strategy.horizon_to.isoformat(),
        "objectives": _objectives(context, strategy),
        "initiatives": [
            {
                "initiative": str(one.id),
                "title": one.title,
                "to_date": one.to_date.isoformat() if one.to_date else None,
                "rag": str(one.rag or Rag.GREEN),
                "late": one.to_date is not None and one.to_date < _today(context),
                "note": one.note,
            }
            for one in initiatives
        ],
    }


@operation("strategy.check", "Keep the checkpoint", strategy=identifier(), checkpoint=form())
def check_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep what the checkpoint found and work out the shares that the health table asks for."""
    strategy, checkpoint = _strategy(context, given["strategy"]), given["checkpoint"]
    objectives, initiatives = rows_of(checkpoint, "objectives"), rows_of(checkpoint, "initiatives")
    by_text = {one.text: one for one in strategy_rows.objectives_of(context.session, strategy.id)}
    for row in objectives:
        objective = _known(by_text, row.get("text"))
        with changing(context, objective):
            objective.actual = str(row.get("actual") if row.get("actual") is not None else "")
            objective.rag = Rag(row["rag"])
    planned = strategy_rows.initiatives_of(context.session, strategy.id)
    by_title = {one.title: one for one in planned}
    for row in initiatives:
        initiative = _known(by_title, row.get("title"))
        with changing(context, initiative):
            initiative.rag, initiative.is_late = Rag(row["rag"]), bool(row.get("late"))
            initiative.note = str(row.get("note") or "")
    return {
        "shift_seen": bool(checkpoint.get("shift_seen")),
        "red_pct": red_pct([str(row["rag"]) for row in objectives]),
        "late_pct": late_pct([bool(row.get("late")) for row in initiatives]),
        "past_horizon": is_past_horizon(_today(context), strategy.horizon_to),
    }


@operation(
    "strategy.reassess", "Begin a new assessment", strategy=identifier(), shift=text(required=False)
)
def reassess_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Start the cycle anew with what has shifted; this one stays in force until the next is.

    A strategy that another one superseded was assessed anew already.
    """
    strategy = _strategy(context, given["strategy"])
    if strategy.state is StrategyState.SUPERSEDED:
        return {"former": strategy.number}
    told = {
        "former": strategy.number,
        "shift": given["shift"] or "The checkpoint asked for a new assessment.",
        "title": strategy.title,
        "business_strategy": strategy.business_strategy,
    }
    context.effects.append(_start("strategy_cycle", {"origin": told}))
    return {"former": strategy.number}


@operation("strategy.complete", "Close the strategy", strategy=identifier(), close=form())
def complete_strategy(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Close a strategy whose time is over, with what it achieved."""
    strategy, close = _strategy(context, given["strategy"]), given["close"]
    with changing(context, strategy):
        if strategy.state is not StrategyState.SUPERSEDED:
            strategy.move_to(StrategyState.COMPLETED)
            strategy.ended_on = _today(context)
        strategy.achieved = str(close.get("achieved") or "")
        strategy.lessons = str(close.get("lessons") or "")
    for objective in strategy_rows.objectives_of(context.session, strategy.id):
        _end_objective(context, objective)
    return {"state": str(strategy.state)}


STRATEGY_OPERATIONS = (
    begin_strategy,
    assess_strategy,
    define_strategy,
    submit_strategy,
    decide_strategy,
    publish_strategy,
    reject_strategy,
    plan_initiatives,
    launch_initiative,
    measure_strategy,
    check_strategy,
    reassess_strategy,
    complete_strategy,
)


def _get(context: OperationContext, kind: type[R], record_id: UUID | None) -> R:
    record = context.session.get(kind, record_id) if record_id else None
    if record is None:
        message = Sentence(
            "There is no %(id)s in “%(register)s”.", register=kind.__name__, id=record_id
        )
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return record


def _known(records: Mapping[str, R], name: Any) -> R:
    record = records.get(str(name))
    if record is None:
        message = Sentence("“%(name)s” does not belong to this strategy any more.", name=name)
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return record


def _strategy(context: OperationContext, strategy_id: UUID) -> StrategyDocument:
    return _get(context, StrategyDocument, strategy_id)


def _owner(strategy: StrategyDocument) -> tuple[str, UUID]:
    return "StrategyDocument", strategy.id


def _today(context: OperationContext) -> date:
    return context.calendar.local_date(context.now)


def _judged(context: OperationContext, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Name the services of judged rows."""
    ids = [id_of(row.get("service")) for row in rows]
    names = strategy_rows.names_of_services(context.session, [one for one in ids if one])
    return [
        {**row, "name": names.get(one, "") if one else ""}
        for one, row in zip(ids, rows, strict=True)
    ]


def _day(told: Mapping[str, Any], name: str) -> date:
    day = day_of(told.get(name))
    if day is None:
        raise OperationRefusedError(
            Sentence("%(name)s is missing.", name=name), code=Refusal.WRONG_PARAMETER
        )
    return day


def _proposed(
    context: OperationContext, strategy: StrategyDocument
) -> Sequence[StrategicObjective]:
    return strategy_rows.objectives_of(context.session, strategy.id, ObjectiveStatus.PROPOSED)


def _propose_objective(
    context: OperationContext, strategy: StrategyDocument, row: Mapping[str, Any]
) -> StrategicObjective:
    """Note an objective as proposed, unless it is pursued already: then only find it."""
    objective = strategy_rows.find_objective_named(context.session, str(row["objective"]))
    is_others = objective is not None and objective.strategy_id != strategy.id
    if objective is not None and is_others and objective.status is not ObjectiveStatus.ENDED:
        return objective
    return _keep_objective(context, strategy, row, ObjectiveStatus.PROPOSED)


def _activate_objectives(
    context: OperationContext, strategy: StrategyDocument, rows: Sequence[Mapping[str, Any]]
) -> None:
    for row in rows:
        _keep_objective(context, strategy, row, ObjectiveStatus.ACTIVE)
    for objective in _proposed(context, strategy):
        with changing(context, objective):
            objective.status = ObjectiveStatus.ACTIVE


def _keep_segment(context: OperationContext, row: Mapping[str, Any]) -> None:
    """Bring a customer segment into the register, or up to date there."""
    name = str(row["name"])
    segment = strategy_rows.find_segment_named(context.session, name)
    if segment is None:
        made = MarketSegment(name=name, created_at=context.now, created_by=context.actor.key)
        segment = add_record(context, made)
    with changing(context, segment):
        segment.kind, segment.needs = str(row.get("kind") or ""), str(row.get("needs") or "")


def _keep_objective(
    context: OperationContext,
    strategy: StrategyDocument,
    row: Mapping[str, Any],
    status: ObjectiveStatus,
) -> StrategicObjective:
    name = str(row["objective"])
    objective = strategy_rows.find_objective_named(context.session, name)
    if objective is None:
        made = StrategicObjective(text=name, created_at=context.now, created_by=context.actor.key)
        objective = add_record(context, made)
    with changing(context, objective):
        objective.strategy_id = strategy.id
        objective.status = status
        objective.kpi = str(row.get("kpi") or "")
        objective.baseline, objective.target = _number(row, "baseline"), _number(row, "target")
        objective.by, objective.owner = day_of(row.get("by")), id_of(row.get("owner"))
        objective.segment = str(row.get("segment") or "") or None
    _link_services(context, objective, row.get("services") or [])
    return objective


def _number(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _link_services(
    context: OperationContext, objective: StrategicObjective, services: Sequence[Any]
) -> None:
    known = strategy_rows.linked_services(context.session, objective.id)
    for service_id in {id_of(service) for service in services} - known - {None}:
        link = ServiceObjective(
            service_id=service_id,  # type: ignore[arg-type]  # None was taken out above
            objective_id=objective.id,
            created_at=context.now,
            created_by=context.actor.key,
        )
        add_record(context, link)


def _end_objective(context: OperationContext, objective: StrategicObjective) -> None:
    with changing(context, objective):
        objective.status = ObjectiveStatus.ENDED


def _objectives(context: OperationContext, strategy: StrategyDocument) -> list[dict[str, Any]]:
    return [
        {
            "objective": str(one.id),
            "text": one.text,
            "kpi": one.kpi,
            "baseline": one.baseline,
            "target": one.target,
            "by": one.by.isoformat() if one.by else None,
            "actual": one.actual,
            "rag": str(one.rag or Rag.GREEN),
            "note": "",
        }
        for one in strategy_rows.objectives_of(context.session, strategy.id)
    ]


def _others_in_force(
    context: OperationContext, strategy: StrategyDocument
) -> list[StrategyDocument]:
    in_force = strategy_rows.strategies_in_force(context.session)
    return [one for one in in_force if one.id != strategy.id]


def _supersede(context: OperationContext, former: StrategyDocument, *, by: str) -> str:
    """Let a strategy end with its objectives; the case that still checks it is told to end, too."""
    with changing(context, former):
        former.move_to(StrategyState.SUPERSEDED)
        former.ended_on = _today(context)
    if is_running(context.session, former.instance_id):
        payload = {
            "name": "strategic_shift",
            "correlation_key": former.number,
            "payload": {"text": f"{by} is in force."},
            "time_to_live": None,
        }
        context.effects.append(Effect(EffectKind.SEND_MESSAGE, payload))
    for objective in strategy_rows.objectives_of(context.session, former.id):
        _end_objective(context, objective)
    return former.number


def _as_initiative(action: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an action of the plan into the initiative that is proposed for it."""
    same = {name: action.get(name) for name in ("kind", "owner", "from_date", "to_date")}
    return {"title": action.get("action"), "money": action.get("cost"), **same}


def _keep_initiative(
    context: OperationContext,
    strategy: StrategyDocument,
    row: Mapping[str, Any],
    known: Initiative | None,
) -> None:
    initiative = known or add_record(
        context,
        Initiative(
            title=str(row["title"]),
            kind=str(row["kind"]),
            strategy_id=strategy.id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    with changing(context, initiative):
        initiative.kind = str(row["kind"])
        initiative.objective_id = id_of(row.get("objective"))
        initiative.owner = id_of(row.get("owner"))
        initiative.from_date, initiative.to_date = (
            day_of(row.get("from_date")),
            day_of(row.get("to_date")),
        )
        initiative.money = amount_of(row.get("money"))
        initiative.budget_class = str(row.get("budget_class") or "")


def _leave_action(
    context: OperationContext, strategy: StrategyDocument, initiative: Initiative
) -> None:
    what = Sentence(
        "Carry out “%(title)s” of strategy %(number)s.",
        title=initiative.title,
        number=strategy.number,
    )
    if initiative.money:
        what = Sentence(
            "Carry out “%(title)s” of strategy %(number)s. "
            "Ask for EUR %(amount)s in the next budget.",
            title=initiative.title,
            number=strategy.number,
            amount=f"{amount_of(initiative.money):,.2f}",
        )
    add_record(
        context,
        ActionItem(
            what=what,
            source_type="Initiative",
            source_id=initiative.id,
            kind=initiative.kind,
            owner=initiative.owner,
            due=initiative.to_date,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )


def _variables(strategy: StrategyDocument, initiative: Initiative) -> dict[str, Any]:
    """Give the process of an initiative what is known of it already."""
    return {
        "source": "strategy",
        "source_id": str(initiative.id),
        "prefill": {
            "title": initiative.title,
            "change_type": _CHANGE_TYPES.get(initiative.kind),
            "summary": f"Initiative of strategy {strategy.number}, {strategy.title}.",
            "need_source": "strategy",
            "owner": str(initiative.owner) if initiative.owner else None,
            "reason": "strategy",
            "source": "strategy",
            "source_ref": strategy.number,
            "wanted_by": initiative.to_date.isoformat() if initiative.to_date else None,
        },
    }


def _start(key: str, variables: Mapping[str, Any]) -> Effect:
    return Effect(EffectKind.START_PROCESS, {"key": key, "variables": dict(variables)})
