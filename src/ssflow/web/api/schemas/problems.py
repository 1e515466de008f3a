"""What is answered when a request is refused (RFC 9457)."""

from marshmallow import Schema, fields

from ssflow.web.api.schemas.definitions import ProblemSchema


class WinnerSchema(Schema):
    """Who was quicker."""

    id = fields.UUID()
    name = fields.String()


class ErrorSchema(Schema):
    """Why a request was refused; `errors` by field, `problems` of files, `winner` of a race."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    problems = fields.List(fields.Nested(ProblemSchema))
    winner = fields.Nested(WinnerSchema)
