"""Turn files into new versions of processes, or say exactly what is wrong with them."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import DeployedFile, Deployment, ProcessDefinition
from ssflow.domain.identity import ADMIN
from ssflow.engine.diagram import (
    CheckedBundle,
    KnownNames,
    OperationSignature,
    ProcessFacts,
    check_bundle,
)
from ssflow.engine.problems import Problem, Severity
from ssflow.errors import InvalidInputError
from ssflow.forms.layout import LayoutError, read_layout
from ssflow.operations.registry import OPERATIONS
from ssflow.sentences import Sentence
from ssflow.services.advance import starting_row
from ssflow.services.audit import record
from ssflow.services.definitions import (
    FORM_SUFFIX,
    LABELS_SUFFIX,
    LANGUAGES,
    SCENARIOS_SUFFIX,
    labels_of,
    read_labels,
)
from ssflow.services.json_places import (
    NotJsonError,
    find_component_line,
    read_json_object,
)
from ssflow.services.schedules import find_query_problem, keep_schedule
from ssflow.services.variables import text_problem
from ssflow.store import definitions as definition_rows
from ssflow.store import jobs as job_rows
from ssflow.store import messages as message_rows
from ssflow.store import people as people_rows
from ssflow.store.unit_of_work import UnitOfWork

FORM_SCHEMA_VERSION = 19
"""That of the form editor; forms of a newer one may ask for what is not known here."""
MAX_FILES = 200
MAX_BUNDLE_BYTES = 20 * 1024 * 1024
MAX_TOLD_CHARACTERS = 1_000
"""Of the area that a deployment belongs to, and of what is said about it."""
SUFFIXES = (".bpmn", ".dmn", FORM_SUFFIX, SCENARIOS_SUFFIX, LABELS_SUFFIX)
_FILE_NAME = re.compile(r"[\w ()+,@.-]{1,200}")


class DeploymentRefusedError(InvalidInputError):
    """The files hold mistakes; `problems` says where and how to mend each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = sum(problem.severity is Severity.ERROR for problem in problems)
        message = "Nothing was deployed: 1 problem to mend first."
        if count != 1:
            message = Sentence(
                "Nothing was deployed: %(count)s problems to mend first.", count=count
            )
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True)
class DeploymentOutcome:
    """What a deployment led to; `is_new` is False when these files were what runs already."""

    deployment: Deployment
    definitions: tuple[ProcessDefinition, ...]
    is_new: bool
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class CheckedFiles:
    """What the check found: the processes in the files, the fields of the forms, the problems."""

    bundle: CheckedBundle
    problems: tuple[Problem, ...]

    @property
    def has_errors(self) -> bool:
        """Whether something must be mended before the files can be deployed."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)


def deploy_files(
    work: UnitOfWork,
    files: Mapping[str, bytes],
    *,
    area: str = "",
    comment: str = "",
    is_rehearsal: bool = False,
) -> DeploymentOutcome:
    """Check the files and make them the newest version of their processes.

    Deploying identical files again changes nothing, but to bring back what newer files replaced.
    A process whose diagram, decisions, forms and called processes are as before keeps its version.
    A schedule takes effect, and messages kept for its start, unless it `is_rehearsal`: walks
    through a process start it themselves.

    Raises:
        ForbiddenError: the actor may not deploy.
        DeploymentRefusedError: the files hold mistakes; nothing was stored.
        InvalidInputError: the area or the comment cannot be kept.
    """
    work.actor.require_role(ADMIN)
    _check_told(area=area, comment=comment)
    plain = _without_folders(files)
    checked = check_files(work, plain)
    if checked.has_errors:
        raise DeploymentRefusedError(checked.problems)
    known = definition_rows.find_deployment_by_hash(work.session, bundle_digest(plain))
    deployment = known or _store_deployment(work, plain, area=area, comment=comment)
    former = {d.id for d in definition_rows.list_latest(work.session)}
    definitions = _store_definitions(work, deployment, plain, checked.bundle.processes)
    if not is_rehearsal:
        for definition in definitions:
            keep_schedule(work, definition)
            if definition.id not in former:
                _start_by_kept(work, definition.facts.get("start_message"))
    is_new = known is None or any(d.id not in former for d in definitions)
    if is_new:
        _tell(work, deployment, definitions, comment)
    warnings = tuple(p for p in checked.problems if p.severity is Severity.WARNING)
    return DeploymentOutcome(deployment, tuple(definitions), is_new, warnings)


def _check_told(**told: str) -> None:
    for name, text in told.items():
        problem = text_problem(text)
        if len(text) > MAX_TOLD_CHARACTERS:
            problem = Sentence("At most %(most)s characters.", most=MAX_TOLD_CHARACTERS)
        if problem:
            raise InvalidInputError(
                Sentence("“%(name)s” cannot be kept.", name=name), errors={name: [problem]}
            )


def find_deployed(work: UnitOfWork, files: Mapping[str, bytes]) -> DeploymentOutcome | None:
    """Find what deploying exactly these files led to, whatever runs now."""
    digest = bundle_digest(_without_folders(files))
    known = definition_rows.find_deployment_by_hash(work.session, digest)
    if known is None:
        return None
    definitions = definition_rows.definitions_of(work.session, known.id)
    return DeploymentOutcome(known, tuple(definitions), is_new=False)


def lint_files(work: UnitOfWork, files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Tell what deploying the files would be refused for or warn of; nothing is stored."""
    try:
        plain = _without_folders(files)
    except DeploymentRefusedError as refused:
        return refused.problems
    return check_files(work, plain).problems


