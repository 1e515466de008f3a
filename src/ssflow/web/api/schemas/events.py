"""Audit events, incidents, jobs and messages."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Regexp

from ssflow.domain.audit import AuditAction
from ssflow.domain.incident import Incident, IncidentKind, IncidentStatus, RetryOutcome
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
    kind = fields.String(metadata={"enum": [str(kind) for kind in IncidentKind]})
    message = fields.String()
    line = fields.Integer(allow_none=True)
    source_line = fields.String(allow_none=True)
    attempts = fields.Integer()
    status = fields.String(metadata={"enum": [str(status) for status in IncidentStatus]})
    created_at = fields.AwareDateTime()
    resolved_at = fields.AwareDateTime(allow_none=True)


class IncidentDetailSchema(IncidentSchema):
    """An incident with the data at hand, and with what its last attempts said."""

    variables = fields.Dict()
    faults = fields.Method("_faults", metadata={"type": "array"})

    def _faults(self, incident: Incident) -> list[Any]:
        return list(incident.faults or [])


class IncidentFilterSchema(Schema):
    """Which incidents are meant; `q` looks into the message and the case's title and key."""

    key = fields.String(load_default=None)
    activity = fields.String(load_default=None, attribute="activity_id")
    kind = fields.Enum(IncidentKind, by_value=True, load_default=None)
    instance = fields.UUID(load_default=None, attribute="instance_id")
    q = fields.String(load_default=None)
    before = Moment(load_default=None)
    after = Moment(load_default=None)


class IncidentQuerySchema(PageQuerySchema, IncidentFilterSchema):
    """Which incidents to list."""

    status = fields.Enum(IncidentStatus, by_value=True, load_default=IncidentStatus.OPEN)


class RetrySchema(Schema):
    """Variables to change before a faulty element runs again, and why."""

    variables = fields.Dict(keys=fields.String(), load_default=dict)
    reason = fields.String(load_default="")


class ResolveSchema(Schema):
    """Variables that the faulty element would have written, and why it is passed over."""

    variables = fields.Dict(keys=fields.String(), load_default=dict)
    reason = fields.String(required=True)


class BulkRetrySchema(Schema):
    """Which open incidents to try again, and why; with `preview` they are only counted."""

    filter = fields.Nested(IncidentFilterSchema, load_default=dict)
    reason = fields.String(load_default="")
    preview = fields.Boolean(load_default=False)


class ProgressSchema(Schema):
    """How far a bulk retry is; a preview has only its `total`."""

    id = fields.UUID(allow_none=True)
    total = fields.Integer()
    waiting = fields.Integer()
    settled = fields.Integer()
    failed_again = fields.Integer()
    skipped = fields.Integer()
    given_up = fields.Integer()


class BulkItemSchema(Schema):
    """What came of one incident of a bulk retry; without an outcome it waits for its turn."""

    incident_id = fields.UUID()
    outcome = fields.String(
        allow_none=True, metadata={"enum": [str(outcome) for outcome in RetryOutcome]}
    )
    message = fields.String()
    done_at = fields.AwareDateTime(allow_none=True)


class BulkItemQuerySchema(PageQuerySchema):
    """Which items of a bulk retry to list."""

    outcome = fields.Enum(RetryOutcome, by_value=True, load_default=None)


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
    """A message for the instance that waits for its name and key, or will."""

    name = fields.String(required=True, validate=Regexp(r"(?s).*\S", error="Name the message."))
    correlation_key = fields.String(load_default=None, allow_none=True)
    message_id = fields.String(load_default=None, allow_none=True)
    payload = fields.Dict(keys=fields.String(), load_default=dict)
    time_to_live = fields.String(load_default=None, allow_none=True)


class KeptMessageSchema(Schema):
    """A message that waits for an instance; its payload stays inside."""

    id = fields.UUID()
    name = fields.String()
    correlation_key = fields.String(allow_none=True)
    message_id = fields.String(allow_none=True)
    sender = fields.String()
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()


class MessageQuerySchema(PageQuerySchema):
    """Which messages to list."""

    name = fields.String(load_default=None)


class DeliverySchema(Schema):
    """What became of a message."""

    status = fields.String()
    instance_id = fields.UUID(allow_none=True)
