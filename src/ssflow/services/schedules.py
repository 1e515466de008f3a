"""Start processes by the clock: once for each tick, or once for each tick and record."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import Variables, new_id
from ssflow.domain.definition import ProcessDefinition
from ssflow.domain.identity import ADMIN
from ssflow.domain.job import Job, JobKind
from ssflow.domain.record_query import read_record_query
from ssflow.domain.registers.record import Record, record_as_json
from ssflow.domain.schedule import Schedule, ScheduleRun
from ssflow.engine.commands import Start
from ssflow.engine.faults import ElementError
from ssflow.engine.sandbox import Clock
from ssflow.engine.scripts import MontyEnvironment
from ssflow.errors import InvalidInputError, NotFoundError, SsflowError
from ssflow.sentences import Sentence
from ssflow.services.audit import record
from ssflow.services.definitions import SANDBOX
from ssflow.services.instances import begin_instance, read_reason
from ssflow.services.job_kinds import GiveUpError
from ssflow.services.variables import check_variables
from ssflow.services.working_days import calendar_of
from ssflow.store import definitions as definition_rows
from ssflow.store import jobs as job_rows
from ssflow.store import schedules as rows
from ssflow.store.schedules import RunRow
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.timetable import Ticks, Timetable, read_timetable

MAX_RECORDS = 5_000
"""For which one tick may start cases; more are a mistake in the query."""
RUNS_SHOWN = 10
_ANY_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class ScheduleView:
    """A schedule with the process that it starts."""

    schedule: Schedule
    definition: ProcessDefinition

    @property
    def records(self) -> str | None:
        """The query that says for which records; None when it starts one case."""
        text = _property(self.definition, "schedule_for")
        return text or None


# --- what deployments and start-up do -------------------------------------------------------------


def keep_schedule(work: UnitOfWork, definition: ProcessDefinition) -> None:
    """Let the newest version of a process say when it starts by itself.

    A schedule that changed begins to count now; one that stayed keeps what it still had to do.
    """
    text = _property(definition, "schedule")
    schedule = rows.lock_schedule(work.session, definition.key)
    if not text:
        if schedule is not None:
            _drop_job(work, schedule)
            work.session.delete(schedule)
        return
    if schedule is None:
        schedule = Schedule(key=definition.key, timetable=text, counted_from=work.now)
        work.session.add(schedule)
    elif schedule.timetable != text:
        schedule.timetable, schedule.counted_from = text, work.now
    if schedule.is_on:
        _plan(work, schedule)
    work.session.flush()


def keep_schedules(work: UnitOfWork) -> None:
    """Do so for all processes: after an upgrade, or when time zone or holidays may be others."""
    for definition in definition_rows.list_latest(work.session):
        if _property(definition, "schedule") or rows.find_schedule(work.session, definition.key):
            keep_schedule(work, definition)


def find_query_problem(text: str) -> str | None:
    """Tell why a text names no records to start a process for; None when it does."""
    try:
        rows.check_query(read_record_query(text, _ANY_DAY))
    except (InvalidInputError, NotFoundError) as error:
        return error.message
    return None


# --- what people do -------------------------------------------------------------------------------


def list_schedules(work: UnitOfWork) -> list[ScheduleView]:
    """List the processes that start by themselves."""
    latest = {d.key: d for d in definition_rows.list_latest(work.session)}
    found = rows.list_schedules(work.session)
    return [ScheduleView(one, latest[one.key]) for one in found if one.key in latest]


def find_schedule(work: UnitOfWork, key: str) -> ScheduleView | None:
    """Find when a process starts by itself."""
    schedule = rows.find_schedule(work.session, key)
    definition = definition_rows.find_latest(work.session, key)
    return ScheduleView(schedule, definition) if schedule and definition else None


def next_ticks(work: UnitOfWork, key: str, n: int = 5) -> list[datetime]:
    """Tell when a process would start next, whether its schedule is on or off.

    Raises:
        NotFoundError: the process has no schedule.
    """
    timetable = read_timetable(_get(rows.find_schedule(work.session, key)).timetable)
    return list(islice(timetable.ticks_after(work.now, calendar_of(work)), n))


def last_runs(work: UnitOfWork, key: str, limit: int = RUNS_SHOWN) -> list[RunRow]:
    """List what came of a schedule, newest first."""
    return rows.last_runs(work.session, key, limit)


def switch_schedule(work: UnitOfWork, key: str, is_on: bool, reason: str) -> Schedule:  # noqa: FBT001 - the value that is set
    """Switch a schedule on or off; ticks that go by while it is off are not made up for.

    Raises:
        ForbiddenError: the actor does not administer.
        NotFoundError: the process has no schedule.
        InvalidInputError: the reason is empty or too long.
    """
    work.actor.require_role(ADMIN)
    schedule = _get(rows.lock_schedule(work.session, key))
    told = read_reason(reason)
    if schedule.is_on == is_on:
        return schedule
    schedule.is_on, schedule.reason = is_on, told
    schedule.switched_at, schedule.switched_by = work.now, work.actor.key
    if is_on:
        schedule.counted_from = work.now
        _plan(work, schedule)
    else:
        _drop_job(work, schedule)
    record(work, AuditAction.SCHEDULE_SWITCHED, key=key, is_on=is_on, reason=told)
    return schedule


def run_now(work: UnitOfWork, key: str, reason: str) -> int:
    """Start what the next tick would start, at once; gives how many cases that will be.

    Raises:
        ForbiddenError: the actor does not administer.
        NotFoundError: the process has no schedule.
        InvalidInputError: the reason is empty or too long, or the query finds no records.
    """
    work.actor.require_role(ADMIN)
    schedule = _get(rows.lock_schedule(work.session, key))
    told = read_reason(reason)
    definition = _definition(work, key)
    wanted = _records(work, definition, work.now)
    _add_runs(work, schedule, wanted, Ticks(work.now), asked_by=work.actor.key)
    record(work, AuditAction.SCHEDULE_RUN_BY_HAND, key=key, reason=told, cases=len(wanted))
    return len(wanted)


# --- what jobs do ---------------------------------------------------------------------------------


def do_scheduled(work: UnitOfWork, job: Job) -> None:
    """See to a tick, or start one of its cases.

    Raises:
        GiveUpError: the case cannot be started as the process says.
    """
    if "run" in job.payload:
        _start_case(work, UUID(job.payload["run"]))
    else:
        _tick(work, str(job.payload["key"]), job.id)


def _tick(work: UnitOfWork, key: str, job_id: UUID) -> None:
    """Have the cases of a tick started by jobs of their own, and plan the next tick.

    What became due while nobody worked is done once. A job that another one replaced does nothing.
    """
    schedule = rows.lock_schedule(work.session, key)
    if schedule is None or schedule.job_id != job_id:
        return
    timetable = read_timetable(schedule.timetable)
    due = timetable.due_since(schedule.counted_from, work.now, calendar_of(work))
    if due is not None:
        schedule.counted_from = due.latest
        _see_to(work, schedule, due)
    _plan(work, schedule, timetable)


def _see_to(work: UnitOfWork, schedule: Schedule, due: Ticks) -> None:
    told: dict[str, Any] = {"key": schedule.key, "tick": due.latest.isoformat()}
    if due.missed:
        told["missed"] = due.missed
    try:
        wanted = _records(work, _definition(work, schedule.key), due.latest)
    except SsflowError as error:
        record(work, AuditAction.SCHEDULE_TICKED, **told, cases=0, error=error.message)
        return
    _add_runs(work, schedule, wanted, due)
    record(work, AuditAction.SCHEDULE_TICKED, **told, cases=len(wanted))


def _start_case(work: UnitOfWork, run_id: UUID) -> None:
    run = rows.lock_run(work.session, run_id)
    if run is None or run.instance_id is not None:
        return
    definition = definition_rows.find_latest(work.session, run.key)
    if definition is None:
        raise GiveUpError(Sentence("There is no process %(key)s any more.", key=run.key))
    about = _record_of(work, run)
    key = _business_key(work, definition, run, about)
    try:
        variables = _variables(work, definition, run.tick_at, about)
        check_variables(variables)
        run.instance_id = begin_instance(work, definition, Start(variables), variables, key).id
    except InvalidInputError as error:
        raise GiveUpError(error.message) from error


# --- how ------------------------------------------------------------------------------------------


def _plan(work: UnitOfWork, schedule: Schedule, timetable: Timetable | None = None) -> None:
    """Have a job see to the next tick; what is due already is seen to at once."""
    _drop_job(work, schedule)
    timetable = timetable or read_timetable(schedule.timetable)
    schedule.next_at = timetable.first_after(schedule.counted_from, calendar_of(work))
    if schedule.next_at is not None:
        job = {"payload": {"key": schedule.key}, "due_at": schedule.next_at}
        [schedule.job_id] = _add_jobs(work, [job])


def _drop_job(work: UnitOfWork, schedule: Schedule) -> None:
    if schedule.job_id is not None:
        rows.delete_job(work.session, schedule.job_id)
    schedule.job_id = schedule.next_at = None


def _add_jobs(work: UnitOfWork, jobs: Iterable[Mapping[str, Any]]) -> list[UUID]:
    told = {"kind": JobKind.SCHEDULE, "created_at": work.now}
    return job_rows.add_jobs(work.session, [{**told, **job} for job in jobs])


def _add_runs(
    work: UnitOfWork,
    schedule: Schedule,
    wanted: Sequence[Record | None],
    due: Ticks,
    asked_by: str | None = None,
) -> None:
    runs: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "key": schedule.key,
            "tick_at": due.latest,
            "created_at": work.now,
            "record_id": "" if one is None else str(one.id),
            "record_kind": None if one is None else type(one).__name__,
            "missed": due.missed,
            "asked_by": asked_by,
        }
        for one in wanted
    ]
    jobs = [{"payload": {"run": str(run["id"])}, "due_at": work.now} for run in runs]
    ids = _add_jobs(work, jobs)
    rows.add_runs(
        work.session, [{**run, "job_id": job_id} for run, job_id in zip(runs, ids, strict=True)]
    )


def _records(
    work: UnitOfWork, definition: ProcessDefinition, tick: datetime
) -> Sequence[Record | None]:
    """Find the records that a tick starts a case for; one None when it is for no record."""
    text = _property(definition, "schedule_for")
    if not text:
        return [None]
    query = read_record_query(text, calendar_of(work).local_date(tick))
    found = rows.find_records(work.session, query, MAX_RECORDS + 1)
    if len(found) > MAX_RECORDS:
        raise InvalidInputError(
            Sentence("%(text)s finds more than %(most)s records.", text=text, most=MAX_RECORDS)
        )
    return found


def _record_of(work: UnitOfWork, run: ScheduleRun) -> Record | None:
    if run.record_kind is None:
        return None
    found = rows.find_record_by_id(work.session, run.record_kind, UUID(run.record_id))
    if found is None:
        raise GiveUpError(
            Sentence("What the case is for is gone from “%(register)s”.", register=run.record_kind)
        )
    return found


def _variables(
    work: UnitOfWork, definition: ProcessDefinition, tick: datetime, about: Record | None
) -> Variables:
    """Work out what a case starts with: the payload, or the record that it is for.

    Raises:
        InvalidInputError: the payload fails, or is no object.
    """
    given: Variables = {"tick": tick.astimezone(work.timezone).isoformat()}
    if about is not None:
        told = json.loads(json.dumps(record_as_json(about)))  # kinds and states become plain texts
        given["record"] = {"id": str(about.id), **told}
    text = _property(definition, "schedule_payload")
    if not text:
        return {} if about is None else {"record": given["record"]}
    found = _evaluate(work, text, tick, given) if text.startswith("=") else json.loads(text)
    if not isinstance(found, dict):
        raise InvalidInputError("The schedule_payload gives no object of variables.")
    return found


def _evaluate(work: UnitOfWork, text: str, tick: datetime, given: Variables) -> Any:
    environment = MontyEnvironment(SANDBOX, Clock(tick, calendar_of(work)), {})
    try:
        return environment.evaluate(text.removeprefix("="), given)
    except ElementError as error:
        raise InvalidInputError(
            Sentence("The schedule_payload failed: %(reason)s", reason=error)
        ) from error


def _business_key(
    work: UnitOfWork, definition: ProcessDefinition, run: ScheduleRun, about: Record | None
) -> str | None:
    """Name a case by what started it, unless its diagram does."""
    if _property(definition, "business_key"):
        return None
    tick = run.tick_at.astimezone(work.timezone)
    number = "" if about is None else str(getattr(about, "number", None) or about.id)
    return f"{definition.key} {tick:%Y-%m-%d %H:%M} {number}".strip()


def _property(definition: ProcessDefinition, name: str) -> str:
    return str(definition.facts["properties"].get(name) or "").strip()


def _definition(work: UnitOfWork, key: str) -> ProcessDefinition:
    definition = definition_rows.find_latest(work.session, key)
    if definition is None:
        raise NotFoundError(Sentence("There is no process %(key)s.", key=key))
    return definition


def _get(schedule: Schedule | None) -> Schedule:
    if schedule is None:
        raise NotFoundError("This process does not start by itself.")
    return schedule
