"""From files to versions: what is deployed, what is kept, and what is refused."""

import hashlib
import json
from uuid import UUID

import pytest
from sqlalchemy import func, select

from ssflow.domain.audit import AuditAction
from ssflow.domain.definition import DeployedFile, Deployment, ProcessDefinition
from ssflow.domain.identity import Actor
from ssflow.engine.problems import Problem, Severity
from ssflow.errors import ForbiddenError
from ssflow.services import user_tasks
from ssflow.services.deployment import DeploymentRefusedError, bundle_digest, check_files
from ssflow.store import definitions as rows
from tests.engine.diagrams import (
    call,
    choice,
    decision_table,
    diagram,
    end,
    flows,
    process,
    rule,
    script,
    service,
    start,
    user,
)
from tests.services.bundles import (
    Files,
    bundle,
    changed,
    form,
    number_field,
    one_task,
    text_field,
    with_form,
    with_script,
)
from tests.services.office import Office


def count_rows(office: Office) -> list[int]:
    with office.look() as work:
        kinds = (Deployment, DeployedFile, ProcessDefinition)
        return [work.session.scalar(select(func.count()).select_from(k)) or 0 for k in kinds]


def refusal_of(office: Office, files: Files) -> tuple[Problem, ...]:
    with pytest.raises(DeploymentRefusedError) as refused:
        office.deploy(files)
    return refused.value.problems


# --- versions -------------------------------------------------------------------------------------


def test_a_first_deployment_makes_version_one(office: Office) -> None:
    outcome = office.deploy(one_task(), area="portfolio", comment="First")

    [definition] = outcome.definitions
    assert outcome.is_new
    assert (definition.key, definition.version, definition.is_latest) == ("p", 1, True)
    assert (outcome.deployment.area, outcome.deployment.comment) == ("portfolio", "First")


def test_identical_files_change_nothing(office: Office) -> None:
    first = office.deploy(one_task())
    before = count_rows(office)

    again = office.deploy(one_task())

    assert not again.is_new
    assert again.deployment.id == first.deployment.id
    assert [(d.key, d.version) for d in again.definitions] == [("p", 1)]
    assert count_rows(office) == before


def test_the_same_files_under_folders_are_the_same_files(office: Office) -> None:
    first = office.deploy(one_task())

    again = office.deploy({f"some/where/{name}": data for name, data in one_task().items()})

    assert again.deployment.id == first.deployment.id


def test_two_files_of_one_name_are_refused(office: Office) -> None:
    files = {"a/p.bpmn": one_task()["p.bpmn"], "b/p.bpmn": with_script("x = 1")["p.bpmn"]}

    [problem] = refusal_of(office, files)

    assert (problem.file, problem.code) == ("p.bpmn", "file-twice")


def test_a_changed_diagram_is_a_new_version(office: Office) -> None:
    office.deploy(one_task())

    outcome = office.deploy(changed(one_task(), "p.bpmn", 'name="U_do"', 'name="Do it"'))

    [definition] = outcome.definitions
    assert (definition.version, definition.is_latest) == (2, True)
    with office.look() as work:
        found = {d.version: d.is_latest for d in rows.list_versions(work.session, "p")}
    assert found == {2: True, 1: False}


def test_a_changed_form_is_a_new_version(office: Office) -> None:
    files = with_form(text_field("name"))
    office.deploy(files)

    outcome = office.deploy({**files, "fill.form.json": form("fill", text_field("title"))})

    assert [d.version for d in outcome.definitions] == [2]


def test_a_changed_decision_is_a_new_version(office: Office) -> None:
    parts = (start(), rule("B_level", "level"), user("U_do", role="brm"), end())
    files = bundle(*parts, flows("start B_level U_do end"))
    files["level.dmn"] = decision_table("level", ["x"], ["y"], [["-", '"a"']])
    office.deploy(files)

    files["level.dmn"] = decision_table("level", ["x"], ["y"], [["-", '"b"']])

    assert [d.version for d in office.deploy(files).definitions] == [2]


def test_going_back_to_former_files_is_a_new_version(office: Office) -> None:
    first = office.deploy(one_task())
    newer = changed(one_task(), "p.bpmn", "U_do", "U_other")
    office.deploy(newer)

    back = office.deploy(one_task(), comment="The old way was better")

    assert back.is_new
    assert back.deployment.id == first.deployment.id
    assert [d.version for d in back.definitions] == [3]
    assert office.open(office.start(office.hire("service_owner"))) == ["U_do"]


