import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ssflow.domain.identity import (
    SYSTEM,
    AccessToken,
    IdempotentAnswer,
    OneTimeLink,
    RoleGrant,
    User,
    WebSession,
)
from ssflow.store.database import Database
from ssflow.store.sign_in import (
    FREE_ATTEMPTS,
    LONGEST_DELAY,
    THROTTLE_MEMORY,
    clear_attempts,
    delete_answers_before,
    delete_links_of,
    delete_sessions_before,
    delete_sessions_of,
    delete_throttles_before,
    delete_web_session,
    find_answer,
    find_web_session,
    list_sessions_of,
    list_tokens_of,
    load_token_actor,
    reserve_attempt,
    save_web_session,
    use_link,
)
from ssflow.store.unit_of_work import open_work
from tests.conftest import NOW, TIMEZONE, MakeUser

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ann(make_user: MakeUser) -> User:
    return make_user("ann", "brm", "customer")


# --- sessions ------------------------------------------------------------------------------------


def sign_in(session: Session, token_hash: str, user: User | None = None, **times: datetime) -> None:
    moments = {"created_at": NOW, "seen_at": NOW} | times
    user_id = user.id if user else None
    session.add(WebSession(token_hash=token_hash, data={"a": 1}, user_id=user_id, **moments))
    session.flush()


def test_a_session_is_found_by_the_hash_of_its_secret(session: Session, ann: User) -> None:
    sign_in(session, "h1", ann)

    found = find_web_session(session, "h1")

    assert found is not None
    assert (found.user_id, found.data) == (ann.id, {"a": 1})
    assert find_web_session(session, "h2") is None


def test_a_session_is_written_back(session: Session) -> None:
    sign_in(session, "h1")
    session.commit()
    session.expunge_all()

    save_web_session(session, "h1", {"b": 2}, NOW + HOUR)

    found = find_web_session(session, "h1")
    assert found is not None
    assert (found.data, found.seen_at, found.created_at) == ({"b": 2}, NOW + HOUR, NOW)


def test_a_session_that_was_ended_does_not_come_back(session: Session) -> None:
    save_web_session(session, "h1", {"b": 2}, NOW)

    assert find_web_session(session, "h1") is None


def test_the_sessions_of_a_user_are_listed_last_used_first(session: Session, ann: User) -> None:
    sign_in(session, "old", ann)
    sign_in(session, "new", ann, seen_at=NOW + HOUR)
    sign_in(session, "visitor")

    assert [each.token_hash for each in list_sessions_of(session, ann.id)] == ["new", "old"]


def test_sessions_are_ended_one_by_one_or_all_but_ones_own(session: Session, ann: User) -> None:
    for name in ("a", "b", "c"):
        sign_in(session, name, ann)
    sign_in(session, "visitor")

    delete_web_session(session, "a")
    after_one = {each.token_hash for each in list_sessions_of(session, ann.id)}
    delete_sessions_of(session, ann.id, but="b")
    after_others = {each.token_hash for each in list_sessions_of(session, ann.id)}
    delete_sessions_of(session, ann.id)

    assert (after_one, after_others) == ({"b", "c"}, {"b"})
    assert list_sessions_of(session, ann.id) == []
    assert find_web_session(session, "visitor") is not None


def test_sessions_that_are_idle_or_old_are_dropped(session: Session, ann: User) -> None:
    sign_in(session, "idle", ann, seen_at=NOW - 2 * HOUR)
    sign_in(session, "old", ann, created_at=NOW - DAY)
    sign_in(session, "live", ann)

    delete_sessions_before(session, NOW - HOUR, NOW - 12 * HOUR)

    assert [each.token_hash for each in list_sessions_of(session, ann.id)] == ["live"]


# --- throttle ------------------------------------------------------------------------------------


def waits(session: Session, *moments: datetime, subject: str = "account:ann") -> list[float]:
    return [reserve_attempt(session, [subject], at).total_seconds() for at in moments]


def test_five_attempts_are_free_then_one_waits(session: Session) -> None:
    assert waits(session, *[NOW] * (FREE_ATTEMPTS + 2)) == [0, 0, 0, 0, 0, 1, 1]


