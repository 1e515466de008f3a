"""Edit what is deployed: drafts of diagrams, tables and forms, their check and publication."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import Deployment, Draft, DraftKind, ProcessDefinition
from ssflow.domain.identity import ADMIN, PROCESS_DESIGNER
from ssflow.engine.problems import Problem
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.operations.registry import OPERATIONS
from ssflow.sentences import Sentence
from ssflow.services.audit import record
from ssflow.services.definitions import FORM_SUFFIX
from ssflow.services.deployment import DeploymentOutcome, check_files, deploy_files
from ssflow.services.variables import text_problem
from ssflow.store import definitions as definition_rows
from ssflow.store import drafts as draft_rows
from ssflow.store import people as people_rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_DRAFT_CHARACTERS = 5 * 1024 * 1024
_KINDS = {".bpmn": DraftKind.BPMN, ".dmn": DraftKind.DMN, FORM_SUFFIX: DraftKind.FORM}


class DraftChangedError(ConflictError):
    """Somebody else saved this draft meanwhile; `revision` is theirs and `by` is who."""

    def __init__(self, revision: int, by: UUID) -> None:
        super().__init__(
            "Somebody else saved this draft after you opened it. Copy your work, then reload."
        )
        self.revision = revision
        self.winner = by


class PublishedMeanwhileError(ConflictError):
    """Another version of the file was deployed after this one was begun."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody published this file after you began. Reload and bring your changes in again."
        )


@dataclass(frozen=True)
class EditableFile:
    """One file of a process that can be edited."""

    name: str
    kind: DraftKind
    has_draft: bool


@dataclass(frozen=True)
class Source:
    """What an editor opens: the draft, or else what is deployed (then `revision` is 0).

    `base` tells one deployed version from another: the one that the content was made from.
    """

    name: str
    kind: DraftKind
    content: str
    revision: int
    base: str


def editable_files(work: UnitOfWork, key: str) -> list[EditableFile]:
    """List the diagram, decision tables and forms of a process.

    Raises:
        NotFoundError: there is no such process.
    """
    definition = _definition(work, key)
    drafts = {draft.file for draft in draft_rows.list_drafts(work.session, key)}
    names = definition_rows.file_names_of(work.session, _deployment(work, definition).id)
    return [
        EditableFile(name, kind, name in drafts)
        for name in names
        if (kind := _kind(name)) and (kind is not DraftKind.BPMN or name == definition.file)
    ]


def read_source(work: UnitOfWork, key: str, file: str | None = None) -> Source:
    """Open a file of a process for editing; without a name its diagram.

    Raises:
        NotFoundError: there is no such process or file.
        ForbiddenError: the actor neither designs nor deploys.
    """
    _require_designer(work)
    definition = _definition(work, key)
    name = file or definition.file
    draft = draft_rows.find_draft(work.session, key, name)
    if draft is not None:
        begun_from = definition_rows.find_file(work.session, draft.base_deployment_id, name)
        return Source(name, draft.kind, draft.content, draft.revision, _digest(begun_from))
    content = definition_rows.find_file(work.session, _deployment(work, definition).id, name)
    kind = _kind(name)
    if content is None or kind is None:
        raise NotFoundError(Sentence("%(key)s has no file %(name)s.", key=key, name=name))
    return Source(name, kind, content.decode("utf-8-sig", "replace"), 0, _digest(content))


def save_draft(
    work: UnitOfWork, key: str, file: str, content: str, revision: int, base: str | None = None
) -> int:
    """Keep an edited file without deploying it; gives the draft's new revision.

    Raises:
        NotFoundError, ForbiddenError: as `read_source`.
        DraftChangedError: the draft is newer than the one that was opened.
        PublishedMeanwhileError: what is deployed is newer than `base`, which was opened.
        InvalidInputError: the content is larger than 5 MB, or no text.
    """
    source = read_source(work, key, file)
    _check_content(content)
    draft = draft_rows.lock_draft(work.session, key, source.name)
    _require_revision(work, draft, revision)
    if draft is None:
        _require_base(work, key, source.name, base)
        draft = _new_draft(work, key, source, content)
    else:
        draft.content, draft.revision = content, revision + 1
        draft.updated_at, draft.updated_by = work.now, _author(work)
    record(work, AuditAction.DRAFT_SAVED, process=key, file=source.name, revision=draft.revision)
    return draft.revision


def discard_draft(work: UnitOfWork, key: str, file: str, revision: int) -> None:
    """Forget an edited file; what is deployed stays.

    Raises:
        NotFoundError, ForbiddenError: as `read_source`.
        DraftChangedError: the draft is newer than the one that was opened.
    """
    source = read_source(work, key, file)
    draft = draft_rows.lock_draft(work.session, key, source.name)
    if draft is None:
        return
    _require_revision(work, draft, revision)
    draft_rows.delete_draft(work.session, key, source.name)
    record(work, AuditAction.DRAFT_DISCARDED, process=key, file=source.name, revision=revision)


def check_draft(work: UnitOfWork, key: str, file: str, content: str) -> Sequence[Problem]:
    """Check a file together with the other files it would be deployed with; stores nothing.

    Raises:
        NotFoundError, ForbiddenError: as `read_source`.
    """
    source = read_source(work, key, file)
    files = _bundle_with(work, key, source.name, content)
    return check_files(work, files).problems