def test_other_scenarios_are_no_new_version(office: Office) -> None:
    first = office.deploy({**one_task(), "p.scenarios.json": b'{"process": "p", "scenarios": []}'})

    outcome = office.deploy({**one_task(), "p.scenarios.json": b'{"process": "p"}'})

    assert outcome.is_new
    assert outcome.deployment.id != first.deployment.id
    assert [d.version for d in outcome.definitions] == [1]


def test_only_the_process_that_changed_gets_a_new_version(office: Office) -> None:
    files = one_task() | bundle(
        start(), user("U_x", role="brm"), end(), flows("start U_x end"), key="q"
    )
    office.deploy(files)

    outcome = office.deploy(changed(files, "q.bpmn", 'name="U_x"', 'name="Other"'))

    assert {d.key: d.version for d in outcome.definitions} == {"p": 1, "q": 2}


def test_who_deploys_and_what_is_in_the_trail(office: Office) -> None:
    admin = office.hire("admin")

    outcome = office.deploy(one_task(), admin, comment="Because")

    stream = f"sys-{office.now.date().isoformat()}"
    told = office.details(stream, AuditAction.DEPLOYMENT_PUBLISHED)
    assert told["definitions"] == [{"key": "p", "version": 1}]
    assert (told["deployment"], told["comment"]) == (str(outcome.deployment.id), "Because")
    assert office.events(stream)[-1].actor == admin.key


@pytest.mark.parametrize("role", ["process_designer", "portfolio_manager", "auditor"])
def test_only_administrators_deploy(office: Office, role: str) -> None:
    with pytest.raises(ForbiddenError, match="admin"):
        office.deploy(one_task(), office.hire(role))

    assert count_rows(office) == [0, 0, 0]


def test_the_digest_knows_names_from_contents() -> None:
    digests = {
        bundle_digest({"a": b"1", "b": b"2"}),
        bundle_digest({"a": b"2", "b": b"1"}),
        bundle_digest({"a": b"1\nb", "": b"2"}),
        bundle_digest({"ab": b"12"}),
    }

    assert len(digests) == 4
    assert bundle_digest({"b": b"2", "a": b"1"}) == bundle_digest({"a": b"1", "b": b"2"})
    assert all(len(digest) == len(hashlib.sha256().hexdigest()) for digest in digests)


# --- called processes -----------------------------------------------------------------------------


def calling() -> str:
    parts = (start(), call("C_inner", "inner"), user("U_after", role="brm"), end())
    return process("outer", *parts, flows("start C_inner U_after end"))


def called(task: str = "U_inner") -> str:
    return process("inner", start(), user(task, role="brm"), end(), flows(f"start {task} end"))


def test_a_called_process_is_pinned_at_deployment(office: Office) -> None:
    brm = office.hire("brm")
    office.deploy({"inner.bpmn": diagram(called())})
    office.deploy({"outer.bpmn": diagram(calling())})

    office.deploy({"inner.bpmn": diagram(called("U_newer"))})

    assert office.open(office.start(brm, "outer")) == ["U_inner"]
    assert office.open(office.start(brm, "inner")) == ["U_newer"]


def test_deploying_the_caller_again_takes_the_newest_called_process(office: Office) -> None:
    brm = office.hire("brm")
    both = {"inner.bpmn": diagram(called()), "outer.bpmn": diagram(calling())}
    office.deploy(both)

    outcome = office.deploy({**both, "inner.bpmn": diagram(called("U_newer"))})

    assert {d.key: d.version for d in outcome.definitions} == {"inner": 2, "outer": 2}
    assert office.open(office.start(brm, "outer")) == ["U_newer"]


def test_bundles_may_name_their_files_alike(office: Office) -> None:
    office.deploy({"process.bpmn": diagram(called())})
    office.deploy({"process.bpmn": diagram(calling())})

    instance_id = office.start(office.hire("brm"), "outer")

    assert office.open(instance_id) == ["U_inner"]


