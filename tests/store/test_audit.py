import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ssflow.domain.audit import GENESIS, AuditAction, AuditEvent, chain_hash
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.store.audit import (
    append_events,
    events_of_stream,
    head_of_stream,
    list_events,
    streams,
)
from ssflow.store.database import Database
from tests.conftest import NOW, MakeActor
from tests.store.conftest import Given

Row = dict[str, Any]


def event_rows(stream: str, amount: int = 1, *, after: int = 0, **values: Any) -> list[Row]:
    """Rows that continue a stream whose former events this made too."""
    rows, head = [], GENESIS
    for seq in range(1, after + amount + 1):
        body = f'{{"seq":{seq}}}'
        prev, head = head, chain_hash(head, body)
        row = {"stream": stream, "seq": seq, "at": NOW, "actor": "u1", "body": body, "prev": prev}
        rows.append({**row, "hash": head, "action": AuditAction.TASK_COMPLETED, **values})
    return rows[after:]


@pytest.fixture
def trail(session: Session) -> Session:
    """A session on a database whose stream `a` has three events."""
    append_events(session, event_rows("a", 3))
    session.commit()
    return session


def test_events_are_appended_in_one_statement(
    session: Session, count_statements: Callable[..., Any]
) -> None:
    rows = event_rows("a", 5)

    with count_statements() as counted:
        append_events(session, rows)

    assert len(counted) == 1
    assert head_of_stream(session, "a") == (5, rows[-1]["hash"])


def test_a_stream_without_events_begins_at_genesis(session: Session) -> None:
    head = head_of_stream(session, "a")

    assert (head.seq, head.hash) == (0, GENESIS)


def test_a_stream_is_read_from_its_first_event_on(trail: Session) -> None:
    append_events(trail, event_rows("b", 1))

    events = list(events_of_stream(trail, "a"))

    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.body for event in events] == ['{"seq":1}', '{"seq":2}', '{"seq":3}']


def test_streams_are_listed_by_name(trail: Session) -> None:
    append_events(trail, event_rows("b", 2))

    assert list(streams(trail)) == ["a", "b"]


