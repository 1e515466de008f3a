"""Processes, and what their editors talk to."""

import json

import pytest

from ssflow.domain.identity import Actor
from tests.services.bundles import changed, one_task, text_field, with_form
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def designer(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("process_designer"))


@pytest.fixture
def admin(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("admin"))


@pytest.fixture
def reader(office: Office) -> Actor:
    return office.hire("brm")


@pytest.fixture
def deployed(office: Office) -> dict[str, bytes]:
    files = with_form(text_field("reason"))
    office.deploy(files, area="finance", comment="first")
    return files


def test_without_processes_an_administrator_is_led_to_them(admin: Browser) -> None:
    page = admin.open("/processes")

    assert "No processes yet" in text_of(page)
    assert 'href="/admin/welcome"' in page.text


def test_without_processes_others_are_not_led_where_they_may_not_go(
    sign_in: SignIn, reader: Actor
) -> None:
    assert 'href="/admin/welcome"' not in sign_in(reader).open("/processes").text


def test_everybody_sees_how_the_work_goes(
    sign_in: SignIn, reader: Actor, deployed: dict[str, bytes]
) -> None:
    browser = sign_in(reader)

    assert "Finance" in text_of(browser.open("/processes"))
    page = browser.open("/processes/p")
    assert 'data-diagram-url="/processes/p/versions/1/diagram.bpmn"' in page.text
    assert browser.open("/processes/p/versions/1/diagram.bpmn").data == deployed["p.bpmn"]


def test_files_of_other_processes_stand_apart(admin: Browser, office: Office) -> None:
    files = with_form(text_field("reason"))
    other = files["fill.form.json"].replace(b'"fill"', b'"elsewhere"')
    office.deploy({**files, "elsewhere.form.json": other})

    page = admin.open("/processes/p").text

    own, others = page.split("What other processes of the same bundle use")
    assert own.index("p.bpmn</span>") < own.index("fill.form.json</span>")
    assert "elsewhere.form.json</span>" in others


def test_former_versions_stay_to_be_read(
    sign_in: SignIn, office: Office, reader: Actor, deployed: dict[str, bytes]
) -> None:
    office.deploy(changed(deployed, "p.bpmn", "U_fill", "U_type"), comment="second")

    page = text_of(sign_in(reader).open("/processes/p?version=1"))

    assert "not the newest" in page
    assert "first" in page
    assert "second" in page


@pytest.mark.parametrize(
    "path",
    [
        "/processes/nope",
        "/processes/p?version=9",
        f"/processes/p?version={2**63}",
        f"/processes/p/versions/{2**63}/diagram.bpmn",
        "/processes/p/edit",
    ],
)
def test_what_does_not_exist_is_not_found(designer: Browser, path: str) -> None:
    assert designer.open(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/processes/p/edit", "/processes/p/forms/fill", "/processes/p/catalog.json"]
)
def test_editors_are_for_designers(
    sign_in: SignIn, reader: Actor, deployed: dict[str, bytes], path: str
) -> None:
    browser = sign_in(reader)

    assert browser.open(path).status_code == 403
    assert "Change it" not in text_of(browser.open("/processes/p"))


def test_an_editor_s_page_tells_it_where_to_read_and_write(
    designer: Browser, deployed: dict[str, bytes]
) -> None:
    page = designer.open("/processes/p/edit").text

    for name, path in {
        "source": "/processes/p/files/p.bpmn",
        "draft": "/processes/p/files/p.bpmn/draft",
        "check": "/processes/p/files/p.bpmn/check",
        "catalog": "/processes/p/catalog.json",
    }.items():
        assert f'data-{name}-url="{path}"' in page


def test_only_administrators_are_offered_to_publish(
    designer: Browser, admin: Browser, deployed: dict[str, bytes]
) -> None:
    draft, publish = designer.open("/processes/p/edit"), admin.open("/processes/p/edit")

    assert "data-publish-url" not in draft.text
    assert "an administrator publishes them" in text_of(draft)
    assert "data-publish-url" in publish.text


def test_a_designer_cannot_publish_by_hand_either(
    designer: Browser, deployed: dict[str, bytes]
) -> None:
    path, body = "/processes/p/files/p.bpmn/publish", {"content": deployed["p.bpmn"].decode()}

    assert designer.send_json("POST", path, body).status_code == 403


def test_a_draft_is_kept_until_it_is_published(
    designer: Browser, deployed: dict[str, bytes]
) -> None:
    edited = deployed["p.bpmn"].decode().replace("U_fill", "U_type")

    saved = designer.send_json(
        "PUT", "/processes/p/files/p.bpmn/draft", {"content": edited, "revision": 0}
    )

    assert saved.get_json() == {"revision": 1}
    source = designer.open("/processes/p/files/p.bpmn")
    assert (source.text, source.headers["X-Revision"]) == (edited, "1")
    assert "draft" in text_of(designer.open("/processes/p"))


