"""What the pages of operations share: their tabs, and names for jobs and how they stand."""

from flask import url_for
from flask_babel import gettext, lazy_gettext

from ssflow.domain.incident import IncidentStatus
from ssflow.domain.job import JobKind, JobState
from ssflow.domain.mail import MailState
from ssflow.store import incidents as incident_rows
from ssflow.store.incidents import IncidentFilter
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.page import Tab

JOB_KINDS = {
    JobKind.TIMER: lazy_gettext("Timers"),
    JobKind.OPERATION: lazy_gettext("Calls to other systems"),
    JobKind.START_PROCESS: lazy_gettext("Processes to start"),
    JobKind.SEND_MESSAGE: lazy_gettext("Messages to send"),
    JobKind.DELIVER_MESSAGE: lazy_gettext("Messages to deliver"),
    JobKind.NOTICE: lazy_gettext("Notices"),
    JobKind.SCHEDULE: lazy_gettext("Schedules"),
    JobKind.REMINDER: lazy_gettext("Reminders"),
    JobKind.OVERDUE: lazy_gettext("Overdue tasks"),
    JobKind.MAIL: lazy_gettext("Mails"),
    JobKind.CLEAN_UP: lazy_gettext("Cleaning up"),
    JobKind.RETRY_INCIDENT: lazy_gettext("Incidents to try again"),
}
JOB_STATES = {
    JobState.WAITING: lazy_gettext("Not due yet"),
    JobState.DUE: lazy_gettext("Due now"),
    JobState.RUNNING: lazy_gettext("Being done"),
    JobState.FAILED: lazy_gettext("Given up"),
}
MAIL_STATES = {
    MailState.QUEUED: lazy_gettext("On its way"),
    MailState.HELD: lazy_gettext("Held for the digest"),
    MailState.SENT: lazy_gettext("Sent"),
    MailState.FAILED: lazy_gettext("Given up"),
    MailState.DROPPED: lazy_gettext("Not needed any more"),
}


def job_kind_title(kind: JobKind) -> str:
    """Name what a job does."""
    return str(JOB_KINDS.get(kind, str(kind).replace("_", " ")))


def job_state_title(state: JobState) -> str:
    """Say how a job stands."""
    return str(JOB_STATES[state])


def mail_state_title(state: MailState) -> str:
    """Say how a mail stands."""
    return str(MAIL_STATES[state])


def operation_tabs(work: UnitOfWork, current: str) -> list[Tab]:
    """Give the parts of operations; `current` is the endpoint of the one that is shown."""
    is_open = IncidentFilter(status=IncidentStatus.OPEN)
    stuck = incident_rows.count_incidents(work.session, work.actor, is_open)
    parts = (
        ("operations.overview", gettext("Overview"), None),
        ("operations.list_incidents", gettext("Incidents"), stuck or None),
        ("operations.lists.jobs", gettext("Jobs"), None),
        ("operations.lists.schedules", gettext("Schedules"), None),
        ("operations.lists.mails", gettext("Mail"), None),
        ("operations.lists.messages", gettext("Messages"), None),
    )
    return [
        Tab(url_for(endpoint), label, endpoint == current, count)
        for endpoint, label, count in parts
    ]
