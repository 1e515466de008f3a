"""Definitions: parsed once, mended, shared by threads, refused in our words."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from ssflow.engine.definition_cache import DefinitionCache, DefinitionSource, build_definition
from ssflow.engine.problems import DiagramError
from tests.engine.diagrams import (
    call,
    choice,
    decision_table,
    diagram,
    end,
    flows,
    process,
    rule,
    scope,
    start,
    user,
)

SIMPLE = diagram(process("p", start(), user("a"), end(), flows("start a end")))


def test_a_definition_is_parsed_once() -> None:
    cache = DefinitionCache()
    loads: list[str] = []
    definition_id = uuid4()

    def load() -> DefinitionSource:
        loads.append("p")
        return DefinitionSource("p", {"p.bpmn": SIMPLE})

    first = cache.get(definition_id, load)
    second = cache.get(definition_id, load)

    assert first is second
    assert loads == ["p"]


def test_the_cache_forgets_what_was_not_used_for_longest() -> None:
    cache = DefinitionCache(max_definitions=2)
    ids = [uuid4() for _ in range(3)]
    loads: list[int] = []

    def get(n: int) -> None:
        def load() -> DefinitionSource:
            loads.append(n)
            return DefinitionSource("p", {"p.bpmn": SIMPLE})

        cache.get(ids[n], load)

    for n in (0, 1, 0, 2, 0, 1):
        get(n)

    assert loads == [0, 1, 2, 1]


def test_threads_may_ask_at_once() -> None:
    cache = DefinitionCache()
    ids = [uuid4() for _ in range(4)]

    def get(n: int) -> str:
        load = DefinitionSource("p", {"p.bpmn": SIMPLE})
        return cache.get(ids[n % 4], lambda: load).key

    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(get, range(100)))

    assert keys == {"p"}


def test_flows_are_known_by_their_ends_in_each_process() -> None:
    inner = scope("s", start("is"), user("u"), end("ie"), flows("is u ie"))
    source = diagram(process("p", start(), inner, end(), flows("start s end")))

    definition = build_definition(DefinitionSource("p", {"p.bpmn": source}))

    assert definition.flows[("p", "start", "s")] == "f_start_s"
    assert definition.flows[("s", "is", "u")] == "f_is_u"
    assert set(definition.subprocess_specs) == {"s"}


def test_processes_and_decisions_may_lie_in_several_files() -> None:
    caller = diagram(process("p", start(), call("c", "q"), end(), flows("start c end")))
    called = diagram(process("q", start(), rule("r", "d"), end(), flows("start r end")))
    table = decision_table("d", ["n"], ["out"], [["-", "1"]])

    definition = build_definition(
        DefinitionSource("p", {"p.bpmn": caller, "q.bpmn": called, "d.dmn": table})
    )

    assert definition.spec.name == "p"
    assert set(definition.subprocess_specs) == {"q"}


@pytest.mark.parametrize(
    "source",
    [
        b"<not-xml",
        diagram(process("other", start(), end(), flows("start end"))),
        diagram(process("p", start(), rule("r", "nowhere"), end(), flows("start r end"))),
        diagram(process("p", start(), call("c", "nowhere"), end(), flows("start c end"))),
        diagram(
            process("p", start(), choice("g"), user("a"), end(), flows("start g a end", "g end"))
        ),
        b'<!DOCTYPE x [<!ENTITY e "x">]>' + SIMPLE,
    ],
    ids=["no xml", "no such process", "no such decision", "no such call", "no condition", "dtd"],
)
def test_what_cannot_be_parsed_is_a_diagram_error(source: bytes) -> None:
    with pytest.raises(DiagramError):
        build_definition(DefinitionSource("p", {"p.bpmn": source}))
