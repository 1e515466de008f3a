"""What ssflow calls its own things, in the reader's language."""

from collections.abc import Iterable

from flask_babel import gettext, lazy_gettext

from ssflow.domain import words
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Role
from ssflow.domain.registers.portfolio import Phase

ROLES = {
    "customer": lazy_gettext("Customer"),
    "orderer": lazy_gettext("Orderer"),
    "service_desk": lazy_gettext("Service desk"),
    "complaint_manager": lazy_gettext("Complaint manager"),
    "brm": lazy_gettext("Business relationship manager"),
    "slm": lazy_gettext("Service level manager"),
    "service_owner": lazy_gettext("Service owner"),
    "capacity_manager": lazy_gettext("Capacity manager"),
    "risk_officer": lazy_gettext("Risk officer"),
    "portfolio_manager": lazy_gettext("Portfolio manager"),
    "demand_manager": lazy_gettext("Demand manager"),
    "strategy_manager": lazy_gettext("Strategy manager"),
    "budget_holder": lazy_gettext("Budget holder"),
    "accountant": lazy_gettext("Accountant"),
    "finance_manager": lazy_gettext("Finance manager"),
    "it_director": lazy_gettext("IT director"),
    "itsg_member": lazy_gettext("IT steering group member"),
    "itsg_chair": lazy_gettext("IT steering group chair"),
    "process_designer": lazy_gettext("Process designer"),
    "auditor": lazy_gettext("Auditor"),
    "admin": lazy_gettext("Administrator"),
}

AREAS = {
    "service_portfolio": lazy_gettext("Service portfolio"),
    "relationships": lazy_gettext("Relationships"),
    "finance": lazy_gettext("Finance"),
    "strategy": lazy_gettext("Strategy"),
    "shared": lazy_gettext("Shared"),
    "meta": lazy_gettext("House-keeping"),
}
"""The areas of shipped bundles; others are shown by the name that they were deployed with."""

ACTIONS = {
    AuditAction.INSTANCE_STARTED: lazy_gettext("Case started"),
    AuditAction.INSTANCE_ENDED: lazy_gettext("Case ended"),
    AuditAction.INSTANCE_CANCELLED: lazy_gettext("Case cancelled"),
    AuditAction.INSTANCE_SUSPENDED: lazy_gettext("Case suspended"),
    AuditAction.INSTANCE_RESUMED: lazy_gettext("Case resumed"),
    AuditAction.TASK_CREATED: lazy_gettext("Task opened"),
    AuditAction.TASK_CLAIMED: lazy_gettext("Task claimed"),
    AuditAction.TASK_RELEASED: lazy_gettext("Task given back"),
    AuditAction.TASK_COMPLETED: lazy_gettext("Task completed"),
    AuditAction.TASK_CANCELLED: lazy_gettext("Task cancelled"),
    AuditAction.TASK_OVERDUE: lazy_gettext("Task overdue"),
    AuditAction.TIMER_FIRED: lazy_gettext("Time was up"),
    AuditAction.MESSAGE_CAUGHT: lazy_gettext("Message received"),
    AuditAction.MESSAGE_BUFFERED: lazy_gettext("Message kept for a case to come"),
    AuditAction.MESSAGE_EXPIRED: lazy_gettext("Message expired, no case took it"),
    AuditAction.PROCESS_STARTED: lazy_gettext("Another case started"),
    AuditAction.PROCESS_NOT_STARTED: lazy_gettext("Process not started, left to do"),
    AuditAction.INSTANCE_LINKED: lazy_gettext("Started by another case"),
    AuditAction.OPERATION_ANSWERED: lazy_gettext("Operation answered"),
    AuditAction.OPERATION_FAILED: lazy_gettext("Operation failed"),
    AuditAction.MAIL_QUEUED: lazy_gettext("Mail on its way"),
    AuditAction.INCIDENT_OPENED: lazy_gettext("Case got stuck"),
    AuditAction.INCIDENT_RETRIED: lazy_gettext("Faulty step tried again"),
    AuditAction.INCIDENTS_RETRIED: lazy_gettext("Many faulty steps tried again"),
    AuditAction.INCIDENT_CLOSED: lazy_gettext("Incident settled"),
    AuditAction.RECORD_CREATED: lazy_gettext("Record added"),
    AuditAction.RECORD_CHANGED: lazy_gettext("Record changed"),
    AuditAction.RECORDS_IMPORTED: lazy_gettext("Records imported"),
    AuditAction.SPAM_DROPPED: lazy_gettext("Message of a robot dropped"),
    AuditAction.COMMENT_ADDED: lazy_gettext("Comment added"),
    AuditAction.FILE_ATTACHED: lazy_gettext("File attached"),
    AuditAction.NOTICE_SENT: lazy_gettext("Notice sent"),
    AuditAction.ATTEMPT_REFUSED: lazy_gettext("Attempt refused"),
    AuditAction.SEPARATION_OF_DUTIES_BLOCKED: lazy_gettext("Stopped by separation of duties"),
    AuditAction.DEPLOYMENT_PUBLISHED: lazy_gettext("Processes published"),
    AuditAction.SCHEDULE_TICKED: lazy_gettext("Started by the clock"),
    AuditAction.SCHEDULE_SWITCHED: lazy_gettext("Schedule switched"),
    AuditAction.SCHEDULE_RUN_BY_HAND: lazy_gettext("Schedule run by hand"),
    AuditAction.DRAFT_SAVED: lazy_gettext("Draft saved"),
    AuditAction.DRAFT_DISCARDED: lazy_gettext("Draft discarded"),
    AuditAction.USER_CREATED: lazy_gettext("Account added"),
    AuditAction.USER_CHANGED: lazy_gettext("Account changed"),
    AuditAction.ROLE_GRANTED: lazy_gettext("Role granted"),
    AuditAction.ROLE_REVOKED: lazy_gettext("Role revoked"),
    AuditAction.TOKEN_CREATED: lazy_gettext("Token made"),
    AuditAction.TOKEN_REVOKED: lazy_gettext("Token revoked"),
    AuditAction.SIGNED_IN: lazy_gettext("Signed in"),
    AuditAction.SIGNED_OUT: lazy_gettext("Signed out"),
    AuditAction.SIGN_IN_FAILED: lazy_gettext("Signing in failed"),
    AuditAction.PASSWORD_CHANGED: lazy_gettext("Password changed"),
    AuditAction.JOB_FAILED: lazy_gettext("Job failed"),
    AuditAction.JOB_RETRIED: lazy_gettext("Job run again"),
}

