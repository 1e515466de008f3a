"""What somebody without an account may do with feedback, on both databases."""

from typing import Any
from uuid import uuid4

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.registers.feedback import FeedbackState
from ssflow.errors import ConflictError, InvalidInputError, NotFoundError
from ssflow.forms.context import ChoiceKind, ChoiceQuery
from ssflow.forms.submission import FormError
from ssflow.services import public_feedback
from ssflow.services.attachments import store_attachment
from ssflow.services.choices import choices_for
from ssflow.services.deployment import deploy_files
from ssflow.services.public_feedback import Answer, PublicStatus, Upload
from ssflow.services.shipped import install_roles, read_bundles, shipped_root
from ssflow.store import feedback as feedback_rows
from ssflow.store import messages as message_rows
from ssflow.store import notes as note_rows
from ssflow.store.database import Database
from tests.services.office import Office

WORDS: dict[str, Any] = {
    "kind_hint": "complaint",
    "subject": "Wrong bill",
    "description": "The bill counts forty mailboxes, but we have thirty.",
    "name": "Nadia",
    "email": "nadia@acme.example",
    "language": "sv",
    "consent": True,
}
NUMBER = "CMP-2026-0001"
ANY_FEEDBACK = ChoiceQuery(ChoiceKind.RECORD, entity="Feedback")


@pytest.fixture
def visitor() -> Actor:
    return Actor(user_id=uuid4(), name="public", language="sv")


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database)
    with made.work() as work:
        install_roles(work)
        for bundle in read_bundles(shipped_root() / "processes"):
            if bundle.area in ("shared", "relationships"):
                deploy_files(work, bundle.files, area=bundle.area)
    return made


def give(office: Office, visitor: Actor, **changes: Any) -> str | None:
    with office.work(visitor) as work:
        return public_feedback.give_feedback(work, WORDS | changes, "key")


def status(office: Office, visitor: Actor) -> PublicStatus:
    with office.look(visitor) as work:
        return public_feedback.read_status(work, NUMBER)


def triage(office: Office, category: str = "billing") -> Any:
    with office.look() as work:
        from_case = feedback_rows.find_feedback_by_number(work.session, NUMBER)
    assert from_case is not None
    assert from_case.instance_id is not None
    desk = office.hire("service_desk")
    task = office.task(from_case.instance_id, "U_triage")
    office.complete(desk, task.id, kind="complaint", category=category, severity="moderate")
    return from_case.instance_id


def test_the_form_speaks_the_visitor_s_language_and_begins_with_it(
    office: Office, visitor: Actor
) -> None:
    with office.look(visitor) as work:
        form = public_feedback.feedback_form(work)

    assert form.values["language"] == "sv"
    assert form.layout.title.startswith("Berätta")


def test_the_desk_is_offered_no_confidential_message_as_the_first_of_a_duplicate(
    office: Office, visitor: Actor
) -> None:
    give(office, visitor)
    triage(office, "staff_conduct")
    with office.work(visitor) as work:
        public_feedback.give_feedback(work, WORDS | {"subject": "Again"}, "second")

    offered = {}
    for role in ("service_desk", "complaint_manager"):
        with office.look(office.hire(role)) as work:
            offered[role] = [choice.label for choice in choices_for(work)(ANY_FEEDBACK)]

    assert offered == {
        "service_desk": ["CMP-2026-0002 Again"],
        "complaint_manager": ["CMP-2026-0002 Again", "CMP-2026-0001 Wrong bill"],
    }


def test_a_message_repeats_another_one_than_itself(office: Office, visitor: Actor) -> None:
    give(office, visitor)
    with office.look() as work:
        itself = feedback_rows.find_feedback_by_number(work.session, NUMBER)
    assert itself is not None
    assert itself.instance_id is not None
    task = office.task(itself.instance_id, "U_triage")

    with pytest.raises(FormError) as wrong:
        office.complete(
            office.hire("service_desk"), task.id, kind="duplicate", duplicate_of=str(itself.id)
        )

    assert wrong.value.errors == {"duplicate_of": ["Choose another message than this one."]}


def test_without_a_process_there_is_no_form(database: Database, visitor: Actor) -> None:
    with Office(database).look(visitor) as work, pytest.raises(NotFoundError):
        public_feedback.feedback_form(work)


def test_the_same_message_twice_gives_one_number(office: Office, visitor: Actor) -> None:
    assert [give(office, visitor), give(office, visitor)] == [NUMBER, NUMBER]


def test_a_robot_leaves_only_a_line_in_the_trail(office: Office, visitor: Actor) -> None:
    assert give(office, visitor, website="https://buy.example") is None

    day = f"sys-{office.now.date().isoformat()}"
    assert AuditAction.SPAM_DROPPED in office.actions(day)
    with office.look(visitor) as work, pytest.raises(NotFoundError):
        public_feedback.read_status(work, NUMBER)


def test_files_of_the_visitor_come_along(office: Office, visitor: Actor) -> None:
    with office.work(visitor) as work:
        file = store_attachment(work, "bill.txt", "text/plain", b"40")
    give(office, visitor, attachments=[str(file.id)])

    with office.look() as work:
        found = feedback_rows.find_feedback_by_number(work.session, NUMBER)
        assert found is not None
        assert work.session.get_one(type(file), file.id).instance_id == found.instance_id


