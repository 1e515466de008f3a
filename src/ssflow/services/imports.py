"""Import records and people from a CSV file: look first, then take all of it or nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.note import Attachment
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.sentences import N_, Sentence
from ssflow.services.attachments import read_attachment, store_attachment
from ssflow.services.audit import Entry, record_all
from ssflow.services.csv_files import Line, Sheet, as_typed, read_sheet, write_sheet
from ssflow.services.import_columns import REQUIRED, CellError, Column, Known
from ssflow.services.import_kinds import KINDS, ImportKind, Row
from ssflow.store import imports as import_rows
from ssflow.store.unit_of_work import UnitOfWork

MAX_PROBLEMS = 200
"""Shown at once; the others are counted."""
MAX_SHOWN_LINES = 20
MISSING_COLUMN = N_("The column is missing; the first line must name it.")
UNKNOWN_COLUMN = N_("There is no such column; known are %(columns)s.")
COLUMN_TWICE = N_("The column stands in the file twice.")
TOO_MANY_CELLS = N_("The line has %(found)d values for %(columns)d columns.")
NOTHING_TO_IMPORT = N_("The file has no lines below the names of its columns.")
REFUSED = N_("%(count)d problems; nothing was imported.")
TAKEN = N_("This file was imported already; it is taken once.")
_FIELD, _TAKEN = "import", "imported"
"""What an upload is marked with before and after its lines were taken."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with the file: in which line, at which column."""

    line: int
    column: str
    message: str


@dataclass(frozen=True)
class Preview:
    """What an import would do; with problems it does nothing."""

    kind: str
    file: str
    columns: Sequence[str]
    lines: Sequence[Line]
    total: int
    new: int
    known: int
    problems: Sequence[Problem]
    problem_count: int
    called: Mapping[str, str]
    """What the file calls the columns that it has, by their keys."""


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    added: int
    known: int


class ImportRefusedError(InvalidInputError):
    """The file has problems, so nothing of it was taken."""


class ImportTakenError(ConflictError):
    """The lines of the upload were taken before, by a second click or in another tab."""


def importable_kinds(work: UnitOfWork) -> list[str]:
    """List the kinds that the actor may import."""
    return [name for name, kind in KINDS.items() if _may_import(work, kind)]


def columns_of_import(work: UnitOfWork, kind: str) -> Sequence[Column]:
    """Give the columns that a file of this kind may have.

    Raises:
        NotFoundError, ForbiddenError: nothing of this kind can be imported, or not by the actor.
    """
    return _kind(work, kind).columns


def template_of(work: UnitOfWork, kind: str) -> str:
    """Give an empty file with the names of all columns and one line as an example.

    Raises:
        NotFoundError, ForbiddenError: as `columns_of_import`.
    """
    columns = _kind(work, kind).columns
    names = [column.key.removesuffix("_id") for column in columns]
    return "".join(write_sheet(names, [[column.example for column in columns]]))


def keep_upload(work: UnitOfWork, kind: str, name: str, content: bytes) -> Attachment:
    """Keep an uploaded file until its owner has looked at the preview.

    Raises:
        NotFoundError, ForbiddenError: as `columns_of_import`.
        InvalidInputError: the file is empty, too large, or no CSV.
    """
    chosen = _kind(work, kind)
    _read(work, chosen, content)
    return store_attachment(work, name, "text/csv", content, field=f"{_FIELD}:{chosen.name}")


def preview_upload(work: UnitOfWork, kind: str, file_id: UUID) -> Preview:
    """Tell what the import of an uploaded file would do, with every problem.

    Raises:
        NotFoundError, ForbiddenError: as `columns_of_import`, or there is no such upload.
        ImportTakenError: its lines were taken already.
        InvalidInputError: the file is no CSV.
    """
    chosen, file = _kind(work, kind), _upload(work, kind, file_id)
    sheet = _read(work, chosen, file.content)
    checked = _check(work, chosen, sheet)
    return Preview(
        kind=chosen.name,
        file=file.name,
        columns=sheet.names,
        lines=sheet.lines[:MAX_SHOWN_LINES],
        total=len(sheet.lines),
        new=len(checked.new),
        known=checked.known,
        problems=checked.problems[:MAX_PROBLEMS],
        problem_count=len(checked.problems),
        called={c.key: name for name in sheet.names for c in chosen.columns if c.is_called(name)},
    )


def import_upload(work: UnitOfWork, kind: str, file_id: UUID) -> Imported:
    """Take all lines of an uploaded file, or none when there is a single problem.

    The trail tells of each record that was added, then of the file.

    Raises:
        ImportRefusedError: a line cannot be taken.
        ImportTakenError, NotFoundError, ForbiddenError, InvalidInputError: as `preview_upload`.
    """
    chosen = _kind(work, kind)
    import_rows.lock_imports(work.session, chosen.name)
    file = _upload(work, kind, file_id)
    checked = _check(work, chosen, _read(work, chosen, file.content))
    if checked.problems:
        raise ImportRefusedError(_say(work, REFUSED, count=len(checked.problems)))
    entries = chosen.write(work, checked.new)
    file.field = f"{_TAKEN}:{chosen.name}"
    work.session.flush()
    record_all(work, [*entries, _told(chosen, file, checked)])
    return Imported(len(checked.new), checked.known)


