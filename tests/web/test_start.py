"""Starting a process by hand."""

import json
import re

import pytest

from ssflow.domain.identity import Actor
from ssflow.store import instances as instance_rows
from tests.engine.diagrams import diagram, end, flows, process, start, user
from tests.services.bundles import changed, form, one_budget_a_year, one_task, text_field
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn


@pytest.fixture
def brm(office: Office) -> Actor:
    return office.hire("brm")


def _property(name: str, value: str) -> str:
    return (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f'<spiffworkflow:property name="{name}" value="{value}"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )


def _deploy_with_start_form(office: Office) -> None:
    begin = start(inner=_property("form", "ask"))
    parts = [begin, user("U_do", role="brm"), end(), flows("start U_do end")]
    files = {"p.bpmn": diagram(process("p", *parts))}
    office.deploy({**files, "ask.form.json": form("ask", text_field("wish", required=True))})


def _cases(office: Office) -> int:
    with office.look() as work:
        return len(instance_rows.list_instances(work.session, work.actor).items)


def test_without_anything_to_start_the_page_says_so(sign_in: SignIn, brm: Actor) -> None:
    assert "Nothing to start" in text_of(sign_in(brm).open("/start"))


def test_what_one_may_start_is_offered(sign_in: SignIn, office: Office, brm: Actor) -> None:
    office.deploy(one_task())

    page = sign_in(brm).open("/start").text

    assert 'href="/start/p"' in page


def test_what_a_process_is_for_is_said_where_it_is_started(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    about = "Ask for\n  a hat.\n\nVariables: none."
    documentation = f"<bpmn:documentation>{about}</bpmn:documentation>"
    parts = [documentation, start(), user("U_do", role="brm"), end(), flows("start U_do end")]
    labels = json.dumps({"nl": {"p@about": "Vraag om een hoed."}}).encode()
    office.deploy({"p.bpmn": diagram(process("p", *parts)), "p.i18n.json": labels})
    browser = sign_in(brm)
    pages = ("/start", "/start/p", "/processes/p")

    told = [text_of(browser.open(page)) for page in pages]
    browser.send("/profile/settings", language="nl", timezone="")
    in_dutch = [text_of(browser.open(page)) for page in pages]

    assert all("Ask for a hat." in text and "Variables" not in text for text in told)
    assert all("Vraag om een hoed." in text for text in in_dutch)


def test_a_process_of_others_is_neither_offered_nor_started(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    _deploy_for(office, "auditor")
    browser = sign_in(brm)

    statuses = [browser.open("/start/p").status_code, browser.send("/start/p").status_code]

    assert 'href="/start/p"' not in browser.open("/start").text
    assert statuses == [403, 403]
    assert _cases(office) == 0


def _deploy_for(office: Office, role: str) -> None:
    begin = '<bpmn:process id="p" isExecutable="true">'
    office.deploy(changed(one_task(), "p.bpmn", begin, begin + _property("starters", role)))


def test_a_process_that_does_not_exist_is_not_found(sign_in: SignIn, brm: Actor) -> None:
    assert sign_in(brm).open("/start/nope").status_code == 404


def test_starting_leads_to_one_s_own_first_task(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    office.deploy(one_task("brm"))

    answer = sign_in(brm).send("/start/p")

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/tasks/")


def test_starting_what_others_go_on_with_leads_to_the_case(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    office.deploy(one_task("accountant"))

    answer = sign_in(brm).send("/start/p")

    assert answer.headers["Location"].startswith("/instances/")


def test_the_start_form_is_checked_before_anything_is_started(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    _deploy_with_start_form(office)
    browser = sign_in(brm)

    wrong = browser.send("/start/p", wish="")
    cases_after_wrong = _cases(office)
    right = browser.send("/start/p", wish="a faster mill")

    assert (wrong.status_code, cases_after_wrong) == (422, 0)
    assert 'href="#f-wish"' in wrong.text
    assert (right.status_code, _cases(office)) == (303, 1)


@pytest.mark.parametrize(
    ("path", "button"), [("/start/p/fields", {}), ("/start/p", {"_redraw": "1"})]
)
def test_a_start_form_that_is_drawn_again_still_says_what_is_wrong(
    sign_in: SignIn, office: Office, brm: Actor, path: str, button: dict[str, str]
) -> None:
    _deploy_with_start_form(office)
    browser = sign_in(brm)

    drawn = browser.send(path, {"wish": "", "_wrong": "wish", **button}).text

    assert 'id="f-wish-error"' in drawn
    assert _cases(office) == 0


def test_pressing_the_button_twice_starts_one_case(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    office.deploy(one_task())
    browser = sign_in(brm)
    page = browser.open("/start/p").text
    [key] = re.findall(r'name="idempotency_key"\s+value="([^"]+)"', page)

    for _ in range(2):
        browser.send("/start/p", idempotency_key=key)

    assert _cases(office) == 1


def test_one_key_does_not_serve_two_different_forms(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    _deploy_with_start_form(office)
    browser = sign_in(brm)
    browser.send("/start/p", wish="one", idempotency_key="k1")

    answer = browser.send("/start/p", wish="two", idempotency_key="k1")

    assert answer.status_code == 422
    assert _cases(office) == 1


def test_a_start_that_is_refused_shows_the_form_again_and_says_why(
    sign_in: SignIn, office: Office
) -> None:
    files = one_budget_a_year()
    files["p.bpmn"] = files["p.bpmn"].replace(b" isExec", b' name="Annual budget" isExec')
    office.deploy(files)
    browser = sign_in(office.hire("finance_manager"))
    browser.send("/start/p", fiscal_year="2027")

    again = browser.send("/start/p", fiscal_year="2027")

    assert (again.status_code, _cases(office)) == (409, 1)
    assert "a year has only one budget" in text_of(again)
    assert 'value="2027"' in again.text
    trail = text_of(sign_in(office.hire("auditor")).open("/audit"))
    assert "Attempt refused Annual budget" in trail


def test_a_case_that_has_ended_already_says_so(sign_in: SignIn, office: Office, brm: Actor) -> None:
    office.deploy({"p.bpmn": diagram(process("p", start(), end("E_done"), flows("start E_done")))})
    browser = sign_in(brm)

    page = browser.open(browser.send("/start/p").headers["Location"])

    assert "has ended already" in text_of(page)
    assert "The case is started." not in text_of(page)


def test_a_choice_that_hangs_on_an_answer_waits_for_it(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    budget, line = (
        {"type": "select", "key": key, "label": key.title(), "properties": told}
        for key, told in (
            ("budget", {"type": "ref", "entity": "Budget"}),
            ("line", {"type": "ref", "entity": "BudgetLine", "filter": "budget={{budget}}"}),
        )
    )
    begin = start(inner=_property("form", "ask"))
    parts = [begin, user("U_do", role="brm"), end(), flows("start U_do end")]
    files = {"p.bpmn": diagram(process("p", *parts)), "ask.form.json": form("ask", budget, line)}
    office.deploy(files)
    browser = sign_in(brm)

    statuses = [
        browser.open("/start/p").status_code,
        browser.send("/start/p/fields", budget="").status_code,
        browser.send("/start/p", budget="").status_code,
    ]

    assert statuses == [200, 200, 303]


def test_a_choice_without_anything_to_choose_says_so(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    asked = {"type": "ref", "entity": "Budget"}
    one = {"type": "select", "key": "budget", "label": "Budget", "properties": asked}
    some = {"type": "checklist", "key": "tags", "label": "Tags", "valuesKey": "nothing"}
    begin = start(inner=_property("form", "ask"))
    parts = [begin, user("U_do", role="brm"), end(), flows("start U_do end")]
    files = {"p.bpmn": diagram(process("p", *parts)), "ask.form.json": form("ask", one, some)}
    office.deploy(files)

    page = text_of(sign_in(brm).open("/start/p"))

    assert "Budget – nothing to choose from –" in page
    assert "Tags There is nothing to choose from." in page
