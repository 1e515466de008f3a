import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ssflow.domain.identity import SYSTEM, Role
from ssflow.domain.instance import ProcessInstance
from ssflow.errors import InvalidInputError
from ssflow.store import database as database_module
from ssflow.store.database import Database, DatabaseAwayError, open_database
from ssflow.store.jobs import add_jobs
from ssflow.store.unit_of_work import LostRaceError, UnitOfWork, call_after_commit, open_work
from tests.conftest import NOW, TIMEZONE
from tests.store.conftest import Given

OpenWork = Callable[..., AbstractContextManager[UnitOfWork]]


@pytest.fixture
def work_on(database: Database) -> OpenWork:
    return partial(open_work, database, actor=SYSTEM, now=NOW, timezone=TIMEZONE)


def test_work_is_kept_when_it_ends_well(work_on: OpenWork, database: Database) -> None:
    with work_on() as work:
        work.session.add(Role(key="a", title="A"))

    with Session(database.reader) as session:
        assert session.get(Role, "a") is not None


def test_work_is_undone_when_it_fails(work_on: OpenWork, database: Database) -> None:
    def fail(work: UnitOfWork) -> None:
        work.session.add(Role(key="a", title="A"))
        work.session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError), work_on() as work:
        fail(work)

    with Session(database.reader) as session:
        assert session.get(Role, "a") is None


def test_work_that_only_reads_cannot_write(work_on: OpenWork) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"), work_on(read_only=True) as work:
        work.session.execute(text("DELETE FROM role"))


def test_objects_stay_usable_after_the_work(work_on: OpenWork) -> None:
    with work_on() as work:
        role = Role(key="a", title="A")
        work.session.add(role)

    assert role.title == "A"


def test_due_jobs_are_handed_over_within_the_transaction(
    work_on: OpenWork, database: Database
) -> None:
    handed: list[tuple[Sequence[UUID], int]] = []

    def submit(session: Session, ids: Sequence[UUID]) -> None:
        seen_here = session.execute(text("SELECT count(*) FROM job")).scalar_one()
        handed.append((ids, seen_here))

    row = {"kind": "notice", "due_at": NOW, "payload": {}, "created_at": NOW}
    with work_on(submit=submit) as work:
        job_ids = add_jobs(work.session, [row])
        handed_too_early = bool(handed)

    assert not handed_too_early
    assert handed == [(job_ids, 1)]


def test_jobs_that_are_due_later_are_not_handed_over(work_on: OpenWork) -> None:
    handed: list[UUID] = []
    row = {"kind": "timer", "payload": {}, "created_at": NOW}

    with work_on(submit=lambda _session, ids: handed.extend(ids)) as work:
        add_jobs(work.session, [{**row, "due_at": NOW + timedelta(seconds=1)}])
        add_jobs(work.session, [{**row, "due_at": None}])

    assert handed == []


def test_a_failed_hand_over_undoes_the_work(work_on: OpenWork, database: Database) -> None:
    def submit(_session: Session, _ids: Sequence[UUID]) -> None:
        raise RuntimeError

    row = {"kind": "notice", "due_at": NOW, "payload": {}, "created_at": NOW}
    with pytest.raises(RuntimeError), work_on(submit=submit) as work:
        add_jobs(work.session, [row])

    with Session(database.reader) as session:
        assert session.execute(text("SELECT count(*) FROM job")).scalar_one() == 0


def test_what_waits_for_the_commit_sees_the_work_in_the_database(
    work_on: OpenWork, database: Database
) -> None:
    seen: list[Role | None] = []

    def look() -> None:
        with Session(database.reader) as session:
            seen.append(session.get(Role, "a"))

    with work_on() as work:
        work.session.add(Role(key="a", title="A"))
        call_after_commit(work.session, look)

    assert [role and role.key for role in seen] == ["a"]


def test_what_waits_for_the_commit_is_dropped_when_the_work_is_undone(work_on: OpenWork) -> None:
    seen: list[str] = []

    def fail(work: UnitOfWork) -> None:
        call_after_commit(work.session, lambda: seen.append("called"))
        raise RuntimeError

    with pytest.raises(RuntimeError), work_on() as work:
        fail(work)

    assert seen == []


def test_the_later_of_two_writers_of_an_instance_loses(
    work_on: OpenWork, session: Session, given: Given
) -> None:
    instance_id = given.instance().id
    session.commit()
    with work_on() as work:
        stale = work.session.get_one(ProcessInstance, instance_id)
    with work_on() as work:
        work.session.get_one(ProcessInstance, instance_id).title = "first"

    stale.title = "second"
    with pytest.raises(LostRaceError), work_on() as work:
        work.session.add(stale)


