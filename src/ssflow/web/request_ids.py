"""One identifier a request, told to the caller and written beside what goes wrong."""

from uuid import uuid4

from flask import Flask, Response, g

HEADER = "X-Request-Id"


def init_request_ids(app: Flask) -> None:
    """Give every request of `app` an identifier; one that comes from outside is not taken over."""
    app.after_request(_tell)


def current_request_id() -> str:
    """Give the identifier of this request."""
    if "request_id" not in g:
        g.request_id = uuid4().hex
    return str(g.request_id)


def _tell(response: Response) -> Response:
    response.headers[HEADER] = current_request_id()
    return response
