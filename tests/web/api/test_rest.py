"""What all endpoints share: doors, tokens, bodies, repeated requests, and the document."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from ssflow.domain.identity import Actor
from ssflow.services.access_tokens import create_token, revoke_token
from ssflow.services.people import disable_user, revoke_role
from tests.services.bundles import one_task, text_field, two_tasks, with_form
from tests.services.office import Office
from tests.web.api.calling import PREFIX, Caller, body, items, problem
from tests.web.api.conftest import Connect


def endpoints(app: Flask) -> set[tuple[str, str]]:
    """Give method and path of everything below /api/v1, paths as OpenAPI writes them."""
    return {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and rule.endpoint != "api-docs.openapi_json"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: "1" if m[1] == "version" else str(_AN_ID), path)


_AN_ID = "00000000-0000-4000-8000-000000000000"


# --- doors ----------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_told(app: Flask) -> None:
    nobody = Caller(app)

    for method, path in sorted(endpoints(app)):
        refused = nobody.send(method, filled(path))
        assert "token" in problem(refused, 401)["detail"]
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        "Bearer ssf_0123456789abcdef.0123456789012345678901234567890123456789012",
        "Bearer \u00e9",
        "Bearer " + "x" * 5_000,
        "bearer\tssf_0",
    ],
)
def test_a_token_that_is_none_is_refused(app: Flask, header: str) -> None:
    refused = Caller(app).send("GET", "user-tasks", headers={"Authorization": header})

    problem(refused, 401)


def test_tokens_end(app: Flask, office: Office, owner: Actor) -> None:
    assert owner.user_id is not None
    with office.work() as work:
        expired = create_token(work, owner.user_id, "a", life=timedelta(days=1))
        revoked = create_token(work, owner.user_id, "b")
    callers = {t.token.name: Caller(app, t.text) for t in (expired, revoked)}
    assert {c.get("user-tasks").status_code for c in callers.values()} == {200}

    with office.work(owner) as work:
        revoke_token(work, revoked.token.id)
    office.now += timedelta(days=1, seconds=1)

    for caller in callers.values():
        problem(caller.get("user-tasks"), 401)


def test_the_tokens_of_a_disabled_user_do_not_work(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    assert owner.user_id is not None
    assert as_owner.get("user-tasks").status_code == 200

    with office.work() as work:
        disable_user(work, owner.user_id)

    problem(as_owner.get("user-tasks"), 401)


def test_roles_count_as_they_are_now(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    office.start(owner)
    assert len(items(as_owner.get("user-tasks"))) == 1

    assert owner.user_id is not None
    with office.work() as work:
        revoke_role(work, owner.user_id, "service_owner")

    assert items(as_owner.get("user-tasks")) == []


SCOPED = {
    "read": ("GET", "user-tasks"),
    "work": ("POST", "messages"),
    "deploy": ("POST", "deployments"),
    "admin": ("POST", f"process-instances/{_AN_ID}/cancel"),
}


@pytest.mark.parametrize("scope", SCOPED)
def test_a_token_does_only_what_its_scopes_allow(
    connect: Connect, admin: Actor, scope: str
) -> None:
    limited = connect(admin, [scope])

    for needed, (method, path) in SCOPED.items():
        answer = limited.send(method, path, **({"json": {}} if method == "POST" else {}))
        if needed == scope:
            assert answer.status_code in (200, 404, 422)
        else:
            assert needed in problem(answer, 403)["detail"]


def test_a_session_cookie_opens_no_rest(app: Flask) -> None:
    client = app.test_client()
    client.get("/login")

    assert client.get(f"{PREFIX}/user-tasks").status_code == 401


# --- methods and bodies ---------------------------------------------------------------------------


def test_unknown_addresses_and_methods_are_told(as_admin: Caller) -> None:
    problem(as_admin.get("nothing"), 404)
    problem(as_admin.get("user-tasks/not-an-id"), 404)
    problem(as_admin.get("registers//Service"), 404)
    refused = as_admin.send("DELETE", "user-tasks")
    problem(refused, 405)
    assert "GET" in refused.headers["Allow"]
    problem(as_admin.send("PATCH", f"user-tasks/{_AN_ID}"), 405)


BODIES = {
    "cut off": b'{"a": 1',
    "no JSON": b"hello",
    "invalid UTF-8": b'{"a": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "a long number": b'{"a": 1' + b"0" * 5_000 + b"}",
    "array": b"[]",
    "text": b'"x"',
    "null": b"null",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
}
WRITES = (
    "messages",
    "process-definitions/p/instances",
    f"process-instances/{_AN_ID}/cancel",
    f"incidents/{_AN_ID}/retry",
    "user-tasks/{task}/completion",
)


@pytest.mark.parametrize("raw", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_json_object_is_refused(
    office: Office, connect: Connect, raw: bytes
) -> None:
    office.deploy(one_task())
    both = office.hire("admin", "service_owner")
    task, caller = office.task(office.start(both), "U_do"), connect(both)

    for path in WRITES:
        address = path.format(task=task.id)
        refused = caller.send("POST", address, data=raw, content_type="application/json")
        assert "JSON" in problem(refused, 422)["detail"]

    assert office.open(task.instance_id) == ["U_do"]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/vnd.x+json", "text/plain", ""]
)
def test_a_body_is_read_whatever_it_calls_itself(as_owner: Caller, content_type: str) -> None:
    sent = as_owner.send("POST", "messages", data=b'{"name": "x"}', content_type=content_type)

    assert body(sent, 202)["status"] == "buffered"


def test_a_body_larger_than_the_limit_is_refused(as_owner: Caller) -> None:
    problem(as_owner.post("messages", {"name": "x", "payload": {"t": "y" * 13_000_000}}), 413)


def test_data_larger_than_one_megabyte_is_refused(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    sent = {"variables": {"text": "x" * 1_100_000}}

    problem(as_owner.post("process-definitions/p/instances", sent), 422)


def test_data_of_one_megabyte_comes_back(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    variables = {"text": "é" * 450_000, "typename": "datetime"}

    started = body(as_owner.post("process-definitions/p/instances", {"variables": variables}), 201)

    assert body(as_owner.get(f"process-instances/{started['id']}/variables")) == variables


# --- repeated requests ----------------------------------------------------------------------------


def test_a_repeated_request_is_answered_as_the_first_and_done_once(
    office: Office, as_owner: Caller
) -> None:
    office.deploy(one_task())
    path = "process-definitions/p/instances"

    first = as_owner.post(path, {"business_key": "K1"}, key="a")
    again = as_owner.post(path, {"business_key": "K1"}, key="a")
    other = as_owner.post(path, {"business_key": "K1"}, key="b")

    assert body(first, 201) == body(again, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert body(other, 201)["id"] != first.get_json()["id"]
    assert len(items(as_owner.get("process-instances"))) == 2


def test_a_key_with_another_request_is_refused(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    path = "process-definitions/p/instances"
    body(as_owner.post(path, {"business_key": "K1"}, key="a"), 201)

    problem(as_owner.post(path, {"business_key": "K2"}, key="a"), 422)
    problem(as_owner.post("messages", {"business_key": "K1"}, key="a"), 422)


def test_keys_of_others_do_not_meet(office: Office, as_owner: Caller, connect: Connect) -> None:
    office.deploy(one_task())
    other = connect(office.hire("service_owner"))
    path = "process-definitions/p/instances"

    mine, theirs = as_owner.post(path, key="a"), other.post(path, key="a")

    assert body(mine, 201)["id"] != body(theirs, 201)["id"]


def test_a_refused_request_may_be_sent_again_under_its_key(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(with_form(text_field("name", required=True)))
    path = f"user-tasks/{office.task(office.start(owner), 'U_fill').id}/completion"

    problem(as_owner.post(path, {}, key="a"), 422)

    assert body(as_owner.post(path, {"name": "Ann"}, key="a"))["status"] == "completed"
    assert body(as_owner.post(path, {"name": "Ann"}, key="a"))["status"] == "completed"


def test_a_key_is_forgotten_after_a_day(office: Office, as_owner: Caller) -> None:
    office.deploy(one_task())
    path = "process-definitions/p/instances"
    first = body(as_owner.post(path, key="a"), 201)

    office.now += timedelta(hours=25)

    assert body(as_owner.post(path, {"business_key": "K"}, key="a"), 201)["id"] != first["id"]


def test_an_uploaded_bundle_is_part_of_the_request(as_admin: Caller) -> None:
    first = body(as_admin.upload("deployments", one_task(), key="a"), 201)

    again = as_admin.upload("deployments", one_task(), key="a")
    problem(as_admin.upload("deployments", two_tasks(), key="a"), 422)

    assert body(again, 201) == first
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["x" * 201, "\u00e9\u00ff"])
def test_a_key_that_cannot_be_kept_does_no_harm(as_owner: Caller, key: str) -> None:
    assert as_owner.post("messages", {"name": "x"}, key=key).status_code in (202, 422)


# --- the document ---------------------------------------------------------------------------------


def document(app: Flask) -> dict[str, Any]:
    return body(Caller(app).get("openapi.json"))


def test_the_document_lists_every_endpoint(app: Flask) -> None:
    listed = {
        (method.upper(), path)
        for path, operations in document(app)["paths"].items()
        for method in operations
        if method != "parameters"
    }

    assert listed == endpoints(app)


def test_the_document_is_openapi_3_1(app: Flask) -> None:
    told = document(app)

    assert told["openapi"] == "3.1.0"
    assert told["info"] == {"title": "ssflow", "version": "v1"}
    assert told["security"] == [{"bearer": []}]
    assert told["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert json.dumps(told)


def test_every_reference_in_the_document_leads_somewhere(app: Flask) -> None:
    told = document(app)

    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(told)))

    assert references
    for reference in references:
        place: Any = told
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert isinstance(place, dict)


def test_every_operation_of_the_document_is_described(app: Flask) -> None:
    for path, operations in document(app)["paths"].items():
        shared = operations.pop("parameters", [])
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["responses"], where
            assert all("description" in r or "$ref" in r for r in operation["responses"].values())
            in_path = {
                p["name"] for p in [*shared, *operation.get("parameters", [])] if p["in"] == "path"
            }
            assert in_path == set(re.findall(r"\{(\w+)\}", path)), where


def test_every_operation_of_the_document_has_a_name_of_its_own(app: Flask) -> None:
    operations = [
        operation
        for path in document(app)["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    ]

    names = [operation["operationId"] for operation in operations]

    assert len(names) == len(set(names)) == len(endpoints(app))
    assert "user_tasks_complete" in names


def test_refusals_are_as_the_document_tells(app: Flask) -> None:
    told = document(app)
    refused = Caller(app).get("user-tasks")

    for answer in told["components"]["responses"].values():
        [(mimetype, content)] = answer["content"].items()
        assert mimetype == refused.mimetype
        assert content["schema"] == {"$ref": "#/components/schemas/Error"}
    schema = told["components"]["schemas"]["Error"]
    sent = refused.get_json()
    assert set(schema["required"]) == set(sent)
    types = {"string": str, "integer": int}
    assert all(isinstance(v, types[schema["properties"][n]["type"]]) for n, v in sent.items())


def test_the_document_tells_how_files_are_uploaded(app: Flask) -> None:
    for path in ("deployments", "lint"):
        content = document(app)["paths"][f"{PREFIX}/{path}"]["post"]["requestBody"]["content"]
        assert "files" in content["multipart/form-data"]["schema"]["properties"]


def test_the_document_tells_which_requests_can_be_repeated(app: Flask) -> None:
    paths = document(app)["paths"]
    writes = {path: told["post"] for path, told in paths.items() if "post" in told}

    for path, post in writes.items():
        names = {p.get("name") for p in post.get("parameters", [])}
        assert ("Idempotency-Key" in names) is not path.endswith("/lint"), path


def test_the_document_tells_what_completes_a_task(app: Flask) -> None:
    path = f"{PREFIX}/user-tasks/{{task_id}}"

    for told in (
        document(app)["paths"][f"{path}/completion"]["post"],
        document(app)["paths"][f"{path}/draft"]["put"],
    ):
        assert "application/json" in told["requestBody"]["content"]


def test_healthz_answers_programs_without_a_token(app: Flask) -> None:
    assert Caller(app).get("/healthz").status_code == 200
