"""Put the application together: pages, REST, and what guards both."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, g
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from ssflow.config import Config
from ssflow.store.database import Database
from ssflow.store.unit_of_work import Submit, no_submit
from ssflow.web import access
from ssflow.web.api.endpoints import init_api
from ssflow.web.csrf import check_csrf
from ssflow.web.errors import init_errors
from ssflow.web.formats import init_formats
from ssflow.web.i18n import init_i18n
from ssflow.web.page import init_page
from ssflow.web.pages import (
    admin,
    audit,
    bulk,
    catalogue,
    dashboards,
    demo,
    files,
    health,
    imports,
    instances,
    mails,
    operations,
    portfolio,
    processes,
    profile,
    public,
    registers,
    sign_in,
    start,
    tasks,
)
from ssflow.web.request_ids import init_request_ids
from ssflow.web.reruns import Application
from ssflow.web.security_headers import init_security_headers
from ssflow.web.sentences import init_sentences
from ssflow.web.sign_in import init_sign_in
from ssflow.web.site import Site

MAX_REQUEST_BYTES = 12 * 1024 * 1024
MAX_FORM_FIELD_BYTES = 600_000
MAX_FORM_FIELDS = 5_000
_STATIC = Path(__file__).parent / "static"
_PAGES = (
    *(
        health,
        public,
        sign_in,
        profile,
        tasks,
        bulk,
        start,
        catalogue,
        dashboards,
        instances,
        files,
        portfolio,
        registers,
        imports,
    ),
    *(processes, audit, operations, mails, admin),
)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def create_app(
    config: Config,
    database: Database,
    *,
    clock: Callable[[], datetime],
    submit: Submit = no_submit,
) -> Flask:
    """Build the application that a server runs.

    Raises:
        MissingRuleError: an endpoint does not say who may enter it.
    """
    app = Application(__name__)
    app.url_map.merge_slashes = False  # else `//` is sent on by a page, to programs too
    site = Site(config, database, clock, submit)
    site.attach(app)
    _set_limits(app, config)
    app.before_request(_guard)
    init_request_ids(app)
    init_security_headers(app)
    init_sign_in(app, site)
    init_i18n(app)
    init_formats(app)
    init_sentences(app)
    init_page(app)
    init_errors(app)
    _add_endpoints(app)
    if config.is_demo:
        app.register_blueprint(demo.blueprint)
    access.require_rules(app)
    return app


def _set_limits(app: Flask, config: Config) -> None:
    app.config.update(
        SECRET_KEY=config.secret_key,
        TRUSTED_HOSTS=[urlsplit(config.base_url).hostname or "localhost", *_LOOPBACK],
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_FIELD_BYTES,
        MAX_FORM_PARTS=MAX_FORM_FIELDS,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        ASSET_VERSION=_asset_version(),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    if count := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def _add_endpoints(app: Flask) -> None:
    access.declare(app, "static", access.Rule(access.Door.PUBLIC))
    for pages in _PAGES:
        app.register_blueprint(pages.blueprint)
    init_api(app)


def _guard() -> ResponseReturnValue | None:
    """Check a request before any view sees it: the session, the door, the CSRF token."""
    if "database_away" in g:
        raise g.database_away
    refusal = access.enforce()
    if refusal is None:
        check_csrf()
    return refusal


def _asset_version() -> str:
    """Tell one set of static files from another, so that browsers may keep each for ever."""
    facts = ((path, path.stat()) for path in sorted(_STATIC.rglob("*")) if path.is_file())
    lines = (f"{path.name} {stat.st_size} {stat.st_mtime_ns}" for path, stat in facts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
