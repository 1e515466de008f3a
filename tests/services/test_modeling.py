"""Editing what is deployed: drafts, their check, and publication."""

from datetime import timedelta

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import modeling
from ssflow.services.deployment import DeploymentRefusedError
from ssflow.services.modeling import DraftChangedError, PublishedMeanwhileError
from ssflow.store import definitions as rows
from tests.engine.diagrams import end, flows, start, user
from tests.services.bundles import bundle, changed, form, one_task, text_field, with_form
from tests.services.office import Office


@pytest.fixture
def designer(office: Office) -> Actor:
    return office.hire("process_designer")


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


def test_an_editor_opens_what_is_deployed(office: Office, designer: Actor) -> None:
    office.deploy(one_task())

    source = office.act(designer, modeling.read_source, "p")

    assert (source.name, source.revision) == ("p.bpmn", 0)
    assert source.content.encode() == one_task()["p.bpmn"]


def test_a_saved_draft_is_what_opens_next(office: Office, designer: Actor) -> None:
    office.deploy(one_task())

    revision = office.act(designer, modeling.save_draft, "p", "p.bpmn", "<half>", 0)

    source = office.act(designer, modeling.read_source, "p")
    assert (source.content, source.revision) == ("<half>", revision)
    [listed] = office.act(designer, modeling.editable_files, "p")
    assert listed.has_draft


def test_a_stale_draft_is_refused_and_told_who_was_quicker(office: Office, designer: Actor) -> None:
    office.deploy(one_task())
    other = office.hire("process_designer")
    first = office.act(designer, modeling.save_draft, "p", "p.bpmn", "<a>", 0)
    office.act(other, modeling.save_draft, "p", "p.bpmn", "<b>", first)

    with pytest.raises(DraftChangedError) as refused:
        office.act(designer, modeling.save_draft, "p", "p.bpmn", "<c>", first)

    assert refused.value.winner == other.user_id
    assert refused.value.revision == first + 1
    assert office.act(designer, modeling.read_source, "p").content == "<b>"


def test_two_who_open_what_is_deployed_do_not_overwrite_each_other(
    office: Office, designer: Actor
) -> None:
    office.deploy(one_task())
    office.act(designer, modeling.save_draft, "p", "p.bpmn", "<a>", 0)

    with pytest.raises(DraftChangedError):
        office.act(office.hire("admin"), modeling.save_draft, "p", "p.bpmn", "<b>", 0)


def test_a_draft_that_was_discarded_meanwhile_is_a_conflict(
    office: Office, designer: Actor
) -> None:
    office.deploy(one_task())
    revision = office.act(designer, modeling.save_draft, "p", "p.bpmn", "<a>", 0)
    office.act(designer, modeling.discard_draft, "p", "p.bpmn", revision)

    with pytest.raises(DraftChangedError) as refused:
        office.act(designer, modeling.save_draft, "p", "p.bpmn", "<b>", revision)

    assert refused.value.revision == 0


def test_who_discards_a_draft_is_in_the_trail(office: Office, designer: Actor) -> None:
    office.deploy(one_task())
    office.act(designer, modeling.save_draft, "p", "p.bpmn", "<a>", 0)

    office.act(designer, modeling.discard_draft, "p", "p.bpmn", 1)
    office.act(designer, modeling.discard_draft, "p", "p.bpmn", 1)

    told = office.details(f"sys-{office.now.date()}", AuditAction.DRAFT_DISCARDED)
    assert (told["process"], told["file"], told["revision"]) == ("p", "p.bpmn", 1)
    assert office.act(designer, modeling.read_source, "p").revision == 0


def test_a_draft_that_somebody_saved_anew_is_not_discarded(office: Office, designer: Actor) -> None:
    office.deploy(one_task())
    office.act(designer, modeling.save_draft, "p", "p.bpmn", "<a>", 0)
    office.act(office.hire("admin"), modeling.save_draft, "p", "p.bpmn", "<b>", 1)

    with pytest.raises(DraftChangedError):
        office.act(designer, modeling.discard_draft, "p", "p.bpmn", 1)

    assert office.act(designer, modeling.read_source, "p").content == "<b>"


