"""Search for a piece of text, in any case."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, false, func, or_, type_coerce

from ssflow.domain.identity import Actor


@dataclass(frozen=True)
class Named:
    """What a search means by words of the reader's language.

    Keys of processes, and ids of activities with the key of their process.
    """

    processes: frozenset[str] = frozenset()
    activities: frozenset[tuple[str, str]] = frozenset()


NOTHING_NAMED = Named()


def contains_text(q: str, *columns: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Build the condition that one of the columns contains `q`; % and _ stand for themselves."""
    return or_(
        false(), *(func.lower(column).contains(q.lower(), autoescape=True) for column in columns)
    )


def names_a_role_of(actor: Actor, column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Build the condition that a set of roles holds one of the actor's."""
    return or_(false(), *(contains_word(column, role) for role in sorted(actor.roles)))


def contains_word(column: SQLColumnExpression[Any], word: str) -> ColumnElement[bool]:
    """Build the condition that a `TextSet` column holds the word."""
    return type_coerce(column, Text).contains(f" {word} ", autoescape=True)
