"""The catalogs: every text of a page, in every language, with the same gaps to fill."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po

import ssflow
from ssflow.domain.identity import Actor
from ssflow.errors import SsflowError
from ssflow.services import instances
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

_SOURCE = Path(ssflow.__file__).parent
_CATALOGS = _SOURCE / "web/translations"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true"}}
_MARKED = {
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_": None,
    "N_": None,
    "Sentence": None,
}
_GAP = re.compile(r"%\(\w+\)[sd]")
_NOT_ON_PAGES = re.compile(
    r"^(cli|engine|feel|worker)/|(config|scenario\w*|shipped|demo_\w+|database|migrations/\w+)\.py$"
    r"|^forms/(automaton|layout|pattern\w*|templates)\.py$"
)
"""Where texts are for those who write diagrams, forms and scenarios, or run the command."""


def _texts(folder: str, keywords: dict[str, Any]) -> set[Any]:
    found = extract_from_dir(
        str(_SOURCE / folder), method_map=_METHODS, options_map=_OPTIONS, keywords=keywords
    )
    return {message for _, _, message, _, _ in found}


def _files_for_pages() -> list[Path]:
    files = _SOURCE.rglob("*.py")
    return [each for each in files if not _NOT_ON_PAGES.search(str(each.relative_to(_SOURCE)))]


def _sentences_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    told = {node.value for node in _told_by_errors(tree) if isinstance(node, ast.Constant)}
    with file.open("rb") as source:
        marked = extract("python", source, {"Sentence": None, "N_": None})
        return {str(text) for text in told | {message for _, message, _, _ in marked}}


def _told_by_errors(tree: ast.Module) -> Iterator[ast.expr]:
    """Give what errors of ours say: the first argument, also by name, and what is wrong where."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef):
            named = {name: node.value for node, name in _assigned(scope)}
            for call in filter(_makes_an_error, ast.walk(scope)):
                for told in call.args[:1]:
                    yield named.get(told.id, told) if isinstance(told, ast.Name) else told
                for keyword in call.keywords:
                    yield from _in_lists(keyword.value) if keyword.arg == "errors" else ()
            for node, name in _assigned(scope):
                yield from _in_lists(node.value) if name == "errors[]" else ()


def _makes_an_error(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return ast.unparse(node.func) == "super().__init__"
    return isinstance(node.func, ast.Name) and node.func.id in _errors_of_ours()


def _assigned(scope: ast.AST) -> Iterator[tuple[ast.Assign, str]]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Subscript):
                yield node, f"{ast.unparse(target.value)}[]"
            yield node, ast.unparse(target)


def _in_lists(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.List):
            yield from node.elts


@cache
def _errors_of_ours() -> frozenset[str]:
    """Name the errors whose first argument is their sentence."""
    kinds: list[type[SsflowError]] = [SsflowError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return frozenset(k.__name__ for k in kinds if list(signature(k).parameters)[:1] == ["message"])


def _catalog(language: str) -> Catalog:
    with (_CATALOGS / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", ["nl", "sv"])
def test_every_text_of_a_page_is_translated(language: str) -> None:
    catalog = _catalog(language)
    asked = {text for folder in ("web", "forms", "operations") for text in _texts(folder, _MARKED)}

    translated = {m.id for m in catalog if m.string and all(m.string)}
    missing = asked - translated

    assert len(asked) > 400
    assert missing == set()


@pytest.mark.parametrize("language", ["nl", "sv"])
def test_every_sentence_of_an_error_is_translated(language: str) -> None:
    translated = {m.id for m in _catalog(language) if m.string}

    told = {text for file in _files_for_pages() for text in _sentences_of(file)}

    assert len(told) > 250
    assert told - translated == set()


def test_no_error_fills_its_sentence_in_before_it_can_be_translated() -> None:
    filled = [
        f"{file.relative_to(_SOURCE)}:{node.lineno}"
        for file in _files_for_pages()
        for node in _told_by_errors(ast.parse(file.read_text()))
        if isinstance(node, ast.JoinedStr | ast.BinOp)
    ]

    assert filled == []


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
