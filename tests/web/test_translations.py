"""The catalogs: every text of a page, in every language, with the same gaps to fill."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import ssflow
from ssflow.domain.identity import Actor
from ssflow.services import instances
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

_SOURCE = Path(ssflow.__file__).parent
_CATALOGS = _SOURCE / "web/translations"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true"}}
_MARKED = {"gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_": None, "N_": None}
_GAP = re.compile(r"%\(\w+\)[sd]")


def _texts(folder: str, keywords: dict[str, Any]) -> set[Any]:
    found = extract_from_dir(
        str(_SOURCE / folder), method_map=_METHODS, options_map=_OPTIONS, keywords=keywords
    )
    return {message for _, _, message, _, _ in found}


def _catalog(language: str) -> Catalog:
    with (_CATALOGS / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", ["nl", "sv"])
def test_every_text_of_a_page_is_translated(language: str) -> None:
    catalog = _catalog(language)
    asked = _texts("web", _MARKED) | _texts("forms", _MARKED)

    translated = {m.id for m in catalog if m.string and all(m.string)}
    missing = asked - translated

    assert len(asked) > 400
    assert missing == set()


@pytest.mark.parametrize("language", ["nl", "sv"])
def test_a_translation_has_the_gaps_of_its_text(language: str) -> None:
    different = [
        message.id
        for message in _catalog(language)
        for text in _all(message.string)
        if message.id and _gaps(text) != _gaps(_all(message.id)[-1])
    ]

    assert different == []


def _all(text: Any) -> list[str]:
    """Give a text, or each of its forms in the plural and singular."""
    return list(text) if isinstance(text, tuple | list) else [str(text)]


def _gaps(text: str) -> set[str]:
    return set(_GAP.findall(text))


def test_both_languages_have_the_same_texts() -> None:
    assert {m.id for m in _catalog("nl")} == {m.id for m in _catalog("sv")}


def test_no_catalog_keeps_a_text_that_nobody_says_any_more() -> None:
    classes = re.compile(r"^class (\w+Error)\(", re.M)
    source = "".join(file.read_text() for file in _SOURCE.rglob("*.py"))
    spoken = _texts(".", {**_MARKED, **dict.fromkeys(classes.findall(source))})

    left = {m.id for m in _catalog("nl") if m.id} - spoken

    assert [text for text in left if str(text) not in source] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", "Niets wacht op u."),
        ("sv", "Inget väntar på dig."),
        ("en", "Nothing waits for you."),
    ],
)
def test_pages_speak_the_reader_s_language(
    sign_in: SignIn, office: Office, language: str, words: str
) -> None:
    browser = sign_in(office.hire("brm"))

    browser.send("/profile/settings", language=language, timezone="")

    page = browser.open("/tasks", **{"Accept-Language": "de"})
    assert words in text_of(page)
    assert f'<html lang="{language}-' in page.text


@pytest.mark.parametrize(
    ("asked", "words"),
    [("sv-SE,sv;q=0.9", "Här finns inget"), ("nl", "Hier is niets"), ("de", "There is nothing")],
)
def test_a_visitor_is_spoken_to_as_the_browser_asks(
    app: Any, office: Office, asked: str, words: str
) -> None:
    page = app.test_client().get("/nope", headers={"Accept-Language": asked})

    assert words in page.text


def test_errors_of_services_speak_the_reader_s_language_too(
    sign_in: SignIn, office: Office
) -> None:
    boss: Actor = office.hire("admin")
    office.deploy(one_task())
    case = office.start(boss)
    office.act(boss, instances.suspend_instance, case, "holidays")
    browser = sign_in(boss)
    browser.send("/profile/settings", language="sv", timezone="")

    page = browser.send(f"/instances/{case}/suspend", reason="x")

    assert "Ärendet är pausat. Återuppta det först." in text_of(page)
