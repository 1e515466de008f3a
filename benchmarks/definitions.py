"""A process that cases of a measurement belong to; nothing of it is ever run."""

from datetime import datetime

from sqlalchemy.orm import Session

from ssflow.domain.definition import Deployment, ProcessDefinition


def add_definition(session: Session, key: str, name: str, *, at: datetime) -> ProcessDefinition:
    """Add a process without a diagram."""
    deployment = Deployment(sha256="0", area="", deployed_at=at, deployed_by="system")
    session.add(deployment)
    session.flush()
    definition = ProcessDefinition(
        key=key,
        version=1,
        name=name,
        deployment_id=deployment.id,
        file=f"{key}.bpmn",
        closure_sha256="0",
        deployed_at=at,
        facts={},
        called={},
        starters=frozenset(),
        viewers=frozenset(),
    )
    session.add(definition)
    session.flush()
    return definition
