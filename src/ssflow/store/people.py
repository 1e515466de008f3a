"""Queries for users and the roles they hold."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from ssflow.domain.identity import Role, RoleGrant, User
from ssflow.errors import NotFoundError
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page
from ssflow.store.text_search import contains_text

MAX_USERS = 1000


def get_user(session: Session, user_id: UUID) -> User:
    """Get a user.

    Raises:
        NotFoundError: there is none.
    """
    if (user := session.get(User, user_id)) is None:
        raise NotFoundError("There is no such user.")
    return user


def find_user_by_name(session: Session, name: str) -> User | None:
    """Find the user who signs in with this name, in any case; the exact one if there are two."""
    query = (
        select(User)
        .where(func.lower(User.name) == name.lower())
        .order_by((User.name == name).desc(), User.created_at, User.id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def find_user_by_session_key(session: Session, session_key: str) -> User | None:
    """Find the user whose sessions carry this key."""
    return session.scalars(select(User).where(User.session_key == session_key)).one_or_none()


def list_users(
    session: Session,
    *,
    q: str | None = None,
    is_active: bool | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[User]:
    """List users by name; `q` looks into names and e-mail addresses."""
    query = select(User)
    if q:
        query = query.where(contains_text(q, User.name, User.full_name, User.email))
    if is_active is not None:
        query = query.where(User.is_active.is_(is_active))
    return read_page(
        session, query, name="users", keys=(User.name, User.id), cursor=cursor, limit=limit
    )


def any_user_exists(session: Session) -> bool:
    """Tell whether somebody has an account; if not, this is the first run."""
    return session.scalar(select(User.id).limit(1)) is not None


def names_of(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Look up the full names of users."""
    ids = set(user_ids)
    if not ids:
        return {}
    query = select(User.id, User.full_name).where(User.id.in_(ids))
    return dict(session.execute(query).all())


def users_of(session: Session, user_ids: Iterable[UUID]) -> Sequence[User]:
    """Look up users, active or not, by full name."""
    if not (ids := set(user_ids)):
        return []
    query = select(User).where(User.id.in_(ids)).order_by(func.lower(User.full_name), User.id)
    return session.scalars(query).all()


def roles_of(session: Session, user_id: UUID, day: date) -> frozenset[str]:
    """Tell which roles a user holds on a day, for whatever customer or service."""
    query = select(RoleGrant.role).where(RoleGrant.user_id == user_id, is_granted_on(day))
    return frozenset(session.scalars(query))


def users_with_role(session: Session, role: str | None, day: date) -> Sequence[User]:
    """List the active users who hold a role on a day (None: all active users), by name."""
    query = (
        select(User)
        .where(User.is_active.is_(True))
        .order_by(func.lower(User.full_name), User.id)
        .limit(MAX_USERS)
    )
    if role is not None:
        holders = select(RoleGrant.user_id).where(RoleGrant.role == role, is_granted_on(day))
        query = query.where(User.id.in_(holders))
    return session.scalars(query).all()


def list_roles(session: Session) -> Sequence[Role]:
    """List all roles by title."""
    return session.scalars(select(Role).order_by(func.lower(Role.title), Role.key)).all()


def grants_of(session: Session, user_id: UUID) -> Sequence[RoleGrant]:
    """List what a user was granted, past and future too."""
    query = (
        select(RoleGrant).where(RoleGrant.user_id == user_id).order_by(RoleGrant.role, RoleGrant.id)
    )
    return session.scalars(query).all()


def is_granted_on(day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Build the condition that a grant holds on a day; its first and last days count."""
    return or_(RoleGrant.valid_from.is_(None), RoleGrant.valid_from <= day) & or_(
        RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= day
    )
