"""Deploying over REST."""

import pytest

from ssflow.domain.identity import Actor
from tests.services.bundles import one_task, two_tasks, with_script
from tests.services.office import Office
from tests.web.api.calling import Caller, body, items, problem


def test_files_are_deployed(as_admin: Caller) -> None:
    deployed = body(as_admin.upload("deployments", one_task(), area="portfolio"), 201)

    assert deployed["definitions"] == [{"key": "p", "version": 1}]
    assert (len(deployed["sha256"]), deployed["warnings"]) == (64, [])
    [listed] = items(as_admin.get("deployments"))
    assert (listed["id"], listed["sha256"]) == (deployed["id"], deployed["sha256"])
    assert listed["area"] == "portfolio"


def test_identical_files_answer_200_with_the_old_id(as_admin: Caller) -> None:
    first = body(as_admin.upload("deployments", one_task()), 201)

    again = body(as_admin.upload("deployments", one_task()), 200)

    assert again == first
    assert len(items(as_admin.get("deployments"))) == 1


def test_problems_are_located(as_admin: Caller) -> None:
    refused = as_admin.upload("deployments", with_script("x = = 1"))

    [found] = problem(refused, 422)["problems"]
    assert (found["file"], found["element_id"], found["line"]) == ("p.bpmn", "X_compute", 1)
    assert (found["code"], found["severity"]) == ("code-refused", "error")
    assert found["message"]
    assert items(as_admin.get("deployments")) == []


def test_linting_tells_the_same_and_stores_nothing(as_owner: Caller, as_admin: Caller) -> None:
    linted = body(as_owner.upload("lint", with_script("x = = 1")))

    assert [found["code"] for found in linted["problems"]] == ["code-refused"]
    assert body(as_owner.upload("lint", one_task())) == {"problems": []}
    assert items(as_admin.get("deployments")) == []


def test_only_administrators_deploy(as_owner: Caller) -> None:
    problem(as_owner.upload("deployments", one_task()), 403)


def test_files_must_come_as_files(as_admin: Caller) -> None:
    for path in ("deployments", "lint"):
        assert "files" in problem(as_admin.post(path, {}), 422)["errors"]
        assert "files" in problem(as_admin.send("POST", path), 422)["errors"]
        sent = as_admin.send("POST", path, data={"files": "no file"})
        assert "files" in problem(sent, 422)["errors"]


def test_two_files_of_one_name_are_refused(as_admin: Caller) -> None:
    both = {"a/p.bpmn": one_task()["p.bpmn"], "b/p.bpmn": two_tasks()["p.bpmn"]}

    for path in ("deployments", "lint"):
        told = as_admin.upload(path, both)
        problems = told.get_json()["problems"]
        assert [found["code"] for found in problems] == ["file-twice"]


@pytest.mark.parametrize("area", ["a\0b", "x" * 10_000])
def test_an_area_that_cannot_be_kept_is_refused(as_admin: Caller, area: str) -> None:
    refused = as_admin.upload("deployments", one_task(), area=area)

    assert set(problem(refused, 422)["errors"]) == {"area"}


def test_deployments_come_in_pages(office: Office, admin: Actor, as_admin: Caller) -> None:
    office.deploy(one_task(), admin)
    office.now += office.now.resolution
    newest = office.deploy(two_tasks(), admin)

    page = as_admin.get("deployments", limit=1)

    assert [d["id"] for d in items(page)] == [str(newest.deployment.id)]
    assert len(items(as_admin.get("deployments", cursor=page.get_json()["next_cursor"]))) == 1
    problem(as_admin.get("deployments", limit=0), 422)
    problem(as_admin.get("deployments", cursor="x"), 422)
