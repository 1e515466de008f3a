"""The decision tables of the budget processes, row by row."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ssflow.engine.decisions import read_decisions
from ssflow.engine.xml_reading import read_xml

FOLDER = Path(__file__).parents[2] / "processes" / "finance"

LINE_CHECK = [
    (1, (50000, "capital", False, 3), "business_case_required", True),
    (1, (80000, "strategic", False, 100), "business_case_required", True),
    (2, (10000, "operational", False, 10.1), "justify_growth", False),
    (2, (90000, "operational", True, 100), "justify_growth", False),
    (3, (0, "capital", False, 0), "zero_line", False),
    (3, (-5, "operational", True, 40), "zero_line", False),
    (4, (49999.99, "capital", False, 100), "", False),
    (4, (50000, "strategic", True, 100), "", False),
    (4, (9999, "operational", False, 90), "", False),
    (4, (60000, "operational", False, 10), "", False),
]
GAP = [
    (1, -2, "submit"),
    (1, 0, "submit"),
    (2, 0.1, "challenge"),
    (2, 5, "challenge"),
    (3, 5.1, "prioritise"),
    (3, 999, "prioritise"),
]
APPROVAL = [
    (1, 500000, 0, True),
    (1, 900000, 30, True),
    (2, 499999, 5.1, True),
    (3, 480000, 3, False),
    (3, 0, 5, False),
]
CLASSIFICATION = [
    (1, "6010", "hardware"),
    (2, "61", "software"),
    (3, "6299 Salaries", "personnel"),
    (4, "630", "overhead"),
    (5, "6400", "infrastructure"),
    (6, "6910", "unclassified"),
    (6, "", "unclassified"),
    (6, "1610", "unclassified"),
]
VARIANCE = [
    (1, 999, 900, "green", False),
    (1, -999, -100, "green", False),
    (2, 6000, 12, "red", True),
    (2, 1000, 10.1, "red", True),
    (3, 5000, 10, "amber", True),
    (3, 5000, 5.1, "amber", True),
    (4, -5000, -15.1, "amber", True),
    (5, 5000, 5, "green", False),
    (5, -5000, -15, "green", False),
]
AUTHORITY = [
    (1, "freeze", False, 900000, "finance_manager"),
    (2, "transfer", False, 24999.99, "finance_manager"),
    (3, "transfer", True, 100, "it_director"),
    (3, "transfer", False, 25000, "it_director"),
    (3, "transfer", False, 99999, "it_director"),
    (4, "supplement", False, 24999, "it_director"),
    (5, "transfer", False, 100000, "itsg"),
    (5, "supplement", False, 40000, "itsg"),
]


def decide(name: str, **variables: Any) -> tuple[list[int], dict[str, Any]]:
    file = f"{name}.dmn"
    [table] = read_decisions(read_xml((FOLDER / file).read_bytes(), file), file)
    outcome = table.evaluate(variables, today=date(2026, 3, 2))
    return list(outcome.rows), outcome.values


@pytest.mark.parametrize(("row", "line", "issue", "blocking"), LINE_CHECK)
def test_a_line_is_told_what_it_lacks(
    row: int, line: tuple[Any, ...], issue: str, *, blocking: bool
) -> None:
    names = ("amount", "budget_class", "has_case", "growth_pct")

    found = decide("budget_line_check", bl=dict(zip(names, line, strict=True)))

    assert found == ([row], {"issue": issue, "blocking": blocking})


@pytest.mark.parametrize(("row", "gap", "action"), GAP)
def test_the_gap_says_what_is_done(row: int, gap: float, action: str) -> None:
    assert decide("budget_gap", totals={"gap_pct": gap}) == ([row], {"action": action})


@pytest.mark.parametrize(("row", "total", "growth", "itsg"), APPROVAL)
def test_large_or_growing_budgets_go_to_the_steering_group(
    row: int, total: float, growth: float, *, itsg: bool
) -> None:
    found = decide("budget_approval", totals={"total": total, "growth_pct": growth})

    assert found == ([row], {"itsg": itsg})


@pytest.mark.parametrize(("row", "gl", "category"), CLASSIFICATION)
def test_an_account_tells_the_category(row: int, gl: str, category: str) -> None:
    assert decide("cost_classification", account={"gl": gl}) == ([row], {"category": category})


@pytest.mark.parametrize(("row", "var", "pct", "rag", "explain"), VARIANCE)
def test_a_deviation_has_a_colour(
    row: int, var: float, pct: float, rag: str, *, explain: bool
) -> None:
    found = decide("budget_variance", vl={"var": var, "var_pct": pct})

    assert found == ([row], {"rag": rag, "needs_explanation": explain})


@pytest.mark.parametrize(("row", "kind", "crosses", "amount", "level"), AUTHORITY)
def test_who_decides_follows_from_kind_and_amount(
    row: int, kind: str, amount: float, level: str, *, crosses: bool
) -> None:
    asked = {"kind": kind, "crosses_class": crosses, "amount": amount}

    assert decide("budget_amendment_authority", amendment=asked) == ([row], {"level": level})


@pytest.mark.parametrize(
    ("table", "cases"),
    [
        ("budget_line_check", LINE_CHECK),
        ("budget_gap", GAP),
        ("budget_approval", APPROVAL),
        ("cost_classification", CLASSIFICATION),
        ("budget_variance", VARIANCE),
        ("budget_amendment_authority", AUTHORITY),
    ],
)
def test_no_row_is_left_out(table: str, cases: list[Any]) -> None:
    rows = (FOLDER / f"{table}.dmn").read_text(encoding="utf-8").count("<rule ")

    assert {case[0] for case in cases} == set(range(1, rows + 1))
