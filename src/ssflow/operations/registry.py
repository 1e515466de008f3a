"""All operations that ssflow has, by name."""

from collections.abc import Iterable
from types import MappingProxyType

from ssflow.operations.amendments import AMENDMENT_OPERATIONS
from ssflow.operations.budget_control import CONTROL_OPERATIONS
from ssflow.operations.budget_notes import NOTE_OPERATIONS
from ssflow.operations.budget_report import REPORT_OPERATIONS
from ssflow.operations.budgets import BUDGET_OPERATIONS
from ssflow.operations.delivery import DELIVERY_OPERATIONS
from ssflow.operations.effects import EFFECT_OPERATIONS
from ssflow.operations.feedback import FEEDBACK_OPERATIONS
from ssflow.operations.http import HTTP_REQUEST
from ssflow.operations.itsg import ITSG_OPERATIONS
from ssflow.operations.mail import MAIL_SEND
from ssflow.operations.operation import Operation
from ssflow.operations.portfolio import PORTFOLIO_OPERATIONS
from ssflow.operations.proposal_funds import FUNDS_OPERATIONS
from ssflow.operations.rendering import DOCUMENT_RENDER
from ssflow.operations.retirement import RETIREMENT_OPERATIONS
from ssflow.operations.service_reviews import REVIEW_OPERATIONS
from ssflow.operations.strategy import STRATEGY_OPERATIONS


def _by_name(*families: Iterable[Operation]) -> dict[str, Operation]:
    return {operation.name: operation for family in families for operation in family}


OPERATIONS = MappingProxyType(
    _by_name(
        (HTTP_REQUEST, MAIL_SEND, DOCUMENT_RENDER),
        EFFECT_OPERATIONS,
        FEEDBACK_OPERATIONS,
        ITSG_OPERATIONS,
        PORTFOLIO_OPERATIONS,
        DELIVERY_OPERATIONS,
        FUNDS_OPERATIONS,
        REVIEW_OPERATIONS,
        RETIREMENT_OPERATIONS,
        BUDGET_OPERATIONS,
        CONTROL_OPERATIONS,
        NOTE_OPERATIONS,
        REPORT_OPERATIONS,
        AMENDMENT_OPERATIONS,
        STRATEGY_OPERATIONS,
    )
)
"""Name -> operation; the editor lists them and the deployment check knows them."""
