"""Operations that bring an approved proposal to life: charter, stages, gates, the catalogue."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import (
    Charter,
    ProposalState,
    ResourceAllocation,
    Service,
    ServiceProposal,
    ServiceState,
    StageReport,
)
from ssflow.operations.case_figures import (
    add_months,
    days_late,
    overrun_pct,
    reforecast_costs,
    told_figures,
)
from ssflow.operations.documents import make_document
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
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
from ssflow.operations.proposal_records import (
    move_proposal,
    notice,
    open_proposal,
    owner_of,
    promise,
    record_of,
    require_state,
    service_of,
)
from ssflow.operations.record_changes import add_record, changing
from ssflow.sentences import Sentence
from ssflow.store import people as people_rows
from ssflow.store import portfolio as portfolio_rows

BENEFIT_REVIEW_MONTHS = 6
SURVEY_AFTER = timedelta(days=30)
"""When users are asked how they like a service that went live."""
_STAGES = {
    "design": ServiceState.DESIGN,
    "development": ServiceState.DEVELOPMENT,
    "test": ServiceState.TEST,
    "deployment": ServiceState.DEPLOYMENT,
}
_CHARGED = ("showback", "chargeback")


@operation("proposal.charter", "Make the charter", proposal=identifier(), charter=form())
def charter_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Make the charter and set its resources aside."""
    proposal, told = open_proposal(context, given["proposal"]), given["charter"]
    require_state(proposal, ProposalState.APPROVED)
    former = portfolio_rows.find_charter(context.session, proposal.id)
    charter = Charter(
        proposal_id=proposal.id,
        version=former.version + 1 if former else 1,
        scope=told.get("scope") or "",
        deliverables=told.get("deliverables") or "",
        conditions=told.get("conditions") or None,
        budget=amount_of(told.get("budget")),
        milestones=rows_of(told, "milestones"),
        growth=rows_of(told, "growth"),
        service_owner=id_of(told.get("service_owner")),
        benefit_owner=id_of(told.get("benefit_owner")),
        created_at=context.now,
        created_by=context.actor.key,
    )
    add_record(context, charter)
    allocations = [
        add_record(context, _allocation(context, proposal, row))
        for row in rows_of(told, "allocations")
    ]
    service = service_of(context, proposal)
    with changing(context, service):
        service.owner = charter.service_owner or service.owner
    move_proposal(context, proposal, ProposalState.CHARTERED, ServiceState.CHARTERED)
    title = Sentence("Charter %(number)s: %(title)s", number=proposal.number, title=proposal.title)
    owners = [
        charter.service_owner,
        charter.benefit_owner,
        *(id_of(one.owner) for one in allocations),
    ]
    document = make_document(
        context,
        owner_of(proposal),
        "charter",
        title,
        proposal=proposal,
        charter=charter,
        allocations=allocations,
        people=people_rows.names_of(context.session, filter(None, owners)),
    )
    return {"charter_id": str(charter.id), "document": str(document.id)}


@operation("proposal.communicate", "Tell the people concerned", proposal=identifier())
def communicate_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell everybody concerned what was decided."""
    proposal = open_proposal(context, given["proposal"])
    people = [str(user_id) for user_id in _concerned(context, proposal)]
    facts = {"proposal": proposal.number, "title": proposal.title}
    context.effects.append(notice("proposal_chartered", [*people, "itsg_chair"], **facts))
    return {"notified": people}


@operation("proposal.begin_stage", "Begin a stage", proposal=identifier(), stage=one_of(*_STAGES))
def begin_stage(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Let the new service enter a stage; a live one stays live while a change is made."""
    proposal, charter = _chartered(context, given["proposal"])
    if proposal.change_type == "new":
        with changing(context, service_of(context, proposal)) as service:
            service.move_to(_STAGES[given["stage"]])
    due = _milestone(charter, given["stage"])
    return {
        "stage": given["stage"],
        "due": due.isoformat() if due else None,
        "budget": float(charter.budget),
        "owner": str(charter.service_owner) if charter.service_owner else None,
    }


