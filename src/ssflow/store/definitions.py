"""Queries for deployments, their files, and process definitions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ssflow.domain.definition import DeployedFile, Deployment, ProcessDefinition
from ssflow.errors import NotFoundError
from ssflow.sentences import Sentence
from ssflow.store.paging import DEFAULT_LIMIT, Page, read_page


def get_definition(session: Session, definition_id: UUID) -> ProcessDefinition:
    """Get one version of a process.

    Raises:
        NotFoundError: there is none.
    """
    if (definition := session.get(ProcessDefinition, definition_id)) is None:
        raise NotFoundError("There is no such process.")
    return definition


def find_latest(session: Session, key: str) -> ProcessDefinition | None:
    """Find the version of a process that new instances follow."""
    query = (
        select(ProcessDefinition)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def find_version(session: Session, key: str, version: int) -> ProcessDefinition | None:
    """Find one version of a process by its number."""
    query = select(ProcessDefinition).where(
        ProcessDefinition.key == key, ProcessDefinition.version == version
    )
    return session.scalars(query).one_or_none()


def list_latest(session: Session) -> Sequence[ProcessDefinition]:
    """List the newest version of every process, by name."""
    query = (
        select(ProcessDefinition)
        .where(ProcessDefinition.is_latest)
        .order_by(func.lower(ProcessDefinition.name), ProcessDefinition.key)
    )
    return session.scalars(query).all()


def page_latest(
    session: Session, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[ProcessDefinition]:
    """List the newest version of every process page by page, by key."""
    return read_page(
        session,
        select(ProcessDefinition).where(ProcessDefinition.is_latest),
        name="process definitions",
        keys=(ProcessDefinition.key,),
        cursor=cursor,
        limit=limit,
    )


def page_versions(
    session: Session, key: str, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[ProcessDefinition]:
    """List the versions of a process page by page, newest first."""
    return read_page(
        session,
        select(ProcessDefinition).where(ProcessDefinition.key == key),
        name="versions",
        keys=(ProcessDefinition.version,),
        descending=True,
        cursor=cursor,
        limit=limit,
    )


def list_versions(session: Session, key: str) -> Sequence[ProcessDefinition]:
    """List every version of a process, newest first."""
    query = (
        select(ProcessDefinition)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
    )
    return session.scalars(query).all()


def next_version(session: Session, key: str) -> int:
    """Tell the number that the next version of a process gets."""
    query = select(func.max(ProcessDefinition.version)).where(ProcessDefinition.key == key)
    return (session.scalar(query) or 0) + 1


def get_deployment(session: Session, deployment_id: UUID) -> Deployment:
    """Get a deployment.

    Raises:
        NotFoundError: there is none.
    """
    if (deployment := session.get(Deployment, deployment_id)) is None:
        raise NotFoundError("There is no such deployment.")
    return deployment


def find_deployment_by_hash(session: Session, sha256: str) -> Deployment | None:
    """Find the deployment of exactly these files."""
    return session.scalars(select(Deployment).where(Deployment.sha256 == sha256)).one_or_none()


def find_current_deployment(session: Session, file: str, content: bytes) -> Deployment | None:
    """Find the deployment that was last put in force of those that hold exactly this file.

    Going back to a former deployment puts it in force again: its definitions tell when.
    """
    in_force_at = func.coalesce(func.max(ProcessDefinition.deployed_at), Deployment.deployed_at)
    query = (
        select(Deployment)
        .join(DeployedFile, DeployedFile.deployment_id == Deployment.id)
        .outerjoin(ProcessDefinition, ProcessDefinition.deployment_id == Deployment.id)
        .where(DeployedFile.name == file, DeployedFile.content == content)
        .group_by(Deployment.id)
        .order_by(in_force_at.desc(), Deployment.deployed_at.desc(), Deployment.id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def list_deployments(
    session: Session, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[Deployment]:
    """List deployments, newest first."""
    keys = (Deployment.deployed_at, Deployment.id)
    return read_page(
        session,
        select(Deployment),
        name="deployments",
        keys=keys,
        descending=True,
        cursor=cursor,
        limit=limit,
    )


def definitions_of(session: Session, deployment_id: UUID) -> Sequence[ProcessDefinition]:
    """List the versions that a deployment made, by key."""
    query = (
        select(ProcessDefinition)
        .where(ProcessDefinition.deployment_id == deployment_id)
        .order_by(ProcessDefinition.key)
    )
    return session.scalars(query).all()


def files_of(session: Session, deployment_id: UUID) -> dict[str, bytes]:
    """Read all files of a deployment, by name."""
    query = (
        select(DeployedFile.name, DeployedFile.content)
        .where(DeployedFile.deployment_id == deployment_id)
        .order_by(DeployedFile.name)
    )
    return dict(session.execute(query).all())


def file_names_of(session: Session, deployment_id: UUID) -> Sequence[str]:
    """List the names of a deployment's files."""
    query = (
        select(DeployedFile.name)
        .where(DeployedFile.deployment_id == deployment_id)
        .order_by(DeployedFile.name)
    )
    return session.scalars(query).all()


def get_file(session: Session, deployment_id: UUID, name: str) -> bytes:
    """Read one file of a deployment.

    Raises:
        NotFoundError: the deployment has no such file.
    """
    if (content := find_file(session, deployment_id, name)) is None:
        raise NotFoundError(Sentence("There is no file %(name)s in this deployment.", name=name))
    return content


def called_deployments(session: Session, deployment_id: UUID) -> list[UUID]:
    """List the deployments of the processes that those of a deployment call, nearest first."""
    found, asked = [deployment_id], [deployment_id]
    while asked:
        query = (
            select(ProcessDefinition.called)
            .where(ProcessDefinition.deployment_id.in_(asked))
            .order_by(ProcessDefinition.key)
        )
        ids = {UUID(str(called)) for pinned in session.scalars(query) for called in pinned.values()}
        homes = (
            select(ProcessDefinition.deployment_id)
            .where(ProcessDefinition.id.in_(ids))
            .order_by(ProcessDefinition.key)
        )
        asked = [home for home in dict.fromkeys(session.scalars(homes)) if home not in found]
        found += asked
    return found[1:]


def find_file(session: Session, deployment_id: UUID, name: str) -> bytes | None:
    """Read one file of a deployment."""
    query = select(DeployedFile.content).where(
        DeployedFile.deployment_id == deployment_id, DeployedFile.name == name
    )
    return session.scalar(query)