def test_a_process_that_is_called_but_nowhere_is_refused(office: Office) -> None:
    [problem] = refusal_of(office, {"outer.bpmn": diagram(calling())})

    assert (problem.code, problem.element_id) == ("call-unknown", "C_inner")


# --- running cases --------------------------------------------------------------------------------


def test_a_running_case_keeps_its_diagram_and_forms(office: Office) -> None:
    owner = office.hire("service_owner")
    files = with_form(text_field("name"))
    office.deploy(files)
    old = office.start(owner)
    newer = changed(files, "p.bpmn", "U_fill", "U_write")
    office.deploy({**newer, "fill.form.json": form("fill", text_field("title"))})
    new = office.start(owner)

    assert (office.open(old), office.open(new)) == (["U_fill"], ["U_write"])
    assert (office.instance(old).version, office.instance(new).version) == (1, 2)
    with office.look(owner) as work:
        kept = user_tasks.task_form(work, office.task(old, "U_fill").id)
        fresh = user_tasks.task_form(work, office.task(new, "U_write").id)
    assert kept is not None
    assert fresh is not None
    assert kept.layout.keys() == frozenset({"name"})
    assert fresh.layout.keys() == frozenset({"title"})
    office.complete(owner, office.task(old, "U_fill").id, name="Ann")
    assert office.variables(old) == {"name": "Ann"}


# --- what is refused ------------------------------------------------------------------------------

GOOD = one_task()["p.bpmn"]
BROKEN: dict[str, tuple[Files, str]] = {
    "not XML": ({"p.bpmn": b"<bpmn:definitions"}, "xml-not-readable"),
    "empty": ({"p.bpmn": b""}, "xml-not-readable"),
    "DOCTYPE": (
        {"p.bpmn": b'<!DOCTYPE x [<!ENTITY a "b">]>' + GOOD},
        "doctype-refused",
    ),
    "too many elements": (
        {
            "p.bpmn": GOOD.replace(
                b"</bpmn:process>", b"<bpmn:documentation/>" * 20_001 + b"</bpmn:process>"
            )
        },
        "too-many-elements",
    ),
    "reserved id": (
        bundle(start(), user("Root", role="brm"), end(), flows("start Root end")),
        "id-reserved",
    ),
    "unknown operation": (
        bundle(start(), service("S_x", "no.such"), end(), flows("start S_x end")),
        "operation-unknown",
    ),
    "unsupported element": (
        bundle(start(), '<bpmn:adHocSubProcess id="A"/>', end(), flows("start A end")),
        "ad-hoc-sub-process",
    ),
    "script": (with_script("x = = 1"), "code-refused"),
    "condition": (
        bundle(start(), choice("g", "end"), end(), end("E2"), flows("start g end", "g[x >]-> E2")),
        "code-refused",
    ),
    "unknown form": (one_task(form="nowhere"), "form-unknown"),
    "unknown role": (one_task(role="emperor"), "role-unknown"),
    "wrong form": (
        {**with_form(), "fill.form.json": form("fill", {"type": "dancefloor", "key": "x"})},
        "unsupported_type",
    ),
    "form under another id": ({**with_form(), "fill.form.json": form("full")}, "form-id"),
    "form that is not JSON": ({**with_form(), "fill.form.json": b"{"}, "not-json"),
    "deep form": ({**with_form(), "fill.form.json": b"[" * 200_000}, "not-json"),
    "scenarios that are not JSON": ({**one_task(), "p.scenarios.json": b"[]"}, "not-json"),
    "labels of no language": ({**one_task(), "p.i18n.json": b'{"nl": "x"}'}, "labels"),
    "labels that are no texts": ({**one_task(), "p.i18n.json": b'{"nl": {"U_do": 5}}'}, "labels"),
    "labels in half characters": (
        {**one_task(), "p.i18n.json": b'{"nl": {"U_do": "\\ud800"}}'},
        "labels",
    ),
    "no diagram": ({"p.dmn": decision_table("d", ["x"], ["y"], [["-", "1"]])}, "no-diagram"),
    "no files": ({}, "no-diagram"),
    "another file": ({**one_task(), "run.sh": b"rm"}, "unknown-file"),
    "a name with NUL": ({**one_task(), "a\0.form.json": form("a")}, "file-name"),
    "table": (
        {
            **bundle(start(), rule("B", "d"), end(), flows("start B end")),
            "d.dmn": decision_table("d", ["x"], ["y"], [["<", "1"]]),
        },
        "decision-cell",
    ),
}


