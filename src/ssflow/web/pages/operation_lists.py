"""What is still to be done: jobs, schedules, mails on their way, messages that nobody took yet."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from ssflow.domain.identity import ADMIN, AUDITOR
from ssflow.domain.job import JobKind, JobState
from ssflow.domain.mail import MailState
from ssflow.errors import InvalidInputError
from ssflow.services import jobs as job_service
from ssflow.services import schedules as schedule_service
from ssflow.services.mails import mask
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store import mail as mail_rows
from ssflow.store import messages as message_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import ADMIN_ONLY, needs_role
from ssflow.web.names import Names
from ssflow.web.operation_parts import (
    JOB_KINDS,
    JOB_STATES,
    MAIL_STATES,
    job_kind_title,
    job_state_title,
    mail_state_title,
    operation_tabs,
)
from ssflow.web.query import find_choice, read_switch
from ssflow.web.request_work import request_work

blueprint = Blueprint("lists", __name__)

PAGE_SIZE = 25
SHOWN_TICKS, SHOWN_RUNS = 3, 5
_FOR_OPERATORS = needs_role(ADMIN, AUDITOR)


@blueprint.get("/jobs")
@_FOR_OPERATORS
def jobs() -> ResponseReturnValue:
    """List jobs by kind and how they stand."""
    kind, state = find_choice(JobKind, "kind"), find_choice(JobState, "state")
    cursor = request.args.get("cursor")
    with request_work(read_only=True) as work:
        page = job_rows.list_jobs(
            work.session, kind=kind, state=state, now=work.now, cursor=cursor, limit=PAGE_SIZE
        )
        ids = {job.instance_id for job in page.items if job.instance_id}
        return render_template(
            "operations/jobs.html",
            tabs=operation_tabs(work, "operations.lists.jobs"),
            jobs=[(job, job.state(work.now)) for job in page.items],
            kind=kind,
            state=state,
            kinds=list(JOB_KINDS.items()),
            states=list(JOB_STATES.items()),
            kind_title=job_kind_title,
            state_title=job_state_title,
            cursor=cursor,
            next_url=page.next_cursor
            and url_for(".jobs", kind=kind, state=state, cursor=page.next_cursor),
            cases={i: instance_rows.get_instance(work.session, i) for i in ids},
            names=Names(work),
        )


@blueprint.post("/jobs/<uuid:job_id>/retry")
@ADMIN_ONLY
def retry_job(job_id: UUID) -> ResponseReturnValue:
    """Have a job that was given up tried again."""
    with request_work() as work:
        job_service.retry_failed_job(work, job_id)
    flash(gettext("The job is tried again."), "success")
    return redirect(url_for(".jobs", state=JobState.FAILED), 303)


@blueprint.get("/schedules")
@_FOR_OPERATORS
def schedules() -> ResponseReturnValue:
    """List the processes that start by themselves."""
    with request_work(read_only=True) as work:
        return _schedules_page(work)


@blueprint.post("/schedules/<key>/switch")
@ADMIN_ONLY
def switch(key: str) -> ResponseReturnValue:
    """Switch a schedule on or off."""
    try:
        is_on = read_switch("on")
        with request_work() as work:
            schedule_service.switch_schedule(work, key, is_on, request.form.get("reason", ""))
    except InvalidInputError as error:
        return _schedules_again(key, error), 422
    told = gettext("The schedule is on.") if is_on else gettext("The schedule is off.")
    flash(told, "success")
    return redirect(url_for(".schedules"), 303)


@blueprint.post("/schedules/<key>/run")
@ADMIN_ONLY
def run(key: str) -> ResponseReturnValue:
    """Start at once what the next tick would start."""
    try:
        with request_work() as work:
            count = schedule_service.run_now(work, key, request.form.get("reason", ""))
    except InvalidInputError as error:
        return _schedules_again(key, error), 422
    flash(ngettext("%(num)s case starts.", "%(num)s cases start.", count), "success")
    return redirect(url_for(".schedules"), 303)


@blueprint.get("/mail")
@_FOR_OPERATORS
def mails() -> ResponseReturnValue:
    """List mails and how they stand, without their texts."""
    state, cursor = find_choice(MailState, "state"), request.args.get("cursor")
    with request_work(read_only=True) as work:
        page = mail_rows.list_mails(work.session, state=state, cursor=cursor, limit=PAGE_SIZE)
        return render_template(
            "operations/mails.html",
            tabs=operation_tabs(work, "operations.lists.mails"),
            mails=page.items,
            mask=mask,
            state=state,
            states=list(MAIL_STATES.items()),
            counts=mail_rows.count_mails(work.session),
            state_title=mail_state_title,
            cursor=cursor,
            next_url=page.next_cursor and url_for(".mails", state=state, cursor=page.next_cursor),
        )


@blueprint.get("/messages")
@_FOR_OPERATORS
def messages() -> ResponseReturnValue:
    """List messages that wait for a case, without what they say."""
    cursor = request.args.get("cursor")
    with request_work(read_only=True) as work:
        page = message_rows.list_buffered(work.session, work.now, cursor=cursor, limit=PAGE_SIZE)
        return render_template(
            "operations/messages.html",
            tabs=operation_tabs(work, "operations.lists.messages"),
            messages=page.items,
            cursor=cursor,
            next_url=page.next_cursor and url_for(".messages", cursor=page.next_cursor),
            names=Names(work),
        )


def _schedules_again(key: str, error: InvalidInputError) -> str:
    with request_work(read_only=True) as work:
        return _schedules_page(work, key, error)


def _schedules_page(
    work: UnitOfWork, key: str | None = None, error: InvalidInputError | None = None
) -> str:
    found = schedule_service.list_schedules(work)
    shown: list[dict[str, Any]] = [
        {
            "schedule": view.schedule,
            "records": view.records,
            "ticks": schedule_service.next_ticks(work, view.schedule.key, SHOWN_TICKS),
            "runs": schedule_service.last_runs(work, view.schedule.key, SHOWN_RUNS),
        }
        for view in found
    ]
    return render_template(
        "operations/schedules.html",
        tabs=operation_tabs(work, "operations.lists.schedules"),
        shown=shown,
        wrong_key=key,
        error=error,
        names=Names(work),
    )
