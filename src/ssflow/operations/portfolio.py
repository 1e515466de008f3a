"""Operations on the service portfolio: from a proposal to a service that is live."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import (
    BusinessCase,
    Decision,
    ProposalState,
    RiskItem,
    Service,
    ServiceDependency,
    ServiceObjective,
    ServiceProposal,
    ServiceState,
)
from ssflow.operations.case_figures import risk_level, told_figures, weigh_score
from ssflow.operations.documents import make_document
from ssflow.operations.funds import release_commitments
from ssflow.operations.operation import (
    OperationContext,
    OperationRefusedError,
    operation,
)
from ssflow.operations.parameters import (
    amount_of,
    day,
    form,
    id_of,
    identifier,
    one_of,
    rating_of,
    rows_of,
    text,
)
from ssflow.operations.proposal_funds import promise_money
from ssflow.operations.proposal_records import (
    move_proposal,
    notice,
    open_proposal,
    owner_of,
    promise,
    promised_by,
    record_of,
    require_state,
    service_of,
)
from ssflow.operations.record_changes import add_record, changing, new_number, remove_record
from ssflow.sentences import N_, Sentence
from ssflow.store import people as people_rows
from ssflow.store import portfolio as portfolio_rows

STAGES = ("design", "development", "test", "deployment")
"""Of delivery, in their order."""
MAX_SIMILAR = 10
DEFERRED_FOR = timedelta(days=90)
"""How long a proposal without money or without a day rests."""
_SECTIONS = {
    "introduction": N_("Introduction"),
    "methods_assumptions": N_("Methods and assumptions"),
    "business_impacts": N_("Business impacts"),
    "risks_contingencies": N_("Risks and contingencies"),
    "recommendations": N_("Recommendations"),
}
_ANSWERS = {
    "why_needed": N_("Why do customers need it?"),
    "differentiator": N_("What sets it apart from competitors?"),
    "strengths": N_("Strengths"),
    "weaknesses": N_("Weaknesses"),
    "risk_control": N_("How are the risks controlled?"),
    "resource_allocation": N_("Best way to allocate resources"),
}
_BEFORE_APPROVAL = (ProposalState.PROPOSED, ProposalState.DEFINED, ProposalState.ANALYSED)
_BEFORE_CASE = (
    ProposalState.DEFINED,
    ProposalState.ANALYSED,
    ProposalState.DEFERRED,
    ProposalState.CHARTERED,
)
"""A deferred proposal comes back with a new case, a chartered one that became too dear too."""
_BEFORE_DECISION = (ProposalState.DEFINED, ProposalState.ANALYSED)
_RATINGS = ("fit", "value", "financial", "feasibility")
_CLOSING = {
    "rejected": (ProposalState.REJECTED, ServiceState.REJECTED),
    "declined": (ProposalState.DECLINED, ServiceState.DECLINED),
    "withdrawn": (ProposalState.WITHDRAWN, ServiceState.WITHDRAWN),
    "duplicate": (ProposalState.DUPLICATE, ServiceState.REJECTED),
    "cancelled": (ProposalState.CANCELLED, ServiceState.CANCELLED),
}


@operation(
    "proposal.register",
    "Register the proposal",
    title=text(),
    change_type=one_of("new", "major", "minor"),
    customer=identifier(),
    summary=text(),
    need_source=text(),
    audience=one_of("internal", "external"),
    service=identifier(required=False),
    wanted_by=day(),
    owner=identifier(required=False),
    source=text(required=False),
    source_ref=text(required=False),
)
def register_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make the proposal of this case, or bring it up to date when screening sent it back."""
    customer = record_of(context, Customer, given["customer"])
    if customer.mandate_holder is None:
        raise OperationRefusedError(
            Sentence(
                "Customer %(name)s has no mandate holder; "
                "name one in the customer register, then retry.",
                name=customer.name,
            )
        )
    proposal = portfolio_rows.find_proposal_of_case(context.session, context.instance_id)
    if proposal is None:
        proposal = _new_proposal(context, given)
    else:
        _update_proposal(context, proposal, given)
    service = service_of(context, proposal)
    return {
        "id": str(proposal.id),
        "number": proposal.number,
        "service_id": str(service.id),
        "service_number": service.number,
        "service_name": service.name,
        "mandate_holder": str(customer.mandate_holder),
        "customer_name": customer.name,
        "promised": promised_by(service) if proposal.change_type != "new" else None,
        "similar": _similar(context, proposal),
    }


