"""What lies outside, in scenarios: told by the file, never called."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.diagrams import boundary, diagram, end, flows, on_error, process, service, start
from tests.services.bundles import Files
from tests.services.test_scenario_runs import failure, run


@pytest.fixture
def asking() -> Files:
    """A process that asks another system, and ends elsewhere when that fails with a code."""
    asked = process(
        "p",
        start(),
        service("S_ask", "http.request", {"url": "'https://stock.example.org/'"}, "stock"),
        boundary("B_none", "S_ask", on_error("Err")),
        end("E_told"),
        end("E_none"),
        flows("start S_ask E_told", "B_none E_none"),
    )
    return {"p.bpmn": diagram(asked, '<bpmn:error id="Err" errorCode="http_404"/>')}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": 200, "json": {"left": 3}}, {"ended": "E_told", "path": ["S_ask"]}),
        ({"fails": "http_404"}, {"ended": "E_none", "audit": ["operation.failed"]}),
        ({"fails": "http_500"}, {"incidents": ["S_ask"]}),
    ],
)
def test_a_scenario_says_what_others_answer(
    tmp_path: Path, asking: Files, answer: Any, expected: dict[str, Any]
) -> None:
    walk = {"given": {"answers": {"S_ask": answer}}, "steps": [], "expect": expected}

    assert run(tmp_path, asking, walk).failed == []


def test_without_an_answer_nothing_is_called(tmp_path: Path, asking: Files) -> None:
    told = failure(tmp_path, asking, steps=[], expect={"ended": "E_told"})

    assert "E_told" in told
    assert run(tmp_path, asking, {"steps": [], "expect": {"incidents": ["S_ask"]}}).failed == []


def test_mails_of_a_scenario_stay_in_its_outbox(tmp_path: Path) -> None:
    mailing = process(
        "p",
        start(),
        service("S_mail", "mail.send", {"to": "'ann@example.org'", "text": "'x'"}, "m"),
        end(),
        flows("start S_mail end"),
    )
    walk = {"steps": [], "expect": {"ended": "end", "variables": {"m": {"sent": 1}}}}

    assert run(tmp_path, {"p.bpmn": diagram(mailing)}, walk).failed == []
