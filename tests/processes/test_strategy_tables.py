"""The decision tables of the strategy cycle, row by row."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ssflow.engine.decisions import DecisionTable, read_decisions
from ssflow.engine.xml_reading import read_xml

FOLDER = Path(__file__).parents[2] / "processes" / "strategy"
T, F = True, False


def _table(name: str) -> DecisionTable:
    file = f"{name}.dmn"
    [table] = read_decisions(read_xml((FOLDER / file).read_bytes(), file), file)
    return table


def _decide(name: str, variables: dict[str, Any]) -> Any:
    outcome = _table(name).evaluate(variables, today=date(2026, 3, 2))
    return outcome.values, outcome.rows


@pytest.mark.parametrize(
    ("row", "parts", "missing"),
    [
        (1, (F, F, F, F), "perspective"),
        (1, (F, T, T, T), "perspective"),
        (2, (T, F, F, F), "position"),
        (3, (T, T, F, F), "plan"),
        (4, (T, T, T, F), "pattern"),
        (5, (T, T, T, T), "none"),
    ],
)
def test_the_first_missing_part_is_named(row: int, parts: tuple[bool, ...], missing: str) -> None:
    named = dict(zip(("perspective", "position", "plan", "pattern"), parts, strict=True))

    values, rows = _decide("strategy_completeness", {"parts": named})

    assert (values, rows) == ({"missing": missing}, (row,))


@pytest.mark.parametrize(
    ("row", "shift", "red", "late", "action"),
    [
        (1, T, 0, 0, "reassess"),
        (2, F, 50, 0, "reassess"),
        (3, F, 49.99, 0, "adjust"),
        (3, F, 25, 100, "adjust"),
        (4, F, 24.99, 40, "adjust"),
        (5, F, 24.99, 39.99, "continue"),
    ],
)
def test_a_checkpoint_leads_to_what_its_figures_ask_for(
    row: int, shift: object, red: float, late: float, action: str
) -> None:
    check = {"shift_seen": shift, "red_pct": red, "late_pct": late}

    values, rows = _decide("strategy_health", {"check": check})

    assert (values, rows) == ({"action": action}, (row,))
