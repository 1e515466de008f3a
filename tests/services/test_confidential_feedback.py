"""A complaint about somebody's conduct: who sees its case, its record and its tasks."""

from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.identity import Actor
from ssflow.domain.job import JobKind
from ssflow.domain.registers.feedback import Feedback
from ssflow.errors import InvalidInputError, NotFoundError
from ssflow.services.deployment import deploy_files
from ssflow.services.instances import get_visible_instance
from ssflow.services.messages import send_message
from ssflow.services.registers import list_register, read_record
from ssflow.services.shipped import install_roles, read_bundles, shipped_root
from ssflow.store.database import Database
from ssflow.store.instances import list_instances
from tests.conftest import TIMEZONE
from tests.services.office import Office

FB: dict[str, Any] = {
    "kind_hint": "complaint",
    "subject": "Shouted at",
    "description": "Your colleague shouted at me at the counter.",
    "name": "Nadia",
    "email": "nadia@acme.example",
    "language": "nl",
    "consent": True,
}


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database)
    with made.work() as work:
        install_roles(work)
        for bundle in read_bundles(shipped_root() / "processes"):
            if bundle.area in ("shared", "relationships"):
                deploy_files(work, bundle.files, area=bundle.area)
    return made


@pytest.fixture
def desk(office: Office) -> Actor:
    return office.hire("service_desk")


def triaged(office: Office, desk: Actor, **triage: Any) -> Any:
    """Send a complaint in and triage it; gives its case."""
    with office.work(desk) as work:
        started = send_message(work, "feedback_received", None, FB)
    assert started.instance_id is not None
    task = office.task(started.instance_id, "U_triage")
    given = {"kind": "complaint", "category": "staff_conduct", "severity": "major", **triage}
    office.complete(desk, task.id, **given)
    return started.instance_id


def sees(office: Office, actor: Actor, instance_id: Any) -> tuple[bool, bool, bool]:
    """Tell whether the actor finds the case, finds it in the list, and finds its record."""
    with office.look(actor) as work:
        listed = instance_id in [one.id for one in list_instances(work.session, actor).items]
        records = [r for r in list_register(work, "Feedback").items if isinstance(r, Feedback)]
        try:
            get_visible_instance(work, instance_id)
        except NotFoundError:
            return False, listed, bool(records)
        return True, listed, bool(records)


@pytest.mark.parametrize("role", ["complaint_manager", "it_director", "auditor", "admin"])
def test_those_in_charge_see_it(office: Office, desk: Actor, role: str) -> None:
    instance_id = triaged(office, desk)

    assert sees(office, office.hire(role), instance_id) == (True, True, True)


@pytest.mark.parametrize("role", ["brm", "service_owner", "finance_manager", "slm"])
def test_other_viewers_of_complaints_do_not(office: Office, desk: Actor, role: str) -> None:
    instance_id = triaged(office, desk)

    assert sees(office, office.hire(role), instance_id) == (False, False, False)


def test_who_triaged_it_does_not_see_it_any_more(office: Office, desk: Actor) -> None:
    instance_id = triaged(office, desk)

    assert sees(office, desk, instance_id) == (False, False, False)


def test_other_complaints_stay_visible(office: Office, desk: Actor) -> None:
    instance_id = triaged(office, desk, category="billing")

    assert sees(office, desk, instance_id) == (True, True, True)
    assert sees(office, office.hire("brm"), instance_id) == (True, True, True)


def test_who_works_on_it_sees_the_case_while_they_do(office: Office, desk: Actor) -> None:
    instance_id = triaged(office, desk)
    manager = office.hire("complaint_manager")
    task = office.task(instance_id, "U_contact")

    office.claim(manager, task.id)

    assert sees(office, manager, instance_id)[0]


def test_nobody_reads_the_record_of_a_complaint_about_themselves(
    office: Office, desk: Actor
) -> None:
    manager = office.hire("complaint_manager")
    triaged(office, desk, about_user=str(manager.user_id))

    with office.look(manager) as work, pytest.raises(NotFoundError):
        read_record(work, "Feedback", "CMP-2026-0001")
    other = office.hire("complaint_manager")
    with office.look(other) as work:
        assert isinstance(read_record(work, "Feedback", "CMP-2026-0001"), Feedback)


def test_nobody_sees_the_case_of_a_complaint_about_themselves(office: Office, desk: Actor) -> None:
    accused, other = office.hire("complaint_manager"), office.hire("complaint_manager")

    instance_id = triaged(office, desk, about_user=str(accused.user_id))

    assert sees(office, accused, instance_id) == (False, False, False)
    assert sees(office, other, instance_id) == (True, True, True)