def test_a_discarded_draft_leaves_what_is_published(
    designer: Browser, deployed: dict[str, bytes]
) -> None:
    path = "/processes/p/files/p.bpmn/draft"
    designer.send_json("PUT", path, {"content": "<a>", "revision": 0})

    late = designer.send_json("DELETE", path, {"revision": 7})
    gone = designer.send_json("DELETE", path, {"revision": 1})

    assert (late.status_code, late.get_json()["revision"]) == (409, 1)
    assert gone.get_json() == {"revision": 0}
    page = designer.open("/processes/p/edit")
    assert 'data-revision="0"' in page.text
    assert "The draft is discarded." in text_of(page)
    assert designer.open("/processes/p/files/p.bpmn").text == deployed["p.bpmn"].decode()


def test_the_later_of_two_editors_is_told_who_was_first(
    designer: Browser, admin: Browser, deployed: dict[str, bytes]
) -> None:
    path, content = "/processes/p/files/p.bpmn/draft", deployed["p.bpmn"].decode()
    designer.send_json("PUT", path, {"content": content, "revision": 0})

    late = admin.send_json("PUT", path, {"content": content, "revision": 0})

    assert late.status_code == 409
    assert late.get_json()["revision"] == 1
    assert late.get_json()["winner"]["name"].startswith("Process_Designer")


def test_a_check_tells_problems_with_their_elements(
    designer: Browser, deployed: dict[str, bytes]
) -> None:
    broken = deployed["p.bpmn"].decode().replace('value="fill"', 'value="nope"')

    answer = designer.send_json("POST", "/processes/p/files/p.bpmn/check", {"content": broken})

    [problem] = [p for p in answer.get_json()["problems"] if p["severity"] == "error"]
    assert problem["element_id"] == "U_fill"
    assert set(problem) == {"file", "element_id", "line", "code", "message", "severity"}


def test_publishing_makes_a_new_version(admin: Browser, deployed: dict[str, bytes]) -> None:
    edited = deployed["p.bpmn"].decode().replace("U_fill", "U_type")

    answer = admin.send_json(
        "POST", "/processes/p/files/p.bpmn/publish", {"content": edited, "comment": "clearer"}
    )

    assert answer.get_json()["version"] == 2
    assert "clearer" in text_of(admin.open("/processes/p"))


def test_mistakes_are_not_published(admin: Browser, deployed: dict[str, bytes]) -> None:
    answer = admin.send_json("POST", "/processes/p/files/p.bpmn/publish", {"content": "<nope"})

    assert answer.status_code == 422
    assert answer.get_json()["problems"]


@pytest.mark.parametrize("body", [[], {}, {"content": 3}, {"content": "x", "revision": "one"}])
def test_what_no_editor_sends_is_refused(
    designer: Browser, deployed: dict[str, bytes], body: object
) -> None:
    answer = designer.send_json("PUT", "/processes/p/files/p.bpmn/draft", body)

    assert answer.status_code == 422


def test_the_catalog_lists_what_may_be_picked(
    designer: Browser, deployed: dict[str, bytes]
) -> None:
    catalog = designer.open("/processes/p/catalog.json").get_json()

    assert {"id": "fill", "label": "fill"} in catalog["forms"]
    assert "portfolio_manager" in {role["id"] for role in catalog["roles"]}
    assert catalog["operations"]


def test_a_form_has_its_own_editor(designer: Browser, deployed: dict[str, bytes]) -> None:
    page = designer.open("/processes/p/forms/fill").text

    assert 'data-name="fill.form.json"' in page
    assert "dist/formedit.js" in page
    assert "data-publish-url" not in page


def test_a_process_of_one_task_needs_no_decision_editor(designer: Browser, office: Office) -> None:
    office.deploy(one_task())

    assert designer.open("/processes/p/decisions/nope").status_code == 404


def test_the_diagram_is_labelled_in_the_reader_s_language(
    sign_in: SignIn, office: Office, reader: Actor
) -> None:
    labels = {"nl": {"U_do": "Doe het", "U_do@instructions": "Rustig aan."}}
    office.deploy({**one_task(), "p.i18n.json": json.dumps(labels).encode()})
    browser = sign_in(reader)
    browser.send("/profile/settings", language="nl", timezone="")

    names = browser.open("/processes/p/names.json").get_json()

    assert names["names"] == {"U_do": "Doe het"}
    assert names["roles"]["risk_officer"] == "Risicomanager"
