"""The guides say what is there: codes, properties, operations, settings, endpoints, examples."""

import json
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click import Command, Group

import ssflow.forms
import ssflow.services.deployment as deployment
from ssflow.cli.main import commands
from ssflow.config import Config
from ssflow.domain.identity import ROLE_TITLES
from ssflow.engine.code import ALLOWED_MODULES
from ssflow.engine.diagram import KnownNames, check_bundle
from ssflow.engine.json_values import RESERVED_NAMES
from ssflow.engine.rules.codes import MEANINGS
from ssflow.engine.rules.properties import PROPERTIES
from ssflow.engine.rules.python_code import REFUSED_NAMES
from ssflow.engine.snapshot import IncidentKind
from ssflow.forms.layout import read_layout
from ssflow.operations.registry import OPERATIONS
from ssflow.services.access_tokens import SCOPES
from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import run_scenarios
from ssflow.services.shipped import shipped_root
from ssflow.store.database import open_database
from ssflow.web.app import create_app

ROOT = Path(__file__).parents[2]
GUIDES = {file.name: file.read_text() for file in sorted((ROOT / "docs" / "guide").glob("*.md"))}
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
RANDOM_NAMES = frozenset({"random"})
"""Modules that the sandbox has, but that the check refuses."""


def rows_of(guide: str, cells: int) -> list[list[str]]:
    """Read the rows of the tables of a guide that have this many cells."""
    lines = (line for line in GUIDES[guide].splitlines() if line.startswith("|"))
    found = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [row for row in found if len(row) == cells]


def problem_rows() -> dict[str, tuple[str, str, str]]:
    """Read the table of problems: code -> kind, what is wrong, how to mend it."""
    return {
        row[0].strip("`"): (row[1], row[2], row[3])
        for row in rows_of("problems.md", 4)
        if row[0].startswith("`")
    }


def bundle_codes() -> set[str]:
    """Find the codes of a bundle as a whole; they stand in one module only."""
    source = Path(deployment.__file__ or "").read_text()
    return set(re.findall(r"_problem\([^,()]+, \"([a-z-]+)\"", source))