@pytest.mark.parametrize("role", ["portfolio_manager", "auditor", "customer"])
def test_others_neither_read_nor_draft(office: Office, role: str) -> None:
    office.deploy(one_task())
    actor = office.hire(role)

    with pytest.raises(ForbiddenError):
        office.act(actor, modeling.read_source, "p")
    with pytest.raises(ForbiddenError):
        office.act(actor, modeling.save_draft, "p", "p.bpmn", "<a>", 0)
    with pytest.raises(ForbiddenError):
        office.act(actor, modeling.discard_draft, "p", "p.bpmn", 0)
    with pytest.raises(ForbiddenError):
        office.act(actor, modeling.editor_catalog, "p")


def test_a_designer_drafts_but_does_not_publish(office: Office, designer: Actor) -> None:
    office.deploy(one_task())

    with pytest.raises(ForbiddenError):
        office.act(designer, modeling.publish_draft, "p", "p.bpmn", one_task()["p.bpmn"].decode())


@pytest.mark.parametrize("content", ["a\0b", "\ud800", "x" * (5 * 1024 * 1024 + 1)])
def test_a_draft_that_cannot_be_kept_is_refused(
    office: Office, designer: Actor, content: str
) -> None:
    office.deploy(one_task())

    with pytest.raises(InvalidInputError):
        office.act(designer, modeling.save_draft, "p", "p.bpmn", content, 0)


def test_what_cannot_be_kept_cannot_be_published_either(office: Office, admin: Actor) -> None:
    office.deploy(one_task())

    with pytest.raises(InvalidInputError):
        office.act(admin, modeling.publish_draft, "p", "p.bpmn", "\ud800")


def test_files_outside_the_bundle_cannot_be_edited(office: Office, designer: Actor) -> None:
    office.deploy(one_task())

    for name in ("q.bpmn", "../p.bpmn", "x.form.json", ""):
        with pytest.raises(NotFoundError):
            office.act(designer, modeling.save_draft, "p", name or "x", "<a>", 0)
    with pytest.raises(NotFoundError):
        office.act(designer, modeling.read_source, "no_such_process")


def test_a_check_of_a_draft_stores_nothing(office: Office, designer: Actor) -> None:
    office.deploy(with_form(text_field("name")))
    broken = changed(with_form(text_field("name")), "p.bpmn", 'value="fill"', 'value="gone"')

    problems = office.act(designer, modeling.check_draft, "p", "p.bpmn", broken["p.bpmn"].decode())

    assert "form-unknown" in {problem.code for problem in problems}
    assert office.act(designer, modeling.read_source, "p").revision == 0


def test_a_published_draft_is_the_newest_version_and_no_draft_any_more(
    office: Office, admin: Actor
) -> None:
    office.deploy(with_form(text_field("name")), area="portfolio")
    content = form("fill", text_field("title")).decode()
    office.act(admin, modeling.save_draft, "p", "fill.form.json", content, 0)

    outcome = office.act(
        admin, modeling.publish_draft, "p", "fill.form.json", content, "Another field"
    )

    assert [d.version for d in outcome.definitions] == [2]
    assert (outcome.deployment.area, outcome.deployment.comment) == ("portfolio", "Another field")
    assert not any(f.has_draft for f in office.act(admin, modeling.editable_files, "p"))


def test_what_somebody_published_meanwhile_is_not_written_over(
    office: Office, designer: Actor, admin: Actor
) -> None:
    office.deploy(with_form(text_field("name")))
    opened = office.act(designer, modeling.read_source, "p", "fill.form.json")
    office.now += timedelta(minutes=1)
    theirs, mine = (form("fill", text_field(key)).decode() for key in ("theirs", "mine"))
    office.act(admin, modeling.publish_draft, "p", "fill.form.json", theirs)

    for do in (modeling.save_draft, modeling.publish_draft):
        with pytest.raises(PublishedMeanwhileError):
            office.act(admin, do, "p", "fill.form.json", mine, revision=0, base=opened.base)

    assert office.act(admin, modeling.read_source, "p", "fill.form.json").content == theirs


def test_a_draft_knows_what_it_was_begun_from(
    office: Office, designer: Actor, admin: Actor
) -> None:
    files = with_form(text_field("name"))
    office.deploy(files)
    mine = form("fill", text_field("mine")).decode()
    office.act(designer, modeling.save_draft, "p", "fill.form.json", mine, 0)
    office.now += timedelta(minutes=1)
    office.deploy({**files, "fill.form.json": form("fill", text_field("theirs"))})

    opened = office.act(admin, modeling.read_source, "p", "fill.form.json")
    with pytest.raises(PublishedMeanwhileError):
        office.act(
            admin,
            modeling.publish_draft,
            "p",
            "fill.form.json",
            mine,
            revision=opened.revision,
            base=opened.base,
        )

    assert (opened.content, opened.revision) == (mine, 1)