def test_adding_what_somebody_else_just_added_is_a_lost_race(work_on: OpenWork) -> None:
    with work_on() as work:
        work.session.add(Role(key="a", title="A"))

    with pytest.raises(LostRaceError), work_on() as work:
        work.session.add(Role(key="a", title="Another"))


@pytest.mark.parametrize("title", ["a\0b"])
def test_what_a_database_cannot_hold_is_wrong_input(
    postgresql_database: Database, title: str
) -> None:
    work_on = partial(open_work, postgresql_database, actor=SYSTEM, now=NOW, timezone=TIMEZONE)

    with pytest.raises(InvalidInputError), work_on() as work:
        work.session.add(Role(key="a", title=title))


def test_a_number_beyond_64_bits_is_wrong_input(work_on: OpenWork) -> None:
    add = text("INSERT INTO number_series (prefix, year, last) VALUES ('X', 1, :value)")

    with pytest.raises(InvalidInputError, match="too large"), work_on() as work:
        work.session.execute(add, {"value": 2**63})


def test_other_broken_rules_are_faults_of_ours_and_stay_visible(work_on: OpenWork) -> None:
    row = {"definition_id": uuid4(), "kind": "notice", "due_at": NOW, "payload": {}}

    with pytest.raises(DBAPIError), work_on() as work:
        add_jobs(work.session, [{**row, "created_at": NOW, "instance_id": uuid4()}])


def test_a_database_that_is_not_there_is_away(tmp_path: object) -> None:
    for url in ("postgresql://nobody@127.0.0.1:9/none", f"sqlite:///{tmp_path}/no/such/folder.db"):
        database = open_database(url)

        with (
            pytest.raises(DatabaseAwayError),
            open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work,
        ):
            work.session.execute(text("SELECT 1"))


def test_a_database_that_may_not_be_written_is_away_and_the_log_tells_why(
    database: Database,
) -> None:
    url = database.url
    if database.is_sqlite:
        url = url.set(database=f"file:{url.database}").update_query_dict(
            {"mode": "ro", "uri": "true"}
        )
    else:
        url = url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    standby = open_database(url.render_as_string(hide_password=False))

    with (
        pytest.raises(DatabaseAwayError, match=r"(?i)read-?only") as refused,
        open_work(standby, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work,
    ):
        work.session.add(Role(key="a", title="A"))

    standby.close()
    assert "read" not in refused.value.message


def test_a_connection_that_breaks_is_away_and_then_replaced(
    postgresql_database: Database,
) -> None:
    work_on = partial(open_work, postgresql_database, actor=SYSTEM, now=NOW, timezone=TIMEZONE)

    def break_off(work: UnitOfWork) -> None:
        own = work.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgresql_database.engine.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
        work.session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseAwayError), work_on() as work:
        break_off(work)

    with work_on() as work:
        assert work.session.execute(text("SELECT 1")).scalar_one() == 1


def test_a_deadlock_is_a_lost_race(postgresql_database: Database) -> None:
    work_on = partial(open_work, postgresql_database, actor=SYSTEM, now=NOW, timezone=TIMEZONE)
    with work_on() as work:
        work.session.add_all([Role(key="a", title="A"), Role(key="b", title="B")])
    barrier = threading.Barrier(2)
    lost: list[str] = []

    def change(first: str, second: str) -> None:
        try:
            with work_on() as work:
                for number, key in enumerate((first, second)):
                    query = text("UPDATE role SET title = title || '!' WHERE key = :key")
                    work.session.execute(query, {"key": key})
                    if number == 0:
                        barrier.wait(timeout=20)
        except LostRaceError:
            lost.append(first)

    threads = [threading.Thread(target=change, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lost) == 1


def test_a_writer_that_never_gets_its_turn_is_told_that_the_database_is_busy(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.01)
    work_on = partial(open_work, sqlite_database, actor=SYSTEM, now=NOW, timezone=TIMEZONE)

    with work_on(), pytest.raises(DatabaseAwayError), work_on():
        pass


def test_a_file_that_another_process_keeps_locked_is_away(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(database_module, "_PRAGMAS", ())
    impatient = open_database(f"sqlite:///{sqlite_database.url.database}")
    work_on = partial(open_work, impatient, actor=SYSTEM, now=NOW, timezone=TIMEZONE)

    with (
        sqlite_database.engine.begin(),
        pytest.raises(DatabaseAwayError),
        work_on() as work,
    ):
        work.session.execute(text("SELECT 1"))

    impatient.close()


def test_many_threads_write_without_losing_anything(work_on: OpenWork, database: Database) -> None:
    def add(start: int) -> None:
        for number in range(start, start + 10):
            with work_on() as work:
                work.session.add(Role(key=f"r{number}", title="R"))

    threads = [threading.Thread(target=add, args=[10 * n]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(database.reader) as session:
        found = session.execute(text("SELECT count(*) FROM role")).scalar_one()
    assert found == 10 * len(threads)