def test_the_wait_doubles_with_every_attempt_and_has_an_end(session: Session) -> None:
    waits(session, *[NOW] * FREE_ATTEMPTS)
    at, seen = NOW, []

    for _ in range(14):
        [wait] = waits(session, at)
        seen.append(wait)
        at += timedelta(seconds=wait)
        waits(session, at)

    longest = LONGEST_DELAY.total_seconds()
    assert seen[:5] == [1, 2, 4, 8, 16]
    assert seen[-2:] == [longest, longest]


def test_an_attempt_that_had_to_wait_does_not_count(session: Session) -> None:
    waits(session, *[NOW] * (FREE_ATTEMPTS + 50))

    assert waits(session, NOW + SECOND, NOW + SECOND) == [0, 2]


def test_a_day_without_attempts_makes_them_free_again(session: Session) -> None:
    waits(session, *[NOW] * FREE_ATTEMPTS)
    later = NOW + THROTTLE_MEMORY + SECOND

    assert waits(session, *[later] * FREE_ATTEMPTS) == [0] * FREE_ATTEMPTS


def test_success_makes_attempts_free_again(session: Session) -> None:
    waits(session, *[NOW] * FREE_ATTEMPTS)

    clear_attempts(session, ["account:ann"])

    assert waits(session, NOW, NOW) == [0, 0]


def test_account_and_address_are_counted_apart(session: Session) -> None:
    for number in range(FREE_ATTEMPTS):
        reserve_attempt(session, ["address:1", f"account:{number}"], NOW)

    assert reserve_attempt(session, ["address:1", "account:new"], NOW) == SECOND
    assert reserve_attempt(session, ["address:2", "account:0"], NOW) == timedelta()
    assert reserve_attempt(session, [], NOW) == timedelta()


def test_old_counts_are_dropped(session: Session) -> None:
    waits(session, NOW, subject="old")
    waits(session, NOW + HOUR, subject="new")

    delete_throttles_before(session, NOW + SECOND)

    left = session.execute(text("SELECT subject FROM sign_in_throttle")).scalars().all()
    assert left == ["new"]


def test_parallel_guesses_do_not_overrun_the_limit(database: Database) -> None:
    allowed: list[timedelta] = []

    def guess() -> None:
        for _ in range(5):
            with open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work:
                wait = reserve_attempt(work.session, ["account:ann", "address:1"], NOW)
            if not wait:
                allowed.append(wait)

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(allowed) == FREE_ATTEMPTS


# --- access tokens -------------------------------------------------------------------------------


def add_token(session: Session, user: User, prefix: str = "ssf_1", **values: Any) -> AccessToken:
    fields: dict[str, Any] = {"secret_hash": "hash", "name": "script", "created_at": NOW}
    token = AccessToken(prefix=prefix, user_id=user.id, **fields | values)
    session.add(token)
    session.flush()
    return token


def test_a_token_lets_its_user_act_with_the_roles_of_the_day(session: Session, ann: User) -> None:
    add_token(session, ann, scopes=frozenset({"read"}), expires_at=NOW + SECOND)

    actor = load_token_actor(session, "ssf_1", "hash", NOW)

    assert actor is not None
    assert (actor.user_id, actor.name, actor.language) == (ann.id, "Ann", "en")
    assert actor.roles == {"brm", "customer"}
    assert actor.scopes == frozenset({"read"})


def test_roles_that_do_not_count_today_are_left_out(session: Session, make_user: MakeUser) -> None:
    user = make_user("bob", "brm")
    [grant] = session.scalars(select(RoleGrant))
    grant.valid_to = NOW.date() - DAY
    add_token(session, user)

    actor = load_token_actor(session, "ssf_1", "hash", NOW)

    assert actor is not None
    assert actor.roles == frozenset()
    assert actor.scopes is None


def test_a_token_is_loaded_in_one_statement(
    session: Session, ann: User, count_statements: Callable[..., Any]
) -> None:
    add_token(session, ann)
    session.commit()
    session.expunge_all()

    with count_statements() as counted:
        actor = load_token_actor(session, "ssf_1", "hash", NOW)

    assert actor is not None
    assert len(counted) == 1


@pytest.mark.parametrize(
    ("prefix", "secret_hash"), [("ssf_1", "wrong"), ("ssf_2", "hash"), ("ssf_1", ""), ("", "")]
)
def test_an_unknown_token_lets_nobody_act(
    session: Session, ann: User, prefix: str, secret_hash: str
) -> None:
    add_token(session, ann)

    assert load_token_actor(session, prefix, secret_hash, NOW) is None


