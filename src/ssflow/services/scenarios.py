"""Play scenarios on the real engine, with their own clock, people and records."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ssflow.config import Outside
from ssflow.domain.identity import SYSTEM, Actor, RoleGrant, User
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.registers.record import Record, record_as_json, record_values
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.engine.commands import StartByMessage
from ssflow.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SsflowError,
)
from ssflow.services.advance import instance_variables
from ssflow.services.attachments import store_attachment
from ssflow.services.audit import record_refusals
from ssflow.services.incidents import retry_incident
from ssflow.services.instances import begin_instance, start_instance
from ssflow.services.messages import send_message
from ssflow.services.scenario_file import Scenario
from ssflow.services.trail_path import count_elements
from ssflow.services.user_tasks import claim_task, complete_task
from ssflow.services.working_days import calendar_of
from ssflow.store import audit as trail_rows
from ssflow.store import definitions as definition_rows
from ssflow.store import incidents as incident_rows
from ssflow.store import instances as instance_rows
from ssflow.store import jobs as job_rows
from ssflow.store import people as people_rows
from ssflow.store import records as record_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.database import Database
from ssflow.store.unit_of_work import NOTHING_LEAVES, UnitOfWork, open_work

_STATUS: tuple[tuple[type[SsflowError], int], ...] = (
    (NotFoundError, 404),
    (ForbiddenError, 403),
    (ConflictError, 409),
    (InvalidInputError, 422),
)
_ACCEPTED = 202
MAX_ROUNDS = 10_000
"""At how many moments something may become due in one stretch: each hour of a year is within."""
_NUMBERED = {
    "Service": "SRV",
    "ServiceProposal": "PRP",
    "BusinessCase": "BC",
    "Decision": "DEC",
    "Feedback": "CMP",
}
RunDueJobs = Callable[[Callable[[], Any]], int]
"""`services.jobs.run_due_jobs`: handed in, since jobs stand above scenarios."""


_UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What reading a value raises that somebody wrote wrongly into a scenario."""


class ScenarioFailedError(SsflowError):
    """A walk did not go as its file says."""


@dataclass(frozen=True)
class Played:
    """How a walk ended; `passed` are the elements and flows it took, with counts."""

    scenario: Scenario
    failure: str | None
    passed: Mapping[str, int]

    @property
    def is_ok(self) -> bool:
        """Whether it went as its file says."""
        return self.failure is None