@operation("proposal.define", "Store the definition", proposal=identifier(), define=form())
def define_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store what the define step said, on the proposal and on its new service."""
    proposal, define = open_proposal(context, given["proposal"]), given["define"]
    require_state(proposal, *_BEFORE_APPROVAL)
    with changing(context, proposal):
        proposal.definition = define
        proposal.move_to(ProposalState.DEFINED)
    service = service_of(context, proposal)
    if proposal.change_type == "new":
        with changing(context, service):
            promise(service, define)
            service.move_to(ServiceState.DEFINED)
    if proposal.change_type == "new":
        _unlink_objectives(context, service, define.get("objectives") or [])
    _link_objectives(context, service, define.get("objectives") or [])
    return {"state": str(proposal.state)}


@operation(
    "proposal.analyse",
    "Store the analyses and calculate the case",
    proposal=identifier(),
    impact=form(),
    resources=form(),
    financials=form(),
    risk=form(),
)
def analyse_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Store what the four analyses found and calculate the figures of the case."""
    proposal = open_proposal(context, given["proposal"])
    require_state(proposal, ProposalState.DEFINED, ProposalState.ANALYSED)
    impact, resources = given["impact"], given["resources"]
    financials, risk = given["financials"], given["risk"]
    service = service_of(context, proposal)
    _link_services(context, service, impact)
    if proposal.change_type == "new":
        with changing(context, service):
            service.charge_model = financials.get("charge_model") or None
    _replace_risks(context, proposal, rows_of(risk, "risks"))
    costs, benefits = rows_of(financials, "costs"), rows_of(financials, "benefits")
    discount_pct = Decimal(str(financials.get("discount_pct") or 0))
    return {
        **told_figures(costs, benefits, discount_pct),
        "risk_level": risk_level(rows_of(risk, "risks"), str(risk.get("risk_level"))),
        "feasible": _is_yes(impact.get("feasible")) and resources.get("feasible") != "no",
        "risk_summary": "\n".join(_risk_line(row) for row in rows_of(risk, "risks")),
    }