@pytest.mark.parametrize(
    ("reference", "email", "found"),
    [
        (NUMBER, "nadia@acme.example", NUMBER),
        (" cmp-2026-0001", "NADIA@ACME.example ", NUMBER),
        (NUMBER, "other@acme.example", None),
        ("CMP-2026-0002", "nadia@acme.example", None),
        ("CMP-2026-0002", "", None),
        ("", "", None),
        ("x" * 10_000, "y" * 10_000, None),
    ],
)
def test_reference_and_address_must_belong_together(
    office: Office, visitor: Actor, reference: str, email: str, found: str | None
) -> None:
    give(office, visitor)

    with office.look(visitor) as work:
        assert public_feedback.find_own_feedback(work, reference, email) == found


def test_the_status_tells_dates_and_the_handler_but_nothing_internal(
    office: Office, visitor: Actor
) -> None:
    give(office, visitor)
    instance_id = triage(office)
    money = office.hire("finance_manager", name="fiona")
    contact = {
        "contacted_on": office.now.date().isoformat(),
        "via": "phone",
        "understanding": "internal words",
        "desired_remedy": "x",
        "resolve_now": True,
    }
    office.complete(money, office.task(instance_id, "U_contact").id, **contact)

    seen = status(office, visitor)

    assert seen.state is FeedbackState.INVESTIGATING
    assert seen.handler == "Fiona"
    assert seen.dates["contacted"] == office.now
    assert seen.dates["reply_due"] is not None
    assert "internal words" not in repr(seen)
    assert seen.answers == [Answer.ADD, Answer.WITHDRAW]


def test_of_a_confidential_complaint_no_handler_is_named(office: Office, visitor: Actor) -> None:
    give(office, visitor)
    instance_id = triage(office, "staff_conduct")
    manager = office.hire("complaint_manager")
    contact = {
        "contacted_on": office.now.date().isoformat(),
        "via": "phone",
        "understanding": "u",
        "desired_remedy": "x",
        "resolve_now": True,
    }
    office.complete(manager, office.task(instance_id, "U_contact").id, **contact)

    assert status(office, visitor).handler is None


def test_what_is_added_unasked_is_kept_and_changes_nothing_else(
    office: Office, visitor: Actor
) -> None:
    give(office, visitor)
    with office.work(visitor) as work:
        public_feedback.answer_feedback(work, NUMBER, Answer.ADD, " More, مرحبا 🙂 <b> ")

    seen = status(office, visitor)
    assert [(line.is_ours, line.text) for line in seen.replies] == [(False, "More, مرحبا 🙂 <b>")]
    assert seen.state is FeedbackState.LOGGED


def test_what_was_withdrawn_asks_and_promises_nothing_more(office: Office, visitor: Actor) -> None:
    give(office, visitor)
    instance_id = triage(office)
    with office.work(visitor) as work:
        public_feedback.answer_feedback(work, NUMBER, Answer.WITHDRAW, "")

    seen = status(office, visitor)

    assert (seen.state, seen.answers) == (FeedbackState.WITHDRAWN, [])
    assert [name for name, day in seen.dates.items() if day] == ["received", "ended"]
    with office.look() as work:
        assert message_rows.subscriptions_of(work.session, instance_id) == []


def test_files_that_come_with_an_answer_belong_to_the_case(office: Office, visitor: Actor) -> None:
    give(office, visitor)
    upload = Upload("C:\\bills\\bill.txt", "text/plain", b"40")
    with office.work(visitor) as work:
        public_feedback.answer_feedback(work, NUMBER, Answer.ADD, "The bill.", [upload])

    with office.look() as work:
        found = feedback_rows.find_feedback_by_number(work.session, NUMBER)
        assert found is not None
        assert found.instance_id is not None
        [file] = note_rows.attachments_of(work.session, found.instance_id)
        assert (file.name, file.size_bytes) == ("bill.txt", 2)
    attached = office.details(found.instance_id, AuditAction.FILE_ATTACHED)
    assert attached["file"] == str(file.id)
    assert office.variables(found.instance_id)["added"]["files"] == [str(file.id)]


@pytest.mark.parametrize(
    "uploads",
    [
        [Upload(f"{n}.txt", "text/plain", b"x") for n in range(6)],
        [Upload(f"{n}.txt", "text/plain", b"x" * 6_000_000) for n in range(2)],
        [Upload("empty.txt", "text/plain", b"")],
    ],
)
def test_files_that_cannot_be_kept_change_nothing(
    office: Office, visitor: Actor, uploads: list[Upload]
) -> None:
    give(office, visitor)

    with pytest.raises(InvalidInputError), office.work(visitor) as work:
        public_feedback.answer_feedback(work, NUMBER, Answer.ADD, "See the files.", uploads)

    assert status(office, visitor).replies == []
    with office.look() as work:
        found = feedback_rows.find_feedback_by_number(work.session, NUMBER)
        assert found is not None
        assert found.instance_id is not None
        assert note_rows.attachments_of(work.session, found.instance_id) == []


@pytest.mark.parametrize("answer", [Answer.ACCEPT, Answer.DISPUTE, Answer.WITHDRAW])
def test_what_the_case_does_not_wait_for_is_refused(
    office: Office, visitor: Actor, answer: Answer
) -> None:
    give(office, visitor)

    with office.work(visitor) as work, pytest.raises(ConflictError):
        public_feedback.answer_feedback(work, NUMBER, answer, "because")


@pytest.mark.parametrize("text", ["", "  ", "x" * 5_001, "a\x00b"])
def test_words_that_cannot_be_kept_are_refused(office: Office, visitor: Actor, text: str) -> None:
    give(office, visitor)

    with office.work(visitor) as work, pytest.raises(InvalidInputError) as caught:
        public_feedback.answer_feedback(work, NUMBER, Answer.ADD, text)
    assert "text" in caught.value.errors
    assert status(office, visitor).replies == []
