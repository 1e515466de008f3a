"""Processes are killed without warning while people complete tasks and timers fire."""

import http.client
import json
import queue
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.identity import Actor
from ssflow.domain.incident import Incident, IncidentStatus
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.job import Job
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.services.audit import verify_all
from ssflow.services.incidents import retry_incident
from ssflow.services.jobs import retry_failed_job
from ssflow.services.trail_path import details_of
from ssflow.store.database import Database
from tests.engine.diagrams import (
    after,
    carrying,
    catch,
    diagram,
    end,
    flows,
    message,
    on_message,
    process,
    start,
    throw,
    user,
)
from tests.faults.crew import Crew, crew, make_orders
from tests.faults.nursery import Orders
from tests.services.office import Office

KILLS = 55
"""Of a web process, and as many of a worker, on each database: 220 in all."""
KILLS_OF_CONTROL = 25
CASES = 60
ENOUGH = 20
"""Completions acknowledged, so that the storm did hit work."""
CLERKS = 3
SHORTEST_LIFE, LONGEST_LIFE = 0.01, 0.15
PATIENCE_SECONDS = 60
LOST = "Each worker that did it was lost."

_CASE = diagram(
    message("m", "told"),
    process(
        "p",
        start(),
        user("U_one", role="service_owner"),
        catch("I_wait", after("'PT1S'")),
        throw("T_tell", on_message("m", carrying("{}"))),
        catch("I_hear", on_message("m")),
        user("U_two", role="service_owner"),
        end(),
        flows("start U_one I_wait T_tell I_hear U_two end"),
    ),
)
"""Two completions, a timer that a worker finds, and a message to itself that is handed over."""
_ONCE = (
    AuditAction.INSTANCE_STARTED,
    AuditAction.TIMER_FIRED,
    AuditAction.MESSAGE_CAUGHT,
    AuditAction.INSTANCE_ENDED,
)

pytestmark = pytest.mark.slow


@dataclass
class Desk:
    """People who complete whatever is open, over REST, and remember what was acknowledged."""

    port: int
    token: str
    acknowledged: list[UUID] = field(default_factory=list)
    unsure: list[UUID] = field(default_factory=list)
    """Done when it was sent again: the first answer got lost on the way."""
    is_closed: threading.Event = field(default_factory=threading.Event)
    _waiting: "queue.Queue[UUID]" = field(default_factory=queue.Queue)
    _seen: set[UUID] = field(default_factory=set)

    def lay(self, task_ids: list[UUID]) -> None:
        for task_id in task_ids:
            if task_id not in self._seen:
                self._seen.add(task_id)
                self._waiting.put(task_id)

    def work(self) -> None:
        while not self.is_closed.is_set():
            try:
                task_id = self._waiting.get(timeout=0.05)
            except queue.Empty:
                continue
            while not self.is_closed.is_set() and not self._complete(task_id):
                time.sleep(0.005)

    def _complete(self, task_id: UUID) -> bool:
        """Send the form; false when there was no clear answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            path = f"/api/v1/user-tasks/{task_id}/completion"
            connection.request("POST", path, json.dumps({"by": "clerk"}), headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        assert status in (200, 409, 503), status
        if status == 200:
            self.acknowledged.append(task_id)
        if status == 409:
            self.unsure.append(task_id)
        return status != 503


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    office = Office(database)
    office.now = datetime.now(UTC)
    office.deploy({"p.bpmn": _CASE})
    yield office
    _empty_carrier(database)


@pytest.fixture
def clerk(office: Office) -> Actor:
    return office.hire("service_owner")


@pytest.fixture
def orders(office: Office, clerk: Actor, tmp_path: Path) -> Orders:
    return make_orders(office, clerk, "U_one", tmp_path)


@pytest.fixture
def hired(orders: Orders, tmp_path: Path) -> Iterator[Crew]:
    with crew(orders, tmp_path / "log") as made:
        yield made


def _empty_carrier(database: Database) -> None:
    """The carrier's tables are none of ours, so the fixture of the database leaves them."""
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


# --- the storm ------------------------------------------------------------------------------------


