"""Time each dashboard and the catalogue over 100 000 records of every kind they count.

    python -m benchmarks.dashboards [--records 100000] [--postgresql]

The budget is 500 ms a page, from the request to the last byte of HTML, for somebody signed in.
Making the records takes longer than all else that is measured, so `make bench` leaves it out.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import insert, inspect, text
from sqlalchemy.orm import Session

from benchmarks.definitions import add_definition
from benchmarks.jobs import postgresql
from ssflow.config import read_config
from ssflow.domain.identity import OPERATOR
from ssflow.domain.instance import InstanceStatus, ProcessInstance
from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    CostCategory,
    CostEntry,
)
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.portfolio import (
    BusinessCase,
    Service,
    ServiceObjective,
    ServiceProposal,
    ServiceReview,
    ServiceState,
)
from ssflow.domain.registers.strategy import (
    Initiative,
    StrategicObjective,
    StrategyDocument,
)
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.services.credentials import create_sign_in_link
from ssflow.services.people import create_user
from ssflow.services.shipped import install_shipped
from ssflow.store.database import Database, open_database, upgrade_schema
from ssflow.store.unit_of_work import UnitOfWork, open_work
from ssflow.web.app import create_app

BUDGET_MS = 500
ROUNDS = 5
RECORDS = 100_000
AT_ONCE = 5_000
LINES = 200
OBJECTIVES = 12
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PAGES = {
    "D1 portfolio board": "/portfolio",
    "D2 portfolio value": "/dashboards/portfolio",
    "D3 complaints": "/dashboards/complaints",
    "D4 budget against actual": "/dashboards/budget",
    "D8 strategy": "/dashboards/strategy",
    "D9 work": "/dashboards/work",
    "R7 services and objectives": "/dashboards/services-and-objectives",
    "catalogue": "/catalogue",
}


def main() -> None:
    """Print a line a page and database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--postgresql", action="store_true", help="PostgreSQL instead of SQLite")
    options = parser.parse_args()
    where = "PostgreSQL" if options.postgresql else "SQLite"
    for page, milliseconds in measure_dashboards(options.records, options.postgresql).items():
        mark = "  over budget" if milliseconds > BUDGET_MS else ""
        print(f"{where}: {page:<28} {milliseconds:7.0f} ms{mark}")


def measure_dashboards(records: int = RECORDS, on_postgresql: bool = False) -> dict[str, float]:  # noqa: FBT001, FBT002 - said on the command line
    """Give the quickest time of each page in milliseconds: others can slow it, not speed it up."""
    with tempfile.TemporaryDirectory(prefix="ssflow-bench-") as folder, _url(on_postgresql) as url:
        given = {"SSFLOW_HOME": folder, "SSFLOW_TIMEZONE": "Europe/Amsterdam"}
        config = read_config(given | ({"SSFLOW_DATABASE_URL": url} if url else {}))
        database = open_database(config.database_url)
        upgrade_schema(database)
        with open_work(database, actor=OPERATOR, now=NOW, timezone=config.timezone) as work:
            secret = _fill(work, records)
        _analyse(database)
        client = create_app(config, database, clock=lambda: NOW).test_client()
        _sign_in(client, secret)
        times = {name: _quickest_ms(client, path) for name, path in PAGES.items()}
        database.close()
    return times


@contextmanager
def _url(on_postgresql: bool) -> Iterator[str | None]:  # noqa: FBT001 - as above
    if not on_postgresql:
        yield None
        return
    with postgresql() as url:
        yield url


def _quickest_ms(client: FlaskClient, path: str) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        response = client.get(path)
        times.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, response.text
    return min(times)


def _sign_in(client: FlaskClient, secret: str) -> None:
    page = client.get("/sign-in-link").text
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    answer = client.post("/sign-in-link", data={"csrf_token": token, "token": secret})
    assert answer.status_code == 303, answer.text


def _analyse(database: Database) -> None:
    """Let the database count what it holds, as it does by itself after a while."""
    with database.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


# --- what is counted ------------------------------------------------------------------------------


def _fill(work: UnitOfWork, records: int) -> str:
    install_shipped(work)
    user = create_user(work, "ann", roles=["admin", "portfolio_manager", "finance_manager"])
    objectives = _add_strategy(work.session)
    services = _add_portfolio(work.session, records, objectives)
    _add_complaints(work.session, records, services)
    _add_costs(work.session, records)
    _add_work(work.session, records)
    return create_sign_in_link(work, user.id)


def _add_strategy(session: Session) -> list[UUID]:
    document = StrategyDocument(
        number="STR-1",
        title="Strategy",
        horizon_from=date(2026, 1, 1),
        horizon_to=date(2027, 12, 31),
        **_made(),
    )
    session.add(document)
    session.flush()
    objectives = [
        StrategicObjective(text=f"Objective {n}", strategy_id=document.id, **_made())
        for n in range(OBJECTIVES)
    ]
    initiatives = [
        Initiative(title=f"Initiative {n}", kind="capability", strategy_id=document.id, **_made())
        for n in range(50)
    ]
    session.add_all([*objectives, *initiatives])
    session.flush()
    return [objective.id for objective in objectives]


