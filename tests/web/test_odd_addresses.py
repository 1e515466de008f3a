"""Whatever stands in an address, no page breaks, tells of its inside, or repeats markup."""

import random
import re

import pytest
from flask import Flask

from ssflow.domain.identity import Actor
from ssflow.store.database import Database
from tests.services.bundles import number_field, text_field, with_form
from tests.services.office import Office
from tests.web.api.calling import PREFIX
from tests.web.conftest import SignIn

MARKUP = "<script>alert(1)</script>"
ODD = (
    *(
        "",
        "null",
        "-1",
        "0",
        "abc",
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF",
        "x" * 3_000,
        "%F0%9F%A4%B7",
    ),
    *("2147483648", "9223372036854775808", "9" * 30, "1e309", "NaN", "%D9%A3", "%27", "%25", "%5C"),
    *("0000-01-01", "0001-01-01", "9999-12-31", "2026-02-30", "9999-12-31T23:59:59%2B14:00"),
    *("WyJ4IiwxXQ", "%0d%0aX-Odd:1", "..%2F..%2Fetc%2Fpasswd", "//evil.example", MARKUP),
    "00000000-0000-0000-0000-000000000000",
)
QUERIES = (
    *("q", "sort", "view", "filter", "cursor", "status", "key", "mine", "state", "kind", "year"),
    *("version", "lang", "reference", "person", "case", "from", "to", "next", "at", "outcome"),
    *("before", "after", "activity", "customer", "owner", "service", "phase"),
)
_PLACE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@pytest.fixture
def office(database: Database) -> Office:
    """On both databases: they differ in what they take for a number."""
    return Office(database)


@pytest.fixture
def known(office: Office) -> dict[str, str]:
    """What there is to open."""
    office.deploy(with_form(text_field("name"), number_field("amount")))
    case = office.start(office.hire("service_owner"))
    return {
        "key": "p",
        "kind": "Customer",
        "instance_id": str(case),
        "task_id": str(office.task(case, "U_fill").id),
        "version": "1",
        "file": "p.bpmn",
    }


@pytest.mark.parametrize("seed", range(2))
def test_no_address_breaks_a_page(
    app: Flask, office: Office, sign_in: SignIn, known: dict[str, str], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    reader: Actor = office.hire("admin", "auditor", "service_owner")
    browser = sign_in(reader)
    rules = sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.rule.startswith((PREFIX, "/static", "/readyz"))
    )

    for rule in rules * 3:
        places = {place[1]: known.get(place[1], "x") for place in _PLACE.finditer(rule)}
        if chance.random() < 0.4:
            places = {name: chance.choice(ODD) for name in places}
        path = _filled(rule, places)
        query = "&".join(f"{chance.choice(QUERIES)}={chance.choice(ODD)}" for _ in range(3))
        answer = browser.open(f"{path or '/'}?{query}")
        told = f"{path[:200]}?{query[:300]}: {answer.status_code}"
        assert answer.status_code < 500, told
        assert MARKUP not in answer.text, told
        assert "Traceback" not in answer.text, told
        assert "X-Odd" not in answer.headers, told
        assert "Content-Security-Policy" in answer.headers, told
        assert "evil.example" not in answer.headers.get("Location", "").partition("?")[0], told


def _filled(rule: str, places: dict[str, str]) -> str:
    return _PLACE.sub(lambda place: places[place[1]], rule)
