"""How a list of records is narrowed and sorted: what is offered, and what was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext

from ssflow.domain.registers.record import Record
from ssflow.services import registers
from ssflow.store.paging import Page
from ssflow.store.records import sortable_columns
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.names import Names
from ssflow.web.query import read_search
from ssflow.web.record_words import WORDED, column_label
from ssflow.web.records import PEOPLE, REFERENCES, columns_of, label_of, told_value

MAX_FILTERS = 4
_YES_OR_NO = frozenset({"released", "is_late"})
_OTHERS = frozenset({"period", "fiscal_year"})
_OFFERED = WORDED | PEOPLE | REFERENCES.keys() | _YES_OR_NO | _OTHERS


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    label: str


@dataclass(frozen=True)
class Filter:
    """A column that the list may be narrowed by."""

    name: str
    label: str
    options: Sequence[Option]
    chosen: str


@dataclass(frozen=True)
class Asked:
    """How the reader wants the list; what makes no sense was left out."""

    q: str
    sort: str | None
    filters: Sequence[Filter]

    @property
    def chosen(self) -> dict[str, str]:
        """The columns with the values that the list is narrowed to."""
        return {each.name: each.chosen for each in self.filters if each.chosen}

    @property
    def query(self) -> dict[str, Any]:
        """The same list as parameters of an address."""
        return {"q": self.q or None, "sort": self.sort, **self.chosen}


def read_asked(work: UnitOfWork, kind: str) -> Asked:
    """Read how a list was asked for.

    Raises:
        NotFoundError: there is no such kind, or none that the reader may see.
    """
    names = [name for name in columns_of(kind) if name in _OFFERED]
    filters = [_filter(work, kind, name) for name in names]
    useful = [found for found in filters if _is_useful(found)]
    sort = request.args.get("sort", "")
    is_known = sort.removeprefix("-") in sorted_by(kind)
    return Asked(read_search(), sort if is_known else None, useful[:MAX_FILTERS])


def list_asked(
    work: UnitOfWork, kind: str, asked: Asked, *, cursor: str | None, limit: int
) -> Page[Record]:
    """List one page of the records that were asked for.

    Raises:
        NotFoundError: there is no such kind, or none that the reader may see.
        InvalidInputError: the cursor belongs to no such list.
    """
    return registers.list_register(
        work,
        kind,
        filters=asked.chosen,
        q=asked.q or None,
        sort=asked.sort,
        cursor=cursor,
        limit=limit,
    )


def sorted_by(kind: str) -> list[str]:
    """List the columns of a list that it can be sorted by."""
    sortable = set(sortable_columns(kind))
    return [name for name in columns_of(kind) if name in sortable]


def orders_of(kind: str) -> list[Option]:
    """List the orders that a list may be put in."""
    found = []
    for name in sorted_by(kind):
        label = column_label(name)
        found.append(Option(name, label))
        found.append(Option(f"-{name}", gettext("%(name)s, descending", name=label)))
    return found


def _is_useful(found: Filter) -> bool:
    """Tell whether there is a choice; who or what is named once may be missing elsewhere."""
    is_link = found.name in PEOPLE or found.name in REFERENCES
    return len(found.options) > (0 if is_link else 1) or bool(found.chosen)


def _filter(work: UnitOfWork, kind: str, name: str) -> Filter:
    values = registers.filter_values(work, kind, name)
    options = _options(work, name, values)
    given = request.args.get(name, "")
    chosen = given if given in {option.value for option in options} else ""
    return Filter(name, column_label(name), options, chosen)


def _options(work: UnitOfWork, name: str, values: Sequence[Any]) -> list[Option]:
    if name in PEOPLE:
        names = Names(work)
        names.load_people(values)
        found = [Option(str(value), names.person(value)) for value in values]
    elif name in REFERENCES:
        others = registers.read_records(work, REFERENCES[name], values)
        found = [Option(str(key), label_of(other)) for key, other in others.items()]
    else:
        return [Option(_written(value), str(told_value(name, value))) for value in values]
    return sorted(found, key=lambda option: option.label.casefold())


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
