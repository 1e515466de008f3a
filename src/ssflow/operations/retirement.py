"""Operations that end a service without harm: facts, decision, announcement, end, archive."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.portfolio import (
    Decision,
    ProposalState,
    Service,
    ServiceAsset,
    ServiceState,
)
from ssflow.domain.registers.work import ActionItem
from ssflow.operations.amendments import AmendmentRequest, request_amendment
from ssflow.operations.budget_figures import free_of_line
from ssflow.operations.case_figures import add_months
from ssflow.operations.documents import make_document
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)
from ssflow.operations.parameters import day, day_of, form, id_of, identifier, rows_of, text
from ssflow.operations.proposal_records import notice, record_of
from ssflow.operations.record_changes import add_record, changing, new_number
from ssflow.operations.service_reviews import known_users
from ssflow.sentences import N_, Sentence
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows
from ssflow.store import portfolio as portfolio_rows

ARCHIVED_FOR_MONTHS = 7 * 12
"""How long the archive of a service is kept at least."""
_REGULATED = ("confidential", "secret")
_LEFT_TO_DO = (
    N_("End the agreements of %(number)s %(name)s"),
    N_("Close the rates of %(number)s %(name)s"),
)
_ALL_PERIODS = ("0000-01", "9999-12")


@operation("retirement.facts", "Gather facts for a retirement", service=identifier())
def gather_facts(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Tell who and what depends on a service that may end."""
    service = _service(context, given["service"], ServiceState.LIVE)
    session = context.session
    year = context.calendar.local_date(context.now).year
    customers = portfolio_rows.customers_of_service(session, service.id)
    return {
        "service": str(service.id),
        "number": service.number,
        "name": service.name,
        "owner": str(service.owner) if service.owner else None,
        "audience": service.audience,
        "users": known_users(context, service),
        "regulated_data": service.security_class in _REGULATED,
        "customers": [
            {
                "customer": str(customer.id),
                "name": customer.name,
                "mandate_holder": str(customer.mandate_holder),
            }
            for customer in customers
            if customer.mandate_holder
        ],
        "dependants": [
            {"service": str(one.id), "number": one.number, "name": one.name}
            for one in portfolio_rows.dependants_of(session, service.id)
        ],
        "assets": [
            {"asset": str(asset.id), "name": asset.name, "disposition": None}
            for asset in portfolio_rows.assets_of(session, service.id)
        ],
        "budget_lines": [
            {"line": str(line.id), "name": line.name, "amount": float(line.amount)}
            for line in portfolio_rows.budget_lines_of(session, service.id, year)
        ],
    }


