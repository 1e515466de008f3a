"""Forms of the strategy cycle, for organisations that have little yet."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ssflow.forms.context import Choice, FormContext
from ssflow.forms.layout import read_layout
from tests.forms.building import errors_of

FOLDER = Path(__file__).parents[2] / "forms" / "strategy"
MAIL = "5e31f9b2-064f-4bdd-ab4c-fab76ead365f"
JUDGED = {"service": MAIL, "differentiation": 2, "fitness": 4, "verdict": "keep"}


@pytest.mark.parametrize(
    ("live", "judged", "errors"),
    [
        ([], [], {}),
        ([], [JUDGED], {}),
        ([{"service": MAIL}], [JUDGED], {}),
        ([{"service": MAIL}], [], {"services": ["Judge at least one service."]}),
    ],
)
def test_where_no_service_is_live_none_must_be_judged(
    live: list[dict[str, str]], judged: list[dict[str, Any]], errors: dict[str, list[str]]
) -> None:
    offering = read_layout(json.loads((FOLDER / "str_offering.form.json").read_text()))
    variables = {"strategy": {"services": live, "portfolio": {"live": len(live)}}, "scope": {}}
    context = FormContext(
        variables, date(2026, 3, 2), choices=lambda _query: [Choice(MAIL, "SRV-1 Mail")]
    )

    told = errors_of(offering, {"services": judged, "gaps": "Nothing for the halls."}, context)

    assert told == errors