def _add_portfolio(session: Session, records: int, objectives: list[UUID]) -> list[UUID]:
    """Add services in every state, each with a proposal, a case, a review and an objective."""
    states = list(ServiceState)
    service = Service(number="", name="", catalogue_text="What it does", **_made())
    services = _insert(
        session,
        service,
        records,
        lambda n: {
            "number": f"SRV-{n:06}",
            "name": f"Service {n:06}",
            "state": states[n % len(states)],
            "live_on": date(2025, 1, 1),
        },
    )
    proposal = ServiceProposal(number="", title="New", change_type="new", **_made())
    told = {"service_id": services}
    proposals = _insert(session, proposal, records, _numbered("PRP", told))
    case = BusinessCase(number="", version=1, proposal_id=proposals[0], risk_level="low", **_made())
    _insert(session, case, records, _numbered("BC", {"proposal_id": proposals}))
    review = ServiceReview(
        service_id=services[0],
        reviewed_on=date(2026, 7, 1),
        value_score=3,
        tech_score=4,
        yearly_cost=Decimal(1000),
        **_made(),
    )
    _insert(session, review, records, lambda n: {"service_id": services[n]})
    link = ServiceObjective(service_id=services[0], objective_id=objectives[0], **_made())
    _insert(
        session,
        link,
        records,
        lambda n: {"service_id": services[n], "objective_id": objectives[n % OBJECTIVES]},
    )
    return services


def _add_complaints(session: Session, records: int, services: list[UUID]) -> None:
    states = list(FeedbackState)
    complaint = Feedback(
        number="",
        subject="Too slow",
        description="",
        sender={},
        sender_key="",
        kind="complaint",
        category="billing",
        root_cause="process",
        priority="P3",
        **_made(),
    )
    _insert(
        session,
        complaint,
        records,
        lambda n: {
            "number": f"CMP-{n:06}",
            "state": states[n % len(states)],
            "service_id": services[n % LINES],
            "created_at": NOW - timedelta(minutes=5 * n % 600_000),
            "due_resolution_at": NOW + timedelta(hours=n % 700),
            "contacted_at": NOW,
        },
    )


def _add_costs(session: Session, records: int) -> None:
    budget = Budget(number="BUD-1", fiscal_year=NOW.year, state=BudgetState.APPROVED, **_made())
    session.add(budget)
    session.flush()
    lines = [
        BudgetLine(
            budget_id=budget.id,
            name=f"Line {n}",
            category=CostCategory.SOFTWARE,
            budget_class=BudgetClass.OPERATIONAL,
            amount=Decimal(12_000),
            phasing=["1000"] * 12,
            **_made(),
        )
        for n in range(LINES)
    ]
    session.add_all(lines)
    session.flush()
    cost = CostEntry(
        document_no="",
        period="",
        booking_date=date(2026, 1, 1),
        gl="6100",
        amount=Decimal(12),
        category=CostCategory.SOFTWARE,
        **_made(),
    )
    _insert(
        session,
        cost,
        records,
        lambda n: {
            "document_no": f"F-{n}",
            "period": f"{NOW.year}-{n % 12 + 1:02}",
            "line_id": lines[n % LINES].id,
        },
    )


def _add_work(session: Session, records: int) -> None:
    """Add half of the tasks open, half done; and cases that have ended."""
    definition = add_definition(session, "bench", "Bench", at=NOW)
    case = ProcessInstance(
        definition_id=definition.id,
        key="bench",
        version=1,
        started_by="x",
        started_at=NOW,
        title="Case",
        state=b"",
    )
    cases = _insert(
        session,
        case,
        records,
        lambda n: {"status": InstanceStatus.COMPLETED, "end_event": f"E_{n % 9}", "revision": 1},
    )
    task = UserTask(
        id=uuid4(),
        instance_id=cases[0],
        key="bench",
        activity_id="",
        name="",
        created_at=NOW - timedelta(days=9),
        role="brm",
    )
    _insert(
        session,
        task,
        records,
        lambda n: {
            "instance_id": cases[n],
            "activity_id": f"U_{n % 40}",
            "name": f"Step {n % 40}",
            "role": f"role_{n % 20}",
            "due_at": NOW + timedelta(hours=n % 900 - 200),
            **(
                {"status": TaskStatus.COMPLETED, "completed_at": NOW - timedelta(minutes=n)}
                if n % 2
                else {}
            ),
        },
    )


def _made() -> dict[str, Any]:
    return {"created_at": NOW, "created_by": "bench"}


def _numbered(prefix: str, ids: Mapping[str, list[UUID]]) -> Callable[[int], dict[str, Any]]:
    def values(n: int) -> dict[str, Any]:
        return {"number": f"{prefix}-{n:06}", **{name: found[n] for name, found in ids.items()}}

    return values


def _insert(
    session: Session, pattern: Any, count: int, values: Callable[[int], dict[str, Any]]
) -> list[UUID]:
    """Add as many rows like `pattern`, each with its own values; gives their ids."""
    columns = inspect(type(pattern)).column_attrs.keys()
    shared = {name: getattr(pattern, name) for name in columns}
    if "row_version" in shared:
        shared["row_version"] = 1
    ids = [uuid4() for _ in range(count)]
    for start in range(0, count, AT_ONCE):
        rows = [
            {**shared, "id": ids[n], **values(n)} for n in range(start, min(start + AT_ONCE, count))
        ]
        session.execute(insert(type(pattern)), rows)
    return ids


if __name__ == "__main__":
    main()
