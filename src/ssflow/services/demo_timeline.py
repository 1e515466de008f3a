"""Many sample cases on one clock: whoever is next acts next, during working hours."""

import heapq
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from ssflow.calendar import Calendar
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.user_task import UserTask
from ssflow.errors import ConflictError, SsflowError
from ssflow.services.scenario_file import Scenario
from ssflow.services.scenarios import Player
from ssflow.services.working_days import calendar_of
from ssflow.store import instances as instance_rows
from ssflow.store import records as record_rows
from ssflow.store import user_tasks as task_rows

Story = Iterator[datetime]
"""What happens to one case; each value is when, at the earliest, it goes on."""
Told = Callable[[float], None]
"""Hears which share of the time has been told, between 0 and 1."""
MORNING, EVENING = time(8, 20), time(17, 10)
_NOTHING_TO_DO = timedelta(days=3)
_MOST_STEPS = 80
_DAY = re.compile(r"@([+-]?\d+)")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def tell_nobody(_share: float) -> None:
    """Keep how far the story is to oneself."""


@dataclass(frozen=True)
class Answer:
    """What somebody fills in at a task, unless it is assigned to another person anyway."""

    by: str
    form: Mapping[str, Any] | Callable[[str, int], Mapping[str, Any]]
    """A function is told by whom and after how many tasks; `@14` is the day in 14 days."""


@dataclass(order=True)
class _Turn:
    at: datetime
    number: int
    title: str = field(compare=False)
    story: Story = field(compare=False)
    player: Player = field(compare=False)


class Timeline:
    """Tells the stories of cases in the order of time; jobs are done in between, when due."""

    def __init__(self, clock: Player, told: Told = tell_nobody) -> None:
        """Begin at the moment of `clock`, whose people and records all cases share."""
        self._clock = clock
        self._told = told
        self._turns: list[_Turn] = []
        self._numbers = count()
        with clock.work() as work:
            self._calendar = Calendar(clock.timezone, record_rows.holidays(work.session))

    def add(self, at: datetime, title: str, tell: Callable[[Player], Story], **cast: str) -> None:
        """Have a story begin; `cast` says what its names stand for."""
        player = self._player(cast)
        number = next(self._numbers)
        turn = _Turn(max(at, self._clock.now), number, title, tell(player), player)
        heapq.heappush(self._turns, turn)

    def play(self, until: datetime) -> None:
        """Let everything happen up to a moment.

        Raises:
            ConflictError: a case could not go on; the message says which and why.
        """
        began = self._clock.now
        while self._turns and self._turns[0].at <= until:
            turn = heapq.heappop(self._turns)
            self._clock.let_time_pass(turn.at - self._clock.now)
            self._told((self._clock.now - began) / (until - began))
            turn.player.now = self._clock.now
            try:
                wanted = next(turn.story)
            except StopIteration:
                continue
            except SsflowError as error:
                told = f"The sample case {turn.title} stopped: {error.message}"
                raise ConflictError(told) from error
            turn.at = max(self._at_work(wanted, turn.number), self._clock.now)
            heapq.heappush(self._turns, turn)
        self._clock.let_time_pass(until - self._clock.now)

    def _player(self, cast: Mapping[str, str]) -> Player:
        """Give a player with names of its own: cases call different things by one name."""
        clock = self._clock
        people = clock.people | {
            name: clock.people[other] for name, other in cast.items() if other in clock.people
        }
        ids = clock.ids | {name: clock.ids[other] for name, other in cast.items()}
        return Player(
            clock.database,
            clock.timezone,
            clock.now,
            clock.run_due_jobs,
            is_demo=True,
            people=people,
            ids=ids,
            outside=clock.outside,
        )

    def _at_work(self, wanted: datetime, number: int) -> datetime:
        """Move a moment into working hours; not everybody begins at the same minute."""
        zone, calendar = self._clock.timezone, self._calendar
        here = wanted.astimezone(zone)
        spread = timedelta(minutes=(number * 23 + here.minute * 7) % 110)
        day = here.date()
        if calendar.is_working_day(day) and MORNING <= here.time() < EVENING:
            return wanted
        if not (calendar.is_working_day(day) and here.time() < MORNING):
            day = calendar.add_working_days(day, 1)
        return datetime.combine(day, MORNING, zone).astimezone(wanted.tzinfo) + spread


