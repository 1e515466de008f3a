"""User tasks: the inbox over REST."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from ssflow.domain.user_task import UserTask
from ssflow.errors import SsflowError
from ssflow.services import user_tasks
from ssflow.services.definitions import find_named
from ssflow.store import user_tasks as rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.store.user_tasks import InboxSort, InboxView
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_in_parts, answer_once, json_object, require_no_fields
from ssflow.web.api.schemas.paging import page_of
from ssflow.web.api.schemas.user_tasks import (
    BulkTasksSchema,
    FormSchema,
    InboxQuerySchema,
    TaskAction,
    TaskOutcomesSchema,
    UserTaskSchema,
)
from ssflow.web.errors import problem_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("user_tasks", "Work that waits for people")
FIELDS = {
    "description": "The fields of the task's form; without a form any variables.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
"""What completes a task, as the document tells it."""


@blueprint.get("/user-tasks")
@bearer("read")
@blueprint.arguments(InboxQuerySchema, location="query")
@blueprint.response(200, page_of(UserTaskSchema))
def list_all(query: dict[str, Any]) -> Any:
    """List tasks of the token's owner."""
    with request_work(read_only=True) as work:
        page = rows.list_inbox(
            work.session,
            work.actor,
            view=InboxView(query["view"]),
            sort=InboxSort(query["sort"]),
            q=query["q"],
            named=find_named(work.session, query["q"] or "", work.actor.language),
            key=query["key"],
            instance_id=query["instance"],
            cursor=query["cursor"],
            limit=query["limit"],
        )
        return {"items": [row.task for row in page.items], "next_cursor": page.next_cursor}


@blueprint.post("/user-tasks/bulk")
@bearer("work")
@repeatable
@blueprint.arguments(BulkTasksSchema)
@blueprint.response(200, TaskOutcomesSchema)
def bulk(given: dict[str, Any]) -> ResponseReturnValue:
    """Claim, release or complete many tasks, each by itself: one that is refused stops no other."""
    ids = dict.fromkeys(given["ids"])
    return answer_in_parts(
        TaskOutcomesSchema, lambda: {"items": [_do_one(task_id, given) for task_id in ids]}
    )


@blueprint.get("/user-tasks/<uuid:task_id>")
@bearer("read")
@blueprint.response(200, UserTaskSchema)
def show(task_id: UUID) -> Any:
    """Get a task."""
    with request_work(read_only=True) as work:
        return user_tasks.get_visible_task(work, task_id)


@blueprint.get("/user-tasks/<uuid:task_id>/form")
@bearer("read")
@blueprint.response(200, FormSchema)
def form(task_id: UUID) -> Any:
    """Get a task's form with its data and draft."""
    with request_work(read_only=True) as work:
        view = user_tasks.task_form(work, task_id)
        if view is None:
            return {"form": None, "data": {}, "draft": None}
        source = user_tasks.form_source(work, task_id)
        return {"form": source, "data": dict(view.values), "draft": view.draft}


@blueprint.post("/user-tasks/<uuid:task_id>/claim")
@bearer("work")
@repeatable
@blueprint.response(200, UserTaskSchema)
def claim(task_id: UUID) -> ResponseReturnValue:
    """Reserve a task."""
    require_no_fields()
    return answer_once(UserTaskSchema, lambda work: user_tasks.claim_task(work, task_id))


@blueprint.post("/user-tasks/<uuid:task_id>/release")
@bearer("work")
@repeatable
@blueprint.response(200, UserTaskSchema)
def release(task_id: UUID) -> ResponseReturnValue:
    """Give a task back to its role."""
    require_no_fields()
    return answer_once(UserTaskSchema, lambda work: user_tasks.release_task(work, task_id))


@blueprint.post("/user-tasks/<uuid:task_id>/completion")
@bearer("work")
@repeatable
@blueprint.doc(requestBody=FIELDS)
@blueprint.response(200, UserTaskSchema)
def complete(task_id: UUID) -> ResponseReturnValue:
    """Complete a task; the body is its filled-in form."""
    fields = json_object()
    return answer_once(UserTaskSchema, lambda work: user_tasks.complete_task(work, task_id, fields))


@blueprint.put("/user-tasks/<uuid:task_id>/draft")
@bearer("work")
@repeatable
@blueprint.doc(requestBody=FIELDS)
@blueprint.response(200, UserTaskSchema)
def save_draft(task_id: UUID) -> ResponseReturnValue:
    """Keep what was filled in so far; it is not checked."""
    fields = json_object()
    return answer_once(UserTaskSchema, lambda work: user_tasks.save_draft(work, task_id, fields))


def _do_one(task_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    try:
        with request_work() as work:
            task = _BULK[given["action"]](work, task_id, _form_for(task_id, given))
            return {"id": task_id, "status": HTTPStatus.OK, "task": task}
    except SsflowError as error:
        problem = problem_of(error)
        return {
            "id": task_id,
            "status": problem.status,
            "detail": problem.message,
            "errors": problem.errors,
        }


def _form_for(task_id: UUID, given: dict[str, Any]) -> Mapping[str, Any]:
    """Give a task's own fields, else those for all."""
    own: Mapping[UUID, Mapping[str, Any]] = given["forms"]
    return own.get(task_id, given["form"])


_BULK: Mapping[str, Callable[[UnitOfWork, UUID, Mapping[str, Any]], UserTask]] = {
    TaskAction.CLAIM: lambda work, task_id, _form: user_tasks.claim_task(work, task_id),
    TaskAction.RELEASE: lambda work, task_id, _form: user_tasks.release_task(work, task_id),
    TaskAction.COMPLETE: user_tasks.complete_task,
}
