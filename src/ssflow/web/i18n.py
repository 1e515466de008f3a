"""The language and the time zone of a page."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.support import NullTranslations
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, Domain, get_babel, get_locale

from ssflow.catalogs import translations_of
from ssflow.web.sign_in import current_actor
from ssflow.web.site import current_site

LANGUAGES = {"en": "English", "nl": "Nederlands", "sv": "Svenska"}
"""Each by its own name, as people look for it."""
CHOSEN = "language"
"""Where the session of a visitor keeps the language that was chosen on a public page."""
_LOCALES = {"en": "en_GB", "nl": "nl_NL", "sv": "sv_SE"}


class Catalogs(Domain):
    """Takes the texts of pages from the catalogs that documents use, too."""

    def get_translations(self) -> NullTranslations:
        """Give the texts of the request's language."""
        locale = get_locale()
        return translations_of(locale.language if locale else "en")


def init_i18n(app: Flask) -> None:
    """Let pages of `app` speak the reader's language."""
    Babel(app, locale_selector=page_locale, timezone_selector=page_timezone)
    with app.app_context():
        get_babel().instance.domain_instance = Catalogs()
    app.jinja_env.globals["LANGUAGES"] = LANGUAGES


def page_language() -> str:
    """Choose the reader's own language, else the chosen one, else what the browser asks for."""
    if not has_request_context():
        return "en"
    actor = current_actor()
    if actor.user_id is not None and actor.language in LANGUAGES:
        return actor.language
    if session.get(CHOSEN) in LANGUAGES:
        return str(session[CHOSEN])
    return request.accept_languages.best_match(list(LANGUAGES), "en") or "en"


def page_locale() -> str:
    """Choose how dates and numbers are written; English as in Europe, the day first."""
    return _LOCALES[page_language()]


def page_timezone() -> ZoneInfo:
    """Choose the reader's own time zone, else the organisation's."""
    actor = current_actor() if has_request_context() else None
    if actor is not None and actor.timezone:
        try:
            return ZoneInfo(actor.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            pass  # a zone that this machine does not know
    return current_site().config.timezone
