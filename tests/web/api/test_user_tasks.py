"""The inbox over REST."""

from uuid import uuid4

import pytest

from ssflow.domain.identity import Actor
from ssflow.services import user_tasks
from tests.services.bundles import number_field, one_task, text_field, two_tasks, with_form
from tests.services.office import Office
from tests.web.api.calling import Caller, body, items, problem
from tests.web.api.conftest import Connect

TASK_KEYS = {
    *("id", "instance_id", "key", "activity_id", "name", "role", "assignee", "status"),
    *("created_at", "due_at", "priority", "form_id"),
}


def test_the_inbox_lists_what_waits(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task(due="wd(1)", priority="70"))
    instance_id = office.start(owner)

    [task] = items(as_owner.get("user-tasks"))

    assert set(task) == TASK_KEYS
    assert (task["instance_id"], task["activity_id"]) == (str(instance_id), "U_do")
    assert (task["role"], task["assignee"], task["status"]) == ("service_owner", None, "open")
    assert (task["due_at"], task["priority"]) == ("2026-03-03T22:59:59+00:00", 70)
    assert task["created_at"] == "2026-03-02T09:30:00+00:00"


def test_the_inbox_has_views_and_filters(
    office: Office, owner: Actor, as_owner: Caller, as_admin: Caller
) -> None:
    office.deploy(one_task())
    first, second, third = (office.start(owner, business_key=f"K{n}") for n in range(3))
    claimed = office.task(first, "U_do").id
    office.claim(owner, claimed)
    office.complete(owner, office.task(third, "U_do").id)

    def seen(**query: str) -> set[str]:
        return {task["instance_id"] for task in items(as_owner.get("user-tasks", **query))}

    assert seen(view="mine") == {str(first)}
    assert seen(view="group") == {str(second)}
    assert seen(view="all") == seen() == {str(first), str(second)}
    assert seen(view="done") == {str(third)}
    assert seen(instance=str(second)) == {str(second)}
    assert seen(q="k1") == {str(second)}
    assert seen(key="q") == set()
    assert items(as_admin.get("user-tasks")) == []


