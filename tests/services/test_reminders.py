from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.job import Job, JobKind
from ssflow.domain.registers.working_time import Holiday
from ssflow.domain.user_task import (
    SeparationOfDutiesError,
    TaskClaimedByOtherError,
)
from ssflow.errors import ForbiddenError, NotFoundError
from ssflow.services import instances, user_tasks
from ssflow.services.demo import stage_late_task
from ssflow.services.deployment import DeploymentRefusedError
from ssflow.services.jobs import run_next_job
from ssflow.store import user_tasks as task_rows
from ssflow.store.user_tasks import InboxView
from tests.engine.diagrams import end, flows, start, user
from tests.services.bundles import Files, bundle, one_task, two_tasks
from tests.services.office import Office

OWNER, DIRECTOR = "service_owner", "it_director"
HOUR = timedelta(hours=1)


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire(OWNER)


@pytest.fixture
def director(office: Office) -> Actor:
    return office.hire(DIRECTOR)


def watches(office: Office) -> dict[str, datetime | None]:
    """The jobs that watch tasks, by kind."""
    kinds = (JobKind.REMINDER, JobKind.OVERDUE)
    return {str(job.kind): job.due_at for job in office.jobs() if job.kind in kinds}


def run_watches(office: Office, after: timedelta) -> list[Job]:
    """Do what watches tasks when time has passed; gives the notices that it asks for."""
    before = {job.id for job in office.jobs()}
    office.now += after
    while any(
        job.kind in (JobKind.REMINDER, JobKind.OVERDUE) and job.due_at and job.due_at <= office.now
        for job in office.jobs()
    ):
        run_next_job(lambda: office.work(SYSTEM))
    return [job for job in office.jobs() if job.kind is JobKind.NOTICE and job.id not in before]


def notices(office: Office) -> list[Job]:
    """What people are to be told."""
    return [job for job in office.jobs() if job.kind is JobKind.NOTICE]


@pytest.fixture
def personal(office: Office, owner: Actor) -> UUID:
    """A late task that the diagram gave to one person, and that another role may do."""
    office.deploy(
        bundle(
            start(),
            user("U_do", assignee="=initiator", due="PT10H", remind="none", esc=DIRECTOR),
            end(),
            flows("start U_do end"),
        )
    )
    case = office.start(owner)
    run_watches(office, 10 * HOUR)
    return office.task(case, "U_do").id


def inbox(office: Office, actor: Actor, view: InboxView = InboxView.ALL) -> list[str]:
    with office.look(actor) as work:
        return [
            row.task.activity_id
            for row in task_rows.list_inbox(work.session, actor, view=view).items
        ]


# --- when -----------------------------------------------------------------------------------------


def test_a_task_with_a_due_date_is_watched(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="PT10H"))

    office.start(owner)

    assert watches(office) == {
        "reminder": office.now + timedelta(hours=8),
        "overdue": office.now + timedelta(hours=10),
    }


def test_a_task_without_a_due_date_is_not_watched(office: Office, owner: Actor) -> None:
    office.deploy(one_task(remind="PT1H", esc=DIRECTOR))

    case = office.start(owner)

    assert office.jobs() == []
    assert office.task(case, "U_do").remind_at is None


@pytest.mark.parametrize(
    ("remind", "hours"), [("PT1H", 1), ('="PT2H"', 2), ('="none"', None), ("none", None)]
)
def test_the_diagram_says_when_to_remind(
    office: Office, owner: Actor, remind: str, hours: int | None
) -> None:
    office.deploy(one_task(due="PT10H", remind=remind))

    office.start(owner)

    expected = None if hours is None else office.now + hours * HOUR
    assert watches(office).get("reminder") == expected


def test_a_reminder_on_a_day_off_waits_for_the_next_morning(office: Office, owner: Actor) -> None:
    """80 % of ninety hours from Friday afternoon is Monday, and that is a holiday."""
    office.now = datetime(2026, 4, 3, 14, tzinfo=UTC)
    with office.work() as work:
        told: dict[str, Any] = {"created_at": office.now, "created_by": "test"}
        monday = datetime(2026, 4, 6, tzinfo=UTC).date()
        work.session.add(Holiday(day=monday, name="Easter Monday", **told))
    office.deploy(one_task(due="PT90H"))

    office.start(owner)

    assert watches(office) == {
        "reminder": datetime(2026, 4, 7, 6, tzinfo=UTC),
        "overdue": datetime(2026, 4, 7, 8, tzinfo=UTC),
    }