@contextmanager
def clerks_at_work(desk: Desk) -> Iterator[None]:
    threads = [threading.Thread(target=desk.work) for _ in range(CLERKS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        desk.is_closed.set()
        for thread in threads:
            thread.join()


def storm(office: Office, crew: Crew, desk: Desk, clerk: Actor, *, web: str, kills: int) -> None:
    """Kill processes at random moments while there is always something to do; then let it end."""
    dice = random.Random(kills)  # noqa: S311 - moments to kill, no secrets
    lives = {"web": web, "worker": "worker"}
    for place, life in lives.items():
        crew.start(place, life)
    for number in range(2 * kills):
        keep_busy(office, desk, clerk)
        time.sleep(dice.uniform(SHORTEST_LIFE, LONGEST_LIFE))
        place = ("web", "worker")[number % 2]
        crew.kill(place)
        crew.start(place, lives[place])
    settle(office, desk)


def keep_busy(office: Office, desk: Desk, clerk: Actor) -> None:
    """Lay what is open on the desk, and start cases as long as there are few."""
    office.now = datetime.now(UTC)
    open_tasks = open_task_ids(office)
    if len(open_tasks) < CLERKS and case_count(office) < CASES:
        for _ in range(CLERKS):
            office.start(clerk, business_key=str(uuid4()))
        open_tasks = open_task_ids(office)
    desk.lay(open_tasks)


def settle(office: Office, desk: Desk) -> None:
    """Wait until nobody has anything to do any more."""
    began = time.monotonic()
    while open_tasks := [*open_task_ids(office), *due_job_ids(office)]:
        assert time.monotonic() - began < PATIENCE_SECONDS, open_tasks
        desk.lay(open_task_ids(office))
        office.now = datetime.now(UTC)
        time.sleep(0.05)


def open_task_ids(office: Office) -> list[UUID]:
    with office.look() as work:
        query = select(UserTask.id).where(UserTask.status == TaskStatus.OPEN)
        return list(work.session.scalars(query))


def due_job_ids(office: Office) -> list[UUID]:
    with office.look() as work:
        return list(work.session.scalars(select(Job.id).where(Job.due_at.is_not(None))))


def case_count(office: Office) -> int:
    with office.look() as work:
        return work.session.scalar(select(func.count()).select_from(ProcessInstance)) or 0


# --- what must hold -------------------------------------------------------------------------------


def faults_found(office: Office, desk: Desk) -> list[str]:
    """Tell everything that was lost, done twice or left half done."""
    with office.look() as work:
        trails = events_by_case(list(work.session.scalars(select(AuditEvent))))
        tasks = {task.id: task for task in work.session.scalars(select(UserTask))}
        cases = list(work.session.scalars(select(ProcessInstance)))
        broken = [each.stream for each in verify_all(work) if not each.is_ok]
    found = [f"The chain {stream} is broken." for stream in broken]
    done = Counter(
        UUID(str(details_of(event)["task"]))
        for events in trails.values()
        for event in events
        if event.action is AuditAction.TASK_COMPLETED
    )
    found += [
        f"The acknowledged completion of {task_id} is there {done[task_id]} times."
        for task_id in desk.acknowledged
        if tasks[task_id].status is not TaskStatus.COMPLETED or done[task_id] != 1
    ]
    found += [f"{task_id} was completed {n} times." for task_id, n in done.items() if n > 1]
    for case in cases:
        told = Counter(event.action for event in trails.get(case.id, []))
        # A timer that was given up went off by the retry of its incident.
        told[AuditAction.TIMER_FIRED] += told[AuditAction.INCIDENT_RETRIED]
        expected = {AuditAction.TASK_COMPLETED: 2, **dict.fromkeys(_ONCE, 1)}
        if case.status is not InstanceStatus.COMPLETED:
            told_so_far = [str(event.action) for event in trails.get(case.id, [])]
            found.append(f"The case {case.id} stands still after {', '.join(told_so_far)}.")
        elif any(told[action] != count for action, count in expected.items()):
            found.append(f"The case {case.id} took another way: {dict(told)}.")
    return found


def events_by_case(events: list[AuditEvent]) -> dict[UUID, list[AuditEvent]]:
    cases: dict[UUID, list[AuditEvent]] = {}
    for event in events:
        if event.instance_id is not None:
            cases.setdefault(event.instance_id, []).append(event)
    return cases


def retry_lost(office: Office) -> int:
    """What lost three workers in the storm waits for an administrator, who lets it go on."""
    admin = office.hire("admin")
    with office.look() as work:
        query = select(Incident).where(Incident.status == IncidentStatus.OPEN)
        incidents = list(work.session.scalars(query))
        failed = list(work.session.scalars(select(Job).where(Job.due_at.is_(None))))
    assert {each.message for each in incidents} | {job.error for job in failed} <= {LOST}
    for incident in incidents:
        office.act(admin, retry_incident, incident.id)
    for job in failed:
        office.act(admin, retry_failed_job, job.id)
    return len(incidents) + len(failed)


def test_nothing_that_was_acknowledged_is_lost_or_done_twice_when_processes_are_killed(
    office: Office, hired: Crew, orders: Orders, clerk: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(hired.port, orders.token)

    with clerks_at_work(desk):
        storm(office, hired, desk, clerk, web="web", kills=KILLS)
        lost = retry_lost(office)
        settle(office, desk)

    found = faults_found(office, desk)
    with capsys.disabled():
        kind = "SQLite" if office.database.is_sqlite else "PostgreSQL"
        sys.stdout.write(
            f"\n{kind}: killed {hired.killed}, {case_count(office)} cases, "
            f"{len(desk.acknowledged)} completions acknowledged, {len(desk.unsure)} answers lost, "
            f"{lost} jobs that lost three workers, {len(found)} faults\n"
        )
    assert found == []
    assert hired.killed == {"web": KILLS, "worker": KILLS}
    assert len(desk.acknowledged) > ENOUGH


def test_a_completion_in_a_transaction_of_its_own_is_caught_by_the_same_checks(
    office: Office, hired: Crew, orders: Orders, clerk: Actor
) -> None:
    desk = Desk(hired.port, orders.token)

    with clerks_at_work(desk):
        storm(office, hired, desk, clerk, web="web-in-two", kills=KILLS_OF_CONTROL)

    assert any("stands still" in fault for fault in faults_found(office, desk))


def test_without_kills_the_checks_find_nothing_in_that_control(
    office: Office, hired: Crew, orders: Orders, clerk: Actor
) -> None:
    desk = Desk(hired.port, orders.token)

    with clerks_at_work(desk):
        storm(office, hired, desk, clerk, web="web-in-two", kills=0)
        for _ in range(3):
            keep_busy(office, desk, clerk)
            settle(office, desk)
            time.sleep(0.3)
        settle(office, desk)

    assert case_count(office) == 1 + 3 * CLERKS
    assert faults_found(office, desk) == []
