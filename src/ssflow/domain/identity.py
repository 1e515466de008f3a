"""Who acts: users, the roles they hold, how they sign in, and the actor of one piece of work."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ssflow.domain.base import Base, Variables, new_id
from ssflow.errors import ForbiddenError
from ssflow.sentences import Sentence

ADMIN, AUDITOR, PROCESS_DESIGNER = "admin", "auditor", "process_designer"

ROLE_TITLES: dict[str, str] = {
    "customer": "Customer",
    "orderer": "Orderer",
    "service_desk": "Service desk",
    "complaint_manager": "Complaint manager",
    "brm": "Business relationship manager",
    "slm": "Service level manager",
    "service_owner": "Service owner",
    "capacity_manager": "Capacity manager",
    "risk_officer": "Risk officer",
    "portfolio_manager": "Portfolio manager",
    "demand_manager": "Demand manager",
    "strategy_manager": "Strategy manager",
    "budget_holder": "Budget holder",
    "accountant": "Accountant",
    "finance_manager": "Finance manager",
    "it_director": "IT director",
    "itsg_member": "IT steering group member",
    "itsg_chair": "IT steering group chair",
    PROCESS_DESIGNER: "Process designer",
    AUDITOR: "Auditor",
    ADMIN: "Administrator",
}
"""The roles that ssflow ships (catalogue of processes, roles and permissions), in reading order."""


class NoticePace(StrEnum):
    """How a person gets notices."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    """Together, once a day."""
    NONE = "none"


class User(Base):
    """A person (or a system) with an account; `name` is what they sign in with."""

    __tablename__ = "app_user"

    name: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    created_at: Mapped[datetime]
    email: Mapped[str | None] = mapped_column(default=None)
    language: Mapped[str] = mapped_column(default="en")
    timezone: Mapped[str | None] = mapped_column(default=None)
    password: Mapped[str | None] = mapped_column(default=None, repr=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    notices: Mapped[NoticePace] = mapped_column(
        default=NoticePace.AT_ONCE, server_default=NoticePace.AT_ONCE.value
    )
    certificate_no: Mapped[str | None] = mapped_column(default=None)
    certified_until: Mapped[date | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    session_key: Mapped[str] = mapped_column(default_factory=lambda: new_id().hex, unique=True)
    """Changes when every session of the user must end (Flask-Security's `fs_uniquifier`)."""


class Role(Base):
    """A role that lanes and tasks may name; shipped ones stand in `ROLE_TITLES`."""

    __tablename__ = "role"

    key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]


class RoleGrant(Base):
    """One user holds one role, everywhere or for one customer or service, from day to day."""

    __tablename__ = "role_grant"
    __table_args__ = (Index(None, "user_id", "role"), Index(None, "role"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(ForeignKey("role.key"))
    customer_id: Mapped[UUID | None] = mapped_column(default=None)
    service_id: Mapped[UUID | None] = mapped_column(default=None)
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class WebSession(Base):
    """A signed-in browser; only the hash of its secret is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[Variables]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    user_id: Mapped[UUID | None] = mapped_column(default=None, index=True)


class SignInThrottle(Base):
    """How many sign-ins failed for one account or address, and until when it must wait."""

    __tablename__ = "sign_in_throttle"

    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime]
    last_at: Mapped[datetime]


class AccessToken(Base):
    """A bearer token of one user; only the hash of its secret half is kept."""

    __tablename__ = "access_token"

    prefix: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str] = mapped_column(repr=False)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    scopes: Mapped[frozenset[str] | None] = mapped_column(default=None)
    """None: everything the user may do."""
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class OneTimeLink(Base):
    """A link that signs one user in once, or (without a user) makes the first administrator."""

    __tablename__ = "one_time_link"

    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), default=None
    )
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class IdempotentAnswer(Base):
    """The answer that a user's request with one Idempotency-Key got, kept for 24 hours."""

    __tablename__ = "idempotent_answer"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    user_id: Mapped[UUID]
    key: Mapped[str]
    request_hash: Mapped[str]
    status: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class RoleNeededError(ForbiddenError):
    """Only who holds one of `roles` may do this."""

    def __init__(self, *roles: str) -> None:
        super().__init__(
            Sentence("Only somebody with one of these roles may do this: %(roles)s.", roles=roles)
        )
        self.roles = roles


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in one piece of work, and with which roles.

    `user_id` is None for the system itself and for somebody who has not signed in.
    """

    user_id: UUID | None
    name: str
    roles: frozenset[str] = frozenset()
    language: str = "en"
    timezone: str | None = None
    scopes: frozenset[str] | None = None

    @property
    def key(self) -> str:
        """The actor as text: the user's id, or the name of the system's own actor."""
        return str(self.user_id) if self.user_id else self.name

    @property
    def is_system(self) -> bool:
        """Whether ssflow itself acts: a job, or an operator at the command line."""
        return self.user_id is None and self.name in (SYSTEM_NAME, OPERATOR_NAME)

    @property
    def is_admin(self) -> bool:
        """Whether the actor administers ssflow."""
        return self.is_system or ADMIN in self.roles

    @property
    def sees_everything(self) -> bool:
        """Whether every case is visible to the actor."""
        return self.is_admin or AUDITOR in self.roles

    @property
    def is_outsider(self) -> bool:
        """Whether the actor only orders or decides as a customer, and so sees only that side."""
        return not self.sees_everything and self.roles <= _OUTSIDE_ROLES

    def require_role(self, *roles: str) -> None:
        """Refuse an actor that holds none of the roles.

        Raises:
            RoleNeededError: the actor holds none of them.
        """
        if not self.is_system and self.roles.isdisjoint(roles):
            raise RoleNeededError(*roles)


SYSTEM_NAME, OPERATOR_NAME = "system", "operator"
_OUTSIDE_ROLES = frozenset({"customer", "orderer"})
SYSTEM = Actor(user_id=None, name=SYSTEM_NAME)
"""ssflow itself: jobs, timers, effects."""
OPERATOR = Actor(user_id=None, name=OPERATOR_NAME)
"""Who types commands on the server."""
NOBODY = Actor(user_id=None, name="nobody")
"""Somebody who has not signed in."""
