"""Bring all REST endpoints into an application."""

from flask import Flask, current_app
from flask.typing import ResponseReturnValue

from ssflow.web import access
from ssflow.web.api import (
    audit_events,
    deployments,
    incidents,
    jobs,
    messages,
    process_definitions,
    process_instances,
    registers,
    user_tasks,
)
from ssflow.web.api.rest import make_api

_DOCUMENT = "api-docs.openapi_json"
_NOUNS = (
    deployments,
    process_definitions,
    process_instances,
    user_tasks,
    messages,
    incidents,
    audit_events,
    registers,
    jobs,
)


def init_api(app: Flask) -> None:
    """Add every REST endpoint, and the document that describes them."""
    api = make_api(app)
    for noun in _NOUNS:
        api.register_blueprint(noun.blueprint)
    for refusal in api.spec.components.responses.values():
        refusal["content"]["application/problem+json"] = refusal["content"].pop("application/json")
    _open_document(app)


def _open_document(app: Flask) -> None:
    """Let everybody read the document; it is the same in every installation."""
    view = app.view_functions[_DOCUMENT]

    @access.public
    def document() -> ResponseReturnValue:
        answer: ResponseReturnValue = current_app.ensure_sync(view)()
        return answer

    app.view_functions[_DOCUMENT] = document
