"""What completing one task over REST costs the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from ssflow.domain.identity import Actor
from ssflow.store.database import Database
from tests.engine.diagrams import choice, decision_table, end, flows, rule, script, start, user
from tests.services.bundles import Files, bundle, text_field
from tests.services.office import Office
from tests.web.api.calling import Caller, body

MOST_STATEMENTS, COMMITS = 14, 1


@pytest.fixture
def office(database: Database) -> Office:
    """On both databases: each has its own way to begin and to lock."""
    return Office(database)


@pytest.fixture
def count_commits(database: Database) -> Callable[[], AbstractContextManager[list[int]]]:
    """A context manager that gives one entry a commit in which something was written."""

    @contextmanager
    def counting() -> Iterator[list[int]]:
        commits: list[int] = []

        def note(_connection: Any) -> None:
            commits.append(1)

        event.listen(database.engine, "commit", note)
        try:
            yield commits
        finally:
            event.remove(database.engine, "commit", note)

    return counting


def looping() -> Files:
    """Pass after pass of a form, a script, a decision and a choice."""
    files = bundle(
        start(),
        choice("again"),
        user("U_do", role="service_owner", form="do", variable="done"),
        script("X_count", "count = count + 1"),
        rule("B_level", "level"),
        choice("G", "again"),
        end(),
        flows("start again U_do X_count B_level G again", "G[level == 'end']-> end"),
        do=[text_field("name", required=True)],
    )
    rows = [[">= 5", '"end"'], ["-", '"on"']]
    return {**files, "level.dmn": decision_table("level", ["count"], ["level"], rows)}


def test_a_completion_keeps_its_budget(
    office: Office, owner: Actor, as_owner: Caller, count_statements: Any, count_commits: Any
) -> None:
    office.deploy(looping())
    instance_id = office.start(owner, count=0)
    found: list[tuple[int, int]] = []

    for _ in range(4):
        task = office.task(instance_id, "U_do")
        with count_statements() as statements, count_commits() as commits:
            body(as_owner.post(f"user-tasks/{task.id}/completion", {"name": "x"}))
        found.append((len(statements), len(commits)))

    assert max(statements for statements, _ in found[1:]) <= MOST_STATEMENTS
    assert {commits for _, commits in found} == {COMMITS}


def test_the_last_completion_keeps_its_budget_too(
    office: Office, owner: Actor, as_owner: Caller, count_statements: Any, count_commits: Any
) -> None:
    office.deploy(looping())
    warm, instance_id = office.start(owner, count=4), office.start(owner, count=4)
    office.complete(owner, office.task(warm, "U_do").id, name="x")
    task = office.task(instance_id, "U_do")

    with count_statements() as statements, count_commits() as commits:
        body(as_owner.post(f"user-tasks/{task.id}/completion", {"name": "x"}))

    assert office.instance(instance_id).end_event == "end"
    assert (len(statements) <= MOST_STATEMENTS, len(commits)) == (True, COMMITS)


def test_a_completion_that_is_refused_commits_nothing(
    office: Office, owner: Actor, as_owner: Caller, count_commits: Any
) -> None:
    office.deploy(looping())
    task = office.task(office.start(owner, count=0), "U_do")

    with count_commits() as commits:
        refused = as_owner.post(f"user-tasks/{task.id}/completion", {})

    assert (refused.status_code, commits) == (422, [])
