"""Tell people what happened: notices become mails in each reader's language."""

from collections.abc import Mapping
from typing import Any

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import NoticePace
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.job import Job
from ssflow.ids import read_id
from ssflow.operations.letters import ANY, has_template
from ssflow.operations.recipients import (
    Recipient,
    Recipients,
    find_recipients,
    is_address,
    read_addressees,
)
from ssflow.services import mails
from ssflow.services.audit import record
from ssflow.services.definitions import definition_with, translated_name
from ssflow.services.working_days import calendar_of
from ssflow.store import definitions as definition_rows
from ssflow.store import instances as instance_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_ATTEMPTS, WAIT_SECONDS = 8, 60
"""A mail server that is away for two hours costs nobody a notice."""
_OURS = ("template", "to", "exclude", "language", "name", "link", "task")
"""What a notice says about itself; the rest are facts for its text."""


def send_notice(work: UnitOfWork, job: Job) -> None:
    """Put a notice's mails into the outbox, and tell the trail who gets one.

    The payload names a `template` and whom it goes `to` (user ids, names, roles, addresses); it may
    hold `exclude` (user ids), `task` (its page is linked to; else the case's), `link` (a path of
    ours), and `language` and `name` of somebody without an account. The rest are facts. People get
    it at once, with the day's digest, or not at all, as they chose.
    """
    payload = job.payload
    instance = _find_instance(work, job)
    meant = _find_readers(work, payload)
    wanted = [one for one in meant.found if one.pace is not NoticePace.NONE]
    template = str(payload.get("template") or ANY)
    letters = mails.Post(
        source_id=job.id,
        template=template if has_template(template) else ANY,
        facts=_facts(payload, template, instance),
        in_words=_names_of_task(work, payload),
        link=_link(work, payload, instance),
        instance_id=instance.id if instance else None,
        max_attempts=MAX_ATTEMPTS,
        wait_seconds=WAIT_SECONDS,
        may_hold=True,
    )
    mails.post(work, letters, wanted)
    record(
        work,
        AuditAction.NOTICE_SENT,
        instance,
        activity_id=job.activity_id,
        **_told(payload, template, meant, wanted),
    )


def _find_readers(work: UnitOfWork, payload: Mapping[str, Any]) -> Recipients:
    unnamed = Recipient(
        "", str(payload.get("name") or ""), str(payload.get("language") or "en").lower()
    )
    exclude = {i for one in read_addressees(payload.get("exclude")) if (i := read_id(one))}
    today = calendar_of(work).local_date(work.now)
    to = read_addressees(payload.get("to"))
    return find_recipients(work.session, to, today, exclude=exclude, unnamed=unnamed)


def _find_instance(work: UnitOfWork, job: Job) -> ProcessInstance | None:
    if job.instance_id is None:
        return None
    return instance_rows.lock_instance(work.session, job.instance_id)


def _facts(
    payload: Mapping[str, Any], template: str, instance: ProcessInstance | None
) -> dict[str, Any]:
    facts = {name: value for name, value in payload.items() if name not in _OURS}
    more = facts.pop("facts", None)
    facts |= more if isinstance(more, Mapping) else {}
    facts["about"] = template.replace("_", " ").capitalize()
    if instance is not None:
        facts["case"] = mails.name_of(instance)
    return facts


def _names_of_task(work: UnitOfWork, payload: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Give what the task is called in each language that its diagram was translated into."""
    task_id, name = read_id(payload.get("task")), str(payload.get("task_name") or "")
    task = task_rows.find_user_task(work.session, task_id) if task_id and name else None
    definition = definition_rows.find_latest(work.session, task.key) if task else None
    if task is None or definition is None:
        return {}
    drawn = definition_with(work.session, definition, task.activity_id)
    return {
        language: {"task_name": translated_name(drawn, task.activity_id, name, language)}
        for language in drawn.facts.get("labels", {})
    }


def _link(
    work: UnitOfWork, payload: Mapping[str, Any], instance: ProcessInstance | None
) -> str | None:
    """Lead to a page of ours, never elsewhere."""
    base, path = work.outside.base_url, payload.get("link")
    if isinstance(path, str) and path.startswith("/") and not path.startswith("//"):
        return base + path
    if (task_id := read_id(payload.get("task"))) is not None:
        return f"{base}/tasks/{task_id}"
    if all(is_address(str(one)) for one in read_addressees(payload.get("to"))):
        return None  # people without an account cannot open a case
    return f"{base}/instances/{instance.id}" if instance else f"{base}/"


def _told(
    payload: Mapping[str, Any], template: str, meant: Recipients, wanted: list[Recipient]
) -> dict[str, Any]:
    """Tell the trail who gets the notice and who does not, but no address of anybody."""
    told = {
        "template": template,
        "to": [_name(one) for one in wanted],
        "without_address": meant.without_address,
        "unwanted": [_name(one) for one in meant.found if one.pace is NoticePace.NONE],
        "unknown": meant.unknown,
        "task": payload.get("task"),
    }
    return {name: value for name, value in told.items() if value or name in ("template", "to")}


def _name(recipient: Recipient) -> str:
    return str(recipient.user_id) if recipient.user_id else mails.mask(recipient.address)
