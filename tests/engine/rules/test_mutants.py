"""Damaged diagrams: whatever happens to a file, checking it gives an answer, and soon."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time

import pytest
from lxml import etree

from ssflow.engine.definition_cache import DefinitionSource, build_definition
from ssflow.engine.rules.codes import MEANINGS
from ssflow.engine.xml_reading import Element
from tests.engine.rules.diagrams import (
    FILE,
    boundary,
    catch,
    chain,
    check,
    decide,
    definition,
    diagram,
    element,
    end,
    extensions,
    flow,
    gateway,
    message,
    script,
    service,
    several,
    start,
    sub_process,
    table,
    throw,
    timer,
    user,
)

MUTANTS = 40
SECONDS = 5.0
"""Of work of the check itself: a coverage tracer would multiply it, and is held off meanwhile."""
ODD_TEXTS = [
    "",
    " ",
    "0",
    "x y",
    "Start",
    "P_main",
    "U_a",
    "E_done",
    "=(",
    "del x",
    "é",
    "]]",
    "9" * 40,
]

WIDE = diagram(
    extensions(starters="clerk", title="='a'"),
    element(
        "laneSet",
        "Lanes",
        element("lane", "Lane_1", "<bpmn:flowNodeRef>U_a</bpmn:flowNodeRef>", name="clerk"),
    ),
    start(extensions(form="request")),
    decide("B_a", "route"),
    gateway("G_a", default="F_G_a_P_a"),
    gateway("P_a", "parallel"),
    user("U_a", due="wd(3)", exclude="=[initiator]"),
    boundary("T_a", "U_a", timer('"P1D"')),
    service("S_a", kind="'x'"),
    gateway("P_b", "parallel"),
    gateway("V_a", "eventBased"),
    catch("I_a", definition("message", messageRef="M_answer")),
    catch("I_b", timer("wd(3)", "timeDate")),
    throw("N_a", definition("message", messageRef="M_answer")),
    script("X_a", "people = [amount]"),
    sub_process(
        "SP_a",
        several(),
        start(id="Start_2"),
        script("X_in", "answer = person"),
        end(id="E_in"),
        chain("Start_2", "X_in", "E_in"),
    ),
    end(definition("terminate")),
    chain("Start_1", "B_a", "G_a", "P_a", "U_a", "P_b", "V_a", "I_a", "N_a", "E_done"),
    chain("P_a", "S_a", "P_b"),
    chain("V_a", "I_b", "E_done"),
    flow("G_a", "X_a", "amount > 5"),
    chain("X_a", "SP_a", "E_done"),
    chain("T_a", "E_done"),
    beside=message(),
)
ROUTE = table(("< 100", '"low"'), ("-", '"high"'))


def _choose(root: Element, chance: random.Random) -> Element:
    """Choose an element below the root; damaged once, the root may have lost them all."""
    return chance.choice(list(root.iterdescendants()) or [etree.SubElement(root, "left")])


def _delete(root: Element, chance: random.Random) -> None:
    victim = _choose(root, chance)
    around = victim.getparent()
    if around is not None:
        around.remove(victim)


def _double(root: Element, chance: random.Random) -> None:
    chosen = _choose(root, chance)
    chosen.addnext(etree.fromstring(etree.tostring(chosen)))


def _move(root: Element, chance: random.Random) -> None:
    moved = _choose(root, chance)
    target = chance.choice(list(root.iter()))
    if moved not in target.iterancestors() and moved is not target:
        target.append(moved)


def _rename(root: Element, chance: random.Random) -> None:
    one, other = _choose(root, chance), _choose(root, chance)
    one.tag = other.tag


def _drop_attribute(root: Element, chance: random.Random) -> None:
    element = chance.choice([one for one in root.iter() if one.attrib])
    del element.attrib[chance.choice(list(element.attrib))]


def _swap_attributes(root: Element, chance: random.Random) -> None:
    one, other = chance.choices([one for one in root.iter() if one.attrib], k=2)
    value = chance.choice([str(value) for value in other.attrib.values()])
    one.set(chance.choice(list(one.attrib)), value)


def _spoil_attribute(root: Element, chance: random.Random) -> None:
    element = chance.choice([one for one in root.iter() if one.attrib])
    element.set(chance.choice(list(element.attrib)), chance.choice(ODD_TEXTS))


def _spoil_text(root: Element, chance: random.Random) -> None:
    chance.choice(list(root.iter())).text = chance.choice(ODD_TEXTS)


MUTATORS: list[Callable[[Element, random.Random], None]] = [
    _delete,
    _double,
    _move,
    _rename,
    _drop_attribute,
    _swap_attributes,
    _spoil_attribute,
    _spoil_text,
]


def _mutate(data: bytes, chance: random.Random, times: int) -> bytes:
    root = etree.fromstring(data)
    for _ in range(times):
        chance.choice(MUTATORS)(root, chance)
    return etree.tostring(root)


def _damage(data: bytes, chance: random.Random) -> bytes:
    """Cut, double or change bytes without regard for XML."""
    at, length = chance.randrange(len(data)), chance.randrange(40)
    middle = chance.choice([b"", data[at : at + length] * 2, chance.randbytes(length)])
    return data[:at] + middle + data[at + length :]


def _assert_answered(data: bytes, decisions: bytes = ROUTE) -> None:
    with _untraced():
        begin = process_time()
        checked = check(data, route_dmn=decisions)
        took = process_time() - begin
    assert took < SECONDS
    assert all(problem.file and problem.message for problem in checked.problems)
    assert {problem.code for problem in checked.problems} <= MEANINGS.keys()
    if not checked.errors:
        _assert_engine_agrees(data, decisions, [process.key for process in checked.processes])


@contextmanager
def _untraced() -> Iterator[None]:
    """Run a block without whatever watches every line, such as coverage."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def _assert_engine_agrees(data: bytes, decisions: bytes, keys: list[str]) -> None:
    """Build the diagram the way it is built to be run."""
    for key in keys:
        files = {FILE: data, "route.dmn": decisions}
        assert build_definition(DefinitionSource(key, files)).key == key