PHASES = {
    Phase.PIPELINE: lazy_gettext("Service pipeline"),
    Phase.CATALOGUE: lazy_gettext("Service catalogue"),
    Phase.RETIRED: lazy_gettext("Retired services"),
}

STATES = {code: lazy_gettext(word) for code, word in words.STATES.items()}

REGISTERS = {
    "Customer": lazy_gettext("Customers"),
    "CustomerRole": lazy_gettext("Roles at customers"),
    "Service": lazy_gettext("Services"),
    "ServiceProposal": lazy_gettext("Service proposals"),
    "BusinessCase": lazy_gettext("Business cases"),
    "RiskItem": lazy_gettext("Risks"),
    "Charter": lazy_gettext("Charters"),
    "StageReport": lazy_gettext("Stage reports"),
    "ServiceReview": lazy_gettext("Service reviews"),
    "ResourceAllocation": lazy_gettext("Allocated resources"),
    "Decision": lazy_gettext("Decisions"),
    "Document": lazy_gettext("Documents"),
    "ServiceDependency": lazy_gettext("Service dependencies"),
    "ServiceAsset": lazy_gettext("Service assets"),
    "ServiceObjective": lazy_gettext("Services and objectives"),
    "StrategyDocument": lazy_gettext("Strategies"),
    "StrategicObjective": lazy_gettext("Strategic objectives"),
    "Initiative": lazy_gettext("Initiatives"),
    "MarketSegment": lazy_gettext("Market segments"),
    "Holiday": lazy_gettext("Holidays"),
    "ActionItem": lazy_gettext("Actions to do"),
    "Feedback": lazy_gettext("Complaints and compliments"),
    "Budget": lazy_gettext("Budgets"),
    "BudgetLine": lazy_gettext("Budget lines"),
    "Commitment": lazy_gettext("Committed money"),
    "BudgetAmendment": lazy_gettext("Budget amendments"),
    "BudgetPeriod": lazy_gettext("Budget months"),
    "VarianceNote": lazy_gettext("Explained deviations"),
    "CostEntry": lazy_gettext("Costs"),
    "User": lazy_gettext("People"),
    "ProcessInstance": lazy_gettext("Cases"),
}


def role_title(key: str | None) -> str:
    """Give the title that people know a role by."""
    if not key:
        return str(gettext("nobody"))
    return str(ROLES[key]) if key in ROLES else key.replace("_", " ").capitalize()


def all_role_titles() -> dict[str, str]:
    """Give the titles of ssflow's own roles, and of who started a case, by key."""
    started = {"initiator": str(gettext("Who started it"))}
    return started | {key: str(title) for key, title in ROLES.items()}


def role_choices(roles: Iterable[Role]) -> list[tuple[str, str]]:
    """Give roles to choose from, by title."""
    return sorted(((role.key, role_title(role.key)) for role in roles), key=lambda pair: pair[1])


def phase_title(phase: Phase) -> str:
    """Name a part of the portfolio."""
    return str(PHASES[phase])


def action_title(action: AuditAction) -> str:
    """Say what happened."""
    return str(ACTIONS.get(action, action))


def state_title(state: str) -> str:
    """Say how far a record is."""
    return str(STATES.get(str(state), str(state).replace("_", " ")))


def register_title(kind: str) -> str:
    """Name a register."""
    return str(REGISTERS.get(kind, kind))


def area_name(area: str) -> str:
    """Give the name of an area, in the reader's language when ssflow knows it."""
    return str(AREAS.get(area, area.replace("_", " ").capitalize()))
