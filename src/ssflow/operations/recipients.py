"""Who gets a mail: people and roles by name, or addresses as they are."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any
from uuid import UUID

from ssflow.domain.identity import NoticePace, User
from ssflow.ids import read_id
from ssflow.store import people as people_rows
from ssflow.store.unit_of_work import DbSession

MAX_ADDRESS_CHARACTERS = 254
_ADDRESS = re.compile(r"[^\s@,;:<>\"\\()\[\]]+@[^\s@,;:<>\"\\()\[\]]+")


@dataclass(frozen=True)
class Recipient:
    """Somebody with an address; `user_id` is None for somebody without an account."""

    address: str
    name: str = ""
    language: str = "en"
    timezone: str | None = None
    user_id: UUID | None = None
    pace: NoticePace = NoticePace.AT_ONCE


@dataclass
class Recipients:
    """Whom a list of names led to."""

    found: list[Recipient] = field(default_factory=list)
    without_address: list[str] = field(default_factory=list)
    """User ids of people who have no address."""
    unknown: list[str] = field(default_factory=list)
    """What is neither a person, nor a role, nor an address."""

    def add(self, recipient: Recipient) -> None:
        """Take somebody in, unless the address is in already."""
        if all(one.address.lower() != recipient.address.lower() for one in self.found):
            self.found.append(recipient)


def find_recipients(
    session: DbSession,
    to: Iterable[Any],
    day: date,
    *,
    exclude: Collection[UUID] = (),
    unnamed: Recipient | None = None,
) -> Recipients:
    """Find out who is meant by user ids, names, roles and addresses.

    Inactive people, and those to `exclude`, get nothing. `unnamed` says in which language somebody
    without an account reads.
    """
    words = list(dict.fromkeys(str(word).strip() for word in to))
    ids = [user_id for word in words if (user_id := read_id(word))]
    users = {user.id: user for user in people_rows.users_of(session, ids)}
    roles = {role.key for role in people_rows.list_roles(session)}
    meant = Recipients()
    seen: set[UUID] = set()
    for word in words:
        user_id = read_id(word)
        if user_id is None and is_address(word):
            meant.add(_stranger(word, unnamed))
            continue
        people = _people(session, word, user_id, users, roles, day)
        if not people:
            meant.unknown.append(word)
        for user in people:
            if user.id not in seen and user.is_active and user.id not in exclude:
                seen.add(user.id)
                _take(meant, user)
    return meant


def read_addressees(to: Any) -> Sequence[Any]:
    """Take what a diagram or an operation gave as one list."""
    if to is None:
        return []
    return list(to) if isinstance(to, list | tuple | set) else [to]


def is_address(text: str) -> bool:
    """Tell whether a text is one mail address and nothing else."""
    if len(text) > MAX_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(text):
        return False
    try:
        Address(addr_spec=text)
    except (HeaderParseError, ValueError, IndexError):
        return False
    return text.isprintable()


def _people(
    session: DbSession,
    word: str,
    user_id: UUID | None,
    users: dict[UUID, User],
    roles: Collection[str],
    day: date,
) -> Sequence[User]:
    if user_id is not None:
        return [users[user_id]] if user_id in users else []
    if word in roles:
        return people_rows.users_with_role(session, word, day)
    user = people_rows.find_user_by_name(session, word)
    return [user] if user else []


def _take(meant: Recipients, user: User) -> None:
    address = (user.email or "").strip()
    if not is_address(address):
        meant.without_address.append(str(user.id))
        return
    meant.add(
        Recipient(address, user.full_name, user.language, user.timezone, user.id, user.notices)
    )


def _stranger(address: str, unnamed: Recipient | None) -> Recipient:
    if unnamed is None:
        return Recipient(address)
    return Recipient(address, unnamed.name, unnamed.language, unnamed.timezone)