@operation(
    "retirement.decide",
    "Record the decision on a retirement",
    service=identifier(),
    decision=text(),
    comment=text(required=False),
    conditions=text(required=False),
    decider=identifier(required=False),
    recorded=identifier(required=False),
)
def decide_retirement(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write down the decision, unless the IT steering group recorded it already."""
    service = _service(context, given["service"], ServiceState.LIVE)
    if given["recorded"]:
        decision = record_of(context, Decision, given["recorded"])
    else:
        decision = add_record(context, _decision(context, service, given))
    return {
        "number": decision.number,
        "outcome": decision.decision,
        "comment": decision.reason or "",
        "conditions": decision.conditions or "",
    }


@operation(
    "retirement.announce",
    "Announce the end of a service",
    service=identifier(),
    plan=form(),
    notice_days=fields.Integer(required=True),
)
def announce_retirement(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Set the end: as planned, but not before the days of notice are over; tell the customers."""
    service, plan = _service(context, given["service"], ServiceState.LIVE), given["plan"]
    earliest = context.calendar.local_date(context.now) + timedelta(days=given["notice_days"])
    end = max(day_of(plan.get("end_date")) or earliest, earliest)
    with changing(context, service):
        service.retire_by(end, id_of(plan.get("replacement")))
    for row in rows_of(plan, "assets"):
        asset = record_of(context, ServiceAsset, UUID(str(row["asset"])))
        with changing(context, asset):
            asset.disposition = row.get("disposition") or asset.disposition
    facts = {"service": service.number, "name": service.name, "end_date": end.isoformat()}
    context.effects.append(notice("service_retiring", _concerned(context, service), **facts))
    return {"end_date": end.isoformat()}


@operation("retirement.extend", "Move the end of a service", service=identifier(), new_end=day())
def extend_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Let the service work until a later day."""
    service = record_of(context, Service, given["service"])
    if given["new_end"] is None:
        raise OperationRefusedError("Name the new end.", code=Refusal.WRONG_PARAMETER)
    with changing(context, service):
        service.extend(given["new_end"])
    return {"end_date": given["new_end"].isoformat()}


@operation("retirement.take_back", "Keep the service after all", service=identifier())
def keep_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Take the announced end back; the service is live again."""
    service = record_of(context, Service, given["service"])
    with changing(context, service):
        service.keep()
    facts = {"service": service.number, "name": service.name}
    context.effects.append(notice("service_kept", _concerned(context, service), **facts))
    return {"state": str(service.state)}


@operation("retirement.retire", "Retire the service", service=identifier())
def retire_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """End the service and its changes, freeze its free budget, leave its agreements to be ended."""
    service = _service(context, given["service"], ServiceState.RETIRING)
    today = context.calendar.local_date(context.now)
    with changing(context, service):
        service.retire(today)
    frozen = _freeze_budget(context, service, today)
    _stop_changes(context, service)
    for what in _LEFT_TO_DO:
        _leave_to_do(context, service, Sentence(what, number=service.number, name=service.name))
    return {"retired_on": today.isoformat(), "frozen": frozen}


@operation(
    "retirement.archive",
    "Archive the service",
    service=identifier(),
    plan=form(),
    lessons=text(required=False),
)
def archive_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write what is kept of the service, for seven years or as long as its data has to be kept."""
    service, plan = record_of(context, Service, given["service"]), given["plan"]
    today = context.calendar.local_date(context.now)
    kept = [day_of(row.get("retention_until")) for row in rows_of(plan, "data")]
    until = max([add_months(today, ARCHIVED_FOR_MONTHS), *(one for one in kept if one)])
    document = make_document(
        context,
        ("Service", service.id),
        "archive",
        Sentence("Archive %(number)s: %(name)s", number=service.number, name=service.name),
        service=service,
        plan=plan,
        data=rows_of(plan, "data"),
        lessons=given["lessons"] or "",
        decisions=portfolio_rows.decisions_on(context.session, service.id),
    )
    with changing(context, document):
        document.retention_until = until
    return {"document": str(document.id), "retention_until": until.isoformat()}


RETIREMENT_OPERATIONS = (
    gather_facts,
    decide_retirement,
    announce_retirement,
    extend_service,
    keep_service,
    retire_service,
    archive_service,
)


def _service(context: OperationContext, service_id: UUID, state: ServiceState) -> Service:
    service = record_of(context, Service, service_id)
    if service.state is not state:
        message = Sentence(
            "Service %(number)s is “%(state)s”; this needs it to be “%(next_state)s”.",
            number=service.number,
            state=service.state,
            next_state=state,
        )
        raise OperationRefusedError(message, code=Refusal.WRONG_STATE)
    return service


def _decision(context: OperationContext, service: Service, given: dict[str, Any]) -> Decision:
    return Decision(
        number=new_number(context, "DEC"),
        subject_type="Service",
        subject_id=service.id,
        question="retirement",
        decision=given["decision"],
        conditions=given["conditions"] or None,
        reason=given["comment"] or None,
        decider=given["decider"],
        decided_at=context.now,
        instance_id=context.instance_id,
        created_at=context.now,
        created_by=context.actor.key,
    )


def _concerned(context: OperationContext, service: Service) -> list[str]:
    """Give who has to know: customers, owners of services that depend on it, service desk."""
    customers = portfolio_rows.customers_of_service(context.session, service.id)
    dependants = portfolio_rows.dependants_of(context.session, service.id)
    today = context.calendar.local_date(context.now)
    finance = people_rows.users_with_role(context.session, "finance_manager", today)
    found = [
        *(customer.mandate_holder for customer in customers),
        *(one.owner for one in dependants),
        *(user.id for user in finance),
    ]
    return [*(str(user_id) for user_id in found if user_id), "brm", "service_desk"]


def _stop_changes(context: OperationContext, service: Service) -> None:
    """Have each change of the service that goes on withdrawn, or its delivery stopped."""
    reason = str(
        Sentence("%(number)s %(name)s has retired.", number=service.number, name=service.name)
    )
    for proposal in portfolio_rows.open_changes_of(context.session, service.id):
        is_delivered = proposal.state is ProposalState.CHARTERED
        payload = {
            "name": "service_stopped" if is_delivered else "proposal_withdrawn",
            "correlation_key": proposal.number,
            "payload": {"decision": "stop", "reason": reason}
            if is_delivered
            else {"reason": reason},
            "time_to_live": None,
        }
        context.effects.append(Effect(EffectKind.SEND_MESSAGE, payload))


def _freeze_budget(context: OperationContext, service: Service, today: date) -> float:
    """Ask to freeze what is free on the service's lines, this year and later."""
    lines = portfolio_rows.budget_lines_of(context.session, service.id, today.year)
    ids = [line.id for line in lines]
    promised = budget_rows.commitments_of_lines(context.session, ids)
    spent = budget_rows.costs_of_lines(context.session, ids, *_ALL_PERIODS)
    frozen, nothing = 0.0, Decimal(0)
    for line in lines:
        free = free_of_line(
            line.amount,
            line.frozen,
            promised.get(line.id, nothing),
            spent.get(line.id, nothing),
        )
        if free > 0:
            request_amendment(
                context,
                AmendmentRequest(
                    kind="freeze",
                    amount=free,
                    budget=line.budget_id,
                    fiscal_year=today.year,
                    to_line=line.id,
                    reason=Sentence(
                        "%(number)s %(name)s has retired.", number=service.number, name=service.name
                    ),
                    source=context.process_key,
                ),
            )
            frozen += float(free)
    return frozen


def _leave_to_do(context: OperationContext, service: Service, what: str) -> None:
    add_record(
        context,
        ActionItem(
            what=what,
            kind="retirement",
            source_type="Service",
            source_id=service.id,
            owner=service.owner,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
