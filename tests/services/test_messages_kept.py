"""Messages that are kept until a case waits for them: who gets which, and for how long."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import OPERATOR, SYSTEM, Actor
from ssflow.domain.message import Message
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import instances, messages
from ssflow.services.advance import delivery_row
from ssflow.services.messages import (
    Delivery,
    TooManyMessagesError,
    drop_expired,
    list_buffered,
    receive_public,
    send_message,
)
from ssflow.services.people import disable_user
from ssflow.store import jobs as job_rows
from ssflow.store import messages as message_rows
from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    diagram,
    end,
    first_of,
    flows,
    into,
    message,
    on_message,
    process,
    scope,
    start,
    user,
)
from tests.services.bundles import Files
from tests.services.office import Office

DAY = timedelta(days=1)


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def kept(office: Office) -> Sequence[Message]:
    with office.look() as work:
        return list_buffered(work).items


def send(office: Office, actor: Actor, key: str | None = "K1", /, **told: Any) -> Any:
    options = {name: told.pop(name) for name in ("message_id", "time_to_live") if name in told}
    return office.act(actor, send_message, "answer", key, told, **options)


def of(*parts: str, inner: str = "") -> Files:
    """A process `p` that knows the message `answer` as `m`."""
    return {"p.bpmn": diagram(message("m", "answer"), process("p", inner, *parts))}


ANSWER = on_message("m", into("answer"))


def asking_first() -> Files:
    """A case that does something before it waits."""
    return of(
        start(),
        user("U_ask", role="service_owner"),
        catch("I_answer", ANSWER),
        user("U_read", role="service_owner"),
        end(),
        flows("start U_ask I_answer U_read end"),
    )


def ask(office: Office, owner: Actor, key: str = "K1") -> Any:
    """Bring a case to where it waits for the answer."""
    instance_id = office.start(owner, business_key=key)
    office.complete(owner, office.task(instance_id, "U_ask").id)
    return instance_id


# --- who gets it ----------------------------------------------------------------------------------


def test_a_message_that_came_too_early_is_taken_when_the_case_waits(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    instance_id = office.start(owner, business_key="K1")
    early = send(office, owner, text="Yes")

    office.complete(owner, office.task(instance_id, "U_ask").id)
    before = office.open(instance_id)
    office.run_jobs()

    assert (early.status, before, office.open(instance_id)) == ("buffered", [], ["U_read"])
    assert office.variables(instance_id) == {"answer": {"text": "Yes"}}
    [caught] = [e for e in office.events(instance_id) if e.action is AuditAction.MESSAGE_CAUGHT]
    assert caught.actor == owner.key
    assert (kept(office), office.jobs()) == ([], [])


def test_of_several_kept_messages_the_oldest_is_taken_and_the_others_stay(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    for n in (1, 2):
        send(office, owner, n=n)
        office.now += timedelta(seconds=1)

    first, second = ask(office, owner), None
    office.run_jobs()
    left = [message.payload for message in kept(office)]
    second = ask(office, owner)
    office.run_jobs()

    assert left == [{"n": 2}]
    assert office.variables(first) == {"answer": {"n": 1}}
    assert office.variables(second) == {"answer": {"n": 2}}


def test_a_kept_message_is_not_for_cases_that_its_sender_does_not_see(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    send(office, office.hire("brm"), n=1)
    office.now += timedelta(seconds=1)
    send(office, owner, n=2)

    instance_id = ask(office, owner)
    office.run_jobs()

    assert office.variables(instance_id) == {"answer": {"n": 2}}
    assert [message.payload for message in kept(office)] == [{"n": 1}]


def test_a_message_of_somebody_whose_account_is_off_is_not_delivered(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    colleague = office.hire("admin")
    send(office, colleague)
    assert colleague.user_id is not None
    office.hire("admin")
    office.act(OPERATOR, disable_user, colleague.user_id)

    instance_id = ask(office, owner)
    office.run_jobs()

    assert (office.open(instance_id), len(kept(office))) == ([], 1)


def test_what_another_case_sends_to_one_that_has_ended_is_kept_for_the_next(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    ended = ask(office, owner)
    office.act(office.hire("admin"), instances.cancel_instance, ended, "Wrong")

    late = office.act(owner, send_message, "answer", "K1", {"n": 1}, may_be_late=True)
    office.run_jobs()
    again = ask(office, owner)
    office.run_jobs()

    assert late.status is Delivery.BUFFERED
    assert office.actions(ended)[-1] == "instance.cancelled"
    assert office.variables(again) == {"answer": {"n": 1}}


def test_a_message_held_for_a_suspended_case_that_is_cancelled_stays(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    held, admin = ask(office, owner), office.hire("admin")
    office.act(admin, instances.suspend_instance, held, "Audit")
    send(office, owner, n=1)

    office.act(admin, instances.cancel_instance, held, "Wrong")
    office.run_jobs()

    assert office.jobs() == []
    assert [message.payload for message in kept(office)] == [{"n": 1}]


def test_a_running_case_is_served_before_a_suspended_one(office: Office, owner: Actor) -> None:
    office.deploy(asking_first())
    suspended = ask(office, owner)
    office.now += timedelta(seconds=1)
    running = ask(office, owner)
    office.act(office.hire("admin"), instances.suspend_instance, suspended, "Audit")

    sent = send(office, owner)

    assert (sent.status, sent.instance_id) == ("delivered", running)


def test_what_one_case_leaves_goes_to_the_next_that_waits(office: Office, owner: Actor) -> None:
    office.deploy(asking_first())
    cases = [ask(office, owner) for _ in range(3)]
    admin = office.hire("admin")
    for one in cases:
        office.act(admin, instances.suspend_instance, one, "Audit")
    for n in (1, 2, 3):
        send(office, owner, n=n)
        office.now += timedelta(seconds=1)

    for one in cases:
        office.act(admin, instances.resume_instance, one, "Done")
    office.run_jobs()

    assert sorted(office.variables(one)["answer"]["n"] for one in cases) == [1, 2, 3]
    assert (kept(office), office.jobs()) == ([], [])


def test_what_was_held_for_a_case_that_is_cancelled_goes_to_another_when_that_goes_on(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    first, second = ask(office, owner), ask(office, owner)
    admin = office.hire("admin")
    for one in (first, second):
        office.act(admin, instances.suspend_instance, one, "Audit")
    send(office, owner, n=1)

    office.act(admin, instances.cancel_instance, first, "Wrong")
    office.act(admin, instances.resume_instance, second, "Done")
    office.run_jobs()

    assert (office.open(second), kept(office)) == (["U_read"], [])


def test_a_message_left_over_by_an_impatient_case_goes_to_the_next(
    office: Office, owner: Actor
) -> None:
    """Two messages are on their way to one case at once, as when many come in a crowd."""
    office.deploy(asking_first())
    one, other = ask(office, owner), ask(office, owner)
    for n in (1, 2):
        with office.work(owner) as work:
            early = Message(
                name="answer",
                sender=owner.key,
                payload={"n": n},
                created_at=office.now,
                expires_at=office.now + DAY,
                correlation_key="K1",
            )
            work.session.add(early)
            [waiting] = message_rows.subscriptions_of(work.session, one)
            row = delivery_row(one, waiting.id, "answer", "K1", office.now)
            job_rows.add_jobs(work.session, [row])

    office.run_jobs()

    assert (office.open(one), office.open(other)) == (["U_read"], ["U_read"])


# --- every kind of waiting point ------------------------------------------------------------------


@pytest.mark.parametrize("interrupts", [True, False])
def test_a_kept_message_reaches_a_boundary_event(
    office: Office, owner: Actor, *, interrupts: bool
) -> None:
    office.deploy(
        of(
            start(),
            user("U_do", role="service_owner"),
            boundary("B", "U_do", ANSWER, cancel=interrupts),
            user("U_read", role="service_owner"),
            end(),
            end("E_read"),
            flows("start U_do end", "B U_read E_read"),
        )
    )
    for n in (1, 2, 3):
        send(office, owner, n=n)
        office.now += timedelta(seconds=1)

    instance_id = office.start(owner, business_key="K1")
    office.run_jobs()

    taken = 1 if interrupts else 3
    assert office.open(instance_id) == [*([] if interrupts else ["U_do"]), *["U_read"] * taken]
    assert office.actions(instance_id).count("message.caught") == taken
    assert len(kept(office)) == 3 - taken


def test_an_event_sub_process_takes_all_that_was_kept_in_order(
    office: Office, owner: Actor
) -> None:
    noting = scope(
        "ev",
        start("es", ANSWER.replace("answer", "note")),
        user("U_note", role="service_owner"),
        end("ee"),
        flows("es U_note ee"),
        by_event=True,
    ).replace('<bpmn:startEvent id="es">', '<bpmn:startEvent id="es" isInterrupting="false">')
    office.deploy(
        of(start(), user("U_do", role="service_owner"), end(), noting, flows("start U_do end"))
    )
    for n in (1, 2, 3):
        send(office, owner, n=n)
        office.now += timedelta(seconds=1)

    instance_id = office.start(owner, business_key="K1")
    office.run_jobs()
    later = send(office, owner, n=4)

    assert office.open(instance_id) == ["U_do"] + ["U_note"] * 4
    caught = [e for e in office.events(instance_id) if e.action is AuditAction.MESSAGE_CAUGHT]
    assert len(caught) == 4
    assert (later.status, kept(office), office.jobs()) == ("delivered", [], [])


def test_a_receive_task_takes_a_kept_message(office: Office, owner: Actor) -> None:
    receive = (
        '<bpmn:receiveTask id="R" messageRef="m"><bpmn:extensionElements>'
        f"{into('answer')}</bpmn:extensionElements></bpmn:receiveTask>"
    )
    office.deploy(
        of(
            start(),
            receive,
            user("U_read", role="service_owner"),
            end(),
            flows("start R U_read end"),
        )
    )
    send(office, owner, n=1)

    instance_id = office.start(owner, business_key="K1")
    office.run_jobs()

    assert office.open(instance_id) == ["U_read"]
    assert office.variables(instance_id) == {"answer": {"n": 1}}


def test_a_kept_message_behind_an_event_gateway_takes_the_timer_away(
    office: Office, owner: Actor
) -> None:
    office.deploy(
        of(
            start(),
            first_of("G"),
            catch("I_answer", ANSWER),
            catch("I_late", after("'P1D'")),
            user("U_read", role="service_owner"),
            user("U_late", role="service_owner"),
            end(),
            end("E_late"),
            flows("start G I_answer U_read end", "G I_late U_late E_late"),
        )
    )
    send(office, owner, n=1)

    instance_id = office.start(owner, business_key="K1")
    office.run_jobs()
    office.run_jobs(after=2 * DAY)

    assert (office.open(instance_id), office.jobs()) == (["U_read"], [])


def test_a_message_without_a_time_to_live_is_kept_as_long_as_the_setting_says(
    office: Office, owner: Actor
) -> None:
    office.message_ttl = timedelta(hours=2)
    send(office, owner, n=1)
    send(office, owner, n=2, time_to_live="PT3H")

    office.now += timedelta(hours=2)

    assert [one.payload for one in kept(office)] == [{"n": 2}]


# --- ids ------------------------------------------------------------------------------------------


def test_a_message_that_was_delivered_is_a_duplicate_as_long_as_it_would_be_kept(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    first, second = ask(office, owner), ask(office, owner)
    delivered = send(office, owner, message_id="x", time_to_live="P3D")

    office.now += 3 * DAY - timedelta(seconds=1)
    again = send(office, owner, message_id="x", n=2)
    office.now += timedelta(seconds=1)
    afterwards = send(office, owner, message_id="x", n=3)

    assert (delivered.status, again.status) == ("delivered", "duplicate")
    assert delivered.instance_id == again.instance_id
    assert afterwards.status is Delivery.DELIVERED
    assert {delivered.instance_id, afterwards.instance_id} == {first, second}


def test_an_id_is_its_senders_own(office: Office, owner: Actor) -> None:
    office.deploy(asking_first())
    send(office, owner, message_id="x")

    other = send(office, office.hire("service_owner"), message_id="x")

    assert (other.status, len(kept(office))) == ("buffered", 2)


def test_a_message_that_starts_a_case_does_so_once(office: Office, owner: Actor) -> None:
    office.deploy(started())

    first, again = (send(office, owner, None, message_id="x") for _ in range(2))

    assert (first.status, again.status) == ("delivered", "duplicate")
    assert first.instance_id == again.instance_id


# --- how long -------------------------------------------------------------------------------------


def test_a_message_whose_time_is_over_is_not_delivered_and_goes_with_the_next_clean_up(
    office: Office, owner: Actor
) -> None:
    office.deploy(asking_first())
    send(office, owner, n=1, time_to_live="P1D")
    send(office, owner, n=2, time_to_live="P2D", message_id="x")

    office.now += DAY
    early = office.act(OPERATOR, drop_expired)
    left = [message.payload for message in kept(office)]
    office.now += DAY
    instance_id = ask(office, owner)
    office.run_jobs()
    late = office.act(OPERATOR, drop_expired)

    assert (early, late, left) == (1, 1, [{"n": 2}])
    assert (office.open(instance_id), kept(office)) == ([], [])
    told = office.details(f"sys-{office.now.date().isoformat()}", AuditAction.MESSAGE_EXPIRED)
    assert (told["message"], told["key"], told["payload"]) == ("answer", "K1", {"n": 2})
    assert told["sender"] == owner.key


def test_many_messages_whose_time_is_over_go_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_rows, "MAX_DROPPED", 2)
    for n in range(5):
        send(office, SYSTEM, n=n)
    office.now += 8 * DAY

    dropped = office.act(OPERATOR, drop_expired)

    assert dropped == 5
    assert office.actions(f"sys-{office.now.date().isoformat()}").count("message.expired") == 5


def test_what_was_delivered_is_forgotten_without_a_word(office: Office, owner: Actor) -> None:
    office.deploy(asking_first())
    ask(office, owner)
    send(office, owner, message_id="x")
    office.now += 8 * DAY

    assert office.act(OPERATOR, drop_expired) == 0
    assert send(office, owner, message_id="x").status is Delivery.BUFFERED


@pytest.mark.parametrize(
    "time_to_live", ["", "P", "soon", "PT0S", "P91D", "wd(3)", "-P1D", "P9999Y", "P1D\n"]
)
def test_a_time_to_live_that_is_none_is_refused(
    office: Office, owner: Actor, time_to_live: str
) -> None:
    with pytest.raises(InvalidInputError, match="length of time"):
        send(office, owner, time_to_live=time_to_live or "x")

    assert kept(office) == []


def test_one_person_cannot_fill_the_store(
    office: Office, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MAX_BUFFERED", 2)
    for _ in range(2):
        send(office, owner)

    with pytest.raises(TooManyMessagesError, match="2 of your messages"):
        send(office, owner)

    assert send(office, office.hire("brm")).status is Delivery.BUFFERED
    assert send(office, SYSTEM).status is Delivery.BUFFERED


def test_only_operators_list_what_is_kept(office: Office, owner: Actor) -> None:
    send(office, owner)

    with pytest.raises(ForbiddenError):
        office.act(owner, list_buffered)
    for role in ("admin", "auditor"):
        assert len(office.act(office.hire(role), list_buffered, name="answer").items) == 1


# --- public starts --------------------------------------------------------------------------------


def started(**properties: str) -> Files:
    told = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>'
        for name, value in properties.items()
    )
    inner = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f"{told}</spiffworkflow:properties></bpmn:extensionElements>"
    )
    return of(
        start(inner=ANSWER),
        user("U_read", role="service_owner"),
        end(),
        flows("start U_read end"),
        inner=inner if told else "",
    )


NOBODY = Actor(user_id=None, name="nobody")


def test_a_public_process_is_started_by_anybody_once(office: Office) -> None:
    office.deploy(started(public_start="true", starters="service_desk"))

    first, again = (
        office.act(NOBODY, receive_public, "answer", {"text": "Slow"}, "form-1") for _ in range(2)
    )

    assert first.id == again.id
    assert office.instance(first.id).started_by == SYSTEM.key
    assert office.variables(first.id) == {"answer": {"text": "Slow"}}


@pytest.mark.parametrize("told", [{}, {"public_start": "false"}])
def test_a_process_that_does_not_say_so_is_not_public(office: Office, told: dict[str, str]) -> None:
    office.deploy(started(**told))

    for name in ("answer", "nothing"):
        with pytest.raises(NotFoundError):
            office.act(NOBODY, receive_public, name, {}, "form-1")


def test_what_a_stranger_hands_in_is_checked(office: Office) -> None:
    office.deploy(started(public_start="true"))

    for payload, message_id in (({"x": "y" * 1_100_000}, "a"), ({}, "b" * 201), ({"now": 1}, "c")):
        with pytest.raises(InvalidInputError):
            office.act(NOBODY, receive_public, "answer", payload, message_id)