# --- what the database refuses -------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE audit_event SET body = 'x'",
        "UPDATE audit_event SET actor = 'x' WHERE seq = 2",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE seq = 3",
    ],
)
def test_events_cannot_be_changed_or_removed(trail: Session, attempt: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        trail.execute(text(attempt))

    trail.rollback()
    assert [event.body for event in events_of_stream(trail, "a")][1] == '{"seq":2}'


@pytest.mark.parametrize("attempt", ["TRUNCATE audit_event", "TRUNCATE audit_event CASCADE"])
def test_the_trail_cannot_be_emptied(postgresql_trail: Session, attempt: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        postgresql_trail.execute(text(attempt))


def test_switching_ordinary_triggers_off_does_not_help(postgresql_trail: Session) -> None:
    postgresql_trail.execute(text("SET session_replication_role = replica"))

    with pytest.raises(DBAPIError, match="append-only"):
        postgresql_trail.execute(text("DELETE FROM audit_event"))


def test_an_upsert_cannot_change_an_event(postgresql_trail: Session) -> None:
    attempt = text(
        "INSERT INTO audit_event (stream, seq, at, actor, action, body, prev, hash) "
        "SELECT stream, seq, at, actor, action, body, prev, hash FROM audit_event WHERE seq = 2 "
        "ON CONFLICT (stream, seq) DO UPDATE SET body = 'x'"
    )

    with pytest.raises(DBAPIError, match="append-only"):
        postgresql_trail.execute(attempt)


@pytest.fixture
def postgresql_trail(postgresql_database: Database) -> Iterator[Session]:
    with Session(postgresql_database.engine) as session:
        append_events(session, event_rows("a", 3))
        session.commit()
        yield session


def test_an_event_may_not_leave_a_gap(trail: Session) -> None:
    [_, late] = event_rows("a", 2, after=3)

    with pytest.raises(DBAPIError, match="must continue its chain"):
        append_events(trail, [late])


@pytest.mark.parametrize("seq", [0, -1])
def test_an_event_may_not_come_before_the_first(trail: Session, seq: int) -> None:
    [row] = event_rows("a", 1)

    with pytest.raises(DBAPIError):
        append_events(trail, [{**row, "seq": seq}])


def test_a_stream_may_not_begin_in_its_middle(session: Session) -> None:
    [second] = event_rows("a", 1, after=1)

    with pytest.raises(DBAPIError, match="must continue its chain"):
        append_events(session, [second])


@pytest.mark.parametrize("prev", [GENESIS, b"", b"\xff" * 32])
def test_an_event_must_name_its_predecessor(trail: Session, prev: bytes) -> None:
    [fourth] = event_rows("a", 1, after=3)

    with pytest.raises(DBAPIError, match="must continue its chain"):
        append_events(trail, [{**fourth, "prev": prev}])


def test_the_first_event_must_name_genesis(session: Session) -> None:
    [first] = event_rows("a", 1)

    with pytest.raises(DBAPIError, match="must continue its chain"):
        append_events(session, [{**first, "prev": b"\x01" * 32}])


def test_a_place_in_a_stream_is_taken_once(trail: Session) -> None:
    [_, again, _] = event_rows("a", 3)

    with pytest.raises(DBAPIError):
        append_events(trail, [again])


COLUMNS = "stream, seq, at, actor, action, body, prev, hash"


@pytest.mark.parametrize("recursive_triggers", [0, 1])
@pytest.mark.parametrize(
    ("verb", "columns", "values"),
    [
        ("INSERT OR REPLACE", f"id, {COLUMNS}", f"id, {COLUMNS}"),
        ("REPLACE", COLUMNS, COLUMNS),
        ("INSERT OR REPLACE", COLUMNS, "stream, seq, at, actor, action, 'evil', prev, hash"),
        ("INSERT OR IGNORE", f"id, {COLUMNS}", f"9, {COLUMNS}"),
        # Another place in the trail, but the row of an old event:
        (
            "INSERT OR REPLACE",
            f"rowid, {COLUMNS}",
            "1, 'b', 1, at, actor, action, 'evil', zeroblob(32), hash",
        ),
        (
            "INSERT OR REPLACE",
            f"id, {COLUMNS}",
            "1, stream, 4, at, actor, action, 'evil', hash, hash",
        ),
    ],
)
def test_sqlite_refuses_to_replace_an_event_even_to_foreign_connections(
    sqlite_trail: str, verb: str, columns: str, values: str, recursive_triggers: int
) -> None:
    foreign = sqlite3.connect(sqlite_trail, isolation_level=None)
    foreign.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
    source = "SELECT * FROM audit_event WHERE stream = 'a' AND seq = 3"

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        foreign.execute(f"{verb} INTO audit_event ({columns}) SELECT {values} FROM ({source})")

    bodies = [row[0] for row in foreign.execute("SELECT body FROM audit_event ORDER BY id")]
    foreign.close()
    assert bodies == ['{"seq":1}', '{"seq":2}', '{"seq":3}']


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE OR REPLACE audit_event SET seq = 1 WHERE seq = 3",
        "UPDATE OR IGNORE audit_event SET body = 'evil'",
    ],
)
def test_sqlite_refuses_to_update_an_event_even_to_foreign_connections(
    sqlite_trail: str, attempt: str
) -> None:
    foreign = sqlite3.connect(sqlite_trail, isolation_level=None)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        foreign.execute(attempt)

    foreign.close()


@pytest.fixture
def sqlite_trail(sqlite_database: Database) -> str:
    with Session(sqlite_database.engine) as session:
        append_events(session, event_rows("a", 3))
        session.commit()
    return str(sqlite_database.url.database)