def test_the_diagram_to_be_damaged_is_sound() -> None:
    assert [str(problem) for problem in check(WIDE, route_dmn=ROUTE).problems] == []


@pytest.mark.parametrize("seed", range(10))
def test_a_diagram_with_a_fault_gets_an_answer(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose

    for _ in range(MUTANTS):
        _assert_answered(_mutate(WIDE, chance, chance.randint(1, 3)))


@pytest.mark.parametrize("seed", range(3))
def test_a_decision_with_a_fault_gets_an_answer(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose

    for _ in range(MUTANTS):
        _assert_answered(WIDE, _mutate(ROUTE, chance, chance.randint(1, 3)))


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_file_gets_an_answer(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose

    for _ in range(MUTANTS):
        _assert_answered(_damage(WIDE, chance), _damage(ROUTE, chance))


HOSTILE = {
    "ten thousand conditions": diagram(
        start(),
        gateway("G_a", default="F_0"),
        end(),
        chain("Start_1", "G_a"),
        flow("G_a", "E_done", id="F_0"),
        *(flow("G_a", "E_done", f"1 == {n}", id=f"F_{n}") for n in range(1, 6_000)),
    ),
    "many tasks in parallel": diagram(
        start(),
        gateway("P_a", "parallel"),
        *(script(f"X_{n}", f"x{n} = {n}") for n in range(1_500)),
        gateway("P_b", "parallel"),
        end(),
        chain("Start_1", "P_a"),
        *(chain("P_a", f"X_{n}", "P_b") for n in range(1_500)),
        chain("P_b", "E_done"),
    ),
    "sub-processes in sub-processes": diagram(
        start(),
        "".join(f'<bpmn:subProcess id="SP_{n}">' for n in range(200)),
        "</bpmn:subProcess>" * 200,
        end(),
        chain("Start_1", "SP_0", "E_done"),
    ),
    "gateways that meet again and again": diagram(
        start(),
        *(gateway(f"P_{n}", "parallel") for n in range(120)),
        end(),
        chain("Start_1", "P_0"),
        *(flow(f"P_{n}", f"P_{m}") for n in range(120) for m in range(n + 1, min(n + 12, 120))),
        chain("P_119", "E_done"),
    ),
    "a long line of events": diagram(
        start(),
        *(throw(f"N_{n}") for n in range(4_000)),
        end(),
        chain("Start_1", *(f"N_{n}" for n in range(4_000)), "E_done"),
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_large_diagram_gets_an_answer_in_time(data: bytes) -> None:
    _assert_answered(data)