@pytest.mark.parametrize("values", [{"revoked_at": NOW}, {"expires_at": NOW}])
def test_a_token_that_was_revoked_or_is_too_old_lets_nobody_act(
    session: Session, ann: User, values: dict[str, Any]
) -> None:
    add_token(session, ann, **values)

    assert load_token_actor(session, "ssf_1", "hash", NOW) is None


def test_a_token_of_an_account_that_is_off_lets_nobody_act(session: Session, ann: User) -> None:
    add_token(session, ann)
    ann.is_active = False
    session.flush()

    assert load_token_actor(session, "ssf_1", "hash", NOW) is None


def test_tokens_of_a_user_are_listed_newest_first(
    session: Session, ann: User, make_user: MakeUser
) -> None:
    old = add_token(session, ann, "ssf_1", revoked_at=NOW)
    new = add_token(session, ann, "ssf_2", created_at=NOW + HOUR)
    add_token(session, make_user("bob"), "ssf_3")

    assert list(list_tokens_of(session, ann.id)) == [new, old]


# --- one-time links ------------------------------------------------------------------------------


def add_link(session: Session, secret_hash: str, user: User | None = None) -> None:
    user_id = user.id if user else None
    expires_at = NOW + HOUR
    link = OneTimeLink(
        secret_hash=secret_hash, created_at=NOW, expires_at=expires_at, user_id=user_id
    )
    session.add(link)
    session.flush()


def test_a_link_works_once(session: Session, ann: User) -> None:
    add_link(session, "h", ann)

    first, second = use_link(session, "h", NOW), use_link(session, "h", NOW)

    assert first is not None
    assert (first.user_id, first.used_at) == (ann.id, NOW)
    assert second is None


@pytest.mark.parametrize(("secret_hash", "at"), [("other", NOW), ("h", NOW + HOUR)])
def test_a_link_that_is_unknown_or_too_old_does_not_work(
    session: Session, secret_hash: str, at: datetime
) -> None:
    add_link(session, "h")

    assert use_link(session, secret_hash, at) is None


def test_of_many_who_use_a_link_at_once_one_succeeds(database: Database, session: Session) -> None:
    add_link(session, "h")
    session.commit()
    used: list[OneTimeLink] = []

    def use() -> None:
        with open_work(database, actor=SYSTEM, now=NOW, timezone=TIMEZONE) as work:
            link = use_link(work.session, "h", NOW)
        if link is not None:
            used.append(link)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(used) == 1


def test_links_are_dropped_by_whom_they_are_for(session: Session, ann: User) -> None:
    add_link(session, "of ann", ann)
    add_link(session, "first run")

    delete_links_of(session, None)

    assert use_link(session, "first run", NOW) is None
    assert use_link(session, "of ann", NOW) is not None

    add_link(session, "again", ann)
    delete_links_of(session, ann.id)

    assert use_link(session, "again", NOW) is None


# --- repeated requests ---------------------------------------------------------------------------


def remember(session: Session, key: str, **values: Any) -> IdempotentAnswer:
    fields: dict[str, Any] = {"user_id": uuid4(), "request_hash": "r", "status": 200, "body": "{}"}
    answer = IdempotentAnswer(key=key, **{"created_at": NOW, **fields, **values})
    session.add(answer)
    session.flush()
    return answer


def test_an_answer_is_found_by_user_and_key(session: Session) -> None:
    answer = remember(session, "k")
    remember(session, "k")

    assert find_answer(session, answer.user_id, "k") is answer
    assert find_answer(session, answer.user_id, "other") is None


def test_answers_out_of_date_are_dropped(session: Session) -> None:
    old = remember(session, "k", created_at=NOW - DAY)
    new = remember(session, "k")

    delete_answers_before(session, NOW)

    assert find_answer(session, old.user_id, "k") is None
    assert find_answer(session, new.user_id, "k") is new


def test_whoever_repeats_a_request_waits_for_the_first_answer(
    postgresql_database: Database,
) -> None:
    user_id = uuid4()
    with (
        Session(postgresql_database.engine) as first,
        Session(postgresql_database.engine) as second,
    ):
        find_answer(first, user_id, "k")
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        find_answer(second, user_id, "another key")

        with pytest.raises(DBAPIError, match="lock timeout"):
            find_answer(second, user_id, "k")
