"""A repeated request is answered as the first one."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.identity import NOBODY, Actor
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError
from ssflow.services.idempotency import (
    KEEP,
    Answer,
    KeyReusedError,
    remember_answer,
    remembered_answer,
    request_digest,
)
from tests.services.office import Office

ANSWER = Answer(201, '{"id": "é👍"}')


@pytest.fixture
def ann(office: Office) -> Actor:
    return office.hire("brm")


def test_an_answer_is_remembered_for_its_user(office: Office, ann: Actor) -> None:
    office.act(ann, remember_answer, "key", "digest", ANSWER)

    assert office.act(ann, remembered_answer, "key", "digest") == ANSWER
    assert office.act(ann, remembered_answer, "other", "digest") is None
    assert office.act(office.hire("brm"), remembered_answer, "key", "digest") is None


def test_a_key_belongs_to_one_request(office: Office, ann: Actor) -> None:
    office.act(ann, remember_answer, "key", "digest", ANSWER)

    with pytest.raises(KeyReusedError):
        office.act(ann, remembered_answer, "key", "another digest")


def test_answers_are_forgotten_after_a_day(office: Office, ann: Actor) -> None:
    office.act(ann, remember_answer, "key", "digest", ANSWER)

    office.now += KEEP + timedelta(seconds=1)

    assert office.act(ann, remembered_answer, "key", "another digest") is None
    office.act(ann, remember_answer, "key", "another digest", Answer(200, "{}"))
    assert office.act(ann, remembered_answer, "key", "another digest") == Answer(200, "{}")


def test_of_two_first_answers_one_is_kept(office: Office, ann: Actor) -> None:
    office.act(ann, remember_answer, "key", "digest", ANSWER)

    with pytest.raises(ConflictError):
        office.act(ann, remember_answer, "key", "digest", Answer(200, "{}"))

    assert office.act(ann, remembered_answer, "key", "digest") == ANSWER


@pytest.mark.parametrize("key", ["x" * 201, "a\0b", "\ud800"])
def test_a_key_that_cannot_be_kept_is_refused(office: Office, ann: Actor, key: str) -> None:
    with pytest.raises(InvalidInputError):
        office.act(ann, remembered_answer, key, "digest")


def test_nobody_repeats_nothing(office: Office) -> None:
    with pytest.raises(ForbiddenError):
        office.act(NOBODY, remembered_answer, "key", "digest")
    with pytest.raises(ForbiddenError):
        office.act(NOBODY, remember_answer, "key", "digest", ANSWER)


PARTS = st.lists(st.binary(), max_size=4)


@given(PARTS, PARTS)
def test_other_parts_are_another_request(one: list[bytes], other: list[bytes]) -> None:
    assert (request_digest(*one) == request_digest(*other)) is (one == other)
