"""Queries for the outbox of mails."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ssflow.domain.mail import MailState
from ssflow.store import mail as rows
from tests.conftest import NOW, MakeUser


def put(session: Session, **told: Any) -> UUID:
    values = {
        "id": uuid4(),
        "source_id": uuid4(),
        "template": "text",
        "address": "ann@example.org",
        "name": "Ann",
        "language": "en",
        "subject": "Hello",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "created_at": NOW,
        "files": [],
        "state": MailState.QUEUED,
        "attempts": 0,
        "is_refused": False,
    }
    rows.add_mails(session, [values | told])
    session.flush()
    return UUID(str((values | told)["id"]))


def state(session: Session, mail_id: UUID) -> MailState:
    found = rows.find_mail(session, mail_id)
    assert found is not None
    return found.state


def test_nobody_gets_two_mails_from_one_source(session: Session) -> None:
    source_id = uuid4()
    put(session, source_id=source_id)

    with pytest.raises(IntegrityError):
        put(session, source_id=source_id)


def test_only_mails_on_the_way_are_dropped(session: Session) -> None:
    task_id = uuid4()
    queued, sent = (
        put(session, task_id=task_id, state=one) for one in (MailState.QUEUED, MailState.SENT)
    )
    other = put(session, task_id=uuid4())

    rows.drop_mails_of_tasks(session, [task_id])

    states = [state(session, mail_id) for mail_id in (queued, sent, other)]
    assert states == [MailState.DROPPED, MailState.SENT, MailState.QUEUED]


def test_what_is_held_is_taken_once(session: Session, make_user: MakeUser) -> None:
    ann, bea = make_user("ann").id, make_user("bea").id
    for number, subject in enumerate(("Second", "First")):
        at = NOW - timedelta(hours=number)
        put(session, user_id=ann, state=MailState.HELD, subject=subject, created_at=at)
    put(session, user_id=bea, state=MailState.HELD)
    put(session, user_id=ann)

    taken = rows.take_held(session, ann, NOW)
    again = rows.take_held(session, ann, NOW)

    assert (taken, again) == (["First", "Second"], [])


def test_mails_that_did_not_leave_are_made_anew(session: Session) -> None:
    source_id = uuid4()
    put(session, source_id=source_id, address="a@b.org", state=MailState.SENT)
    put(session, source_id=source_id, address="c@d.org", state=MailState.FAILED)

    rows.remove_unsent(session, source_id)

    assert rows.states_by_address(session, source_id) == {"a@b.org": MailState.SENT}


def test_old_mails_are_removed_unless_they_are_on_the_way(session: Session) -> None:
    old = NOW - timedelta(days=400)
    sent = put(session, created_at=old, state=MailState.SENT)
    queued = put(session, created_at=old)
    fresh = put(session, state=MailState.SENT)

    removed = rows.delete_mails_before(session, NOW - timedelta(days=365))

    found = [rows.find_mail(session, mail_id) is not None for mail_id in (sent, queued, fresh)]
    assert (removed, found) == (1, [False, True, True])


def test_mails_are_counted_and_listed_by_how_they_stand(
    session: Session, make_user: MakeUser
) -> None:
    ann = make_user("ann").id
    own = put(session, user_id=ann, state=MailState.FAILED)
    put(session)

    listed = rows.list_mails(session, user_id=ann, state=MailState.FAILED).items

    assert [mail.id for mail in listed] == [own]
    assert rows.count_mails(session) == {MailState.FAILED: 1, MailState.QUEUED: 1}
