"""What becomes of the records of a case that is cancelled: nobody else would ever end them.

Budgets and months need nothing: another case may take them up once theirs is cancelled.
"""

from ssflow.domain.registers.budget import AmendmentState, BudgetAmendment
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.portfolio import (
    Decision,
    ProposalState,
    Service,
    ServiceProposal,
    ServiceState,
)
from ssflow.domain.registers.strategy import ObjectiveStatus, StrategyDocument, StrategyState
from ssflow.operations.funds import release_commitments
from ssflow.operations.operation import OperationContext
from ssflow.operations.record_changes import changing
from ssflow.store import strategy as strategy_rows
from ssflow.store.records import records_of_case

_UNDECIDED = (
    StrategyState.ASSESSING,
    StrategyState.DEFINING,
    StrategyState.CONSULTATION,
    StrategyState.SUBMITTED,
)

_APPROVED = ("approve", "approve_with_conditions")


def end_records(context: OperationContext, reason: str) -> None:
    """End what a cancelled case worked on: its money becomes free, its service is kept as it was.

    A strategy in force stays in force.
    """
    for proposal in records_of_case(context.session, ServiceProposal, context.instance_id):
        _end_proposal(context, proposal, reason)
    for feedback in records_of_case(context.session, Feedback, context.instance_id):
        _end_feedback(context, feedback, reason)
    for amendment in records_of_case(context.session, BudgetAmendment, context.instance_id):
        _end_amendment(context, amendment, reason)
    for strategy in records_of_case(context.session, StrategyDocument, context.instance_id):
        _end_strategy(context, strategy, reason)
    for decision in records_of_case(context.session, Decision, context.instance_id):
        _keep_service(context, decision)


def _end_proposal(context: OperationContext, proposal: ServiceProposal, reason: str) -> None:
    if proposal.has_ended:
        return
    with changing(context, proposal):
        proposal.move_to(ProposalState.CANCELLED)
        proposal.outcome, proposal.ended_reason = "cancelled", reason
    service = context.session.get(Service, proposal.service_id) if proposal.service_id else None
    if service is not None and proposal.change_type == "new":
        with changing(context, service):
            service.move_to(ServiceState.CANCELLED)
    release_commitments(context, proposal.id)


def _end_feedback(context: OperationContext, feedback: Feedback, reason: str) -> None:
    """Close what was answered; what was not does not count as a complaint any more."""
    if not feedback.has_ended:
        with changing(context, feedback):
            feedback.state = (
                FeedbackState.INVALID if feedback.replied_at is None else FeedbackState.CLOSED
            )
            feedback.closed_at, feedback.ended_reason = context.now, reason


def _end_amendment(context: OperationContext, amendment: BudgetAmendment, reason: str) -> None:
    if amendment.state is AmendmentState.REQUESTED:
        with changing(context, amendment):
            amendment.decide(AmendmentState.REFUSED)
            amendment.outcome = reason


def _end_strategy(context: OperationContext, strategy: StrategyDocument, reason: str) -> None:
    if strategy.state not in _UNDECIDED:
        return
    with changing(context, strategy):
        strategy.state, strategy.lessons = StrategyState.REJECTED, reason
        strategy.ended_on = context.calendar.local_date(context.now)
    proposed = strategy_rows.objectives_of(context.session, strategy.id, ObjectiveStatus.PROPOSED)
    for objective in proposed:
        with changing(context, objective):
            objective.status = ObjectiveStatus.ENDED


def _keep_service(context: OperationContext, decision: Decision) -> None:
    """Take the end of a service back that this case announced."""
    is_announced = decision.subject_type == "Service" and decision.decision in _APPROVED
    service = context.session.get(Service, decision.subject_id) if is_announced else None
    if service is not None and service.state is ServiceState.RETIRING:
        with changing(context, service):
            service.keep()
