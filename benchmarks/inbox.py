"""Compare the first inbox page at 100 000 open tasks with the same page at 10, on SQLite.

    python benchmarks/inbox.py [--tasks 100000] [--limit 10]

The budget is a ratio of 1.5. With 10 tasks some pages are not full, which only counts against us.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.definitions import add_definition
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.user_task import UserTask
from ssflow.store.database import Database, open_database, upgrade_schema
from ssflow.store.unit_of_work import open_work
from ssflow.store.user_tasks import InboxSort, InboxView, count_inbox, list_inbox

BUDGET = 1.5
ROUNDS = 60
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROLES = ["brm", "budget_holder", "finance_manager", "portfolio_manager", "service_owner"]
WORKER = Actor(user_id=uuid4(), name="worker", roles=frozenset(ROLES[:3]))


def main() -> None:
    """Print one line a view and sort, and the worst ratio."""
    options = _read_options()
    worst = measure_inbox(options.tasks, options.small, options.limit)
    verdict = "" if worst <= BUDGET else "  over budget"
    print(
        f"first inbox page, {options.tasks} open tasks against {options.small}: "
        f"{worst:.2f} (budget {BUDGET}){verdict}"
    )


def measure_inbox(tasks: int = 100_000, few_tasks: int = 10, limit: int = 10) -> float:
    """Print how long pages take with many and with few open tasks; gives the worst ratio."""
    with tempfile.TemporaryDirectory() as folder:
        small = _database_with(Path(folder, "small.db"), few_tasks)
        large = _database_with(Path(folder, "large.db"), tasks)
        worst = 0.0
        for view, sort in _cases():
            few, many = _compare(
                partial(_page, small, view, sort, limit), partial(_page, large, view, sort, limit)
            )
            worst = max(worst, many / few)
            print(f"{view:5} by {sort:8} {few:6.2f} ms -> {many:6.2f} ms  x {many / few:.2f}")
        few, many = _compare(partial(_counts, small), partial(_counts, large))
        print(f"counts            {few:6.2f} ms -> {many:6.2f} ms  x {many / few:.2f}")
    return worst


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--small", type=int, default=10, help="open tasks in the small database")
    parser.add_argument("--limit", type=int, default=10, help="rows of a page")
    return parser.parse_args()


def _cases() -> Iterator[tuple[InboxView, InboxSort]]:
    for view in (InboxView.ALL, InboxView.GROUP, InboxView.MINE):
        for sort in InboxSort:
            yield view, sort


def _compare(few: Callable[[], float], many: Callable[[], float]) -> tuple[float, float]:
    """Time both in turn, so that a noisy moment hits both."""
    pairs = [(few(), many()) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def _page(database: Database, view: InboxView, sort: InboxSort, limit: int) -> float:
    with _reading(database) as session:
        began = time.perf_counter()
        list_inbox(session, WORKER, view=view, sort=sort, limit=limit)
        return (time.perf_counter() - began) * 1000


def _counts(database: Database) -> float:
    with _reading(database) as session:
        began = time.perf_counter()
        count_inbox(session, WORKER, now=NOW, day_end=NOW + timedelta(hours=14))
        return (time.perf_counter() - began) * 1000


def _reading(database: Database) -> Session:
    return Session(database.reader)


def _database_with(file: Path, tasks: int) -> Database:
    """Fill a database: half of the tasks are the worker's own, half are offered to five roles."""
    database = open_database(f"sqlite:///{file}")
    upgrade_schema(database)
    with open_work(database, actor=SYSTEM, now=NOW, timezone=ZoneInfo("UTC")) as work:
        instance_ids = _add_instances(work.session, max(1, tasks // 10))
        work.session.execute(insert(UserTask), [_task(n, instance_ids) for n in range(tasks)])
    return database


def _add_instances(session: Session, wanted: int) -> list[UUID]:
    definition = add_definition(session, "propose", "Propose a service", at=NOW)
    rows: list[dict[str, Any]] = [
        {
            "id": uuid4(),
            "definition_id": definition.id,
            "key": "propose",
            "version": 1,
            "started_by": "x",
            "started_at": NOW,
            "title": f"Proposal {n}",
            "revision": 1,
            "business_key": f"PRP-2026-{n:04}",
            "state": bytes(4000),
            "done_by": {},
        }
        for n in range(wanted)
    ]
    session.execute(insert(ProcessInstance), rows)
    return [row["id"] for row in rows]


def _task(n: int, instance_ids: list[UUID]) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "instance_id": instance_ids[n % len(instance_ids)],
        "key": "propose",
        "activity_id": "screen",
        "name": f"Screen proposal {n}",
        "created_at": NOW - timedelta(minutes=n),
        "priority": 10 * (n % 9),
        "due_at": None if n % 5 == 4 else NOW + timedelta(minutes=(n * 7919) % 50_000 - 5_000),
        "role": ROLES[n // 2 % 5] if n % 2 else None,
        "assignee": None if n % 2 else WORKER.user_id,
    }


if __name__ == "__main__":
    main()
