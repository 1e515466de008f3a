"""What mails say: templates in three languages, facts as plain text."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ssflow.operations.letters import (
    Letter,
    Reader,
    UnknownTemplateError,
    compose,
    has_template,
    one_line,
    template_names,
)

LANGUAGES = ("en", "nl", "sv")
FACTS: dict[str, Any] = {
    "subject": "Subject",
    "text": "What was said",
    "title": "Title",
    "number": "N-1",
    "task_name": "Approve",
    "due_at": "2026-03-02T09:30:00+00:00",
    "period": "2026-02",
    "decision": "approved",
    "case": "PRP-1: Robots",
    "about": "Something",
    "subjects": ["One", "Two"],
    "question": "Which?",
}


def write(template: str, language: str = "en", link: str | None = None, **facts: Any) -> Letter:
    reader = Reader("Ann Ek", language, ZoneInfo("Europe/Stockholm"))
    return compose(template, reader, facts, link)


@pytest.mark.parametrize("template", sorted(template_names()))
def test_each_mail_is_there_in_three_languages(template: str) -> None:
    letters = [write(template, language, **FACTS) for language in LANGUAGES]

    assert all(has_template(template, language) for language in LANGUAGES)
    assert all(letter.subject and "\n" not in letter.subject for letter in letters)
    assert all("{{" not in letter.text + letter.html for letter in letters)
    greetings = [letter.text.splitlines()[0] for letter in letters]
    assert greetings == ["Dear Ann Ek,", "Beste Ann Ek,", "Hej Ann Ek,"]


@pytest.mark.parametrize("template", sorted(template_names() - {"digest"}))
def test_a_mail_does_not_need_its_facts(template: str) -> None:
    assert write(template, case="PRP-1").subject


def test_a_language_that_is_not_there_is_english() -> None:
    assert write("reminder", "fi", task_name="x").subject == "Reminder: x"


@pytest.mark.parametrize("name", ["", "nothing", "../charter", "_layout", "REMINDER", "a.b"])
def test_an_unknown_mail_is_refused(name: str) -> None:
    with pytest.raises(UnknownTemplateError):
        write(name)


def test_what_people_typed_is_neither_html_nor_a_template() -> None:
    typed = "<img src=x onerror=alert(1)> {{ 7 * 7 }} {% include 'x' %}"

    letter = write("text", subject=typed, text=typed)

    assert typed in letter.text
    assert letter.subject == typed
    assert "<img" not in letter.html
    assert "49" not in letter.text + letter.html


def test_a_line_break_in_a_fact_does_not_move_into_the_subject() -> None:
    letter = write("reminder", task_name="Do\r\nBcc: evil@example.org")

    assert letter.subject == "Reminder: Do Bcc: evil@example.org"


def test_moments_are_those_of_the_reader() -> None:
    letter = write("reminder", "sv", task_name="x", due_at="2026-12-31T23:30:00+00:00")

    assert "fredag 1 januari 2027 kl. 00:30" in letter.text


@pytest.mark.parametrize(
    ("language", "actual", "words"),
    [
        ("en", "36000.5", "this year so far.\n\nBUD-1, 2026-03: EUR 36,000.50"),
        ("nl", "36000.5", "dit jaar tot nu toe gebruikte.\n\nBUD-1, 2026-03: EUR 36.000,50"),
        ("sv", "-1200", "hittills i år.\n\nBUD-1, 2026-03: EUR -1\xa0200,00"),
        ("en", "much", "EUR much"),
    ],
)
def test_a_share_is_told_for_the_year_so_far(language: str, actual: str, words: str) -> None:
    facts = {"budget": "BUD-1", "period": "2026-03", "actual": actual}

    assert words in write("budget_share_reported", language, **facts).text


@pytest.mark.parametrize("moment", ["soon", "", "2026-13-45", "99999"])
def test_what_is_no_moment_stays_as_it_is(moment: str) -> None:
    letter = write("acknowledgement", number="1", subject="s", respond_by=moment)

    assert moment in letter.text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb", "a b"),
        ("a\x00b\x0bc\u2028d\u0085e", "a b c d e"),
        ("\u202eevil", "evil"),
        ("  a  ", "a"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_a_header_is_one_short_line(text: str, line: str) -> None:
    assert one_line(text) == line