def test_a_reminder_is_not_put_off_past_the_due_date(office: Office, owner: Actor) -> None:
    office.now = datetime(2026, 3, 7, 10, tzinfo=UTC)  # a Saturday
    office.deploy(one_task(due="PT10H"))

    office.start(owner)

    assert watches(office)["reminder"] == office.now + 8 * HOUR


def test_a_due_date_may_be_an_expression(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="=deadline"))

    office.start(owner, deadline="2026-03-04")

    assert watches(office)["overdue"] == datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("deadline", ["soon", 7, [], "wd(5000000)", "0000-00-00"])
def test_a_due_date_that_makes_no_sense_is_an_incident(
    office: Office, owner: Actor, deadline: Any
) -> None:
    office.deploy(one_task(due="=deadline"))

    case = office.start(owner, deadline=deadline)

    assert office.incident(case).activity_id == "U_do"
    assert "due" in office.incident(case).message


@pytest.mark.parametrize("deadline", [None, ""])
def test_an_expression_may_give_no_due_date(
    office: Office, owner: Actor, deadline: str | None
) -> None:
    office.deploy(one_task(due="=deadline"))

    case = office.start(owner, deadline=deadline)

    assert office.open(case) == ["U_do"]
    assert watches(office) == {}


def test_a_due_date_in_the_past_is_late_at_once(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="2026-02-27", esc=DIRECTOR))

    case = office.start(owner)
    office.run_jobs()

    assert office.task(case, "U_do").escalated_to == DIRECTOR
    assert "reminder" not in watches(office)


# --- reminders ------------------------------------------------------------------------------------


def test_the_role_is_reminded_while_nobody_holds_the_task(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="PT10H", exclude="=[initiator]"))
    case = office.start(owner)

    [notice] = run_watches(office, 8 * HOUR)

    task = office.task(case, "U_do")
    assert task.due_at is not None
    assert notice.payload == {
        "template": "reminder",
        "to": [OWNER],
        "exclude": [owner.key],
        "task": str(task.id),
        "task_name": "U_do",
        "due_at": task.due_at.isoformat(),
    }
    assert notice.instance_id == case


def test_who_holds_the_task_is_reminded(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="PT10H"))
    case = office.start(owner)
    office.claim(owner, office.task(case, "U_do").id)

    [notice] = run_watches(office, 8 * HOUR)

    assert notice.payload["to"] == [owner.key]


# --- being late -----------------------------------------------------------------------------------


def test_a_late_task_is_told_in_the_trail(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="PT10H", remind="none"))
    case = office.start(owner)
    task = office.task(case, "U_do")

    notices = run_watches(office, 10 * HOUR)

    told = office.details(case, AuditAction.TASK_OVERDUE)
    assert told == {"task": str(task.id), "name": "U_do", "due_at": "2026-03-02T19:30:00+00:00"}
    assert notices == []


def test_another_role_hears_of_a_late_task(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="PT10H", remind="none", esc=DIRECTOR))
    case = office.start(owner)

    [notice] = run_watches(office, 10 * HOUR)

    assert (notice.payload["template"], notice.payload["to"]) == ("overdue", [DIRECTOR])
    assert notice.payload["may_step_in"] is True
    assert office.details(case, AuditAction.TASK_OVERDUE)["escalated_to"] == DIRECTOR


def test_before_it_is_late_the_other_role_has_nothing_to_do_with_it(
    office: Office, owner: Actor, director: Actor
) -> None:
    office.deploy(one_task(due="PT10H", esc="=boss"))
    case = office.start(owner, boss=DIRECTOR)

    assert inbox(office, director) == []
    with pytest.raises(NotFoundError):
        office.claim(director, office.task(case, "U_do").id)


def test_the_other_role_sees_claims_and_completes_a_late_task(
    office: Office, owner: Actor, director: Actor
) -> None:
    office.deploy(one_task(due="PT10H", esc="=boss"))
    case = office.start(owner, boss=DIRECTOR)
    run_watches(office, 10 * HOUR)

    assert inbox(office, director) == inbox(office, director, InboxView.GROUP) == ["U_do"]
    assert inbox(office, owner) == ["U_do"]
    with office.look(director) as work:
        assert instances.get_visible_instance(work, case).id == case
    task = office.claim(director, office.task(case, "U_do").id)
    office.complete(director, task.id)

    assert office.instance(case).has_ended
    assert inbox(office, director, InboxView.DONE) == ["U_do"]


