"""What is deployed: deployments with their files, process definitions, and drafts."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ssflow.domain.base import Base, Variables, new_id


class Deployment(Base):
    """Files published together, under one SHA-256; never changed."""

    __tablename__ = "deployment"

    sha256: Mapped[str] = mapped_column(unique=True)
    area: Mapped[str]
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str]
    """The actor's key."""
    comment: Mapped[str] = mapped_column(default="")
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class DeployedFile(Base):
    """One file of a deployment, as it came."""

    __tablename__ = "deployed_file"

    deployment_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class ProcessDefinition(Base):
    """One version of a deployed process.

    `facts` holds what lists and pages need without the engine: activities and flows by id,
    forms, roles, lanes, start form, and the process properties.
    """

    __tablename__ = "process_definition"
    __table_args__ = (UniqueConstraint("key", "version"),)

    key: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    deployment_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"), index=True)
    file: Mapped[str]
    """The BPMN file within the deployment."""
    closure_sha256: Mapped[str]
    """Over everything that decides how it runs: BPMN, decisions, forms, called versions."""
    deployed_at: Mapped[datetime]
    facts: Mapped[Variables]
    called: Mapped[Variables]
    """Called process key -> id of the definition that this version is pinned to."""
    starters: Mapped[frozenset[str]]
    """Roles that may start it; empty: anyone signed in."""
    viewers: Mapped[frozenset[str]]
    """Roles that see its cases: `viewers` and the lanes' roles."""
    is_latest: Mapped[bool] = mapped_column(default=True, index=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class DraftKind(StrEnum):
    """What a draft is of."""

    BPMN = "bpmn"
    DMN = "dmn"
    FORM = "form"


class Draft(Base):
    """A diagram, decision table or form that is being edited but not deployed."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("process_key", "file"),)

    process_key: Mapped[str]
    file: Mapped[str]
    kind: Mapped[DraftKind]
    content: Mapped[str]
    base_deployment_id: Mapped[UUID]
    updated_at: Mapped[datetime]
    updated_by: Mapped[UUID]
    revision: Mapped[int] = mapped_column(default=1)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