@dataclass
class Player:
    """Plays one scenario on a database; `now` is the scenario's own clock."""

    database: Database
    timezone: ZoneInfo
    now: datetime
    run_due_jobs: RunDueJobs
    is_demo: bool = False
    people: dict[str, Actor] = field(default_factory=dict)
    """By name; who is here already is not made again."""
    ids: dict[str, str] = field(default_factory=dict)
    """What `$ref` stands for, likewise."""
    pace: timedelta = timedelta(0)
    """How long people take for a step."""
    outside: Outside = NOTHING_LEAVES
    instance_id: UUID | None = None

    def play(self, scenario: Scenario, *, steps: int | None = None) -> Played:
        """Walk through the scenario, or only through its first `steps`; never raises."""
        try:
            self.begin(scenario)
            for number, step in enumerate(scenario.steps[:steps], 1):
                self.let_time_pass(self.pace)
                self.take(number, step)
            if steps is None:
                self._check(scenario.expect, "at the end")
        except SsflowError as error:
            return Played(scenario, error.message, self._passed())
        except _UNREADABLE as error:
            told = f"The scenario cannot be read ({type(error).__name__}: {error})."
            return Played(scenario, told, self._passed())
        return Played(scenario, None, self._passed())

    def begin(self, scenario: Scenario) -> None:
        """Make the people and records of a scenario that are missing, and start its case.

        Raises:
            SsflowError: the scenario names what there is not, or the start is refused.
        """
        self._prepare(scenario)
        self._start(scenario)

    @contextmanager
    def work(self, actor: Actor = SYSTEM) -> Iterator[UnitOfWork]:
        """Open a piece of work at the scenario's present moment."""
        opened = None
        try:
            with open_work(
                self.database,
                actor=actor,
                now=self.now,
                timezone=self.timezone,
                outside=self.outside,
            ) as opened:
                yield opened
        except SsflowError:
            self._tell_refusals(opened)
            raise

    @contextmanager
    def look(self) -> Iterator[UnitOfWork]:
        """Open a piece of work that only reads; it keeps nobody from writing."""
        with open_work(
            self.database, actor=SYSTEM, now=self.now, timezone=self.timezone, read_only=True
        ) as work:
            yield work

    def actor(self, name: str) -> Actor:
        """Give the person of this name; a role's name stands for somebody who holds just it."""
        if name not in self.people:
            self.people[name] = self._make_person(name, frozenset({name}))
        return self.people[name]

    def _tell_refusals(self, work: UnitOfWork | None) -> None:
        if work is not None and work.refusals:
            with open_work(
                self.database, actor=work.actor, now=self.now, timezone=self.timezone
            ) as after:
                record_refusals(after, work.refusals)

    def _prepare(self, scenario: Scenario) -> None:
        answers = scenario.given.get("answers", {})
        self.outside = replace(self.outside, answers=answers if isinstance(answers, dict) else {})
        people = scenario.given.get("people", [])
        for person in people:
            if person["name"] not in self.people:
                roles = frozenset(person.get("roles", []))
                self.people[person["name"]] = self._make_person(person["name"], roles)
                self._certify(person)
        for given in scenario.given.get("records", []):
            if given.get("ref") not in self.ids:
                self._make_record(given)
        for person in people:
            if "customer" in person:
                self._limit_roles(person["name"], self._filled(person["customer"]))

    def _make_person(self, name: str, roles: frozenset[str]) -> Actor:
        with self.work() as work:
            known = {role.key for role in people_rows.list_roles(work.session)}
            if unknown := roles - known:
                raise ScenarioFailedError(
                    f"There is no person or role {', '.join(sorted(unknown))}."
                )
            full_name = name.replace("_", " ").capitalize()
            user = User(name=name, full_name=full_name, created_at=self.now, is_demo=self.is_demo)
            work.session.add(user)
            work.session.flush()
            work.session.add_all(RoleGrant(user_id=user.id, role=role) for role in roles)
            self.ids[name] = str(user.id)
            return Actor(user_id=user.id, name=name, roles=roles)

    def _certify(self, person: Mapping[str, Any]) -> None:
        """Give a person the certificate that the scenario names, if it names one."""
        if "certificate_no" not in person:
            return
        until = date.fromisoformat(str(person["certified_until"]))
        with self.work() as work:
            user = people_rows.get_user(work.session, UUID(self.ids[person["name"]]))
            user.certificate_no, user.certified_until = person["certificate_no"], until

    def _limit_roles(self, name: str, customer_id: str) -> None:
        """Let a person hold their roles for one customer only."""
        with self.work() as work:
            for grant in people_rows.grants_of(work.session, UUID(self.ids[name])):
                grant.customer_id = UUID(customer_id)

    def _make_record(self, given: Mapping[str, Any]) -> None:
        kind = record_rows.RECORD_KINDS.get(given.get("kind", ""))
        if kind is None:
            raise ScenarioFailedError(f"There is no register {given.get('kind')}.")
        values = record_values(kind, self._filled(given.get("values", {})))
        with self.work() as work:
            if (prefix := _NUMBERED.get(kind.__name__)) and "number" not in values:
                values["number"] = record_rows.next_number(work.session, prefix, self.now.year)
            made = self._build_record(kind, values)
            work.session.add(made)
            work.session.flush()
            if "ref" in given:
                self.ids[given["ref"]] = str(made.id)

    def _build_record(self, kind: type[Record], values: Mapping[str, Any]) -> Record:
        try:
            return kind(created_at=self.now, created_by=SYSTEM.key, is_demo=self.is_demo, **values)
        except TypeError as error:
            fields = ", ".join(re.findall(r"'(\w+)'", str(error)))
            verb = "needs" if "missing" in str(error) else "has no"
            told = f"A record of {kind.__name__} {verb} {fields}."
            raise ScenarioFailedError(told) from error

    def _start(self, scenario: Scenario) -> None:
        start = scenario.start
        if "at" in start:
            self.now = self._moment(start["at"])
        given = self._filled(start.get("payload") or start.get("variables") or {})
        actor = self.actor(start["as"]) if "as" in start else SYSTEM
        with self.work(actor) as work:
            if "message" in start:
                instance = self._start_by_message(work, scenario.process, start["message"], given)
            else:
                key = start.get("business_key")
                instance = start_instance(work, scenario.process, given, business_key=key)
            instance.is_demo = self.is_demo
            self.instance_id = instance.id
        self.let_time_pass(timedelta(0))

    def _moment(self, text: Any) -> datetime:
        """Read a moment; without a zone it is one of the scenario's own."""
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError as error:
            told = f'The start "{text}" is no moment; write 2026-03-02T09:00:00Z.'
            raise ScenarioFailedError(told) from error
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.timezone)).astimezone(UTC)

    def _start_by_message(
        self, work: UnitOfWork, process: str, name: str, payload: Mapping[str, Any]
    ) -> ProcessInstance:
        definition = definition_rows.find_latest(work.session, process)
        if definition is None:
            raise ScenarioFailedError(f"There is no process {process}.")
        return begin_instance(work, definition, StartByMessage(name, payload), payload, None)

    def take(self, number: int, step: Mapping[str, Any]) -> None:
        """Do one step at the present moment; `number` is what a failure calls it.

        Raises:
            ScenarioFailedError: it was refused, or what it waits for is not there.
        """
        kind = next(kind for kind in _STEPS if kind in step)
        try:
            _STEPS[kind](self, step)
        except ScenarioFailedError:
            raise
        except SsflowError as error:
            what = f"step {number} ({kind} {step[kind]})"
            raise ScenarioFailedError(f"{what}: {error.message}{_field_errors(error)}") from error

    def _complete(self, step: Mapping[str, Any]) -> None:
        actor = self.actor(step["as"])
        task, form = self._open_task(step["complete"], actor), self._filled(step.get("form", {}))
        with self.work(actor) as work:
            claim_task(work, task.id)
        with self.work(actor) as work:
            complete_task(work, task.id, form)
        self.let_time_pass(timedelta(0))

    def _attach(self, step: Mapping[str, Any]) -> None:
        """Add a small file to the case; `$name` is its id from now on."""
        actor, name = self.actor(step["as"]), str(step["attach"])
        instance_id = self._instance().id
        with self.work(actor) as work:
            file = store_attachment(
                work, f"{name}.txt", "text/plain", name.encode(), instance_id=instance_id
            )
            work.session.flush()
            self.ids[name] = str(file.id)

    def _claim(self, step: Mapping[str, Any]) -> None:
        actor = self.actor(step["as"])
        task = self._open_task(step["claim"], actor)
        with self.work(actor) as work:
            claim_task(work, task.id)

    def _refuse(self, step: Mapping[str, Any]) -> None:
        actor = self.actor(step["as"])
        task, form = self._task_to_refuse(step["refuse"], actor), self._filled(step.get("form", {}))
        wanted = int(step.get("status", 403))
        try:
            with self.work(actor) as work:
                complete_task(work, task.id, form)
        except SsflowError as error:
            got = _status_of(error)
            if got != wanted:
                told = f"{step['refuse']} was refused with {got}, not {wanted}: {error.message}"
                raise ScenarioFailedError(told) from error
            return
        raise ScenarioFailedError(f"{step['refuse']} by {step['as']} was not refused.")

    def _advance(self, step: Mapping[str, Any]) -> None:
        with self.work() as work:  # the calendar reads the holidays when it is asked
            until = calendar_of(work).parse_due(str(step["advance"]), self.now)
        self.let_time_pass(until - self.now)

    def _message(self, step: Mapping[str, Any]) -> None:
        key = self._filled(step.get("correlation_key")) or self._instance().business_key
        payload = self._filled(step.get("payload", {}))
        actor = self.actor(step["as"]) if "as" in step else SYSTEM
        named = {name: step[name] for name in ("message_id", "time_to_live") if name in step}
        wanted, got = step.get("status"), None
        try:
            with self.work(actor) as work:
                got = send_message(work, step["message"], key, payload, **named).status
        except SsflowError as error:
            if _status_of(error) != wanted:
                raise
        if got is not None and wanted not in (None, _ACCEPTED, got):
            raise ScenarioFailedError(f"The message {step['message']} was {got}, not {wanted}.")
        self.let_time_pass(timedelta(0))

    def _retry(self, step: Mapping[str, Any]) -> None:
        instance_id, changes = self._instance().id, self._filled(step.get("changes", {}))
        with self.work() as work:
            found = incident_rows.open_incidents_of(work.session, instance_id)
            incident = next((i for i in found if i.activity_id == step["retry"]), None)
            if incident is None:
                raise ScenarioFailedError(f"{step['retry']} has no open incident.")
            retry_incident(work, incident.id, changes, "scenario")

    def _give(self, step: Mapping[str, Any]) -> None:
        """Put records there meanwhile, as an import or another case does."""
        for given in step["given"].get("records", []):
            self._make_record(given)

    def _expect(self, step: Mapping[str, Any]) -> None:
        self._check(step["expect"], "here")

    def let_time_pass(self, duration: timedelta) -> None:
        """Move the clock and do what becomes due on the way, in order."""
        until, rounds = self.now + duration, 0
        while (due_at := self._next_due_at()) is not None and due_at <= until:
            if (rounds := rounds + 1) > MAX_ROUNDS:
                told = f"Jobs became due at more than {MAX_ROUNDS} moments; let less time pass."
                raise ScenarioFailedError(told)
            self.now = max(self.now, due_at)
            self.run_due_jobs(self.work)
        self.now = until

    def _next_due_at(self) -> datetime | None:
        with self.look() as work:
            return job_rows.next_due_at(work.session)

    def _open_task(self, activity_id: str, actor: Actor) -> UserTask:
        """Find the open task at an element; of several the one that is offered to the actor."""
        instance_id = self._instance().id
        with self.look() as work:
            tasks = task_rows.find_open_tasks_of_instance(work.session, instance_id)
        here = [task for task in tasks if task.activity_id == activity_id]
        if not here:
            waiting = ", ".join(sorted(task.activity_id for task in tasks)) or "nothing"
            raise ScenarioFailedError(f"{activity_id} is not open; open is {waiting}.")
        return next((task for task in here if task.is_offered_to(actor)), here[0])

    def _task_to_refuse(self, activity_id: str, actor: Actor) -> UserTask:
        """Find the open task at an element, else the last one there: it is done or cancelled."""
        instance_id = self._instance().id
        with self.work() as work:
            tasks = task_rows.find_tasks_of_instance(work.session, instance_id)
        here = [task for task in tasks if task.activity_id == activity_id]
        if not here or any(task.status is TaskStatus.OPEN for task in here):
            return self._open_task(activity_id, actor)
        return here[-1]

    def _instance(self) -> ProcessInstance:
        if self.instance_id is None:
            raise ScenarioFailedError("The case was not started.")
        with self.look() as work:
            return instance_rows.get_instance(work.session, self.instance_id)

    def _passed(self) -> dict[str, int]:
        if self.instance_id is None:
            return {}
        with self.work() as work:
            events = trail_rows.events_of_stream(work.session, str(self.instance_id))
            return dict(Counter(element for event in events for element in count_elements(event)))

    def _check(self, expected: Mapping[str, Any], where: str) -> None:
        for name, wanted in expected.items():
            if name not in _CHECKS:
                raise ScenarioFailedError(f"Nothing can be expected of {name!r}.")
            if problem := _CHECKS[name](self, self._filled(wanted)):
                raise ScenarioFailedError(f"{where}: {problem}")

    def _check_open(self, wanted: Sequence[str]) -> str | None:
        instance_id = self._instance().id
        with self.work() as work:
            tasks = task_rows.find_open_tasks_of_instance(work.session, instance_id)
        found = sorted(task.activity_id for task in tasks)
        return None if found == sorted(wanted) else f"open is {found}, expected {sorted(wanted)}"

    def _check_ended(self, wanted: str) -> str | None:
        instance = self._instance()
        if instance.end_event == wanted:
            return None
        told = instance.end_event or f"{instance.status}{self._why_not()}"
        return f"ended is {told}, expected {wanted}"

    def _why_not(self) -> str:
        instance_id = self._instance().id
        with self.work() as work:
            found = incident_rows.open_incidents_of(work.session, instance_id)
        return "".join(f"; incident at {i.activity_id}: {i.message}" for i in found)

    def _check_variables(self, wanted: Mapping[str, Any]) -> str | None:
        instance_id = self._instance().id
        with self.work() as work:
            instance = instance_rows.lock_instance(work.session, instance_id)
            found = instance_variables(work, instance)
        wrong = [name for name, value in wanted.items() if not _holds(found.get(name), value)]
        return "; ".join(f"{n} is {found.get(n)!r}, expected {wanted[n]!r}" for n in wrong) or None

    def _check_path(self, wanted: Sequence[str]) -> str | None:
        stream = str(self._instance().id)
        with self.work() as work:
            events = trail_rows.events_of_stream(work.session, stream)
            path = iter([element for event in events for element in count_elements(event)])
        missed = [element for element in wanted if element not in path]
        return f"the way did not pass {missed[0]} in this order" if missed else None

    def _check_records(self, wanted: Mapping[str, Any]) -> str | None:
        for name, values in wanted.items():
            kind = record_rows.RECORD_KINDS.get(name)
            if kind is None:
                return f"there is no register {name}"
            for one in values if isinstance(values, list) else [values]:
                if problem := self._check_record(kind, one):
                    return problem
        return None

    def _check_record(self, kind: type[Record], wanted: Mapping[str, Any]) -> str | None:
        with self.work() as work:
            page = record_rows.list_records(work.session, kind.__name__, limit=200)
            found = [_with_short_names(record_as_json(record)) for record in page.items]
        if any(_holds(values, wanted) for values in found):
            return None
        near = [{name: values.get(name) for name in wanted} for values in found]
        return f"no {kind.__name__} has {dict(wanted)}; there is {near or 'none'}"

    def _check_audit(self, wanted: Sequence[str]) -> str | None:
        stream = str(self._instance().id)
        with self.work() as work:
            events = trail_rows.events_of_stream(work.session, stream)
            found = {str(event.action) for event in events}
        missing = [action for action in wanted if action not in found]
        return f"the trail has no {', '.join(missing)}" if missing else None

    def _check_incidents(self, wanted: Sequence[str]) -> str | None:
        instance_id = self._instance().id
        with self.work() as work:
            found = incident_rows.open_incidents_of(work.session, instance_id)
        at = sorted(incident.activity_id for incident in found)
        return None if at == sorted(wanted) else f"incidents are at {at}, expected {sorted(wanted)}"

    def _filled(self, value: Any) -> Any:
        """Put the id in place of `$ref`, wherever it stands."""
        if isinstance(value, str) and value.startswith("$"):
            name = value.removeprefix("$")
            if name not in self.ids:
                self.actor(name)
            return self.ids[name]
        if isinstance(value, Mapping):
            return {key: self._filled(item) for key, item in value.items()}
        return [self._filled(item) for item in value] if isinstance(value, list) else value


