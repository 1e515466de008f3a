"""What ssflow says, in the language of who reads it: at once, and after it was kept."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from time import process_time

import pytest
from flask import Flask

from ssflow.catalogs import known_texts
from ssflow.domain.registers.budget import BudgetState
from ssflow.sentences import Sentence
from ssflow.web.sentences import tell
from tests.services.bundles import one_budget_a_year
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

_ONE_BUDGET = "Budget %(number)s for %(year)s is “%(state)s”; a year has only one budget."
_SHORT = "%(name)s has EUR %(free)s free of EUR %(all)s; EUR %(amount)s is more than that."


@pytest.fixture(params=["nl", "sv"])
def language(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    """A page whose visitor asks for this language."""
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield str(request.param)


def test_codes_money_and_days_are_said_the_reader_s_way(language: str) -> None:
    state = tell(Sentence(_ONE_BUDGET, number="B-1", year=2027, state=BudgetState.COLLECTING))
    free = {"free": Decimal(1200), "all": Decimal("12000.50"), "amount": Decimal(5000)}
    money = tell(Sentence(_SHORT, name="Licences", **free))
    ends = "Service %(number)s ends on %(end_date)s; name a later day."
    day = tell(Sentence(ends, number="S-1", end_date=date(2027, 3, 1)))

    told = {
        "nl": ("“regels worden verzameld”", "EUR 12.000,50", "1 mrt 2027"),
        "sv": ("”rader samlas in”", "EUR 12\N{NO-BREAK SPACE}000,50", "1 mars 2027"),
    }[language]
    assert [part in text for part, text in zip(told, (state, money, day), strict=True)] == [
        True
    ] * 3


def test_a_text_that_was_kept_is_said_as_if_it_were_new(language: str) -> None:
    new = Sentence(_ONE_BUDGET, number="B-1", year=2027, state=BudgetState.COLLECTING)

    assert tell(str(new)) == tell(new) != new


@pytest.mark.parametrize("tongue", ["en", "nl"])
def test_sentences_with_a_number_are_said_again(app: Flask, tongue: str) -> None:
    counted = [text for text in known_texts() if "%%" not in text and re.search(r"\)d", text)]
    kept = [text % dict.fromkeys(re.findall(r"%\((\w+)\)", text), 7) for text in counted]

    with app.test_request_context(headers={"Accept-Language": tongue}):
        told = [tell(text) for text in kept]

    assert "Write 7 characters or fewer." in kept
    assert (told == kept) is (tongue == "en")
    assert all("7" in text for text in told)


def test_what_only_looks_like_a_day_or_an_amount_is_told_as_it_was_sent(app: Flask) -> None:
    for odd in ("2026-02-30", "2026-13-01", "\u0663" * 4 + "-01-01", "9" * 400 + ".00"):
        made = Sentence("There is no %(reference)s in “%(register)s”.", reference=odd, register="x")

        with app.test_request_context():
            assert odd in tell(made)


def test_long_texts_of_people_are_not_searched_for_sentences(app: Flask) -> None:
    written = "Budget a, version b. Signed by c, certificate " + ", version . Signed by " * 500
    began = process_time()

    with app.test_request_context():
        assert tell(written) == written

    assert process_time() - began < 1


def test_what_people_write_stays_as_it_is(language: str) -> None:
    for text in ("Licences has EUR 5.00 free.", "The annex is missing.", "100 %", "5%(x)s", ""):
        assert tell(text) == text


def test_a_role_has_its_title(language: str) -> None:
    told = tell(Sentence("Only these roles may start it: %(roles)s.", roles=["brm", "it_director"]))

    titles = {"nl": "Relatiemanager, IT-directeur", "sv": "Kundansvarig, IT-direktör"}
    assert titles[language] in told


@pytest.mark.parametrize(
    ("language_of_reader", "words"),
    [("nl", "een jaar heeft maar één budget"), ("sv", "ett år har bara en budget")],
)
def test_a_refused_start_and_its_trail_are_told_in_the_reader_s_language(
    sign_in: SignIn, office: Office, language_of_reader: str, words: str
) -> None:
    office.deploy(one_budget_a_year())
    browser = sign_in(office.hire("finance_manager", "auditor"))
    browser.send("/profile/settings", language=language_of_reader, timezone="")
    browser.send("/start/p", fiscal_year="2027")

    again = browser.send("/start/p", fiscal_year="2027")

    assert again.status_code == 409
    assert words in text_of(again)
    assert words in text_of(browser.open("/audit"))


def test_amounts_that_were_kept_with_thousands_are_read(language: str) -> None:
    told = tell("Budget 2027: EUR 1,234,567.50")

    amounts = {"nl": "1.234.567,50", "sv": "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567,50"}
    assert amounts[language] in told