@pytest.mark.parametrize(("files", "code"), BROKEN.values(), ids=BROKEN)
def test_what_could_not_run_is_refused_and_nothing_is_stored(
    office: Office, files: Files, code: str
) -> None:
    problems = refusal_of(office, files)

    assert code in {p.code for p in problems if p.severity is Severity.ERROR}
    assert count_rows(office) == [0, 0, 0]


def test_a_problem_says_where_it_is(office: Office) -> None:
    files = with_script("x = = 1")
    files["p.bpmn"] = files["p.bpmn"].replace(b"<bpmn:scriptTask", b"\n\n<bpmn:scriptTask")

    [problem] = refusal_of(office, files)

    assert (problem.file, problem.element_id, problem.code) == (
        "p.bpmn",
        "X_compute",
        "code-refused",
    )
    assert problem.line == 3
    assert problem.message.endswith(".")


def test_a_problem_in_a_form_says_where_it_is(office: Office) -> None:
    broken = b'{"id": "fill", "components": [\n{"type": "number", "key": "a", "min": 1,\n'
    broken += b'"validate": {"min": 5, "max": 1}},\n{"type": "button", "action": "submit"}]}'
    unread = {**with_form(), "fill.form.json": b'{"id": "fill",\n"components": [}'}

    first, second = refusal_of(office, {**with_form(), "fill.form.json": broken})
    [no_json] = refusal_of(office, unread)

    assert (first.file, first.element_id, first.line) == ("fill.form.json", "a", 2)
    assert (second.line, second.code) == (4, "unsupported_type")
    assert "delete" in second.message
    assert (no_json.line, no_json.code) == (2, "not-json")


def test_a_form_of_a_newer_editor_is_warned_about(office: Office) -> None:
    newer = {**with_form(), "fill.form.json": form("fill", schemaVersion=99)}

    outcome = office.deploy(newer)

    assert [(w.code, w.file, w.line) for w in outcome.warnings] == [
        ("form-newer", "fill.form.json", 1)
    ]


def test_every_problem_is_told_at_once(office: Office) -> None:
    files = {**one_task(role="emperor", form="nowhere"), "x.form.json": b"{", "y.txt": b""}

    problems = refusal_of(office, files)

    assert {p.code for p in problems} >= {
        "role-unknown",
        "form-unknown",
        "not-json",
        "unknown-file",
    }


def test_a_form_is_known_by_its_fields_to_the_check(office: Office) -> None:
    files = bundle(
        start(),
        user("U_fill", role="brm", form="fill"),
        script("X_double", "twice = amount * 2"),
        end(),
        flows("start U_fill X_double end"),
        fill=[number_field("amount")],
    )

    assert office.deploy(files).warnings == ()


def test_checking_stores_nothing(office: Office) -> None:
    with office.work() as work:
        checked = check_files(work, one_task())

    assert not checked.has_errors
    assert count_rows(office) == [0, 0, 0]


def test_warnings_are_told_but_do_not_refuse(office: Office) -> None:
    outcome = office.deploy(with_script("y = surprise + 1"))

    assert [(w.code, w.element_id) for w in outcome.warnings] == [("undefined-name", "X_compute")]


def test_the_facts_of_a_version_serve_lists_without_the_engine(office: Office) -> None:
    files = {
        **with_form(text_field("name")),
        "p.i18n.json": json.dumps({"nl": {"U_fill": "Vul in", "fill.name": "Naam"}}).encode(),
    }

    [definition] = office.deploy(files).definitions

    assert definition.facts["forms"] == ["fill"]
    assert definition.facts["activities"]["U_fill"]["kind"] == "userTask"
    assert definition.facts["labels"] == {"nl": {"U_fill": "Vul in"}}
    assert definition.viewers == {"service_owner"}


def test_a_deployment_by_two_at_once_is_made_once(office: Office) -> None:
    ids: set[UUID] = {office.deploy(one_task(), admin).deployment.id for admin in two(office)}

    assert len(ids) == 1


def two(office: Office) -> tuple[Actor, Actor]:
    return office.hire("admin"), office.hire("admin")
