"""What operations on proposals share: find the records, check their state, move them on."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from ssflow.domain.registers.portfolio import (
    ProposalState,
    Service,
    ServiceProposal,
    ServiceState,
)
from ssflow.domain.registers.record import Record
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
)
from ssflow.operations.parameters import optional_amount_of
from ssflow.operations.record_changes import changing
from ssflow.sentences import Sentence

R = TypeVar("R", bound=Record)


def open_proposal(context: OperationContext, proposal_id: UUID) -> ServiceProposal:
    """Get a proposal that has not ended.

    Raises:
        OperationRefusedError: there is none, or it has ended.
    """
    proposal = record_of(context, ServiceProposal, proposal_id)
    if proposal.has_ended:
        message = Sentence(
            "Proposal %(number)s has ended (%(state)s).",
            number=proposal.number,
            state=proposal.state,
        )
        raise OperationRefusedError(message, code=Refusal.WRONG_STATE)
    return proposal


def record_of(context: OperationContext, kind: type[R], record_id: UUID) -> R:
    """Get a record.

    Raises:
        OperationRefusedError: there is none.
    """
    record = context.session.get(kind, record_id)
    if record is None:
        message = Sentence(
            "There is no %(id)s in “%(register)s”.", register=kind.__name__, id=record_id
        )
        raise OperationRefusedError(message, code=Refusal.NOT_FOUND)
    return record


def service_of(context: OperationContext, proposal: ServiceProposal) -> Service:
    """Get the service that a proposal makes or changes.

    Raises:
        OperationRefusedError: it names none.
    """
    if proposal.service_id is None:
        raise OperationRefusedError(
            Sentence("Proposal %(number)s names no service.", number=proposal.number)
        )
    return record_of(context, Service, proposal.service_id)


def require_state(proposal: ServiceProposal, *states: ProposalState) -> None:
    """Refuse what the state of the proposal does not allow.

    Raises:
        OperationRefusedError: it is in another state.
    """
    if proposal.state not in states:
        raise OperationRefusedError(
            Sentence(
                "Proposal %(number)s is “%(state)s”; this needs it to be “%(next_state)s”.",
                number=proposal.number,
                state=proposal.state,
                next_state=states,
            ),
            code=Refusal.WRONG_STATE,
        )


def move_proposal(
    context: OperationContext,
    proposal: ServiceProposal,
    proposal_state: ProposalState,
    service_state: ServiceState,
) -> None:
    """Move a proposal, and the service with it when the proposal is for a new one."""
    with changing(context, proposal):
        proposal.move_to(proposal_state)
    if proposal.change_type == "new":
        with changing(context, service_of(context, proposal)) as service:
            service.move_to(service_state)


def promise(service: Service, define: Mapping[str, Any]) -> None:
    """Let a service promise what the define step said: its use, its levels, its conditions."""
    service.utility = define.get("utility")
    service.availability_pct = optional_amount_of(define.get("availability_pct"))
    service.rto_hours = define.get("rto_hours")
    service.security_class = define.get("security_class")
    service.capacity_note = define.get("capacity_note")
    service.conditions = define.get("conditions") or None
    service.investment_ceiling = optional_amount_of(define.get("investment_ceiling"))


def promised_by(service: Service) -> dict[str, Any]:
    """Tell what a service promises today, for the form that defines its change."""
    availability, ceiling = service.availability_pct, service.investment_ceiling
    return {
        "utility": service.utility,
        "availability_pct": None if availability is None else float(availability),
        "rto_hours": service.rto_hours,
        "security_class": service.security_class,
        "capacity_note": service.capacity_note,
        "conditions": service.conditions,
        "investment_ceiling": None if ceiling is None else float(ceiling),
        "charge_model": service.charge_model,
    }


def owner_of(proposal: ServiceProposal) -> tuple[str, UUID]:
    """Say to which record a document belongs."""
    return ("ServiceProposal", proposal.id)


def notice(template: str, to: list[str], **facts: Any) -> Effect:
    """Ask that people (by id) and holders of roles are told; each of them once."""
    told = {"template": template, "to": list(dict.fromkeys(to)), **facts}
    return Effect(EffectKind.NOTICE, told)
