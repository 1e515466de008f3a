"""From an error to its answer: a page for people, problem+json for programs, never a trace."""

import logging
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from ssflow.errors import (
    AwayError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SsflowError,
)
from ssflow.services.deployment import DeploymentRefusedError
from ssflow.services.modeling import DraftChangedError
from ssflow.services.people import names_of
from ssflow.web.access import NotSignedInError
from ssflow.web.request_ids import current_request_id
from ssflow.web.request_work import request_work
from ssflow.web.sentences import tell, tell_all

_log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (NotSignedInError, HTTPStatus.UNAUTHORIZED),
    (AwayError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (InvalidInputError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


@dataclass(frozen=True)
class Problem:
    """What the person or program is told."""

    status: HTTPStatus
    message: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    winner: tuple[UUID, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Shape it as RFC 9457 says."""
        told: dict[str, Any] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.message,
            "request_id": current_request_id(),
            **self.details,
        }
        if self.errors:
            told["errors"] = self.errors
        if self.winner:
            told["winner"] = {"id": str(self.winner[0]), "name": self.winner[1]}
        return told


def init_errors(app: Flask) -> None:
    """Answer every error of `app`."""
    app.register_error_handler(SsflowError, _answer_own)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unforeseen)


def problem_of(error: SsflowError) -> Problem:
    """Say what an error of ours means to whoever caused it."""
    status = next(
        (status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_REQUEST
    )
    return Problem(
        status,
        tell(error.message) or status.phrase,
        errors=tell_all(getattr(error, "errors", {})),
        details=_details(error),
        winner=_winner(error),
    )


def wants_json() -> bool:
    """Tell whether a program asks, or a script of ours."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def answer(problem: Problem) -> Response:
    """Build the answer in the form that was asked for."""
    if wants_json():
        response = jsonify(problem.as_json())
        response.mimetype = "application/problem+json"
    else:
        response = make_response(render_template(_template(problem), problem=problem))
    response.status_code = problem.status
    if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if problem.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="ssflow"'
    return response


def _template(problem: Problem) -> str:
    if problem.status.value >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "last_resort.html"  # needs nothing that could be what is broken
    return "_error.html" if "HX-Request" in request.headers else "error.html"


def _answer_own(error: SsflowError) -> ResponseReturnValue:
    problem = problem_of(error)
    if problem.status.value >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("%s %s: %s", request.method, request.path, error)
    return answer(problem)


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if isinstance(error, SecurityError):  # an unknown host: no address can be built for a page
        told = gettext("ssflow is not served under this name.")
        if wants_json():
            return answer(Problem(HTTPStatus.BAD_REQUEST, told))
        return Response(told, HTTPStatus.BAD_REQUEST, mimetype="text/plain")
    if error.code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_unforeseen(getattr(error, "original_exception", None) or error)
    status = HTTPStatus(error.code)
    response = answer(Problem(status, _http_message(error)))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _http_message(error: HTTPException) -> str:
    if isinstance(error, CSRFError):
        return str(gettext("This page was open for too long. Go back, reload it and try again."))
    return error.description or str(error)


def _answer_unforeseen(error: Exception) -> ResponseReturnValue:
    _log.error(
        "%s %s failed (%s)", request.method, request.path, current_request_id(), exc_info=error
    )
    return answer(
        Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, gettext("ssflow made a mistake. It has been noted.")
        )
    )


def _details(error: SsflowError) -> dict[str, Any]:
    """What the error itself tells programs."""
    if isinstance(error, DraftChangedError):
        return {"revision": error.revision}
    if isinstance(error, DeploymentRefusedError):
        return {"problems": [asdict(problem) for problem in error.problems]}
    return {}


def _winner(error: SsflowError) -> tuple[UUID, str] | None:
    winner = getattr(error, "winner", None)
    if not isinstance(winner, UUID):
        return None
    with request_work(read_only=True) as work:
        return winner, names_of(work, [winner]).get(winner, gettext("somebody else"))
