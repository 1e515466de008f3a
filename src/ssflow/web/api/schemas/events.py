"""Audit events, incidents, jobs and messages."""

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from ssflow.domain.audit import AuditAction
from ssflow.domain.incident import IncidentStatus
from ssflow.domain.job import JobKind
from ssflow.web.api.schemas.moments import Moment
from ssflow.web.api.schemas.paging import PageQuerySchema


class AuditEventSchema(Schema):
    """One line of the trail."""

    seq = fields.Integer()
    stream = fields.String()
    at = fields.AwareDateTime()
    actor = fields.String()
    on_behalf_of = fields.String(allow_none=True)
    action = fields.String()
    instance_id = fields.UUID(allow_none=True)
    activity_id = fields.String(allow_none=True)
    details = fields.Dict()
    hash = fields.String()


class EventQuerySchema(PageQuerySchema):
    """Which events to list."""

    instance = fields.UUID(load_default=None)
    actor = fields.String(load_default=None)
    action = fields.String(load_default=None, validate=OneOf([str(a) for a in AuditAction]))
    from_ = Moment(load_default=None, data_key="from")
    to = Moment(load_default=None)


class IncidentSchema(Schema):
    """An instance that cannot go on without an operator."""

    id = fields.UUID()
    instance_id = fields.UUID()
    activity_id = fields.String()
    kind = fields.String()
    message = fields.String()
    line = fields.Integer(allow_none=True)
    attempts = fields.Integer()
    status = fields.String()
    created_at = fields.AwareDateTime()


class IncidentQuerySchema(PageQuerySchema):
    """Which incidents to list."""

    status = fields.String(
        load_default=str(IncidentStatus.OPEN), validate=OneOf([str(s) for s in IncidentStatus])
    )
    key = fields.String(load_default=None)


class RetrySchema(Schema):
    """Variables to change before a faulty element runs again, and why."""

    variables = fields.Dict(keys=fields.String(), load_default=dict)
    reason = fields.String(load_default="")


class JobSchema(Schema):
    """Work that is due later or elsewhere."""

    id = fields.UUID()
    kind = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)
    instance_id = fields.UUID(allow_none=True)
    activity_id = fields.String(allow_none=True)
    attempts = fields.Integer()
    error = fields.String(allow_none=True)


class JobQuerySchema(PageQuerySchema):
    """Which jobs to list."""

    kind = fields.String(load_default=None, validate=OneOf([str(k) for k in JobKind]))


class MessageSchema(Schema):
    """A message for the instance that waits for its name and key."""

    name = fields.String(required=True)
    correlation_key = fields.String(load_default=None, allow_none=True)
    message_id = fields.String(load_default=None, allow_none=True)
    payload = fields.Dict(keys=fields.String(), load_default=dict)


class DeliverySchema(Schema):
    """What became of a message."""

    status = fields.String()
    instance_id = fields.UUID(allow_none=True)
