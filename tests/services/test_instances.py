"""Starting, holding and ending cases, and what is told about them."""

from hashlib import sha256

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.instance import InstanceNotRunningError, InstanceStatus
from ssflow.domain.user_task import TaskStatus
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import instances, user_tasks
from ssflow.services.attachments import store_attachment
from ssflow.store import instances as instance_rows
from ssflow.store import messages as message_rows
from ssflow.store import notes as note_rows
from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    diagram,
    end,
    flows,
    message,
    on_message,
    parallel,
    process,
    script,
    start,
    user,
)
from tests.services.bundles import (
    Files,
    bundle,
    number_field,
    one_budget_a_year,
    one_task,
    text_field,
    two_tasks,
    with_script,
)
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


def with_properties(**properties: str) -> Files:
    """A process with a single task and properties of its own."""
    told = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>'
        for name, value in properties.items()
    )
    extensions = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f"{told}</spiffworkflow:properties></bpmn:extensionElements>"
    )
    return bundle(
        extensions, start(), user("U_do", role="service_owner"), end(), flows("start U_do end")
    )


def with_start_form() -> Files:
    properties = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        '<spiffworkflow:property name="form" value="begin"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )
    picker = {"type": "filepicker", "key": "plan", "label": "Plan"}
    return bundle(
        start(inner=properties),
        user("U_do", role="service_owner"),
        end(),
        flows("start U_do end"),
        begin=[text_field("name", required=True), number_field("amount", max=10), picker],
    )


# --- start ----------------------------------------------------------------------------------------


def test_a_case_runs_to_where_it_first_waits(office: Office, owner: Actor) -> None:
    office.deploy(with_script("x = 1"))

    instance_id = office.start(owner, business_key="K1", topic="Mail")

    case = office.instance(instance_id)
    assert (case.key, case.version, case.business_key) == ("p", 1, "K1")
    assert (case.status, case.started_by, case.started_at) == ("running", owner.key, office.now)
    assert office.open(instance_id) == ["U_first"]
    assert office.variables(instance_id) == {"topic": "Mail"}


def test_a_case_may_end_at_once(office: Office, owner: Actor) -> None:
    office.deploy(bundle(start(), script("X", "x = 2 + 2"), end(), flows("start X end")))

    instance_id = office.start(owner)

    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.variables(instance_id) == {"x": 4}


