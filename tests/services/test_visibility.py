"""Who sees what of a case: to strangers it is not there at all."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from ssflow.domain.identity import NOBODY, Actor
from ssflow.errors import NotFoundError
from ssflow.services import attachments, incidents, instances, user_tasks
from ssflow.store.audit import list_events
from ssflow.store.incidents import list_incidents
from ssflow.store.instances import list_instances
from ssflow.store.unit_of_work import UnitOfWork
from tests.engine.diagrams import end, flows, parallel, script, start, user
from tests.services.bundles import bundle
from tests.services.office import Office

Look = Callable[[UnitOfWork, "Case"], Any]


class Case:
    """A case with a task, a comment, a file and an incident."""

    def __init__(self, office: Office, starter: Actor) -> None:
        office.deploy(
            bundle(
                start(),
                parallel("split"),
                user("U_do", role="service_owner"),
                script("X_bad", "x = 1 / 0"),
                end("E1"),
                end("E2"),
                flows("start split U_do E1", "split X_bad E2"),
            )
        )
        self.id = office.start(starter)
        self.task_id = office.task(self.id, "U_do").id
        self.incident_id = office.incident(self.id).id
        self.file_id: UUID = office.act(
            starter, attachments.store_attachment, "a.txt", "", b"x", instance_id=self.id
        ).id


LOOKS: dict[str, Look] = {
    "case": lambda work, case: instances.get_visible_instance(work, case.id),
    "variables": lambda work, case: instances.variables_of(work, case.id),
    "diagram": lambda work, case: instances.diagram_of(work, case.id),
    "trace": lambda work, case: instances.trace_of(work, case.id),
    "events": lambda work, case: instances.events_of(work, case.id),
    "tasks": lambda work, case: instances.tasks_of(work, case.id),
    "comments": lambda work, case: instances.comments_of(work, case.id),
    "task": lambda work, case: user_tasks.get_visible_task(work, case.task_id),
    "form": lambda work, case: user_tasks.task_form(work, case.task_id),
    "form source": lambda work, case: user_tasks.form_source(work, case.task_id),
    "file": lambda work, case: attachments.read_attachment(work, case.file_id),
    "incident": lambda work, case: incidents.get_visible_incident(work, case.incident_id),
}
DEEDS: dict[str, Look] = {
    "comment": lambda work, case: instances.add_comment(work, case.id, "Hello"),
    "attach": lambda work, case: attachments.store_attachment(
        work, "b.txt", "", b"x", instance_id=case.id
    ),
    "claim": lambda work, case: user_tasks.claim_task(work, case.task_id),
    "release": lambda work, case: user_tasks.release_task(work, case.task_id),
    "complete": lambda work, case: user_tasks.complete_task(work, case.task_id, {}),
    "draft": lambda work, case: user_tasks.save_draft(work, case.task_id, {}),
    "suspend": lambda work, case: instances.suspend_instance(work, case.id, "x"),
    "cancel": lambda work, case: instances.cancel_instance(work, case.id, "x"),
    "retry": lambda work, case: incidents.retry_incident(work, case.incident_id),
}
LISTS: dict[str, Look] = {
    "cases": lambda work, _: list_instances(work.session, work.actor).items,
    "incidents": lambda work, _: list_incidents(work.session, work.actor).items,
    "events": lambda work, _: list_events(work.session, work.actor).items,
    "events of the case": lambda work, case: (
        list_events(work.session, work.actor, instance_id=case.id).items
    ),
}


@pytest.fixture
def starter(office: Office) -> Actor:
    return office.hire("customer")


@pytest.fixture
def case(office: Office, starter: Actor) -> Case:
    return Case(office, starter)


def test_to_a_stranger_a_case_is_not_there(office: Office, case: Case) -> None:
    stranger = office.hire("brm", "customer", "process_designer")
    before = office.actions(case.id)

    for look in [*LOOKS.values(), *DEEDS.values()]:
        with pytest.raises(NotFoundError), office.work(stranger) as work:
            look(work, case)
    with office.look(stranger) as work:
        listed = {name: list(look(work, case)) for name, look in LISTS.items()}

    assert listed == {name: [] for name in LISTS}
    assert office.actions(case.id) == before


@pytest.mark.parametrize("who", ["starter", "service_owner", "auditor", "admin"])
def test_those_concerned_see_everything_of_a_case(
    office: Office, case: Case, starter: Actor, who: str
) -> None:
    actor = starter if who == "starter" else office.hire(who)

    with office.look(actor) as work:
        for look in LOOKS.values():
            look(work, case)
        listed = {name: list(look(work, case)) for name, look in LISTS.items()}

    assert all(listed.values())


def test_who_did_a_task_still_sees_the_case(office: Office, case: Case) -> None:
    once = office.hire("service_owner")
    office.complete(once, case.task_id)
    moved_on = Actor(user_id=once.user_id, name=once.name, roles=frozenset({"brm"}))

    with office.look(moved_on) as work:
        seen = instances.get_visible_instance(work, case.id)

    assert seen.id == case.id


def test_an_uploaded_file_is_its_owners_until_it_belongs_to_a_case(
    office: Office, starter: Actor
) -> None:
    loose = office.act(starter, attachments.store_attachment, "a.txt", "", b"x")

    assert office.act(starter, attachments.read_attachment, loose.id).name == "a.txt"
    for other in (office.hire("admin"), office.hire("customer")):
        with pytest.raises(NotFoundError):
            office.act(other, attachments.read_attachment, loose.id)


def test_nobody_sees_nothing(office: Office, case: Case) -> None:
    for look in LOOKS.values():
        with pytest.raises(NotFoundError), office.work(NOBODY) as work:
            look(work, case)
