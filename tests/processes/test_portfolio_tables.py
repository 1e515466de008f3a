"""The decision tables of the service portfolio, row by row."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.engine.decisions import DecisionTable, read_decisions
from ssflow.engine.xml_reading import read_xml

FOLDER = Path(__file__).parents[2] / "processes" / "service_portfolio"
T, F = True, False


def _table(name: str) -> DecisionTable:
    file = f"{name}.dmn"
    [table] = read_decisions(read_xml((FOLDER / file).read_bytes(), file), file)
    return table


def _decide(name: str, variables: dict[str, Any]) -> Any:
    outcome = _table(name).evaluate(variables, today=date(2026, 3, 2))
    return outcome.values, outcome.rows


@pytest.mark.parametrize(
    ("row", "tco", "change", "risk", "score", "level", "quorum", "customer", "days"),
    [
        (1, 12000, "minor", "low", 1.99, "rework", 0, F, 5),
        (1, 300000, "new", "high", 1.0, "rework", 0, F, 5),
        (2, 12000, "minor", "high", 2.0, "itsg", 3, T, 15),
        (3, 250000, "minor", "low", 4.0, "itsg", 3, T, 15),
        (4, 24999.99, "minor", "medium", 3.4, "portfolio_manager", 1, F, 5),
        (5, 25000, "minor", "low", 3.4, "it_director", 1, F, 10),
        (5, 249999.99, "minor", "low", 3.4, "it_director", 1, F, 10),
        (6, 120000, "new", "medium", 4.0, "it_director", 1, T, 10),
        (6, 0, "major", "low", 2.0, "it_director", 1, T, 10),
        (7, 120000, "unheard of", "low", 4.0, "itsg", 3, T, 15),
    ],
)
def test_who_approves_follows_from_cost_change_risk_and_score(
    row: int,
    tco: float,
    change: str,
    risk: str,
    score: float,
    level: str,
    quorum: int,
    *,
    customer: bool,
    days: int,
) -> None:
    variables = {
        "calc": {"tco3": tco, "risk_level": risk},
        "propose": {"change_type": change},
        "scoring": {"score": score},
    }

    values, rows = _decide("spm_approval_route", variables)

    assert rows == (row,)
    assert values == {
        "level": level,
        "quorum": quorum,
        "customer_decision": customer,
        "wd": days,
    }


@pytest.mark.parametrize(
    ("row", "stop", "stage", "overrun", "slip", "gate", "notify"),
    [
        (1, T, "design", 99, 99, "stop", "itsg_chair"),
        (1, T, "test", 0, 0, "stop", "itsg_chair"),
        (2, F, "design", 10.01, 0, "reapprove", "portfolio_manager"),
        (3, F, "test", 25.01, 0, "reapprove", "portfolio_manager"),
        (4, F, "design", 10, 61, "reapprove", "portfolio_manager"),
        (4, F, "deployment", 25, 61, "reapprove", "portfolio_manager"),
        (5, F, "development", 10.01, 60, "proceed_watch", "portfolio_manager"),
        (6, F, "test", 10, 21, "proceed_watch", "portfolio_manager"),
        (7, F, "design", 10, 20, "proceed", ""),
        (7, F, "deployment", -5, -30, "proceed", ""),
    ],
)
def test_the_stage_gate_looks_at_cost_and_time(
    row: int, *, stop: bool, stage: str, overrun: float, slip: int, gate: str, notify: str
) -> None:
    variables = {
        "stage_report": {"recommend_stop": stop},
        "stage": stage,
        "progress": {"overrun_pct": overrun, "slip_days": slip},
    }

    values, rows = _decide("spm_stage_gate", variables)

    assert (values, rows) == ({"gate": gate, "notify": notify}, (row,))


@pytest.mark.parametrize(
    ("row", "users", "value", "tech", "ratio", "disposition"),
    [
        (1, 0, 5, 5, 0, "retire"),
        (2, 40, 2, 2, 0, "retire"),
        (2, -1, 1, 1, 0, "retire"),
        (3, 40, 2, 3, 9.99, "rationalise"),
        (4, 40, 4, 2, 9.99, "renew"),
        (4, 40, 5, 2, 0.5, "renew"),
        (5, 40, 3, 2, 0.5, "refactor"),
        (6, 40, 3, 3, 1.21, "replace"),
        (7, 40, 3, 3, 1.2, "retain"),
        (7, -1, 3, 3, 0, "retain"),
    ],
)
def test_what_becomes_of_a_service_follows_from_its_review(
    row: int, users: int, value: int, tech: int, ratio: float, disposition: str
) -> None:
    rated = {"users": users, "value_score": value, "tech_score": tech, "ratio": ratio}

    values, rows = _decide("portfolio_disposition", {"rated": rated})

    assert (values, rows) == ({"disposition": disposition}, (row,))


@pytest.mark.parametrize(
    ("row", "audience", "users", "regulated", "days", "level"),
    [
        (1, "internal", 0, F, 14, "portfolio_manager"),
        (1, "external", 0, F, 14, "portfolio_manager"),
        (2, "external", 1, F, 180, "itsg"),
        (2, "external", 0, T, 180, "itsg"),
        (3, "internal", 101, T, 90, "itsg"),
        (4, "internal", 0, T, 90, "it_director"),
        (4, "internal", 100, T, 90, "it_director"),
        (5, "internal", 100, F, 90, "it_director"),
    ],
)
def test_the_notice_of_a_retirement_protects_users_and_data(
    row: int, audience: str, users: int, *, regulated: bool, days: int, level: str
) -> None:
    variables = {
        "facts": {"audience": audience},
        "plan": {"users": users, "regulated_data": regulated},
    }

    values, rows = _decide("retire_notice", variables)

    assert (values, rows) == ({"notice_days": days, "level": level}, (row,))


@given(
    stop=st.booleans(),
    stage=st.text(max_size=12),
    overrun=st.floats(-100, 999),
    slip=st.integers(-999, 999),
)
def test_a_stage_gate_always_has_an_answer(
    *, stop: bool, stage: str, overrun: float, slip: int
) -> None:
    variables = {
        "stage_report": {"recommend_stop": stop},
        "stage": stage,
        "progress": {"overrun_pct": overrun, "slip_days": slip},
    }

    values, rows = _decide("spm_stage_gate", variables)

    assert len(rows) == 1
    assert values["gate"] in ("proceed", "proceed_watch", "reapprove", "stop")
