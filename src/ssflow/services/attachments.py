"""Files that people add to a case; they live in the database, so that one backup holds all."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.note import MAX_ATTACHMENT_BYTES, Attachment
from ssflow.domain.user_task import UserTask
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.ids import read_id
from ssflow.sentences import Sentence
from ssflow.services.audit import record
from ssflow.store import instances as instance_rows
from ssflow.store import notes as note_rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_NAME_CHARACTERS = 200
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}", re.ASCII)


def store_attachment(
    work: UnitOfWork,
    name: str,
    media_type: str,
    content: bytes,
    *,
    instance_id: UUID | None = None,
    task_id: UUID | None = None,
    field: str | None = None,
) -> Attachment:
    """Keep an uploaded file; without an instance it waits for the case that is being started.

    Raises:
        NotFoundError: the actor may not see the case.
        InvalidInputError: the file has no name, is empty, or is larger than 10 MB.
        ForbiddenError: nobody is signed in.
    """
    if work.actor.user_id is None:
        raise ForbiddenError("Only a person can attach a file.")
    _check_upload(name, content)
    attachment = Attachment(
        name=_plain_name(name),
        media_type=_plain_media_type(media_type),
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=work.actor.user_id,
        uploaded_at=work.now,
        content=content,
        instance_id=instance_id,
        task_id=task_id,
        field=field,
    )
    if instance_id is not None:
        _record_file(work, _lock_visible(work, instance_id), attachment)
    work.session.add(attachment)
    return attachment


def read_attachment(work: UnitOfWork, attachment_id: UUID) -> Attachment:
    """Give a file that the actor uploaded, or of a case that the actor may see.

    Raises:
        NotFoundError: there is none, or it is none of the actor's business.
    """
    attachment = note_rows.find_attachment(work.session, attachment_id)
    if attachment is None or not _may_read(work, attachment):
        raise NotFoundError("There is no such file, or you may not see it.")
    return attachment


def bind_files(
    work: UnitOfWork, fields: Mapping[str, Any], instance: ProcessInstance, task: UserTask | None
) -> None:
    """Let files that were uploaded for a form belong to its case, once the form is accepted.

    Raises:
        InvalidInputError: a field names a file that the actor did not upload.
    """
    wanted = set(_file_ids(fields))
    if not wanted:
        return
    for attachment in note_rows.unbound_attachments(work.session, wanted, work.actor.user_id):
        attachment.instance_id = instance.id
        attachment.task_id = task.id if task else None
        _record_file(work, instance, attachment)


def _file_ids(value: Any) -> Iterator[UUID]:
    """Find every text in the fields that could be the id of a file."""
    if isinstance(value, str) and len(value) == 36:
        if file_id := read_id(value):
            yield file_id
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _file_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _file_ids(inner)


def _record_file(work: UnitOfWork, instance: ProcessInstance, attachment: Attachment) -> None:
    record(
        work,
        AuditAction.FILE_ATTACHED,
        instance,
        file=str(attachment.id),
        name=attachment.name,
        sha256=attachment.sha256,
        bytes=attachment.size_bytes,
    )


def _lock_visible(work: UnitOfWork, instance_id: UUID) -> ProcessInstance:
    if instance_rows.find_visible_instance(work.session, work.actor, instance_id) is None:
        raise NotFoundError("There is no such case, or you may not see it.")
    return instance_rows.lock_instance(work.session, instance_id)


def _may_read(work: UnitOfWork, attachment: Attachment) -> bool:
    if attachment.instance_id is None:
        return attachment.uploaded_by == work.actor.user_id
    visible = instance_rows.find_visible_instance(work.session, work.actor, attachment.instance_id)
    return visible is not None


def _check_upload(name: str, content: bytes) -> None:
    if not _plain_name(name):
        raise InvalidInputError("The file has no name.", errors={"file": ["Give the file a name."]})
    if not content:
        raise InvalidInputError(
            "The file is empty.", errors={"file": ["Choose a file with content."]}
        )
    if len(content) > MAX_ATTACHMENT_BYTES:
        megabytes = MAX_ATTACHMENT_BYTES // (1024 * 1024)
        problem = Sentence("A file has at most %(most)s MB.", most=megabytes)
        raise InvalidInputError("The file is too large.", errors={"file": [problem]})


def _plain_media_type(told: str) -> str:
    """Keep what a browser says about a file's kind, if it reads like a kind."""
    plain = told.partition(";")[0].strip()
    return plain if _MEDIA_TYPE.fullmatch(plain) else "application/octet-stream"


def _plain_name(name: str) -> str:
    """Keep the last part of a path, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable()).strip()[:MAX_NAME_CHARACTERS]