@operation(
    "proposal.report_stage",
    "Record a stage report",
    proposal=identifier(),
    stage=one_of(*_STAGES),
    report=form(),
)
def report_stage(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write the report of a stage and compare it with the charter."""
    proposal, charter = _chartered(context, given["proposal"])
    told, due = given["report"], _milestone(charter, given["stage"])
    forecast, finish = amount_of(told.get("forecast_total")), day_of(told.get("finish"))
    report = add_record(
        context,
        StageReport(
            proposal_id=proposal.id,
            stage=given["stage"],
            done=told.get("done") or "",
            issues=told.get("issues") or "",
            spent=amount_of(told.get("spent_to_date")),
            forecast=forecast,
            budget=charter.budget,
            overrun_pct=overrun_pct(forecast, charter.budget),
            milestone=due,
            finish=finish,
            slip_days=days_late(finish, due),
            recommend_stop=bool(told.get("recommend_stop")),
            evidence=list(told.get("evidence") or []),
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    return {
        "report": str(report.id),
        "overrun_pct": float(report.overrun_pct or 0),
        "slip_days": report.slip_days,
        "forecast": float(forecast),
    }


@operation(
    "proposal.pass_gate",
    "Record what the stage gate says",
    proposal=identifier(),
    report=identifier(),
    gate=form(),
)
def pass_gate(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write the answer of the gate on the report and tell who has to know."""
    proposal = open_proposal(context, given["proposal"])
    report, gate = record_of(context, StageReport, given["report"]), given["gate"]
    with changing(context, report):
        report.gate = str(gate["gate"])
    if gate.get("notify"):
        facts = {"proposal": proposal.number, "title": proposal.title, "gate": report.gate}
        context.effects.append(notice("stage_gate", [gate["notify"]], **facts))
    return {"gate": report.gate}


@operation(
    "proposal.reforecast",
    "Calculate the case with a new forecast",
    proposal=identifier(),
    calc=form(),
    forecast=fields.Decimal(required=True),
)
def reforecast_proposal(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Add what delivery costs more than chartered to the costs, and calculate the case anew."""
    _, charter = _chartered(context, given["proposal"])
    calc = given["calc"]
    total = amount_of(calc["tco3"]) + amount_of(given["forecast"]) - charter.budget
    costs = reforecast_costs(rows_of(calc, "costs"), max(total, Decimal(0)))
    discount_pct = Decimal(str(calc.get("discount_pct") or 0))
    return {**calc, **told_figures(costs, rows_of(calc, "benefits"), discount_pct)}


@operation(
    "service.go_live",
    "Put the service in the catalogue",
    proposal=identifier(),
    release=form(),
    charge_model=text(required=False),
)
def take_service_live(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Put the service in the catalogue; one that is there promises what its change defined.

    A service whose end was announced meanwhile keeps its end.
    """
    proposal, release = open_proposal(context, given["proposal"]), given["release"]
    require_state(proposal, ProposalState.CHARTERED)
    service = service_of(context, proposal)
    today = context.calendar.local_date(context.now)
    with changing(context, service):
        if service.state is not ServiceState.RETIRING:
            service.move_to(ServiceState.LIVE)
        if proposal.change_type != "new":
            _promise_change(context, proposal, service)
            service.charge_model = given["charge_model"] or service.charge_model
        service.version += 1
        service.catalogue_text = release.get("catalogue_text") or service.catalogue_text
        service.live_on = service.live_on or today
        service.benefit_review_due = add_months(today, BENEFIT_REVIEW_MONTHS)
    with changing(context, proposal):
        proposal.move_to(ProposalState.LIVE)
        proposal.outcome = "live"
    return {"service_number": service.number, "version": service.version}


@operation("service.follow_up", "Start what follows", proposal=identifier())
def follow_up(context: OperationContext, given: dict[str, Any]) -> list[str]:
    """Ask for the agreement, the rate and the survey that a service needs once it is live."""
    proposal = record_of(context, ServiceProposal, given["proposal"])
    service = service_of(context, proposal)
    wanted = ["brm_survey"]
    if proposal.change_type == "new":
        wanted.insert(0, "brm_sla")
        if service.charge_model in _CHARGED:
            wanted.insert(1, "fin_rate_setting")
    for key in wanted:
        context.effects.append(_start(context, key, proposal, service))
    return wanted


DELIVERY_OPERATIONS = (
    charter_proposal,
    communicate_proposal,
    begin_stage,
    report_stage,
    pass_gate,
    reforecast_proposal,
    take_service_live,
    follow_up,
)


def _chartered(context: OperationContext, proposal_id: UUID) -> tuple[ServiceProposal, Charter]:
    proposal = open_proposal(context, proposal_id)
    require_state(proposal, ProposalState.CHARTERED)
    charter = portfolio_rows.find_charter(context.session, proposal.id)
    if charter is None:
        raise OperationRefusedError(
            Sentence("Proposal %(number)s has no charter.", number=proposal.number)
        )
    return proposal, charter


def _promise_change(context: OperationContext, proposal: ServiceProposal, service: Service) -> None:
    """Let a live service promise what its change defined, under the conditions of the charter."""
    if proposal.definition:
        promise(service, proposal.definition)
    charter = portfolio_rows.find_charter(context.session, proposal.id)
    service.conditions = (charter.conditions if charter else None) or service.conditions


def _milestone(charter: Charter, stage: str) -> date | None:
    return next((day_of(m.get("due")) for m in charter.milestones if m.get("stage") == stage), None)


def _start(
    context: OperationContext, key: str, proposal: ServiceProposal, service: Service
) -> Effect:
    variables = {
        "service": str(service.id),
        "customer": str(proposal.customer_id),
        "source": "spm_service_change",
        "source_ref": proposal.number,
    }
    if key == "brm_survey":
        not_before = context.calendar.local_date(context.now) + SURVEY_AFTER
        variables |= {"kind": "delivery", "not_before": not_before.isoformat()}
    return Effect(EffectKind.START_PROCESS, {"key": key, "variables": variables})


def _allocation(
    context: OperationContext, proposal: ServiceProposal, row: dict[str, Any]
) -> ResourceAllocation:
    return ResourceAllocation(
        proposal_id=proposal.id,
        resource=row.get("resource") or "",
        kind=row.get("type") or "",
        starts_on=day_of(row.get("from_date") or row.get("from")),
        ends_on=day_of(row.get("to_date") or row.get("to")),
        owner=row.get("owner"),
        created_at=context.now,
        created_by=context.actor.key,
    )


def _concerned(context: OperationContext, proposal: ServiceProposal) -> list[UUID]:
    """Give the proposer, the owner, who decides for the customer, affected owners and finance."""
    customer = context.session.get(Customer, proposal.customer_id)
    service = service_of(context, proposal)
    affected = portfolio_rows.owners_of_affected(context.session, service.id)
    today = context.calendar.local_date(context.now)
    finance = people_rows.users_with_role(context.session, "finance_manager", today)
    found = [
        proposal.initiator,
        proposal.owner,
        customer.mandate_holder if customer else None,
        *affected,
        *(user.id for user in finance),
    ]
    return list(dict.fromkeys(user_id for user_id in found if user_id is not None))
