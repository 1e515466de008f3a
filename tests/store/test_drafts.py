from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ssflow.domain.definition import Draft, DraftKind
from ssflow.store.database import Database
from ssflow.store.drafts import delete_draft, find_draft, list_drafts, lock_draft
from tests.conftest import NOW


def draft_of(process_key: str, file: str, **values: Any) -> Draft:
    fields: dict[str, Any] = {
        "kind": DraftKind.BPMN,
        "content": "<xml/>",
        "base_deployment_id": uuid4(),
        "updated_at": NOW,
        "updated_by": uuid4(),
    }
    return Draft(process_key=process_key, file=file, **fields | values)


@pytest.fixture
def drafts(session: Session) -> list[Draft]:
    added = [draft_of("a", "2.bpmn"), draft_of("a", "1.dmn"), draft_of("b", "1.dmn")]
    session.add_all(added)
    session.commit()
    return added


def test_a_draft_is_found_by_process_and_file(session: Session, drafts: list[Draft]) -> None:
    assert find_draft(session, "a", "1.dmn") is drafts[1]
    assert find_draft(session, "b", "2.bpmn") is None


def test_drafts_are_listed_by_file(session: Session, drafts: list[Draft]) -> None:
    assert list(list_drafts(session, "a")) == [drafts[1], drafts[0]]
    assert list(list_drafts(session)) == [drafts[1], drafts[0], drafts[2]]


def test_a_draft_is_thrown_away_alone(session: Session, drafts: list[Draft]) -> None:
    delete_draft(session, "a", "1.dmn")

    assert list(list_drafts(session)) == [drafts[0], drafts[2]]


@pytest.mark.usefixtures("drafts")
def test_locking_looks_again_at_what_the_session_knew(session: Session, database: Database) -> None:
    find_draft(session, "a", "1.dmn")
    session.commit()
    with Session(database.engine) as other:
        other.execute(text("UPDATE draft SET revision = 7"))
        other.commit()

    draft = lock_draft(session, "a", "1.dmn")

    assert draft is not None
    assert draft.revision == 7


@pytest.mark.parametrize("file", ["1.dmn"])
def test_a_locked_draft_waits_for_its_holder(postgresql_database: Database, file: str) -> None:
    with (
        Session(postgresql_database.engine) as holder,
        Session(postgresql_database.engine) as other,
    ):
        holder.add(draft_of("a", file))
        holder.commit()
        lock_draft(holder, "a", file)
        other.execute(text("SET LOCAL lock_timeout = '50ms'"))

        with pytest.raises(DBAPIError, match="lock timeout"):
            lock_draft(other, "a", file)