def test_a_former_version_can_be_started(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    office.deploy(two_tasks())

    with office.work(owner) as work:
        case = instances.start_instance(work, "p", version=1)

    assert office.open(case.id) == ["U_do"]


def test_what_is_not_deployed_cannot_be_started(office: Office, owner: Actor) -> None:
    office.deploy(one_task())

    with pytest.raises(NotFoundError):
        office.start(owner, "q")
    with pytest.raises(NotFoundError), office.work(owner) as work:
        instances.start_instance(work, "p", version=2)


def test_only_starters_start(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_properties(starters="brm, portfolio_manager"))
    brm = office.hire("brm")

    with pytest.raises(ForbiddenError, match="brm, portfolio_manager"):
        office.start(owner)

    assert office.open(office.start(brm)) == ["U_do"]
    assert office.open(office.start(admin)) == ["U_do"]


def test_only_what_one_may_start_is_offered(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(with_properties(starters="brm"))
    office.deploy(bundle(start(), end(), flows("start end"), key="free"))
    by_message = start(inner=on_message("m"))
    files = diagram(message("m", "go"), process("told", by_message, end(), flows("start end")))
    office.deploy({"told.bpmn": files})

    offered = {
        actor.name: [d.key for d in office.act(actor, instances.startable_processes)]
        for actor in (owner, admin)
    }

    assert offered == {owner.name: ["free"], admin.name: ["free", "p"]}


def test_a_process_that_a_message_starts_is_not_started_by_hand(
    office: Office, admin: Actor
) -> None:
    by_message = start(inner=on_message("m"))
    files = diagram(message("m", "go"), process("p", by_message, end(), flows("start end")))
    office.deploy({"p.bpmn": files})

    with pytest.raises(ForbiddenError, match="message"):
        office.start(admin)


def test_the_start_form_checks_what_a_case_begins_with(office: Office, owner: Actor) -> None:
    office.deploy(with_start_form())

    with pytest.raises(InvalidInputError) as refused:
        office.start(owner, amount=11, other=1)

    assert set(refused.value.errors) == {"name", "amount", "other"}
    view = office.act(owner, instances.start_form, "p")
    assert view.layout.keys() == frozenset({"name", "amount", "plan"})


def with_payload(payload: str) -> Files:
    """A process that says which variables its start may bring."""
    brings = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f'<spiffworkflow:property name="payload" value="{payload}"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )
    return bundle(
        start(inner=brings), user("U_do", role="service_owner"), end(), flows("start U_do end")
    )


def test_a_start_brings_what_the_process_takes_and_nothing_else(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_payload("source, prefill?"))

    with pytest.raises(InvalidInputError) as refused:
        office.start(owner, prefill={}, approve=True)

    assert set(refused.value.errors) == {"source", "approve"}
    instance_id = office.start(owner, source="strategy")
    assert office.open(instance_id) == ["U_do"]


def test_a_start_that_brings_nothing_takes_nothing(office: Office, owner: Actor) -> None:
    office.deploy(with_payload("none"))

    with pytest.raises(InvalidInputError) as refused:
        office.start(owner, x=1)

    assert set(refused.value.errors) == {"x"}
    assert office.open(office.start(owner)) == ["U_do"]


def test_what_needs_values_that_no_form_asks_for_is_not_offered(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_payload("source"))

    assert office.act(owner, instances.startable_processes) == []

    office.deploy(with_payload("source?"))

    assert [d.key for d in office.act(owner, instances.startable_processes)] == ["p"]


def test_a_start_that_is_refused_at_once_leaves_no_case_but_a_line_in_the_trail(
    office: Office,
) -> None:
    fiona = office.hire("finance_manager")
    office.deploy(one_budget_a_year())
    with office.work(fiona) as work:
        first = instances.start_by_hand(work, "p", {"fiscal_year": 2027}).id

    with pytest.raises(instances.StartRefusedError) as refused, office.work(fiona) as work:
        instances.start_by_hand(work, "p", {"fiscal_year": 2027})

    sentence = "Budget BUD-2027-0001 for 2027 is “draft”; a year has only one budget."
    assert refused.value.message == sentence
    with office.look() as work:
        assert [one.id for one in instance_rows.list_instances(work.session, fiona).items] == [
            first
        ]
    told = office.details(f"sys-{office.now.date()}", AuditAction.ATTEMPT_REFUSED)
    assert told == {"key": "p", "variables": {"fiscal_year": 2027}, "reason": sentence}


def test_what_starts_without_a_person_is_a_case_though_it_is_refused(office: Office) -> None:
    fiona = office.hire("finance_manager")
    office.deploy(one_budget_a_year())
    office.start(fiona, fiscal_year=2027)

    second = office.start(fiona, fiscal_year=2027)

    assert office.instance(second).end_event == "E_refused"


def test_files_of_the_start_form_belong_to_the_case(office: Office, owner: Actor) -> None:
    office.deploy(with_start_form())
    plan = office.act(owner, store_attachment, "plan.txt", "text/plain", b"1. Begin")

    instance_id = office.start(owner, name="Ann", plan=[str(plan.id)])

    with office.look() as work:
        [bound] = note_rows.attachments_of(work.session, instance_id)
    assert bound.id == plan.id
    assert "file.attached" in office.actions(instance_id)


def test_a_process_without_a_start_form_shows_none(office: Office, owner: Actor) -> None:
    office.deploy(one_task())

    assert office.act(owner, instances.start_form, "p") is None


@pytest.mark.parametrize("name", ["initiator", "done_by", "now", "business_key"])
def test_reserved_names_are_refused(office: Office, owner: Actor, name: str) -> None:
    office.deploy(one_task())

    with pytest.raises(InvalidInputError) as refused, office.work(owner) as work:
        instances.start_instance(work, "p", {name: "x"})

    assert name in refused.value.errors


@pytest.mark.parametrize("key", ["a\0b", "\ud800", "x" * 201])
def test_a_business_key_that_cannot_be_kept_is_refused(
    office: Office, owner: Actor, key: str
) -> None:
    office.deploy(one_task())

    with pytest.raises(InvalidInputError) as refused:
        office.start(owner, business_key=key)

    assert "business_key" in refused.value.errors


def test_a_long_business_key_is_cut_to_what_an_index_holds(office: Office, owner: Actor) -> None:
    office.deploy(with_properties(business_key=" =number", title="=number"))
    number = "".join(sha256(str(n).encode()).hexdigest() for n in range(100))

    case = office.instance(office.start(owner, number=number))

    assert (case.business_key, case.title) == (number[:200], number[:200])


def test_business_key_and_title_come_from_the_data_as_soon_as_they_can(
    office: Office, owner: Actor
) -> None:
    office.deploy(with_properties(business_key="=number", title="='Case of ' + customer"))
    instance_id = office.start(owner, customer="Acme")
    before = office.instance(instance_id)
    assert (before.business_key, before.title) == (None, "Case of Acme")

    office.complete(owner, office.task(instance_id, "U_do").id, number="N-7", customer="Other")

    named = office.instance(instance_id)
    assert (named.business_key, named.title) == ("N-7", "Case of Acme")


def test_a_case_without_a_title_is_called_as_its_process(office: Office, owner: Actor) -> None:
    files = one_task()
    files["p.bpmn"] = files["p.bpmn"].replace(b'id="p"', b'id="p" name="Ask for mail"')
    office.deploy(files)

    assert office.instance(office.start(owner)).title == "Ask for mail"


# --- hold and end ---------------------------------------------------------------------------------


def waiting_for_much() -> Files:
    """A case with a task, a timer, a message and an incident."""
    return {
        "p.bpmn": diagram(
            message("m", "word"),
            process(
                "p",
                start(),
                parallel("split"),
                user("U_do", role="service_owner"),
                boundary("T_late", "U_do", after("'P1D'")),
                catch("I_word", on_message("m")),
                script("X_bad", "x = 1 / 0"),
                end("E1"),
                end("E2"),
                end("E3"),
                end("E4"),
                flows("start split U_do E1", "T_late E2", "split I_word E3", "split X_bad E4"),
            ),
        )
    }


def test_a_cancelled_case_waits_for_nothing_any_more(
    office: Office, owner: Actor, admin: Actor
) -> None:
    office.deploy(waiting_for_much())
    instance_id = office.start(owner, business_key="K", topic="Mail")
    task = office.task(instance_id, "U_do")
    assert (len(office.jobs(instance_id)), len(office.incidents(instance_id))) == (1, 1)

    office.act(admin, instances.cancel_instance, instance_id, "Started by mistake")

    case = office.instance(instance_id)
    assert (case.status, case.ended_at, case.open_incidents) == ("cancelled", office.now, 0)
    assert office.variables(instance_id)["topic"] == "Mail"
    assert office.jobs(instance_id) == []
    assert office.incidents(instance_id) == []
    with office.look(owner) as work:
        assert message_rows.subscriptions_of(work.session, instance_id) == []
        assert user_tasks.get_visible_task(work, task.id).status is TaskStatus.CANCELLED
    told = office.details(instance_id, AuditAction.INSTANCE_CANCELLED)
    assert told == {"reason": "Started by mistake"}


def test_a_suspended_case_goes_on_where_it_was(office: Office, owner: Actor, admin: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)

    office.act(admin, instances.suspend_instance, instance_id, "Audit")
    held = office.instance(instance_id).status
    office.act(admin, instances.resume_instance, instance_id)
    office.complete(owner, office.task(instance_id, "U_do").id)

    assert held is InstanceStatus.SUSPENDED
    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.actions(instance_id)[2:4] == ["instance.suspended", "instance.resumed"]


OPERATIONS = ("suspend_instance", "resume_instance", "cancel_instance")


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_administrators_hold_and_end_cases(office: Office, owner: Actor, name: str) -> None:
    office.deploy(one_task())
    instance_id, do = office.start(owner), getattr(instances, name)

    with pytest.raises(ForbiddenError):
        office.act(owner, do, instance_id, "Because")
    with pytest.raises(ForbiddenError):
        office.act(office.hire("auditor"), do, instance_id, "Because")
    with pytest.raises(NotFoundError):
        office.act(office.hire("brm"), do, instance_id, "Because")

    assert office.instance(instance_id).status is InstanceStatus.RUNNING


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_has_ended_stays_so(office: Office, owner: Actor, admin: Actor, name: str) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_do").id)

    with pytest.raises(InstanceNotRunningError):
        office.act(admin, getattr(instances, name), instance_id, "Because")


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001, "\ud800"])
@pytest.mark.parametrize("name", ["suspend_instance", "cancel_instance"])
def test_a_reason_is_needed(office: Office, admin: Actor, name: str, reason: str) -> None:
    office.deploy(one_task())
    instance_id = office.start(admin)

    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, getattr(instances, name), instance_id, reason)

    assert "reason" in refused.value.errors


