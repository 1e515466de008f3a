"""User tasks and how the inbox is asked for."""

from enum import StrEnum

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from ssflow.services.bulk import MOST_TASKS
from ssflow.store.user_tasks import InboxSort, InboxView
from ssflow.web.api.schemas.paging import PageQuerySchema


class UserTaskSchema(Schema):
    """Work that waits for a person."""

    id = fields.UUID()
    instance_id = fields.UUID()
    key = fields.String()
    activity_id = fields.String()
    name = fields.String()
    role = fields.String(allow_none=True)
    assignee = fields.UUID(allow_none=True)
    status = fields.String()
    created_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime(allow_none=True)
    priority = fields.Integer()
    form_id = fields.String(allow_none=True)


class InboxQuerySchema(PageQuerySchema):
    """Which tasks to list."""

    view = fields.String(
        load_default=str(InboxView.ALL), validate=OneOf([str(view) for view in InboxView])
    )
    sort = fields.String(
        load_default=str(InboxSort.DUE), validate=OneOf([str(sort) for sort in InboxSort])
    )
    instance = fields.UUID(load_default=None)
    key = fields.String(load_default=None)
    q = fields.String(load_default=None)


class FormSchema(Schema):
    """A task's form (form-js JSON), its data, and the draft that was saved."""

    form = fields.Dict(allow_none=True)
    data = fields.Dict()
    draft = fields.Dict(allow_none=True)


class TaskAction(StrEnum):
    """What may be done to many tasks at once."""

    CLAIM = "claim"
    RELEASE = "release"
    COMPLETE = "complete"


class BulkTasksSchema(Schema):
    """Many tasks and what to do to each; `forms` has fields by task, `form` those of the rest."""

    action = fields.String(required=True, validate=OneOf([str(action) for action in TaskAction]))
    ids = fields.List(fields.UUID(), required=True, validate=Length(min=1, max=MOST_TASKS))
    form = fields.Dict(keys=fields.String(), load_default=dict)
    forms = fields.Dict(keys=fields.UUID(), values=fields.Dict(), load_default=dict)


class TaskOutcomeSchema(Schema):
    """What became of one task: 200 with the task, else the status it would have got alone."""

    id = fields.UUID()
    status = fields.Integer()
    task = fields.Nested(UserTaskSchema)
    detail = fields.String()
    errors = fields.Dict()


class TaskOutcomesSchema(Schema):
    """What became of each task, in the order asked."""

    items = fields.List(fields.Nested(TaskOutcomeSchema))