def walk(player: Player, scenario: Scenario, *, steps: int | None, pace: timedelta) -> Story:
    """Follow a shipped walk, or its first `steps` that people do, at a person's pace."""
    player.begin(scenario)
    done = 0
    for number, step in enumerate(scenario.steps, 1):
        if done == steps:
            return
        if "advance" in step:
            with player.work() as work:
                goes_on = calendar_of(work).parse_due(str(step["advance"]), player.now)
            yield goes_on
        elif "attach" in step:
            player.take(number, step)
        elif "complete" in step or "message" in step:
            yield player.now + _about(pace, number)
            player.take(number, _by_whom_it_waits_for(player, step))
            done += 1


def work_off(
    player: Player,
    scenario: Scenario,
    answers: Mapping[str, Answer],
    *,
    pace: timedelta,
    messages: Sequence[str] = (),
    slow: Mapping[str, timedelta] | None = None,
) -> Story:
    """Start a case and do its tasks as they open; when none is open a message comes in.

    `slow`: how long some tasks are left lying.
    """
    player.begin(scenario)
    sending, done = list(messages), 0
    names = {actor.user_id: name for name, actor in player.people.items()}
    lying = dict(slow or {})
    for number in range(_MOST_STEPS):
        yield player.now + _about(pace, number)
        if _is_over(player):
            return
        task = next((one for one in _open_tasks(player) if one.activity_id in answers), None)
        if task is not None and (wait := lying.pop(task.activity_id, None)):
            yield player.now + wait
            continue
        if task is not None:
            answer = answers[task.activity_id]
            by = names[task.assignee] if task.assignee else answer.by
            form = answer.form(by, done) if callable(answer.form) else answer.form
            today = player.now.astimezone(player.timezone).date()
            player.take(
                number, {"complete": task.activity_id, "as": by, "form": dated(form, today)}
            )
            done += 1
        elif sending:
            player.take(number, {"message": sending.pop(0), "payload": {"text": "Thank you."}})
        else:
            yield player.now + _NOTHING_TO_DO


def dated(value: Any, today: date) -> Any:
    """Put the day in place of `@14` (in 14 days) or `@-3` (three days ago), wherever it stands."""
    if isinstance(value, str) and (found := _DAY.fullmatch(value)):
        return (today + timedelta(days=int(found[1]))).isoformat()
    return _in_all(value, lambda one: dated(one, today))


def moved(value: Any, by: timedelta) -> Any:
    """Move every day that is written as 2026-03-02, wherever it stands."""
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return (date.fromisoformat(value) + by).isoformat()
    return _in_all(value, lambda one: moved(one, by))


def _in_all(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: change(one) for key, one in value.items()}
    return [change(one) for one in value] if isinstance(value, list) else value


def _by_whom_it_waits_for(player: Player, step: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let a task that was given to one person be done by that person."""
    names = {actor.user_id: name for name, actor in player.people.items()}
    here = [one for one in _open_tasks(player) if one.activity_id == step.get("complete")]
    wanted = player.people.get(step.get("as", ""))
    if wanted is None or not here or any(one.is_offered_to(wanted) for one in here):
        return step
    return {**step, "as": names.get(here[0].assignee, step["as"])}


def _about(pace: timedelta, number: int) -> timedelta:
    """Vary a pace, the same way each time."""
    return pace * (0.5 + (number * 7 + 3) % 10 / 10)


def _open_tasks(player: Player) -> Sequence[UserTask]:
    with player.look() as work:
        assert player.instance_id is not None  # noqa: S101 - begun
        return task_rows.find_open_tasks_of_instance(work.session, player.instance_id)


def _is_over(player: Player) -> bool:
    with player.look() as work:
        assert player.instance_id is not None  # noqa: S101 - begun
        instance = instance_rows.get_instance(work.session, player.instance_id)
        return instance.status is not InstanceStatus.RUNNING
