"""Process instances and what is asked of them."""

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from ssflow.domain.instance import InstanceStatus
from ssflow.web.api.schemas.paging import PageQuerySchema

MAX_VERSION = 2**31 - 1


class InstanceSchema(Schema):
    """One run of a process."""

    id = fields.UUID()
    key = fields.String()
    version = fields.Integer()
    business_key = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    status = fields.String()
    started_by = fields.String()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    end_event = fields.String(allow_none=True)
    open_incidents = fields.Integer()


class InstanceQuerySchema(PageQuerySchema):
    """Which instances to list."""

    status = fields.String(load_default=None, validate=OneOf([str(s) for s in InstanceStatus]))
    key = fields.String(load_default=None)
    business_key = fields.String(load_default=None)
    q = fields.String(load_default=None)


class StartSchema(Schema):
    """How to start an instance."""

    business_key = fields.String(load_default=None, allow_none=True)
    variables = fields.Dict(keys=fields.String(), load_default=dict)
    version = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=Range(1, MAX_VERSION)
    )


class ReasonSchema(Schema):
    """Why something is done to an instance."""

    reason = fields.String(load_default="")
