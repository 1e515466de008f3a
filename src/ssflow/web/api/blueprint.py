"""The kind of blueprint that REST endpoints use."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from flask_smorest import Blueprint

from ssflow.errors import InvalidInputError
from ssflow.services.idempotency import MAX_KEY_CHARACTERS
from ssflow.web.api.rest import PREFIX, Parser

View = TypeVar("View", bound=Callable[..., Any])

_READS_QUERY = "__ssflow_reads_query__"

repeatable = Blueprint.doc(
    parameters=[
        {
            "in": "header",
            "name": "Idempotency-Key",
            "required": False,
            "schema": {"type": "string", "maxLength": MAX_KEY_CHARACTERS},
            "description": "The same key with the same request is answered as the first time.",
        }
    ]
)
"""Tells in the document that an endpoint answers a repeated request as the first one."""


class RestBlueprint(Blueprint):
    """A blueprint below /api/v1 whose arguments are told apart by field when they are wrong."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: Any, *, location: str | None = None, **told: Any) -> Any:
        """Read a body or a query by a schema."""
        read = super().arguments(schema, location=location, **told)
        return (lambda view: reads_query(read(view))) if location == "query" else read

    def add_url_rule(self, rule: str, *given: Any, **told: Any) -> None:
        """Add an endpoint; in the document its operation has the name of its function."""
        endpoint, view = given
        noun = self.name.removeprefix("api_")
        described = view.__dict__.setdefault("_apidoc", {}).setdefault("manual_doc", {})
        described["operationId"] = f"{noun}_{endpoint or view.__name__}"
        super().add_url_rule(rule, endpoint, view, **told)


def rest_blueprint(name: str, description: str) -> RestBlueprint:
    """Make the blueprint of one noun."""
    made = RestBlueprint(f"api_{name}", __name__, url_prefix=PREFIX, description=description)
    made.before_request(_refuse_unread_query)
    return made


def reads_query(view: View) -> View:
    """Mark an endpoint that reads its query itself."""
    setattr(view, _READS_QUERY, True)
    return view


def _refuse_unread_query() -> None:
    """Refuse what would go unheard, such as `?version=2` beside a body that says no version.

    Raises:
        InvalidInputError: the endpoint reads no query.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if request.args and not getattr(view, _READS_QUERY, False):
        errors = {name: ["Unknown field."] for name in request.args}
        raise InvalidInputError("This address takes no query.", errors=errors)