@operation(
    "proposal.score",
    "Write the business case and score it",
    proposal=identifier(),
    case=form(),
    risk_level=one_of("low", "medium", "high"),
    calc=form(),
)
def score_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write the next version of the business case and weigh its score."""
    proposal, told, calc = open_proposal(context, given["proposal"]), given["case"], given["calc"]
    former = portfolio_rows.find_latest_case(context.session, proposal.id)
    require_state(proposal, *_BEFORE_CASE)
    ratings = {name: rating_of(told[name]) for name in _RATINGS}
    case = BusinessCase(
        number=former.number if former else new_number(context, "BC"),
        version=former.version + 1 if former else 1,
        proposal_id=proposal.id,
        answers={name: told.get(name, "") for name in _ANSWERS},
        desired_outcomes=list(proposal.definition.get("desired_outcomes") or []),
        costs=list(calc.get("costs") or []),
        benefits=list(calc.get("benefits") or []),
        tco3=amount_of(calc["tco3"]),
        benefit3=amount_of(calc["benefit3"]),
        npv=amount_of(calc["npv"]),
        roi_pct=amount_of(calc["roi_pct"]),
        payback_months=calc["payback_months"],
        scores=ratings,
        score=weigh_score(ratings, given["risk_level"]),
        risk_level=given["risk_level"],
        created_at=context.now,
        created_by=context.actor.key,
        **{name: told.get(name, "") for name in _SECTIONS},
    )
    add_record(context, case)
    move_proposal(context, proposal, ProposalState.ANALYSED, ServiceState.ANALYSED)
    make_document(
        context,
        owner_of(proposal),
        "case",
        Sentence(
            "Business case %(number)s v%(version)s: %(title)s",
            number=case.number,
            version=case.version,
            title=proposal.title,
        ),
        proposal=proposal,
        case=case,
        sections=[(name, title, getattr(case, name)) for name, title in _SECTIONS.items()],
        answers=[(title, case.answers[name]) for name, title in _ANSWERS.items()],
    )
    return {
        "score": float(case.score or 0),
        "case_number": case.number,
        "case_version": case.version,
    }


@operation(
    "proposal.decide",
    "Record a decision",
    proposal=identifier(),
    question=one_of("customer", "approval"),
    decision=text(),
    comment=text(required=False),
    conditions=text(required=False),
    decider=identifier(required=False),
    recorded=identifier(required=False),
    defer_until=day(),
    route=form(required=False),
)
def decide_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write down a decision; rework sends the proposal back to its beginning.

    A decision that the IT steering group recorded already is only referred to.
    """
    proposal = open_proposal(context, given["proposal"])
    is_rework = (given["question"], given["decision"]) == ("approval", "rework")
    if is_rework:
        require_state(proposal, *_BEFORE_DECISION)
    decision = _recorded_decision(context, given) or _new_decision(context, proposal, given)
    with changing(context, proposal):
        proposal.route = given["route"] or proposal.route
        proposal.rework_count += is_rework
    if is_rework:
        move_proposal(context, proposal, ProposalState.PROPOSED, ServiceState.PROPOSED)
    return {
        "number": decision.number,
        "question": given["question"],
        "outcome": decision.decision,
        "comment": decision.reason or "",
        "conditions": decision.conditions or "",
        "defer_until": given["defer_until"].isoformat() if given["defer_until"] else None,
        "rework_count": proposal.rework_count,
    }


@operation(
    "proposal.defer",
    "Put the proposal off",
    proposal=identifier(),
    until=day(),
    reason=text(required=False),
)
def defer_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Put the proposal off until a day; without one, for 90 days."""
    proposal = open_proposal(context, given["proposal"])
    require_state(proposal, ProposalState.ANALYSED)
    today = context.calendar.local_date(context.now)
    with changing(context, proposal):
        proposal.move_to(ProposalState.DEFERRED)
        proposal.defer_until = given["until"] or today + DEFERRED_FOR
    return {"until": str(proposal.defer_until), "reason": given["reason"] or ""}


@operation(
    "proposal.approve",
    "Approve the proposal",
    proposal=identifier(),
    calc=form(required=False),
    funding=form(required=False),
)
def approve_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Approve the proposal, promise it its money and write the formal change proposal."""
    proposal = open_proposal(context, given["proposal"])
    require_state(proposal, ProposalState.ANALYSED)
    decisions = portfolio_rows.decisions_on(context.session, proposal.id)
    promise_money(context, proposal, given["calc"] or {}, given["funding"] or {})
    move_proposal(context, proposal, ProposalState.APPROVED, ServiceState.APPROVED)
    _keep_conditions(context, proposal, decisions)
    document = make_document(
        context,
        owner_of(proposal),
        "change_proposal",
        Sentence(
            "Change proposal %(number)s: %(title)s", number=proposal.number, title=proposal.title
        ),
        proposal=proposal,
        customer=context.session.get(Customer, proposal.customer_id),
        case=portfolio_rows.find_latest_case(context.session, proposal.id),
        decisions=decisions,
        people=people_rows.names_of(context.session, (d.decider for d in decisions if d.decider)),
    )
    return {
        "document": str(document.id),
        "milestones": [{"stage": stage, "due": None} for stage in STAGES],
    }