def publish_draft(
    work: UnitOfWork,
    key: str,
    file: str,
    content: str,
    comment: str = "",
    *,
    revision: int | None = None,
    base: str | None = None,
) -> DeploymentOutcome:
    """Deploy a file in place of its former version; running cases keep theirs.

    With `revision` and `base`, nobody else's draft or deployment is written over unseen.

    Raises:
        NotFoundError: there is no such process or file.
        ForbiddenError: the actor may not deploy.
        DraftChangedError, PublishedMeanwhileError: as `save_draft`.
        DeploymentRefusedError: there are mistakes to mend first.
    """
    work.actor.require_role(ADMIN)
    source = read_source(work, key, file)
    _check_content(content)
    if revision is not None:
        draft = draft_rows.lock_draft(work.session, key, source.name)
        _require_revision(work, draft, revision)
    _require_base(work, key, source.name, base)
    files = _bundle_with(work, key, source.name, content)
    area = _deployment(work, _definition(work, key)).area
    outcome = deploy_files(work, files, area=area, comment=comment)
    draft_rows.delete_draft(work.session, key, source.name)
    return outcome


def editor_catalog(work: UnitOfWork, key: str) -> dict[str, Any]:
    """List what an editor offers to pick: forms, roles, decisions, processes, operations.

    Raises:
        NotFoundError, ForbiddenError: as `read_source`.
    """
    _require_designer(work)
    definition = _definition(work, key)
    names = definition_rows.file_names_of(work.session, _deployment(work, definition).id)
    latest = definition_rows.list_latest(work.session)
    return {
        "forms": [_named(n.removesuffix(FORM_SUFFIX)) for n in names if n.endswith(FORM_SUFFIX)],
        "roles": [_named(r.key, r.title) for r in people_rows.list_roles(work.session)],
        "decisions": [_named(d) for d in sorted(_decisions(work, definition))],
        "processes": [_named(d.key, d.name) for d in latest],
        "operations": [
            {
                **_named(o.name, o.title),
                "outside": o.is_outside,
                "parameters": [
                    {**_named(p), "required": p in o.required}
                    for p in (*sorted(o.required), *sorted(o.optional))
                ],
            }
            for o in OPERATIONS.values()
        ],
    }


def may_publish(work: UnitOfWork) -> bool:
    """Say whether the actor may deploy what is drafted."""
    return work.actor.is_admin


def _decisions(work: UnitOfWork, definition: ProcessDefinition) -> set[str]:
    return {
        name.removesuffix(".dmn")
        for name in definition_rows.file_names_of(work.session, _deployment(work, definition).id)
        if name.endswith(".dmn")
    } | set(definition.facts["decisions"])


def _named(identifier: str, label: str | None = None) -> dict[str, Any]:
    return {"id": identifier, "label": label or identifier}


def _bundle_with(work: UnitOfWork, key: str, file: str, content: str) -> dict[str, bytes]:
    """Give the files that are deployed together with the process, one of them replaced."""
    deployment = _deployment(work, _definition(work, key))
    files = definition_rows.files_of(work.session, deployment.id)
    return {**files, file: content.encode()}


def _definition(work: UnitOfWork, key: str) -> ProcessDefinition:
    definition = definition_rows.find_latest(work.session, key)
    if definition is None:
        raise NotFoundError(Sentence("There is no process %(key)s.", key=key))
    return definition


def _deployment(work: UnitOfWork, definition: ProcessDefinition) -> Deployment:
    """Give the newest deployment of the process; its other files may be newer than it."""
    made_by = definition.deployment_id
    diagram = definition_rows.get_file(work.session, made_by, definition.file)
    newest = definition_rows.find_current_deployment(work.session, definition.file, diagram)
    return newest or definition_rows.get_deployment(work.session, made_by)


def _kind(name: str) -> DraftKind | None:
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), None)


def _require_designer(work: UnitOfWork) -> None:
    work.actor.require_role(PROCESS_DESIGNER, ADMIN)


def _check_content(content: str) -> None:
    if len(content) > MAX_DRAFT_CHARACTERS:
        raise InvalidInputError("A file that is edited here has at most 5 MB.")
    if text_problem(content):
        raise InvalidInputError("The file holds something that is no text.")


def _require_revision(work: UnitOfWork, draft: Draft | None, revision: int) -> None:
    if (draft.revision if draft else 0) != revision:
        raise DraftChangedError(draft.revision if draft else 0, _last_author(work, draft))


def _require_base(work: UnitOfWork, key: str, file: str, base: str | None) -> None:
    deployment = _deployment(work, _definition(work, key))
    deployed = definition_rows.find_file(work.session, deployment.id, file)
    if base is not None and base != _digest(deployed):
        raise PublishedMeanwhileError


def _digest(content: bytes | None) -> str:
    return hashlib.sha256(content or b"").hexdigest()


def _author(work: UnitOfWork) -> UUID:
    if work.actor.user_id is None:
        raise ForbiddenError("Only a person can edit.")
    return work.actor.user_id


def _last_author(work: UnitOfWork, draft: Draft | None) -> UUID:
    return draft.updated_by if draft else _author(work)


def _new_draft(work: UnitOfWork, key: str, source: Source, content: str) -> Draft:
    draft = Draft(
        process_key=key,
        file=source.name,
        kind=source.kind,
        content=content,
        base_deployment_id=_deployment(work, _definition(work, key)).id,
        updated_at=work.now,
        updated_by=_author(work),
    )
    work.session.add(draft)
    work.session.flush()
    return draft
