"""What goes wrong behind a completed task: the completion stands, an operator mends the rest."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor, RoleGrant
from ssflow.domain.incident import IncidentClosedError, IncidentKind, IncidentStatus
from ssflow.domain.instance import InstanceNotRunningError, InstanceStatus
from ssflow.domain.registers.customers import Customer
from ssflow.domain.user_task import TaskStatus
from ssflow.engine.snapshot import IncidentKind as EngineKind
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import incidents, instances, user_tasks
from ssflow.services.incidents import NotPassableError, resolve_incident, retry_incident
from ssflow.services.registers import add_record, list_register
from ssflow.store import incidents as incident_rows
from ssflow.store.incidents import IncidentFilter
from tests.engine.diagrams import (
    choice,
    decision_table,
    end,
    flows,
    parallel,
    rule,
    script,
    service,
    start,
    user,
)
from tests.services.bundles import Files, bundle, with_script
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


def then(*parts: str, path: str) -> Files:
    """A task, something behind it, and another task."""
    return bundle(
        start(),
        user("U_first", role="service_owner"),
        *parts,
        user("U_last", role="service_owner"),
        end(),
        flows(f"start U_first {path} U_last end"),
    )


REGISTER = {
    "title": "'Mail'",
    "change_type": "'new'",
    "customer": "customer",
    "summary": "'For all'",
    "need_source": "'strategy'",
    "audience": "'internal'",
}
FAULTS: dict[str, tuple[Files, str, str]] = {
    "raises": (with_script("a = 1\nb = a / 0"), "X_compute", "script"),
    "unknown name": (with_script("b = surprise"), "X_compute", "script"),
    "loops": (with_script("while True:\n    pass"), "X_compute", "script"),
    "eats memory": (
        with_script("x = []\nwhile True:\n    x.append('y' * 1000000)"),
        "X_compute",
        "script",
    ),
    "recurses": (with_script("def f():\n    return f()\nx = f()"), "X_compute", "script"),
    "too much data": (with_script("x = 'y' * 2000000"), "X_compute", "data"),
    "a number too large": (with_script("x = 2 ** 70"), "X_compute", "data"),
    "condition": (
        bundle(
            start(),
            user("U_first", role="service_owner"),
            choice("G", "end"),
            end(),
            end("E2"),
            flows("start U_first G end", "G[surprise > 1]-> E2"),
        ),
        "G",
        "condition",
    ),
    "no matching row": (
        {
            **then(rule("B", "d"), path="B"),
            "d.dmn": decision_table("d", ["x"], ["y"], [["5", "1"]]),
        },
        "B",
        "decision",
    ),
    "operation": (
        then(service("S", "proposal.approve", {"proposal": "'nonsense'"}), path="S"),
        "S",
        "operation",
    ),
    "a record that is not there": (
        then(
            service("S_register", "proposal.register", REGISTER),
            service(
                "S_define",
                "proposal.define",
                {
                    "proposal": "result['id']",
                    "define": "{'objectives': ['00000000-0000-4000-8000-000000000000']}",
                },
            ),
            path="S_register S_define",
        ),
        "S_define",
        "operation",
    ),
    "a value of another type": (
        then(
            service("S_register", "proposal.register", REGISTER),
            service(
                "S_define",
                "proposal.define",
                {
                    "proposal": "result['id']",
                    "define": "{'security_class': {'a': 1}, 'objectives': []}",
                },
            ),
            path="S_register S_define",
        ),
        "S_define",
        "operation",
    ),
    "a form that is bent": (
        then(
            service("S_register", "proposal.register", REGISTER),
            service(
                "S_define",
                "proposal.define",
                {"proposal": "result['id']", "define": "{'objectives': 5}"},
            ),
            path="S_register S_define",
        ),
        "S_define",
        "operation",
    ),
    "expression": (
        bundle(
            start(),
            user("U_first", role="service_owner"),
            user("U_last", role="service_owner", assignee="=surprise"),
            end(),
            flows("start U_first U_last end"),
        ),
        "U_last",
        "expression",
    ),
}


@pytest.mark.parametrize(("files", "element", "kind"), FAULTS.values(), ids=FAULTS)
def test_a_completed_task_stands_whatever_comes_after_it(
    office: Office, owner: Actor, files: Files, element: str, kind: str
) -> None:
    office.deploy(files)
    customer = {"name": "Acme", "mandate_holder": office.hire("customer").key}
    with office.work() as work:
        acme = add_record(work, "Customer", customer)
    instance_id = office.start(owner, customer=str(acme.id))
    task = office.task(instance_id, "U_first")

    done = office.complete(owner, task.id, x=1)

    assert done.status is TaskStatus.COMPLETED
    incident = office.incident(instance_id)
    assert (incident.activity_id, incident.kind) == (element, kind)
    assert incident.message
    case = office.instance(instance_id)
    assert (case.status, case.open_incidents) == (InstanceStatus.RUNNING, 1)
    assert office.open(instance_id) == []
    assert office.actions(instance_id)[-1] == "incident.opened"
    assert "task.completed" in office.actions(instance_id)
    with office.look() as work:
        registered = list_register(work, "ServiceProposal").items
    assert len(registered) == (element == "S_define")


def test_an_incident_tells_the_line_and_the_data_at_hand(office: Office, owner: Actor) -> None:
    office.deploy(with_script("a = 1\nb = amount / 0"))
    instance_id = office.start(owner)

    office.complete(owner, office.task(instance_id, "U_first").id, amount=3)

    incident = office.incident(instance_id)
    assert (incident.line, incident.source_line) == (2, "b = amount / 0")
    assert incident.variables["amount"] == 3
    assert "division" in incident.message.lower()


def test_other_branches_go_on_but_the_case_cannot_end(office: Office, owner: Actor) -> None:
    office.deploy(
        bundle(
            start(),
            parallel("split"),
            user("U_do", role="service_owner"),
            script("X_bad", "x = 1 / 0"),
            parallel("join"),
            end(),
            flows("start split U_do join end", "split X_bad join"),
        )
    )
    instance_id = office.start(owner)

    office.complete(owner, office.task(instance_id, "U_do").id)

    assert office.instance(instance_id).status is InstanceStatus.RUNNING
    assert office.incident(instance_id).activity_id == "X_bad"


def test_a_retry_with_other_data_goes_on(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    retried = office.act(admin, retry_incident, incident.id, {"parts": 4}, "Typed wrong")

    assert (retried.status, retried.resolved_by) == (IncidentStatus.RESOLVED, admin.user_id)
    assert retried.resolved_at == office.now
    assert office.open(instance_id) == ["U_last"]
    assert office.variables(instance_id) == {"parts": 4, "share": 25.0}
    assert office.instance(instance_id).open_incidents == 0
    told = office.details(instance_id, AuditAction.INCIDENT_RETRIED)
    assert (told["before"], told["after"]) == ({"parts": 0}, {"parts": 4})
    assert told["reason"] == "Typed wrong"
    assert "X_compute" in told["path"]


def test_a_retry_without_changes_fails_again_and_is_counted(
    office: Office, owner: Actor, admin: Actor
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    office.act(admin, retry_incident, incident.id)
    office.act(admin, retry_incident, incident.id)

    again = office.incident(instance_id)
    assert (again.id, again.attempts, again.status) == (incident.id, 3, IncidentStatus.OPEN)
    assert office.instance(instance_id).open_incidents == 1


def test_a_settled_incident_is_not_retried(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)
    office.act(admin, retry_incident, incident.id, {"parts": 1})

    with pytest.raises(IncidentClosedError) as caught:
        office.act(admin, retry_incident, incident.id, {"parts": 2})

    assert caught.value.winner == admin.user_id


def test_only_administrators_retry(office: Office, owner: Actor) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    for actor in (owner, office.hire("auditor")):
        assert office.act(actor, incidents.get_visible_incident, incident.id).id == incident.id
        with pytest.raises(ForbiddenError):
            office.act(actor, retry_incident, incident.id, {"parts": 1})


@pytest.mark.parametrize(
    "changes", [{"initiator": "me"}, {"x": float("nan")}, {"x": "a\0"}, {"x": 2**60}]
)
def test_data_that_cannot_be_kept_is_refused(
    office: Office, owner: Actor, admin: Actor, changes: dict[str, object]
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)

    with pytest.raises(InvalidInputError):
        office.act(admin, retry_incident, office.incident(instance_id).id, changes)

    assert office.incident(instance_id).attempts == 1


@pytest.mark.parametrize("reason", ["\ud800", "x" * 1001])
def test_a_reason_that_cannot_be_kept_is_refused(
    office: Office, owner: Actor, admin: Actor, reason: str
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)

    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, retry_incident, office.incident(instance_id).id, None, reason)

    assert "reason" in refused.value.errors


def test_incidents_of_a_suspended_case_wait(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    office.act(admin, instances.suspend_instance, instance_id, "Look closer")

    with pytest.raises(InstanceNotRunningError):
        office.act(admin, retry_incident, office.incident(instance_id).id, {"parts": 1})


def test_a_cancelled_case_closes_its_incidents(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    office.act(admin, instances.cancel_instance, instance_id, "Hopeless")

    settled = office.act(admin, incidents.get_visible_incident, incident.id)
    assert settled.status is IncidentStatus.CLOSED
    with pytest.raises(IncidentClosedError):
        office.act(admin, retry_incident, incident.id, {"parts": 1})


def test_a_case_that_breaks_at_its_start_is_kept_too(
    office: Office, owner: Actor, admin: Actor
) -> None:
    office.deploy(bundle(start(), script("X", "y = x + 1"), end(), flows("start X end")))

    instance_id = office.start(owner)
    office.act(admin, retry_incident, office.incident(instance_id).id, {"x": 1})

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.variables(instance_id) == {"x": 1, "y": 2}


def test_what_was_said_is_in_the_trail_although_the_script_failed(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_script("x = 1 / 0"))
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_first")

    office.complete(owner, task.id, said="yes")

    with office.look(owner) as work:
        assert user_tasks.get_visible_task(work, task.id).completed_by == owner.user_id
    assert office.details(instance_id, AuditAction.TASK_COMPLETED)["fields"] == {"said": "yes"}


# --- what an operator needs to mend it -----------------------------------------------------------


def test_the_code_is_told_up_to_the_faulty_line_with_what_it_names(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_script("a = 1\nb = amount / parts + surprise\nc = 2"))
    instance_id = office.start(owner, other="not named")
    office.complete(owner, office.task(instance_id, "U_first").id, amount=3, parts=0)

    with office.look(owner) as work:
        code = incidents.read_faulty_code(work, office.incident(instance_id))

    assert [(line.number, line.text) for line in code.lines] == [
        (1, "a = 1"),
        (2, "b = amount / parts + surprise"),
    ]
    assert [line.is_faulty for line in code.lines] == [False, True]
    assert code.given == {"amount": 3, "parts": 0}
    assert code.missing == ["surprise"]


@pytest.mark.parametrize("fault", ["condition", "no matching row", "operation", "expression"])
def test_the_data_that_other_faulty_elements_name_is_told(
    office: Office, owner: Actor, fault: str
) -> None:
    office.deploy(FAULTS[fault][0])
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, x=1)

    with office.look(owner) as work:
        code = incidents.read_faulty_code(work, office.incident(instance_id))

    expected: dict[str, tuple[dict[str, int], list[str]]] = {
        "no matching row": ({"x": 1}, []),
        "operation": ({}, []),
    }
    assert (code.given, code.missing) == expected.get(fault, ({}, ["surprise"]))


def test_what_each_attempt_said_is_kept(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    office.act(admin, retry_incident, incident.id, {"parts": "a"})
    office.act(admin, retry_incident, incident.id, {"parts": None})

    faults = [fault["message"] for fault in office.incident(instance_id).faults or []]
    assert len(faults) == 3
    assert "division" in faults[0].lower()
    assert len(set(faults)) == 3


# --- done by hand --------------------------------------------------------------------------------


def test_a_step_done_by_hand_is_passed_with_what_it_would_have_written(
    office: Office, owner: Actor, admin: Actor
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    done = office.act(admin, resolve_incident, incident.id, {"share": 12}, "Worked out by hand")

    assert (done.status, done.resolved_by) == (IncidentStatus.RESOLVED, admin.user_id)
    assert office.open(instance_id) == ["U_last"]
    assert office.variables(instance_id) == {"parts": 0, "share": 12}
    assert office.instance(instance_id).open_incidents == 0
    told = office.details(instance_id, AuditAction.INCIDENT_CLOSED)
    assert (told["before"], told["after"]) == ({"share": None}, {"share": 12})
    assert told["reason"] == "Worked out by hand"


@pytest.mark.parametrize("fault", ["operation", "no matching row"])
def test_an_operation_or_a_decision_can_be_done_by_hand(
    office: Office, owner: Actor, admin: Actor, fault: str
) -> None:
    office.deploy(FAULTS[fault][0])
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, x=1)

    office.act(admin, resolve_incident, office.incident(instance_id).id, {"y": 2}, "By hand")

    assert office.open(instance_id) == ["U_last"]
    assert office.variables(instance_id)["y"] == 2


def test_what_follows_a_step_done_by_hand_may_fail_on_its_own(
    office: Office, owner: Actor, admin: Actor
) -> None:
    files = then(script("X_one", "a = 1 / 0"), script("X_two", "b = 1 / 0"), path="X_one X_two")
    office.deploy(files)
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id)

    office.act(admin, resolve_incident, office.incident(instance_id).id, {"a": 1}, "By hand")

    assert office.incident(instance_id).activity_id == "X_two"
    assert office.instance(instance_id).open_incidents == 1


@pytest.mark.parametrize("fault", ["condition", "expression"])
def test_what_decides_or_asks_a_person_is_not_passed_over(
    office: Office, owner: Actor, admin: Actor, fault: str
) -> None:
    office.deploy(FAULTS[fault][0])
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id)
    incident = office.incident(instance_id)

    with pytest.raises(NotPassableError):
        office.act(admin, resolve_incident, incident.id, {}, "By hand")
    with office.look(admin) as work:
        assert not incidents.may_resolve(work, incident)
    assert office.incident(instance_id).status is IncidentStatus.OPEN


def test_doing_a_step_by_hand_needs_a_reason_and_an_administrator(
    office: Office, owner: Actor, admin: Actor
) -> None:
    office.deploy(with_script("share = 100 / parts"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    with pytest.raises(InvalidInputError):
        office.act(admin, resolve_incident, incident.id, {}, " ")
    with pytest.raises(ForbiddenError):
        office.act(owner, resolve_incident, incident.id, {}, "By hand")
    with pytest.raises(NotFoundError):
        office.act(office.hire("customer"), resolve_incident, incident.id, {}, "By hand")


# --- many at once --------------------------------------------------------------------------------


@pytest.fixture
def stuck(office: Office, owner: Actor) -> list[UUID]:
    """Three cases that are stuck at a division by zero."""
    office.deploy(with_script("share = 100 / parts"))
    cases = [office.start(owner) for _ in range(3)]
    for case in cases:
        office.complete(owner, office.task(case, "U_first").id, parts=0)
    return cases


def mend(office: Office, admin: Actor, case: UUID) -> None:
    """Settle an incident by hand, as another operator would."""
    office.act(admin, retry_incident, office.incident(case).id, {"parts": 5})


def test_many_are_tried_again_each_as_a_step_of_its_own(
    office: Office, admin: Actor, stuck: list[UUID]
) -> None:
    suspended, mended, hopeless = stuck
    office.act(admin, instances.suspend_instance, suspended, "Wait")
    with office.look(admin) as work:
        assert incidents.count_for_bulk_retry(work, IncidentFilter(key="p")) == 3

    retry = office.act(admin, incidents.retry_many, IncidentFilter(key="p"), "All at once")
    mend(office, admin, mended)
    office.run_jobs()

    with office.look(admin) as work:
        progress = incidents.progress_of(work, incidents.get_bulk_retry(work, retry.id))
        items = incident_rows.list_bulk_items(work.session, retry.id).items
    assert (progress.retry.total, progress.waiting, progress.is_done) == (3, 0, True)
    assert (progress.settled, progress.failed_again, progress.skipped) == (0, 1, 2)
    assert sorted(bool(item.message) for item in items) == [True] * 3
    told = office.details(hopeless, AuditAction.INCIDENT_RETRIED)
    assert told["reason"] == "All at once"
    assert office.incident(hopeless).attempts == 2
    [event] = [e for e in office.events(hopeless) if e.action is AuditAction.INCIDENT_RETRIED]
    assert event.actor == admin.key


def test_what_was_mended_elsewhere_works_when_it_is_tried_again(
    office: Office, owner: Actor, admin: Actor
) -> None:
    office.deploy(then(service("S", "proposal.register", REGISTER), path="S"))
    case = office.start(owner, customer=str(missing := uuid4()))
    office.complete(owner, office.task(case, "U_first").id)
    assert office.incident(case).kind == "operation"
    customer = {"name": "Acme", "mandate_holder": office.hire("customer").key}
    with office.work() as work:
        add_record(work, "Customer", customer)
        work.session.execute(update(Customer).values(id=missing))

    wanted = IncidentFilter(kind=IncidentKind.OPERATION)
    retry = office.act(admin, incidents.retry_many, wanted, "The customer is there now")
    office.run_jobs()

    with office.look(admin) as work:
        assert incidents.progress_of(work, retry).settled == 1
    assert office.open(case) == ["U_last"]


@pytest.mark.parametrize(
    ("role", "wanted", "reason", "error"),
    [
        ("auditor", IncidentFilter(), "why", ForbiddenError),
        ("admin", IncidentFilter(), "", InvalidInputError),
        ("admin", IncidentFilter(key="other"), "why", InvalidInputError),
    ],
)
def test_a_bulk_retry_that_makes_no_sense_is_refused(
    office: Office,
    stuck: list[UUID],
    role: str,
    wanted: IncidentFilter,
    reason: str,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        office.act(office.hire(role), incidents.retry_many, wanted, reason)

    assert office.jobs() == []


def test_who_asked_must_still_administer_when_it_is_done(
    office: Office, admin: Actor, stuck: list[UUID]
) -> None:
    retry = office.act(admin, incidents.retry_many, IncidentFilter(), "All at once")
    with office.work() as work:
        [grant] = work.session.scalars(select(RoleGrant).where(RoleGrant.user_id == admin.user_id))
        work.session.delete(grant)

    office.run_jobs()

    with office.look(office.hire("admin")) as work:
        assert incidents.progress_of(work, retry).skipped == 3
    assert [office.incident(case).attempts for case in stuck] == [1, 1, 1]


def test_bulk_retries_are_for_those_who_see_every_case(
    office: Office, owner: Actor, admin: Actor, stuck: list[UUID]
) -> None:
    retry = office.act(admin, incidents.retry_many, IncidentFilter(), "All at once")

    with pytest.raises(NotFoundError):
        office.act(owner, incidents.get_bulk_retry, retry.id)
    assert office.act(office.hire("auditor"), incidents.get_bulk_retry, retry.id).id == retry.id


def test_kinds_of_incidents_are_those_of_the_engine() -> None:
    assert [str(kind) for kind in IncidentKind] == [str(kind) for kind in EngineKind]
