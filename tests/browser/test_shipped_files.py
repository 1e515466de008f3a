"""What ships opens in the browser as it is: nothing is left out, nobody complains."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from ssflow.services.shipped import shipped_root
from tests.browser.conftest import OpenAs
from tests.browser.drawing import open_editor
from tests.browser.watching import Watch

DIAGRAMS = sorted((shipped_root() / "processes").glob("*/*.bpmn"))
DECISIONS = sorted((shipped_root() / "processes").glob("*/*.dmn"))


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_opens_without_a_warning(open_as: OpenAs, watch: Watch, diagram: Path) -> None:
    page = open_as("process_designer")

    page.goto(f"/processes/{diagram.stem}")
    expect(page.locator(".diagram .djs-shape").first).to_be_visible()
    open_editor(page, f"/processes/{diagram.stem}/edit")
    expect(page.locator("[data-editor] .djs-shape").first).to_be_visible()

    watch.require_silence()


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_table_opens_without_a_warning(
    open_as: OpenAs, watch: Watch, decision: Path
) -> None:
    page = open_as("process_designer")
    process = next(path.stem for path in DIAGRAMS if _calls(path, decision.stem))

    open_editor(page, f"/processes/{process}/decisions/{decision.stem}")

    expect(page.locator(".dmn-decision-table-container table")).to_be_visible()
    watch.require_silence()


def _calls(diagram: Path, decision: str) -> bool:
    return f">{decision}<" in diagram.read_text()
