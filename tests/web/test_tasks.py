"""The inbox and one task."""

import io
import json
import re
from datetime import timedelta
from uuid import UUID
from xml.sax.saxutils import escape

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.user_task import TaskStatus
from ssflow.services import instances
from ssflow.store import user_tasks as rows
from tests.engine.diagrams import call, end, flows, start, user
from tests.forms.building import costs
from tests.services.bundles import (
    bundle,
    changed,
    number_field,
    one_task,
    text_field,
    two_tasks,
    with_form,
)
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner", name="owner")


@pytest.fixture
def boss(office: Office) -> Actor:
    return office.hire("admin", name="boss")


def _filling_task(office: Office, boss: Actor) -> UUID:
    """A task with a text and a number to fill in."""
    office.deploy(with_form(text_field("reason", required=True), number_field("days", min=1)))
    return office.task(office.start(boss), "U_fill").id


WRONG = re.compile(r'name="_wrong"\s+value="([^"]+)"')


def _marked(page: str) -> list[str]:
    """Give the ids of the fields that a page marks as wrong; its summary names the same."""
    marked = re.findall(r'id="(f-[^"]+)-error"', page)
    assert re.findall(r'class="alert-link" href="#([^"]+)"', page) == marked
    return marked


def _task(office: Office, task_id: UUID) -> tuple[TaskStatus, UUID | None]:
    with office.look() as work:
        task = rows.get_user_task(work.session, task_id)
        return task.status, task.assignee


# --- inbox ---------------------------------------------------------------------------------------


def test_an_empty_inbox_says_so(sign_in: SignIn, owner: Actor) -> None:
    page = sign_in(owner).open("/tasks")

    assert "Nothing waits for you." in text_of(page)


def test_the_first_page_is_the_inbox(sign_in: SignIn, owner: Actor) -> None:
    assert sign_in(owner).open("/").headers["Location"] == "/tasks"