@dataclass(frozen=True)
class _Checked:
    new: Sequence[Row]
    known: int
    problems: Sequence[Problem]


def _kind(work: UnitOfWork, name: str) -> ImportKind:
    kind = KINDS.get(name)
    if kind is None:
        raise NotFoundError(Sentence("Nothing of the kind %(name)s can be imported.", name=name))
    if not _may_import(work, kind):
        raise ForbiddenError(
            Sentence("Only these roles may import this: %(roles)s.", roles=sorted(kind.roles))
        )
    return kind


def _may_import(work: UnitOfWork, kind: ImportKind) -> bool:
    return work.actor.is_system or not kind.roles.isdisjoint(work.actor.roles)


def _told(kind: ImportKind, file: Attachment, checked: _Checked) -> Entry:
    told = {
        "kind": kind.name,
        "file": file.name,
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "added": len(checked.new),
        "known": checked.known,
    }
    return Entry(AuditAction.RECORDS_IMPORTED, None, told)


def _upload(work: UnitOfWork, kind: str, file_id: UUID) -> Attachment:
    file = read_attachment(work, file_id)
    if file.field == f"{_TAKEN}:{kind}":
        raise ImportTakenError(_say(work, TAKEN))
    if file.field != f"{_FIELD}:{kind}" or file.instance_id is not None:
        raise NotFoundError("There is no such upload.")
    return file


def _say(work: UnitOfWork, message: str, **facts: object) -> str:
    return work.translate(message) % facts


def _read(work: UnitOfWork, kind: ImportKind, content: bytes) -> Sheet:
    def is_column(name: str) -> bool:
        return any(column.is_called(name) for column in kind.columns)

    def say(message: str, **facts: object) -> str:
        return _say(work, message, **facts)

    return read_sheet(content, is_column, say)


def _check(work: UnitOfWork, kind: ImportKind, sheet: Sheet) -> _Checked:
    """Read every cell and see how the rows fit; rows are compared only when all can be read."""
    columns, problems = _assign(work, kind, sheet)
    if not sheet.lines:
        problems.append(Problem(1, "", _say(work, NOTHING_TO_IMPORT)))
    if problems:
        return _Checked([], 0, problems)
    known = _known(work)
    rows = [row for line in sheet.lines if (row := _row(work, line, columns, known, problems))]
    if problems:
        return _Checked([], 0, problems)
    fitting = kind.fit(work, _complete(kind, rows))
    objections = [
        Problem(one.line, one.column, _say(work, one.message, **one.facts))
        for one in fitting.objections
    ]
    return _Checked(fitting.new, fitting.known, sorted(objections, key=lambda each: each.line))


def _assign(
    work: UnitOfWork, kind: ImportKind, sheet: Sheet
) -> tuple[list[Column | None], list[Problem]]:
    """Find which column each name means."""
    problems: list[Problem] = []
    assigned: list[Column | None] = []
    for name in sheet.names:
        column = next((each for each in kind.columns if each.is_called(name)), None)
        if column is None and name and not kind.passes_over(name):
            known = ", ".join(each.key.removesuffix("_id") for each in kind.columns)
            problems.append(Problem(1, name, _say(work, UNKNOWN_COLUMN, columns=known)))
        elif column is not None and column in assigned:
            problems.append(Problem(1, name, _say(work, COLUMN_TWICE)))
        assigned.append(column)
    problems += [
        Problem(1, column.key, _say(work, MISSING_COLUMN))
        for column in kind.columns
        if column.is_required and column not in assigned
    ]
    return assigned, problems


def _row(
    work: UnitOfWork,
    line: Line,
    columns: Sequence[Column | None],
    known: Known,
    problems: list[Problem],
) -> Row | None:
    """Read a line; what cannot be read is added to the problems."""
    if len(line.cells) > len(columns):
        told = _say(work, TOO_MANY_CELLS, found=len(line.cells), columns=len(columns))
        problems.append(Problem(line.number, "", told))
        return None
    before = len(problems)
    values: dict[str, Any] = {}
    for column, cell in zip(columns, line.cells, strict=False):
        if column is not None:
            try:
                values[column.key] = _value(column, as_typed(cell), known)
            except CellError as error:
                told = _say(work, error.message, **error.facts)
                problems.append(Problem(line.number, column.key, told))
    problems += [
        Problem(line.number, column.key, _say(work, REQUIRED))
        for column in columns[len(line.cells) :]
        if column is not None and column.is_required
    ]
    return Row(line.number, values) if len(problems) == before else None


def _value(column: Column, cell: str, known: Known) -> Any:
    if cell:
        return column.read(cell, known)
    if column.is_required:
        raise CellError(REQUIRED)
    return column.default


def _complete(kind: ImportKind, rows: Sequence[Row]) -> list[Row]:
    """Give every row all columns, those that the file leaves out with their defaults."""
    defaults = {column.key: column.default for column in kind.columns}
    return [Row(row.line, {**defaults, **row.values}) for row in rows]


def _known(work: UnitOfWork) -> Known:
    found: Mapping[str, Mapping[str, UUID]] = {
        "Service": import_rows.services_by_name(work.session),
        "Customer": import_rows.customers_by_name(work.session),
        "User": import_rows.people_by_name(work.session),
    }
    return Known(found)
