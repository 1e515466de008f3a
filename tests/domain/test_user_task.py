"""Who may do what with a user task."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.identity import NOBODY, SYSTEM, Actor
from ssflow.domain.user_task import (
    SeparationOfDutiesError,
    TaskClaimedByOtherError,
    TaskNotOpenError,
    TaskStatus,
    UserTask,
)
from ssflow.errors import ForbiddenError, SsflowError
from tests.conftest import NOW


def person(*roles: str, user_id: UUID | None = None) -> Actor:
    return Actor(user_id=user_id or uuid4(), name="somebody", roles=frozenset(roles))


def task(**told: object) -> UserTask:
    values: dict[str, object] = {
        "instance_id": uuid4(),
        "key": "p",
        "activity_id": "U",
        "name": "Do",
        "created_at": NOW,
        "id": uuid4(),
        "role": "brm",
    }
    return UserTask(**values | told)  # type: ignore[arg-type] # the values are right by name


def test_a_holder_of_the_role_claims() -> None:
    ann, offered = person("brm"), task()

    offered.claim(ann, at=NOW)

    assert (offered.assignee, offered.claimed_at) == (ann.user_id, NOW)
    assert offered.is_offered_to(ann)
    assert not offered.is_offered_to(person("brm"))


def test_claiming_again_keeps_the_first_moment() -> None:
    ann, held = person("brm"), task()
    held.claim(ann, at=NOW)

    held.claim(ann, at=NOW + timedelta(hours=1))

    assert held.claimed_at == NOW


@pytest.mark.parametrize("actor", [person("slm"), person(), person("admin"), NOBODY, SYSTEM])
def test_others_do_not_claim(actor: Actor) -> None:
    offered = task()

    with pytest.raises(ForbiddenError, match="brm"):
        offered.claim(actor, at=NOW)

    assert not offered.is_offered_to(actor)


def test_a_task_of_no_role_and_nobody_is_nobodys() -> None:
    assert not task(role=None).is_offered_to(NOBODY)
    with pytest.raises(ForbiddenError):
        task(role=None).claim(NOBODY, at=NOW)


def test_a_claimed_task_tells_others_who_holds_it() -> None:
    ann, held = person("brm"), task()
    held.claim(ann, at=NOW)

    with pytest.raises(TaskClaimedByOtherError) as refused:
        held.claim(person("brm"), at=NOW)
    with pytest.raises(ForbiddenError) as kept_out:
        held.claim(person("slm"), at=NOW)

    assert refused.value.winner == ann.user_id
    assert not isinstance(kept_out.value, TaskClaimedByOtherError)


def test_the_excluded_neither_claim_nor_complete_even_what_is_assigned_to_them() -> None:
    ann = person("brm")
    mine = task(exclude=frozenset({str(ann.user_id)}), assignee=ann.user_id, is_fixed=True)

    for act in (mine.claim, mine.complete):
        with pytest.raises(SeparationOfDutiesError):
            act(ann, at=NOW)

    assert mine.is_excluded(ann)
    assert not mine.is_offered_to(ann)
    assert mine.is_open


def test_a_fixed_assignee_needs_no_role_and_gives_nothing_back() -> None:
    ann = person()
    mine = task(assignee=ann.user_id, is_fixed=True)

    with pytest.raises(ForbiddenError, match="one person"):
        mine.release(ann)
    with pytest.raises(ForbiddenError, match="not you"):
        mine.complete(person("brm"), at=NOW)
    mine.complete(ann, at=NOW)

    assert mine.status is TaskStatus.COMPLETED


def test_release_gives_the_task_back() -> None:
    ann, held = person("brm"), task()
    held.claim(ann, at=NOW)

    with pytest.raises(ForbiddenError):
        held.release(person("brm"))
    held.release(ann)
    held.release(ann)

    assert (held.assignee, held.claimed_at) == (None, None)


def test_an_administrator_releases_what_others_hold() -> None:
    held = task()
    held.claim(person("brm"), at=NOW)

    held.release(person("admin"))

    assert held.assignee is None


def test_completion_claims_and_forgets_the_draft() -> None:
    ann, offered = person("brm"), task(draft={"a": 1})

    offered.complete(ann, at=NOW)

    assert (offered.assignee, offered.completed_by, offered.completed_at) == (
        *(ann.user_id, ann.user_id, NOW),
    )
    assert (offered.status, offered.draft) == (TaskStatus.COMPLETED, None)


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.CANCELLED])
def test_what_is_over_is_over(status: TaskStatus) -> None:
    ann = person("brm")
    over = task(status=status, completed_by=ann.user_id)

    for act in (over.claim, over.complete):
        with pytest.raises(TaskNotOpenError):
            act(ann, at=NOW)
    with pytest.raises(TaskNotOpenError):
        over.release(ann)
    with pytest.raises(TaskNotOpenError):
        over.require_workable_by(ann)
    assert not over.is_offered_to(ann)


def test_who_comes_late_learns_who_completed_it() -> None:
    ann, done = person("brm"), task()
    done.complete(ann, at=NOW)

    with pytest.raises(TaskNotOpenError) as refused:
        done.complete(person("brm"), at=NOW)

    assert refused.value.winner == ann.user_id


def test_a_late_task_can_be_taken_over_by_the_role_that_steps_in() -> None:
    ann, chief = person("brm"), person("it_director")
    late = task(assignee=ann.user_id, is_fixed=True, escalate_to="it_director")

    assert not late.is_offered_to(chief)
    late.escalate()
    late.claim(chief, at=NOW)

    assert (late.assignee, late.claimed_at) == (chief.user_id, NOW)
    with pytest.raises(TaskClaimedByOtherError):
        late.claim(ann, at=NOW)


def test_what_was_taken_over_from_one_person_goes_back_to_that_person_only() -> None:
    ann, chief = person("brm"), person("it_director")
    late = task(assignee=ann.user_id, is_fixed=True, escalated_to="it_director")
    late.claim(chief, at=NOW)

    with pytest.raises(ForbiddenError, match="one person"):
        late.release(chief)
    late.release(chief, to=ann.user_id)

    assert (late.assignee, late.claimed_at) == (ann.user_id, None)
    with pytest.raises(ForbiddenError, match="one person"):
        late.release(ann, to=ann.user_id)


def test_the_excluded_do_not_step_in() -> None:
    chief = person("it_director")
    late = task(exclude=frozenset({str(chief.user_id)}), escalated_to="it_director")

    assert not late.is_offered_to(chief)
    with pytest.raises(SeparationOfDutiesError):
        late.complete(chief, at=NOW)


def test_nobody_is_no_role_that_steps_in() -> None:
    late = task(escalated_to="it_director")

    assert not late.is_offered_to(Actor(user_id=None, name="x", roles=frozenset({"it_director"})))


IDS = [uuid4() for _ in range(3)]


@given(
    assignee=st.sampled_from([None, *IDS]),
    fixed=st.booleans(),
    exclude=st.frozensets(st.sampled_from([str(i) for i in IDS])),
    status=st.sampled_from(TaskStatus),
    actor_id=st.sampled_from(IDS),
    roles=st.frozensets(st.sampled_from(["brm", "slm", "admin"])),
    escalated_to=st.sampled_from([None, "slm", "brm"]),
)
def test_what_is_offered_can_be_completed_and_nothing_else(
    assignee: UUID | None,
    fixed: bool,  # noqa: FBT001 - hypothesis names its arguments
    exclude: frozenset[str],
    status: TaskStatus,
    actor_id: UUID,
    roles: frozenset[str],
    escalated_to: str | None,
) -> None:
    is_fixed = fixed and assignee is not None
    some = task(
        assignee=assignee,
        is_fixed=is_fixed,
        exclude=exclude,
        status=status,
        escalated_to=escalated_to,
    )
    actor = person(*roles, user_id=actor_id)
    offered = some.is_offered_to(actor)

    try:
        some.complete(actor, at=NOW)
    except SsflowError:
        assert not offered
        assert (some.status, some.assignee) == (status, assignee)
    else:
        assert offered
        assert some.completed_by == actor_id
