"""The kind of blueprint that REST endpoints use."""

from flask_smorest import Blueprint

from ssflow.web.api.rest import PREFIX, Parser


class RestBlueprint(Blueprint):
    """A blueprint below /api/v1 whose arguments are told apart by field when they are wrong."""

    ARGUMENTS_PARSER = Parser()


def rest_blueprint(name: str, description: str) -> RestBlueprint:
    """Make the blueprint of one noun."""
    return RestBlueprint(f"api_{name}", __name__, url_prefix=PREFIX, description=description)