def test_a_late_task_is_taken_over_from_who_holds_it(
    office: Office, owner: Actor, director: Actor
) -> None:
    office.deploy(one_task(due="PT10H", esc=DIRECTOR))
    case = office.start(owner)
    task_id = office.task(case, "U_do").id
    office.claim(owner, task_id)
    run_watches(office, 10 * HOUR)

    office.claim(director, task_id)

    assert office.details(case, AuditAction.TASK_CLAIMED)["taken_over_from"] == owner.key
    assert inbox(office, owner) == []
    assert inbox(office, director, InboxView.MINE) == ["U_do"]
    with pytest.raises(TaskClaimedByOtherError):
        office.complete(owner, task_id)


@pytest.mark.parametrize("is_done", [False, True])
def test_who_held_a_late_task_hears_that_it_was_taken_over(
    office: Office, owner: Actor, director: Actor, *, is_done: bool
) -> None:
    office.deploy(one_task(due="PT10H", remind="none", esc=DIRECTOR))
    case = office.start(owner)
    task_id = office.task(case, "U_do").id
    office.claim(owner, task_id)
    run_watches(office, 10 * HOUR)
    before = notices(office)

    (office.complete if is_done else office.claim)(director, task_id)

    [notice] = [one for one in notices(office) if one.id not in {b.id for b in before}]
    told = notice.payload
    assert (told["template"], told["to"], told["is_done"]) == ("taken_over", [owner.key], is_done)
    assert told["person"]
    action = AuditAction.TASK_COMPLETED if is_done else AuditAction.TASK_CLAIMED
    assert office.details(case, action)["taken_over_from"] == owner.key


def test_nobody_is_told_when_nobody_held_the_late_task(
    office: Office, owner: Actor, director: Actor
) -> None:
    office.deploy(one_task(due="PT10H", remind="none", esc=DIRECTOR))
    case = office.start(owner)
    run_watches(office, 10 * HOUR)
    before = len(notices(office))

    office.claim(director, office.task(case, "U_do").id)
    office.complete(director, office.task(case, "U_do").id)

    assert len(notices(office)) == before


def test_what_was_taken_over_from_one_person_can_be_given_back_to_that_person(
    office: Office, personal: UUID, owner: Actor, director: Actor
) -> None:
    office.claim(director, personal)
    deputy = office.hire(DIRECTOR)
    office.claim(deputy, personal)

    office.act(deputy, user_tasks.release_task, personal)

    case = office.act(owner, user_tasks.get_visible_task, personal).instance_id
    assert office.details(case, AuditAction.TASK_RELEASED)["given_back_to"] == owner.key
    told = {one.payload["template"]: one.payload["to"] for one in notices(office)}
    assert told["task_assigned"] == [owner.key]
    assert inbox(office, owner, InboxView.MINE) == ["U_do"]
    assert inbox(office, director, InboxView.GROUP) == ["U_do"]
    with pytest.raises(ForbiddenError, match="assigned this task to one person"):
        office.act(owner, user_tasks.release_task, personal)


def test_the_person_whom_it_was_taken_from_hears_who_has_it(
    office: Office, personal: UUID, owner: Actor, director: Actor
) -> None:
    office.claim(director, personal)

    with pytest.raises(TaskClaimedByOtherError) as refused:
        office.complete(owner, personal)

    assert refused.value.winner == director.user_id


def test_it_is_given_back_to_nobody_but_its_own_person_after_a_second_round(
    office: Office, personal: UUID, owner: Actor, director: Actor
) -> None:
    for _ in range(2):
        office.claim(director, personal)
        office.act(director, user_tasks.release_task, personal)

    office.complete(owner, personal)

    assert inbox(office, director) == []


def test_a_late_task_of_one_person_can_be_done_by_the_other_role(
    office: Office, owner: Actor, director: Actor
) -> None:
    office.deploy(
        bundle(
            start(),
            user("U_do", assignee="=initiator", due="PT10H", esc=DIRECTOR),
            end(),
            flows("start U_do end"),
        )
    )
    case = office.start(owner)
    task_id = office.task(case, "U_do").id
    colleague = office.hire(OWNER)
    run_watches(office, 10 * HOUR)

    with pytest.raises((ForbiddenError, NotFoundError)):
        office.complete(colleague, task_id)
    office.complete(director, task_id)

    assert office.instance(case).has_ended


def test_a_late_task_stays_with_its_own_people(
    office: Office, owner: Actor, director: Actor
) -> None:
    office.deploy(one_task(due="PT10H", esc=DIRECTOR))
    case = office.start(owner)
    run_watches(office, 10 * HOUR)

    office.complete(owner, office.task(case, "U_do").id)

    assert inbox(office, director) == []