def check_files(work: UnitOfWork, files: Mapping[str, bytes]) -> CheckedFiles:
    """Find everything that is wrong with the files; nothing is stored."""
    problems = list(_file_problems(files))
    forms, form_problems = _read_forms(files)
    problems += form_problems
    known = KnownNames(
        forms=forms,
        roles=frozenset(role.key for role in people_rows.list_roles(work.session)),
        operations=operation_signatures(),
        processes=frozenset(d.key for d in definition_rows.list_latest(work.session)),
        find_query_problem=find_query_problem,
    )
    bundle = check_bundle(files, known)
    return CheckedFiles(bundle, (*problems, *bundle.problems))


def operation_signatures() -> dict[str, OperationSignature]:
    """Tell the diagram check which operations there are."""
    return {
        name: OperationSignature(name, operation.required, operation.optional, operation.is_outside)
        for name, operation in OPERATIONS.items()
    }


def bundle_digest(files: Mapping[str, bytes]) -> str:
    """Hash the names and contents of files, whatever order they come in."""
    lines = (f"{name}\0{hashlib.sha256(content).hexdigest()}\n" for name, content in files.items())
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _file_problems(files: Mapping[str, bytes]) -> Iterable[Problem]:
    if not any(name.endswith(".bpmn") for name in files):
        yield _problem("", "no-diagram", "There is no .bpmn file: add the diagram to deploy.")
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BUNDLE_BYTES:
        yield _problem("", "too-large", "A bundle has at most 200 files and 20 MB.")
    for name, content in files.items():
        if not name.endswith(SUFFIXES):
            message = f"{name} is not a file of a bundle; these are: {', '.join(SUFFIXES)}."
            yield _problem(name, "unknown-file", message)
        elif not _FILE_NAME.fullmatch(name):
            message = "Name files with at most 200 letters, digits, blanks and ( ) + , @ . - _"
            yield _problem(name, "file-name", message)
        elif not name.endswith((SCENARIOS_SUFFIX, LABELS_SUFFIX)):
            continue
        elif isinstance(unread := _json_object(name, content), Problem):
            yield unread
        elif name.endswith(LABELS_SUFFIX) and read_labels(content) is None:
            message = (
                f'{name} is to hold {{language: {{element id: text}}}}, such as "nl" for Dutch.'
            )
            yield _problem(name, "labels", message)


def _read_forms(files: Mapping[str, bytes]) -> tuple[dict[str, frozenset[str]], list[Problem]]:
    keys: dict[str, frozenset[str]] = {}
    problems: list[Problem] = []
    for name in files:
        if not name.endswith(FORM_SUFFIX):
            continue
        form_id = name.removesuffix(FORM_SUFFIX)
        keys[form_id] = frozenset()
        problems += _read_form(name, form_id, files, keys)
    return keys, problems


