"""What all REST endpoints share: the document, how bodies are read, how answers are given once."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from flask import Flask, Request, Response, request
from flask_smorest import Api
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from ssflow.errors import InvalidInputError
from ssflow.services.idempotency import (
    Answer,
    remember_answer,
    remembered_answer,
    request_digest,
)
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.api.schemas.problems import ErrorSchema
from ssflow.web.request_work import request_work

PREFIX = "/api/v1"
R = TypeVar("R")
_SETTINGS = {
    "API_TITLE": "ssflow",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": PREFIX,
    "OPENAPI_JSON_PATH": "openapi.json",
}


class RestApi(Api):
    """The OpenAPI document; errors are answered by `web.errors`, as for pages."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to the application."""


class Parser(FlaskParser):
    """Reads queries and bodies; what is wrong with them is told per field."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Read the body as `json_object` does, whatever its content type says."""
        return json_object()

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Tell which field is wrong.

        Raises:
            InvalidInputError: always.
        """
        messages = error.messages if isinstance(error.messages, Mapping) else {}
        errors = {n: _flat(m) for part in messages.values() for n, m in _items(part)}
        raise InvalidInputError("The request is wrong.", errors=errors) from error


def make_api(app: Flask) -> RestApi:
    """Give the application its OpenAPI document."""
    app.config.update(_SETTINGS)
    api = RestApi(app)
    scheme = {"type": "http", "scheme": "bearer"}
    api.spec.components.security_scheme("bearer", scheme)
    api.spec.options["security"] = [{"bearer": []}]
    return api


def read_query(schema: type[Schema], given: Mapping[str, str]) -> dict[str, Any]:
    """Read part of a query whose other part is free.

    Raises:
        InvalidInputError: tells which field is wrong.
    """
    try:
        query: dict[str, Any] = schema().load(given)
    except ValidationError as error:
        errors = {name: _flat(messages) for name, messages in _items(error.messages)}
        raise InvalidInputError("The request is wrong.", errors=errors) from error
    return query


def json_object() -> dict[str, Any]:
    """Read the body as a JSON object; no body is an empty one.

    Raises:
        InvalidInputError: it is something else.
    """
    raw = request.get_data(cache=True)
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise InvalidInputError("The body must be a JSON object.")
    return body


def require_no_fields() -> None:
    """Refuse a body that would go unheard, such as the name of another person for a claim.

    Raises:
        InvalidInputError: the body holds fields, or is no JSON.
    """
    if fields := json_object():
        errors = {name: ["Unknown field."] for name in fields}
        raise InvalidInputError("This address takes no fields.", errors=errors)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON knows no {name}")


def answer_once(
    schema: type[Schema], do: Callable[[UnitOfWork], R], *, status: int | Callable[[R], int] = 200
) -> Response:
    """Do what a write asks for, in one piece of work, and answer with what it gives.

    `status` may depend on what was done.

    With an Idempotency-Key a repeated request gets the first one's answer, and nothing is done
    again.
    """
    key = request.headers.get("Idempotency-Key")
    digest = _request_digest() if key else ""
    with request_work() as work:
        if key:
            former = remembered_answer(work, key, digest)
            if former is not None:
                return _respond(former.body, former.status, replayed=True)
        result = do(work)
        work.session.flush()
        body = json.dumps(_shaper(schema).dump(result), ensure_ascii=False)
        code = status if isinstance(status, int) else status(result)
        if key:
            remember_answer(work, key, digest, Answer(code, body))
    return _respond(body, code)


def answer_in_parts(schema: type[Schema], do: Callable[[], Any]) -> Response:
    """Answer a write that is many pieces of work; with an Idempotency-Key, once it was finished.

    A request that was cut off halfway is done again: its parts say themselves what is done already.
    """
    key = request.headers.get("Idempotency-Key")
    digest = _request_digest() if key else ""
    if key:
        with request_work(read_only=True) as work:
            former = remembered_answer(work, key, digest)
        if former is not None:
            return _respond(former.body, former.status, replayed=True)
    body = json.dumps(_shaper(schema).dump(do()), ensure_ascii=False)
    if key:
        with request_work() as work:
            remember_answer(work, key, digest, Answer(HTTPStatus.OK, body))
    return _respond(body, HTTPStatus.OK)


def _request_digest() -> str:
    """Tell requests apart; uploads by their files, since each has another boundary."""
    return request_digest(request.method, request.path, *(_form_parts() or [request.get_data()]))


def _form_parts() -> list[str | bytes]:
    """Give the fields and files of a form; nothing when the body is none."""
    parts: list[str | bytes] = [text for pair in request.form.items(multi=True) for text in pair]
    for name, upload in request.files.items(multi=True):
        parts += [name, upload.filename or "", upload.stream.read()]
        upload.stream.seek(0)
    return parts


@cache
def _shaper(schema: type[Schema]) -> Schema:
    """Make a schema once: it only shapes, and keeps nothing between answers."""
    return schema()


def _respond(body: str, status: int, *, replayed: bool = False) -> Response:
    response = Response(body, status, mimetype="application/json")
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _items(part: Any) -> list[tuple[str, Any]]:
    return list(part.items()) if isinstance(part, Mapping) else [("body", part)]


def _flat(messages: Any) -> list[str]:
    if isinstance(messages, Mapping):
        return [text for inner in messages.values() for text in _flat(inner)]
    return [str(text) for text in messages] if isinstance(messages, list) else [str(messages)]
