"""Messages that come in twice."""

import pytest

from ssflow.errors import NotFoundError
from ssflow.services.messages import Delivery, send_message_once
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
    told = ("answered", "K1", {"text": "yes"}, "mail-1")

    first = office.act(brm, send_message_once, *told)
    again = office.act(brm, send_message_once, *told)

    assert (first.status, again.status) == (Delivery.DELIVERED, Delivery.DUPLICATE)
    assert first.instance_id == again.instance_id
    opened = {one: len(office.open_tasks(one)) for one in (case, other)}
    assert sorted(opened.values()) == [0, 1]


def test_a_message_that_nobody_took_may_come_again(office: Office) -> None:
    brm = office.hire("brm")
    office.deploy(WAITS)
    case = office.start(brm, business_key="K1")
    told: tuple[str, str, dict[str, str], str] = ("answered", "K1", {}, "mail-1")

    with pytest.raises(NotFoundError):
        office.act(brm, send_message_once, *told)
    office.complete(brm, office.open_tasks(case)[0].id)

    assert office.act(brm, send_message_once, *told).status is Delivery.DELIVERED