def test_a_draft_that_somebody_else_saved_is_not_thrown_away_by_publishing(
    office: Office, designer: Actor, admin: Actor
) -> None:
    office.deploy(one_task())
    opened = office.act(admin, modeling.read_source, "p")
    office.act(designer, modeling.save_draft, "p", "p.bpmn", "<theirs>", 0)

    with pytest.raises(DraftChangedError) as refused:
        office.act(
            admin,
            modeling.publish_draft,
            "p",
            "p.bpmn",
            opened.content,
            revision=opened.revision,
            base=opened.base,
        )

    assert refused.value.winner == designer.user_id
    assert office.act(designer, modeling.read_source, "p").content == "<theirs>"


def test_a_refused_publication_keeps_the_draft(office: Office, admin: Actor) -> None:
    office.deploy(one_task())
    office.act(admin, modeling.save_draft, "p", "p.bpmn", "<half>", 0)

    with pytest.raises(DeploymentRefusedError):
        office.act(admin, modeling.publish_draft, "p", "p.bpmn", "<half>")

    assert office.act(admin, modeling.read_source, "p").content == "<half>"


def test_publishing_a_file_keeps_the_newest_form_of_the_others(
    office: Office, admin: Actor
) -> None:
    other = bundle(start(), user("U_x", role="brm"), end(), flows("start U_x end"), key="q")
    files = one_task() | other
    office.deploy(files)
    office.now += timedelta(minutes=1)
    newer_q = changed(files, "q.bpmn", 'name="U_x"', 'name="Newer"')
    office.act(admin, modeling.publish_draft, "q", "q.bpmn", newer_q["q.bpmn"].decode())

    newer_p = changed(files, "p.bpmn", 'name="U_do"', 'name="Newer"')
    outcome = office.act(admin, modeling.publish_draft, "p", "p.bpmn", newer_p["p.bpmn"].decode())

    assert {d.key: d.version for d in outcome.definitions} == {"p": 2, "q": 2}
    with office.look() as work:
        kept = rows.get_file(work.session, outcome.deployment.id, "q.bpmn")
    assert kept == newer_q["q.bpmn"]


def test_after_going_back_publishing_starts_from_what_runs(office: Office, admin: Actor) -> None:
    other = bundle(start(), user("U_x", role="brm"), end(), flows("start U_x end"), key="q")
    files = one_task() | other
    office.deploy(files)
    office.now += timedelta(days=1)
    office.deploy(changed(files, "q.bpmn", 'name="U_x"', 'name="Newer"'))
    office.now += timedelta(days=1)
    office.deploy(files)

    newer_p = changed(files, "p.bpmn", 'name="U_do"', 'name="Newer"')
    outcome = office.act(admin, modeling.publish_draft, "p", "p.bpmn", newer_p["p.bpmn"].decode())

    assert {d.key: d.version for d in outcome.definitions} == {"p": 2, "q": 3}
    with office.look() as work:
        kept = rows.get_file(work.session, outcome.deployment.id, "q.bpmn")
    assert kept == files["q.bpmn"]


def test_only_the_diagram_of_the_process_itself_is_listed(office: Office, designer: Actor) -> None:
    other = bundle(start(), user("U_x", role="brm"), end(), flows("start U_x end"), key="q")
    office.deploy(with_form(text_field("name")) | other)

    names = [f.name for f in office.act(designer, modeling.editable_files, "p")]

    assert names == ["fill.form.json", "p.bpmn"]


def test_the_catalog_lists_what_a_diagram_can_name(office: Office, designer: Actor) -> None:
    office.deploy(with_form(text_field("name")))

    catalog = office.act(designer, modeling.editor_catalog, "p")

    assert [f["id"] for f in catalog["forms"]] == ["fill"]
    assert {"id": "brm", "label": "Business relationship manager"} in catalog["roles"]
    assert [p["id"] for p in catalog["processes"]] == ["p"]
    [close] = [o for o in catalog["operations"] if o["id"] == "proposal.close"]
    assert {p["id"]: p["required"] for p in close["parameters"]} == {
        "proposal": True,
        "outcome": True,
        "reason": False,
        "duplicate_of": False,
    }