def test_whoever_adds_to_a_stream_of_the_system_holds_it(postgresql_database: Database) -> None:
    with (
        Session(postgresql_database.engine) as first,
        Session(postgresql_database.engine) as second,
    ):
        head_of_stream(first, "sys-2026-03-02")
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))

        with pytest.raises(DBAPIError, match="lock timeout"):
            head_of_stream(second, "sys-2026-03-02")


# --- lists ---------------------------------------------------------------------------------------


def of_case(instance_id: UUID, amount: int = 1, **values: Any) -> list[Row]:
    return event_rows(str(instance_id), amount, instance_id=instance_id, **values)


def bodies(found: Any) -> list[tuple[str, int]]:
    return [(event.stream, event.seq) for event in found.items]


def test_the_newest_events_come_first(session: Session, auditor: Actor) -> None:
    append_events(session, event_rows("a", 2))
    append_events(session, event_rows("b", 1))

    page = list_events(session, auditor)

    assert bodies(page) == [("b", 1), ("a", 2), ("a", 1)]


def test_events_of_one_case_are_paged(session: Session, auditor: Actor, given: Given) -> None:
    case = given.instance().id
    append_events(session, of_case(case, 5))
    append_events(session, event_rows("other", 1))

    first = list_events(session, auditor, instance_id=case, limit=3)
    second = list_events(session, auditor, instance_id=case, limit=3, cursor=first.next_cursor)

    assert [event.seq for event in [*first.items, *second.items]] == [5, 4, 3, 2, 1]
    assert second.next_cursor is None


def test_events_are_found_by_what_is_told_of_them(session: Session, auditor: Actor) -> None:
    claimed = AuditAction.TASK_CLAIMED
    append_events(session, event_rows("a", 1, actor="u2", action=claimed, activity_id="U_x"))
    append_events(session, event_rows("b", 1, at=NOW + timedelta(days=1)))
    append_events(session, event_rows("c", 1, at=NOW + timedelta(days=2), body='{"WHY":"50%"}'))

    found = {
        "actor": list_events(session, auditor, actor_key="u2"),
        "action": list_events(session, auditor, action=claimed),
        "activity": list_events(session, auditor, activity_id="U_x"),
        "time": list_events(
            session, auditor, from_=NOW + timedelta(days=1), to=NOW + timedelta(days=2)
        ),
        "text": list_events(session, auditor, q='why":"50%'),
    }

    assert {name: [event.stream for event in page.items] for name, page in found.items()} == {
        "actor": ["a"],
        "action": ["a"],
        "activity": ["a"],
        "time": ["b"],
        "text": ["c"],
    }


def test_others_see_only_events_of_cases_that_they_see(
    session: Session, given: Given, requester: Actor
) -> None:
    own = given.instance(started_by=requester.key).id
    foreign = given.instance().id
    for case in (own, foreign):
        append_events(session, of_case(case))
    append_events(session, event_rows("sys-2026-03-02"))

    everything = list_events(session, requester)
    of_foreign = list_events(session, requester, instance_id=foreign)

    assert bodies(everything) == [(str(own), 1)]
    assert bodies(of_foreign) == []


def test_auditors_administrators_and_the_system_see_every_event(
    session: Session, given: Given, make_actor: MakeActor
) -> None:
    append_events(session, of_case(given.instance().id))
    append_events(session, event_rows("sys-2026-03-02"))

    amounts = {
        actor.name: len(list_events(session, actor).items)
        for actor in (make_actor("ann", "auditor"), make_actor("adam", "admin"), SYSTEM)
    }

    assert amounts == {"ann": 2, "adam": 2, "system": 2}


def test_events_of_a_case_that_is_gone_can_still_be_read(session: Session, auditor: Actor) -> None:
    gone = uuid4()
    append_events(session, of_case(gone))

    [event] = list_events(session, auditor, instance_id=gone).items

    assert isinstance(event, AuditEvent)
    assert event.hash == chain_hash(GENESIS, event.body)