def test_the_inbox_comes_in_pages(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    wanted = {str(office.start(owner)) for _ in range(5)}
    found: list[str] = []
    cursor: dict[str, str | None] = {}

    for _ in range(3):
        page = as_owner.get("user-tasks", limit=2, sort="created", **cursor)
        found += [task["instance_id"] for task in items(page)]
        cursor = {"cursor": page.get_json()["next_cursor"]}

    assert (len(found), set(found)) == (5, wanted)
    assert cursor == {"cursor": None}


def test_a_task_goes_from_claim_to_completion(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(with_form(text_field("name", required=True)))
    instance_id = office.start(owner)
    path = f"user-tasks/{office.task(instance_id, 'U_fill').id}"

    claimed = body(as_owner.post(f"{path}/claim"))
    released = body(as_owner.post(f"{path}/release"))
    drafted = body(as_owner.put(f"{path}/draft", {"name": "A"}))
    form = body(as_owner.get(f"{path}/form"))
    done = body(as_owner.post(f"{path}/completion", {"name": "Ann"}))

    assert (claimed["assignee"], released["assignee"]) == (owner.key, None)
    assert drafted["status"] == "open"
    assert (form["draft"], form["form"]["id"], form["data"]) == (
        {"name": "A"},
        "fill",
        {"name": ""},
    )
    assert (done["status"], done["assignee"]) == ("completed", owner.key)
    assert body(as_owner.get(path)) == done
    assert office.variables(instance_id) == {"name": "Ann"}


def test_a_task_without_a_form_takes_any_data(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(one_task())
    instance_id = office.start(owner)
    path = f"user-tasks/{office.task(instance_id, 'U_do').id}"

    form = body(as_owner.get(f"{path}/form"))
    body(as_owner.post(f"{path}/completion", {"typename": "x", "list": [1, {"a": None}]}))

    assert form == {"form": None, "data": {}, "draft": None}
    assert office.variables(instance_id) == {"typename": "x", "list": [1, {"a": None}]}


def test_an_empty_body_is_an_empty_form(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")

    done = as_owner.send("POST", f"user-tasks/{task.id}/completion")

    assert body(done)["status"] == "completed"


def test_a_wrong_form_is_told_by_field(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(with_form(text_field("name", required=True), number_field("amount", max=10)))
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_fill")

    refused = as_owner.post(f"user-tasks/{task.id}/completion", {"amount": 11, "x": 1})

    errors = problem(refused, 422)["errors"]
    assert set(errors) == {"name", "amount", "x"}
    assert all(isinstance(text, str) for texts in errors.values() for text in texts)
    assert office.open(instance_id) == ["U_fill"]


@pytest.mark.parametrize("act", ["claim", "release"])
def test_nobody_claims_for_another(
    office: Office, owner: Actor, as_owner: Caller, act: str
) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")

    refused = as_owner.post(f"user-tasks/{task.id}/{act}", {"assignee": "somebody else"})

    assert set(problem(refused, 422)["errors"]) == {"assignee"}
    assert office.task(task.instance_id, "U_do").assignee is None


@pytest.mark.parametrize("path", ["user-tasks/{id}", "user-tasks/{id}/form"])
def test_a_query_that_nothing_reads_is_refused(
    office: Office, owner: Actor, as_owner: Caller, path: str
) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")

    refused = as_owner.get(path.format(id=task.id), verbose="yes")

    assert set(problem(refused, 422)["errors"]) == {"verbose"}


def test_a_claim_after_the_end_tells_who_did_it(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")
    office.complete(owner, task.id)

    late = problem(as_owner.post(f"user-tasks/{task.id}/claim"), 409)

    assert late["winner"]["id"] == owner.key


def test_who_is_late_learns_who_was_quicker(office: Office, owner: Actor, connect: Connect) -> None:
    office.deploy(one_task())
    task = office.task(office.start(owner), "U_do")
    other = office.hire("service_owner")
    office.claim(other, task.id)
    as_owner = connect(owner)

    late_claim = problem(as_owner.post(f"user-tasks/{task.id}/claim"), 409)
    office.complete(other, task.id)
    late_completion = problem(as_owner.post(f"user-tasks/{task.id}/completion"), 409)

    winner = {"id": other.key, "name": other.name.title()}
    assert (late_claim["winner"], late_completion["winner"]) == (winner, winner)


def test_separation_of_duties_is_403_and_in_the_trail(office: Office, connect: Connect) -> None:
    office.deploy(two_tasks(role="customer", exclude="=[done_by['U_ask']]"))
    customer = office.hire("customer")
    instance_id = office.start(customer)
    office.complete(customer, office.task(instance_id, "U_ask").id)
    task = office.task(instance_id, "U_answer")

    refused = connect(customer).post(f"user-tasks/{task.id}/completion")

    problem(refused, 403)
    assert office.actions(instance_id)[-1] == "sod.blocked"


@pytest.mark.parametrize("act", ["claim", "release", "completion", "form", "draft", ""])
def test_tasks_of_others_are_not_there(office: Office, connect: Connect, act: str) -> None:
    office.deploy(one_task())
    task = office.task(office.start(office.hire("service_owner")), "U_do")
    stranger = connect(office.hire("brm"))

    for task_id in (task.id, uuid4()):
        path = f"user-tasks/{task_id}/{act}".rstrip("/")
        method = {"form": "GET", "": "GET", "draft": "PUT"}.get(act, "POST")
        problem(stranger.send(method, path, json={} if method != "GET" else None), 404)


def test_who_sees_but_may_not_gets_403(office: Office, connect: Connect, as_owner: Caller) -> None:
    office.deploy(one_task())
    starter = office.hire("customer")
    task = office.task(office.start(starter), "U_do")
    as_starter = connect(starter)

    assert body(as_starter.get(f"user-tasks/{task.id}"))["status"] == "open"
    for act in ("claim", "completion"):
        problem(as_starter.post(f"user-tasks/{task.id}/{act}"), 403)
    problem(as_starter.put(f"user-tasks/{task.id}/draft", {}), 403)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"view": "theirs"}, "view"),
        ({"sort": "luck"}, "sort"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"instance": "x"}, "instance"),
        ({"cursor": "x"}, "cursor"),
        ({"surprise": "1"}, "surprise"),
    ],
)
def test_a_query_that_makes_no_sense_is_told_by_field(
    as_owner: Caller, query: dict[str, str], field: str
) -> None:
    assert set(problem(as_owner.get("user-tasks", **query), 422)["errors"]) == {field}


def test_a_cursor_belongs_to_its_list(office: Office, owner: Actor, as_owner: Caller) -> None:
    office.deploy(one_task())
    for _ in range(3):
        office.start(owner)
    cursor = as_owner.get("user-tasks", limit=1).get_json()["next_cursor"]

    problem(as_owner.get("user-tasks", cursor=cursor, sort="created"), 422)
    problem(as_owner.get("process-instances", cursor=cursor), 422)
    assert len(items(as_owner.get("user-tasks", cursor=cursor, limit=200))) == 2


def test_a_completed_task_shows_its_form_still(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(with_form(text_field("name")))
    task = office.task(office.start(owner), "U_fill")
    with office.work(owner) as work:
        user_tasks.complete_task(work, task.id, {"name": "Ann"})

    assert body(as_owner.get(f"user-tasks/{task.id}/form"))["form"]["id"] == "fill"


def test_many_tasks_are_completed_each_by_itself(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(with_form(text_field("reason", required=True)))
    ids = [str(office.task(office.start(owner), "U_fill").id) for _ in range(3)]
    sent = {
        "action": "complete",
        "ids": [*ids, str(uuid4())],
        "form": {"reason": "for all"},
        "forms": {ids[1]: {"reason": ""}, ids[2]: {"reason": "its own"}},
    }

    outcomes = body(as_owner.post("user-tasks/bulk", sent))["items"]

    assert [outcome["status"] for outcome in outcomes] == [200, 422, 200, 404]
    assert outcomes[1]["errors"] == {"reason": ["This field is required."]}
    assert [seen["id"] for seen in items(as_owner.get("user-tasks"))] == [ids[1]]


def test_many_tasks_are_claimed_and_given_back(
    office: Office, owner: Actor, as_owner: Caller
) -> None:
    office.deploy(one_task())
    ids = [str(office.task(office.start(owner), "U_do").id) for _ in range(2)]

    claimed = body(as_owner.post("user-tasks/bulk", {"action": "claim", "ids": ids}))["items"]
    released = body(as_owner.post("user-tasks/bulk", {"action": "release", "ids": ids}))["items"]

    assert {outcome["task"]["assignee"] for outcome in claimed} == {str(owner.user_id)}
    assert {outcome["task"]["assignee"] for outcome in released} == {None}


@pytest.mark.parametrize(
    "sent",
    [
        {"action": "shred", "ids": []},
        {"action": "claim"},
        {"action": "claim", "ids": ["x"]},
        {"action": "claim", "ids": [str(uuid4())] * 51},
    ],
)
def test_a_bulk_request_that_makes_no_sense_is_refused(
    as_owner: Caller, sent: dict[str, object]
) -> None:
    assert as_owner.post("user-tasks/bulk", sent).status_code == 422
