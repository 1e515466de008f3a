"""What every page shows around its content: who reads it, where it leads, what waits."""

from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext

from ssflow.domain.identity import ADMIN, AUDITOR, Actor
from ssflow.web.access import may_enter
from ssflow.web.i18n import page_locale
from ssflow.web.request_ids import current_request_id
from ssflow.web.sign_in import current_actor
from ssflow.web.site import current_site


@dataclass(frozen=True)
class Place:
    """A part of ssflow that the main navigation leads to."""

    endpoint: str
    label: str
    icon: str
    on_phone: bool = False
    """Whether it stands in the bar at the bottom of a phone; the others are in the menu."""
    roles: frozenset[str] = frozenset()
    """Who is shown the way; empty: everyone whom its endpoint lets in."""
    inside: bool = False
    """Whether customers are not shown the way."""


@dataclass(frozen=True)
class Link:
    """One link of the navigation as this page shows it."""

    url: str
    label: str
    icon: str
    on_phone: bool
    is_current: bool


@dataclass(frozen=True)
class Tab:
    """One of several views of the same page."""

    url: str
    label: str
    is_current: bool
    count: int | None = None


PLACES = (
    Place("tasks.inbox", lazy_gettext("Inbox"), "inbox", on_phone=True),
    Place("start.choose", lazy_gettext("Start"), "player-play", on_phone=True),
    Place("instances.browse", lazy_gettext("Cases"), "briefcase", on_phone=True),
    Place("portfolio.board", lazy_gettext("Portfolio"), "columns", on_phone=True),
    Place("catalogue.browse", lazy_gettext("Catalogue"), "book"),
    Place("dashboards.work", lazy_gettext("Dashboards"), "chart-bar", inside=True),
    Place("processes.browse", lazy_gettext("Processes"), "sitemap"),
    Place("audit.browse", lazy_gettext("Audit"), "shield-check", roles=frozenset({ADMIN, AUDITOR})),
    Place("operations.overview", lazy_gettext("Operations"), "activity"),
    Place("admin.users", lazy_gettext("Admin"), "settings"),
)


class Page:
    """The frame of one page; templates know it as `page`."""

    @property
    def actor(self) -> Actor:
        """Who reads the page."""
        return current_actor()

    @property
    def lang(self) -> str:
        """The language for `<html lang>`; scripts write times and numbers by it."""
        return page_locale().replace("_", "-")

    @property
    def is_demo(self) -> bool:
        """Whether this is the demonstration, where one may be anybody."""
        return current_site().config.is_demo

    @property
    def request_id(self) -> str:
        """The number that an administrator finds in the log."""
        return current_request_id()

    @property
    def initials(self) -> str:
        """Two letters of the reader's name."""
        words = self.actor.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"

    @property
    def navigation(self) -> list[Link]:
        """The places that the reader may go to."""
        actor = self.actor
        return [_link(place) for place in PLACES if _is_shown(place, actor)]


def init_page(app: Flask) -> None:
    """Give `page`, and the addresses of static files, to the templates of `app`."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["may_enter"] = lambda endpoint: may_enter(Page().actor, endpoint)
    app.context_processor(lambda: {"page": Page()})


def asset(name: str) -> str:
    """Address a static file in the version that is installed, so that browsers may keep it."""
    return url_for("static", filename=name, v=current_app.config["ASSET_VERSION"])


def _is_shown(place: Place, actor: Actor) -> bool:
    if place.roles and place.roles.isdisjoint(actor.roles):
        return False
    if place.inside and actor.is_outsider:
        return False
    return place.endpoint in current_app.view_functions and may_enter(actor, place.endpoint)


def _link(place: Place) -> Link:
    blueprint = place.endpoint.partition(".")[0]
    return Link(
        url=url_for(place.endpoint),
        label=str(place.label),
        icon=place.icon,
        on_phone=place.on_phone,
        is_current=(request.blueprint or "").partition(".")[0] == blueprint,
    )
