from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.domain.note import Attachment, Comment
from ssflow.errors import NotFoundError
from ssflow.store.notes import (
    attachment_names,
    attachments_of,
    bind_attachments,
    comments_of,
    find_attachment,
    get_attachment,
    unbound_attachments,
)
from tests.conftest import NOW
from tests.store.conftest import Given

HOUR = timedelta(hours=1)
ME, OTHER = uuid4(), uuid4()


@pytest.fixture
def instance_id(given: Given) -> UUID:
    return given.instance().id


def attach(session: Session, name: str, **values: Any) -> Attachment:
    content = name.encode()
    fields: dict[str, Any] = {
        "uploaded_by": ME,
        "uploaded_at": NOW,
        "sha256": "0",
        "media_type": "text/plain",
    }
    attachment = Attachment(name=name, content=content, size_bytes=len(content), **fields | values)
    session.add(attachment)
    session.flush()
    return attachment


def test_comments_come_oldest_first(session: Session, instance_id: UUID, given: Given) -> None:
    for case, said, created_at in (
        (instance_id, "second", NOW + HOUR),
        (instance_id, "first", NOW),
        (given.instance().id, "elsewhere", NOW),
    ):
        comment = Comment(instance_id=case, author=ME, text=said, created_at=created_at)
        session.add(comment)

    assert [comment.text for comment in comments_of(session, instance_id)] == ["first", "second"]


def test_attachments_come_oldest_first_and_without_their_content(
    session: Session, instance_id: UUID, count_statements: Callable[..., Any]
) -> None:
    attach(session, "b.txt", instance_id=instance_id, uploaded_at=NOW + HOUR)
    attach(session, "a.txt", instance_id=instance_id)
    attach(session, "free.txt")
    session.commit()
    session.expunge_all()

    with count_statements() as counted:
        found = attachments_of(session, instance_id)

    assert [attachment.name for attachment in found] == ["a.txt", "b.txt"]
    assert "content" not in counted.statements[0]
    assert found[0].content == b"a.txt"


def test_an_attachment_is_got_by_its_id(session: Session) -> None:
    attachment = attach(session, "a.txt")

    assert get_attachment(session, attachment.id) is attachment
    assert find_attachment(session, uuid4()) is None
    with pytest.raises(NotFoundError):
        get_attachment(session, uuid4())


def test_names_of_attachments_are_looked_up_together(
    session: Session, count_statements: Callable[..., Any]
) -> None:
    first, second = attach(session, "a.txt"), attach(session, "b.txt")

    with count_statements() as counted:
        names = attachment_names(session, [first.id, second.id, uuid4()])
        none = attachment_names(session, [])

    assert (names, none) == ({first.id: "a.txt", second.id: "b.txt"}, {})
    assert len(counted) == 1


def test_only_ones_own_unbound_files_are_found(session: Session, instance_id: UUID) -> None:
    late = attach(session, "late", uploaded_at=NOW + HOUR)
    early = attach(session, "early")
    foreign = attach(session, "foreign", uploaded_by=OTHER)
    bound = attach(session, "bound", instance_id=instance_id)
    attach(session, "not asked for")
    asked = [each.id for each in (late, early, foreign, bound)]

    assert list(unbound_attachments(session, asked, ME)) == [early, late]
    assert unbound_attachments(session, asked, None) == []
    assert unbound_attachments(session, [], ME) == []


def test_a_file_is_bound_once(session: Session, instance_id: UUID, given: Given) -> None:
    task_id, other = uuid4(), given.instance().id
    file = attach(session, "a.txt")
    bind_attachments(session, [file.id], instance_id, task_id)

    bind_attachments(session, [file.id], other, uuid4())

    session.refresh(file)
    assert (file.instance_id, file.task_id) == (instance_id, task_id)
