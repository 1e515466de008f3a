"""How lists are asked for and how they look."""

from functools import cache

from marshmallow import Schema, fields
from marshmallow.validate import Range

from ssflow.store.paging import MAX_LIMIT

DEFAULT_LIMIT = 50


class PageQuerySchema(Schema):
    """Which part of a list; `cursor` is the former page's `next_cursor`."""

    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=DEFAULT_LIMIT, validate=Range(1, MAX_LIMIT))


@cache
def page_of(schema: type[Schema]) -> type[Schema]:
    """Make the schema of a page of a list."""
    name = schema.__name__.removesuffix("Schema") + "Page"
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(schema), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
        name=name,
    )
