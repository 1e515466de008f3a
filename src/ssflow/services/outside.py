"""Call operations outside for service tasks that wait for them."""

from functools import partial
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import JsonValue, Variables
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.registers.portfolio import Document
from ssflow.engine.commands import AnswerOperation, FailOperation
from ssflow.engine.execution import TaskGoneError
from ssflow.errors import InvalidInputError, SsflowError
from ssflow.ids import read_id
from ssflow.operations.http_rules import HttpRules
from ssflow.operations.mail import MAIL_SEND, MAX_ADDRESSEES
from ssflow.operations.operation import OperationContext, OperationRefusedError, Refusal
from ssflow.operations.outside import CallFailedError, OutsideContext, OutsideOperation
from ssflow.operations.recipients import Recipient, find_recipients, read_addressees
from ssflow.operations.registry import OPERATIONS
from ssflow.sentences import Sentence
from ssflow.services import mails
from ssflow.services.advance import advance_instance, record_entries
from ssflow.services.audit import Entry, record, record_all
from ssflow.services.incidents import go_on_with_incident
from ssflow.services.job_kinds import Call, GiveUpError, OutsideWork
from ssflow.services.operation_port import context_of
from ssflow.services.working_days import calendar_of
from ssflow.store import instances as instance_rows
from ssflow.store import mail as mail_rows
from ssflow.store import notes as note_rows
from ssflow.store.unit_of_work import UnitOfWork


class LastingError(GiveUpError):
    """Another attempt would not help; `code` is what a diagram may catch."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.code = code


def _prepare(work: UnitOfWork, job: Job) -> Call | None:
    operation = _operation(job)
    try:
        given = operation.read(job.payload["parameters"])
        prepared = operation.prepare(_context(work, job), given)
    except OperationRefusedError as error:
        raise LastingError(error.message, error.code) from error
    activity_id = job.activity_id or ""
    if activity_id in work.outside.answers:
        return partial(_answer, operation, work.outside.answers[activity_id])
    context = OutsideContext(job.id, work.now, _rules(work))
    return partial(_reach, operation, context, prepared)


def _reach(operation: OutsideOperation, context: OutsideContext, prepared: Any) -> JsonValue:
    try:
        return operation.reach(context, prepared)
    except CallFailedError as error:
        if error.is_temporary:
            raise
        raise LastingError(error.message, error.code) from error


def _answer(operation: OutsideOperation, answer: JsonValue) -> JsonValue:
    """Give what a scenario says; {"fails": code} is a call that fails for good."""
    if isinstance(answer, dict) and set(answer) == {"fails"}:
        raise LastingError(
            Sentence("%(name)s fails in this scenario.", name=operation.name), str(answer["fails"])
        )
    return answer


def _finish(work: UnitOfWork, job: Job, answer: JsonValue) -> None:
    operation = _operation(job)
    given = operation.read(job.payload["parameters"])
    if operation is MAIL_SEND:
        _post(work, job, given)
        return
    context = _context(work, job)
    instance = _instance(work, job)
    try:
        result = operation.keep(context, given, answer)
        because = Entry(AuditAction.OPERATION_ANSWERED, job.activity_id, _details(job))
        advance_instance(work, instance, AnswerOperation(_task_id(job), result), because)
    except TaskGoneError:
        return
    except OperationRefusedError as error:
        raise LastingError(error.message, error.code) from error
    except InvalidInputError as error:
        raise LastingError(error.message, "answer") from error
    record_all(work, record_entries(context.changes), instance)


def _fail(work: UnitOfWork, job: Job, error: SsflowError, is_last: bool) -> None:  # noqa: FBT001 - as job_kinds asks
    if not is_last:
        return
    command = FailOperation(_task_id(job), error.message, getattr(error, "code", None))
    details = _details(job) | {"error": error.message}
    because = Entry(AuditAction.OPERATION_FAILED, job.activity_id, details)
    try:
        result = advance_instance(work, _instance(work, job), command, because)
    except TaskGoneError:
        return
    go_on_with_incident(work, _task_id(job), result, job.attempts)


OPERATION_CALLS = OutsideWork(_prepare, _finish, _fail)
"""How a service task's operation outside is called."""


