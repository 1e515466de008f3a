"""Instances as bytes: what is refused, and what is kept to the letter."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from ssflow.engine.commands import CatchMessage, Noop
from ssflow.engine.moves import read_move
from ssflow.engine.saved_state import (
    FORMAT,
    DefinitionMismatchError,
    UnknownFormatError,
    dump_state,
    load_state,
)
from ssflow.engine.scripts import ScriptEngine
from tests.engine.cases import Case
from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    diagram,
    end,
    first_of,
    flows,
    for_each,
    message,
    on_message,
    parallel,
    process,
    scope,
    start,
    user,
)

Make = Callable[..., Case]

BUSY = diagram(
    message("M", "paid"),
    process(
        "p",
        start(),
        parallel("fork"),
        scope(
            "s",
            for_each("items", "item", "out", "res"),
            start("is"),
            user("u"),
            boundary("t", "u", after('"P1D"')),
            end("ie"),
            end("ie2"),
            flows("is u ie", "t ie2"),
        ),
        first_of("g"),
        catch("m", on_message("M")),
        catch("c", after('"P2D"')),
        user("a"),
        end(),
        end("e2"),
        end("e3"),
        end("e4"),
        flows("start fork s end", "fork g m e2", "g c e3", "fork a e4"),
    ),
)


def test_saving_what_was_loaded_gives_the_same_bytes(case: Make) -> None:
    run = case(BUSY)
    run.start(items=[{"typename": "x"}, None, [1.5]], text="ĳ – \u2028 \x01", empty={})

    again = dump_state(load_state(run.result.state, run.definition, None))

    assert again == run.result.state


def test_doing_nothing_changes_nothing(case: Make) -> None:
    run = case(BUSY)
    run.start(items=[1, 2])
    before = run.result

    run.do(Noop())

    assert run.result.state == before.state
    assert run.result.before == run.result.after
    assert run.result.after.timers == before.after.timers
    assert run.path == ()


def test_a_state_is_json_with_a_format_number(case: Make) -> None:
    run = case(BUSY)
    run.start(items=[])

    state = json.loads(run.result.state)

    assert state["format"] == FORMAT
    assert "spec" not in state


def test_a_state_of_another_format_is_refused(case: Make) -> None:
    run = case(BUSY)
    run.start(items=[])
    state = json.loads(run.result.state) | {"format": 99}

    with pytest.raises(UnknownFormatError):
        load_state(json.dumps(state).encode(), run.definition, None)


def test_a_state_of_another_definition_is_refused(case: Make) -> None:
    run = case(BUSY)
    run.start(items=[1])
    other = case(diagram(process("p", start(), user("b"), end(), flows("start b end"))))

    with pytest.raises(DefinitionMismatchError):
        load_state(run.result.state, other.definition, None)


def test_data_is_stored_once_however_many_tasks_share_it(case: Make) -> None:
    nodes = [user(f"u{n}") for n in range(10)]
    paths = [f"fork u{n} e{n}" for n in range(10)]
    ends = [end(f"e{n}") for n in range(10)]
    run = case(
        diagram(process("p", start(), parallel("fork"), *nodes, *ends, flows("start fork", *paths)))
    )

    run.start(text="x" * 10_000)

    assert len(run.open) == 10
    assert run.result.state.count(b"xxxxxxxxxx" * 1_000) == 1


def test_a_finished_instance_keeps_little_more_than_its_variables(case: Make) -> None:
    run = case(diagram(process("p", start(), user("a"), end(), flows("start a end"))))
    run.start()

    run.complete("a", text="x" * 100)

    assert run.result.completed
    assert len(run.result.state) < 400


def test_an_event_that_a_gateway_took_but_has_not_run_yet_is_kept(case: Make) -> None:
    """As when the budget of a step ends just then."""
    run = case(BUSY)
    run.start(items=[])
    run.complete("a")
    workflow = load_state(run.result.state, run.definition, ScriptEngine(run.surroundings))
    [waiting] = run.result.after.messages.values()
    move = read_move(CatchMessage(waiting.id, {"typename": "evil", "paid": 5}))
    move.make(workflow, lambda task: None)

    run.result = replace(run.result, state=dump_state(workflow))
    run.do(Noop())

    assert run.result.completed
    assert run.variables["paid"] == 5
    assert run.path[:3] == ("g", "f_g_m", "m")