def test_a_reason_to_resume_may_be_left_out_but_not_be_broken(office: Office, admin: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(admin)
    office.act(admin, instances.suspend_instance, instance_id, "Audit")

    with pytest.raises(InvalidInputError):
        office.act(admin, instances.resume_instance, instance_id, "\ud800")


# --- what is told ---------------------------------------------------------------------------------


def test_a_comment_is_there_for_everybody_who_sees_the_case(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    colleague = office.hire("service_owner")

    office.act(owner, instances.add_comment, instance_id, "  Ask Ann first. 👍 ")

    [comment] = office.act(colleague, instances.comments_of, instance_id)
    assert (comment.text, comment.author) == ("Ask Ann first. 👍", owner.user_id)
    assert office.details(instance_id, AuditAction.COMMENT_ADDED)["text"] == "Ask Ann first. 👍"


@pytest.mark.parametrize("text", ["", " \t\n ", "x" * 10_001, "a\0b", "\ud800"])
def test_a_comment_that_says_nothing_or_too_much_is_refused(
    office: Office, owner: Actor, text: str
) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)

    with pytest.raises(InvalidInputError) as refused:
        office.act(owner, instances.add_comment, instance_id, text)

    assert "text" in refused.value.errors
    assert office.act(owner, instances.comments_of, instance_id) == []


def test_the_trace_tells_the_way_and_where_a_case_waits(office: Office, owner: Actor) -> None:
    office.deploy(with_script("x = 1"))
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id)

    trace = office.act(owner, instances.trace_of, instance_id)

    assert trace.passed["X_compute"] == 1
    assert trace.passed["f_X_compute_U_last"] == 1
    assert "f_U_last_end" not in trace.passed
    [active] = trace.active
    assert (active.activity_id, active.waits_for) == ("U_last", "service_owner")


def test_the_diagram_is_that_of_the_version_the_case_runs_on(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    office.deploy(two_tasks())

    assert office.act(owner, instances.diagram_of, instance_id) == one_task()["p.bpmn"]


def test_all_tasks_of_a_case_are_listed(office: Office, owner: Actor) -> None:
    office.deploy(with_script("x = 1"))
    instance_id = office.start(owner)
    office.now += office.now.resolution
    office.complete(owner, office.task(instance_id, "U_first").id)

    listed = office.act(owner, instances.tasks_of, instance_id)

    assert [task.activity_id for task in listed] == ["U_first", "U_last"]