def _post(work: UnitOfWork, job: Job, given: dict[str, Any]) -> None:
    """Put a service task's mails into the outbox; those that left before are not sent again."""
    to = read_addressees(given["to"])
    if len(to) > MAX_ADDRESSEES:
        message = Sentence("A mail has at most %(most)s addressees.", most=MAX_ADDRESSEES)
        raise LastingError(message, Refusal.WRONG_PARAMETER)
    today = calendar_of(work).local_date(work.now)
    exclude = {i for one in read_addressees(given["exclude"]) if (i := read_id(one))}
    unnamed = Recipient("", language=given["language"] or "en")
    meant = find_recipients(work.session, to, today, exclude=exclude, unnamed=unnamed)
    instance, task_id = _instance(work, job), _task_id(job)
    mail_rows.remove_unsent(work.session, task_id)
    told = {"without_address": len(meant.without_address), "unknown": meant.unknown}
    facts = {**(given["facts"] or {}), "case": mails.name_of(instance)}
    if given["subject"] is not None:
        facts["subject"] = given["subject"]
    if given["text"] is not None:
        facts["text"] = given["text"]
    letters = mails.Post(
        source_id=task_id,
        template=given["template"],
        facts=facts,
        files=_files(work, instance, given["attachments"] or ()),
        instance_id=instance.id,
        task_id=task_id,
        activity_id=job.activity_id,
        max_attempts=job.max_attempts,
        wait_seconds=job.wait_seconds,
        told=told,
    )
    mails.post(work, letters, meant.found)
    record(
        work,
        AuditAction.MAIL_QUEUED,
        instance,
        activity_id=job.activity_id,
        template=given["template"],
        mails=len(meant.found),
        to=[str(one.user_id) if one.user_id else mails.mask(one.address) for one in meant.found],
        without_address=meant.without_address,
        unknown=meant.unknown,
    )
    mails.settle(work, job, told)


def _files(work: UnitOfWork, instance: ProcessInstance, file_ids: Any) -> list[Variables]:
    """Check that the files are of this case, so that no diagram sends those of another."""
    for file_id in file_ids:
        document = work.session.get(Document, file_id)
        attachment = note_rows.find_attachment(work.session, file_id)
        found = document or attachment
        if found is None or found.instance_id != instance.id:
            message = Sentence("There is no file %(id)s in this case.", id=file_id)
            raise LastingError(message, Refusal.NOT_FOUND)
    return [{"id": str(file_id)} for file_id in file_ids]


def _operation(job: Job) -> OutsideOperation:
    operation = OPERATIONS.get(job.payload["name"])
    if not isinstance(operation, OutsideOperation):
        raise LastingError(
            Sentence("There is no operation %(name)s.", name=job.payload["name"]), Refusal.NOT_FOUND
        )
    return operation


def _instance(work: UnitOfWork, job: Job) -> ProcessInstance:
    if job.instance_id is None:
        raise GiveUpError("The call belongs to no case.")
    return instance_rows.lock_instance(work.session, job.instance_id)


def _task_id(job: Job) -> UUID:
    if job.task_id is None:
        raise GiveUpError("Nothing waits for the call.")
    return job.task_id


def _context(work: UnitOfWork, job: Job) -> OperationContext:
    return context_of(work, _instance(work, job), job.activity_id or "")


def _rules(work: UnitOfWork) -> HttpRules:
    outside = work.outside
    return HttpRules(outside.http_allow, outside.http_allow_private, outside.secrets)


def _details(job: Job) -> dict[str, Any]:
    return {"name": job.payload["name"], "attempts": job.attempts}