def test_the_inbox_shows_whom_each_task_waits_for(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(one_task())
    office.start(boss, business_key="CASE-7")

    page = text_of(sign_in(owner).open("/tasks"))

    assert "CASE-7" in page
    assert "Service owner" in page


def test_a_task_of_another_role_is_not_in_the_inbox(
    sign_in: SignIn, office: Office, boss: Actor
) -> None:
    office.deploy(one_task())
    office.start(boss, business_key="CASE-7")

    page = text_of(sign_in(office.hire("accountant")).open("/tasks"))

    assert "CASE-7" not in page


def test_tabs_count_what_is_mine_and_what_is_my_groups(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(one_task())
    cases = [office.start(boss) for _ in range(3)]
    office.claim(owner, office.task(cases[0], "U_do").id)

    page = text_of(sign_in(owner).open("/tasks?view=mine"))

    assert "All 3 Mine 1 My groups 2 Done" in page


def test_what_is_overdue_is_marked(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(one_task(due="P2D"))
    office.start(boss)
    office.now += timedelta(days=3)

    page = text_of(sign_in(owner).open("/tasks"))

    assert "1 overdue" in page


def test_what_is_due_today_is_marked(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(one_task(due="PT4H"))
    office.start(boss)

    page = text_of(sign_in(owner).open("/tasks"))

    assert "1 due today" in page
    assert "due today at 14:30" in page


def test_the_inbox_is_searched_by_case(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(one_task())
    office.start(boss, business_key="CASE-7")
    office.start(boss, business_key="OTHER-8")

    page = text_of(sign_in(owner).open("/tasks?q=case-7"))

    assert "CASE-7" in page
    assert "OTHER-8" not in page


def test_a_long_inbox_is_read_page_by_page(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(one_task())
    for number in range(26):
        office.start(boss, business_key=f"CASE-{number:02}")
    browser = sign_in(owner)

    first = browser.open("/tasks?sort=created").text
    [next_page] = re.findall(r'rel="next"\s+href="([^"]+)"', first)
    second = browser.open(next_page.replace("&amp;", "&")).text

    assert len(set(re.findall(r"CASE-\d\d", first))) == 25
    assert len(set(re.findall(r"CASE-\d\d", second))) == 1


def test_nonsense_in_the_address_shows_the_usual_inbox(sign_in: SignIn, owner: Actor) -> None:
    page = sign_in(owner).open("/tasks?view=nonsense&sort=%00&q=%00")

    assert page.status_code == 200


def test_a_cursor_of_another_list_is_refused_politely(sign_in: SignIn, owner: Actor) -> None:
    page = sign_in(owner).open("/tasks?cursor=nonsense")

    assert page.status_code == 422


def test_looking_at_the_inbox_by_itself_does_not_keep_the_session_alive(
    sign_in: SignIn, office: Office, owner: Actor
) -> None:
    browser = sign_in(owner)

    for _ in range(4):
        office.now += timedelta(minutes=20)
        browser.open("/tasks", **{"X-Background": "inbox"})

    assert browser.open("/tasks").status_code == 303


# --- claim and release ---------------------------------------------------------------------------


def test_claiming_opens_the_task_and_reserves_it(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)

    answer = sign_in(owner).send(f"/tasks/{task_id}/claim")

    assert answer.headers["Location"] == f"/tasks/{task_id}"
    assert _task(office, task_id) == (TaskStatus.OPEN, owner.user_id)


def test_giving_back_leads_to_the_inbox(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    office.claim(owner, task_id)

    answer = sign_in(owner).send(f"/tasks/{task_id}/release")

    assert answer.headers["Location"] == "/tasks"
    assert _task(office, task_id) == (TaskStatus.OPEN, None)


def test_a_stranger_finds_no_task(sign_in: SignIn, office: Office, boss: Actor) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(office.hire("accountant"))

    answers = [
        browser.open(f"/tasks/{task_id}"),
        browser.send(f"/tasks/{task_id}/claim"),
        browser.send(f"/tasks/{task_id}", reason="x"),
        browser.send(f"/tasks/{task_id}/draft", reason="x"),
        browser.send(f"/tasks/{task_id}/fields", reason="x"),
        browser.send(f"/tasks/{task_id}/comments", text="x"),
        browser.send(f"/tasks/{task_id}/files", file=(io.BytesIO(b"x"), "x.txt")),
    ]

    assert [answer.status_code for answer in answers] == [404] * 7


# --- the form ------------------------------------------------------------------------------------


def test_a_task_shows_its_form(sign_in: SignIn, office: Office, owner: Actor, boss: Actor) -> None:
    task_id = _filling_task(office, boss)

    page = sign_in(owner).open(f"/tasks/{task_id}").text

    assert 'name="reason"' in page
    assert 'name="days"' in page


def test_somebody_else_s_task_is_shown_without_its_form(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    office.claim(owner, task_id)

    page = sign_in(boss).open(f"/tasks/{task_id}")

    assert "Owner works on this task." in text_of(page)
    assert 'name="reason"' not in page.text


def test_completing_moves_the_case_on_and_offers_the_next_task(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    office.start(boss)
    browser = sign_in(owner)

    answer = browser.send(f"/tasks/{task_id}", reason="because", days="3")

    assert answer.status_code == 303
    assert _task(office, task_id)[0] is TaskStatus.COMPLETED
    following = browser.open("/tasks")
    assert "is completed." in text_of(following)
    assert re.search(r'<a href="/tasks/[0-9a-f-]+">Go on with “U_fill”</a>', following.text)


def test_the_last_task_leaves_an_empty_inbox(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)
    browser.send(f"/tasks/{task_id}", reason="because")

    assert "Your inbox is empty." in text_of(browser.open("/tasks"))


def test_a_wrong_form_changes_nothing_and_comes_back_as_typed(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)

    answer = sign_in(owner).send(f"/tasks/{task_id}", reason="", days="0")

    assert answer.status_code == 422
    assert 'id="form-errors"' in answer.text
    assert 'href="#f-reason"' in answer.text
    assert 'value="0"' in answer.text
    assert _task(office, task_id) == (TaskStatus.OPEN, None)


def test_numbers_are_read_as_the_reader_writes_them(
    sign_in: SignIn, office: Office, boss: Actor, owner: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)
    browser.send("/profile/settings", language="nl", timezone="")

    browser.send(f"/tasks/{task_id}", reason="omdat", days="2,5")

    with office.look() as work:
        case = rows.get_user_task(work.session, task_id).instance_id
    assert office.details(case, AuditAction.TASK_COMPLETED)["fields"]["days"] == 2.5


@pytest.mark.parametrize("q", ["KEUREN", "aanvraag beoor", "Verzoek"])
def test_tasks_are_found_by_what_the_reader_calls_them(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor, q: str
) -> None:
    labels = {"nl": {"U_do": "Aanvraag beoor\u00addelen en goed\u00adkeuren", "p": "Verzoek"}}
    office.deploy({**one_task(), "p.i18n.json": json.dumps(labels).encode()})
    task_id = office.task(office.start(boss), "U_do").id
    browser = sign_in(owner)

    assert str(task_id) not in browser.open(f"/tasks?q={q}").text
    browser.send("/profile/settings", language="nl", timezone="")

    assert str(task_id) in browser.open(f"/tasks?q={q}").text
    assert str(task_id) not in browser.open("/tasks?q=afwijzen").text


@pytest.mark.parametrize(("language", "name"), [("nl", "Stemmen"), ("sv", "Rösta")])
def test_a_task_of_a_called_process_has_its_name_in_the_reader_s_language(
    sign_in: SignIn, office: Office, boss: Actor, language: str, name: str
) -> None:
    called = bundle(start(), user("U_vote", role="brm"), end(), flows("start U_vote end"), key="q")
    labels = {"nl": {"U_vote": "Stemmen"}, "sv": {"U_vote": "Rösta"}}
    office.deploy({**called, "q.i18n.json": json.dumps(labels).encode()})
    office.deploy(bundle(start(), call("C_ask", "q"), end(), flows("start C_ask end")))
    task_id = office.task(office.start(boss), "U_vote").id
    browser = sign_in(office.hire("brm"))
    browser.send("/profile/settings", language=language, timezone="")

    pages = ("/tasks", f"/tasks?q={name}", f"/tasks/{task_id}")
    assert [page for page in pages if name not in text_of(browser.open(page))] == []


def test_what_is_typed_is_kept_as_a_draft(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)
    browser.send(f"/tasks/{task_id}/claim")

    browser.send(f"/tasks/{task_id}/draft", reason="half a sen")

    page = browser.open(f"/tasks/{task_id}")
    assert 'value="half a sen"' in page.text
    assert "This is what you had typed before." in text_of(page)


def test_a_script_that_keeps_a_draft_gets_no_page(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)
    browser.send(f"/tasks/{task_id}/claim")

    answer = browser.client.post(
        f"/tasks/{task_id}/draft", data={"reason": "x"}, headers={"X-CSRFToken": browser.token}
    )

    assert (answer.status_code, answer.data) == (204, b"")


def test_fields_are_drawn_again_for_other_answers(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    hidden = text_field("detail", conditional={"hide": '=reason != "long"'})
    office.deploy(with_form(text_field("reason"), hidden))
    task_id = office.task(office.start(boss), "U_fill").id
    browser = sign_in(owner)

    short = browser.send(f"/tasks/{task_id}/fields", reason="short").text
    long = browser.send(f"/tasks/{task_id}/fields", reason="long").text

    assert 'name="detail"' not in short
    assert 'name="detail"' in long
    assert "<html" not in long
    assert _task(office, task_id) == (TaskStatus.OPEN, None)


@pytest.mark.parametrize("way", ["fields", "button"])
def test_what_is_still_wrong_keeps_its_sentence_when_fields_are_drawn_again(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor, way: str
) -> None:
    table = costs() | {"id": "costs"}
    office.deploy(
        with_form(text_field("reason", required=True), number_field("days", min=1), table)
    )
    task_id = office.task(office.start(boss), "U_fill").id
    browser = sign_in(owner)
    rows_sent = {"costs-0-what": "Disks", "costs-0-y0": "1", "costs-1-what": "", "costs-1-y0": "2"}
    refused = browser.send(f"/tasks/{task_id}", {"reason": "", "days": "0", **rows_sent})
    wrong = WRONG.findall(refused.text)
    path, button = (
        (f"/tasks/{task_id}/fields", {})
        if way == "fields"
        else (f"/tasks/{task_id}", {"_redraw": "1"})
    )

    mended = browser.send(
        path,
        {"_wrong": wrong, "reason": "why", "days": "0", **rows_sent, "costs-0-what": "", **button},
    )

    assert wrong == ["reason", "days", "costs.1.what"]
    assert mended.status_code == 200
    assert _marked(mended.text) == ["f-days", "f-costs-1-what"]
    assert WRONG.findall(mended.text) == wrong
    assert _task(office, task_id) == (TaskStatus.OPEN, None)


def test_what_is_wrong_again_is_marked_again_and_what_never_was_is_not(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)

    mended = browser.send(f"/tasks/{task_id}/fields", reason="why", days="-3", _wrong="reason").text
    broken = browser.send(f"/tasks/{task_id}/fields", reason="", days="-3", _wrong="reason").text

    assert 'id="form-errors"' not in mended
    assert _marked(mended) == []
    assert _marked(broken) == ["f-reason"]


def test_the_same_form_sent_twice_is_done_once(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)
    [key] = re.findall(
        r'name="idempotency_key"\s+value="([^"]+)"', browser.open(f"/tasks/{task_id}").text
    )
    fields = {"reason": "because", "days": "", "idempotency_key": key}

    answers = [browser.send(f"/tasks/{task_id}", fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_a_completed_task_shows_what_was_filled_in(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    office.complete(owner, task_id, reason="because of the rain", days=2)

    page = sign_in(owner).open(f"/tasks/{task_id}")

    assert "Completed by Owner" in text_of(page)
    assert "Reason because of the rain Days 2" in text_of(page)
    assert 'name="reason"' not in page.text


def test_separation_of_duties_is_explained_and_told_in_the_trail(
    sign_in: SignIn, office: Office
) -> None:
    both = office.hire("customer", "portfolio_manager")
    office.deploy(two_tasks(exclude="=done_by['U_ask']"))
    case = office.start(both)
    office.complete(both, office.task(case, "U_ask").id)
    task_id = office.task(case, "U_answer").id
    browser = sign_in(both)

    page = text_of(browser.open(f"/tasks/{task_id}"))
    answer = browser.send(f"/tasks/{task_id}/claim")

    assert "You did other work in this case" in page
    assert answer.status_code == 403
    assert "sod.blocked" in office.actions(case)


# --- files and comments --------------------------------------------------------------------------


def _with_file_field(office: Office, boss: Actor) -> tuple[UUID, UUID]:
    picker = {"type": "filepicker", "key": "proof", "label": "Proof"}
    office.deploy(with_form(text_field("reason", required=True), picker))
    case = office.start(boss)
    return case, office.task(case, "U_fill").id


def test_a_file_that_is_handed_in_belongs_to_the_case(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    case, task_id = _with_file_field(office, boss)
    browser = sign_in(owner)

    answer = browser.send(
        f"/tasks/{task_id}", reason="see file", proof=(io.BytesIO(b"%PDF-1.7"), "proof.pdf")
    )

    assert answer.status_code == 303
    page = browser.open(f"/instances/{case}?view=talk").text
    assert "proof.pdf" in page


def test_a_file_survives_a_form_that_comes_back(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    case, task_id = _with_file_field(office, boss)
    browser = sign_in(owner)

    wrong = browser.send(f"/tasks/{task_id}", reason="", proof=(io.BytesIO(b"abc"), "proof.txt"))
    [file_id] = re.findall(r'name="proof"\s+value="([0-9a-f-]{36})"', wrong.text)
    browser.send(f"/tasks/{task_id}", reason="now", proof=file_id)

    assert wrong.status_code == 422
    assert browser.client.get(f"/files/{file_id}", buffered=True).data == b"abc"
    assert "file.attached" in office.actions(case)


def test_an_empty_file_is_told_at_its_field(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    _, task_id = _with_file_field(office, boss)

    answer = sign_in(owner).send(
        f"/tasks/{task_id}", reason="see file", proof=(io.BytesIO(b""), "proof.txt")
    )

    assert answer.status_code == 422
    assert "The file is empty." in text_of(answer)


def test_a_file_is_handed_out_to_be_stored_never_to_be_shown(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    _, task_id = _with_file_field(office, boss)
    browser = sign_in(owner)
    browser.send(f"/tasks/{task_id}/claim")
    evil = (io.BytesIO(b"<script>alert(1)</script>"), "evil.html")
    browser.send(f"/tasks/{task_id}/files", file=evil)
    [path] = re.findall(r'href="(/files/[0-9a-f-]+)"', browser.open(f"/tasks/{task_id}").text)

    answer = browser.open(path)

    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert sign_in(office.hire("accountant")).open(path).status_code == 404


def test_a_comment_is_shown_as_it_was_typed(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    task_id = _filling_task(office, boss)
    browser = sign_in(owner)
    browser.send(f"/tasks/{task_id}/claim")

    browser.send(f"/tasks/{task_id}/comments", text="<b>bold</b> & co")

    assert "&lt;b&gt;bold&lt;/b&gt; &amp; co" in browser.open(f"/tasks/{task_id}").text


# --- what designers write ------------------------------------------------------------------------


def test_instructions_are_markdown_without_html(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    text = "**Look** at <script>alert(1)</script> [this](javascript:alert(1)) [that](https://a.b)"
    tag, end = "spiffworkflow:instructionsForEndUser", "</bpmn:extensionElements>"
    element = f"<{tag}>{escape(text)}</{tag}>"
    office.deploy(changed(one_task(), "p.bpmn", end, element + end))
    task_id = office.task(office.start(boss), "U_do").id

    page = sign_in(owner).open(f"/tasks/{task_id}").text

    assert "<strong>Look</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert 'href="https://a.b"' in page


def test_a_suspended_case_can_be_read_but_not_worked_on(
    sign_in: SignIn, office: Office, owner: Actor, boss: Actor
) -> None:
    office.deploy(with_form(text_field("reason")))
    case = office.start(boss)
    task_id = office.task(case, "U_fill").id
    office.act(boss, instances.suspend_instance, case, "holidays")
    browser = sign_in(owner)

    page = browser.open(f"/tasks/{task_id}")
    answer = browser.send(f"/tasks/{task_id}", reason="x")

    assert "This case is suspended." in text_of(page)
    assert 'name="reason"' not in page.text
    assert answer.status_code == 409
