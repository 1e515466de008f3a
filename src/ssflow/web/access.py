"""Who may enter which endpoint: every view carries an explicit rule; without one nobody may."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ssflow.domain.identity import ADMIN, Actor
from ssflow.errors import SsflowError
from ssflow.web.sign_in import bearer_actor, current_actor

View = TypeVar("View", bound=Callable[..., Any])

_RULE = "__ssflow_access__"


class Door(StrEnum):
    """How one gets in."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    BEARER = "bearer"


@dataclass(frozen=True)
class Rule:
    """The door of an endpoint; with `roles`, only their holders pass it."""

    door: Door
    roles: frozenset[str] = frozenset()
    scope: str | None = None


class NotSignedInError(SsflowError):
    """The request says nothing, or nothing valid, about who sends it."""


class MissingRuleError(RuntimeError):
    """An endpoint was added without saying who may enter it."""


def public(view: View) -> View:
    """Let everybody in, signed in or not."""
    return _mark(view, Rule(Door.PUBLIC))


def signed_in(view: View) -> View:
    """Let in whoever has signed in; services decide on the objects."""
    return _mark(view, Rule(Door.SIGNED_IN))


def needs_role(*roles: str) -> Callable[[View], View]:
    """Let in who has signed in and holds one of `roles`."""

    def mark(view: View) -> View:
        return _mark(view, Rule(Door.SIGNED_IN, frozenset(roles)))

    return mark


def bearer(scope: str, *roles: str) -> Callable[[View], View]:
    """Let in programs whose token carries `scope` (and whose owner holds one of `roles`)."""

    def mark(view: View) -> View:
        return _mark(view, Rule(Door.BEARER, frozenset(roles), scope))

    return mark


def declare(app: Flask, endpoint: str, rule: Rule) -> None:
    """Give a rule to an endpoint that an extension made."""
    _mark(app.view_functions[endpoint], rule)


def find_rule(app: Flask, endpoint: str, method: str = "GET") -> Rule | None:
    """Find the rule of an endpoint: on its function, its class, or the class's method."""
    view = app.view_functions.get(endpoint)
    view_class = getattr(view, "view_class", None)
    places = [view, getattr(view_class, method.lower(), None), view_class]
    rules = (getattr(place, _RULE, None) for place in places if place is not None)
    return next((rule for rule in rules if rule is not None), None)


def require_rules(app: Flask) -> None:
    """Refuse an application with an endpoint that says nothing about who may enter.

    Raises:
        MissingRuleError: names the endpoints.
    """
    missing = {
        f"{rule.endpoint} ({method})"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if find_rule(app, rule.endpoint, method) is None
    }
    if missing:
        raise MissingRuleError(f"Who may enter {', '.join(sorted(missing))}?")


def enforce() -> ResponseReturnValue | None:
    """Keep out whom the endpoint's rule does not let in; runs before every request."""
    if request.endpoint is None:
        return None
    rule = find_rule(current_app, request.endpoint, request.method)
    if rule is None:
        raise MissingRuleError(f"Who may enter {request.endpoint}?")
    if rule.door is Door.PUBLIC:
        return None
    actor = bearer_actor(rule.scope) if rule.door is Door.BEARER else current_actor()
    if actor.user_id is None:
        return _ask_to_sign_in(rule)
    if rule.roles:
        actor.require_role(*rule.roles)
    return None


def may_enter(actor: Actor, endpoint: str) -> bool:
    """Tell whether a link to `endpoint` would let the actor in."""
    rule = find_rule(current_app, endpoint)
    if rule is None:
        return False
    if rule.door is Door.PUBLIC:
        return True
    return actor.user_id is not None and (not rule.roles or not rule.roles.isdisjoint(actor.roles))


def _mark(view: View, rule: Rule) -> View:
    setattr(view, _RULE, rule)
    return view


def _ask_to_sign_in(rule: Rule) -> ResponseReturnValue:
    if rule.door is Door.BEARER:
        raise NotSignedInError("This needs a valid access token.")
    login = url_for("sign_in.login", next=_way_back())
    if "HX-Request" in request.headers:
        return "", 401, {"HX-Redirect": login}
    return redirect(login, 303)


def _way_back() -> str | None:
    """The page to show after signing in: this one, or the one a form was sent from."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return None if request.full_path == "/?" else request.full_path.rstrip("?")
    referrer = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if referrer.netloc != request.host:
        return None
    return referrer.path + (f"?{referrer.query}" if referrer.query else "")


ADMIN_ONLY = needs_role(ADMIN)
"""The rule of pages that only administrators see."""
