"""What people add to a case: comments and attachments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ssflow.domain.base import Base, new_id
from ssflow.errors import InvalidInputError
from ssflow.sentences import Sentence

MAX_COMMENT_CHARACTERS = 10_000
MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024


class Comment(Base):
    """What somebody said about a case."""

    __tablename__ = "comment"
    __table_args__ = (Index(None, "instance_id", "created_at"),)

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"))
    author: Mapped[UUID]
    text: Mapped[str]
    created_at: Mapped[datetime]
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InvalidInputError(
                "A comment needs some text.", errors={"text": ["Write something."]}
            )
        if len(self.text) > MAX_COMMENT_CHARACTERS:
            raise InvalidInputError(
                Sentence("A comment has at most %(most)s characters.", most=MAX_COMMENT_CHARACTERS),
                errors={"text": ["Shorten it."]},
            )


class Attachment(Base):
    """A file that belongs to a case, kept in the database so that one backup holds all.

    `instance_id` is None while the case of a start form does not exist yet.
    """

    __tablename__ = "attachment"
    __table_args__ = (Index(None, "instance_id"), Index(None, "task_id"))

    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    uploaded_by: Mapped[UUID]
    uploaded_at: Mapped[datetime]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, repr=False))
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("process_instance.id", ondelete="CASCADE"), default=None
    )
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    field: Mapped[str | None] = mapped_column(default=None)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
