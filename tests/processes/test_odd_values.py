"""Whatever a form of a shipped process takes, the case goes on: odd values stop none."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ssflow.domain.identity import OPERATOR, Actor
from ssflow.domain.user_task import UserTask
from ssflow.errors import InvalidInputError
from ssflow.forms.component import Component, ComponentType, flatten
from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_file import Scenario, read_scenarios
from ssflow.services.scenario_runs import START, TIMEZONE, CopiesInMemory
from ssflow.services.scenarios import Player, ScenarioFailedError
from ssflow.services.shipped import install_shipped, read_bundles
from ssflow.services.user_tasks import claim_task, complete_task, task_form
from ssflow.store import incidents as incident_rows
from ssflow.store.database import Database
from ssflow.store.unit_of_work import open_work

PROCESSES = Path(__file__).parents[2] / "processes"
LINE = "=1+1 <b>“{{ 7*7 }}”</b> %s %(a)s שלום\u202e 👩\u200d👩\u200d👧 '; --"
MANY_LINES = f"{LINE}\n" * 250
LARGEST = 2**53


class _UndoneError(Exception):
    """Leave a piece of work without keeping it."""


def first_walks() -> list[Scenario]:
    """Give the first walk of each process."""
    return [
        read_scenarios(content, name)[0]
        for bundle in read_bundles(PROCESSES)
        for name, content in sorted(bundle.files.items())
        if name.endswith(".scenarios.json")
    ]


@pytest.fixture(scope="module")
def copies() -> Iterator[CopiesInMemory]:
    with closing(CopiesInMemory()) as copies:
        yield copies


@pytest.mark.parametrize("walk", first_walks(), ids=lambda walk: walk.process)
def test_odd_answers_stop_no_case(copies: CopiesInMemory, walk: Scenario) -> None:
    player = Player(copies(_install), TIMEZONE, START, run_due_jobs)
    player.begin(walk)
    taken = 0

    for number, step in enumerate(walk.steps, 1):
        try:
            if "complete" in step:
                taken += _complete_oddly(player, step)
            elif "expect" not in step:
                player.take(number, step)
        except (ScenarioFailedError, InvalidInputError):
            break  # an odd answer led the case another way

    player.let_time_pass(timedelta(days=30))
    assert _incidents(player) == []
    assert taken > 0


def _install(database: Database) -> None:
    with open_work(database, actor=OPERATOR, now=START, timezone=TIMEZONE) as work:
        install_shipped(work)


def _complete_oddly(player: Player, step: Mapping[str, Any]) -> int:
    """Complete a task with as many odd answers as its form takes; gives how many those were."""
    actor = player.actor(step["as"])
    task, usual = player._open_task(step["complete"], actor), player._filled(step.get("form", {}))
    with player.work(actor) as work:
        claim_task(work, task.id)
        view = task_form(work, task.id)
    known = flatten(view.layout.components) if view else ()
    odd = {c.key: _odd(c, usual.get(c.key)) for c in known if c.is_answerable}
    odd = {key: answer for key, answer in odd.items() if answer != usual.get(key)}
    while odd and (refused := _refused(player, actor, task, {**usual, **odd})):
        odd = {key: odd[key] for key in odd.keys() - (refused & odd.keys() or odd.keys())}
    with player.work(actor) as work:
        complete_task(work, task.id, {**usual, **odd})
    player.let_time_pass(timedelta(0))
    return len(odd)


def _odd(component: Component, usual: Any) -> Any:
    if component.type is ComponentType.DYNAMICLIST and isinstance(usual, list):
        columns = [c for c in flatten(component.children) if c.is_answerable]
        return [
            {**row, **{c.key: _odd(c, row[c.key]) for c in columns if c.key in row}}
            for row in usual
        ]
    if component.type is ComponentType.TEXTFIELD:
        return LINE[: component.limits.max_length]
    if component.type is ComponentType.TEXTAREA:
        return MANY_LINES[: component.limits.max_length]
    if component.type is ComponentType.NUMBER:
        most = component.limits.maximum
        return LARGEST if most is None else float(most)
    return usual


def _refused(player: Player, actor: Actor, task: UserTask, answers: Mapping[str, Any]) -> set[str]:
    """Tell which answers the form refuses; nothing is kept."""
    try:
        with player.work(actor) as work:
            complete_task(work, task.id, answers)
            raise _UndoneError
    except _UndoneError:
        return set()
    except InvalidInputError as error:
        return {name.partition(".")[0] for name in error.errors}


def _incidents(player: Player) -> list[tuple[str, str]]:
    assert player.instance_id is not None
    with player.look() as work:
        found = incident_rows.open_incidents_of(work.session, player.instance_id)
        return [(incident.activity_id, incident.message) for incident in found]