def anchor_of(heading: str) -> str:
    """Write a heading as the address that readers of Markdown files give it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def endpoints() -> set[tuple[str, str]]:
    """List the endpoints of REST: method and path, as the guide writes them."""
    config = Config("sqlite://", Path(), "http://localhost", ZoneInfo("UTC"), "k" * 64)
    database = open_database("sqlite://")
    app = create_app(config, database, clock=lambda: datetime.now(UTC))
    database.close()
    return {
        (method, re.sub(r"<(?:[^<>]+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
    }


def commands_of(group: Group, before: str = "ssflow") -> dict[str, Command]:
    """List the commands by how they are typed."""
    found: dict[str, Command] = {}
    for name, command in group.commands.items():
        typed = f"{before} {name}"
        if isinstance(command, Group):
            found |= commands_of(command, typed)
        else:
            found[typed] = command
    return found


@pytest.mark.parametrize("code", MEANINGS)
def test_a_code_of_the_check_is_explained(code: str) -> None:
    kind, meaning, mend = problem_rows()[code]

    assert (kind, meaning) == (MEANINGS[code].severity, MEANINGS[code].meaning)
    assert mend


def test_codes_of_a_bundle_are_explained_and_no_others() -> None:
    assert bundle_codes() == problem_rows().keys() - MEANINGS.keys()


def test_codes_of_forms_are_explained() -> None:
    [told] = re.findall(
        r"^Each names the component and a code: (.*?)\.$", GUIDES["forms.md"], re.M | re.S
    )
    source = "".join(
        file.read_text() for path in ssflow.forms.__path__ for file in Path(path).glob("*.py")
    )
    used = set(
        re.findall(r"\"((?:bad|missing|unknown|duplicate|wrong|unsupported)_[a-z]+)\"", source)
    )

    assert used <= set(re.findall(r"`(\w+)`", told))


@pytest.mark.parametrize("name", sorted({name for names in PROPERTIES.values() for name in names}))
def test_a_property_is_explained(name: str) -> None:
    assert any(f"`{name}`" in row[1] for row in rows_of("diagrams.md", 3))


def test_names_of_the_sandbox_are_explained() -> None:
    told = {row[0]: row[1] for row in rows_of("diagrams.md", 2)}

    assert set(re.findall(r"`(\w+)`", told["modules"])) == ALLOWED_MODULES - RANDOM_NAMES
    assert all(f"`{name}`" in told["supplied, read-only"] for name in RESERVED_NAMES)
    assert all(f"`{name}`" in told["not there"] for name in REFUSED_NAMES.keys() | RANDOM_NAMES)


def test_operations_are_told_with_their_parameters() -> None:
    told = {row[0].strip("`"): row[1] for row in rows_of("operations.md", 3)}

    for name, operation in OPERATIONS.items():
        required, _, optional = told[name].partition("[")
        plain = re.sub(r"\([^)]*\)", "", required)
        assert set(re.findall(r"`(\w+)`", plain)) == operation.required, name
        assert set(re.findall(r"`(\w+)`", optional)) == operation.optional, name


def test_roles_incidents_and_scopes_are_listed() -> None:
    operating, rest = GUIDES["operating.md"], GUIDES["rest.md"]

    assert [role for role in ROLE_TITLES if f"`{role}`" not in operating] == []
    assert [kind for kind in IncidentKind if f"`{kind}`" not in operating] == []
    assert [
        row[0].strip("`") for row in rows_of("rest.md", 2) if row[0].strip("`") in SCOPES
    ] == list(SCOPES)
    assert "`deploy`" in rest


def test_settings_are_those_that_are_read() -> None:
    source = (ROOT / "src" / "ssflow" / "config.py").read_text()
    read = {f"SSFLOW_{name}" for name in re.findall(r"_read\(environ, \"(\w+)\"\)", source)}

    assert {row[0].strip("`") for row in rows_of("operating.md", 3) if "SSFLOW_" in row[0]} == read


def test_endpoints_are_those_that_there_are() -> None:
    told = {
        (method, path)
        for row in rows_of("rest.md", 3)
        for method, path in re.findall(r"(GET|POST|PUT|DELETE) `(/[^`]*)`", row[0])
    }

    assert told == endpoints()


def test_commands_that_are_named_exist_with_their_options() -> None:
    known = commands_of(commands)
    for text in GUIDES.values():
        for typed, rest in re.findall(
            r"(ssflow (?:(?:user|role|token|db|audit) )?[a-z]+)\b([^`\n#]*)", text
        ):
            if typed in known and typed != "ssflow test":
                options = {o for parameter in known[typed].params for o in parameter.opts}
                assert set(re.findall(r"--[a-z-]+", rest)) <= options, f"{typed}{rest}"


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_is_short_and_is_in_the_index(guide: str) -> None:
    assert len(GUIDES[guide].splitlines()) <= 170
    assert guide == "index.md" or f"({guide})" in GUIDES["index.md"]


@pytest.mark.parametrize("guide", GUIDES)
def test_links_lead_somewhere(guide: str) -> None:
    for link in LINK.findall(GUIDES[guide]):
        file, _, anchor = link.partition("#")
        assert (ROOT / "docs" / "guide" / file).exists(), link
        if anchor and (not file or file.endswith(".md")):
            headings = HEADING.findall(GUIDES[file or guide])
            assert anchor in [anchor_of(heading) for heading in headings], link


def test_the_diagram_of_the_guide_has_no_problems() -> None:
    [diagram] = re.findall(r"```xml\n(.*?)```", GUIDES["diagrams.md"], re.S)

    checked = check_bundle(
        {"rate_change.bpmn": diagram.encode()}, KnownNames(roles=frozenset(ROLE_TITLES))
    )

    assert checked.problems == ()
    assert [process.key for process in checked.processes] == ["rate_change"]


def test_the_forms_of_the_guide_can_be_read() -> None:
    first, *parts = re.findall(r"```json\n(.*?)```", GUIDES["forms.md"], re.S)
    form: Mapping[str, object] = {"id": "guide", "type": "default"}

    assert read_layout(json.loads(first)).keys() >= {"screen", "comment"}
    for part in parts:
        read_layout({**form, "components": json.loads(f"[{part}]")})


def test_the_scenario_of_the_guide_passes(tmp_path: Path) -> None:
    [scenarios] = re.findall(r"```json\n(.*?)```", GUIDES["scenarios.md"], re.S)
    for kind in ("processes", "forms"):
        for area in ("service_portfolio", "shared"):  # the second has what the first calls
            shutil.copytree(shipped_root() / kind / area, tmp_path / kind / area)
    bundle = tmp_path / "processes" / "service_portfolio"
    for shipped in bundle.glob("*.scenarios.json"):
        shipped.unlink()
    (bundle / "spm_service_change.scenarios.json").write_text(scenarios)

    report = run_scenarios(bundle, run_due_jobs)

    assert [(played.scenario.name, played.failure) for played in report.played] == [
        ("the proposer withdraws", None)
    ]
