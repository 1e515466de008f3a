"""ssflow deploy, lint and test."""

import json
from pathlib import Path
from typing import Any

import pytest

from ssflow.errors import InvalidInputError
from tests.cli.conftest import Type, write
from tests.engine.diagrams import call, diagram, end, flows, process, start, user
from tests.services.bundles import changed, one_task, text_field, with_form, with_script

ROOT = Path(__file__).parents[2]


def scenario(name: str, **told: Any) -> dict[str, Any]:
    return {
        "name": name,
        "start": {"variables": {}},
        "steps": [{"complete": "U_do", "as": "service_owner", "form": {"said": "yes"}}],
        "expect": {"ended": "end", "variables": {"said": "yes"}},
        **told,
    }


def with_scenarios(*scenarios: dict[str, Any]) -> dict[str, bytes]:
    content = json.dumps({"process": "p", "scenarios": list(scenarios)}).encode()
    return {**one_task(), "p.scenarios.json": content}


# --- deploy ---------------------------------------------------------------------------------------


def test_a_folder_is_deployed(ssflow: Type, tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", one_task())

    first, again = ssflow("deploy", folder), ssflow("deploy", folder)

    assert (first.exit_code, first.output) == (0, "p version 1 deployed\n")
    assert (again.exit_code, again.output) == (0, "p version 1 was deployed already\n")


def test_what_changed_is_the_next_version(ssflow: Type, tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", one_task())
    ssflow("deploy", folder)
    write(folder, changed(one_task(), "p.bpmn", "U_do", "U_other"))

    assert ssflow("deploy", folder).output == "p version 2 deployed\n"


def test_every_folder_below_is_deployed_called_ones_first(ssflow: Type, tmp_path: Path) -> None:
    inner = process("inner", start(), user("U_x", role="brm"), end(), flows("start U_x end"))
    outer = process("outer", start(), call("C", "inner"), end(), flows("start C end"))
    write(tmp_path / "all" / "a", {"outer.bpmn": diagram(outer)})
    write(tmp_path / "all" / "b", {"inner.bpmn": diagram(inner)})

    deployed = ssflow("deploy", tmp_path / "all")

    assert deployed.exit_code == 0, deployed.output
    assert deployed.output == "inner version 1 deployed\nouter version 1 deployed\n"


def test_forms_beside_the_processes_come_along(ssflow: Type, tmp_path: Path) -> None:
    form = {"id": "ask", "type": "default", "title": "Ask", "components": []}
    write(tmp_path / "processes" / "area", one_task(form="ask"))
    write(tmp_path / "forms" / "area", {"ask.form.json": json.dumps(form).encode()})

    assert ssflow("deploy", tmp_path / "processes").exit_code == 0


def test_a_refused_bundle_tells_where_and_stores_nothing(ssflow: Type, tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", with_script("x = = 1"))

    refused = ssflow("deploy", folder)
    write(folder, with_script("x = 1"))
    mended = ssflow("deploy", folder)

    assert refused.exit_code == 1
    assert refused.output.startswith("p.bpmn:1: X_compute error [code-refused] ")
    assert "Nothing was deployed: 1 problem to mend first." in refused.output
    assert mended.output == "p version 1 deployed\n"


def test_warnings_are_told_and_do_not_stop(ssflow: Type, tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", with_script("x = surprise"))

    deployed = ssflow("deploy", folder)

    assert deployed.exit_code == 0
    assert "X_compute warning [undefined-name]" in deployed.output


def test_the_shipped_processes_are_deployed_with_their_roles(ssflow: Type) -> None:
    deployed = ssflow("deploy", "--shipped")
    granted = [ssflow("user", "add", "ann"), ssflow("role", "grant", "ann", "portfolio_manager")]

    assert (deployed.exit_code, [g.exit_code for g in granted]) == (0, [0, 0])
    assert "spm_service_change version 1 deployed" in deployed.output
    assert "was deployed already" in ssflow("deploy", "--shipped").output


@pytest.mark.parametrize("command", ["deploy", "lint", "test"])
def test_something_has_to_be_named(ssflow: Type, tmp_path: Path, command: str) -> None:
    assert ssflow(command).exit_code == 2
    assert ssflow(command, tmp_path / "nowhere").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert isinstance(ssflow(command, tmp_path / "empty").exception, InvalidInputError)


@pytest.mark.parametrize("command", ["deploy", "lint", "test"])
def test_a_file_beside_no_diagram_is_told(ssflow: Type, tmp_path: Path, command: str) -> None:
    folder = write(tmp_path / "notes", {"notes.txt": b"Call Ann."})
    (folder / "old.bpmn").mkdir()

    for path in (folder, folder / "notes.txt"):
        refused = ssflow(command, path)
        assert isinstance(refused.exception, InvalidInputError)
        assert "There is no .bpmn file in or below" in refused.exception.message


def test_a_way_round_leads_to_the_forms_too(ssflow: Type, tmp_path: Path) -> None:
    files = with_form(text_field("name"))
    write(tmp_path / "processes" / "sales", {"p.bpmn": files["p.bpmn"]})
    write(tmp_path / "forms" / "sales", {"fill.form.json": files["fill.form.json"]})

    deployed = ssflow("deploy", tmp_path / "processes" / "sales" / ".." / "sales")

    assert (deployed.exit_code, deployed.output) == (0, "p version 1 deployed\n")


# --- lint -----------------------------------------------------------------------------------------


def test_lint_finds_nothing_in_a_sound_bundle(ssflow: Type, tmp_path: Path, home: Path) -> None:
    linted = ssflow("lint", write(tmp_path / "bundle", one_task()))

    assert (linted.exit_code, linted.output) == (0, "0 errors, 0 warnings\n")
    assert not (home / "ssflow.db").exists()


def test_lint_tells_problems_with_their_place(ssflow: Type, tmp_path: Path) -> None:
    one = write(tmp_path / "one", with_script("x = = 1"))
    two = write(tmp_path / "two", one_task(role="emperor"))

    linted = ssflow("lint", one, two)

    lines = linted.output.splitlines()
    assert linted.exit_code == 1
    assert lines[0].startswith("p.bpmn:1: X_compute error [code-refused] ")
    assert lines[1].startswith("p.bpmn:1: U_do error [role-unknown] ")
    assert lines[-1] == "2 errors, 0 warnings"


def test_lint_succeeds_with_warnings(ssflow: Type, tmp_path: Path) -> None:
    linted = ssflow("lint", write(tmp_path / "bundle", with_script("x = surprise")))

    assert (linted.exit_code, linted.output.splitlines()[-1]) == (0, "0 errors, 1 warnings")


def test_what_is_shipped_is_sound(ssflow: Type) -> None:
    linted = ssflow("lint", ROOT / "processes")

    assert linted.exit_code == 0, linted.output
    assert linted.output.splitlines()[-1].startswith("0 errors, ")


# --- test -----------------------------------------------------------------------------------------


def test_scenarios_are_counted_on_the_last_line(ssflow: Type, tmp_path: Path) -> None:
    good, bad = scenario("goes well"), scenario("goes wrong", expect={"ended": "E_other"})
    folder = write(tmp_path / "bundle", with_scenarios(good, bad))

    tested = ssflow("test", folder)

    lines = tested.output.splitlines()
    assert tested.exit_code == 1
    assert lines[0] == "ok      goes well"
    assert lines[1] == "FAILED  goes wrong"
    assert "ended is end, expected E_other" in lines[2]
    assert lines[-1] == "1 passed, 1 failed"


def test_scenarios_that_pass_succeed(ssflow: Type, tmp_path: Path, home: Path) -> None:
    tested = ssflow("test", write(tmp_path / "bundle", with_scenarios(scenario("goes well"))))

    assert (tested.exit_code, tested.output.splitlines()[-1]) == (0, "1 passed, 0 failed")
    assert not home.exists()


def test_where_there_are_no_scenarios_nothing_is_called_tested(
    ssflow: Type, tmp_path: Path
) -> None:
    tested = ssflow("test", write(tmp_path / "bundle", one_task()))

    assert tested.exit_code == 1
    assert "nothing was tested" in tested.output
    assert tested.output.splitlines()[-1] == "0 passed, 0 failed"


def test_coverage_tells_the_flows_that_no_scenario_took(ssflow: Type, tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", with_scenarios(scenario("stays", steps=[], expect={})))

    tested = ssflow("test", folder, "--coverage")

    assert "p: 1 of 2 sequence flows taken" in tested.output
    assert "  not taken: f_U_do_end: U_do → end" in tested.output


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"process": 5}', b"\xff"])
def test_a_file_that_holds_no_scenarios_is_told(
    ssflow: Type, tmp_path: Path, content: bytes
) -> None:
    folder = write(tmp_path / "bundle", {**one_task(), "p.scenarios.json": content})

    tested = ssflow("test", folder)

    assert isinstance(tested.exception, InvalidInputError)
