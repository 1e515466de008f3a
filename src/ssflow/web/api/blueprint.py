"""The kind of blueprint that REST endpoints use."""

from flask_smorest import Blueprint

from ssflow.services.idempotency import MAX_KEY_CHARACTERS
from ssflow.web.api.rest import PREFIX, Parser

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


def rest_blueprint(name: str, description: str) -> RestBlueprint:
    """Make the blueprint of one noun."""
    return RestBlueprint(f"api_{name}", __name__, url_prefix=PREFIX, description=description)
