from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.errors import NotFoundError
from ssflow.store.definitions import (
    definitions_of,
    file_names_of,
    files_of,
    find_deployment_by_hash,
    find_file,
    find_latest,
    find_version,
    get_definition,
    get_deployment,
    get_file,
    list_deployments,
    list_latest,
    list_versions,
    next_version,
)
from tests.conftest import NOW
from tests.store.conftest import Given


def test_new_instances_follow_the_newest_version(session: Session, given: Given) -> None:
    old = given.definition("propose", version=1, is_latest=False)
    new = given.definition("propose", version=2)

    assert find_latest(session, "propose") is new
    assert find_version(session, "propose", 1) is old
    assert find_version(session, "propose", 3) is None
    assert find_latest(session, "other") is None


def test_versions_come_newest_first_and_the_next_is_one_more(
    session: Session, given: Given
) -> None:
    for version in (1, 2, 3):
        given.definition("propose", version=version, is_latest=version == 3)

    assert [d.version for d in list_versions(session, "propose")] == [3, 2, 1]
    assert (next_version(session, "propose"), next_version(session, "new")) == (4, 1)


def test_processes_are_listed_once_each_by_name_in_any_case(session: Session, given: Given) -> None:
    given.definition("b", name="beta", version=1, is_latest=False)
    given.definition("b", name="beta", version=2)
    given.definition("c", name="Gamma")
    given.definition("a", name="Alpha")

    listed = [(d.key, d.version) for d in list_latest(session)]

    assert listed == [("a", 1), ("b", 2), ("c", 1)]


def test_a_definition_is_got_by_its_id(session: Session, given: Given) -> None:
    definition = given.definition()

    assert get_definition(session, definition.id) is definition
    with pytest.raises(NotFoundError):
        get_definition(session, uuid4())


def test_a_deployment_is_found_by_id_or_hash(session: Session, given: Given) -> None:
    deployment = given.deployment(sha256="abc")

    assert get_deployment(session, deployment.id) is deployment
    assert find_deployment_by_hash(session, "abc") is deployment
    assert find_deployment_by_hash(session, "abd") is None
    with pytest.raises(NotFoundError):
        get_deployment(session, uuid4())


def test_a_deployment_tells_its_definitions(session: Session, given: Given) -> None:
    deployment = given.deployment()
    for key in ("b", "a"):
        given.definition(key, deployment_id=deployment.id)
    given.definition("elsewhere")

    assert [d.key for d in definitions_of(session, deployment.id)] == ["a", "b"]


def test_the_newest_deployments_come_first(session: Session, given: Given) -> None:
    for number in range(3):
        given.deployment(comment=str(number), deployed_at=NOW + timedelta(days=number))

    first = list_deployments(session, limit=2)
    second = list_deployments(session, limit=2, cursor=first.next_cursor)

    assert [d.comment for d in [*first.items, *second.items]] == ["2", "1", "0"]


def test_files_come_back_as_they_were_deployed(session: Session, given: Given) -> None:
    files = {"b.bpmn": b"<\xc3\xa5/>", "a.dmn": b"\x00\xff"}
    deployment = given.deployment(files)
    given.deployment({"other.bpmn": b"x"})

    assert files_of(session, deployment.id) == files
    assert list(file_names_of(session, deployment.id)) == ["a.dmn", "b.bpmn"]
    assert find_file(session, deployment.id, "a.dmn") == b"\x00\xff"
    assert get_file(session, deployment.id, "a.dmn") == b"\x00\xff"


def test_a_file_that_was_not_deployed_is_not_found(session: Session, given: Given) -> None:
    deployment = given.deployment()

    assert find_file(session, deployment.id, "a.dmn") is None
    with pytest.raises(NotFoundError):
        get_file(session, deployment.id, "a.dmn")
