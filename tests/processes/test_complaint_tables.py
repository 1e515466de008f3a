"""Every row of the tables about complaints, with what it says."""

from datetime import date
from typing import Any

import pytest

from ssflow.engine.decisions import read_decisions
from ssflow.engine.xml_reading import read_xml
from ssflow.services.shipped import shipped_root

FOLDER = shipped_root() / "processes" / "relationships"
TODAY = date(2026, 3, 2)

PRIORITY = [
    (1, "critical", "standard", 5, ("P1", 1, 5)),
    (2, "major", "key", 0, ("P1", 1, 5)),
    (3, "major", "standard", 4, ("P2", 2, 10)),
    (4, "minor", "standard", 2, ("P2", 2, 10)),
    (4, "moderate", "key", 3, ("P2", 2, 10)),
    (5, "moderate", "key", 1, ("P3", 5, 15)),
    (6, "minor", "key", 0, ("P4", 5, 20)),
]
ROUTING = [
    (1, "security_privacy", "P4", ("risk_officer", ["brm", "it_director"], True)),
    (2, "staff_conduct", "P1", ("complaint_manager", [], False)),
    (3, "billing", "P1", ("finance_manager", ["brm"], False)),
    (4, "contract_sla", "P3", ("slm", ["brm", "service_owner"], False)),
    (5, "service_quality", "P1", ("service_owner", ["brm", "it_director"], True)),
    (5, "availability", "P1", ("service_owner", ["brm", "it_director"], True)),
    (6, "availability", "P2", ("service_owner", ["brm"], False)),
    (7, "request_delay", "P1", ("service_desk", ["brm"], False)),
    (8, "project_delivery", "P4", ("portfolio_manager", ["brm"], False)),
    (9, "other", "P1", ("complaint_manager", ["brm"], False)),
]
AUTHORITY = [
    (1, 10_000, "not_upheld", "P1", "it_director"),
    (2, 9_999.99, "upheld", "P4", "finance_manager"),
    (2, 1_000, "upheld", "P4", "finance_manager"),
    (3, 999.99, "not_upheld", "P4", "complaint_manager"),
    (4, 0, "upheld", "P1", "complaint_manager"),
    (5, 999.99, "partly", "P2", "none"),
]
TREND = [(1, 5, "portfolio_review"), (2, 4, "improvement"), (2, 3, "improvement"), (3, 2, "none")]


def decide(table: str, **data: Any) -> tuple[list[int], dict[str, Any]]:
    [found] = read_decisions(read_xml((FOLDER / f"{table}.dmn").read_bytes(), table), table)
    outcome = found.evaluate(data, today=TODAY)
    return list(outcome.rows), dict(outcome.values)


@pytest.mark.parametrize(("row", "severity", "tier", "repeats", "wanted"), PRIORITY)
def test_priority(row: int, severity: str, tier: str, repeats: int, wanted: Any) -> None:
    rows, values = decide(
        "complaint_priority",
        triage={"severity": severity},
        context={"customer_tier": tier, "repeat_count": repeats},
    )

    assert (rows, tuple(values.values())) == ([row], wanted)


@pytest.mark.parametrize(("row", "category", "priority", "wanted"), ROUTING)
def test_routing(row: int, category: str, priority: str, wanted: Any) -> None:
    rows, values = decide(
        "complaint_routing", triage={"category": category}, prio={"priority": priority}
    )

    assert (rows, tuple(values.values())) == ([row], wanted)


@pytest.mark.parametrize(("row", "cost", "upheld", "priority", "wanted"), AUTHORITY)
def test_authority(row: int, cost: float, upheld: str, priority: str, wanted: str) -> None:
    rows, values = decide(
        "complaint_remedy_authority",
        response={"remedy_cost": cost, "upheld": upheld},
        prio={"priority": priority},
    )

    assert (rows, values) == ([row], {"approver": wanted})


@pytest.mark.parametrize(("row", "count", "wanted"), TREND)
def test_trend(row: int, count: int, wanted: str) -> None:
    rows, values = decide("complaint_trend", closed={"same_topic_90d": count})

    assert (rows, values) == ([row], {"action": wanted})


@pytest.mark.parametrize(
    ("table", "cases"),
    [
        ("complaint_priority", PRIORITY),
        ("complaint_routing", ROUTING),
        ("complaint_remedy_authority", AUTHORITY),
        ("complaint_trend", TREND),
    ],
)
def test_no_row_is_left_out(table: str, cases: list[Any]) -> None:
    rows = (FOLDER / f"{table}.dmn").read_text(encoding="utf-8").count("<rule ")

    assert {case[0] for case in cases} == set(range(1, rows + 1))