def _read_form(
    name: str, form_id: str, files: Mapping[str, bytes], keys: dict[str, frozenset[str]]
) -> list[Problem]:
    data = _json_object(name, files[name])
    if isinstance(data, Problem):
        return [data]
    if data.get("id") != form_id:
        told = f'says "id": {json.dumps(data["id"])[:100]}' if "id" in data else 'has no "id"'
        message = f'The form {told}; write "id": "{form_id}", as its file is named.'
        return [_problem(name, "form-id", message, line=1)]
    try:
        keys[form_id] = frozenset(read_layout(data).keys())
        for language in LANGUAGES:
            read_layout(data, labels=labels_of(files, language))
    except LayoutError as error:
        return [
            Problem(
                name,
                p.component,
                find_component_line(files[name], p.component),
                p.code,
                p.message,
                Severity.ERROR,
            )
            for p in error.problems
        ]
    return list(_newer_form(name, data))


def _newer_form(name: str, form: Mapping[str, Any]) -> Iterable[Problem]:
    made_with = form.get("schemaVersion")
    if isinstance(made_with, int) and made_with > FORM_SCHEMA_VERSION:
        message = (
            f"The form was made for version {made_with} of the form schema, ssflow knows "
            f"{FORM_SCHEMA_VERSION}: look at it in the editor here before people work with it."
        )
        yield replace(_problem(name, "form-newer", message, line=1), severity=Severity.WARNING)


def _json_object(name: str, content: bytes) -> dict[str, Any] | Problem:
    """Read a file that is to hold a JSON object, or say why it holds none."""
    try:
        return read_json_object(content)
    except NotJsonError as error:
        message = f"{name} holds no JSON object: {error.message} Mend it there."
        return _problem(name, "not-json", message, line=error.line)


def _problem(file: str, code: str, message: str, *, line: int | None = None) -> Problem:
    return Problem(file, None, line, code, message, Severity.ERROR)


