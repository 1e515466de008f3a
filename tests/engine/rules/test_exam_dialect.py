"""What strangers' diagrams hold: choices without a default, payloads beside their definition."""

import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    catch,
    chain,
    definition,
    diagram,
    end,
    extended,
    flow,
    gateway,
    message,
    script,
    spiff,
    start,
)


@pytest.mark.parametrize("kind", ["exclusive", "inclusive"])
def test_a_choice_without_a_default_is_a_warning(kind: str) -> None:
    data = diagram(
        start(),
        script("X_fact", "amount = 1"),
        gateway("G_a", kind),
        end(),
        end(id="E_other"),
        chain("Start_1", "X_fact", "G_a"),
        flow("G_a", "E_done", "amount > 1"),
        flow("G_a", "E_other", "amount < 1"),
    )

    assert assert_breaks(data, "gateway-without-default", "G_a").severity == "warning"


@pytest.mark.parametrize("name", ["messageVariable", "messagePayload"])
def test_what_a_message_carries_stands_in_the_definition_not_at_the_event(name: str) -> None:
    carried = extended(spiff(name, "answer"))
    waiting = carried + definition("message", messageRef="M_answer")
    data = diagram(
        start(),
        catch("I_odd", waiting),
        end(),
        chain("Start_1", "I_odd", "E_done"),
        beside=message(),
    )

    assert_breaks(data, "message-payload-position", "I_odd")
