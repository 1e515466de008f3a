"""The inbox at work: who may do what with a task, and what comes of it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceNotRunningError, InstanceStatus
from ssflow.domain.job import JobKind
from ssflow.domain.user_task import (
    SeparationOfDutiesError,
    TaskClaimedByOtherError,
    TaskNotOpenError,
    TaskStatus,
)
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import instances, user_tasks
from ssflow.services.messages import correlate_message
from ssflow.services.trail_path import details_of
from ssflow.store.user_tasks import InboxView, list_inbox
from tests.engine.diagrams import (
    boundary,
    diagram,
    end,
    flows,
    into,
    message,
    on_message,
    process,
    start,
    user,
)
from tests.services.bundles import (
    bundle,
    number_field,
    one_task,
    text_field,
    two_tasks,
    with_form,
)
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def inbox_of(office: Office, actor: Actor, view: InboxView = InboxView.ALL) -> list[str]:
    with office.look(actor) as work:
        return [row.task.activity_id for row in list_inbox(work.session, actor, view=view).items]


# --- claim and release ----------------------------------------------------------------------------


def test_a_claimed_task_is_out_of_the_others_inbox(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    colleague = office.hire("service_owner")
    task = office.task(office.start(owner), "U_do")

    claimed = office.claim(owner, task.id)

    assert (claimed.assignee, claimed.claimed_at) == (owner.user_id, office.now)
    assert inbox_of(office, owner, InboxView.MINE) == ["U_do"]
    assert inbox_of(office, colleague) == []


def test_a_second_claim_learns_who_was_quicker(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    slower = office.hire("service_owner")
    task = office.task(office.start(owner), "U_do")
    office.claim(owner, task.id)

    with pytest.raises(TaskClaimedByOtherError) as refused:
        office.claim(slower, task.id)

    assert refused.value.winner == owner.user_id


def test_claiming_ones_own_task_again_changes_nothing(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_do")
    office.claim(owner, task.id)
    before = office.actions(instance_id)

    again = office.claim(owner, task.id)

    assert again.assignee == owner.user_id
    assert office.actions(instance_id) == before


def test_a_stranger_may_not_claim(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")

    with pytest.raises(NotFoundError):
        office.claim(office.hire("brm"), task.id)


def test_who_sees_the_case_but_lacks_the_role_may_not_claim(office: Office) -> None:
    office.deploy(one_task())
    starter = office.hire("customer")
    task = office.task(office.start(starter), "U_do")

    with pytest.raises(ForbiddenError, match="service_owner"):
        office.claim(starter, task.id)


def test_a_released_task_is_offered_again(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    colleague = office.hire("service_owner")
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_do")
    office.claim(owner, task.id)

    released = office.act(owner, user_tasks.release_task, task.id)

    assert (released.assignee, released.claimed_at) == (None, None)
    assert inbox_of(office, colleague, InboxView.GROUP) == ["U_do"]
    assert office.actions(instance_id)[-2:] == ["task.claimed", "task.released"]


def test_only_the_holder_or_an_administrator_releases(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    colleague, admin = office.hire("service_owner"), office.hire("admin")
    task = office.task(office.start(owner), "U_do")
    office.claim(owner, task.id)

    with pytest.raises(ForbiddenError):
        office.act(colleague, user_tasks.release_task, task.id)
    released = office.act(admin, user_tasks.release_task, task.id)

    assert released.assignee is None


def test_who_loses_a_task_to_an_administrator_hears_of_it(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    admin = office.hire("admin", name="ada")
    case = office.start(owner)
    task = office.claim(owner, office.task(case, "U_do").id)

    office.act(admin, user_tasks.release_task, task.id)
    office.claim(owner, task.id)
    office.act(owner, user_tasks.release_task, task.id)

    [notice] = [job.payload for job in office.jobs(case) if job.kind is JobKind.NOTICE]
    told = {name: notice[name] for name in ("template", "to", "person", "task")}
    assert told == {
        "template": "taken_away",
        "to": [owner.key],
        "person": "Ada",
        "task": str(task.id),
    }
    releases = [e for e in office.events(case) if e.action is AuditAction.TASK_RELEASED]
    assert [details_of(e).get("taken_from") for e in releases] == [owner.key, None]


def test_releasing_a_free_task_changes_nothing(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_do")

    office.act(owner, user_tasks.release_task, task.id)

    assert office.actions(instance_id) == ["instance.started", "task.created"]


# --- completion -----------------------------------------------------------------------------------


def test_completing_a_task_opens_the_next_one_for_its_role(office: Office) -> None:
    office.deploy(two_tasks())
    customer = office.hire("customer")
    instance_id = office.start(customer)

    office.complete(customer, office.task(instance_id, "U_ask").id, question="Why?")

    [answer] = office.open_tasks(instance_id)
    assert (answer.activity_id, answer.role) == ("U_answer", "portfolio_manager")
    assert office.variables(instance_id) == {"question": "Why?"}


def test_completing_an_unclaimed_task_claims_it(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")

    done = office.complete(owner, task.id)

    assert (done.assignee, done.completed_by) == (owner.user_id, owner.user_id)
    assert (done.status, done.completed_at) == (TaskStatus.COMPLETED, office.now)


def test_the_last_completion_ends_the_case(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner, topic="x")

    office.complete(owner, office.task(instance_id, "U_do").id, done=True)

    ended = office.instance(instance_id)
    assert (ended.status, ended.end_event) == (InstanceStatus.COMPLETED, "end")
    assert (ended.state, ended.ended_at) == (None, office.now)
    assert office.variables(instance_id) == {"topic": "x", "done": True}


def test_a_task_is_completed_once(office: Office, owner: Actor) -> None:
    office.deploy(two_tasks(role="service_owner"))
    customer = office.hire("customer", "service_owner")
    instance_id = office.start(customer)
    ask = office.task(instance_id, "U_ask")
    office.complete(customer, ask.id)
    before = office.instance(instance_id)

    with pytest.raises(TaskNotOpenError) as refused:
        office.complete(customer, ask.id, other=1)

    assert refused.value.winner == customer.user_id
    assert office.instance(instance_id).revision == before.revision


def test_a_wrong_form_changes_nothing(office: Office, owner: Actor) -> None:
    office.deploy(with_form(text_field("name", required=True), number_field("amount", max=10)))
    instance_id = office.start(owner)
    task, before = office.task(instance_id, "U_fill"), office.instance(instance_id)
    office.claim(owner, task.id)
    actions = office.actions(instance_id)

    with pytest.raises(InvalidInputError) as refused:
        office.complete(owner, task.id, amount=11, surprise=True)

    assert set(refused.value.errors) == {"name", "amount", "surprise"}
    assert office.task(instance_id, "U_fill").is_open
    assert office.actions(instance_id) == actions
    assert office.instance(instance_id).state == before.state


def test_the_fields_of_a_form_become_variables(office: Office, owner: Actor) -> None:
    office.deploy(with_form(text_field("name"), number_field("amount")))
    instance_id = office.start(owner)

    office.complete(owner, office.task(instance_id, "U_fill").id, name="Ann", amount=3)

    assert office.variables(instance_id) == {"name": "Ann", "amount": 3}


def test_the_fields_of_a_form_become_one_object_when_the_task_says_so(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_form(text_field("name"), variable="filled"))
    instance_id = office.start(owner)

    office.complete(owner, office.task(instance_id, "U_fill").id, name="Ann")

    assert office.variables(instance_id) == {"filled": {"name": "Ann"}}


def test_nobody_completes_a_task_of_a_suspended_case(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id, admin = office.start(owner), office.hire("admin")
    task = office.task(instance_id, "U_do")
    office.act(admin, instances.suspend_instance, instance_id, "Audit")

    with pytest.raises(InstanceNotRunningError):
        office.complete(owner, task.id)
    with pytest.raises(InstanceNotRunningError):
        office.claim(owner, task.id)

    assert office.task(instance_id, "U_do").assignee is None


def test_a_task_that_is_gone_is_told_as_cancelled(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_do")
    office.act(office.hire("admin"), instances.cancel_instance, instance_id, "A mistake")

    with pytest.raises(TaskNotOpenError, match="cancelled"):
        office.complete(owner, task.id)


@pytest.mark.parametrize(
    "fields",
    [
        {"typename": "datetime", "value": "2026-01-01"},
        {"nested": {"typename": "x", "__class__": "y", "$ref": "z"}},
        {"text": "x" * 500_000},
        {"emoji": "👩‍👩‍👧‍👦 🏳️‍🌈", "rtl": "שלום عالم \u202eabc", "line": "\u2028"},
        {"number": 2**53, "fraction": 0.1, "nothing": None, "list": [[], {}, ""]},
        {"class": 1, "lambda": 2, "None": 3, "with space": 4, "": 5},
    ],
    ids=["typename", "nested", "500kB", "scripts", "numbers", "names"],
)
def test_data_comes_back_as_it_was_given(
    office: Office, owner: Actor, fields: dict[str, object]
) -> None:
    office.deploy(two_tasks(role="service_owner"))
    both = office.hire("customer", "service_owner")
    instance_id = office.start(both)

    office.act(both, user_tasks.complete_task, office.task(instance_id, "U_ask").id, fields)
    assert office.variables(instance_id) == fields
    office.complete(owner, office.task(instance_id, "U_answer").id)

    assert office.variables(instance_id) == fields


# --- drafts ---------------------------------------------------------------------------------------


def test_a_draft_is_kept_unchecked(office: Office, owner: Actor) -> None:
    office.deploy(with_form(text_field("name", required=True), number_field("amount", max=10)))
    task = office.task(office.start(owner), "U_fill")

    office.act(owner, user_tasks.save_draft, task.id, {"amount": 11})

    view = office.act(owner, user_tasks.task_form, task.id)
    assert view.draft == {"amount": 11}


def test_a_draft_survives_a_release_and_goes_with_the_completion(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_form(text_field("name")))
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_fill")
    office.claim(owner, task.id)
    office.act(owner, user_tasks.save_draft, task.id, {"name": "A"})

    office.act(owner, user_tasks.release_task, task.id)
    kept = office.act(owner, user_tasks.task_form, task.id).draft
    office.complete(owner, task.id, name="Ann")

    assert kept == {"name": "A"}
    assert office.act(owner, user_tasks.task_form, task.id).draft is None


@pytest.mark.parametrize(
    "fields",
    [{"name": float("nan")}, {"name": "a\0b"}, {"name": "\ud800"}, {"name": "x" * 1_100_000}],
    ids=["nan", "nul", "half a character", "too large"],
)
def test_a_draft_that_cannot_be_kept_is_refused(
    office: Office, owner: Actor, fields: dict[str, object]
) -> None:
    office.deploy(with_form(text_field("name")))
    task = office.task(office.start(owner), "U_fill")

    with pytest.raises(InvalidInputError):
        office.act(owner, user_tasks.save_draft, task.id, fields)


def test_only_who_may_do_the_task_drafts_it(office: Office, owner: Actor) -> None:
    office.deploy(with_form(text_field("name")))
    starter = office.hire("customer")
    task = office.task(office.start(starter), "U_fill")

    with pytest.raises(ForbiddenError):
        office.act(starter, user_tasks.save_draft, task.id, {"name": "x"})


# --- what the diagram says about people -----------------------------------------------------------


def excluding_the_first() -> dict[str, bytes]:
    return two_tasks(role="customer", exclude="=[done_by['U_ask']]")


def test_separation_of_duties_is_kept_at_offer_claim_and_completion(office: Office) -> None:
    office.deploy(excluding_the_first())
    first, second = office.hire("customer"), office.hire("customer")
    instance_id = office.start(first)
    office.complete(first, office.task(instance_id, "U_ask").id)
    answer = office.task(instance_id, "U_answer")

    assert (inbox_of(office, first), inbox_of(office, second)) == ([], ["U_answer"])
    with pytest.raises(SeparationOfDutiesError):
        office.claim(first, answer.id)
    with pytest.raises(SeparationOfDutiesError):
        office.complete(first, answer.id)
    office.complete(second, answer.id)

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED


def test_an_attempt_against_separation_of_duties_is_in_the_trail(office: Office) -> None:
    office.deploy(excluding_the_first())
    first = office.hire("customer")
    instance_id = office.start(first)
    office.complete(first, office.task(instance_id, "U_ask").id)
    answer = office.task(instance_id, "U_answer")

    with pytest.raises(SeparationOfDutiesError):
        office.complete(first, answer.id)

    blocked = office.events(instance_id)[-1]
    assert (str(blocked.action), blocked.actor) == ("sod.blocked", first.key)
    assert blocked.activity_id == "U_answer"
    details = office.details(instance_id, AuditAction.SEPARATION_OF_DUTIES_BLOCKED)
    assert details == {"task": str(answer.id)}
    assert office.task(instance_id, "U_answer").assignee is None


def test_a_task_that_the_diagram_gives_to_one_person_is_theirs_alone(office: Office) -> None:
    office.deploy(one_task(assignee="=initiator"))
    starter, colleague = office.hire("service_owner"), office.hire("service_owner")
    admin = office.hire("admin", "service_owner")
    task = office.task(office.start(starter), "U_do")

    with pytest.raises(ForbiddenError):
        office.complete(admin, task.id)
    with pytest.raises(ForbiddenError):
        office.act(starter, user_tasks.release_task, task.id)

    assert inbox_of(office, colleague) == []
    assert office.complete(starter, task.id).completed_by == starter.user_id


def test_an_administrator_works_only_on_tasks_for_administrators(office: Office) -> None:
    office.deploy(two_tasks(role="admin"))
    customer, admin = office.hire("customer"), office.hire("admin")
    instance_id = office.start(customer)
    ask = office.task(instance_id, "U_ask")

    with pytest.raises(ForbiddenError):
        office.complete(admin, ask.id)
    office.complete(customer, ask.id)
    office.complete(admin, office.task(instance_id, "U_answer").id)

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED


def test_due_dates_count_working_days(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="wd(5)", priority="80"))

    task = office.task(office.start(owner), "U_do")

    assert task.due_at is not None
    assert task.due_at.isoformat() == "2026-03-09T22:59:59+00:00"
    assert task.priority == 80


def test_tasks_that_the_case_leaves_behind_are_cancelled(office: Office) -> None:
    files = {
        "p.bpmn": diagram(
            message("m", "stop"),
            process(
                "p",
                start(),
                user("U_do", role="service_owner"),
                boundary("M_stop", "U_do", on_message("m", into("told"))),
                end(),
                end("E_stopped"),
                flows("start U_do end", "M_stop E_stopped"),
            ),
        )
    }
    office.deploy(files)
    starter = office.hire("service_owner")
    instance_id = office.start(starter, business_key="K1")
    task = office.task(instance_id, "U_do")

    office.act(starter, correlate_message, "stop", "K1", {"why": "No need"})

    assert office.act(starter, user_tasks.get_visible_task, task.id).status is TaskStatus.CANCELLED
    assert office.instance(instance_id).end_event == "E_stopped"
    assert "task.cancelled" in office.actions(instance_id)


# --- what comes next ------------------------------------------------------------------------------


def test_the_next_task_is_one_of_the_same_case(office: Office, owner: Actor) -> None:
    office.deploy(two_tasks(role="customer"))
    customer = office.hire("customer")
    office.start(customer)
    office.now += timedelta(minutes=1)
    instance_id = office.start(customer)

    ask = office.task(instance_id, "U_ask")
    with office.work(customer) as work:
        done = user_tasks.complete_task(work, ask.id, {})
        following = user_tasks.next_task_after(work, done)

    assert following is not None
    assert (following.activity_id, following.instance_id) == ("U_answer", instance_id)


def test_without_more_to_do_in_the_case_the_inbox_goes_on(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    first, other = office.start(owner), office.start(owner)
    task = office.task(first, "U_do")

    with office.work(owner) as work:
        done = user_tasks.complete_task(work, task.id, {})
        following = user_tasks.next_task_after(work, done)

    assert following is not None
    assert following.instance_id == other


def test_a_task_that_never_was_is_not_found(office: Office, owner: Actor) -> None:
    with pytest.raises(NotFoundError):
        office.complete(owner, uuid4())


def test_the_form_shows_what_was_said_before(office: Office, owner: Actor) -> None:
    files = bundle(
        start(),
        user("U_fill", role="service_owner", form="fill"),
        end(),
        flows("start U_fill end"),
        fill=[text_field("name", properties={"prefill": "=name"}), number_field("amount")],
    )
    office.deploy(files)
    task = office.task(office.start(owner, name="Ann"), "U_fill")

    view = office.act(owner, user_tasks.task_form, task.id)

    assert view.values == {"name": "Ann", "amount": None}
    assert office.act(owner, user_tasks.form_source, task.id)["id"] == "fill"


def test_a_task_without_a_form_shows_none(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")

    assert office.act(owner, user_tasks.task_form, task.id) is None
    assert office.act(owner, user_tasks.form_source, task.id) is None