def _without_folders(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name files without their folders.

    Raises:
        DeploymentRefusedError: two have the same name then.
    """
    plain = {PurePosixPath(name).name: content for name, content in files.items()}
    if len(plain) == len(files):
        return plain
    names = Counter(PurePosixPath(name).name for name in files)
    raise DeploymentRefusedError(
        [
            _problem(name, "file-twice", f"There are {count} files {name}; a bundle has one.")
            for name, count in names.items()
            if count > 1
        ]
    )


def _store_deployment(
    work: UnitOfWork, files: Mapping[str, bytes], *, area: str, comment: str
) -> Deployment:
    deployment = Deployment(
        sha256=bundle_digest(files),
        area=area,
        deployed_at=work.now,
        deployed_by=work.actor.key,
        comment=comment,
    )
    work.session.add(deployment)
    work.session.flush()
    work.session.add_all(
        DeployedFile(deployment_id=deployment.id, name=name, content=content)
        for name, content in files.items()
    )
    return deployment


def _start_by_kept(work: UnitOfWork, name: str | None) -> None:
    """Have messages start a process that came before it was there to be started."""
    if name is None:
        return
    message_rows.lock_for_start(work.session, name, is_new=True)
    if message_rows.has_buffered(work.session, name, work.now):
        job_rows.add_jobs(work.session, [starting_row(name, work.now)])


def _tell(
    work: UnitOfWork,
    deployment: Deployment,
    definitions: Iterable[ProcessDefinition],
    comment: str,
) -> None:
    record(
        work,
        AuditAction.DEPLOYMENT_PUBLISHED,
        deployment=str(deployment.id),
        sha256=deployment.sha256,
        area=deployment.area,
        comment=comment,
        definitions=[{"key": d.key, "version": d.version} for d in definitions],
    )


def _store_definitions(
    work: UnitOfWork,
    deployment: Deployment,
    files: Mapping[str, bytes],
    processes: Sequence[ProcessFacts],
) -> list[ProcessDefinition]:
    """Make a new version of each process whose closure changed; called ones come first."""
    stored: dict[str, ProcessDefinition] = {}
    for facts in _called_first(processes):
        stored[facts.key] = _store_definition(work, deployment, files, facts, stored)
        work.session.flush()
    return [stored[facts.key] for facts in processes]


def _store_definition(
    work: UnitOfWork,
    deployment: Deployment,
    files: Mapping[str, bytes],
    facts: ProcessFacts,
    stored: Mapping[str, ProcessDefinition],
) -> ProcessDefinition:
    called = {key: _called(work, key, stored) for key in sorted(facts.calls - {facts.key})}
    closure = _closure_digest(files, facts, called)
    former = definition_rows.find_latest(work.session, facts.key)
    if former is not None and former.closure_sha256 == closure:
        return former
    if former is not None:
        former.is_latest = False
    definition = ProcessDefinition(
        key=facts.key,
        version=former.version + 1 if former else 1,
        name=facts.name or facts.key,
        deployment_id=deployment.id,
        file=facts.file,
        closure_sha256=closure,
        deployed_at=work.now,
        facts=_facts_as_json(facts, files),
        called={key: str(definition.id) for key, definition in called.items()},
        starters=_words(facts.properties.get("starters")),
        viewers=_words(facts.properties.get("viewers")) | facts.roles,
    )
    work.session.add(definition)
    return definition


def _called(
    work: UnitOfWork, key: str, stored: Mapping[str, ProcessDefinition]
) -> ProcessDefinition:
    definition = stored.get(key) or definition_rows.find_latest(work.session, key)
    if definition is None:
        raise DeploymentRefusedError(
            [_problem("", "unknown-process", f"There is no process {key}.")]
        )
    return definition


def _called_first(processes: Sequence[ProcessFacts]) -> list[ProcessFacts]:
    by_key = {facts.key: facts for facts in processes}
    ordered: dict[str, ProcessFacts] = {}

    def visit(facts: ProcessFacts, above: frozenset[str]) -> None:
        for key in sorted(facts.calls & by_key.keys()):
            if key not in above:
                visit(by_key[key], above | {key})
        ordered.setdefault(facts.key, facts)

    for facts in processes:
        visit(facts, frozenset({facts.key}))
    return list(ordered.values())


def _closure_digest(
    files: Mapping[str, bytes], facts: ProcessFacts, called: Mapping[str, ProcessDefinition]
) -> str:
    relevant = {
        name: content
        for name, content in files.items()
        if name == facts.file
        or name.endswith((".dmn", LABELS_SUFFIX))
        or name.removesuffix(FORM_SUFFIX) in facts.forms
    }
    pinned = {f"call:{key}": d.closure_sha256.encode() for key, d in called.items()}
    return bundle_digest({**relevant, **pinned})


def _facts_as_json(facts: ProcessFacts, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "about": facts.about,
        "properties": dict(facts.properties),
        "start_form": facts.start_form,
        "start_payload": None if facts.start_payload is None else dict(facts.start_payload),
        "start_message": facts.start_message,
        "calls": sorted(facts.calls),
        "decisions": sorted(facts.decisions),
        "forms": sorted(facts.forms),
        "roles": sorted(facts.roles),
        "activities": {
            i: {"name": a.name, "kind": a.kind, "lane": a.lane} for i, a in facts.activities.items()
        },
        "flows": {
            i: {"source": f.source, "target": f.target, "name": f.name}
            for i, f in facts.flows.items()
        },
        "labels": _labels(files, {facts.key, *facts.activities, *facts.flows}),
    }


def _labels(files: Mapping[str, bytes], wanted: set[str]) -> dict[str, dict[str, str]]:
    """Collect the translated names of a process's elements: language -> element id -> name."""
    labels: dict[str, dict[str, str]] = {}
    for name, content in sorted(files.items()):
        if name.endswith(LABELS_SUFFIX):
            for language, texts in (read_labels(content) or {}).items():
                named = {key: t for key, t in texts.items() if key.partition("@")[0] in wanted}
                labels.setdefault(language, {}).update(named)
    return labels


def _words(text: str | None) -> frozenset[str]:
    return frozenset((text or "").replace(",", " ").split())
