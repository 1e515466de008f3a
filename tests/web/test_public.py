"""The public pages: feedback without an account, its status, and answers to it."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from ssflow.domain.audit import AuditAction, AuditEvent
from ssflow.domain.instance import ProcessInstance
from ssflow.domain.note import Attachment
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.domain.user_task import TaskStatus, UserTask
from ssflow.operations.feedback import sender_key
from ssflow.services.deployment import deploy_files
from ssflow.services.shipped import install_roles, read_bundles, shipped_root
from ssflow.services.user_tasks import claim_task, complete_task
from tests.services.office import Office
from tests.web.browsing import Browser, text_of

PAGE = "/public/feedback"
WORDS: dict[str, Any] = {
    "kind_hint": "complaint",
    "subject": "Wrong bill",
    "description": "The bill counts forty mailboxes, but we have thirty.",
    "service": "",
    "occurred_on": "",
    "desired_remedy": "",
    "name": "Nadia",
    "email": "Nadia@Acme.example",
    "organisation": "Acme",
    "language": "nl",
    "consent": "true",
    "website": "",
    "idempotency_key": "key-1",
}


@pytest.fixture
def visitor(browser: Browser, office: Office) -> Browser:
    """Somebody without an account, where complaints are handled."""
    with office.work() as work:
        install_roles(work)
        for bundle in read_bundles(shipped_root() / "processes"):
            if bundle.area in ("shared", "relationships"):
                deploy_files(work, bundle.files, area=bundle.area)
    browser.open(PAGE)
    return browser


def feedback_of(office: Office) -> list[Feedback]:
    with Session(office.database.reader) as session:
        return list(session.scalars(select(Feedback).order_by(Feedback.number)))


def count(office: Office, kind: Any) -> int:
    with Session(office.database.reader) as session:
        return len(session.scalars(select(kind)).all())


def do_task(office: Office, actor: Any, activity_id: str, form: dict[str, Any]) -> None:
    with Session(office.database.reader) as session:
        query = select(UserTask.id).where(
            UserTask.activity_id == activity_id, UserTask.status == TaskStatus.OPEN
        )
        task_id = session.scalars(query).one()
    with office.work(actor) as work:
        claim_task(work, task_id)
        complete_task(work, task_id, form)


def test_nobody_must_sign_in_to_see_the_form(visitor: Browser) -> None:
    page = visitor.open(PAGE)

    assert page.status_code == 200
    assert "Tell us what you think" in text_of(page)
    assert "How it came in" not in page.text


def test_what_is_in_the_catalogue_can_be_complained_about(visitor: Browser, office: Office) -> None:
    with office.work() as work:
        for state in ServiceState:
            made = Service(number=state, name=f"So {state}", created_at=work.now, created_by="x")
            made.state = state
            work.session.add(made)

    said = text_of(visitor.open(PAGE))

    assert re.findall(r"So (\w+)", said) == ["live", "retiring"]


def test_without_a_process_for_it_there_is_no_form(browser: Browser) -> None:
    assert browser.open(PAGE).status_code == 404


def test_feedback_is_answered_with_its_number_and_starts_a_case(
    visitor: Browser, office: Office
) -> None:
    sent = visitor.send(PAGE, WORDS)

    assert (sent.status_code, sent.location) == (303, f"{PAGE}/thanks")
    assert "CMP-2026-0001" in text_of(visitor.open(f"{PAGE}/thanks"))
    [feedback] = feedback_of(office)
    assert (feedback.state, feedback.channel) == (FeedbackState.LOGGED, "web")
    assert feedback.sender == {
        "name": "Nadia",
        "email": "Nadia@Acme.example",
        "organisation": "Acme",
    }
    assert feedback.sender_key == sender_key("nadia@acme.example")
    assert feedback.instance_id is not None


def test_a_form_sent_twice_starts_one_case(visitor: Browser, office: Office) -> None:
    visitor.send(PAGE, WORDS)
    visitor.send(PAGE, WORDS)

    assert len(feedback_of(office)) == 1


def test_a_wrong_form_says_so_and_keeps_what_was_typed(visitor: Browser, office: Office) -> None:
    page = visitor.send(PAGE, WORDS | {"email": "nadia", "description": "Too short"})

    assert page.status_code == 422
    assert "Too short" in page.text
    assert 'value="Wrong bill"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert count(office, ProcessInstance) == 0


@pytest.mark.parametrize(("path", "button"), [(f"{PAGE}/fields", {}), (PAGE, {"_redraw": "1"})])
def test_a_form_that_is_drawn_again_still_says_what_is_wrong(
    visitor: Browser, office: Office, path: str, button: dict[str, str]
) -> None:
    wrong = {"_wrong": ["email", "description"], "email": "nadia", **button}

    page = visitor.send(path, WORDS | wrong)

    assert page.status_code == 200
    assert 'id="f-email-error"' in page.text
    assert 'id="f-description-error"' not in page.text
    assert "How it came in" not in page.text
    assert count(office, ProcessInstance) == 0


def test_a_file_with_nothing_wrong_survives_an_error_and_belongs_to_the_case_at_last(
    visitor: Browser, office: Office
) -> None:
    file = (BytesIO(b"the bill"), "bill.txt")
    page = visitor.send(PAGE, WORDS | {"email": "", "attachments": file})

    with Session(office.database.reader) as session:
        kept = session.scalars(select(Attachment)).one()
    assert (kept.name, kept.instance_id) == ("bill.txt", None)
    assert str(kept.id) in page.text

    visitor.send(PAGE, WORDS | {"attachments": str(kept.id)})

    [feedback] = feedback_of(office)
    with Session(office.database.reader) as session:
        assert session.get_one(Attachment, kept.id).instance_id == feedback.instance_id


def test_nobody_takes_the_file_of_another_visitor(
    visitor: Browser, office: Office, app: Flask
) -> None:
    visitor.send(PAGE, WORDS | {"email": "", "attachments": (BytesIO(b"x"), "bill.txt")})
    with Session(office.database.reader) as session:
        kept = session.scalars(select(Attachment)).one()
    other = Browser(app)
    other.open(PAGE)

    page = other.send(PAGE, WORDS | {"attachments": str(kept.id)})

    assert page.status_code == 422
    assert count(office, ProcessInstance) == 0


def test_a_robot_that_fills_the_trap_is_thanked_and_dropped(
    visitor: Browser, office: Office
) -> None:
    sent = visitor.send(PAGE, WORDS | {"website": "https://buy.example"})

    assert sent.location == f"{PAGE}/thanks"
    assert "CMP-" not in text_of(visitor.open(f"{PAGE}/thanks"))
    assert count(office, ProcessInstance) == 0
    with Session(office.database.reader) as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert AuditAction.SPAM_DROPPED in actions


def test_a_form_without_the_token_of_its_page_is_refused(visitor: Browser, office: Office) -> None:
    page = visitor.client.post(PAGE, data=WORDS)

    assert page.status_code == 400
    assert count(office, ProcessInstance) == 0


def test_one_address_cannot_write_without_end(visitor: Browser, office: Office) -> None:
    codes = [
        visitor.send(PAGE, WORDS | {"idempotency_key": f"key-{n}"}).status_code for n in range(12)
    ]

    assert codes[:10] == [303] * 10
    assert codes[-1] == 429
    again = visitor.send(PAGE, WORDS, attachments=(BytesIO(b"40"), "bill.txt"))
    assert "Wrong bill" in again.text
    assert "Your files were not kept; choose them again." in text_of(again)
    assert count(office, Attachment) == 0
    office.now += timedelta(minutes=16)
    assert visitor.send(PAGE, WORDS | {"idempotency_key": "later"}).status_code == 303


@pytest.mark.parametrize(
    ("language", "title"),
    [("nl", "Vertel ons wat u vindt"), ("sv", "Berätta vad du tycker")],
)
def test_the_form_speaks_the_language_of_the_browser_and_of_its_switch(
    visitor: Browser, language: str, title: str
) -> None:
    assert title in text_of(visitor.open(PAGE, **{"Accept-Language": language}))
    assert title in text_of(visitor.open(f"{PAGE}?lang={language}"))
    assert title in text_of(visitor.open(PAGE, **{"Accept-Language": "en"}))
    assert "Tell us" in text_of(visitor.open(f"{PAGE}?lang=en"))


@pytest.mark.parametrize(
    "words",
    ["مرحبا 🙂 " * 4, "<script>alert(1)</script><b>bold</b> and more", "\u202eevil\u202c " * 5],
    ids=["right to left", "HTML", "turned around"],
)
def test_any_words_are_kept_as_they_are_and_shown_as_text(
    visitor: Browser, office: Office, words: str
) -> None:
    visitor.send(PAGE, WORDS | {"description": words, "subject": words[:60]})

    [feedback] = feedback_of(office)
    assert feedback.description.strip() == words.strip()
    assert "<script>alert" not in visitor.open(f"{PAGE}/status").text


def test_a_very_long_text_is_refused_with_a_sentence(visitor: Browser, office: Office) -> None:
    page = visitor.send(PAGE, WORDS | {"description": "x" * 500_000})

    assert page.status_code == 422
    assert count(office, ProcessInstance) == 0


def test_the_status_needs_the_right_reference_and_address(visitor: Browser, app: Flask) -> None:
    visitor.send(PAGE, WORDS)
    other = Browser(app, address="192.0.2.7")
    other.open(f"{PAGE}/status?reference=cmp-2026-0001")

    wrong = other.send(f"{PAGE}/status", reference="CMP-2026-0001", email="x@y.example")
    unknown = other.send(f"{PAGE}/status", reference="CMP-2026-0099", email="nadia@acme.example")
    said = "We know no message with this reference and this e-mail address."
    assert [wrong.status_code, unknown.status_code] == [422, 422]
    assert said in text_of(wrong)
    assert said in text_of(unknown)

    right = other.send(f"{PAGE}/status", reference="cmp-2026-0001 ", email="NADIA@acme.example")

    assert right.status_code == 303
    assert "Wrong bill" in text_of(other.open(f"{PAGE}/status"))
    other.send(f"{PAGE}/leave")
    assert "Wrong bill" not in text_of(other.open(f"{PAGE}/status"))


def test_guessing_references_is_slowed_down(visitor: Browser) -> None:
    codes = [
        visitor.send(
            f"{PAGE}/status", reference=f"CMP-2026-{n:04}", email="a@b.example"
        ).status_code
        for n in range(7)
    ]

    assert codes[-1] == 429


def test_the_sender_answers_a_question_and_accepts_the_reply(
    visitor: Browser, office: Office
) -> None:
    visitor.send(PAGE, WORDS)
    desk, money = office.hire("service_desk"), office.hire("finance_manager")
    triage = {"kind": "complaint", "category": "billing", "severity": "moderate"}
    do_task(office, desk, "U_triage", triage)
    contact = {
        "contacted_on": office.now.date().isoformat(),
        "via": "phone",
        "understanding": "Ten too many.",
        "desired_remedy": "A bill.",
        "resolve_now": False,
    }
    do_task(office, money, "U_contact", contact)
    question = {"findings": "internal words", "needs_info": True, "question": "Which mailboxes?"}
    do_task(office, money, "U_investigate", question)

    asked = text_of(visitor.open(f"{PAGE}/status"))
    assert "We wait for an answer from you." in asked
    assert "Which mailboxes?" in asked
    assert "internal words" not in asked
    nothing = visitor.send(f"{PAGE}/answer", answer="add", text=" ")
    assert (nothing.status_code, "Write something." in nothing.text) == (422, True)
    assert visitor.send(f"{PAGE}/answer", answer="accept").status_code == 409

    assert (
        visitor.send(f"{PAGE}/answer", answer="add", text="Of the night shift").status_code == 303
    )
    do_task(office, money, "U_investigate", {"findings": "more", "needs_info": False})
    reply = {
        "upheld": "upheld",
        "root_cause": "process",
        "remedy": "credit",
        "remedy_cost": "180",
        "response_text": "You are right; the bill is corrected. You may ask for a review.",
        "actions": [],
    }
    do_task(office, money, "U_response", reply)
    assert "the bill is corrected" in text_of(visitor.open(f"{PAGE}/status"))
    assert visitor.send(f"{PAGE}/answer", answer="dispute", text="").status_code == 422

    assert visitor.send(f"{PAGE}/answer", answer="accept", text="Fine").status_code == 303
    assert visitor.send(f"{PAGE}/answer", answer="dispute", text="No").status_code == 409


def test_the_sender_withdraws(visitor: Browser, office: Office) -> None:
    visitor.send(PAGE, WORDS)
    triage = {"kind": "complaint", "category": "billing", "severity": "moderate"}
    do_task(office, office.hire("service_desk"), "U_triage", triage)

    assert visitor.send(f"{PAGE}/answer", answer="withdraw", text="Our mistake").status_code == 303

    [feedback] = feedback_of(office)
    assert (feedback.state, feedback.ended_reason) == (FeedbackState.WITHDRAWN, "Our mistake")
    assert "Withdrawn by you." in text_of(visitor.open(f"{PAGE}/status"))
    stale = visitor.send(f"{PAGE}/answer", answer="add", text="One thing more")
    assert stale.status_code == 409
    assert "This is not possible any more" in text_of(stale)


def test_the_sender_adds_files(visitor: Browser, office: Office) -> None:
    visitor.send(PAGE, WORDS)
    path = f"{PAGE}/answer"

    empty = visitor.send(path, answer="add", text="See.", files=(BytesIO(b""), "empty.txt"))
    sent = visitor.send(path, answer="add", text="See.", files=(BytesIO(b"40"), "bill.txt"))

    assert (empty.status_code, sent.status_code) == (422, 303)
    assert 'id="files-error"' in empty.text
    assert "Your files were not kept; choose them again." in text_of(empty)
    with Session(office.database.reader) as session:
        assert session.scalars(select(Attachment.name)).all() == ["bill.txt"]


def test_a_visitor_without_feedback_can_answer_nothing(visitor: Browser) -> None:
    assert visitor.send(f"{PAGE}/answer", answer="accept").location == f"{PAGE}/status"
    assert visitor.open(f"{PAGE}/thanks").status_code == 302
