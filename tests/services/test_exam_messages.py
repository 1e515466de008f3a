"""Messages that come in twice."""

from ssflow.services.messages import Delivery, send_message
from tests.engine.diagrams import diagram, end, flows, message, on_message, process, start, user
from tests.services.office import Office

WAITS = {
    "p.bpmn": diagram(
        message("M", "answered"),
        process(
            "p",
            start(),
            user("U_ask", role="brm"),
            '<bpmn:intermediateCatchEvent id="I_answer">'
            f"{on_message('M')}</bpmn:intermediateCatchEvent>",
            user("U_read", role="brm"),
            end(),
            flows("start U_ask I_answer U_read end"),
        ),
    )
}


def test_a_message_that_comes_again_is_a_duplicate_and_changes_nothing(office: Office) -> None:
    brm = office.hire("brm")
    office.deploy(WAITS)
    case, other = (office.start(brm, business_key="K1") for _ in range(2))
    for one in (case, other):
        office.complete(brm, office.open_tasks(one)[0].id)
    told = ("answered", "K1", {"text": "yes"})

    first = office.act(brm, send_message, *told, message_id="mail-1")
    again = office.act(brm, send_message, *told, message_id="mail-1")

    assert (first.status, again.status) == (Delivery.DELIVERED, Delivery.DUPLICATE)
    assert first.instance_id == again.instance_id
    opened = {one: len(office.open_tasks(one)) for one in (case, other)}
    assert sorted(opened.values()) == [0, 1]


def test_a_message_that_is_kept_is_not_kept_twice(office: Office) -> None:
    brm = office.hire("brm")
    office.deploy(WAITS)
    case = office.start(brm, business_key="K1")
    told: tuple[str, str, dict[str, str]] = ("answered", "K1", {})

    first = office.act(brm, send_message, *told, message_id="mail-1")
    again = office.act(brm, send_message, *told, message_id="mail-1")
    office.complete(brm, office.open_tasks(case)[0].id)
    office.run_jobs()
    after = office.act(brm, send_message, *told, message_id="mail-1")

    assert (first.status, again.status) == (Delivery.BUFFERED, Delivery.DUPLICATE)
    assert office.open(case) == ["U_read"]
    assert (after.status, after.instance_id) == (Delivery.DUPLICATE, case)
