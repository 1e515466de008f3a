"""Refuse writes that another site made a browser send."""

from flask import current_app, request
from flask_wtf.csrf import CSRFProtect

from ssflow.web.access import Door, find_rule

_READING = ("GET", "HEAD", "OPTIONS")


def check_csrf() -> None:
    """Ask every write for the token of its page; requests with a bearer token need none.

    Raises:
        CSRFError: the token is missing or another session's.
    """
    if request.endpoint is None or request.method in _READING:
        return
    rule = find_rule(current_app, request.endpoint, request.method)
    if rule is not None and rule.door is Door.BEARER:
        return
    csrf = current_app.extensions["csrf"]
    assert isinstance(csrf, CSRFProtect)  # noqa: S101 - says the type
    csrf.protect()
