"""Linting and deploying agree."""

from tests.services.bundles import one_task
from tests.web.api.calling import Caller, body, problem


def test_files_sent_with_folders_are_linted_as_they_are_deployed(as_admin: Caller) -> None:
    [(name, content)] = one_task().items()
    sent = {f"../my/area/{name}": content}

    assert body(as_admin.upload("lint", sent)) == {"problems": []}
    body(as_admin.upload("deployments", sent), 201)


def test_two_files_of_one_name_are_told_by_both(as_admin: Caller) -> None:
    [(name, content)] = one_task().items()
    sent = {f"a/{name}": content, f"b/{name}": content}

    linted = body(as_admin.upload("lint", sent))["problems"]

    assert linted == problem(as_admin.upload("deployments", sent), 422)["problems"]
    assert [found["code"] for found in linted] == ["file-twice"]