@operation(
    "proposal.close",
    "End the proposal",
    proposal=identifier(),
    outcome=one_of(*_CLOSING),
    reason=text(required=False),
    duplicate_of=identifier(required=False),
)
def close_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """End a proposal before it is live; its money becomes free again.

    One that is rejected after it was chartered is cancelled.
    """
    proposal = open_proposal(context, given["proposal"])
    outcome = given["outcome"]
    if outcome == "rejected" and portfolio_rows.find_charter(context.session, proposal.id):
        outcome = "cancelled"
    proposal_state, service_state = _CLOSING[outcome]
    with changing(context, proposal):
        proposal.move_to(proposal_state)
        proposal.outcome = outcome
        proposal.ended_reason = given["reason"] or _why_halted(context, proposal, outcome)
        proposal.duplicate_of = given["duplicate_of"]
    service = service_of(context, proposal)
    if proposal.change_type == "new":
        with changing(context, service):
            service.move_to(service_state)
    release_commitments(context, proposal.id)
    return {"state": str(proposal.state)}


@operation("proposal.warn_stale", "Warn that a proposal lies still", proposal=identifier())
def warn_stale(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell the portfolio managers that a proposal has been open for long."""
    proposal = open_proposal(context, given["proposal"])
    facts = {"proposal": proposal.number, "title": proposal.title}
    context.effects.append(notice("proposal_stale", ["portfolio_manager"], **facts))
    return {"state": str(proposal.state)}


PORTFOLIO_OPERATIONS = (
    register_proposal,
    define_proposal,
    analyse_proposal,
    score_proposal,
    decide_proposal,
    defer_proposal,
    approve_proposal,
    close_proposal,
    warn_stale,
)


def _new_proposal(context: OperationContext, given: dict[str, Any]) -> ServiceProposal:
    if given["change_type"] == "new":
        service = _new_service(context, given)
    else:
        service = _changed_service(context, given)
    proposal = ServiceProposal(
        number=new_number(context, "PRP"),
        title=given["title"],
        change_type=given["change_type"],
        summary=given["summary"],
        need_source=given["need_source"],
        audience=given["audience"],
        wanted_by=given["wanted_by"],
        service_id=service.id,
        customer_id=given["customer"],
        initiator=context.initiator,
        owner=given["owner"],
        source=given["source"],
        source_ref=given["source_ref"],
        instance_id=context.instance_id,
        created_at=context.now,
        created_by=context.actor.key,
    )
    return add_record(context, proposal)


def _new_service(context: OperationContext, given: dict[str, Any]) -> Service:
    return add_record(
        context,
        Service(
            number=new_number(context, "SRV"),
            name=given["title"],
            audience=given["audience"],
            customer_id=given["customer"],
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )


def _changed_service(context: OperationContext, given: dict[str, Any]) -> Service:
    if given["service"] is None:
        raise OperationRefusedError("A change needs the service that it changes.")
    return record_of(context, Service, given["service"])


def _update_proposal(
    context: OperationContext, proposal: ServiceProposal, given: dict[str, Any]
) -> None:
    require_state(proposal, ProposalState.PROPOSED)
    former = service_of(context, proposal)
    with changing(context, proposal):
        proposal.title, proposal.summary = given["title"], given["summary"]
        proposal.need_source, proposal.audience = given["need_source"], given["audience"]
        proposal.wanted_by, proposal.customer_id = given["wanted_by"], given["customer"]
        proposal.owner = given["owner"] or proposal.owner
        _change_type(context, proposal, given, former)
    service = service_of(context, proposal)
    if proposal.change_type == "new":
        with changing(context, service):
            service.name, service.audience = given["title"], given["audience"]
            service.customer_id = given["customer"]


def _change_type(
    context: OperationContext, proposal: ServiceProposal, given: dict[str, Any], former: Service
) -> None:
    """Follow a proposal from new service to change, or the other way, when it comes again."""
    was_new = proposal.change_type == "new"
    proposal.change_type = given["change_type"]
    if given["change_type"] != "new":
        proposal.service_id = _changed_service(context, given).id
    elif not was_new:
        proposal.service_id = _new_service(context, given).id
    if was_new and proposal.service_id != former.id:
        with changing(context, former):
            former.move_to(ServiceState.WITHDRAWN)


def _similar(context: OperationContext, proposal: ServiceProposal) -> list[dict[str, Any]]:
    found = portfolio_rows.similar_proposals(context.session, proposal, MAX_SIMILAR)
    return [
        {
            "id": str(other.id),
            "number": other.number,
            "title": other.title,
            "state": str(other.state),
            "customer": customer or "",
        }
        for other, customer in found
    ]


def _unlink_objectives(context: OperationContext, service: Service, objectives: list[Any]) -> None:
    """Take away what a new service was to help by a former definition."""
    wanted = {id_of(objective) for objective in objectives}
    for link in portfolio_rows.objective_links_of(context.session, service.id):
        if link.objective_id not in wanted:
            remove_record(context, link)


def _link_objectives(context: OperationContext, service: Service, objectives: list[Any]) -> None:
    linked = portfolio_rows.objectives_of(context.session, service.id)
    for objective_id in dict.fromkeys(id_of(o) for o in objectives):
        if objective_id is not None and objective_id not in linked:
            add_record(
                context,
                ServiceObjective(
                    service_id=service.id,
                    objective_id=objective_id,
                    created_at=context.now,
                    created_by=context.actor.key,
                ),
            )


def _link_services(context: OperationContext, service: Service, impact: dict[str, Any]) -> None:
    known = portfolio_rows.dependencies_of(context.session, service.id)
    wanted: dict[tuple[UUID, str], str] = {}
    for other in impact.get("depends_on") or []:
        if (other_id := id_of(other)) is not None:
            wanted[other_id, "depends_on"] = ""
    for row in rows_of(impact, "affected"):
        if (other_id := id_of(row.get("service"))) is not None:
            wanted[other_id, f"affects:{row.get('effect', '')}"] = row.get("note") or ""
    for (other_id, kind), note in wanted.items():
        if (other_id, kind) not in known and other_id != service.id:
            add_record(
                context,
                ServiceDependency(
                    service_id=service.id,
                    other_id=other_id,
                    kind=kind,
                    note=note,
                    created_at=context.now,
                    created_by=context.actor.key,
                ),
            )


def _replace_risks(
    context: OperationContext, proposal: ServiceProposal, risks: list[dict[str, Any]]
) -> None:
    portfolio_rows.delete_risks_of(context.session, proposal.id)
    for row in risks:
        add_record(
            context,
            RiskItem(
                proposal_id=proposal.id,
                risk=row["risk"],
                cause=row.get("cause") or "",
                likelihood=rating_of(row["likelihood"]),
                impact=rating_of(row["impact"]),
                response=row.get("response") or "",
                mitigation=row.get("mitigation") or "",
                contingency=row.get("contingency") or "",
                owner=row.get("owner"),
                created_at=context.now,
                created_by=context.actor.key,
            ),
        )


def _risk_line(row: dict[str, Any]) -> str:
    product = f"{row['risk']} ({row['likelihood']}×{row['impact']})"
    return f"{product}: {row['mitigation']}" if row.get("mitigation") else product


def _keep_conditions(
    context: OperationContext, proposal: ServiceProposal, decisions: Sequence[Decision]
) -> None:
    conditions = next((d.conditions for d in reversed(decisions) if d.conditions), None)
    if conditions and proposal.change_type == "new":
        with changing(context, service_of(context, proposal)) as service:
            service.conditions = conditions


def _is_yes(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "yes")


def _why_halted(context: OperationContext, proposal: ServiceProposal, outcome: str) -> str | None:
    """Give what the stage report said that stopped the delivery, when nobody says why."""
    if outcome != "cancelled":
        return None
    report = portfolio_rows.find_stopping_report(context.session, proposal.id)
    return report.issues or None if report else None


def _recorded_decision(context: OperationContext, given: dict[str, Any]) -> Decision | None:
    return record_of(context, Decision, given["recorded"]) if given["recorded"] else None


def _new_decision(
    context: OperationContext, proposal: ServiceProposal, given: dict[str, Any]
) -> Decision:
    return add_record(
        context,
        Decision(
            number=new_number(context, "DEC"),
            subject_type="ServiceProposal",
            subject_id=proposal.id,
            question=given["question"],
            decision=given["decision"],
            conditions=given["conditions"] or None,
            reason=given["comment"] or None,
            decider=given["decider"],
            decided_at=context.now,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
