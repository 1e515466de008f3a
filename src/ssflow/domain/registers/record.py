"""What all business records share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, MappedAsDataclass, declared_attr, mapped_column

from ssflow.domain.base import new_id


class Record(MappedAsDataclass, kw_only=True):
    """The part that every business record has; `row_version` refuses the later of two writers."""

    created_at: Mapped[datetime]
    created_by: Mapped[str]
    """The actor's key."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    updated_at: Mapped[datetime | None] = mapped_column(default=None)
    row_version: Mapped[int] = mapped_column(default=None, init=False)
    is_demo: Mapped[bool] = mapped_column(default=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, object]:  # noqa: N805 - SQLAlchemy hands in the class
        """Let SQLAlchemy check and raise `row_version` with every change."""
        return {"version_id_col": cls.__table__.c.row_version}  # type: ignore[attr-defined]