def test_nobody_steps_in_for_a_late_task_of_a_complaint_about_themselves(
    office: Office, desk: Actor
) -> None:
    accused, director = office.hire("complaint_manager"), office.hire("it_director")
    instance_id = triaged(office, desk, category="billing", about_user=str(accused.user_id))

    office.run_jobs(timedelta(days=30))
    office.run_jobs()

    assert sees(office, accused, instance_id) == (False, False, False)
    assert office.open(instance_id) == ["U_contact", "U_takeover"]
    for task in office.open_tasks(instance_id):
        with pytest.raises(NotFoundError):
            office.claim(accused, task.id)
    assert sees(office, director, instance_id)[0]


def test_a_task_that_gets_another_day_is_watched_by_that_day(office: Office, desk: Actor) -> None:
    manager = office.hire("complaint_manager")
    instance_id = triaged(office, desk, category="billing")
    office.run_jobs(timedelta(days=30))
    late = office.task(instance_id, "U_contact")
    new_day = (office.now + timedelta(days=20)).date()

    office.complete(
        manager,
        office.task(instance_id, "U_takeover").id,
        step="extend",
        new_due=new_day.isoformat(),
        reason="The contract had to be looked for.",
    )

    task = office.task(instance_id, "U_contact")
    watches = {job.kind: job.due_at for job in office.jobs(instance_id) if job.task_id == task.id}
    assert (late.escalated_to, task.escalated_to) == ("complaint_manager", None)
    assert task.due_at is not None
    assert task.remind_at is not None
    assert task.due_at.astimezone(TIMEZONE).date() == new_day
    assert watches == {JobKind.REMINDER: task.remind_at, JobKind.OVERDUE: task.due_at}
    assert office.now < task.remind_at < task.due_at


def test_notices_of_a_complaint_never_reach_whom_it_is_about(office: Office, desk: Actor) -> None:
    accused = office.hire("complaint_manager")

    instance_id = triaged(office, desk, about_user=str(accused.user_id))

    notices = [job.payload for job in office.jobs(instance_id) if job.kind is JobKind.NOTICE]
    [assigned] = [told for told in notices if told["template"] == "complaint_assigned"]
    assert assigned["to"] == ["complaint_manager"]
    assert assigned["exclude"] == [str(accused.user_id)]


def test_who_is_complained_about_carries_out_no_action(office: Office, desk: Actor) -> None:
    accused, manager = office.hire("service_owner"), office.hire("complaint_manager")
    instance_id = triaged(office, desk, about_user=str(accused.user_id))
    contact = {"contacted_on": "2026-03-02", "via": "phone", "understanding": "She was shouted at."}
    office.complete(
        manager,
        office.task(instance_id, "U_contact").id,
        **contact,
        desired_remedy="An apology",
        resolve_now=True,
    )
    action = {"what": "Say sorry", "owner": str(accused.user_id), "kind": "correct"}

    with pytest.raises(InvalidInputError) as caught:
        office.complete(
            manager,
            office.task(instance_id, "U_response").id,
            upheld="upheld",
            root_cause="people",
            response_text="You are right: our colleague should not have shouted.",
            remedy="apology",
            remedy_cost="0",
            actions=[action | {"due": "2099-01-04"}],
        )

    assert list(getattr(caught.value, "errors", {})) == ["actions.0.owner"]


def test_customers_see_no_register_of_feedback(office: Office, desk: Actor) -> None:
    triaged(office, desk, category="billing")

    with office.look(office.hire("customer")) as work, pytest.raises(NotFoundError):
        list_register(work, "Feedback")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nadia"}, "email"),
        ({"description": ""}, "description"),
        ({"consent": False}, "consent"),
        ({"language": "fr"}, "language"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"description": "x" * 500_000}, "description"),
    ],
)
def test_a_wrong_payload_is_refused_at_its_field_and_starts_nothing(
    office: Office, desk: Actor, wrong: dict[str, Any], field: str
) -> None:
    with office.work(desk) as work, pytest.raises(InvalidInputError) as caught:
        send_message(work, "feedback_received", None, FB | wrong)

    assert field in getattr(caught.value, "errors", {})
    with office.look() as work:
        assert list(list_instances(work.session, work.actor).items) == []
        assert list(list_register(work, "Feedback").items) == []


def test_a_message_for_a_case_that_does_not_wait_changes_nothing(
    office: Office, desk: Actor
) -> None:
    instance_id = triaged(office, desk, category="billing")
    before = office.actions(instance_id)

    with office.work(desk) as work:
        sent = send_message(work, "customer_accepts", "CMP-2026-0001", {"text": "fine"})

    assert sent.instance_id is None
    assert office.open(instance_id) == ["U_contact"]
    assert office.actions(instance_id) == before
