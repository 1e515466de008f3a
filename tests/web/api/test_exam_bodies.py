"""Bodies that strangers send: no content type, no JSON, too deep, numbers too long."""

import pytest

from ssflow.domain.identity import Actor
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.api.calling import Caller, problem

STARTS = "process-definitions/p/instances"


@pytest.mark.parametrize(
    "body",
    ["[" * 5000 + "]" * 5000, '{"variables": {"a": ' + "9" * 5000 + "}}", "{oops", "[]", '"x"'],
    ids=["too deep", "number too long", "no JSON", "list", "text"],
)
@pytest.mark.parametrize("path", [STARTS, "messages"])
def test_a_body_that_is_no_object_is_wrong_input(
    office: Office, as_owner: Caller, path: str, body: str
) -> None:
    office.deploy(one_task())

    answer = as_owner.send("POST", path, data=body, content_type="application/json")

    problem(answer, 422)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_is_read_whatever_its_content_type_says(
    office: Office, as_owner: Caller, owner: Actor, content_type: str | None
) -> None:
    office.deploy(one_task())

    answer = as_owner.send(
        "POST", STARTS, data=b'{"variables": {"amount": 3}}', content_type=content_type
    )

    case = answer.get_json()["id"]
    assert as_owner.get(f"process-instances/{case}/variables").get_json() == {"amount": 3}