def test_separation_of_duties_holds_for_the_other_role_too(office: Office, director: Actor) -> None:
    office.deploy(one_task(due="PT10H", esc=DIRECTOR, exclude="=[initiator]"))
    case = office.start(director)
    task_id = office.task(case, "U_do").id
    run_watches(office, 10 * HOUR)

    assert inbox(office, director) == []
    with pytest.raises(SeparationOfDutiesError):
        office.complete(director, task_id)


def test_who_holds_both_roles_is_offered_a_late_task_once(office: Office) -> None:
    both = office.hire(OWNER, DIRECTOR, "admin")
    office.deploy(one_task(due="PT10H", esc=DIRECTOR))
    case = office.start(both)
    run_watches(office, 10 * HOUR)

    assert inbox(office, both) == ["U_do"]
    office.claim(both, office.task(case, "U_do").id)
    assert inbox(office, both) == ["U_do"]
    assert inbox(office, both, InboxView.GROUP) == []


def test_late_tasks_are_counted_once(office: Office, owner: Actor, director: Actor) -> None:
    both = office.hire(OWNER, DIRECTOR)
    office.deploy(one_task(due="PT10H", esc=DIRECTOR))
    office.start(owner)
    run_watches(office, 10 * HOUR)

    for actor in (owner, director, both):
        with office.look(actor) as work:
            counts = task_rows.count_inbox(
                work.session, actor, now=office.now + HOUR, day_end=office.now + HOUR
            )
        assert (counts.mine, counts.group, counts.overdue) == (0, 1, 1)


# --- what ends the watch --------------------------------------------------------------------------


def test_a_completed_task_is_watched_no_more(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="=deadline"))
    case = office.start(owner, deadline="PT10H")

    office.complete(owner, office.task(case, "U_do").id)

    assert office.jobs() == []


def test_a_case_that_is_cancelled_is_watched_no_more(office: Office, owner: Actor) -> None:
    admin = office.hire("admin")
    office.deploy(one_task(due="PT10H"))
    case = office.start(owner)

    office.act(admin, instances.cancel_instance, case, "Not needed")

    assert office.jobs() == []


def test_claiming_and_giving_back_keep_the_watch(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="PT10H"))
    case = office.start(owner)
    before = watches(office)

    task = office.claim(owner, office.task(case, "U_do").id)
    office.act(owner, user_tasks.release_task, task.id)

    assert watches(office) == before


def test_a_suspended_case_holds_its_watch(office: Office, owner: Actor) -> None:
    admin = office.hire("admin")
    office.deploy(one_task(due="PT10H", esc=DIRECTOR))
    case = office.start(owner)
    office.act(admin, instances.suspend_instance, case, "Wait")

    office.run_jobs(11 * HOUR)
    assert office.task(case, "U_do").escalated_to is None
    office.act(admin, instances.resume_instance, case, "Go on")
    office.run_jobs()

    assert office.task(case, "U_do").escalated_to == DIRECTOR


def test_the_watch_of_one_task_leaves_that_of_another(office: Office) -> None:
    customer = office.hire("customer")
    office.deploy(two_tasks(due="PT10H"))
    case = office.start(customer)
    assert watches(office) == {}

    office.complete(customer, office.task(case, "U_ask").id)

    assert set(watches(office)) == {"reminder", "overdue"}


def test_a_role_that_does_not_exist_cannot_step_in(office: Office) -> None:
    files: Files = one_task(due="PT10H", esc="stranger")

    with pytest.raises(DeploymentRefusedError) as refused:
        office.deploy(files)

    assert [one.code for one in refused.value.problems] == ["role-unknown"]


# --- the demonstration ----------------------------------------------------------------------------


def test_a_task_is_staged_to_be_late_in_two_minutes(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="P9D", esc=DIRECTOR))
    case = office.start(owner)
    office.now += timedelta(days=1)

    office.act(SYSTEM, stage_late_task)

    assert watches(office) == {
        "reminder": office.now + timedelta(minutes=1),
        "overdue": office.now + timedelta(minutes=2),
    }
    run_watches(office, timedelta(minutes=2))
    assert office.task(case, "U_do").escalated_to == DIRECTOR


def test_without_a_task_for_another_role_nothing_is_staged(office: Office, owner: Actor) -> None:
    office.deploy(one_task(due="P9D"))
    office.start(owner)

    assert office.act(SYSTEM, stage_late_task) is None
