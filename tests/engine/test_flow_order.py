"""Gateways try their flows in their own order, wherever the targets are drawn."""

from collections.abc import Callable

import pytest

from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    choice,
    diagram,
    end,
    flows,
    inclusive,
    process,
    scope,
    script,
    start,
    user,
)

Make = Callable[..., Case]

DRAWN = (
    '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><bpmndi:BPMNPlane bpmnElement="p">'
    '<bpmndi:BPMNShape bpmnElement="low"><dc:Bounds x="0" y="900" width="9" height="9"/>'
    '</bpmndi:BPMNShape><bpmndi:BPMNShape bpmnElement="high">'
    '<dc:Bounds x="0" y="10" width="9" height="9"/></bpmndi:BPMNShape>'
    "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
)


def naming(gateway: str, *targets: str) -> str:
    """Let a gateway name its flows, by their targets."""
    outgoing = "".join(f"<bpmn:outgoing>f_g_{target}</bpmn:outgoing>" for target in targets)
    return gateway.replace("/>", f">{outgoing}</bpmn:{gateway[6:].split()[0]}>")


def overlapping(gateway: str, *parts: str) -> bytes:
    """Two flows that may be taken for an x above 10; the second one leads further up."""
    return diagram(
        process(
            "p",
            start(),
            gateway,
            user("low"),
            user("high"),
            user("other"),
            *parts,
            end(),
            flows("start g[x > 5]-> low end", "g[x > 1]-> high end", "g other end"),
        ),
        DRAWN,
    )


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ((), "low"),
        (("low", "high", "other"), "low"),
        (("high", "low", "other"), "high"),
        (("other", "high", "low"), "high"),
        (("high",), "high"),
        (("gone", "low"), "low"),
    ],
)
def test_the_first_flow_that_the_gateway_names_is_taken(
    case: Make, named: tuple[str, ...], taken: str
) -> None:
    run = case(overlapping(naming(choice("g", "other"), *named)))

    run.start(x=11)

    assert run.open == [taken]


@pytest.mark.parametrize(("x", "taken"), [(11, "low"), (3, "high"), (0, "other")])
def test_the_default_flow_comes_last_wherever_it_stands(case: Make, x: int, taken: str) -> None:
    run = case(overlapping(naming(choice("g", "other"), "other", "low", "high")))

    run.start(x=x)

    assert run.open == [taken]


def test_flows_to_a_task_with_border_events_keep_their_order(case: Make) -> None:
    late = boundary("t", "low", after('"P1D"')), end("e2"), flows("t e2")
    run = case(overlapping(naming(choice("g", "other"), "low", "high", "other"), *late))

    run.start(x=11)

    assert run.open == ["low"]


def test_several_flows_may_lead_to_one_task(case: Make) -> None:
    both = flows("g[x == 3]-> low").replace("f_g_low", "f_again")
    files = overlapping(naming(choice("g", "other"), "again", "high", "low", "other"), both)
    run = case(files.replace(b">f_g_again<", b">f_again<"))

    run.start(x=3)

    assert run.open == ["low"]


def test_an_inclusive_gateway_takes_its_flows_in_its_own_order(case: Make) -> None:
    run = case(overlapping(naming(inclusive("g", "other"), "low", "high", "other")))

    run.start(x=11)

    assert run.open == ["high", "low"]
    assert [step for step in run.path if step.startswith("f_g_")] == ["f_g_low", "f_g_high"]


def test_the_order_holds_within_a_sub_process(case: Make) -> None:
    inner = (
        start("is"),
        choice("g", "c"),
        script("a", 'way = "a"'),
        script("b", 'way = "b"'),
        script("c", 'way = "c"'),
        end("ie"),
        flows("is g[x > 1]-> b ie", "g[x > 0]-> a ie", "g c ie"),
    )
    run = case(diagram(process("p", start(), scope("s", *inner), end(), flows("start s end"))))

    run.start(x=5)

    assert run.variables["way"] == "b"