_STEPS: Mapping[str, Callable[[Player, Mapping[str, Any]], None]] = {
    "attach": Player._attach,  # noqa: SLF001 - the table of its own kinds of steps
    "complete": Player._complete,  # noqa: SLF001 - the table of its own kinds of steps
    "claim": Player._claim,  # noqa: SLF001
    "refuse": Player._refuse,  # noqa: SLF001
    "advance": Player._advance,  # noqa: SLF001
    "message": Player._message,  # noqa: SLF001
    "retry": Player._retry,  # noqa: SLF001
    "given": Player._give,  # noqa: SLF001
    "expect": Player._expect,  # noqa: SLF001
}
_CHECKS: Mapping[str, Callable[[Player, Any], str | None]] = {
    "open": Player._check_open,  # noqa: SLF001 - the table of its own kinds of checks
    "ended": Player._check_ended,  # noqa: SLF001
    "variables": Player._check_variables,  # noqa: SLF001
    "path": Player._check_path,  # noqa: SLF001
    "records": Player._check_records,  # noqa: SLF001
    "audit": Player._check_audit,  # noqa: SLF001
    "incidents": Player._check_incidents,  # noqa: SLF001
}


def _status_of(error: SsflowError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _field_errors(error: SsflowError) -> str:
    errors = getattr(error, "errors", {})
    return "".join(f" [{name}: {' '.join(texts)}]" for name, texts in errors.items())


def _holds(found: Any, wanted: Any) -> bool:
    """Say whether a value is as wanted; an object may hold more than is asked."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and _holds(found[name], value) for name, value in wanted.items()
        )
    return bool(found == wanted) or str(found) == str(wanted)


def _with_short_names(values: dict[str, Any]) -> dict[str, Any]:
    """Let a reference be asked for without its `_id`."""
    return values | {n.removesuffix("_id"): v for n, v in values.items() if n.endswith("_id")}
